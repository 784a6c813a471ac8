package activities

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
)

// Each word to Temporal is billed: a sweep that is short says none.
func TestOnlyALongSweepTellsThatItGoesOn(t *testing.T) {
	t.Parallel()
	for after, tells := range map[time.Duration]bool{time.Second: false, quietSweep + time.Second: true} {
		env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
		told := make(chan struct{}, 1)
		env.SetOnActivityHeartbeatListener(func(*activity.Info, converter.EncodedValues) { told <- struct{}{} })
		a := &Activities{Now: func() time.Time { return time.Now().Add(after) }}
		sweep := func(ctx context.Context) error { a.alive(ctx); return nil }
		env.RegisterActivity(sweep)
		_, err := env.ExecuteActivity(sweep)
		require.NoError(t, err)
		require.Equal(t, tells, len(told) > 0, after)
	}
}
