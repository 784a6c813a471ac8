package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
	"returnbridge/local/demo"
	"returnbridge/local/returngosandbox"
	"returnbridge/local/tiktoksandbox"
)

// person is the customer of one happy return with the staff around them. Each
// step is one day of theirs: the next is taken when nothing moves any more, so
// that no two steps' events ride on one signal as they would on a busy minute.
type person struct {
	house   *demo.House
	product demo.Product

	orderID, lineID, tiktokReturnID string
	rmaID, itemID                   string
}

// step is what people do on one day of a happy return.
type step struct {
	name string
	do   func(*person) error
	ends bool // with this step the return closes: stock proven, money told
}

var happyReturn = []step{
	{name: "RMA asked for and approved", do: (*person).asks},
	{name: "buyer's TikTok return, accepted", do: (*person).opensTikTokReturn},
	{name: "parcel sent", do: (*person).sends},
	{name: "parcel received", do: (*person).received},
	{name: "inspected, authorised, paid, restocked, closed", do: (*person).inspectedAndAuthorised, ends: true},
}

// setDone is not part of the return itself: staff or an automation of ReturnGO
// sets the RMA to Done some time after the money, and the news of it has a look.
var setDone = step{name: "afterwards: RMA set to Done", do: (*person).done, ends: true}

func (p *person) asks() error {
	id, err := p.house.TikTok.DeliveredOrder(tiktoksandbox.OrderSpec{
		ShopID: demo.ShopID, Warehouse: p.house.Warehouse(), KeepStock: true, Lines: []tiktoksandbox.OrderLine{{SKU: p.product.SKU, Quantity: 1}},
	})
	if err != nil {
		return fmt.Errorf("order: %w", err)
	}
	p.orderID = id
	order, err := p.house.TikTok.Order(id)
	if err != nil {
		return fmt.Errorf("order: %w", err)
	}
	p.lineID = order.Lines[0].ID
	p.rmaID, p.itemID, err = approvedRMA(p.house.ReturnGO, demo.Store, id, p.product.SellerSKU, p.product.Price)
	return err
}

// approvedRMA is a customer's request for one unit that ReturnGO's automation
// approves at once.
func approvedRMA(at *returngosandbox.Sandbox, store, tiktokOrderID, sellerSKU, price string) (rmaID, itemID string, err error) {
	err = at.AddOrder(store, returngosandbox.Order{
		ID: "shop-" + tiktokOrderID, Name: "#TT-" + tiktokOrderID, Currency: "GBP", Fulfilled: true, CustomerID: "90001",
		Lines: []returngosandbox.Line{{ID: "line-" + tiktokOrderID, SKU: sellerSKU, ProductName: "Tee", Quantity: 1, UnitPrice: price, UnitTax: "0", TaxIncluded: true}},
	})
	if err != nil {
		return "", "", fmt.Errorf("order: %w", err)
	}
	rmaID, items, err := at.CreateRMA(store, returngosandbox.RMASpec{OrderID: "shop-" + tiktokOrderID, Items: []returngosandbox.ItemSpec{
		{LineID: "line-" + tiktokOrderID, Quantity: 1, Reason: "Not as described", PolicyRule: "TikTok refund", ResolutionName: "Marketplace refund"},
	}})
	if err != nil {
		return "", "", fmt.Errorf("RMA: %w", err)
	}
	if err := at.Approve(rmaID); err != nil {
		return "", "", fmt.Errorf("approve: %w", err)
	}
	return rmaID, items[0], nil
}

func (p *person) opensTikTokReturn() error {
	var err error
	p.tiktokReturnID, err = p.house.TikTok.OpenReturn(tiktoksandbox.ReturnSpec{
		OrderID: p.orderID, LineIDs: []string{p.lineID}, Reason: "ecom_order_delivered_refund_and_return_reason_not_match_description_uk",
	})
	if err != nil {
		return fmt.Errorf("TikTok return: %w", err)
	}
	return nil
}

func (p *person) sends() error {
	if err := p.house.TikTok.BuyerShips(p.tiktokReturnID, "TRK"+p.orderID); err != nil {
		return fmt.Errorf("ship: %w", err)
	}
	if err := p.house.ReturnGO.Ship(p.rmaID, "TRK"+p.orderID, "Demo Post"); err != nil {
		return fmt.Errorf("ship: %w", err)
	}
	return nil
}

func (p *person) received() error {
	if err := p.house.TikTok.ParcelDelivered(p.tiktokReturnID); err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	if err := p.house.ReturnGO.Receive(p.rmaID); err != nil {
		return fmt.Errorf("receive: %w", err)
	}
	return nil
}

func (p *person) inspectedAndAuthorised() error {
	if err := p.house.TikTok.WarehouseReceives(p.product.SKU, p.house.Warehouse(), 1); err != nil {
		return fmt.Errorf("shelf: %w", err)
	}
	return inspectedAndAuthorised(p.house.ReturnGO, p.rmaID, p.itemID, p.product.Price)
}

