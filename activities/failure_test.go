package activities

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
)

// Every failure that reaches Temporal is tried again; none ever ends a workflow
// by itself, and how long to wait is always ours to say.
func TestFailuresAreTriedAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err      error
		kind     string
		at, most time.Duration
	}{
		"ledger":            {errors.New("ledger: begin: no such host"), "Retryable", time.Second, 1500 * time.Millisecond},
		"retry":             {failure(platform.Retry, 0), "retry", time.Second, 1500 * time.Millisecond},
		"throttled":         {failure(platform.Retry, 40*time.Second), "retry", 40 * time.Second, 60 * time.Second},
		"short Retry-After": {failure(platform.Retry, time.Millisecond), "retry", time.Second, 1500 * time.Millisecond},
		"quota of the day":  {failure(platform.Retry, 20*time.Hour), "retry", 20 * time.Hour, 30 * time.Hour},
		"token":             {failure(platform.RefreshToken, 0), "refresh-token", time.Second, 1500 * time.Millisecond},
		"unknown":           {failure(platform.OutcomeUnknown, 0), "outcome-unknown", time.Second, 1500 * time.Millisecond},
		"state":             {failure(platform.StateChanged, 0), "state-changed", time.Second, 1500 * time.Millisecond},
		"human":             {failure(platform.Human, 0), "human", time.Second, 1500 * time.Millisecond},
		"permanent":         {failure(platform.Permanent, 0), "permanent", time.Second, 1500 * time.Millisecond},
		"wrapped":           {errors.Join(errors.New("while"), failure(platform.Retry, 9*time.Second)), "retry", 9 * time.Second, 13500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fails := func(ctx context.Context) error { return retryable(ctx, c.err) }
			var suite testsuite.WorkflowTestSuite
			env := suite.NewTestActivityEnvironment()
			env.RegisterActivity(fails)
			_, err := env.ExecuteActivity(fails)
			var failed *temporal.ApplicationError
			require.ErrorAs(t, err, &failed)
			require.False(t, failed.NonRetryable())
			require.Equal(t, c.kind, failed.Type())
			require.Equal(t, temporal.ApplicationErrorCategoryBenign, failed.Category())
			require.GreaterOrEqual(t, failed.NextRetryDelay(), c.at)
			require.LessOrEqual(t, failed.NextRetryDelay(), c.most)
		})
	}
}

// The wait doubles from try to try up to a bound, and stays there.
func TestTheWaitGrows(t *testing.T) {
	t.Parallel()
	const tries = 14
	var waits []time.Duration
	fails := func(ctx context.Context) error {
		err := retryable(ctx, errors.New("no"))
		if failed, ok := errors.AsType[*temporal.ApplicationError](err); ok {
			waits = append(waits, failed.NextRetryDelay())
		}
		return err
	}
	flow := func(ctx workflow.Context) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: tries}})
		_ = workflow.ExecuteActivity(ctx, fails).Get(ctx, nil)
		return nil
	}
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterActivity(fails)
	env.ExecuteWorkflow(flow)
	require.NoError(t, env.GetWorkflowError())
	require.Len(t, waits, tries)
	want := time.Second
	for i, w := range waits {
		require.GreaterOrEqual(t, w, want, "try %d", i+1)
		require.LessOrEqual(t, w, want+want/2, "try %d", i+1)
		want = min(2*want, 5*time.Minute)
	}
}

// A shop may come back into the configuration: its returns wait.
func TestAnUnknownShopIsWaitedFor(t *testing.T) {
	t.Parallel()
	_, err := (&Activities{}).shop("gone")
	var failed *temporal.ApplicationError
	require.ErrorAs(t, err, &failed)
	require.False(t, failed.NonRetryable())
	require.Equal(t, time.Minute, failed.NextRetryDelay())
}

// What a call's error means for its effect.
func TestJudgeACall(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err   error
		state returns.EffectState
		wait  time.Duration
	}{
		"taken":        {nil, returns.EffectApplied, 0},
		"unknown":      {failure(platform.OutcomeUnknown, 0), returns.EffectClaimed, 0},
		"not platform": {context.DeadlineExceeded, returns.EffectClaimed, 0},
		"retry":        {failure(platform.Retry, 0), returns.EffectIntent, 2 * time.Second},
		"throttled":    {failure(platform.Retry, time.Minute), returns.EffectIntent, time.Minute},
		"token":        {failure(platform.RefreshToken, 0), returns.EffectIntent, 2 * time.Second},
		"state":        {failure(platform.StateChanged, 0), returns.EffectIntent, 5 * time.Second},
		"human":        {failure(platform.Human, 0), returns.EffectVoid, 0},
		"permanent":    {failure(platform.Permanent, 0), returns.EffectVoid, 0},
	} {
		state, reason, words, wait := judge(c.err)
		require.Equal(t, state == returns.EffectIntent || state == returns.EffectVoid, reason != "", name)
		require.Equal(t, c.state, state, name)
		require.Equal(t, c.wait, wait, name)
		require.Equal(t, c.state == returns.EffectApplied, words == "", name)
	}
}
