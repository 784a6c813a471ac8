package chaos

import (
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"

	"returnbridge/local/demo"
)

// carried are the kinds of returns in which nobody talks to a workflow by its run:
// they do not care whether it is another one.
var carried = []string{"happy", "several-units", "seller-refund", "not-returned", "late-rma"}

// underWay waits until money has moved for some returns and not for others.
func (h *house) underWay(paid int) {
	h.t.Helper()
	h.until("some returns are paid", func() bool { return len(h.TikTok.Books().Payments) >= paid })
}

func TestTheServerRestartedOnItsFileInTheMiddleLeavesEveryFigureRight(t *testing.T) {
	t.Parallel()
	h := openHouse(t, func(o *demo.HouseOptions) { o.Persist = true })
	result := h.population(either(10, 40), 21)
	for n := range either(1, 4) {
		h.underWay(1 + 2*n)
		h.must(h.RestartTemporal(t.Context()))
	}
	h.wantRight("the server restarted on its file", <-result)
}

func onlyLong(t *testing.T) {
	t.Helper()
	onlyInLong(t, "a stock writer that is gone is missed after two minutes")
}

func onlyInLong(t *testing.T, why string) {
	t.Helper()
	if !*long {
		t.Skip("long form only: " + why)
	}
}

// Temporal forgets everything: the programs, started again, bring it all back from
// the ledger and the platforms.
func TestTemporalWipedInTheMiddleLeavesEveryFigureRight(t *testing.T) {
	onlyLong(t)
	t.Parallel()
	h := openHouse(t)
	result := h.population(either(10, 40), 22, carried...)
	h.underWay(2)
	h.StopWorker()
	h.StopStarter()
	h.must(h.RestartTemporal(t.Context()))
	h.until("the starter starts", func() bool { return h.StartStarter(t.Context()) == nil }) // it ends while Temporal is not found
	h.StartWorker(t.Context())
	h.wantRight("Temporal wiped", <-result)
}

// Every workflow is terminated, again and again, with Temporal's memory of it.
func TestEveryReturnTerminatedInTheMiddleLeavesEveryFigureRight(t *testing.T) {
	onlyLong(t)
	t.Parallel()
	h := openHouse(t)
	result := h.population(either(10, 40), 23, carried...)
	for n := range either(1, 4) {
		h.underWay(2 + 2*n)
		h.eachRunning(func(e *commonpb.WorkflowExecution) {
			_ = h.Client.TerminateWorkflow(t.Context(), e.GetWorkflowId(), e.GetRunId(), "taken away") // it may have ended
		})
	}
	h.wantRight("every return terminated", <-result)
}

// Returns reset to their first decision act all over again, with money under way:
// nothing moves twice, though TikTok knows no idempotency keys.
func TestReturnsResetToTheirStartInTheMiddleLeaveEveryFigureRight(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	h.TikTok.IgnoreIdempotencyKeys(true)
	result := h.population(either(10, 40), 24, carried...)
	resets := 0
	for n := range either(2, 6) {
		h.underWay(1 + 2*n)
		h.eachRunning(func(e *commonpb.WorkflowExecution) {
			if h.resetToStart(e) {
				resets++
			}
		})
	}
	h.wantRight("reset to their start", <-result)
	if t.Logf("%d returns were reset", resets); resets == 0 {
		t.Error("no return was reset while it was under way")
	}
}

// eachRunning does something to every return and stock writer under way.
func (h *house) eachRunning(do func(*commonpb.WorkflowExecution)) {
	h.t.Helper()
	page, err := h.Client.ListWorkflow(h.t.Context(), &workflowservice.ListWorkflowExecutionsRequest{
		PageSize: 1000, Query: "ExecutionStatus = 'Running' AND WorkflowType IN ('Return', 'Stock')",
	})
	h.must(err)
	for _, e := range page.GetExecutions() {
		do(e.GetExecution())
	}
}

// resetToStart resets a workflow to its first decision; false if it has ended
// meanwhile or not begun.
func (h *house) resetToStart(e *commonpb.WorkflowExecution) bool {
	ctx := h.t.Context()
	history := h.Client.GetWorkflowHistory(ctx, e.GetWorkflowId(), e.GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		event, err := history.Next()
		if err != nil {
			return false
		}
		if event.GetEventType() != enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			continue
		}
		_, err = h.Client.ResetWorkflowExecution(ctx, &workflowservice.ResetWorkflowExecutionRequest{
			Namespace: h.Server.Namespace(), Reason: "taken away", RequestId: "reset-" + e.GetRunId(),
			WorkflowTaskFinishEventId: event.GetEventId(), WorkflowExecution: e,
		})
		return err == nil
	}
	return false
}
