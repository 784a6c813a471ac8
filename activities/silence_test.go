package activities

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// came counts changes, and keeps an event for those that one told.
func (b *bench) came(p returns.Platform, byEvent, bySweep int) {
	b.t.Helper()
	require.NoError(b.t, b.Ledger.Do(b.ctx, func(tx *ledger.Tx) error {
		if byEvent > 0 {
			if _, err := tx.Receive(b.ctx, ledger.Event{Shop: shopName, Platform: p, ID: tx.Now().String()}); err != nil {
				return err
			}
		}
		return tx.Came(b.ctx, shopName, p, byEvent, bySweep)
	}))
}

// usualWeek is a week in which events told a share of so many changes each half hour.
func (b *bench) usualWeek(p returns.Platform, byEvent, bySweep int) {
	b.t.Helper()
	for range 7 * 48 {
		b.came(p, byEvent, bySweep)
		b.clock.pass(30 * time.Minute)
	}
}

// Events are quiet when they tell less than half of their usual share for half an
// hour, if there is enough to tell it by; and well again when they tell it again.
func TestAShareOfEventsThatFallsIsTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		usual, last [2]int // told by events, found by sweeps; each half hour
		quiet       bool
	}{
		"as usual":                         {[2]int{20, 0}, [2]int{20, 0}, false},
		"none":                             {[2]int{20, 0}, [2]int{0, 12}, true},
		"less than half":                   {[2]int{20, 0}, [2]int{5, 7}, true},
		"half":                             {[2]int{20, 0}, [2]int{6, 6}, false},
		"too little happens":               {[2]int{20, 0}, [2]int{0, 8}, false},
		"too little happened":              {[2]int{0, 0}, [2]int{0, 50}, false},
		"half is usual":                    {[2]int{10, 10}, [2]int{6, 20}, false},
		"less than half of half":           {[2]int{10, 10}, [2]int{5, 20}, true},
		"too little happens where half is": {[2]int{10, 10}, [2]int{0, 18}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.EventsQuiet = 6 * time.Hour
			b.came(returns.TikTok, 1, 0)
			b.usualWeek(returns.TikTok, c.usual[0], c.usual[1])
			b.came(returns.TikTok, c.last[0], c.last[1])
			b.clock.pass(20 * time.Minute)
			b.came(returns.TikTok, 1, 0) // the odd event: they are not silent
			b.sweepTikTok()
			_, quiet := b.found()
			require.Equal(t, c.quiet, len(quiet) > 0, "%v", quiet)
			if c.quiet {
				require.Contains(t, fmt.Sprint(quiet), fmt.Sprintf("events told %d,", c.last[0]+1))
			}
		})
	}
}

func TestAFallenShareHeals(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.EventsQuiet = 6 * time.Hour
	b.usualWeek(returns.TikTok, 20, 0)
	quiet := func() int {
		b.sweepTikTok()
		_, all := b.found()
		return len(all)
	}
	b.came(returns.TikTok, 1, 30)
	require.Equal(t, 1, quiet())
	b.clock.pass(40 * time.Minute)
	b.came(returns.TikTok, 1, 0)
	require.Equal(t, 1, quiet(), "one event is no sign that they come again")
	b.clock.pass(40 * time.Minute)
	b.came(returns.TikTok, 15, 0)
	require.Zero(t, quiet())

	b.came(returns.TikTok, 0, 60)
	require.Equal(t, 1, quiet())
	for range enoughHeard - 1 { // at night little happens; what does is told
		b.clock.pass(time.Hour)
		b.came(returns.TikTok, 1, 0)
		require.Equal(t, 1, quiet())
	}
	b.came(returns.TikTok, 1, 0)
	require.Zero(t, quiet())
}

// When ReturnGO's events stop at a time at which many come, it is swept at each
// interval, so that IT hears within the hour.
func TestSilenceEndsTheTrustInEvents(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		usual  int // events each half hour
		silent time.Duration
		swept  bool
	}{
		"silence":             {12, 30 * time.Minute, true},
		"not for long":        {12, 25 * time.Minute, false},
		"few come anyway":     {9, 30 * time.Minute, false},
		"silence, many a day": {40, 45 * time.Minute, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.EventsQuiet, b.OpenSweepEvery = 6*time.Hour, 2*time.Hour
			b.manyOpen()
			b.usualWeek(returns.ReturnGO, c.usual, 0)
			must[messages.SweepResult](b, b.SweepReturnGO, messages.ShopInput{Shop: shopName})
			b.came(returns.ReturnGO, c.usual, 0)
			b.forget()
			b.clock.pass(c.silent)
			must[messages.SweepResult](b, b.SweepReturnGO, messages.ShopInput{Shop: shopName})
			require.Equal(t, c.swept, b.count("rmas") > 0)
		})
	}
}

// Refused webhooks are told of in the shop that they name, while they come.
func TestRefusedWebhooksAreTold(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	refused := func(p returns.Platform, n int) {
		require.NoError(t, b.Ledger.Do(b.ctx, func(tx *ledger.Tx) error { return tx.Refused(b.ctx, shopName, p, n) }))
	}
	open := func() (told []string) {
		b.sweepTikTok()
		for _, e := range get(b, func(tx *ledger.Tx) ([]ledger.OpenException, error) {
			return tx.OpenExceptions(b.ctx, ledger.ExceptionFilter{Shop: shopName, Owner: returns.IT, Kind: returns.WebhooksRefused})
		}) {
			told = append(told, string(e.Key))
		}
		return told
	}
	require.Empty(t, open())
	refused(returns.TikTok, 1)
	require.Equal(t, []string{"shop/tiktok"}, open(), "and no event has come since")
	b.clock.pass(time.Minute)
	b.came(returns.ReturnGO, 1, 0)
	refused(returns.ReturnGO, 1)
	b.clock.pass(time.Minute)
	b.came(returns.ReturnGO, 1, 0)
	require.Equal(t, []string{"shop/tiktok"}, open(), "a single one among others")
	refused(returns.ReturnGO, manyRefused)
	require.Equal(t, []string{"shop/tiktok", "shop/returngo"}, open())
	b.clock.pass(time.Hour)
	require.Len(t, open(), 2)
	b.clock.pass(time.Hour)
	require.Empty(t, open(), "none in this hour and the one before")
}
