package e2e

import (
	"slices"
	"testing"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
	"returnbridge/local/returngosandbox"
)

// An RMA that is deleted in ReturnGO asks CX; the answer ends the return, an event
// that comes afterwards brings the question back to nobody, and a signal of an
// unknown name stands in the story as refused.
func TestAnRMADeletedInReturnGOEndsWithAnAnswer(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	s := h.buys(1)
	s.opensRMA()
	s.ships()
	s.arrives()
	s.waitsFor(returns.StageAwaitInspect)
	h.must(h.ReturnGO.AddFault(returngosandbox.Fault{Endpoint: "rma/get", Kind: "404", Count: -1}))
	h.must(h.Client.SignalWorkflow(t.Context(), s.id(), "", "refund-now", map[string]string{"amount": "all of it"}))
	h.signal(s.id(), returns.Command{Name: returns.CommandRecheck, Who: "cx", Why: "the customer asks"})
	s.untilAsked(returns.RMAVanished)
	if owner, _ := h.exceptionOpened(returns.RMAVanished); owner != returns.CX {
		t.Errorf("rma-vanished belongs to %q, want CX", owner)
	}
	h.afterSweep()
	s.answer(s.id(), returns.RMAVanished, returns.AnswerDoNotRefund)
	s.untilClosed()

	ended := h.count("WorkflowType = 'Return' AND ExecutionStatus = 'Completed'")
	s.authorised(s.price("0"))
	h.until("the late event was looked at", func() bool { return h.count("WorkflowType = 'Return' AND ExecutionStatus = 'Completed'") > ended })
	if open := h.openExceptions(s.place.name); len(open) > 0 {
		t.Errorf("still asked: %v", open)
	}
	s.wantUnpaid("for an RMA that is gone")
	var story ledger.Story
	h.must(h.ReadLedger(t.Context(), func(tx *ledger.Tx) (err error) {
		story, _, err = tx.Story(t.Context(), ledger.ReturnRef{Shop: s.place.name, Key: s.key()})
		return err
	}))
	for _, want := range []string{`gave the command "refund-now"`, "refused the command"} {
		if !slices.ContainsFunc(story.Audit, func(l ledger.AuditLine) bool { return l.What == want }) {
			t.Errorf("no %q in the story: %+v", want, story.Audit)
		}
	}
}
