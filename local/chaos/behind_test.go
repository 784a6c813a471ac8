package chaos

import (
	"testing"
	"time"

	"returnbridge/config"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
	"returnbridge/local/demo"
	"returnbridge/local/tiktoksandbox"
)

// Both platforms answer from a cache, 30 seconds old; the short form has six. RMAs are
// cancelled while reads do not even show them, and their events come at once: they
// are not paid, however often somebody has them read again (9.4). Of all others the
// answer to the refund is lost, TikTok knows no keys, and reads are older than what a
// create is waited for: only TikTok's own event says that it was done.
func TestReadsOfTheRecentPastPayNothingThatAnEventCancelled(t *testing.T) {
	t.Parallel()
	old := either(6*time.Second, 30*time.Second)
	h := openHouse(t, configured(func(c *config.Config) {
		c.Shops[0].Refund.Gate = "transaction"
		p := &c.Periods
		p.CreateSettle, p.ClockSkew, p.SettleWindow, p.TroubleRetry = 3500*time.Millisecond, time.Second, time.Second, time.Minute
	}))
	h.TikTok.ReadsBehind(old)
	h.ReturnGO.ReadsBehind(old)
	h.TikTok.IgnoreIdempotencyKeys(true)
	cancelled, kept := h.buyers(either(4, 12)), h.buyers(either(2, 12))
	for _, b := range append(cancelled, kept...) {
		b.asks()
	}
	h.untilRead(append(cancelled, kept...), 0)
	asked := time.Now()
	for _, b := range cancelled {
		b.isAuthorised(b.product.Price)
	}
	h.until("they are cancelled", passed(asked, old*2/5))
	for _, b := range cancelled {
		b.isCancelled()
	}
	h.until("reads show the refund, and not yet the end", func() bool {
		h.rechecks(cancelled)
		return time.Since(asked) > old+old*3/5
	})
	h.wantUnpaid(t, "cancelled, and the event has come", cancelled)

	h.must(h.TikTok.AddFault(tiktoksandbox.Fault{Endpoint: "returns/create", Kind: tiktoksandbox.FaultDropAfterWrite, Count: len(kept)}))
	for _, b := range kept {
		b.isAuthorised(small)
		b.sendsBack()
	}
	h.untilClosed(append(cancelled, kept...))
	h.wantUnpaid(t, "cancelled, and closed", cancelled)
	h.wantPaidOnce(t, "the answer was lost", kept)
	h.wantInStock("reads of the past")
	t.Logf("reads %s old: %d cancelled returns unpaid, %d others paid once, %d creates sent", old, len(cancelled), len(kept), h.TikTok.Books().Calls["returns/create"])
}

// rechecks has people ask for another read of each return; one that has ended is none.
func (h *house) rechecks(all []*buyer) {
	for _, b := range all {
		_ = h.Client.SignalWorkflow(h.t.Context(), messages.ReturnID(b.at.name, returns.RMAKey(b.rmaID)), "", string(returns.CommandRecheck),
			returns.Command{Name: returns.CommandRecheck, Who: "cx", Why: "the customer asks"})
	}
}

// TikTok's search is a minute behind, in the short form seconds, and its events are
// lost; creates are waited for a little longer (T34). Whatever becomes of
// idempotency keys, an answer that is lost pays nothing twice, and a call that is lost
// is made again (9.3).
func TestASearchThatLagsPaysNothingTwiceWhateverBecomesOfKeys(t *testing.T) {
	t.Parallel()
	for name, life := range map[string]time.Duration{"ignored": 0, "for an hour": time.Hour, "for a day": 24 * time.Hour, "for ever": -1} {
		t.Run("keys "+name, func(t *testing.T) {
			t.Parallel()
			if life > 0 {
				onlyInLong(t, "a key that lives between none and for ever")
			}
			lag := either(6*time.Second, 60*time.Second)
			h := openHouse(t, func(o *demo.HouseOptions) { o.PeriodFactor = 1.0 / 3600 }, configured(func(c *config.Config) {
				c.Periods.CreateSettle, c.Periods.ClockSkew, c.Periods.HTTPTimeout = lag+lag/4, time.Second, time.Second
			}))
			h.TikTok.SetKeyLife(life)
			h.TikTok.SetSearchLag(lag * 3600)
			h.TikTok.SetWebhookWeather(tiktoksandbox.WebhookWeather{Lose: 1})
			all := h.buyers(either(4, 12))
			for i, b := range all {
				kind := tiktoksandbox.FaultDropAfterWrite
				if i%2 == 1 {
					kind = tiktoksandbox.FaultDropBefore
				}
				h.must(h.TikTok.AddFault(tiktoksandbox.Fault{Endpoint: "returns/create", Kind: kind}))
				b.asks()
				b.isAuthorised(small)
				b.sendsBack()
			}
			h.untilClosed(all)
			h.wantPaidOnce(t, "search "+lag.String()+" behind, keys known "+name, all)
			h.wantInStock("search " + lag.String() + " behind")
			t.Logf("%d creates were sent for %d refunds", h.TikTok.Books().Calls["returns/create"], len(all))
		})
	}
}

// small is an amount that TikTok would pay twice.
const small = "4.00"
