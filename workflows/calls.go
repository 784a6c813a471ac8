// Package workflows is the durable, deterministic part: it looks, acts and
// waits. It holds no rules, no configuration, no I/O and no client; what it
// remembers the ledger and the platforms could tell again.
package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// Priorities: what has a deadline goes first (design section 4).
const (
	priorityDeadline = 1
	priorityRefund   = 2
	priorityRead     = 3
	priorityRestock  = 4
	prioritySweep    = 5
)

// patience is how long one attempt may take, and how long we try before people
// hear of it. Attempts are never counted: an outage is waited out.
// An attempt that tells of itself is taken for dead after silence.
// Once is for what is not tried again but done in another way.
type patience struct {
	attempt, total, silence time.Duration
	once                    bool
}

// An attempt of a look or an act makes up to eight calls with a deadline of ten
// seconds each. One that meets a platform so slow is cut and begun again, and
// the claim of its one write keeps it single; it is also how long a killed
// worker's attempt is waited for. A sweep walks many pages and signals what it
// finds; it tells of itself, or a killed worker's would be waited for, and no other
// begun, for a quarter of an hour.
var (
	lookPatience   = patience{attempt: time.Minute, total: 10 * time.Minute}
	bothPatience   = patience{attempt: time.Minute, total: 2 * time.Minute, once: true}
	actPatience    = patience{attempt: time.Minute, total: 30 * time.Minute}
	ledgerPatience = patience{attempt: time.Minute, total: 24 * time.Hour}
	stockPatience  = patience{attempt: time.Minute, total: 24 * time.Hour}
	tokenPatience  = patience{attempt: time.Minute, total: time.Hour}
	guardPatience  = patience{attempt: time.Minute} // for ever
	notifyPatience = patience{attempt: 2 * time.Minute, total: 10 * time.Minute}
	sweepPatience  = patience{attempt: 15 * time.Minute, total: 30 * time.Minute, silence: time.Minute}
)

// call runs one activity by its name on a queue.
func call[Out any](ctx workflow.Context, activity, queue, summary string, priority int, p patience, in any) (Out, error) {
	attempts := int32(0) // without end
	if p.once {
		attempts = 1
	}
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              queue,
		StartToCloseTimeout:    p.attempt,
		HeartbeatTimeout:       p.silence,
		ScheduleToCloseTimeout: p.total,
		Summary:                summary,
		Priority:               temporal.Priority{PriorityKey: priority},
		// The activities give each retry its own delay with jitter; this is
		// only for failures they never saw, such as a killed worker.
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 5 * time.Minute, MaximumAttempts: attempts},
	})
	var out Out
	err := workflow.ExecuteActivity(ctx, activity, in).Get(ctx, &out)
	return out, err //nolint:wrapcheck // the caller tells timeouts by type
}

func lookReturnGO(ctx workflow.Context, in messages.ReturnInput, look messages.LookInput) (messages.PlanResult, error) {
	return call[messages.PlanResult](ctx, "LookReturnGO", messages.QueueReturnGO(in.ReturnGOKey), "look at ReturnGO", priorityRead, lookPatience, look)
}

// lookBoth is on TikTok's queue: an effect at TikTok may follow in it, and the calls
// to ReturnGO are paced by its client.
func lookBoth(ctx workflow.Context, in messages.ReturnInput, look messages.LookInput) (messages.PlanResult, error) {
	return call[messages.PlanResult](ctx, "LookBoth", messages.QueueTikTok(in.Shop), "look at ReturnGO and TikTok", priorityRead, bothPatience, look)
}

func lookTikTok(ctx workflow.Context, in messages.ReturnInput, look messages.LookInput) (messages.PlanResult, error) {
	return call[messages.PlanResult](ctx, "LookTikTok", messages.QueueTikTok(in.Shop), "look at TikTok", priorityRead, lookPatience, look)
}

func review(ctx workflow.Context, look messages.LookInput) (messages.PlanResult, error) {
	return call[messages.PlanResult](ctx, "Review", messages.QueueControl, "decide again", priorityRead, ledgerPatience, look)
}

// activityOf names the activity of an act; none if it is a look, or an act that
// only a later version knows.
func activityOf(kind returns.ActKind) string {
	switch kind {
	case returns.ActAccept:
		return "Accept"
	case returns.ActOpenReturn:
		return "OpenReturn"
	case returns.ActUploadLabel:
		return "UploadLabel"
	case returns.ActRefund:
		return "Refund"
	case returns.ActRestock:
		return "Restock"
	case returns.ActWriteBack:
		return "WriteBack"
	}
	return ""
}

// do runs the activity of one act.
func do(ctx workflow.Context, in messages.ReturnInput, act returns.Act) (messages.PlanResult, error) {
	queue, priority := messages.QueueTikTok(in.Shop), priorityDeadline
	switch {
	case act.Kind == returns.ActRestock:
		queue, priority = messages.QueueControl, priorityRestock
	case act.Kind == returns.ActWriteBack:
		queue, priority = messages.QueueReturnGO(in.ReturnGOKey), priorityRefund
	case act.Route.Creates(), act.Kind == returns.ActUploadLabel:
		priority = priorityRefund
	}
	return call[messages.PlanResult](ctx, activityOf(act.Kind), queue, string(act.Kind)+": "+act.Reason, priority, actPatience,
		messages.ActInput{Shop: in.Shop, Key: in.Key, Act: act})
}
