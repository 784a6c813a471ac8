package app

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
)

func TestAnActivityBeginsOnlyWhereTheClockIsRight(t *testing.T) {
	t.Parallel()
	for ahead, right := range map[time.Duration]bool{0: true, 20 * time.Second: true, -20 * time.Second: true, 10 * time.Minute: false, -10 * time.Minute: false} {
		t.Run(ahead.String(), func(t *testing.T) {
			t.Parallel()
			var ended error
			began := false
			env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
			env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&gate{before: (&clockGuard{
				now: func() time.Time { return time.Now().Add(ahead) }, fatal: func(err error) { ended = err },
			}).before}}})
			act := func(context.Context) error { began = true; return nil }
			env.RegisterActivityWithOptions(act, activity.RegisterOptions{Name: "Act"})
			_, err := env.ExecuteActivity(act)
			require.Equal(t, right, began)
			require.Equal(t, right, err == nil)
			require.Equal(t, !right, errors.Is(ended, errWrongClock))
			if failure, ok := errors.AsType[*temporal.ApplicationError](err); ok {
				require.False(t, failure.NonRetryable(), "another worker takes it")
			}
		})
	}
}
