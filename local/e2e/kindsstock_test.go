package e2e

import (
	"strings"
	"time"

	"returnbridge/internal/returns"
	"returnbridge/local/demo"
	"returnbridge/local/returngosandbox"
	"returnbridge/local/tiktoksandbox"
)

// Units on their way into stock. No money is at stake.
var storiesOfStock = []story{
	{returns.WarehouseUnmapped, calm, true, (*tale).warehouseUnmapped},
	{returns.StockUnproven, quiet, false, (*tale).stockUnproven},
	{returns.StockRefused, calm, false, (*tale).stockRefused},
	{returns.StockOverstated, calm, false, (*tale).stockOverstated},
	{returns.SecondStockWriter, calm, false, (*tale).secondStockWriter},
	{returns.InspectedWhileOff, switched, false, (*tale).inspectedWhileOff},
}

// The unit was inspected where no sales warehouse is.
func (k *tale) warehouseUnmapped() {
	s := k.buys(1)
	s.comesByPost()
	s.authorised(s.price("0"))
	k.must(k.ReturnGO.Validate(s.rmaID, []returngosandbox.ItemValidation{{ItemID: s.itemIDs[0], Returned: true, Restockable: true, Location: "the attic"}}))
	k.opened(s.ref(), "")
	k.says(s.ref(), returns.AnswerSkipRestock)
	s.untilClosed()
}

// TikTok's account of the write never comes, and goods leave near it.
func (k *tale) stockUnproven() {
	s := k.buys(1)
	k.must(k.TikTok.InNextWindow(s.product.SKU,
		tiktoksandbox.WindowStep{Do: "sell", Warehouse: s.place.warehouse, Units: 1}, tiktoksandbox.WindowStep{Do: "ship"}))
	s.returnsByPost(s.price("0"))
	if e := k.opened(s.ref(), ""); !strings.Contains(e.Sentence, "a write of 1 unit was made") {
		k.t.Errorf("Operations reads: %s", e.Sentence)
	}
	k.says(s.ref(), returns.AnswerHandledManually)
	s.untilClosed()
}

func (k *tale) stockRefused() {
	s := k.buys(1)
	k.past()
	k.tiktokFault(tiktoksandbox.Fault{Endpoint: "inventory/update", Kind: tiktoksandbox.FaultCode, Code: 12052921, Message: "Shared stock.", Count: -1, About: s.product.ID})
	s.returnsByPost(s.price("0"))
	k.opened(s.ref(), "")
	k.TikTok.ClearFaultsAbout(s.product.ID)
	k.says(s.ref(), returns.AnswerRetry)
	s.untilClosed()
	s.wantStock(1, "tried again")
}

// The return has ended when the warehouse takes its word back.
func (k *tale) stockOverstated() {
	s := k.buys(1)
	k.past()
	s.returnsByPost(s.price("0"))
	s.untilClosed()
	k.must(k.ReturnGO.Validate(s.rmaID, []returngosandbox.ItemValidation{{ItemID: s.itemIDs[0], Returned: true, Reason: "Stained", Location: demo.Location}}))
	k.must(k.ReturnGO.Done(s.rmaID))
	k.opened(s.ref(), "")
	k.says(s.ref(), returns.AnswerAcknowledge)
}

func (k *tale) secondStockWriter() {
	s := k.buys(1)
	k.past()
	k.must(k.TikTok.StartForeignWriter(tiktoksandbox.ForeignWriter{SKU: s.product.SKU, Warehouse: s.place.warehouse, Quantity: 90}))
	k.until("TikTok told of the other program", func() bool { return k.synced(s.product.SKU) > 0 })
	s.returnsByPost(s.price("0"))
	k.opened(s.ref(), "")
	k.says(s.ref(), returns.AnswerSkipRestock)
	s.untilClosed()
}

// Units that passed while restocking was off may be in stock by hand when it is
// switched on.
func (k *tale) inspectedWhileOff() {
	s := k.buys(1)
	s.returnsByPost(s.price("0"))
	s.until("the program would restock", func() bool { return s.wouldRestock() == 1 })
	s.until("TikTok's money stands in ReturnGO", s.settled)
	s.until("nothing is under way: what a stopped worker holds is given back late", s.idle)
	k.StopWorker()
	k.StopStarter()
	stopped := time.Now()
	k.until("a second, in which ReturnGO tells its times", func() bool { return time.Since(stopped) > time.Second })
	k.Config.Shops[0].Switches.Restock = true
	k.must(k.StartStarter(k.t.Context()))
	k.StartWorker(k.t.Context())
	_, err := k.tell(s.id(), returns.Command{Name: returns.CommandRecheck, Who: somebody, Why: "restocking was switched on"})
	k.must(err)
	k.opened(s.ref(), "")
	k.says(s.ref(), returns.AnswerRestockNow)
	s.untilClosed()
	s.wantStock(1, "a person said so")
}
