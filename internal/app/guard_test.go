package app

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"
	"google.golang.org/grpc"

	"returnbridge/config"
	"returnbridge/internal/messages"
)

// One failure wakes nobody; a row of them does, and not with every further one.
func TestAGuardIsToldOfARowOfFailures(t *testing.T) {
	t.Parallel()
	now := noon
	w := &watch{now: func() time.Time { return now }, queues: map[string]*health{}}
	down, throttled := messages.Ill{Illness: messages.Down}, messages.Ill{Illness: messages.Throttled}
	told := func(queue string, all ...messages.Ill) (n int) {
		for _, ill := range all {
			if w.count(queue, ill) {
				n++
			}
		}
		return n
	}
	well := messages.Ill{}
	require.Zero(t, told("a", down, down, well, down, down), "somebody got through in between")
	require.Zero(t, w.held("a"))
	require.Equal(t, 1, told("a", down, down, down))
	require.Equal(t, holdBack, w.held("a"), "nothing more is begun until the guard has it")
	now = now.Add(holdBack)
	require.Zero(t, w.held("a"))
	require.Equal(t, 1, told("a", down, down), "nobody has stopped it")
	require.Positive(t, w.held("a"))
	require.Zero(t, told("a", well))
	require.Zero(t, w.held("a"), "one that was under way got through")
	require.Equal(t, 1, told("b", throttled, throttled, throttled), "each queue for itself")
	require.Zero(t, told("c", throttled, throttled))
}

// What a worker holds back is not begun, and made again a little later.
func TestAWorkerHoldsBackWhatItsGuardWillStop(t *testing.T) {
	t.Parallel()
	now, began := noon, 0
	w := &watch{now: func() time.Time { return now }, queues: map[string]*health{}}
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&gate{before: w.before}}})
	queue := ""
	act := func(ctx context.Context) error { began++; queue = activity.GetInfo(ctx).TaskQueue; return nil }
	env.RegisterActivityWithOptions(act, activity.RegisterOptions{Name: "Act"})
	begins := func() error { _, err := env.ExecuteActivity(act); return err }
	require.NoError(t, begins())
	for range illAfter {
		w.count(queue, messages.Ill{Illness: messages.Down})
	}
	failure, ok := errors.AsType[*temporal.ApplicationError](begins())
	require.True(t, ok)
	require.False(t, failure.NonRetryable())
	require.GreaterOrEqual(t, failure.NextRetryDelay(), holdBack)
	require.Equal(t, 1, began)
	now = now.Add(holdBack)
	require.NoError(t, begins())
	require.Equal(t, 2, began)
}

// queueServer is a Temporal with task queues, and guards that run or do not.
type queueServer struct {
	client.Client

	limits  map[string]*taskqueuepb.RateLimitConfig
	running []string // guards
	woken   []string
	set     *workflowservice.UpdateTaskQueueConfigRequest
}

// queueService is the part of it that speaks of task queues.
type queueService struct {
	workflowservice.WorkflowServiceClient
	of *queueServer
}

func (s *queueServer) WorkflowService() workflowservice.WorkflowServiceClient {
	return queueService{nil, s}
}

func (s queueService) UpdateTaskQueueConfig(_ context.Context, in *workflowservice.UpdateTaskQueueConfigRequest, _ ...grpc.CallOption) (*workflowservice.UpdateTaskQueueConfigResponse, error) {
	s.of.set = in
	return &workflowservice.UpdateTaskQueueConfigResponse{}, nil
}

func (s queueService) DescribeTaskQueue(_ context.Context, in *workflowservice.DescribeTaskQueueRequest, _ ...grpc.CallOption) (*workflowservice.DescribeTaskQueueResponse, error) {
	return &workflowservice.DescribeTaskQueueResponse{Config: &taskqueuepb.TaskQueueConfig{QueueRateLimit: s.of.limits[in.GetTaskQueue().GetName()]}}, nil
}

func (s *queueServer) DescribeWorkflowExecution(_ context.Context, id, _ string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	if slices.Contains(s.running, id) {
		return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{Status: enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING}}, nil
	}
	if strings.HasSuffix(id, "stopped-by-hand") {
		return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{Status: enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED}}, nil
	}
	return nil, serviceerror.NewNotFound("no such workflow")
}

func (s *queueServer) SignalWithStartWorkflow(_ context.Context, id, _ string, _ any, _ client.StartWorkflowOptions, _ any, _ ...any) (client.WorkflowRun, error) {
	s.woken = append(s.woken, id)
	return nil, nil //nolint:nilnil // nobody looks at it
}

// A guard's limit that no guard looks after any more gets a new one; one that has
// its guard is left alone, and so is what people have set.
func TestLimitsThatAGuardLeftBehindAreAdopted(t *testing.T) {
	t.Parallel()
	limit := func(who string) *taskqueuepb.RateLimitConfig {
		return &taskqueuepb.RateLimitConfig{RateLimit: &taskqueuepb.RateLimit{}, Metadata: &taskqueuepb.ConfigMetadata{Reason: "stopped", UpdateIdentity: who}}
	}
	s := &queueServer{limits: map[string]*taskqueuepb.RateLimitConfig{
		messages.QueueTikTok("nursed"): limit(guardIdentity), messages.QueueTikTok("stopped-by-hand"): limit(guardIdentity),
		messages.QueueTikTok("gone"): limit(guardIdentity), messages.QueueTikTok("of-people"): limit("somebody"),
	}, running: []string{messages.GuardID(messages.QueueTikTok("nursed"))}}
	h := &house{temporal: s, log: zap.NewNop(), now: time.Now, cfg: &config.Config{}}
	for _, name := range []string{"nursed", "stopped-by-hand", "gone", "of-people", "well"} {
		h.cfg.Shops = append(h.cfg.Shops, config.Shop{Name: name})
	}
	h.watch = &watch{waker: &waker{temporal: s}, log: h.log, now: h.now, queues: map[string]*health{}}
	h.adoptLimits(t.Context())
	require.Equal(t, []string{messages.GuardID(messages.QueueTikTok("gone")), messages.GuardID(messages.QueueTikTok("stopped-by-hand"))}, s.woken)
}

// A limit at the server counts instead of the queue's own: it must not be above it.
func TestAGuardNeverMakesAQueueFasterThanItWas(t *testing.T) {
	t.Parallel()
	s := &queueServer{}
	p := pacer{s, "default", map[string]float64{"slow": 3}}
	for queue, want := range map[string]float32{"slow": 3, "unknown": 5} {
		pace := 5.0
		require.NoError(t, p.Pace(t.Context(), queue, &pace, "why"))
		require.InDelta(t, want, s.set.GetUpdateQueueRateLimit().GetRateLimit().GetRequestsPerSecond(), 0.001)
	}
	require.NoError(t, p.Pace(t.Context(), "slow", nil, "well"))
	require.Nil(t, s.set.GetUpdateQueueRateLimit().GetRateLimit())
}
