package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/converter"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// expectation is what a scenario foresees for one return, to be held against
// the books.
type expectation struct {
	scenario       string
	orderID, rmaID string
	sku, warehouse string
	authorised     string // by ReturnGO, "" if nothing is
	refund         string // TikTok pays exactly this for the order
	restocked      int    // units that go back into stock
	problem        string // why the return did not come to its end
	took           time.Duration
}

// patience is how long one wait of a shopper may take, on a slow machine too.
const patience = 90 * time.Second

// until waits for something to show in the books or on the server.
func (s *shopper) until(what string, holds func() (bool, error)) error {
	return Until(s.ctx, s.house.patience, what, holds)
}

// Until waits for something to show, with patience; what is what it waits for.
func Until(ctx context.Context, patience time.Duration, what string, holds func() (bool, error)) error {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := holds()
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("ended while waiting for %s: %w", what, ctx.Err())
		case <-deadline.C:
			return errors.New("waited in vain: " + what)
		case <-tick.C:
		}
	}
}

// Pause lets some time pass.
func Pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return fmt.Errorf("pause: %w", ctx.Err())
	case <-time.After(d):
		return nil
	}
}

func (s *shopper) workflowID() string { return messages.ReturnID(shopName, returns.RMAKey(s.rmaID)) }

// shows tells whether the server lists the return under an exception.
func (s *shopper) shows(kind returns.Kind) (bool, error) {
	return s.showsAt(returns.RMAKey(s.rmaID), kind)
}

func (s *shopper) showsAt(key returns.Key, kind returns.Kind) (bool, error) {
	info, err := s.describe(key)
	if info == nil || err != nil {
		return false, err
	}
	return slices.Contains(keywords(info.GetSearchAttributes(), messages.AttrExceptionKinds.GetName()), string(kind)), nil
}

// describe is what the server says of a return; nothing while it knows none, or
// does not answer: it may be starting anew.
func (s *shopper) describe(key returns.Key) (*workflowpb.WorkflowExecutionInfo, error) {
	d, err := s.house.Client.DescribeWorkflowExecution(s.ctx, messages.ReturnID(shopName, key), "")
	_, unknown := errors.AsType[*serviceerror.NotFound](err)
	_, away := errors.AsType[*serviceerror.Unavailable](err)
	_, late := errors.AsType[*serviceerror.DeadlineExceeded](err)
	switch {
	case unknown, away, late, errors.Is(err, context.DeadlineExceeded) && s.ctx.Err() == nil:
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("describe: %w", err)
	}
	return d.GetWorkflowExecutionInfo(), nil
}

func keywords(attrs *commonpb.SearchAttributes, name string) []string {
	var list []string
	if p, ok := attrs.GetIndexedFields()[name]; ok && converter.GetDefaultDataConverter().FromPayload(p, &list) != nil {
		return nil
	}
	return list
}

// endsPaidAndSettled waits for the usual end: TikTok paid exactly the amount,
// ReturnGO's transaction bears TikTok's reference, the workflow is complete.
func (s *shopper) endsPaidAndSettled(amount string) error {
	s.expect.refund = amount
	err := s.until("ReturnGO's transaction settled", func() (bool, error) {
		rma, _ := s.house.ReturnGO.RMA(s.rmaID)
		for _, t := range rma.Transactions {
			if t.ID == s.transaction && t.Status == returns.TransactionSuccess {
				return t.Reference != "" && (s.tiktokReturnID == "" || t.Reference == s.tiktokReturnID), nil
			}
		}
		return false, nil
	})
	if err != nil {
		return err
	}
	return s.until("the return closed", s.closed)
}

// paidBy holds against TikTok's books that the money came by these returns, each
// with its own unit, and by no other.
func (s *shopper) paidBy(returnIDs []string) error {
	var by []string
	for _, p := range s.house.TikTok.Books().Payments {
		if p.OrderID == s.orderID {
			by = append(by, p.ReturnID)
		}
	}
	slices.Sort(by)
	slices.Sort(returnIDs)
	if !slices.Equal(by, returnIDs) {
		return fmt.Errorf("TikTok paid by %v, not by %v", by, returnIDs)
	}
	return nil
}

// endsPaidWithNote waits for the end of a return whose value differed: paid as
// the person said, and a note instead of a settled transaction.
func (s *shopper) endsPaidWithNote(amount string) error {
	s.expect.refund = amount
	err := s.until("a note in ReturnGO", func() (bool, error) {
		rma, _ := s.house.ReturnGO.RMA(s.rmaID)
		for _, c := range rma.Comments {
			if strings.Contains(c.HTML, s.tiktokReturnID) && strings.Contains(c.HTML, amount) {
				return true, nil
			}
		}
		return false, nil
	})
	if err != nil {
		return err
	}
	return s.until("the return closed", s.closed)
}

func (s *shopper) closed() (bool, error) { return s.closedAt(returns.RMAKey(s.rmaID)) }

func (s *shopper) closedAt(key returns.Key) (bool, error) {
	info, err := s.describe(key)
	if info == nil && err == nil && s.house.forgot {
		return s.house.closedInLedger(s.ctx, key)
	}
	if info == nil || err != nil {
		return false, err
	}
	switch status := info.GetStatus(); status {
	case enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:
		return false, Pause(s.ctx, 400*time.Millisecond) // it has seconds to go, and many ask
	case enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED: // it is to be taken up, unless it had just decided to end
		return s.house.closedInLedger(s.ctx, key)
	case enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED:
		return true, nil
	default:
		return false, fmt.Errorf("the workflow ended as %s", status)
	}
}

// closedInLedger asks the ledger, where the server has forgotten what it knew.
func (h *House) closedInLedger(ctx context.Context, key returns.Key) (bool, error) {
	var closed []returns.Key
	err := h.ReadLedger(ctx, func(tx *ledger.Tx) (err error) {
		closed, err = tx.Closed(ctx, shopName, []returns.Key{key})
		return err
	})
	return len(closed) > 0, err
}
