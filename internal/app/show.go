package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
)

// story is all that people may see of a return. Of what the platforms showed it
// takes only what the return turns on: no note, no reason, no tracking number.
type story struct {
	Shop       string            `json:"shop"`
	Return     returns.Key       `json:"return"`
	Stage      returns.Stage     `json:"stage"`
	Summary    string            `json:"summary"`
	Paused     bool              `json:"paused,omitempty"`
	OpenedAt   time.Time         `json:"opened_at"`
	DecidedAt  time.Time         `json:"decided_at,omitzero"`
	Rules      string            `json:"rules,omitempty"`
	ClosedAt   time.Time         `json:"closed_at,omitzero"`
	Uncarried  string            `json:"workflow,omitempty"` // why no workflow carries it
	RMA        *rmaSeen          `json:"rma,omitempty"`
	OrderID    string            `json:"order_id,omitempty"`
	Order      string            `json:"order_status,omitempty"`
	TikTokRead time.Time         `json:"tiktok_read_at,omitzero"`
	Cases      []caseSeen        `json:"tiktok_returns"`
	Units      []unitSeen        `json:"units"`
	Effects    []returns.Effect  `json:"effects"`
	Open       []openSeen        `json:"open_exceptions"`
	Past       []pastSeen        `json:"past_exceptions"`
	Audit      []ledgerAuditLine `json:"audit"`
}

type rmaSeen struct {
	Status    string    `json:"status"`
	Since     time.Time `json:"since"`
	OrderName string    `json:"order_name"`
	ReadAt    time.Time `json:"read_at"`
}

type caseSeen struct {
	ID       string        `json:"id"`
	Type     string        `json:"type"`
	Status   string        `json:"status"`
	Refund   returns.Money `json:"refund"`
	Deadline time.Time     `json:"seller_deadline,omitzero"`
}

type unitSeen struct {
	Item           string         `json:"item,omitempty"`
	SKU            string         `json:"sku,omitempty"`
	Unit           returns.UnitID `json:"unit,omitempty"`
	Paid           returns.Money  `json:"paid"`
	Inspection     string         `json:"inspection"`
	TikTokReturnID string         `json:"tiktok_return_id,omitempty"`
	Stock          string         `json:"stock"`
}

type openSeen struct {
	Kind     returns.Kind         `json:"kind"`
	Owner    returns.Owner        `json:"owner"`
	Subject  string               `json:"subject,omitempty"`
	Sentence string               `json:"sentence"`
	Amount   returns.Money        `json:"amount"`
	OpenedAt time.Time            `json:"opened_at"`
	Meaning  string               `json:"meaning"`
	Silence  string               `json:"silence"`
	Answers  []returns.AnswerName `json:"answers"`
}

type pastSeen struct {
	Kind     returns.Kind  `json:"kind"`
	Owner    returns.Owner `json:"owner"`
	Sentence string        `json:"sentence"`
	Amount   returns.Money `json:"amount"`
	OpenedAt time.Time     `json:"opened_at"`
	ClosedAt time.Time     `json:"closed_at"`
	ClosedBy string        `json:"closed_by"`
}

type ledgerAuditLine struct {
	At        time.Time      `json:"at"`
	What      string         `json:"what"`
	Unit      returns.UnitID `json:"unit,omitempty"`
	Why       string         `json:"why"`
	RequestID string         `json:"request_id,omitempty"`
	By        string         `json:"by"`
}

