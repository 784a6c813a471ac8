package chaos

import (
	"testing"
	"time"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
	"returnbridge/local/demo"
	"returnbridge/local/tiktoksandbox"
)

// A person stops refunds in the middle of a peak: what was on its way arrives within
// the time of one call, and nothing after it, on any worker (9.15). Started again, all
// end right without help.
func TestAStopInTheMiddleOfAPeakHoldsOnEveryWorker(t *testing.T) {
	t.Parallel()
	h := openHouse(t, elsewhere)
	h.programs(2, 1, "")
	result := h.populationOf(demo.RunOptions{Returns: either(8, 80), Seed: 51, AtOnce: either(4, 16), Scenarios: []string{"seller-refund", "happy", "several-units"}})
	h.underWay(2)
	h.types("stop", demo.ShopName, "refund", "--who", "finance", "--why", "amounts look wrong")
	stopped := time.Now()
	h.until("returns wait for the stop", func() bool { return h.braked() >= 2 })
	h.until("the stop has held for a while", passed(stopped, either(5*time.Second, 25*time.Second)))
	waited, before := h.braked(), time.Now()
	h.types("start", demo.ShopName, "refund", "--who", "finance", "--why", "they are right")
	h.wantRight("refunds stopped and started again", <-result)

	inForce := stopped.Add(min(h.Config.Periods.HTTPTimeout, 10*time.Second))
	late, after := 0, 0
	for _, d := range h.refunds() {
		switch {
		case d.At.After(inForce) && d.At.Before(before):
			late++
		case d.At.After(before):
			after++
		}
	}
	if late > 0 {
		t.Errorf("%d refunds were executed later than %s after the stop", late, inForce.Sub(stopped))
	}
	if t.Logf("%d returns waited for the stop of %.0f s, %d refunds followed", waited, before.Sub(stopped).Seconds(), after); after < waited {
		t.Errorf("%d returns waited, and %d refunds followed", waited, after)
	}
}

// braked counts the returns that a stop keeps from something.
func (h *house) braked() (n int) {
	h.t.Helper()
	h.read(func(tx *ledger.Tx) error {
		keys, _, err := tx.Braked(h.t.Context(), demo.ShopName)
		n = len(keys)
		return err
	})
	return n
}

// refunds are the calls of ours that made TikTok pay, by its books.
func (h *house) refunds() (all []tiktoksandbox.Decision) {
	for _, d := range h.TikTok.Books().Decisions {
		if d.By == tiktoksandbox.BySellerAPI && d.To == returns.TikTokApproved {
			all = append(all, d)
		}
	}
	return all
}
