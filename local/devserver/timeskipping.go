package devserver

import (
	"context"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
)

// TimeSkippingInterceptor makes every workflow that a client starts skip the time
// in which it only waits for a timer: three days of waiting take a second, on the
// real server and visible in the history. For tests, with Options.TimeSkipping,
// through client.Options.ConnectionOptions.DialOptions; the SDK has no option for
// it yet. A workflow skips about a hundred times at most.
func TimeSkippingInterceptor() grpc.UnaryClientInterceptor {
	return func(
		ctx context.Context, method string, request, reply any,
		connection *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
	) error {
		skipTime(request)
		return invoke(ctx, method, request, reply, connection, opts...)
	}
}

// skipTime leaves requests alone that start nothing.
func skipTime(request any) {
	skip := &commonpb.TimeSkippingConfig{Enabled: true}
	switch r := request.(type) {
	case *workflowservice.StartWorkflowExecutionRequest:
		r.TimeSkippingConfig = skip
	case *workflowservice.SignalWithStartWorkflowExecutionRequest:
		r.TimeSkippingConfig = skip
	case *workflowservice.ExecuteMultiOperationRequest: // update-with-start
		for _, operation := range r.GetOperations() {
			if start := operation.GetStartWorkflow(); start != nil {
				start.TimeSkippingConfig = skip
			}
		}
	}
}
