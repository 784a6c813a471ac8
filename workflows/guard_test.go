package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

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
	require.Equal(t, "0@0s ask@10s ask@30s ask@1m10s 2@1m10s 5@1m15s open@1m20s", g.run(isDown))
}

// Six hours of outage are asked about once in ten minutes, not by each return.
func TestAGuardAsksSeldomInALongOutage(t *testing.T) {
	g := guardOf(t)
	g.says = func(int, messages.GuardStep) (messages.GuardResult, error) {
		if g.since() < 6*time.Hour {
			return messages.GuardResult{Ill: isDown}, nil
		}
		return messages.GuardResult{}, nil
	}
	g.run(isDown)
	require.Equal(t, 41, g.asked)
}

func TestAGuardSlowsAPlatformThatIsAskedTooMuch(t *testing.T) {
	require.Equal(t, "2@0s 5@10s open@20s", guardOf(t).run(isThrottled))
}

func TestAGuardStopsAgainWhenThePlatformFallsBack(t *testing.T) {
	g := guardOf(t)
	g.signalAt(12*time.Second, messages.SignalIll, isDown)
	require.Equal(t, "0@0s ask@10s 2@10s 0@12s ask@32s 2@32s 5@37s open@42s", g.run(isDown), "and asks less often")
}

// What was under way when the queue was stopped still fails: no new illness.
func TestAGuardIsNotDeceivedByTheLastFailures(t *testing.T) {
	g := guardOf(t)
	for i := range 20 {
		g.signalAt(time.Duration(i+1)*400*time.Millisecond, messages.SignalIll, isDown)
	}
	require.Equal(t, "0@0s ask@10s 2@10s 5@15s open@20s", g.run(isDown))
}

// A platform that says when to come back is not asked before.
func TestAGuardWaitsAsLongAsThePlatformAsks(t *testing.T) {
	for _, ill := range []messages.Ill{isDown, isThrottled} {
		t.Run(string(ill.Illness), func(t *testing.T) {
			ill.Until = start.Add(2 * time.Minute)
			require.Contains(t, guardOf(t).run(ill), "0@0s ask@2m0s 2@2m0s 5@2m")
		})
	}
}

// Throttled again and again it lets the queue out ever more slowly.
func TestAGuardSlowsAgainForLonger(t *testing.T) {
	g := guardOf(t)
	g.signalAt(12*time.Second, messages.SignalIll, isThrottled)
	g.signalAt(20*time.Second, messages.SignalIll, isThrottled)
	require.Equal(t, "2@0s 5@10s 2@12s 2@20s 5@1m0s open@1m40s", g.run(isThrottled))
}

// An illness of weeks fits into no history: the guard goes on in a new run, and
// knows what it waited for.
func TestAGuardOutlivesItsHistory(t *testing.T) {
	goesOn := messages.GuardInput{Queue: "tiktok/mugs-uk", Ill: isDown, Since: start, Wait: 80 * time.Second}
	t.Run("its end", func(t *testing.T) {
		g := guardOf(t)
		g.says = func(n int, _ messages.GuardStep) (messages.GuardResult, error) {
			g.SetContinueAsNewSuggested(n == 3)
			return messages.GuardResult{Ill: isDown}, nil
		}
		g.signalAt(0, messages.SignalIll, isDown)
		g.ExecuteWorkflow(workflows.Guard, messages.GuardInput{Queue: "tiktok/mugs-uk"})
		next, ok := errors.AsType[*workflow.ContinueAsNewError](g.GetWorkflowError())
		require.True(t, ok, g.GetWorkflowError())
		var in messages.GuardInput
		require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(next.Input, &in))
		require.Equal(t, goesOn, in)
	})
	t.Run("its next run", func(t *testing.T) {
		g := guardOf(t)
		g.ExecuteWorkflow(workflows.Guard, goesOn)
		require.NoError(t, g.GetWorkflowError())
		require.Equal(t, "0@0s ask@1m20s 2@1m20s 5@1m25s open@1m30s", strings.Join(g.steps, " "))
	})
}

// Whoever cancels a guard gets the queue back as it was.
func TestACancelledGuardLeavesNoLimit(t *testing.T) {
	g := guardOf(t)
	g.RegisterDelayedCallback(g.CancelWorkflow, 12*time.Second)
	g.says = func(int, messages.GuardStep) (messages.GuardResult, error) {
		return messages.GuardResult{Ill: isDown}, nil
	}
	g.signalAt(0, messages.SignalIll, isDown)
	g.ExecuteWorkflow(workflows.Guard, messages.GuardInput{Queue: "tiktok/mugs-uk"})
	require.True(t, temporal.IsCanceledError(g.GetWorkflowError()))
	require.Equal(t, "0@0s ask@10s open@12s", strings.Join(g.steps, " "))
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
