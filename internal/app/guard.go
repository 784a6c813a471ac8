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

// A platform counts as ill after so many failures in a row on one task queue, as
// one worker sees it; the queue's guard is told of it at most every tellAgain.
const (
	downAfter      = 5
	throttledAfter = 3
	tellAgain      = 10 * time.Second
)

// watch hears how every call to a platform ended, and wakes the guard of a task
// queue whose calls keep failing.
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
	enough := downAfter
	if ill.Illness == messages.Throttled {
		enough = throttledAfter
	}
	if h.inARow < enough || w.now().Sub(h.told) < tellAgain {
		return false
	}
	h.told = w.now()
	return true
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
}

// guardIdentity marks the limits that guards set.
const guardIdentity = "returnbridge guard"

// Pace implements activities.Pacer.
func (p pacer) Pace(ctx context.Context, queue string, perSecond *float64, reason string) error {
	update := &workflowservice.UpdateTaskQueueConfigRequest_RateLimitUpdate{Reason: reason}
	if perSecond != nil {
		update.RateLimit = &taskqueuepb.RateLimit{RequestsPerSecond: float32(*perSecond)}
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

// adoptLimits wakes the guards of task queues that a guard once limited: one that
// was terminated has left its limit behind.
func (h *house) adoptLimits(ctx context.Context, w *watch) {
	for _, queue := range h.queues() {
		out, err := h.temporal.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
			Namespace: h.namespace, TaskQueue: &taskqueuepb.TaskQueue{Name: queue}, TaskQueueType: enumspb.TASK_QUEUE_TYPE_ACTIVITY, ReportConfig: true,
		})
		if err != nil {
			h.log.Warn("the limit of a task queue could not be read", zap.String("queue", queue), zap.Error(err))
			continue
		}
		limit := out.GetConfig().GetQueueRateLimit()
		if limit.GetRateLimit() != nil && limit.GetMetadata().GetUpdateIdentity() == guardIdentity {
			w.tell(ctx, queue, messages.Ill{Illness: messages.Down, What: limit.GetMetadata().GetReason()})
		}
	}
}
