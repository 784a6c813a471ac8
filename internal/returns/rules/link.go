package rules

import (
	"cmp"
	"fmt"
	"slices"

	"returnbridge/internal/returns"
)

// notOurs tells whether the RMA belongs to another sales channel: a ReturnGO
// store carries more than TikTok (ReturnGO contract 5, A29).
func (d *desk) notOurs() bool {
	if d.answered(returns.UnlinkedOrder, returns.AnswerNotOurs) {
		return true
	}
	if len(d.Policy.TikTokRules) == 0 || d.orderID != "" {
		return false
	}
	for _, item := range d.Record.RMA.Items {
		if slices.Contains(d.Policy.TikTokRules, item.PolicyRule) {
			return false
		}
	}
	return true
}

// linked finds the TikTok order: the link table first, then the pattern on the
// order name, else a person (A28).
func (d *desk) linked() bool {
	if d.orderID != "" {
		return true
	}
	name := d.Record.RMA.OrderName
	if p := d.Policy.OrderPattern; p != nil {
		if found := p.FindAllStringSubmatch(name, 2); len(found) == 1 {
			d.orderID = found[0][len(found[0])-1] // the pattern's group if it has one, else all of it
			return true
		}
	}
	if d.refusedByReturnGO() {
		d.close("the RMA was closed in ReturnGO before it was linked")
		return false
	}
	if d.answered(returns.UnlinkedOrder, returns.AnswerHandledManually) {
		d.close("handled by a person")
		return false
	}
	d.raise(returns.UnlinkedOrder, returns.Money{}, "order name %q leads to no TikTok order", name)
	return false
}

// orderRead asks for the order until TikTok has shown it.
func (d *desk) orderRead() bool {
	switch o := d.Record.Order; {
	case o != nil && o.ID == d.orderID:
		return true
	case d.Record.TikTokReadAt.IsZero() || d.Record.OrderID != d.orderID:
		d.look(returns.TikTok, "read order "+d.orderID)
	case d.refusedByReturnGO() || d.answered(returns.UnlinkedOrder, returns.AnswerHandledManually):
		d.close("there is no such TikTok order, and nothing is asked of it")
	default:
		d.raise(returns.UnlinkedOrder, returns.Money{}, "TikTok knows no order %s", d.orderID)
		d.wakeAt(d.Now.Add(d.Policy.TroubleRetry), "look for the order again", returns.TikTok)
	}
	return false
}

// paired gives each item of the RMA its unit: a line of its SKU that no other
// return holds, lines with a TikTok return first, then by price. The pairing may
// change until the first effect on the unit.
func (d *desk) paired() bool {
	fixed, taken := map[string]returns.Hold{}, map[returns.UnitID]bool{}
	for _, h := range d.Record.Holds {
		if d.touched(h.Unit) {
			fixed[h.ItemID], taken[h.Unit] = h, true
		}
	}
	for u := range d.Record.HeldBy {
		taken[u] = true
	}
	d.holds = nil
	items := slices.Clone(d.Record.RMA.Items)
	slices.SortFunc(items, func(a, b returns.RMAItem) int { return cmp.Compare(a.ID, b.ID) })
	for _, item := range items {
		hold, ok := fixed[item.ID]
		if !ok {
			line, found := d.lineFor(item, taken)
			if !found {
				continue
			}
			hold = returns.Hold{ItemID: item.ID, Unit: returns.NewUnitID(line.ID, ""), OrderID: d.orderID, SKUID: line.SKUID, ProductID: line.ProductID}
			taken[hold.Unit] = true
		}
		u := d.newUnit(item, hold)
		u.hold.TikTokReturnID = ""
		if u.tiktok != nil {
			u.hold.TikTokReturnID = u.tiktok.ID
		}
		d.units = append(d.units, u)
		d.holds = append(d.holds, u.hold)
	}
	if d.refusedByReturnGO() && !d.anyTouched() {
		d.holds = nil // released: another RMA may hold them
	}
	return len(d.units) == len(items) || d.handledWithoutUnits()
}

