package rules

import (
	"fmt"
	"slices"
	"time"

	"returnbridge/internal/returns"
)

// restock puts each unit back whose own inspection passed. It never looks at
// the refund: a refund proves nothing about goods. What is owed is kept with the
// decision itself; the act only wakes the writer.
func (d *desk) restock() {
	var wanted []returns.Restock
	var asked []*unit
	reason := ""
	for _, u := range d.units {
		if entry := d.entryOf(u); entry != nil {
			if again := d.entered(u, *entry); again != "" {
				reason = again
			}
			continue
		}
		r, ok := d.toEnter(u)
		switch {
		case !ok:
		case d.putBackByHand(u):
			u.stock = side{done: true, say: "put back by a person"}
		case d.leftToPeople(u):
			d.wanted = append(d.wanted, returns.Act{Kind: returns.ActRestock, Restocks: []returns.Restock{r}})
		case d.mayBeInStock(u):
			d.wanted = append(d.wanted, returns.Act{Kind: returns.ActRestock, Restocks: []returns.Restock{r}})
			asked = append(asked, u)
		default:
			wanted = append(wanted, r)
			d.queue(u, r)
		}
	}
	d.askWhatIsInStock(asked)
	if len(wanted) > 0 {
		reason = fmt.Sprintf("the inspection passed: put %s back into stock", plural(len(wanted), "unit"))
	}
	if reason == "" {
		return
	}
	d.do(d.Policy.Switches.Restock, returns.Act{
		Kind: returns.ActRestock, Subject: string(d.Key), OrderID: d.orderID, Restocks: wanted, Reason: reason,
	})
}

// otherProgram is what people read where stock is not ours to write.
const otherProgram = "stock is written by another program"

// entered follows a unit that has a stock entry. It gives a reason to wake the
// writer, if there is one.
func (d *desk) entered(u *unit, entry returns.Restock) (again string) {
	i := u.item.Inspection
	failed := i.Done() && !(i.Returned && i.Restockable)
	switch {
	case entry.State == returns.RestockSkipped:
		u.stock = side{done: true, say: "restock left to a person"}
	case d.Policy.ExternalStock:
		if entry.State == returns.RestockOwed {
			d.takeBack(entry, returns.RestockDropped, otherProgram)
		}
		u.stock = side{done: true, say: otherProgram}
	case entry.State == returns.RestockOwed && failed:
		d.takeBack(entry, returns.RestockDropped, "the inspection was changed before it was written")
		u.stock = side{done: true, say: "taken back from the stock queue"}
	case failed:
		again = d.overstated(u, entry)
	default:
		again = d.followEntry(u, entry)
	}
	return again
}

// overstated asks about a unit that was put into stock and now must not be there: the
// return stays open, or is opened again, until a person has seen to it. An answer from
// before this inspection spoke of another.
func (d *desk) overstated(u *unit, entry returns.Restock) (again string) {
	if entry.State == returns.RestockProven {
		u.stock = side{done: true, say: "in stock, but no longer restockable"}
	} else {
		again = d.followEntry(u, entry)
	}
	subject := string(u.hold.Unit)
	if !d.answeredAboutSince(subject, u.item.Inspection.At, returns.StockOverstated, returns.AnswerAcknowledge) {
		d.raiseAbout(subject, returns.StockOverstated, returns.Money{}, "%s was put into stock; its inspection now says it must not be", u.item.SKU)
	}
	return again
}

// toEnter tells whether a unit without an entry is to be put back, and where.
func (d *desk) toEnter(u *unit) (returns.Restock, bool) {
	switch i := u.item.Inspection; {
	case !i.Done():
		if u.stock = (side{done: d.noGoodsExpected(u), say: "not inspected"}); !u.stock.done {
			d.wait("the goods are yet to be inspected")
		}
	case !i.Returned:
		u.stock = side{done: true, say: "nothing came back"}
	case !i.Restockable:
		u.stock = side{done: true, say: "not restockable"}
	case d.Policy.ExternalStock:
		u.stock = side{done: true, say: otherProgram}
	case i.At.Before(d.Record.RestoredAt):
		d.restockForgotten(u)
	default:
		return d.place(u)
	}
	return returns.Restock{}, false
}

