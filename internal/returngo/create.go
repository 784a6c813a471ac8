package returngo

import (
	"context"
	"encoding/json"
	"net/http"

	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
)

// ToReturn is an order line of which units are to come back.
type ToReturn struct {
	LineID   string // shopLineItemId: the commerce platform's line, not TikTok's
	Quantity int    // units, at least 1
	Reason   string // a return reason as the merchant's ReturnGO spells it
	PolicyID string // one of EligiblePolicies, which does not look at it
}

// Policy is a rule of the merchant's by which a line may be returned.
type Policy struct {
	LineID       string
	ID           string // policyRuleId
	Name         string // policyRuleName, what RMAItem.PolicyRule will say
	Resolution   string // resolutionType, such as returns.ResolutionRefund
	ReturnMethod string // such as returns.MethodNoShipment
	Fees         string // all three together, a decimal; "" if not known
	AutoApprove  bool   // the RMA is approved as soon as it is made
}

// toReturn is an item in the bodies of both calls. No body of theirs is public:
// names are those of the read model, and the order must already be in the shop
// that ReturnGO is connected to, as an order cannot be sent (A12).
type toReturn struct {
	LineID   string `json:"shopLineItemId"`
	Quantity int    `json:"quantity"`
	Reason   string `json:"returnReason"`
	PolicyID string `json:"policyRuleId,omitempty"`
}

// EligiblePolicies asks by which policies units of an order may be returned
// (ReturnGO contract 2.6); it changes nothing. Several may fit one line, and a
// choice over several lines can still be refused. orderID is the commerce
// platform's internal id (RMA.OrderID).
//
// Classes as for RMA; permanent also for an unknown order, line or reason.
func (s *Shop) EligiblePolicies(ctx context.Context, orderID string, items []ToReturn) ([]Policy, error) {
	c := call{endpoint: "Get Eligible Policies", nature: reads, method: http.MethodPost, path: []string{"rma", "getEligiblePolicies"}}
	wire, err := c.items(orderID, items, false)
	if err != nil {
		return nil, err
	}
	c.body = struct {
		OrderID string     `json:"orderId"`
		Items   []toReturn `json:"items"`
	}{orderID, wire}
	a, err := s.do(ctx, c)
	if err != nil {
		return nil, err
	}
	policies, err := decodePolicies(a.body)
	if err != nil {
		return nil, c.misread(a, err)
	}
	return policies, nil
}

func decodePolicies(body []byte) ([]Policy, error) {
	var w struct {
		Items list[struct {
			LineID   id `json:"shopLineItemId"`
			Policies []struct {
				ID            id      `json:"policyRuleId"`
				Name          text    `json:"policyRuleName"`
				Resolution    text    `json:"resolutionType"`
				RestockingFee decimal `json:"restockingFee"`
				ReturnFee     decimal `json:"returnFee"`
				ShipmentFee   decimal `json:"shipmentFee"`
				AutoApprove   flag    `json:"isAutoApprove"`
				ReturnMethod  struct {
					Type text `json:"type"`
				} `json:"returnMethod"`
			} `json:"policies"`
		}] `json:"items"`
	}
	if err := json.Unmarshal(body, &w); err != nil {
		return nil, err
	}
	if !w.Items.present {
		return nil, errIncomplete
	}
	var all []Policy
	for _, i := range w.Items.rows {
		for _, p := range i.Policies {
			if i.LineID == "" || p.ID == "" {
				return nil, errIncomplete
			}
			all = append(all, Policy{
				LineID: string(i.LineID), ID: string(p.ID), Name: string(p.Name), Resolution: string(p.Resolution),
				ReturnMethod: string(p.ReturnMethod.Type), Fees: together(p.RestockingFee, p.ReturnFee, p.ShipmentFee),
				AutoApprove: bool(p.AutoApprove),
			})
		}
	}
	return all, nil
}

// CreateRMA makes an RMA, each line by its policy (ReturnGO contract 2.6). It
// is not idempotent: look for an open RMA on the same lines first, by order
// name, and again after an unknown outcome. The comment is for people; put a
// Marker into it.
//
// Classes as for Comment; permanent also if ReturnGO finds the lines or their
// policies not eligible together. An answer without an RMA is outcome-unknown.
func (s *Shop) CreateRMA(ctx context.Context, orderID string, items []ToReturn, comment string) (returns.RMASummary, Receipt, error) {
	c := call{endpoint: "Create RMA", nature: adds, method: http.MethodPost, path: []string{"rma", "createByPolicy"}}
	wire, err := c.items(orderID, items, true)
	if err != nil {
		return returns.RMASummary{}, Receipt{}, err
	}
	c.body = struct {
		OrderID string     `json:"orderId"`
		Items   []toReturn `json:"items"`
		Comment string     `json:"comment,omitempty"`
	}{orderID, wire, comment}
	a, err := s.do(ctx, c)
	if err != nil {
		return returns.RMASummary{}, Receipt{}, err
	}
	var w struct {
		Summary wireSummary `json:"rmaSummary"`
	}
	if err := json.Unmarshal(a.body, &w); err != nil || w.Summary.ID == "" {
		return returns.RMASummary{}, Receipt{}, c.unreadable(a, c.lost(), "the answer names no RMA", nil)
	}
	return w.Summary.summary(), a.receipt(), nil
}

// items is the list as both calls send it; what could not work is not sent.
func (c call) items(orderID string, items []ToReturn, withPolicy bool) ([]toReturn, error) {
	if !identifier(orderID) || len(items) == 0 {
		return nil, c.fails(platform.Permanent, "the order's id is empty or no id, or nothing is to be returned")
	}
	var wire []toReturn
	for _, i := range items {
		if !identifier(i.LineID) || i.Quantity < 1 || i.Reason == "" || withPolicy && !identifier(i.PolicyID) {
			return nil, c.fails(platform.Permanent, "a line has no id, quantity or reason, or not the policy that it needs")
		}
		if !withPolicy {
			i.PolicyID = ""
		}
		wire = append(wire, toReturn(i))
	}
	return wire, nil
}