// handledWithoutUnits ends a return whose items a person took care of.
func (d *desk) handledWithoutUnits() bool {
	for _, k := range []returns.Kind{returns.SKUNotInOrder, returns.UnitMismatch, returns.BundleWithoutRule} {
		if d.answered(k, returns.AnswerHandledManually) {
			d.plan.Exceptions = nil
			d.close("handled by a person")
			return false
		}
	}
	if d.refusedByReturnGO() {
		d.plan.Exceptions = nil
		d.close("closed in ReturnGO")
	}
	return false
}

// lineFor finds the best free line for an item, or says why there is none.
func (d *desk) lineFor(item returns.RMAItem, taken map[returns.UnitID]bool) (returns.OrderLine, bool) {
	var free []returns.OrderLine
	known, inBundle := false, false
	for _, line := range d.Record.Order.Lines {
		if line.SellerSKU == item.SKU && len(line.Parts) == 0 {
			known = true
			if !taken[returns.NewUnitID(line.ID, "")] {
				free = append(free, line)
			}
			continue
		}
		inBundle = inBundle || len(line.Parts) > 0 && (line.SellerSKU == item.SKU || hasPart(line, item.SKU))
	}
	switch {
	case len(free) > 0:
		return slices.MinFunc(free, func(a, b returns.OrderLine) int {
			return cmp.Or(cmp.Compare(d.rank(a, item), d.rank(b, item)), cmp.Compare(a.ID, b.ID))
		}), true
	case inBundle:
		d.raise(returns.BundleWithoutRule, item.Paid, "%s is part of a bundle in order %s", item.SKU, d.orderID)
	case known:
		d.raise(returns.UnitMismatch, item.Paid, "more %s are coming back than order %s still has", item.SKU, d.orderID)
	default:
		d.raise(returns.SKUNotInOrder, item.Paid, "order %s has no %s", d.orderID, item.SKU)
	}
	return returns.OrderLine{}, false
}

// rank orders candidate lines: a case on the line first, then the price paid.
func (d *desk) rank(line returns.OrderLine, item returns.RMAItem) int {
	rank := 2
	if d.caseOn(returns.NewUnitID(line.ID, "")) != nil {
		rank = 0
	}
	if !returns.SameMoney(line.Price, item.Paid) {
		rank++
	}
	return rank
}

func hasPart(line returns.OrderLine, sku string) bool {
	return slices.ContainsFunc(line.Parts, func(p returns.BundlePart) bool { return p.SellerSKU == sku })
}

// touched tells whether something already happened, or may have, to a unit.
func (d *desk) touched(u returns.UnitID) bool {
	for _, e := range d.Record.Effects {
		if e.Live() && e.Covers(u) {
			return true
		}
	}
	return slices.ContainsFunc(d.Record.Restocks, func(r returns.Restock) bool { return r.Unit == u })
}

func (d *desk) anyTouched() bool {
	return slices.ContainsFunc(d.units, func(u *unit) bool { return d.touched(u.hold.Unit) })
}

// caseOn is the TikTok return that counts for a unit: one that pays before one
// that is only open, the newest of each; nil if the line is free.
func (d *desk) caseOn(u returns.UnitID) *returns.TikTokReturn {
	var best *returns.TikTokReturn
	for i, t := range d.Record.TikTokReturns {
		if !covers(t, u) || !t.Live() && !t.Pays() {
			continue
		}
		if best == nil || t.Pays() && !best.Pays() || t.Pays() == best.Pays() && t.CreatedAt.After(best.CreatedAt) {
			best = &d.Record.TikTokReturns[i]
		}
	}
	return best
}

func covers(t returns.TikTokReturn, u returns.UnitID) bool {
	for _, l := range t.Lines {
		if l.OrderLineID != u.LineID() {
			continue
		}
		if u.SubLineID() == "" || len(l.SubLines) == 0 {
			return true
		}
		for _, s := range l.SubLines {
			if s.OrderSubLineID == u.SubLineID() {
				return true
			}
		}
	}
	return false
}

// refusedByReturnGO tells whether the RMA gives nothing to the customer (any more).
func (d *desk) refusedByReturnGO() bool {
	s := d.Record.RMA.Status
	return s == returns.RMARejected || s == returns.RMACanceled
}

// approvedByReturnGO tells whether the RMA has been approved.
func (d *desk) approvedByReturnGO() bool {
	switch d.Record.RMA.Status {
	case returns.RMAApproved, returns.RMAReceived, returns.RMAValidated, returns.RMADone:
		return true
	}
	return false
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
