package e2e

import (
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
	"returnbridge/local/demo"
)

// A return whose history another program began can be carried by nobody: each of its
// workflow tasks fails. Its people hear of it within one sweep, and once it is ended it
// comes back by itself and goes on from the ledger.
func TestAReturnThatCannotGoOnIsInTheListAndComesBack(t *testing.T) {
	h := openHouse(t, func(o *demo.HouseOptions) { o.NoWorker = true })
	t.Setenv("TEMPORAL_ADDRESS", h.Server.Address())
	t.Setenv("TEMPORAL_NAMESPACE", h.Server.Namespace())
	s := h.buys(1)
	h.past()
	s.begunByAnother()
	h.StartWorker(t.Context())
	h.must(h.Client.SignalWorkflow(t.Context(), s.id(), "", messages.SignalNews, messages.News{}))

	h.until("Temporal reports the problem", func() bool {
		return h.count("WorkflowId = '"+s.id()+"' AND TemporalReportedProblems IS NOT NULL") > 0
	})
	h.afterSweep()
	open := h.exceptions(ledger.ExceptionFilter{Shop: s.place.name, Owner: returns.IT, Kind: returns.WorkflowStuck})
	if len(open) != 1 || open[0].Key != s.key() || !strings.Contains(open[0].Sentence, "temporal workflow terminate --workflow-id "+s.id()) {
		t.Fatalf("after one sweep the list says: %+v", open)
	}
	said, err := h.types("list", "--kind", string(returns.WorkflowStuck), "--config", h.configFile())
	h.must(err)
	if !strings.Contains(said, s.rmaID) || !strings.Contains(said, "IT") {
		t.Errorf("the list says:\n%s", said)
	}
	h.must(h.Client.TerminateWorkflow(t.Context(), s.id(), "", "stuck"))
	said, err = h.types("show", s.rmaID, "--config", h.configFile())
	h.must(err)
	if !strings.Contains(said, "It comes back by itself") {
		t.Errorf("the story says:\n%s", said)
	}
	s.untilHealed(s.key(), returns.WorkflowStuck)
	s.ships()
	s.arrives()
	s.authorised(small)
	s.inspected(1)
	s.untilClosed()
	s.wantPaid(small)
}

// begunByAnother opens an RMA whose return another program's worker begins, in a way
// that ours cannot carry on.
func (s *shopper) begunByAnother() {
	s.t.Helper()
	foreign := worker.New(s.Client, messages.QueueReturns, worker.Options{DisableRegistrationAliasing: true})
	foreign.RegisterWorkflowWithOptions(func(ctx workflow.Context, _ messages.ReturnInput) error {
		return workflow.Sleep(ctx, 24*time.Hour)
	}, workflow.RegisterOptions{Name: messages.Return})
	s.must(foreign.Start())
	defer foreign.Stop()
	s.opensRMA()
	s.until("the foreign program has begun the return", func() bool { return s.begunAnotherWay(s.id()) })
}

func (h *house) begunAnotherWay(workflowID string) bool {
	history := h.Client.GetWorkflowHistory(h.t.Context(), workflowID, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		e, err := history.Next()
		if err != nil {
			return false // not begun yet
		}
		if e.GetEventType() == enumspb.EVENT_TYPE_TIMER_STARTED {
			return true
		}
	}
	return false
}

// Sixty signals of 100 KB were more than the input of an activity may hold: the return
// stood still for ever, and said nothing.
func TestAFloodOfSignalsDoesNotStopAReturn(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	s := h.buys(1)
	h.past()
	s.opensRMA()
	h.until("the return waits", func() bool {
		return text(h.attributes(s.id()), messages.AttrStage.GetName()) == string(returns.StageAwaitParcel)
	})
	for range 60 {
		h.signal(s.id(), returns.Command{Name: returns.CommandRecheck, Who: "somebody", Why: strings.Repeat("x", 100_000)})
	}
	for range 200 {
		h.signal(s.id(), returns.Command{Name: returns.CommandRecheck, Who: "somebody", Why: "again"})
	}
	h.until("it hears people again", func() bool {
		_, err := h.tell(s.id(), returns.Command{Name: returns.CommandRecheck, Who: "Ada", Why: "does it still hear?"})
		return err == nil // while the flood lasts it may say that too many wait
	})
	s.ships()
	s.arrives()
	s.authorised(small)
	s.inspected(1)
	s.untilClosed()
	s.wantPaid(small)
}
