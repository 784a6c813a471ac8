package rules

import (
	"fmt"

	"returnbridge/internal/returns"
)

// restock puts each unit back whose own inspection passed. It never looks at
// the refund: a refund proves nothing about goods.
func (d *desk) restock() {
	var wanted []returns.Restock
	for _, u := range d.units {
		switch entry := d.entryOf(u); {
		case entry != nil && u.item.Inspection.Done() && !(u.item.Inspection.Returned && u.item.Inspection.Restockable):
			u.stock = side{done: true, say: "in stock, but no longer restockable"}
			d.raiseUnlessSeen(returns.StockOverstated, returns.Money{}, "%s was put into stock; its inspection now says it must not be", u.item.SKU)
		case entry != nil:
			d.followEntry(u, *entry)
		case !u.item.Inspection.Done():
			u.stock.say = "not inspected"
			u.stock.done = d.noGoodsExpected(u)
		case !u.item.Inspection.Returned:
			u.stock = side{done: true, say: "nothing came back"}
		case !u.item.Inspection.Restockable:
			u.stock = side{done: true, say: "not restockable"}
		default:
			if r, ok := d.place(u); ok {
				wanted = append(wanted, r)
				u.stock.say = "to be restocked in " + r.WarehouseID
			}
		}
	}
	if len(wanted) == 0 {
		return
	}
	d.do(d.Policy.Switches.Restock, returns.Act{
		Kind: returns.ActRestock, Subject: string(d.Key), OrderID: d.orderID, Restocks: wanted,
		Reason: fmt.Sprintf("the inspection passed: put %s back into stock", plural(len(wanted), "unit")),
	})
}

func (d *desk) entryOf(u *unit) *returns.Restock {
	for i, r := range d.Record.Restocks {
		if r.Unit == u.hold.Unit {
			return &d.Record.Restocks[i]
		}
	}
	return nil
}

// followEntry waits for TikTok's own account of the write.
func (d *desk) followEntry(u *unit, r returns.Restock) {
	switch r.State {
	case returns.RestockProven:
		u.stock = side{done: true, say: "in stock in " + r.WarehouseID}
	case returns.RestockWritten:
		u.stock.say = "written, waiting for the proof"
		d.wait("stock was written; TikTok's own account of it is to come")
	default:
		u.stock.say = "queued"
		d.wait("the unit is in the stock queue")
	}
	if u.stock.done || r.Problem == "" {
		return
	}
	if d.answered(r.Problem, returns.AnswerHandledManually, returns.AnswerSkipRestock) {
		u.stock.done = true
		return
	}
	d.raise(r.Problem, returns.Money{}, "%s in warehouse %s: %s", u.item.SKU, r.WarehouseID, r.Note)
}

// noGoodsExpected tells whether nothing will come back for a unit.
func (d *desk) noGoodsExpected(u *unit) bool {
	return d.refusedByReturnGO() || u.item.ReturnMethod == returns.MethodNoShipment ||
		u.verdict == refused && d.Record.RMA.Status == returns.RMADone
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
		warehouse = d.Record.Order.WarehouseID
	}
	if warehouse == "" {
		warehouse = d.Policy.DefaultWarehouse
	}
	if warehouse == "" && d.answered(returns.WarehouseUnmapped, returns.AnswerSkipRestock) {
		u.stock = side{done: true, say: "restock skipped by a person"}
		return returns.Restock{}, false
	}
	if warehouse == "" {
		u.stock.say = "no warehouse"
		d.raise(returns.WarehouseUnmapped, returns.Money{}, "%s was inspected in %q; no sales warehouse is configured for it", u.item.SKU, u.item.Inspection.Location)
		return returns.Restock{}, false
	}
	return returns.Restock{Unit: u.hold.Unit, ProductID: u.hold.ProductID, SKUID: u.hold.SKUID, WarehouseID: warehouse}, true
}
