package workflows

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"

	"returnbridge/internal/messages"
)

// A sweep has a quarter of an hour for an attempt, but the one of a killed worker
// is not waited for so long: no other may begin meanwhile.
func TestASweepOfAKilledWorkerIsMissedAfterAMinute(t *testing.T) {
	t.Parallel()
	for name, sweep := range map[string]any{"SweepReturnGO": SweepReturnGO, "SweepTikTok": SweepTikTok} {
		env := (&testsuite.WorkflowTestSuite{}).NewTestWorkflowEnvironment()
		var info activity.Info
		env.RegisterActivityWithOptions(func(ctx context.Context, _ messages.ShopInput) (messages.SweepResult, error) {
			info = activity.GetInfo(ctx)
			return messages.SweepResult{}, nil
		}, activity.RegisterOptions{Name: name})
		env.ExecuteWorkflow(sweep, messages.ShopInput{Shop: "uk", ReturnGOKey: "main"})
		require.NoError(t, env.GetWorkflowError())
		require.Equal(t, time.Minute, info.HeartbeatTimeout, name)
	}
}
