package demo

import (
	"fmt"
	"io"

	"returnbridge/internal/app"
	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
	"returnbridge/local/returngosandbox"
)

// Scenario is one kind of return: what people do, and how it must end.
type Scenario struct {
	Name string
	What string // one line for people
	play func(*shopper) error
}

// Scenarios are all kinds, in the order in which they are drawn.
var Scenarios = []Scenario{
	{"happy", "a buyer's TikTok return of one unit, refunded in full and restocked", (*shopper).happy},
	{"several-units", "three units of one SKU come back, one of them not fit for stock", (*shopper).severalUnits},
	{"seller-refund", "no TikTok return is open: the exact amount as a seller refund", (*shopper).sellerRefund},
	{"inspected-too-long", "CX pauses a return, and the inspected parcel lies there: the alert fires, and heals", (*shopper).inspectedTooLong},
	{"answered-by-signal", "authorised less than TikTok would pay: Finance answers by signal", (*shopper).answeredBySignal},
	{"penny", "authorised a penny less than TikTok would pay: Finance answers by signal", (*shopper).penny},
	{"not-returned", "two units announced, one was not in the parcel: only the other is paid", (*shopper).notReturned},
	{"late-rma", "a TikTok return without an RMA keeps its own clock, until the RMA comes", (*shopper).lateRMA},
	{"opened-by-us", "the buyer opened no TikTok return: one is opened for each unit, with ReturnGO's label", (*shopper).openedByUs},
	{"unlinked-order", "the order name leads to no TikTok order: a person links it, and it goes on", (*shopper).unlinkedOrder},
	{"reopened", "the RMA is cancelled, the return ends; reopened, it goes on", (*shopper).reopened},
	{"late-event", "news after the end: noted, nothing done twice", (*shopper).lateEvent},
}

const (
	buyerReason = "ecom_order_delivered_refund_and_return_reason_not_match_description_uk"
	// What the customer chooses on the portal; only for the second does the shop
	// open a TikTok return.
	portalWords  = "Not as described"
	damagedWords = "Arrived damaged"
)

func (s *shopper) happy() error {
	if err := s.returnsByTikTok(1, "", 1); err != nil {
		return err
	}
	return s.paidInFull()
}

func (s *shopper) severalUnits() error {
	if err := s.returnsByTikTok(3, "", 2); err != nil {
		return err
	}
	return s.paidInFull()
}

func (s *shopper) sellerRefund() error {
	if err := s.buys(1); err != nil {
		return err
	}
	if err := s.asksForRMA(1, "2.50"); err != nil {
		return err
	}
	if err := s.parcelGoesBack(); err != nil {
		return err
	}
	if err := s.inspected(1); err != nil {
		return err
	}
	amount := minus(s.total(), "2.50")
	if err := s.authorises(amount); err != nil {
		return err
	}
	return s.endsPaidAndSettled(amount)
}

func (s *shopper) inspectedTooLong() error {
	if err := s.buysAndReturns(1, ""); err != nil {
		return err
	}
	if err := s.parcelGoesBack(); err != nil {
		return err
	}
	if err := s.says(returns.CommandPause, returns.Command{Who: "cx", Why: "the customer wants to think again"}); err != nil {
		return err
	}
	if err := s.inspected(1); err != nil {
		return err
	}
	if err := s.authorises(""); err != nil {
		return err
	}
	if err := s.until("the inspected-too-long alert", func() (bool, error) { return s.shows(returns.InspectedTooLong) }); err != nil {
		return err
	}
	if err := s.says(returns.CommandResume, returns.Command{Who: "cx", Why: "the customer has decided"}); err != nil {
		return err
	}
	return s.endsPaidAndSettled(s.total())
}

