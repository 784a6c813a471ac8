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

// A round of telling people is one attempt of two minutes: longer than it begins new
// messages, with the last of them. The next round is not held up for longer by one
// whose worker was killed.
func TestARoundOfAlerts(t *testing.T) {
	t.Parallel()
	env := (&testsuite.WorkflowTestSuite{}).NewTestWorkflowEnvironment()
	var info activity.Info
	env.RegisterActivityWithOptions(func(ctx context.Context, _ messages.NotifyInput) (messages.NotifyResult, error) {
		info = activity.GetInfo(ctx)
		return messages.NotifyResult{Sent: 3}, nil
	}, activity.RegisterOptions{Name: messages.Notify})
	env.ExecuteWorkflow(Notify, messages.NotifyInput{})
	require.NoError(t, env.GetWorkflowError())
	var out messages.NotifyResult
	require.NoError(t, env.GetWorkflowResult(&out))
	require.Equal(t, messages.NotifyResult{Sent: 3}, out)
	require.InDelta(t, 2*time.Minute, info.Deadline.Sub(info.StartedTime), float64(time.Second))
	require.Equal(t, messages.QueueControl, info.TaskQueue)
}
