package activities

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

func TestReservesShrinkWithTheDayAndMoneyHasNone(t *testing.T) {
	t.Parallel()
	midnight := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		p     purpose
		after time.Duration
		upTo  int
	}{
		{forMoney, 0, 2000}, {forNews, 0, 1400}, {forSweep, 0, 1100}, {forBackfill, 0, 800},
		{forNews, 12 * time.Hour, 1700}, {forSweep, 12 * time.Hour, 1550}, {forBackfill, 18 * time.Hour, 1700},
		{forMoney, 23 * time.Hour, 2000}, {forNews, 24*time.Hour - time.Second, 2000},
	} {
		require.Equal(t, c.upTo, c.p.upTo(2000, midnight.Add(c.after)), "%s after %s", c.p.name, c.after)
	}
}

// When a call is told to wait until a time, there is room for it then, if
// nobody else comes first; and it is never told to ask again at once.
func TestThePlaceOfACallHasRoomForIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom([]purpose{forMoney, forNews, forSweep, forBackfill}).Draw(t, "purpose")
		perDay := rapid.IntRange(100, 20000).Draw(t, "a day")
		now := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 86399).Draw(t, "second")) * time.Second)
		used := rapid.IntRange(p.upTo(perDay, now), perDay).Draw(t, "used")
		at := p.opens(perDay, used, now)
		tomorrow := now.Truncate(24 * time.Hour).Add(24 * time.Hour)
		if at.Before(now.Add(time.Minute)) && at.Before(tomorrow) || at.After(tomorrow) {
			t.Fatalf("opens at %s", at)
		}
		if at.Before(tomorrow) && used >= p.upTo(perDay, at.Add(time.Second)) {
			t.Fatalf("at %s only %d may be used, and %d are", at, p.upTo(perDay, at), used)
		}
	})
}

// A look that cannot be afforded is no failure and no exception: the return
// decides on what it knows and asks again when there is room.
func TestALookThatCannotBeAffordedWaitsForItsPlace(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.look()
	b.Quota.PerDay[mainKey] = b.count("rma")
	b.forget()
	out := must[messages.PlanResult](b, b.LookReturnGO, messages.LookInput{Shop: shopName, Key: key})
	require.Zero(t, b.count("rma"), "nothing was sent")
	require.Equal(t, []returns.Platform{returns.ReturnGO}, out.Later.Read)
	midnight := noon.Add(12 * time.Hour)
	require.False(t, out.Later.At.Before(midnight))
	require.False(t, out.Later.At.After(midnight.Add(longestSpread)))
	require.Empty(t, out.Plan.Exceptions)
}

// While reads wait, money still has its calls.
func TestMoneyIsPaidWhileReadsWait(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.cases = []map[string]any{tiktokReturn(caseID, returns.TikTokShipped, "24.99")}
	act := actOf(t, b.look(), returns.ActRefund)
	b.Quota.PerDay[mainKey] = 100
	for range 85 - b.count("rma") { // at noon news may fill 85 of a hundred
		wait, err := b.Quota.Allow(mainKey)(b.ctx)
		require.NoError(t, err)
		require.Zero(t, wait)
	}
	b.forget()
	must[messages.PlanResult](b, b.LookReturnGO, messages.LookInput{Shop: shopName, Key: key})
	require.Zero(t, b.count("rma"), "a read that decides nothing waits")
	b.refund(act)
	require.Equal(t, 1, b.count("rma"), "the deciding read is made")
	require.Equal(t, 1, b.count("approve"))
}

// Sweeps take no more than their share of the day, spread evenly.
func TestSweepsComeLessOftenWhenTheyHaveUsedTheirShare(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Quota.PerDay[mainKey] = 100 // by noon sweeps may have used ten, and an hour's worth
	swept := 0
	for range 30 {
		out := must[messages.SweepResult](b, b.SweepReturnGO, messages.ShopInput{Shop: shopName})
		if !out.PutOff {
			swept++
		}
	}
	require.Equal(t, 6, swept, "two calls each")
	b.clock.pass(3 * time.Hour)
	out := must[messages.SweepResult](b, b.SweepReturnGO, messages.ShopInput{Shop: shopName})
	require.False(t, out.PutOff)
}

// At the foreseen hour reads have no room any more, and a minute before they had.
func TestReadsEndWhenTheReserveIsReached(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		perDay := rapid.IntRange(100, 20000).Draw(t, "a day")
		now := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 86000).Draw(t, "second")) * time.Second)
		used := rapid.IntRange(0, perDay).Draw(t, "used")
		perHour := float64(rapid.IntRange(0, perDay).Draw(t, "an hour"))
		room := func(at time.Time) float64 {
			return float64(forNews.upTo(perDay, at)) - float64(used) - perHour*at.Sub(now).Hours()
		}
		at, midnight := ReadsEnd(perDay, used, perHour, now), now.Truncate(24*time.Hour).Add(24*time.Hour)
		switch {
		case at.IsZero():
			if room(now) <= 0 || room(midnight.Add(-time.Second)) < -2 {
				t.Fatalf("they do not last: room for %f at midnight", room(midnight.Add(-time.Second)))
			}
		case at.Equal(now):
			if room(now) > 0 {
				t.Fatalf("there is room for %f", room(now))
			}
		case room(at) < -2 || room(at) > 2:
			t.Fatalf("at %s there is room for %f", at, room(at))
		}
	})
}

// When reads have to wait for the day's calls IT hears of it by the next sweep,
// once, and no more when there is room again.
func TestITIsToldThatTheDaysCallsRunShort(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Quota.PerDay[mainKey] = 100
	sweep := func() messages.SweepResult {
		return must[messages.SweepResult](b, b.SweepReturnGO, messages.ShopInput{Shop: shopName})
	}
	sweep()
	require.Empty(t, b.stopped(), "there is room")
	for wait := time.Duration(0); wait == 0; {
		var err error
		wait, err = b.Quota.Allow(mainKey)(b.ctx)
		require.NoError(t, err)
	}
	require.True(t, sweep().PutOff)
	require.True(t, sweep().PutOff)
	require.Equal(t, []returns.Kind{returns.CallsRunShort}, b.stopped())
	b.clock.pass(12 * time.Hour) // a new day, and no event the whole time
	require.False(t, sweep().PutOff)
	require.NotContains(t, b.stopped(), returns.CallsRunShort)
}

// What a backfill brings waits behind everything else until its RMA was read once;
// as soon as something happens to the return, it is news.
func TestHistoryWaitsLongest(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Quota.PerDay[mainKey] = 100
	for range 70 { // at noon a backfill may fill 70 of a hundred
		_, err := b.Quota.Allow(mainKey)(b.ctx)
		require.NoError(t, err)
	}
	look := func(history bool) messages.PlanResult {
		return must[messages.PlanResult](b, b.LookReturnGO, messages.LookInput{Shop: shopName, Key: key, History: history})
	}
	out := look(true)
	require.Zero(t, b.count("rma"), "not now")
	require.Equal(t, []returns.Platform{returns.ReturnGO}, out.Later.Read)
	require.True(t, out.Later.At.After(noon))
	require.Empty(t, out.Plan.Exceptions)
	require.Empty(t, look(false).Later)
	require.Equal(t, 1, b.count("rma"), "an event came")
	require.Empty(t, look(true).Later)
	require.Equal(t, 2, b.count("rma"), "it was read: what follows is about a return that is carried")
}
