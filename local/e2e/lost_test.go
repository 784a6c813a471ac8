package e2e

import (
	"fmt"
	"testing"

	"returnbridge/internal/returns"
	"returnbridge/local/returngosandbox"
	"returnbridge/local/tiktoksandbox"
)

// Promise 4: no return is lost.

func TestEveryReturnEndsThoughEveryEventIsLost(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	h.loseAllWebhooks()
	byTikTok, byPost, differs, several := h.buys(1), h.buys(1), h.buys(1), h.buys(3)
	h.past()
	byPost.opensRMA()
	byPost.ships()
	for _, s := range []*shopper{byTikTok, differs, several} {
		s.opensTikTokReturn()
		s.opensRMA()
	}
	for _, s := range []*shopper{byTikTok, differs, several} {
		s.ships()
	}
	for _, s := range []*shopper{byTikTok, byPost, differs, several} {
		s.arrives()
	}
	byTikTok.authorised(byTikTok.price("0"))
	several.authorised(several.price("0"))
	byPost.authorised(small)
	differs.authorised(differs.price("1.00"))
	for _, s := range []*shopper{byTikTok, byPost, differs, several} {
		s.inspected(1)
	}
	differs.untilAsked(returns.RefundValueMismatch)
	differs.answer(differs.id(), returns.RefundValueMismatch, returns.AnswerAcceptPayable)
	for _, s := range []*shopper{byTikTok, byPost, differs, several} {
		s.untilClosed()
		s.wantStock(1, "all events lost")
	}
	for _, s := range []*shopper{byTikTok, differs, several} {
		s.wantPaid(s.price("0"))
		if d := s.decisions(tiktoksandbox.BySystemDeadline); len(d) > 0 {
			t.Errorf("TikTok decided by itself: %+v", d)
		}
	}
	byPost.wantPaid(small)
	for _, s := range []*shopper{byTikTok, byPost, several} {
		s.wantSettled()
	}
}

// The inspection of one unit of several moves no status, and no event tells of it.
func TestTheInspectionOfOneUnitOfTwoIsNoticed(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	s := h.buys(2)
	s.opensRMA()
	s.ships()
	s.arrives()
	s.waitsFor(returns.StageAwaitInspect)
	s.itemIDs = s.itemIDs[:1]
	s.inspected(1)
	h.until("the inspected unit in stock", func() bool { return s.gained() == 1 })
}

func TestAnOutageOfEitherPlatformOnlyDelays(t *testing.T) {
	t.Parallel()
	for name, outage := range map[string]struct {
		begin, end func(*house)
		calls      func(*house) int
	}{
		"TikTok answers 503": {
			func(h *house) {
				h.tiktokFault(tiktoksandbox.Fault{Kind: tiktoksandbox.FaultUnavailable, Count: 1 << 20})
			},
			func(h *house) { h.TikTok.ClearFaults() },
			func(h *house) int { return sum(h.TikTok.Books().Calls) },
		},
		"ReturnGO answers 500 and pages": {
			func(h *house) {
				h.must(h.ReturnGO.AddFault(returngosandbox.Fault{Kind: "500", Count: 8}))
				h.must(h.ReturnGO.AddFault(returngosandbox.Fault{Kind: returngosandbox.FaultHTML, Count: -1}))
			},
			func(h *house) { h.ReturnGO.ClearFaults() },
			func(h *house) int { return sum(h.ReturnGO.Books().Calls) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := openHouse(t)
			moving, inspected := h.buys(1), h.buys(1)
			for _, s := range []*shopper{moving, inspected} {
				s.opensTikTokReturn()
				s.opensRMA()
				s.ships()
				s.arrives()
			}
			inspected.inspected(1)
			outage.begin(h)
			before := outage.calls(h)
			moving.inspected(1)
			moving.authorised(moving.price("0"))
			inspected.authorised(inspected.price("0"))
			h.until("a guard stops the queue", func() bool { return h.count(guards+" AND ExecutionStatus = 'Running'") > 0 })
			h.until("the guard has asked once", func() bool { return outage.calls(h) > before+3 }) // three failures wake it
			outage.end(h)
			for _, s := range []*shopper{moving, inspected} {
				s.untilClosed()
				s.wantPaid(s.price("0"))
				s.wantSettled()
				s.wantStock(1, name)
				if d := s.decisions(tiktoksandbox.BySystemDeadline); len(d) > 0 {
					t.Errorf("TikTok decided by itself: %+v", d)
				}
			}
			h.until("the guard has ended", func() bool { return h.count(guards+" AND ExecutionStatus = 'Running'") == 0 })
		})
	}
}

// guards finds those who watch over a platform that is ill.
const guards = "WorkflowType = 'Guard'"

func sum(calls map[string]int) (n int) {
	for _, c := range calls {
		n += c
	}
	return n
}

func TestEventsThatFindNoStarterAreMadeUpFor(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	s := h.buys(1)
	h.past()
	h.StopStarter()
	s.returnsByTikTok(s.price("0")) // TikTok lets the buyer ship: sweeps go on without the starter
	h.must(h.StartStarter(t.Context()))
	s.untilClosed()
	s.wantPaid(s.price("0"))
	s.wantSettled()
	s.wantStock(1, "the starter was away")
}

// Every workflow is gone, at three stages of a return: the platforms and the
// ledger give back all that matters.
func TestReturnsThatTheServerForgotAreTakenUp(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	var all []*shopper
	for range 3 {
		all = append(all, h.buys(1))
	}
	h.past()
	for _, s := range all {
		s.opensTikTokReturn()
		s.opensRMA()
		s.ships()
		s.arrives()
	}
	all[0].inspected(1)
	h.until("one return in stock", func() bool { return all[0].gained() == 1 })
	for _, s := range all {
		h.must(h.Client.TerminateWorkflow(t.Context(), s.id(), "", "a test"))
	}
	for i, s := range all {
		if i > 0 {
			s.inspected(1)
		}
		s.authorised(s.price("0"))
	}
	for _, s := range all {
		s.untilClosed()
		s.wantPaid(s.price("0"))
		s.wantStock(1, fmt.Sprintf("return %s was forgotten", s.rmaID))
	}
}
