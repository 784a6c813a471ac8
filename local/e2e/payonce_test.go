package e2e

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"returnbridge/config"
	"returnbridge/internal/returns"
	"returnbridge/local/demo"
	"returnbridge/local/returngosandbox"
	"returnbridge/local/tiktoksandbox"
)

// Promise 1: a unit that is paid is never paid again.

// Amounts are small where TikTok would let the same be paid twice.
const small = "4.00"

func TestALostAnswerToASellerRefundPaysOnce(t *testing.T) {
	t.Parallel()
	for name, keysIgnored := range map[string]bool{"keys honoured": false, "keys ignored": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := openHouse(t)
			h.TikTok.IgnoreIdempotencyKeys(keysIgnored)
			faults := []tiktoksandbox.Fault{
				{Kind: tiktoksandbox.FaultDropAfterWrite},
				{Kind: tiktoksandbox.FaultGatewayAfterWrite},
				{Kind: tiktoksandbox.FaultLateWrite, Delay: 3500 * time.Millisecond}, // while the call may still take effect
			}
			var all []*shopper
			for _, f := range faults {
				f.Endpoint = "returns/create"
				h.tiktokFault(f)
				all = append(all, h.buys(1))
			}
			for _, s := range all {
				s.returnsByPost(small)
			}
			for _, s := range all {
				s.untilClosed()
			}
			h.quiet()
			h.afterSweep()
			for _, s := range all {
				s.wantPaid(small)
				s.wantSettled()
			}
			if n := h.calls("returns/create"); n != len(faults) {
				t.Errorf("%d creates were sent, one for each of %d refunds was due", n, len(faults))
			}
		})
	}
}

func TestALostAnswerToAParcelConfirmationPaysOnce(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	var all []*shopper
	for range 3 {
		s := h.buys(1)
		s.opensTikTokReturn()
		s.opensRMA()
		s.ships()
		s.arrives()
		all = append(all, s)
	}
	for _, f := range []tiktoksandbox.Fault{
		{Kind: tiktoksandbox.FaultDropAfterWrite}, {Kind: tiktoksandbox.FaultGatewayAfterWrite},
		{Kind: tiktoksandbox.FaultLateWrite, Delay: 3 * time.Second},
	} {
		f.Endpoint = "returns/approve"
		h.tiktokFault(f)
	}
	for _, s := range all {
		s.authorised(s.price("0"))
		s.inspected(1)
	}
	for _, s := range all {
		s.untilClosed()
		s.wantPaid(s.price("0"))
		s.wantSettled()
	}
	if n := h.calls("returns/approve"); n != 6 {
		t.Errorf("%d decisions were sent, an acceptance and a confirmation for each of 3 returns were due", n)
	}
}

// A person pays between our decision and our call: the deciding read sees it.
func TestARefundMadeInSellerCenterJustBeforeOursIsTheOnlyOne(t *testing.T) {
	t.Parallel()
	var b between
	h := openHouse(t, b.standBetween, func(o *demo.HouseOptions) {
		o.Configure = func(c *config.Config) { // no sweep may tell what the deciding read has to see by itself
			soon(c)
			c.Periods.SweepTikTok, c.Periods.SweepReturnGO, c.Periods.SweepReturnGOOpen = time.Minute, time.Minute, time.Minute
		}
	})
	same, less := h.buys(1), h.buys(1)
	h.past()
	byPerson := map[*shopper]string{same: small, less: "3.00"}
	var asked, paid sync.Map // orders and RMAs
	b.set(func(path, body string) {
		for s := range byPerson {
			if strings.HasSuffix(path, "/refunds/calculate") && strings.Contains(body, s.orderID) {
				asked.Store(s, true)
			}
		}
	}, func(path, _ string) {
		for s, amount := range byPerson {
			if _, decided := asked.Load(s); !decided || path != "/rma/"+s.rmaID {
				continue
			}
			if _, done := paid.LoadOrStore(s, true); done {
				continue
			}
			h.TikTok.SetWebhookWeather(tiktoksandbox.WebhookWeather{Lose: 1}) // nor an event
			id, err := h.TikTok.SellerCenterRefunds(s.orderID, s.lineIDs, amount)
			if err != nil {
				t.Errorf("Seller Center: %v", err)
			}
			h.until("the person's refund paid", func() bool {
				r, err := h.TikTok.Return(id)
				return err != nil || r.Status == returns.TikTokPaid
			})
		}
	})
	for s := range byPerson {
		s.returnsByPost(small)
	}
	same.untilClosed()
	same.wantPaid(small)
	same.wantSettled()
	less.untilAsked(returns.RefundDiffers)
	less.answer(less.id(), returns.RefundDiffers, returns.AnswerAcknowledge)
	less.untilClosed()
	less.wantPaid("3.00")
	if owner, _ := h.exceptionOpened(returns.RefundDiffers); owner != returns.Finance {
		t.Errorf("refund-differs belongs to %q, want Finance", owner)
	}
	if n := h.calls("returns/create"); n != 0 {
		t.Errorf("%d refunds were sent beside the person's", n)
	}
}

