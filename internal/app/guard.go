package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"returnbridge/activities"
	"returnbridge/internal/messages"
)

// A platform counts as ill after illAfter failures in a row on one task queue, as
// one worker sees it. The queue's guard is told, and for holdBack, the time that
// the guard has to stop the queue, this worker begins nothing more of it. Where no
// guard can stop it, one call each holdBack finds out whether the platform is well.
const (
	illAfter = 3
	holdBack = 5 * time.Second
)

// watch hears how every call to a platform ended, wakes the guard of a task queue
// whose calls keep failing, and holds that queue back until the guard has it.
type watch struct {
	waker *waker
	log   *zap.Logger
	now   func() time.Time

	mu     sync.Mutex
	queues map[string]*health
}

// health is one task queue as this worker sees it.
type health struct {
	inARow int
	told   time.Time
}

// seen is called by TikTok's client after each call: it is the task queue's own
// platform.
func (w *watch) seen(ctx context.Context, err error) {
	if activity.IsActivity(ctx) {
		w.seenOn(ctx, activity.GetInfo(ctx).TaskQueue, err)
	}
}

// seenOf hears the calls of a ReturnGO key. Many are made in activities on TikTok's
// queues: they tell of ReturnGO all the same, and must not hide what TikTok does.
func (w *watch) seenOf(key string) func(context.Context, error) {
	return func(ctx context.Context, err error) { w.seenOn(ctx, messages.QueueReturnGO(key), err) }
}

func (w *watch) seenOn(ctx context.Context, queue string, err error) {
	if !activity.IsActivity(ctx) || ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled) {
		return // a person's command, or a worker that stops
	}
	if activity.GetInfo(ctx).TaskQueue == messages.QueueControl {
		return // a guard's own question
	}
	if ill := activities.IllnessOf(err, w.now()); w.count(queue, ill) {
		go w.tell(context.WithoutCancel(ctx), queue, ill)
	}
}

// count tells whether the guard is to be told now.
func (w *watch) count(queue string, ill messages.Ill) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	h := w.queues[queue]
	if h == nil {
		h = &health{}
		w.queues[queue] = h
	}
	if ill.Illness == "" {
		h.inARow = 0
		return false
	}
	h.inARow++
	if h.inARow < illAfter || w.now().Sub(h.told) < holdBack {
		return false
	}
	h.told = w.now()
	return true
}

// held is how long this worker still begins nothing of a queue.
func (w *watch) held(queue string) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	h := w.queues[queue]
	if h == nil || h.inARow < illAfter {
		return 0
	}
	return holdBack - w.now().Sub(h.told)
}

func (w *watch) before(ctx context.Context) error {
	if wait := w.held(activity.GetInfo(ctx).TaskQueue); wait > 0 {
		return activities.PutOff(wait) //nolint:wrapcheck // for Temporal
	}
	return nil
}

func (w *watch) tell(ctx context.Context, queue string, ill messages.Ill) {
	ctx, cancel := context.WithTimeout(ctx, tellTimeout)
	defer cancel()
	if err := w.waker.WakeGuard(ctx, queue, ill); err != nil {
		w.log.Warn("a guard could not be told; the next failure tells it", zap.String("queue", queue), zap.Error(err))
		return
	}
	w.log.Warn("a platform is ill: the guard of its task queue knows", zap.String("queue", queue), zap.String("illness", string(ill.Illness)), zap.String("what", ill.What))
}

// pacer sets the limit of a task queue at the server, with who and why.
type pacer struct {
	temporal  client.Client
	namespace string
	paces     map[string]float64 // of each queue when all is well
}

// guardIdentity marks the limits that guards set.
const guardIdentity = "returnbridge guard"

// Pace implements activities.Pacer. A limit set at the server counts instead of
// the queue's own pace, so it is never above that.
func (p pacer) Pace(ctx context.Context, queue string, perSecond *float64, reason string) error {
	update := &workflowservice.UpdateTaskQueueConfigRequest_RateLimitUpdate{Reason: reason}
	if perSecond != nil {
		limit := *perSecond
		if own, ok := p.paces[queue]; ok {
			limit = min(limit, own)
		}
		update.RateLimit = &taskqueuepb.RateLimit{RequestsPerSecond: float32(limit)}
	}
	_, err := p.temporal.WorkflowService().UpdateTaskQueueConfig(ctx, &workflowservice.UpdateTaskQueueConfigRequest{
		Namespace: p.namespace, Identity: guardIdentity, TaskQueue: queue, TaskQueueType: enumspb.TASK_QUEUE_TYPE_ACTIVITY, UpdateQueueRateLimit: update,
	})
	_, denied := errors.AsType[*serviceerror.PermissionDenied](err)
	_, unknown := errors.AsType[*serviceerror.Unimplemented](err)
	switch {
	case denied || unknown:
		return fmt.Errorf("%w: %w", activities.ErrNoPacing, err)
	case err != nil:
		return fmt.Errorf("set the pace of %s: %w", queue, err)
	}
	return nil
}

// adoptEvery is how often limits that nobody looks after are searched for.
const adoptEvery = 10 * time.Minute

// keepAdopting adopts limits now and then until ctx ends.
func (h *house) keepAdopting(ctx context.Context) {
	for {
		h.adoptLimits(ctx)
		if !wait(ctx, adoptEvery) {
			return
		}
	}
}

// adoptLimits wakes the guards of task queues that a guard limited that does not
// run any more: one that was terminated has left its limit behind.
func (h *house) adoptLimits(ctx context.Context) {
	for _, queue := range h.queues() {
		reason, left, err := h.leftBehind(ctx, queue)
		if err != nil && ctx.Err() == nil {
			h.log.Warn("the limit of a task queue could not be read", zap.String("queue", queue), zap.Error(err))
		}
		if left {
			h.watch.tell(ctx, queue, messages.Ill{Illness: messages.Down, What: "left by a guard that does not run: " + reason})
		}
	}
}

// leftBehind tells whether a guard has limited a task queue and does not run, and
// why it did.
func (h *house) leftBehind(ctx context.Context, queue string) (reason string, left bool, err error) {
	out, err := h.temporal.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
		Namespace: h.namespace, TaskQueue: &taskqueuepb.TaskQueue{Name: queue}, TaskQueueType: enumspb.TASK_QUEUE_TYPE_ACTIVITY, ReportConfig: true,
	})
	if err != nil {
		return "", false, err //nolint:wrapcheck // it is logged with the queue
	}
	limit := out.GetConfig().GetQueueRateLimit()
	if limit.GetRateLimit() == nil || limit.GetMetadata().GetUpdateIdentity() != guardIdentity {
		return "", false, nil
	}
	guard, err := h.temporal.DescribeWorkflowExecution(ctx, messages.GuardID(queue), "")
	if _, none := errors.AsType[*serviceerror.NotFound](err); none {
		err = nil
	}
	running := guard.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	return limit.GetMetadata().GetReason(), err == nil && !running, err
}
