package e2e

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"

	"returnbridge/internal/returns"
	"returnbridge/local/demo"
	"returnbridge/local/tiktoksandbox"
)

// Promise 3: no unit is in stock twice, or before its inspection passed.

func TestNothingIsInStockBeforeItsInspectionPassed(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	quick, stained, usual := h.buys(1), h.buys(1), h.buys(1)
	// TikTok pays the first one while the parcel is still under way.
	quick.opensTikTokReturn()
	quick.opensRMA()
	quick.ships()
	h.must(h.TikTok.QuickRefund(quick.tiktokReturnID))
	quick.untilTikTok(returns.TikTokPaid)
	quick.arrives()
	usual.opensTikTokReturn()
	usual.opensRMA()
	usual.ships()
	usual.arrives()
	stained.opensTikTokReturn()
	stained.opensRMA()
	stained.ships()
	stained.arrives()
	stained.inspected(0)
	stained.authorised(stained.price("0"))
	stained.untilClosed()
	h.afterSweep()
	h.afterSweep()
	for _, s := range []*shopper{quick, usual, stained} {
		if w := s.writes(); len(w) > 0 {
			t.Fatalf("stock of %s was written before an inspection passed: %+v", s.product.SellerSKU, w)
		}
	}
	for _, s := range []*shopper{quick, usual} {
		s.inspected(1)
		s.authorised(s.price("0"))
	}
	for _, s := range []*shopper{quick, usual} {
		s.untilClosed()
		s.wantStock(1, "inspected")
		s.wantPaid(s.price("0"))
	}
	stained.wantStock(0, "not restockable")
}

func TestALostAnswerToAStockWriteLeavesTheRightNumber(t *testing.T) {
	t.Parallel()
	for _, f := range []tiktoksandbox.Fault{
		{Kind: tiktoksandbox.FaultDropAfterWrite}, {Kind: tiktoksandbox.FaultGatewayAfterWrite},
		{Kind: tiktoksandbox.FaultLateWrite, Delay: 3 * time.Second}, {Kind: tiktoksandbox.FaultDropBefore},
	} {
		t.Run(f.Kind, func(t *testing.T) {
			t.Parallel()
			h := openHouse(t)
			s := h.buys(2)
			h.past() // a write that never happened has no account of TikTok: only reads tell
			f.Endpoint = "inventory/update"
			h.tiktokFault(f)
			s.returnsByTikTok(s.price("0"))
			s.untilClosed()
			h.quiet()
			s.wantStock(2, f.Kind)
		})
	}
}

// A sale between our read and our write is wiped out by the write: the next one
// puts it right.
func TestASaleBetweenReadAndWriteIsPutRight(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	s := h.buys(1)
	var sales atomic.Int32
	h.TikTok.OnInventoryRead(func(skus []string) {
		if !slices.Contains(skus, s.product.SKU) || sales.Add(1) > 1 {
			return
		}
		if _, err := h.TikTok.PlaceOrder(tiktoksandbox.OrderSpec{ShopID: demo.ShopID, Warehouse: h.Warehouse(), Lines: []tiktoksandbox.OrderLine{{SKU: s.product.SKU, Quantity: 2}}}); err != nil {
			t.Errorf("sale: %v", err)
		}
	})
	s.returnsByTikTok(s.price("0"))
	s.untilClosed()
	h.quiet()
	s.wantStock(1, "a sale hit the write")
	if w := s.writes(); len(w) < 2 || !w[0].HitByMovement {
		t.Errorf("the sale was to hit the first write and the second to put it right: %+v", w)
	}
}

func TestSeveralReturnsRestockOneProductAtOnce(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	product := h.Products()[0]
	var all []*shopper
	for range 5 {
		all = append(all, h.buysProduct(product, 1))
	}
	for _, s := range all {
		s.opensTikTokReturn()
		s.opensRMA()
		s.ships()
		s.arrives()
	}
	for _, s := range all {
		s.inspected(1)
		s.authorised(s.price("0"))
	}
	for _, s := range all {
		s.untilClosed()
		s.wantPaid(s.price("0"))
	}
	h.quiet()
	all[0].wantStock(5, "five returns of one product")
}

// A reset lets a return act all over again: nothing moves twice.
func TestAReturnResetToItsBeginningMovesNothingTwice(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	h.TikTok.IgnoreIdempotencyKeys(true)
	s := h.buys(1)
	s.returnsByPost(small)
	s.untilClosed()
	h.must(h.resetToBeginning(s.id()))
	s.untilClosed()
	h.quiet()
	h.afterSweep()
	s.wantPaid(small)
	s.wantStock(1, "reset to its beginning")
}

// resetToBeginning resets a workflow to its first decision.
func (h *house) resetToBeginning(workflowID string) error {
	d, err := h.Client.DescribeWorkflowExecution(h.t.Context(), workflowID, "")
	if err != nil {
		return err
	}
	history := h.Client.GetWorkflowHistory(h.t.Context(), workflowID, d.GetWorkflowExecutionInfo().GetExecution().GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		e, err := history.Next()
		if err != nil {
			return err
		}
		if e.GetEventType() != enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			continue
		}
		_, err = h.Client.ResetWorkflowExecution(h.t.Context(), &workflowservice.ResetWorkflowExecutionRequest{
			Namespace: h.Server.Namespace(), Reason: "a test", RequestId: workflowID, WorkflowTaskFinishEventId: e.GetEventId(),
			WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: workflowID, RunId: d.GetWorkflowExecutionInfo().GetExecution().GetRunId()},
		})
		return err
	}
	return nil
}
