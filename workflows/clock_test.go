package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

func TestTheClock(t *testing.T) {
	plan := func(at time.Duration, read ...returns.Platform) returns.Plan {
		return returns.Plan{Wake: wakeAt(at, read...)}
	}
	for _, c := range []struct {
		name   string
		alone  bool         // no news comes
		first  returns.Plan // of the first look
		second returns.Plan // of the look that news asks for after an hour
		want   string       // after the first look
		timers []time.Duration
	}{
		{"reads what the plan names", true, plan(30*time.Minute, returns.TikTok), returns.Plan{}, "LookTikTok@30m0s", []time.Duration{30 * time.Minute}},
		{"reads both if the plan names both", true, plan(30*time.Minute, returns.TikTok, returns.ReturnGO), returns.Plan{}, "LookBoth@30m0s", []time.Duration{30 * time.Minute}},
		{"only decides if the plan names none", true, plan(30 * time.Minute), returns.Plan{}, "Review@30m0s", []time.Duration{30 * time.Minute}},
		{
			"is set earlier when a plan says so", false, plan(5 * time.Hour), plan(2 * time.Hour),
			"LookReturnGO@1h0m0s Review@2h0m0s", []time.Duration{5 * time.Hour, 2 * time.Hour},
		},
		{
			"is not set anew for a later time, nor looks before it", false, plan(2 * time.Hour), plan(5 * time.Hour),
			"LookReturnGO@1h0m0s Review@5h0m0s", []time.Duration{2 * time.Hour, 5 * time.Hour},
		},
		{"is not set twice for the same time", false, plan(2 * time.Hour), plan(2 * time.Hour), "LookReturnGO@1h0m0s Review@2h0m0s", []time.Duration{2 * time.Hour}},
		{"is not set anew for what is hardly earlier", false, plan(2 * time.Hour), plan(2*time.Hour - 3*time.Second), "LookReturnGO@1h0m0s Review@2h0m0s", []time.Duration{2 * time.Hour}},
		{"does not look for a plan that waits for news only", false, plan(2 * time.Hour), returns.Plan{}, "LookReturnGO@1h0m0s", []time.Duration{2 * time.Hour}},
		{"is not set for a plan that waits for news only", false, returns.Plan{}, returns.Plan{}, "LookReturnGO@1h0m0s", nil},
		{"catches up with a time that has passed", false, returns.Plan{}, plan(30 * time.Minute), "LookReturnGO@1h0m0s Review@1h0m1s", []time.Duration{time.Hour + time.Second}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			b.inTurn(lookReturnGO, c.first, c.second, returns.Plan{})
			b.always(review, returns.Plan{})
			b.always(lookTikTok, returns.Plan{})
			if !c.alone {
				b.signalAt(time.Hour, messages.SignalNews, atReturnGO)
			}
			b.oneTimer(10*time.Minute, 6*time.Hour)
			b.stopAt(48 * time.Hour)
			b.stopped(rma)
			require.Equal(t, "LookReturnGO@0s "+c.want, b.story())
			require.Equal(t, c.timers, b.set)
		})
	}
}

// A hundred plans, each with another time, leave one timer.
func TestTheClockLeavesNoTimerBehind(t *testing.T) {
	b := setup(t)
	for i := range 100 {
		b.signalAt(time.Duration(i+1)*time.Minute, messages.SignalNews, atReturnGO)
	}
	b.on(lookReturnGO, func(_ done, n int) (returns.Plan, error) {
		if n%3 == 0 { // later, earlier, later …
			return returns.Plan{Wake: wakeAt(time.Duration(900+n) * time.Hour)}, nil
		}
		return returns.Plan{Wake: wakeAt(time.Duration(900-n) * time.Hour)}, nil
	})
	b.always(review, closed)
	b.oneTimer(time.Minute, 102*time.Minute)
	b.ends(rma)
	require.Equal(t, 101, b.count(lookReturnGO))
	require.Equal(t, 1, b.count(review))
	require.Equal(t, 799*time.Hour, b.since(), "as the last plan said")
}

// The deadline is kept though the act that was to meet it is still being tried.
func TestTheClockRunsWhileAnActIsUnderWay(t *testing.T) {
	b := setup(t)
	plan := returns.Plan{Acts: []returns.Act{payBack}, Wake: wakeAt(7*time.Minute, returns.ReturnGO)}
	b.inTurn(lookReturnGO, plan, returns.Plan{})
	b.on(refund, func(d done, _ int) (returns.Plan, error) {
		if d.at < 8*time.Minute {
			return returns.Plan{}, errDown
		}
		return closed, nil
	})
	b.ends(rma)
	looks := b.calls(lookReturnGO)
	require.Len(t, looks, 2)
	require.Equal(t, 7*time.Minute, looks[1].at)
}

// A paused or parked return keeps its looks and its clock.
// A clock that rings long after an act must have ended is set when it has.
func TestALongClockIsSetWhenTheActHasEnded(t *testing.T) {
	b := setup(t)
	b.always(lookReturnGO, returns.Plan{Acts: []returns.Act{payBack}, Wake: wakeAt(48 * time.Hour)})
	b.always(refund, returns.Plan{Wake: wakeAt(24 * time.Hour)})
	b.always(review, closed)
	b.ends(rma)
	require.Equal(t, "LookReturnGO@0s Refund@0s Review@24h0m0s", b.story())
	require.Equal(t, []time.Duration{24 * time.Hour}, b.set)
}

func TestAPausedReturnKeepsItsClock(t *testing.T) {
	b := setup(t)
	b.always(lookReturnGO, returns.Plan{Stage: returns.StagePaused, Paused: true, Wake: wakeAt(3*time.Hour, returns.TikTok)})
	b.always(lookTikTok, closed)
	b.ends(rma)
	require.Equal(t, "LookReturnGO@0s LookTikTok@3h0m0s", b.story())
}

// What could not be read now is read when it can be, whatever is decided in
// between, and a return does not end before.
func TestWhatCannotBeReadNowIsReadLater(t *testing.T) {
	b := setup(t)
	b.later = func(d done, n int) returns.Wake {
		if d.name == lookReturnGO && n == 1 {
			return wakeAt(5*time.Hour, returns.ReturnGO)
		}
		return returns.Wake{}
	}
	b.inTurn(lookReturnGO, returns.Plan{Wake: wakeAt(time.Hour)}, closed)
	b.inTurn(review, returns.Plan{Wake: wakeAt(2 * time.Hour)}, closed)
	b.ends(rma)
	require.Equal(t, "LookReturnGO@0s Review@1h0m0s Review@2h0m0s LookReturnGO@5h0m0s", b.story())
}
