package activities

import (
	"context"
	"slices"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
	"returnbridge/internal/returns/rules"
	"returnbridge/internal/tiktokshop"
)

// ask puts the rules' question to TikTok: may the seller refund these units, and
// how much (TikTok contract 2.5).
func (d *desk) ask(ctx context.Context, q rules.Question) ([]returns.Trouble, error) {
	p := returns.Payable{Units: q.Units, RequestType: q.RequestType, ReasonKey: q.ReasonKey, At: d.Now(), Read: d.record.TikTokRead}
	eligible, err := d.shop.TikTok.Eligibility(ctx, q.OrderID)
	if err != nil {
		return d.orTrouble(ctx, returns.TikTok, err)
	}
	if p.Eligible, p.Why = mayStart(eligible, q, d.skus()); p.Eligible {
		p.Amount, err = d.shop.TikTok.CalculateRefund(ctx, tiktokshop.CalculateRefund{
			OrderID: q.OrderID, RequestType: q.RequestType, Reason: q.ReasonKey, Lines: lines(q.Units),
		})
		if err != nil {
			return d.orTrouble(ctx, returns.TikTok, err)
		}
	}
	err = d.Ledger.Do(ctx, func(tx *ledger.Tx) error { return tx.SavePayable(ctx, d.shop.Key, d.key, q.OrderID, p) })
	return nil, orRetry(ctx, err)
}

// mayStart tells whether TikTok lets the seller start what is asked for every unit
// for this reason: its eligibility is the authority on market rules (T26).
// An answer that names no lines is about all lines of its SKU.
func mayStart(answers []tiktokshop.Eligibility, q rules.Question, skus map[string]string) (bool, string) {
	for _, u := range q.Units {
		found := false
		for _, e := range answers {
			about := slices.Contains(e.OrderLineIDs, u.LineID()) || len(e.OrderLineIDs) == 0 && e.SKUID == skus[u.LineID()]
			if e.RequestType != q.RequestType || !about {
				continue
			}
			if !e.Eligible {
				return false, "TikTok says the seller may start no " + q.RequestType + " for line " + u.LineID()
			}
			if len(e.Reasons) > 0 && !slices.Contains(e.Reasons, q.ReasonKey) {
				return false, "TikTok does not take the reason " + q.ReasonKey
			}
			found = true
		}
		if !found {
			return false, "TikTok names no " + q.RequestType + " by the seller for line " + u.LineID()
		}
	}
	return true, ""
}

// skus are the SKU ids of the order's lines.
func (d *desk) skus() map[string]string {
	skus := map[string]string{}
	if d.record.Order != nil {
		for _, l := range d.record.Order.Lines {
			skus[l.ID] = l.SKUID
		}
	}
	return skus
}

func lines(units []returns.UnitID) []tiktokshop.LineRef {
	refs := make([]tiktokshop.LineRef, len(units))
	for i, u := range units {
		refs[i] = tiktokshop.LineRef{OrderLineID: u.LineID(), SubLineID: u.SubLineID()}
	}
	return refs
}
