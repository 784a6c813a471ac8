package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.uber.org/zap"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
)

// noteRestoredLedger finds out whether the ledger was put back from a backup
// under a Temporal that remembers more, before anything is done on it.
func (h *house) noteRestoredLedger(ctx context.Context) error {
	for _, s := range h.cfg.Shops {
		swept, err := h.lastSweep(ctx, s.Name)
		if err != nil {
			return fmt.Errorf("what Temporal remembers of the ledger of %s: %w", s.Name, err)
		}
		if swept.IsZero() {
			continue
		}
		restored := false
		err = h.ledger.Do(ctx, func(tx *ledger.Tx) (err error) {
			restored, err = tx.Restored(ctx, s.Name, swept)
			return err
		})
		if err != nil {
			return err
		}
		if restored {
			h.log.Error("the ledger is older than Temporal remembers it: it was restored from a backup; what was to be put into stock is left to people",
				zap.String("shop", s.Name), zap.Time("last_sweep", swept))
		}
	}
	return nil
}

// lastSweep is when the last completed sweep of a shop's TikTok returns began;
// zero if Temporal knows of none.
func (h *house) lastSweep(ctx context.Context, shop string) (time.Time, error) {
	page, err := h.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Query: fmt.Sprintf("WorkflowType = '%s' AND %s = '%s' AND ExecutionStatus = 'Completed'", messages.SweepTikTok, messages.AttrShop.GetName(), shop), PageSize: 10,
	})
	if _, unknown := errors.AsType[*serviceerror.InvalidArgument](err); unknown {
		return time.Time{}, nil // the attribute is not there yet: so no sweep was ever made
	}
	if err != nil {
		return time.Time{}, err //nolint:wrapcheck // the caller names it
	}
	var newest time.Time
	for _, e := range page.GetExecutions() {
		var result messages.SweepResult
		if err := h.temporal.GetWorkflow(ctx, e.GetExecution().GetWorkflowId(), e.GetExecution().GetRunId()).Get(ctx, &result); err != nil {
			return time.Time{}, err //nolint:wrapcheck // the caller names it
		}
		if result.SweptAt.After(newest) {
			newest = result.SweptAt
		}
	}
	return newest, nil
}
