package app

import (
	"context"

	"go.temporal.io/sdk/interceptor"
)

// gate asks before each activity of a worker whether it may begin. An error keeps
// it from beginning, and is what Temporal hears.
type gate struct {
	interceptor.WorkerInterceptorBase
	before func(context.Context) error
}

// InterceptActivity implements interceptor.WorkerInterceptor.
func (g *gate) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	in := &gateIn{before: g.before}
	in.Next = next
	return in
}

type gateIn struct {
	interceptor.ActivityInboundInterceptorBase
	before func(context.Context) error
}

// ExecuteActivity implements interceptor.ActivityInboundInterceptor.
func (in *gateIn) ExecuteActivity(ctx context.Context, args *interceptor.ExecuteActivityInput) (any, error) {
	if err := in.before(ctx); err != nil {
		return nil, err
	}
	return in.Next.ExecuteActivity(ctx, args) //nolint:wrapcheck // the activity's own
}
