package rules

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"returnbridge/internal/returns"
)

// notOurs tells whether the RMA belongs to another sales channel: a ReturnGO
// store carries more than TikTok (ReturnGO contract 5, A29).
func (d *desk) notOurs() bool {
	if d.answered(returns.UnlinkedOrder, returns.AnswerNotOurs) {
		return true
	}
	if len(d.Policy.TikTokRules) == 0 || d.orderID != "" || d.gone() && len(d.Record.RMA.Items) == 0 {
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
	if d.gone() {
		return false // that is named already, and nobody can link it any more
	}
	d.raise(returns.UnlinkedOrder, d.bought(), "order name %q leads to no TikTok order", name)
	return false
}

// bought is what the customer paid for all that the RMA names, as ReturnGO has it.
func (d *desk) bought() returns.Money {
	var paid []returns.Money
	for _, item := range d.Record.RMA.Items {
		paid = append(paid, item.Paid)
	}
	total, err := returns.Sum(paid...)
	if err != nil {
		return returns.Money{}
	}
	return total
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
		d.raise(returns.UnlinkedOrder, d.bought(), "TikTok knows no order %s", d.orderID)
		d.wakeAt(d.growing(d.Policy.TroubleRetry, d.openSince(returns.UnlinkedOrder, "")), "look for the order again", returns.TikTok)
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
	chosen := d.chooseLines(slices.DeleteFunc(slices.Clone(items), func(i returns.RMAItem) bool { _, ok := fixed[i.ID]; return ok }), taken)
	for _, item := range items {
		hold, ok := fixed[item.ID]
		if !ok {
			line, found := chosen[item.ID]
			if !found {
				d.noLineFor(item)
				continue
			}
			hold = returns.Hold{ItemID: item.ID, Unit: returns.NewUnitID(line.ID, ""), OrderID: d.orderID, SKUID: line.SKUID, ProductID: line.ProductID}
		}
		u := d.newUnit(item, hold)
		u.hold.TikTokReturnID = ""
		if u.tiktok != nil {
			u.hold.TikTokReturnID = u.tiktok.ID
		}
		d.units = append(d.units, u)
		d.holds = append(d.holds, u.hold)
	}
	if d.refusedByReturnGO() && !d.anyTouched() && !d.anyCameBack() {
		d.holds = nil // released: another RMA may hold them
	}
	return len(d.units) == len(items) || d.withoutTheRest()
}

// withoutTheRest goes on when some items have no unit: ReturnGO wants nothing
// any more, or a person took care of the return. What is open at TikTok on the
// units that were found is still watched to its end.
func (d *desk) withoutTheRest() bool {
	handled := slices.ContainsFunc(noUnit, func(k returns.Kind) bool {
		return d.answered(k, returns.AnswerHandledManually) && !d.authorisedSince(d.Record.Answers[k].At)
	})
	switch {
	case d.refusedByReturnGO() && len(d.units) > 0:
		d.drop(noUnit...)
		return true
	case handled && (d.anyOpenCase() || d.sent(group{units: d.units}) != nil):
		d.drop(noUnit...)
		d.wait("handled by a person; waiting for TikTok to end what is open")
		if e := d.sent(group{units: d.units}); e != nil && !d.unclear(*e) {
			d.await(*e)
		}
	case handled:
		d.drop(noUnit...)
		d.close("handled by a person")
	case d.refusedByReturnGO():
		d.drop(noUnit...)
		d.close("closed in ReturnGO")
	}
	return false
}

// authorisedSince reports whether ReturnGO holds an open refund that it made after a
// time: whoever took care of the return before did not know of it.
func (d *desk) authorisedSince(at time.Time) bool {
	return slices.ContainsFunc(d.Record.RMA.Transactions, func(t returns.Transaction) bool {
		ended := t.Status == returns.TransactionSuccess || t.Status == returns.TransactionFailed || t.Status == returns.TransactionCanceled
		return t.Type == returns.ResolutionRefund && !ended && t.CreatedAt.After(at)
	})
}

// noUnit are the exceptions that say why an item has no unit.
var noUnit = []returns.Kind{returns.SKUNotInOrder, returns.UnitMismatch, returns.BundleWithoutRule}

// chooseLines pairs items with free lines of their SKU, the best fitting pair
// first, so that no item takes the line that fits another one better.
func (d *desk) chooseLines(items []returns.RMAItem, taken map[returns.UnitID]bool) map[string]returns.OrderLine {
	type pair struct {
		item returns.RMAItem
		line returns.OrderLine
	}
	var pairs []pair
	for _, item := range items {
		for _, line := range d.Record.Order.Lines {
			if line.SellerSKU == item.SKU && item.SKU != "" && !d.ambiguous(item, items) && len(line.Parts) == 0 && !taken[returns.NewUnitID(line.ID, "")] {
				pairs = append(pairs, pair{item, line})
			}
		}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(d.rank(a.line, a.item), d.rank(b.line, b.item)), cmp.Compare(a.item.ID, b.item.ID), cmp.Compare(a.line.ID, b.line.ID))
	})
	chosen := map[string]returns.OrderLine{}
	for _, p := range pairs {
		unit := returns.NewUnitID(p.line.ID, "")
		if _, has := chosen[p.item.ID]; !has && !taken[unit] {
			chosen[p.item.ID], taken[unit] = p.line, true
		}
	}
	return chosen
}