func TestTwoRMAsForOneUnitPayOnce(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	first := h.buys(1)
	second := *first
	second.knownToReturnGO("again-"+first.orderID, 1)
	first.opensRMA()
	second.opensRMAOn("again-" + first.orderID)
	for _, s := range []*shopper{first, &second} {
		s.ships()
		s.arrives()
		s.authorised(small)
		s.inspected(1)
	}
	h.until("one of the two closed, the other asks", func() bool {
		return first.closed() && h.shows(second.id(), returns.UnitMismatch) || second.closed() && h.shows(first.id(), returns.UnitMismatch)
	})
	h.afterSweep()
	first.wantPaid(small)
	first.wantStock(1, "two RMAs for one unit")
}

func TestAReturnTerminatedInTheMiddleOfARefundIsTakenUpAndPaysOnce(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	h.TikTok.IgnoreIdempotencyKeys(true)
	// The answer is lost, and the money moves only after the workflow is gone.
	h.tiktokFault(tiktoksandbox.Fault{Endpoint: "returns/create", Kind: tiktoksandbox.FaultLateWrite, Delay: 2500 * time.Millisecond})
	s := h.buys(1)
	s.returnsByPost(small)
	h.until("the refund sent", func() bool { return h.calls("returns/create") > 0 })
	h.must(h.Client.TerminateWorkflow(t.Context(), s.id(), "", "a test"))
	s.untilClosed()
	h.quiet()
	h.afterSweep()
	s.wantPaid(small)
	s.wantSettled()
	s.wantStock(1, "terminated and taken up")
}

func TestAReturnTerminatedBeforeItsRefundIsTakenUpBySweeps(t *testing.T) {
	t.Parallel()
	var b between
	h := openHouse(t, b.standBetween)
	s := h.buys(1)
	var once atomic.Bool
	// Everything has been read and decided; nothing will change at a platform any more.
	b.set(func(path, _ string) {
		if strings.HasSuffix(path, "/refunds/calculate") && once.CompareAndSwap(false, true) {
			h.loseAllWebhooks()
			if err := h.Client.TerminateWorkflow(t.Context(), s.id(), "", "a test"); err != nil {
				t.Errorf("terminate: %v", err)
			}
		}
	}, nil)
	h.past()
	s.returnsByPost(small)
	s.untilClosed()
	h.quiet()
	s.wantPaid(small)
	s.wantSettled()
	s.wantStock(1, "terminated and taken up")
}

func TestDoubledDelayedAndShuffledEventsPayEachReturnOnce(t *testing.T) {
	t.Parallel()
	h := openHouse(t, func(o *demo.HouseOptions) { o.Configure = nil })
	h.TikTok.SetWebhookWeather(tiktoksandbox.WebhookWeather{Duplicate: 0.7, Delay: 0.6, MaxDelay: 2 * time.Hour})
	h.ReturnGO.SetWebhookFaults(returngosandbox.WebhookFaults{Duplicate: 0.7, Delay: 0.6, MaxDelay: 2 * time.Hour})
	h.wantPopulationRight(10)
}

// wantPopulationRight drives returns of all kinds and expects right figures.
func (h *house) wantPopulationRight(n int) {
	h.t.Helper()
	v, err := h.Run(h.t.Context(), demo.RunOptions{Returns: n, Seed: 11, AtOnce: n})
	h.must(err)
	if !v.OK() {
		h.t.Errorf("refund difference %v, stock difference %d, double refunds %d, double restocks %d, lost %d, deadlines missed %d: %v\nstill open:\n%s",
			v.RefundDifference, v.StockDifference, v.DoubleRefunds, v.DoubleRestocks, v.LostReturns, v.MissedDeadlines, v.Problems, h.openReturns())
	}
}
