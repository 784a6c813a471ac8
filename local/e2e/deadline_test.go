package e2e

import (
	"testing"
	"time"

	"returnbridge/config"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
	"returnbridge/local/demo"
	"returnbridge/local/tiktoksandbox"
)

// Promise 5: no seller deadline passes unseen.

// shortDeadlines makes TikTok's 48 hours 24 seconds, with the warning at half.
func shortDeadlines(o *demo.HouseOptions) {
	o.PeriodFactor = 1.0 / 7200
	o.Configure = func(c *config.Config) {
		soon(c)
		c.Periods.DeadlineWarning, c.Periods.RMAWait = 12*time.Second, 4*time.Second
	}
}

// wantDeadlineShown waits until the return lists TikTok's own deadline.
func (s *shopper) wantDeadlineShown(workflowID string) {
	s.t.Helper()
	s.until("the deadline is shown", func() bool {
		return moment(s.attributes(workflowID), messages.AttrDeadline.GetName()).Equal(s.deadline().Truncate(time.Second))
	})
}

// untilWarned waits for an exception and expects it before TikTok decides.
func (s *shopper) untilWarned(workflowID string, kind returns.Kind, deadline time.Time) {
	s.t.Helper()
	s.until(string(kind)+" before the deadline", func() bool { return s.shows(workflowID, kind) || !time.Now().Before(deadline) })
	if left := time.Until(deadline); left <= 0 {
		s.t.Fatalf("no %s before TikTok's deadline at %s\n%s", kind, deadline.Format(time.RFC3339), s.openReturns())
	}
}

func TestATikTokReturnWithoutRMAIsSeenBeforeItsDeadline(t *testing.T) {
	t.Parallel()
	h := openHouse(t, shortDeadlines)
	s := h.buys(1)
	s.opensTikTokReturn()
	deadline := s.deadline()
	s.wantDeadlineShown(s.clockID())
	s.untilWarned(s.clockID(), returns.ReturnWithoutRMA, deadline)
	s.untilWarned(s.clockID(), returns.SellerDeadline, deadline)
	if owner, _ := h.exceptionOpened(returns.ReturnWithoutRMA); owner != returns.CX {
		t.Errorf("return-without-rma belongs to %q, want CX", owner)
	}
	// An RMA at last: it takes the clock over and decides in time.
	s.opensRMA()
	s.ships()
	h.until("the clock of its own ended", func() bool { return h.count("ExecutionStatus = 'Running' AND WorkflowId = '"+s.clockID()+"'") == 0 })
	if d := s.decisions(tiktoksandbox.BySystemDeadline); len(d) > 0 {
		t.Errorf("TikTok decided by itself: %+v", d)
	}
}

func TestAParkedOrPausedReturnStillWarnsBeforeItsDeadline(t *testing.T) {
	t.Parallel()
	h := openHouse(t, shortDeadlines)
	parked, paused := h.buys(1), h.buys(1)
	for _, s := range []*shopper{parked, paused} {
		s.opensTikTokReturn()
		s.opensRMA()
		s.ships()
		s.arrives()
	}
	deadline := parked.deadline()
	_, err := h.tell(paused.id(), returns.Command{Name: returns.CommandPause, Who: "cx", Why: "the customer called"})
	h.must(err)
	parked.authorised(parked.price("1.00"))
	paused.authorised(paused.price("0"))
	for _, s := range []*shopper{parked, paused} {
		s.inspected(1)
	}
	parked.untilAsked(returns.RefundValueMismatch)
	for _, s := range []*shopper{parked, paused} {
		s.wantDeadlineShown(s.id())
		s.untilWarned(s.id(), returns.SellerDeadline, deadline)
		s.wantUnpaid("parked or paused")
	}
}

func TestOurOwnDecisionsAreTakenBeforeTikToksDeadlines(t *testing.T) {
	t.Parallel()
	h := openHouse(t, shortDeadlines)
	s := h.buys(1)
	s.opensTikTokReturn()
	acceptBy := s.deadline()
	s.opensRMA()
	s.ships()
	s.arrives()
	confirmBy := s.deadline()
	s.inspected(1)
	s.authorised(s.price("0"))
	s.untilClosed()
	s.wantPaid(s.price("0"))
	ours := s.decisions(tiktoksandbox.BySellerAPI)
	if len(ours) != 2 || !ours[0].At.Before(acceptBy) || !ours[1].At.Before(confirmBy) {
		t.Errorf("an acceptance before %s and a confirmation before %s were due: %+v", acceptBy, confirmBy, ours)
	}
	if d := s.decisions(tiktoksandbox.BySystemDeadline); len(d) > 0 {
		t.Errorf("TikTok decided by itself: %+v", d)
	}
}