// says leaves a person's command for the return.
func (s *shopper) says(name returns.CommandName, c returns.Command) error {
	if err := s.house.Client.SignalWorkflow(s.ctx, s.workflowID(), "", string(name), c); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (s *shopper) answeredBySignal() error { return s.financeAcceptsFull("3.00") }

func (s *shopper) penny() error { return s.financeAcceptsFull("0.01") }

// financeAcceptsFull authorises less than TikTok's return would pay; Finance
// lets it pay all.
func (s *shopper) financeAcceptsFull(less string) error {
	if err := s.returnsByTikTok(1, "", 1); err != nil {
		return err
	}
	if err := s.authorises(minus(s.total(), less)); err != nil {
		return err
	}
	if err := s.until("Finance is asked", func() (bool, error) { return s.shows(returns.RefundValueMismatch) }); err != nil {
		return err
	}
	err := s.says(returns.CommandResolve, returns.Command{
		Exception: returns.RefundValueMismatch, Answer: returns.AnswerAcceptPayable, Who: "finance", Why: "the goods are here, TikTok pays all or nothing",
	})
	if err != nil {
		return err
	}
	return s.endsPaidWithNote(s.total())
}

func (s *shopper) notReturned() error {
	if err := s.buys(2); err != nil {
		return err
	}
	if err := s.asksForRMA(2, ""); err != nil {
		return err
	}
	if err := s.parcelGoesBack(); err != nil {
		return err
	}
	if err := s.house.TikTok.WarehouseReceives(s.product.sku, s.house.warehouse, 1); err != nil {
		return fmt.Errorf("shelf: %w", err)
	}
	s.expect.restocked = 1
	err := s.house.ReturnGO.Validate(s.rmaID, []returngosandbox.ItemValidation{
		{ItemID: s.itemIDs[0], Returned: true, Restockable: true, Location: location},
		{ItemID: s.itemIDs[1], Reason: "Not in parcel", Location: location},
	})
	if err != nil {
		return fmt.Errorf("inspect: %w", err)
	}
	s.itemIDs = s.itemIDs[:1]
	if err := s.authorises(s.product.price); err != nil {
		return err
	}
	return s.endsPaidAndSettled(s.product.price)
}

func (s *shopper) lateRMA() error {
	if err := s.buys(1); err != nil {
		return err
	}
	if err := s.opensTikTokReturn(); err != nil {
		return err
	}
	key := returns.TikTokKey(s.tiktokReturnID)
	err := s.until("CX hears of a TikTok return without an RMA", func() (bool, error) { return s.showsAt(key, returns.ReturnWithoutRMA) })
	if err != nil {
		return err
	}
	if err := s.asksForRMA(1, ""); err != nil {
		return err
	}
	if err := s.parcelGoesBack(); err != nil {
		return err
	}
	if err := s.inspected(1); err != nil {
		return err
	}
	if err := s.paidInFull(); err != nil {
		return err
	}
	return s.until("the clock was handed over", func() (bool, error) { return s.closedAt(key) })
}

func (s *shopper) openedByUs() error {
	s.words = damagedWords
	if err := s.buys(2); err != nil {
		return err
	}
	if err := s.asksForRMA(2, ""); err != nil {
		return err
	}
	tracking := "TRK" + s.orderID
	if err := s.house.ReturnGO.Label(s.rmaID, s.house.labelAddress(s.rmaID), tracking); err != nil {
		return fmt.Errorf("label: %w", err)
	}
	var opened []string
	err := s.until("each unit has a TikTok return with the label", func() (bool, error) {
		opened = nil
		for _, l := range s.house.TikTok.Books().Labels {
			if l.Tracking == tracking {
				opened = append(opened, l.ReturnID)
			}
		}
		return len(opened) == len(s.lineIDs), nil
	})
	if err != nil {
		return err
	}
	for _, id := range opened {
		if err := s.house.TikTok.BuyerShips(id, ""); err != nil {
			return fmt.Errorf("ship: %w", err)
		}
	}
	if err := s.house.ReturnGO.Ship(s.rmaID, tracking, "Demo Post"); err != nil {
		return fmt.Errorf("ship: %w", err)
	}
	for _, id := range opened {
		if err := s.house.TikTok.ParcelDelivered(id); err != nil {
			return fmt.Errorf("deliver: %w", err)
		}
	}
	if err := s.house.ReturnGO.Receive(s.rmaID); err != nil {
		return fmt.Errorf("receive: %w", err)
	}
	if err := s.inspected(2); err != nil {
		return err
	}
	if err := s.paidInFull(); err != nil {
		return err
	}
	return s.paidBy(opened)
}

func (s *shopper) unlinkedOrder() error {
	s.orderName = fmt.Sprintf("#S-%d", 1000+s.id)
	if err := s.buys(1); err != nil {
		return err
	}
	if err := s.asksForRMA(1, ""); err != nil {
		return err
	}
	if err := s.until("CX hears that the order name leads nowhere", func() (bool, error) { return s.shows(returns.UnlinkedOrder) }); err != nil {
		return err
	}
	if err := s.parcelGoesBack(); err != nil {
		return err
	}
	if err := s.inspected(1); err != nil {
		return err
	}
	if err := s.authorises(""); err != nil {
		return err
	}
	err := app.Link(s.ctx, s.house.Config, s.house.deps(), ledger.OrderLink{OrderName: s.orderName, OrderID: s.orderID}, "cx", "found it in Seller Center", app.Output{Writer: io.Discard})
	if err != nil {
		return fmt.Errorf("link: %w", err)
	}
	return s.endsPaidAndSettled(s.total())
}

func (s *shopper) reopened() error {
	if err := s.buys(1); err != nil {
		return err
	}
	if err := s.asksForRMA(1, ""); err != nil {
		return err
	}
	// Of an RMA that is cancelled before anything told of it there is nothing to do.
	err := s.until("the return is carried", func() (bool, error) {
		info, err := s.describe(returns.RMAKey(s.rmaID))
		return info != nil, err
	})
	if err != nil {
		return err
	}
	if err := s.house.ReturnGO.Cancel(s.rmaID, "changed their mind"); err != nil {
		return fmt.Errorf("cancel: %w", err)
	}
	if err := s.until("the cancelled return closed", s.closed); err != nil {
		return err
	}
	if err := s.house.ReturnGO.Reopen(s.rmaID); err != nil {
		return fmt.Errorf("reopen: %w", err)
	}
	if err := s.parcelGoesBack(); err != nil {
		return err
	}
	if err := s.inspected(1); err != nil {
		return err
	}
	return s.paidInFull()
}

func (s *shopper) lateEvent() error {
	if err := s.happy(); err != nil {
		return err
	}
	if err := s.house.ReturnGO.Done(s.rmaID); err != nil {
		return fmt.Errorf("done: %w", err)
	}
	err := s.until("the late news was noted", func() (bool, error) {
		status := ""
		err := s.house.ReadLedger(s.ctx, func(tx *ledger.Tx) (err error) {
			status, err = tx.SnapshotStatus(s.ctx, ShopName, returns.ReturnGO, s.rmaID)
			return err
		})
		return status == returns.RMADone, err
	})
	if err != nil {
		return err
	}
	return s.until("the return is closed, still or again", s.closed) // a sweep that noted it had it looked at
}
