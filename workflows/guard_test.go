package workflows_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/messages"
	"returnbridge/workflows"
)

// nursed is what one guard did to its queue, on a virtual clock.
type nursed struct {
	*bench
	steps []string
	says  func(n int, step messages.GuardStep) (messages.GuardResult, error)
	asked int
}

func guardOf(t *testing.T) *nursed {
	t.Helper()
	g := &nursed{bench: setup(t)}
	g.register("GuardQueue", func(_ context.Context, step messages.GuardStep) (messages.GuardResult, error) {
		what := fmt.Sprintf("%g", step.PerSecond)
		switch {
		case step.Open:
			what = "open"
		case step.Ask:
			what = "ask"
			g.asked++
		}
		g.steps = append(g.steps, fmt.Sprintf("%s@%s", what, g.since()))
		if g.says == nil || !step.Ask {
			return messages.GuardResult{}, nil
		}
		return g.says(g.asked, step)
	})
	return g
}

func (g *nursed) run(first messages.Ill) string {
	g.t.Helper()
	g.signalAt(0, messages.SignalIll, first)
	g.ExecuteWorkflow(workflows.Guard, messages.GuardInput{Queue: "tiktok/mugs-uk"})
	require.True(g.t, g.IsWorkflowCompleted())
	require.NoError(g.t, g.GetWorkflowError())
	return strings.Join(g.steps, " ")
}

var (
	isDown      = messages.Ill{Illness: messages.Down, What: "tiktok: http 503"}
	isThrottled = messages.Ill{Illness: messages.Throttled, What: "tiktok: too many requests"}
)

func TestAGuardStopsTheQueueAsksAndLetsItOutSlowly(t *testing.T) {
	g := guardOf(t)
	g.says = func(n int, _ messages.GuardStep) (messages.GuardResult, error) {
		if n < 3 {
			return messages.GuardResult{Ill: isDown}, nil
		}
		return messages.GuardResult{}, nil
	}
	require.Equal(t, "0@0s ask@5s ask@15s ask@35s 5@35s 25@40s open@45s", g.run(isDown))
}

// Six hours of outage are asked about once in five minutes, not by each return.
func TestAGuardAsksSeldomInALongOutage(t *testing.T) {
	g := guardOf(t)
	g.says = func(int, messages.GuardStep) (messages.GuardResult, error) {
		if g.since() < 6*time.Hour {
			return messages.GuardResult{Ill: isDown}, nil
		}
		return messages.GuardResult{}, nil
	}
	g.run(isDown)
	require.Less(t, g.asked, 80)
}

func TestAGuardSlowsAPlatformThatIsAskedTooMuch(t *testing.T) {
	require.Equal(t, "5@0s 25@5s open@10s", guardOf(t).run(isThrottled))
}

func TestAGuardStopsAgainWhenThePlatformFallsBack(t *testing.T) {
	g := guardOf(t)
	g.signalAt(7*time.Second, messages.SignalIll, isDown)
	require.Equal(t, "0@0s ask@5s 5@5s 0@7s ask@12s 5@12s 25@17s open@22s", g.run(isDown))
}

// What was under way when the queue was stopped still fails: no new illness.
func TestAGuardIsNotDeceivedByTheLastFailures(t *testing.T) {
	g := guardOf(t)
	for i := range 10 {
		g.signalAt(time.Duration(i+1)*400*time.Millisecond, messages.SignalIll, isDown)
	}
	require.Equal(t, "0@0s ask@5s 5@5s 25@10s open@15s", g.run(isDown))
}

// A platform that says when to come back is not asked before.
func TestAGuardWaitsAsLongAsThePlatformAsks(t *testing.T) {
	g := guardOf(t)
	ill := isDown
	ill.Until = start.Add(2 * time.Minute)
	require.Equal(t, "0@0s ask@2m0s 5@2m0s 25@2m5s open@2m10s", g.run(ill))
}

// Without the right to set limits the work goes on as it did.
func TestAGuardThatMayNotSetLimitsEnds(t *testing.T) {
	g := guardOf(t)
	g.register("GuardQueue", func(context.Context, messages.GuardStep) (messages.GuardResult, error) {
		g.steps = append(g.steps, "tried")
		return messages.GuardResult{Unable: true}, nil
	})
	require.Equal(t, "tried", g.run(isDown))
}
