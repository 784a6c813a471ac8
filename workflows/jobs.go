package workflows

import (
	"go.temporal.io/sdk/workflow"

	"returnbridge/internal/messages"
)

// SweepReturnGO heals what ReturnGO's events missed: it signals only what
// differs from the ledger.
func SweepReturnGO(ctx workflow.Context, in messages.ShopInput) (messages.SweepResult, error) {
	return call[messages.SweepResult](ctx, "SweepReturnGO", messages.QueueReturnGO(in.ReturnGOKey), "sweep ReturnGO", prioritySweep, sweepPatience, in)
}

// SweepTikTok heals what TikTok's events missed, and re-reads every open TikTok
// return: new deadlines appear without any event.
func SweepTikTok(ctx workflow.Context, in messages.ShopInput) (messages.SweepResult, error) {
	return call[messages.SweepResult](ctx, "SweepTikTok", messages.QueueTikTok(in.Shop), "sweep TikTok", prioritySweep, sweepPatience, in)
}

// RefreshToken renews a shop's TikTok token well before it ends.
func RefreshToken(ctx workflow.Context, in messages.ShopInput) error {
	_, err := call[struct{}](ctx, "RefreshToken", messages.QueueControl, "renew the TikTok token", priorityDeadline, tokenPatience, in)
	return err
}

// Notify tells people what has happened to exceptions. What a sink does not take waits
// in the ledger for a later round.
func Notify(ctx workflow.Context, in messages.NotifyInput) (messages.NotifyResult, error) {
	return call[messages.NotifyResult](ctx, "Notify", messages.QueueControl, "tell people", priorityRead, notifyPatience, in)
}