// show tells the whole story of the return that the number means. Of several people
// see a list; programs get them all.
func (h *house) show(ctx context.Context, shop, number string, out Output) error {
	found, err := h.find(ctx, shop, number)
	if err != nil {
		return err
	}
	var all []story
	err = h.ledger.Read(ctx, func(tx *ledger.Tx) error {
		for _, of := range found {
			s, known, err := tx.Story(ctx, of)
			if err != nil {
				return err
			}
			if known {
				all = append(all, storyOf(s))
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, s := range all {
		if s.ClosedAt.IsZero() {
			all[i].Uncarried = h.carrier(ctx, ledger.ReturnRef{Shop: s.Shop, Key: s.Return})
		}
	}
	if len(all) == 1 {
		return out.say(all, all[0].text(h.now().UTC()))
	}
	return out.say(all, several(strings.TrimSpace(number), all))
}

func storyOf(s ledger.Story) story {
	v := story{
		Shop: s.Shop, Return: s.Key, Stage: s.Stage, Summary: plain(s.Summary), Paused: s.Paused, OpenedAt: s.CreatedAt, DecidedAt: s.DecidedAt,
		Rules: s.Rules, ClosedAt: s.ClosedAt, OrderID: s.OrderID, TikTokRead: s.TikTokReadAt,
		Cases: []caseSeen{}, Units: unitsOf(s), Effects: s.Effects, Open: []openSeen{}, Past: []pastSeen{}, Audit: []ledgerAuditLine{},
	}
	if s.RMA != nil {
		v.RMA = &rmaSeen{Status: plain(s.RMA.Status), Since: s.RMAStatusSince, OrderName: plain(s.RMA.OrderName), ReadAt: s.RMAReadAt}
	}
	if s.Order != nil {
		v.Order = plain(s.Order.Status)
	}
	for _, t := range s.TikTokReturns {
		c := caseSeen{ID: t.ID, Type: plain(t.Type), Status: plain(t.Status), Refund: t.Refund}
		if t.Live() && !t.Pays() {
			c.Deadline = t.Deadline()
		}
		v.Cases = append(v.Cases, c)
	}
	for _, e := range s.Exceptions {
		if e.ClosedAt.IsZero() {
			entry := returns.Catalogue[e.Kind]
			v.Open = append(v.Open, openSeen{
				Kind: e.Kind, Owner: e.Owner, Subject: e.Subject, Sentence: plain(e.Sentence), Amount: e.Amount, OpenedAt: e.OpenedAt,
				Meaning: entry.Meaning, Silence: entry.Silence, Answers: entry.Answers,
			})
			continue
		}
		v.Past = append(v.Past, pastSeen{
			Kind: e.Kind, Owner: e.Owner, Sentence: plain(e.Sentence), Amount: e.Amount, OpenedAt: e.OpenedAt, ClosedAt: e.ClosedAt, ClosedBy: plain(e.ClosedBy),
		})
	}
	for _, l := range s.Audit {
		v.Audit = append(v.Audit, ledgerAuditLine{At: l.At, What: plain(l.What), Unit: l.Unit, Why: plain(l.Why), RequestID: l.RequestID, By: plain(l.DecidedBy)})
	}
	return v
}

// unitsOf are the units held, each with its item, then the items without a unit.
func unitsOf(s ledger.Story) []unitSeen {
	units := []unitSeen{}
	var items []returns.RMAItem
	if s.RMA != nil {
		items = s.RMA.Items
	}
	for _, h := range s.Holds {
		u := unitSeen{Item: h.ItemID, Unit: h.Unit, TikTokReturnID: h.TikTokReturnID, Inspection: "-", Stock: stockOf(s.Restocks, h.Unit)}
		if i := slices.IndexFunc(items, func(i returns.RMAItem) bool { return i.ID == h.ItemID }); i >= 0 {
			u.SKU, u.Paid, u.Inspection = plain(items[i].SKU), items[i].Paid, inspectionOf(items[i].Inspection)
		}
		units = append(units, u)
	}
	for _, i := range items {
		if !slices.ContainsFunc(s.Holds, func(h returns.Hold) bool { return h.ItemID == i.ID }) {
			units = append(units, unitSeen{Item: i.ID, SKU: plain(i.SKU), Paid: i.Paid, Inspection: inspectionOf(i.Inspection), Stock: "-"})
		}
	}
	return units
}

func inspectionOf(i returns.Inspection) string {
	switch {
	case !i.Done():
		return "not inspected"
	case !i.Returned:
		return "did not come back"
	case !i.Restockable:
		return "came back, not to be sold"
	}
	return "passed"
}

func stockOf(restocks []returns.Restock, u returns.UnitID) string {
	i := slices.IndexFunc(restocks, func(r returns.Restock) bool { return r.Unit == u })
	if i < 0 {
		return "not put back"
	}
	words := map[returns.RestockState]string{
		returns.RestockOwed:    "to be written",
		returns.RestockWritten: "written, not proven yet",
		returns.RestockProven:  "in stock",
	}
	said := words[restocks[i].State] + " in warehouse " + restocks[i].WarehouseID
	if restocks[i].Problem != "" {
		said += ", " + string(restocks[i].Problem)
	}
	return said
}
