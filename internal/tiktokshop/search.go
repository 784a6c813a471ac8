package tiktokshop

import (
	"context"
	"encoding/json"
	"time"

	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
)

// ReturnFilter narrows a search; zero fields do not. From is inclusive, To is not.
type ReturnFilter struct {
	ReturnIDs, OrderIDs, Statuses []string
	UpdatedFrom, UpdatedTo        time.Time
}

// SearchReturns walks returns by update time, oldest first, 50 a page; an empty
// next token ends the walk, an error means to begin again (see Page). There is no
// other way to read one return (contract 2.3).
//
// A return that cannot be read gives an error with the cause *platform.UnreadableError,
// beside the others of the page and the next token: its deadline must not be
// taken for none, and it must not hide the rest.
func (s *Shop) SearchReturns(ctx context.Context, f ReturnFilter, pageToken string) ([]returns.TikTokReturn, string, error) {
	body := struct {
		ReturnIDs []string `json:"return_ids,omitempty"`
		OrderIDs  []string `json:"order_ids,omitempty"`
		Statuses  []string `json:"return_status,omitempty"`
		From      int64    `json:"update_time_ge,omitempty"`
		To        int64    `json:"update_time_lt,omitempty"`
	}{f.ReturnIDs, f.OrderIDs, f.Statuses, seconds(f.UpdatedFrom), seconds(f.UpdatedTo)}
	var w struct {
		Returns list[returnRow] `json:"return_orders"`
		Next    text            `json:"next_page_token"`
	}
	receipt, err := s.do(ctx, call{endpoint: searchReturns, query: Page{Token: pageToken}.query("update_time"), body: body}, &w)
	if err != nil {
		return nil, "", err
	}
	var found []returns.TikTokReturn
	var bad platform.UnreadableError
	for _, r := range w.Returns {
		if r.err == nil {
			found = append(found, r.tiktokReturn())
			continue
		}
		if bad.IDs = append(bad.IDs, r.id); bad.Because == nil {
			bad.Because = r.err
		}
	}
	if len(bad.IDs) > 0 {
		return found, string(w.Next), &platform.Error{
			Platform: platformName, Endpoint: searchReturns.name, Class: platform.Human, Message: "a return is not of the documented form",
			RequestID: receipt.RequestID, Cause: &bad,
		}
	}
	return found, string(w.Next), nil
}

// returnRow is a return of a list, or why it cannot be read and which one it is.
type returnRow struct {
	wireReturn
	id  string
	err error
}

func (r *returnRow) UnmarshalJSON(b []byte) error {
	if r.err = decode(b, &r.wireReturn); r.err == nil {
		return nil
	}
	var known struct {
		ID text `json:"return_id"`
	}
	if json.Unmarshal(b, &known) == nil && decimal(string(known.ID)) {
		r.id = string(known.ID)
	}
	return nil
}

type wireReturn struct {
	ID          text                 `json:"return_id"`
	OrderID     text                 `json:"order_id"`
	Type        text                 `json:"return_type"`
	Status      text                 `json:"return_status"`
	Arbitration text                 `json:"arbitration_status"`
	Role        text                 `json:"role"`
	Reason      text                 `json:"return_reason"`
	Refund      object[refundAmount] `json:"refund_amount"`
	Lines       list[wireReturnLine] `json:"return_line_items"`
	Actions     list[wireAction]     `json:"seller_next_action_response"`
	QuickRefund flag                 `json:"is_quick_refund"`
	NextID      text                 `json:"next_return_id"`
	PreviousID  text                 `json:"pre_return_id"`
	CombinedID  text                 `json:"combined_return_id"`
	Tracking    text                 `json:"return_tracking_number"`
	CreateTime  unix                 `json:"create_time"`
	UpdateTime  unix                 `json:"update_time"`
}

type wireReturnLine struct {
	ID          text                    `json:"return_line_item_id"`
	OrderLineID text                    `json:"order_line_item_id"`
	SKUID       text                    `json:"sku_id"`
	SellerSKU   text                    `json:"seller_sku"`
	Refund      object[refundAmount]    `json:"refund_amount"`
	SubLines    list[wireReturnSubLine] `json:"return_sub_line_items"`
}

type wireReturnSubLine struct {
	ID             text                 `json:"return_sub_line_item_id"`
	OrderSubLineID text                 `json:"sub_order_line_item_id"`
	SKUID          text                 `json:"sku_id"`
	Refund         object[refundAmount] `json:"refund_amount"`
}

type wireAction struct {
	Action   text `json:"action"`
	Deadline unix `json:"deadline"`
}

func actions(wire list[wireAction]) []returns.SellerAction {
	var waiting []returns.SellerAction
	for _, a := range wire {
		waiting = append(waiting, returns.SellerAction{Action: string(a.Action), Deadline: a.Deadline.Time})
	}
	return waiting
}

func (r wireReturn) tiktokReturn() returns.TikTokReturn {
	t := returns.TikTokReturn{
		ID: string(r.ID), OrderID: string(r.OrderID), Type: string(r.Type), Status: returnStatus(r.Status),
		Arbitration: string(r.Arbitration), Role: role(r.Role), Reason: string(r.Reason),
		Refund: r.Refund.v.money(), Actions: actions(r.Actions), QuickRefund: r.QuickRefund.yes,
		NextID: string(r.NextID), PreviousID: string(r.PreviousID), CombinedID: string(r.CombinedID), Tracked: r.Tracking != "",
		CreatedAt: r.CreateTime.Time, UpdatedAt: r.UpdateTime.Time,
	}
	for _, l := range r.Lines {
		t.Lines = append(t.Lines, l.line())
	}
	return t
}

func (l wireReturnLine) line() returns.TikTokReturnLine {
	line := returns.TikTokReturnLine{
		ID: string(l.ID), OrderLineID: string(l.OrderLineID), SKUID: string(l.SKUID),
		SellerSKU: string(l.SellerSKU), Refund: l.Refund.v.money(),
	}
	for _, s := range l.SubLines {
		line.SubLines = append(line.SubLines, returns.TikTokReturnSubLine{
			ID: string(s.ID), OrderSubLineID: string(s.OrderSubLineID), SKUID: string(s.SKUID), Refund: s.Refund.v.money(),
		})
	}
	return line
}