// restockForgotten leaves a unit to a person that passed its inspection before
// the ledger was restored from a backup: nothing shows whether it is in stock
// already, for TikTok keeps a number and no units (promise 3).
func (d *desk) restockForgotten(u *unit) {
	if d.answeredAboutSince("", d.Record.RestoredAt, returns.StockUnproven, returns.AnswerHandledManually) {
		u.stock = side{done: true, say: "restock left to a person"}
		return
	}
	u.stock.say = "perhaps in stock already"
	d.raiseTogether(returns.StockUnproven, returns.Money{}, "%s was inspected at %s, and the ledger was restored from a backup at %s: it no longer tells whether the unit was put into stock",
		u.item.SKU, u.item.Inspection.At.UTC().Format(time.RFC3339), d.Record.RestoredAt.UTC().Format(time.RFC3339))
}

// queue has a unit owed, as soon as that is allowed.
func (d *desk) queue(u *unit, r returns.Restock) {
	u.stock.say = "to be restocked in " + r.WarehouseID
	switch {
	case !d.Policy.Switches.Restock:
		u.stock.off = true
		u.stock.say = "restock is switched off; would go to " + r.WarehouseID
	case !d.Record.Paused:
		d.restocks = append(d.restocks, r)
	}
}

// takeBack ends an entry that must not be written any more.
func (d *desk) takeBack(r returns.Restock, state returns.RestockState, why string) {
	r.State, r.Note = state, why
	d.restocks = append(d.restocks, r)
}

// entryOf is the unit's stock entry. One that was dropped is as good as none: the
// unit may be owed again.
func (d *desk) entryOf(u *unit) *returns.Restock {
	for i, r := range d.Record.Restocks {
		if r.Unit == u.hold.Unit && r.State != returns.RestockDropped {
			return &d.Record.Restocks[i]
		}
	}
	return nil
}

// stockLook is how long after a unit was queued its entry is first looked at
// though nothing was heard; then each time after twice as long.
const stockLook = 2 * time.Minute

// rarestStockLook bounds that.
const rarestStockLook = 6 * time.Hour

// followEntry waits for TikTok's own account of the write. It gives a reason to
// wake the writer: news may have been lost on either way.
func (d *desk) followEntry(u *unit, r returns.Restock) (again string) {
	switch r.State {
	case returns.RestockProven:
		u.stock = side{done: true, say: "in stock in " + r.WarehouseID}
		return ""
	case returns.RestockWritten:
		u.stock.say = "written, waiting for the proof"
		d.wait("stock was written; TikTok's own account of it is to come")
	default:
		u.stock.say = "queued"
		d.wait("the unit is in the stock queue")
	}
	if r.Problem != "" {
		said := d.saidOfEntry(r)
		switch {
		case said.Answer == returns.AnswerHandledManually, said.Answer == returns.AnswerSkipRestock && r.State == returns.RestockOwed:
			d.takeBack(r, returns.RestockSkipped, fmt.Sprintf("%s: %s by %s", r.Problem, said.Answer, said.Who))
			u.stock = side{done: true, say: "restock left to a person"}
			return ""
		case said.Answer == returns.AnswerRetry && r.State == returns.RestockOwed:
			if d.Policy.Switches.Restock && !d.Record.Paused {
				d.takeBack(r, returns.RestockOwed, "tried again, as "+said.Who+" said")
			}
			return "the stock of a unit was not written; a person said: once more"
		case said.Answer == "": // else it is being tried
			d.raiseAbout(subjectOfEntry(r), r.Problem, returns.Money{}, "%s in warehouse %s: %s", u.item.SKU, r.WarehouseID, r.Note)
		}
	}
	return d.followUp(r)
}

// subjectOfEntry is what an answer to an entry's problem is about: whose number it
// is holds for a product.
func subjectOfEntry(r returns.Restock) string {
	if r.Problem == returns.SecondStockWriter {
		return r.ProductID
	}
	return ""
}

// saidOfEntry is what a person said to the problem that an entry has now.
func (d *desk) saidOfEntry(r returns.Restock) returns.Answer {
	for _, a := range slices.Backward(d.Record.Said) {
		if a.Kind == r.Problem && (a.Subject == "" || a.Subject == subjectOfEntry(r)) && !a.At.Before(r.ProblemAt) {
			return a
		}
	}
	return returns.Answer{}
}