// ambiguous tells whether an item may be one of several products: a seller may
// give one SKU to more than one (T13). A TikTok return or the price may tell which,
// or all of them come back.
func (d *desk) ambiguous(item returns.RMAItem, items []returns.RMAItem) bool {
	best, products, lines := 0, map[string]bool{}, 0
	for _, line := range d.Record.Order.Lines {
		if line.SellerSKU != item.SKU || len(line.Parts) > 0 {
			continue
		}
		lines++
		if rank := d.rank(line, item); lines == 1 || rank < best {
			best, products = rank, map[string]bool{line.SKUID: true}
		} else if rank == best {
			products[line.SKUID] = true
		}
	}
	coming := 0
	for _, i := range items {
		if i.SKU == item.SKU {
			coming++
		}
	}
	return len(products) > 1 && coming < lines
}

// noLineFor says why no line is left for an item.
func (d *desk) noLineFor(item returns.RMAItem) {
	switch {
	case item.SKU == "":
		d.raiseTogether(returns.SKUNotInOrder, item.Paid, "an item of the RMA has no SKU, so that nothing tells which one of order %s it is", d.orderID)
		return
	case d.ambiguous(item, d.Record.RMA.Items):
		d.raiseTogether(returns.SKUNotInOrder, item.Paid, "%s is the SKU of several products in order %s, and nothing tells which one comes back", item.SKU, d.orderID)
		return
	}
	known, inBundle := false, false
	for _, line := range d.Record.Order.Lines {
		if line.SellerSKU == item.SKU && len(line.Parts) == 0 {
			known = true
			continue
		}
		inBundle = inBundle || len(line.Parts) > 0 && (line.SellerSKU == item.SKU || hasPart(line, item.SKU))
	}
	switch {
	case inBundle:
		d.raiseTogether(returns.BundleWithoutRule, item.Paid, "%s is part of a bundle in order %s", item.SKU, d.orderID)
	case known:
		d.raiseTogether(returns.UnitMismatch, item.Paid, "more %s are coming back than order %s still has", item.SKU, d.orderID)
	default:
		d.raiseTogether(returns.SKUNotInOrder, item.Paid, "order %s has no %s", d.orderID, item.SKU)
	}
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

// anyCameBack tells whether goods are here, whatever ReturnGO says: they are to
// be put into stock once.
func (d *desk) anyCameBack() bool {
	return slices.ContainsFunc(d.units, func(u *unit) bool { return u.item.Inspection.Done() && u.item.Inspection.Returned })
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
	return s == returns.RMARejected || s == returns.RMACanceled || d.givenUp()
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