func inspectedAndAuthorised(at *returngosandbox.Sandbox, rmaID, itemID, amount string) error {
	if err := inspected(at, rmaID, itemID); err != nil {
		return err
	}
	if _, err := at.RequestRefund(rmaID, []string{itemID}, amount); err != nil {
		return fmt.Errorf("authorise: %w", err)
	}
	return nil
}

func inspected(at *returngosandbox.Sandbox, rmaID, itemID string) error {
	if err := at.Validate(rmaID, []returngosandbox.ItemValidation{{ItemID: itemID, Returned: true, Restockable: true, Location: demo.Location}}); err != nil {
		return fmt.Errorf("inspect: %w", err)
	}
	return nil
}

func (p *person) done() error {
	if err := p.house.ReturnGO.Done(p.rmaID); err != nil {
		return fmt.Errorf("done: %w", err)
	}
	return nil
}

// came tells whether the return came to its end by the platforms' books: paid by
// the buyer's TikTok return, and settled in ReturnGO.
func (p *person) came() error {
	r, err := p.house.TikTok.Return(p.tiktokReturnID)
	if err != nil {
		return fmt.Errorf("TikTok return: %w", err)
	}
	if r.Status != returns.TikTokPaid {
		return fmt.Errorf("TikTok return %s stands at %s", p.tiktokReturnID, r.Status)
	}
	rma, _ := p.house.ReturnGO.RMA(p.rmaID)
	for _, t := range rma.Transactions {
		if t.Status != returns.TransactionSuccess {
			return fmt.Errorf("transaction of RMA %s stands at %s", p.rmaID, t.Status)
		}
	}
	return nil
}

// patience bounds every wait of the bench, on a machine with other work too.
const patience = 3 * time.Minute

// until waits for something to show.
func until(ctx context.Context, what string, holds func() (bool, error)) error {
	return demo.Until(ctx, patience, what, holds) //nolint:wrapcheck // it names what was waited for
}

// calm waits until nothing moves: every webhook is delivered and relayed, and
// every open workflow only waits for a timer or for news; with closed, none is
// open any more. Then a second passes: events bear whole seconds, so one of the
// second of a read would pass for older, as hours later in life none does.
func calm(ctx context.Context, h *demo.House, people []*person, closed bool) error {
	err := until(ctx, "everything at rest", func() (bool, error) {
		if !delivered(h) {
			return false, nil
		}
		if done, err := relayed(ctx, h); err != nil || !done {
			return false, err
		}
		return idle(ctx, h, people, closed)
	})
	return errors.Join(err, demo.Pause(ctx, time.Second))
}

func delivered(h *demo.House) bool {
	return !slices.ContainsFunc(h.TikTok.Deliveries(), func(d tiktoksandbox.Delivery) bool { return !d.Done }) &&
		!slices.ContainsFunc(h.ReturnGO.Deliveries(), func(d returngosandbox.Delivery) bool { return d.State == "pending" })
}

// relayed tells whether the inbox holds nothing that still has to be told.
func relayed(ctx context.Context, h *demo.House) (bool, error) {
	waiting := 0
	err := h.ReadLedger(ctx, func(tx *ledger.Tx) error {
		events, err := tx.Waiting(ctx, time.Now().Add(time.Hour), 1)
		waiting = len(events)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("inbox: %w", err)
	}
	return waiting == 0, nil
}

// idle asks for each return by its id, because the server's lists are a moment
// behind; its stock writers were there long before.
func idle(ctx context.Context, h *demo.House, people []*person, closed bool) (bool, error) {
	open, err := h.Client.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Query: "ExecutionStatus = 'Running' AND " + ofReturns, PageSize: 1000,
	})
	if err != nil {
		return false, fmt.Errorf("list workflows: %w", err)
	}
	if closed && len(open.GetExecutions()) > 0 {
		return false, nil
	}
	var ids []string
	for _, e := range open.GetExecutions() {
		ids = append(ids, e.GetExecution().GetWorkflowId())
	}
	for _, p := range people {
		ids = append(ids, messages.ReturnID(demo.ShopName, returns.RMAKey(p.rmaID)))
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		d, err := h.Client.DescribeWorkflowExecution(ctx, id, "")
		if err != nil {
			return false, fmt.Errorf("describe: %w", err)
		}
		running := d.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
		if d.GetPendingWorkflowTask() != nil || len(d.GetPendingActivities()) > 0 || closed && running {
			return false, nil
		}
	}
	return true, nil
}

// ofReturns finds the workflows that returns need, sweeps aside.
const ofReturns = "WorkflowType IN ('" + messages.Return + "', '" + messages.Stock + "')"
