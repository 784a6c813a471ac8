package app

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

// Only what an event told anybody counts, once for each return; not echoes, not
// what could not be told.
func TestTheRelayCountsWhatEventsTold(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.seen(t, returns.TikTokPending)
	b.held(t)
	b.relay.pass(b.ctx, b.come(t,
		fromReturnGO("1", "RMA_STATUS_UPDATED", "9001", returns.RMAValidated),
		fromReturnGO("2", "RMA_STATUS_UPDATED", "9001", returns.RMADone),
		fromReturnGO("3", "RMA_STATUS_UPDATED", "9001", returns.RMAReceived), // known
		fromTikTok("4", tiktokshop.ReturnStatusChange, caseID, orderID, returns.TikTokShipped),
		fromReturnGO("5", "RMA_CREATED", "9002", ""),
	))
	days := func() (told map[returns.Platform]int) {
		told = map[returns.Platform]int{}
		b.do(t, func(tx *ledger.Tx) error {
			all, err := tx.Coverage(b.ctx, "uk", noon.Add(-48*time.Hour))
			for _, c := range all {
				told[c.Platform] += c.ByEvent
				require.Zero(t, c.BySweep)
			}
			return err
		})
		return told
	}
	want := map[returns.Platform]int{returns.ReturnGO: 2, returns.TikTok: 1}
	require.Equal(t, want, days())
	b.temporal.refuse(messages.ReturnID("uk", returns.RMAKey("9003")))
	b.relay.pass(b.ctx, b.come(t, fromReturnGO("6", "RMA_CREATED", "9003", "")))
	require.Equal(t, want, days(), "nobody was told")
}

func TestCoverageShowsWhichEventsAreQuiet(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.cfg.Periods.EventsQuiet = 6 * time.Hour
	say := func(days int) string {
		require.NoError(t, d.coverage(t.Context(), "", days, d.out()))
		return d.text()
	}
	came := func(at time.Time, shop string, p returns.Platform, byEvent, bySweep int) {
		d.now = at
		d.do(func(tx *ledger.Tx) error { return tx.Came(t.Context(), shop, p, byEvent, bySweep) })
		d.now = noon
	}
	event := func(at time.Time, id string) {
		d.now = at
		d.do(func(tx *ledger.Tx) error {
			_, err := tx.Receive(t.Context(), ledger.Event{Shop: demo, Platform: returns.TikTok, ID: id})
			return err
		})
		d.now = noon
	}
	require.Equal(t, "No changes came in these days.\n", say(7))
	came(noon.Add(-30*time.Hour), demo, returns.TikTok, 19, 1)
	came(noon.Add(-2*time.Hour), demo, returns.TikTok, 5, 15)
	came(noon.Add(-time.Hour), "demo-de", returns.ReturnGO, 0, 1)
	event(noon.Add(-9*time.Hour), "a")
	require.Equal(t, `DAY         SHOP     PLATFORM  CHANGES  TOLD BY EVENT  FOUND BY SWEEP
2026-03-04  demo-de  returngo  1        0 (0 %)        1
2026-03-04  demo-gb  tiktok    20       5 (25 %)       15
2026-03-03  demo-gb  tiktok    20       19 (95 %)      1

demo-de: the events of returngo are quiet: none ever came, and a sweep found a change 1h ago. For IT: see "starter webhooks sync".
demo-gb: the events of tiktok are quiet: the last one came 9h ago, and a sweep found a change 2h ago. For IT: see "starter webhooks sync".
`, say(7))
	told := func(p returns.Platform, kind returns.Kind) {
		d.do(func(tx *ledger.Tx) error {
			return tx.RaiseForShop(t.Context(), demo, p, returns.NewException(kind, "as was said", returns.Money{}))
		})
	}
	told(returns.TikTok, returns.EventsQuiet)
	require.NotContains(t, say(7), "IT was told", "it is said already")
	told(returns.TikTok, returns.WebhooksRefused)
	require.Contains(t, say(7), "demo-gb: IT was told 0m ago (webhooks-refused): as was said.\n")
	event(noon.Add(-time.Minute), "b")
	require.Contains(t, say(7), "demo-gb: IT was told 0m ago (events-quiet): as was said.\n", "events come, and too few")
	require.NotContains(t, say(1), "events of tiktok are quiet")
	require.NotContains(t, say(1), "2026-03-03")
	r := answer[coverageReport](d, func(o Output) error { return d.coverage(t.Context(), demo, 2, o) })
	require.Equal(t, []coverageDay{
		{Day: "2026-03-04", Shop: demo, Platform: returns.TikTok, ByEvent: 5, BySweep: 15}, {Day: "2026-03-03", Shop: demo, Platform: returns.TikTok, ByEvent: 19, BySweep: 1},
	}, r.Days)
	require.Empty(t, r.Quiet)
	require.ErrorContains(t, d.coverage(t.Context(), "", 0, d.out()), "one day at least")
}
