package e2e

import (
	"strings"
	"testing"

	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// People command returns: as an update, which answers them, or as a signal,
// which survives an outage.

func TestAnUpdateAnswersThePersonAndABadAnswerIsRefused(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	s := h.buys(1)
	s.returnsByTikTok(s.price("2.00"))
	s.untilAsked(returns.RefundValueMismatch)
	for what, bad := range map[string]returns.Command{
		"an answer of another exception": {Exception: returns.RefundValueMismatch, Answer: returns.AnswerSkipRestock, Who: "finance", Why: "a slip"},
		"an exception that is not open":  {Exception: returns.NotPayable, Answer: returns.AnswerAcceptPayable, Who: "finance", Why: "a slip"},
		"nobody":                         {Exception: returns.RefundValueMismatch, Answer: returns.AnswerAcceptPayable, Why: "a slip"},
		"no reference":                   {Exception: returns.RefundValueMismatch, Answer: returns.AnswerHandledManually, Who: "finance", Why: "a slip"},
	} {
		bad.Name = returns.CommandResolve
		if said, err := h.tell(s.id(), bad); err == nil {
			t.Errorf("%s was accepted: %s", what, said)
		}
	}
	s.wantUnpaid("only bad answers came")
	said, err := h.tell(s.id(), returns.Command{Name: returns.CommandResolve, Exception: returns.RefundValueMismatch, Answer: returns.AnswerAcceptPayable, Who: "finance", Why: "the goods are here"})
	h.must(err)
	if !strings.Contains(said, string(returns.AnswerAcceptPayable)) {
		t.Errorf("the person was told %q", said)
	}
	s.untilClosed()
	s.wantPaid(s.price("0"))
}

func TestASignalAnswersAnExceptionAndABadOneChangesNothing(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	s := h.buys(1)
	s.returnsByTikTok(s.price("2.00"))
	s.untilAsked(returns.RefundValueMismatch)
	h.must(h.Client.SignalWorkflow(t.Context(), s.id(), "", string(returns.CommandResolve), "not a command"))
	h.signal(s.id(), returns.Command{Name: returns.CommandResolve, Exception: returns.RefundValueMismatch, Answer: returns.AnswerSetAmount, Who: "finance", Why: "a slip"})
	// An update after the signals is heard after them.
	_, err := h.tell(s.id(), returns.Command{Name: returns.CommandRecheck, Who: "finance", Why: "look again"})
	h.must(err)
	s.wantUnpaid("only bad signals came")
	if !h.shows(s.id(), returns.RefundValueMismatch) {
		t.Error("a bad signal closed the exception")
	}
	h.signal(s.id(), returns.Command{Name: returns.CommandResolve, Exception: returns.RefundValueMismatch, Answer: returns.AnswerAcceptPayable, Who: "finance", Why: "the goods are here"})
	s.untilClosed()
	s.wantPaid(s.price("0"))
}

func TestAPausedReturnPaysNothingUntilItIsResumed(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	byUpdate, bySignal := h.buys(1), h.buys(1)
	for _, s := range []*shopper{byUpdate, bySignal} {
		s.opensTikTokReturn()
		s.opensRMA()
		s.ships()
		s.arrives()
	}
	pause := returns.Command{Name: returns.CommandPause, Who: "cx", Why: "the customer called"}
	resume := returns.Command{Name: returns.CommandResume, Who: "cx", Why: "all is well"}
	_, err := h.tell(byUpdate.id(), pause)
	h.must(err)
	h.signal(bySignal.id(), pause)
	h.until("the signal was heard", func() bool {
		stage := h.attributes(bySignal.id()).GetIndexedFields()[messages.AttrStage.GetName()]
		return strings.Contains(string(stage.GetData()), string(returns.StagePaused))
	})
	for _, s := range []*shopper{byUpdate, bySignal} {
		s.inspected(1)
		s.authorised(s.price("0"))
	}
	h.afterSweep()
	for _, s := range []*shopper{byUpdate, bySignal} {
		_, err := h.tell(s.id(), returns.Command{Name: returns.CommandRecheck, Who: "cx", Why: "look again"})
		h.must(err)
		s.wantUnpaid("paused")
		s.wantStock(0, "paused")
	}
	_, err = h.tell(byUpdate.id(), resume)
	h.must(err)
	h.signal(bySignal.id(), resume)
	for _, s := range []*shopper{byUpdate, bySignal} {
		s.untilClosed()
		s.wantPaid(s.price("0"))
		s.wantSettled()
		s.wantStock(1, "resumed")
	}
}