// followUp arms the growing clock of an entry. Its writer is to be woken if it
// never was, and each time the clock has rung since.
func (d *desk) followUp(r returns.Restock) (again string) {
	last, next := r.At, r.At.Add(stockLook)
	for !d.Now.Before(next) {
		last, next = next, next.Add(min(next.Sub(r.At), rarestStockLook))
	}
	d.wakeAt(next, "see whether the unit is in stock")
	rang := last.After(r.At) && r.WokenAt.Before(last)
	never := r.State == returns.RestockOwed && r.WokenAt.IsZero()
	if !d.Policy.Switches.Restock || d.Record.Paused || !rang && !never {
		return ""
	}
	return "the inspection passed: have the writer of the stock look"
}

// noGoodsExpected reports whether nothing will come back for a unit.
func (d *desk) noGoodsExpected(u *unit) bool {
	return d.refusedByReturnGO() || u.item.ReturnMethod == returns.MethodNoShipment ||
		u.verdict == refused && (d.Record.RMA.Status == returns.RMADone || d.withdrawn(u) != nil)
}

// packageUnread reports whether TikTok was not yet asked about the package of a unit,
// or did not answer.
func (d *desk) packageUnread(u *unit) bool {
	return slices.ContainsFunc(d.Record.Order.Lines, func(l returns.OrderLine) bool {
		return l.ID == u.hold.Unit.LineID() && l.PackageID != "" && !l.PackageRead
	})
}

// shippedFrom is the warehouse that a unit had been sent from: its package's, if TikTok
// told it, for the order's may have been switched since (T19).
func (d *desk) shippedFrom(u *unit) string {
	order := d.Record.Order
	i := slices.IndexFunc(order.Lines, func(l returns.OrderLine) bool { return l.ID == u.hold.Unit.LineID() })
	if i < 0 {
		return order.WarehouseID
	}
	line, part := order.Lines[i], u.hold.Unit.SubLineID()
	if line.WarehouseID != "" {
		return line.WarehouseID
	}
	if j := slices.IndexFunc(line.SubLines, func(s returns.SubLine) bool { return s.ID == part }); part != "" && j >= 0 && line.SubLines[j].WarehouseID != "" {
		return line.SubLines[j].WarehouseID
	}
	return order.WarehouseID
}

// place finds the sales warehouse for a unit: by the place of inspection, by the
// order if configured as the same site, by default, else a person says (T19).
func (d *desk) place(u *unit) (returns.Restock, bool) {
	if d.Record.Order.Fulfillment == returns.FulfilledByTikTok {
		u.stock = side{done: true, say: "TikTok's own stock"}
		return returns.Restock{}, false
	}
	warehouse := d.Policy.Warehouses[u.item.Inspection.Location]
	if warehouse == "" && d.Policy.UseOrderWarehouse {
		if d.packageUnread(u) {
			u.stock.say = "waiting to know from which warehouse it was sent"
			d.wait("TikTok has yet to say from which warehouse the package was sent")
			d.wakeAt(d.growing(time.Minute, u.item.Inspection.At), "ask again from which warehouse the package was sent", returns.TikTok)
			return returns.Restock{}, false
		}
		warehouse = d.shippedFrom(u)
	}
	if warehouse == "" {
		warehouse = d.Policy.DefaultWarehouse
	}
	if warehouse == "" && d.answeredAbout(string(u.hold.Unit), returns.WarehouseUnmapped, returns.AnswerSkipRestock) {
		u.stock = side{done: true, say: "restock skipped by a person"}
		return returns.Restock{}, false
	}
	if warehouse == "" {
		u.stock.say = "no warehouse"
		d.raiseAbout(string(u.hold.Unit), returns.WarehouseUnmapped, returns.Money{}, "%s was inspected in %q; no sales warehouse is configured for it", u.item.SKU, u.item.Inspection.Location)
		return returns.Restock{}, false
	}
	return returns.Restock{
		Unit: u.hold.Unit, ProductID: u.hold.ProductID, SKUID: u.hold.SKUID, WarehouseID: warehouse,
		State: returns.RestockOwed, Note: "the inspection passed",
	}, true
}
