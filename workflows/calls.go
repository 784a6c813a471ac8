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

// How long one attempt may take, and how long we try before people hear of it.
// An attempt makes up to eight calls with a deadline of ten seconds each; one
// that meets a platform so slow is cut and begun again, and the claim of its one
// write keeps it single. It is also how long a killed worker's attempt is waited
// for. Attempts are never counted: an outage is waited out.
const (
	attempt        = time.Minute
	lookPatience   = 10 * time.Minute
	actPatience    = 30 * time.Minute
	ledgerPatience = 24 * time.Hour
)

// call runs one activity by its name on a queue.
func call[Out any](ctx workflow.Context, activity, queue, summary string, priority int, patience time.Duration, in any) (Out, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              queue,
		StartToCloseTimeout:    attempt,
		ScheduleToCloseTimeout: patience,
		Summary:                summary,
		Priority:               temporal.Priority{PriorityKey: priority},
		// The activities give each retry its own delay with jitter; this is
		// only for failures they never saw, such as a killed worker.
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 5 * time.Minute},
	})
	var out Out
	err := workflow.ExecuteActivity(ctx, activity, in).Get(ctx, &out)
	return out, err //nolint:wrapcheck // the caller tells timeouts by type
}

func lookReturnGO(ctx workflow.Context, in messages.ReturnInput, look messages.LookInput) (messages.PlanResult, error) {
	return call[messages.PlanResult](ctx, "LookReturnGO", messages.QueueReturnGO(in.ReturnGOKey), "look at ReturnGO", priorityRead, lookPatience, look)
}

func lookTikTok(ctx workflow.Context, in messages.ReturnInput, look messages.LookInput) (messages.PlanResult, error) {
	return call[messages.PlanResult](ctx, "LookTikTok", messages.QueueTikTok(in.Shop), "look at TikTok", priorityRead, lookPatience, look)
}

func review(ctx workflow.Context, look messages.LookInput) (messages.PlanResult, error) {
	return call[messages.PlanResult](ctx, "Review", messages.QueueControl, "decide again", priorityRead, ledgerPatience, look)
}

// do runs the activity of one act.
func do(ctx workflow.Context, in messages.ReturnInput, act returns.Act) (messages.PlanResult, error) {
	name, queue, priority := "", messages.QueueTikTok(in.Shop), priorityRefund
	switch act.Kind {
	case returns.ActAccept:
		name, priority = "Accept", priorityDeadline
	case returns.ActRefund:
		name = "Refund"
		if act.Route != returns.RouteSellerRefund {
			priority = priorityDeadline
		}
	case returns.ActRestock:
		name, queue, priority = "Restock", messages.QueueControl, priorityRestock
	case returns.ActWriteBack:
		name, queue = "WriteBack", messages.QueueReturnGO(in.ReturnGOKey)
	}
	return call[messages.PlanResult](ctx, name, queue, string(act.Kind)+": "+act.Reason, priority, actPatience,
		messages.ActInput{Shop: in.Shop, Key: in.Key, Act: act})
}
