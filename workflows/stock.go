package workflows

import (
	"go.temporal.io/sdk/workflow"

	"returnbridge/internal/messages"
)

// Stock is the one writer of a product's stock (design section 6). It is
// stateless: requests are rows of the ledger, a signal means "look". It ends
// when nothing is owed and nothing is to be proven.
func Stock(ctx workflow.Context, in messages.StockInput) error {
	news := workflow.GetSignalChannel(ctx, messages.SignalNews)
	for {
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() { // the next run begins with a round: no signal is lost
			return workflow.NewContinueAsNewError(ctx, messages.Stock, in) //nolint:wrapcheck // Temporal's own signal
		}
		for news.ReceiveAsync(nil) { // all of them ride on this round
		}
		out, err := call[messages.RoundResult](ctx, "StockRound", messages.QueueStock(in.Shop), "write and prove stock", priorityRestock, stockPatience, in)
		if err != nil && ctx.Err() != nil {
			return err
		}
		if err != nil {
			workflow.GetLogger(ctx).Warn("stock could not be written for a day; trying on", "product", in.ProductID, "error", err)
			out = messages.RoundResult{Again: workflow.Now(ctx).Add(rest), Summary: "stock could not be written; trying on"}
		}
		workflow.SetCurrentDetails(ctx, out.Summary)
		if out.Done && news.Len() == 0 {
			return nil
		}
		if out.Done {
			continue
		}
		waitForNews(ctx, news, out)
	}
}

// waitForNews waits for a signal or the time at which the round wants to look
// again.
func waitForNews(ctx workflow.Context, news workflow.ReceiveChannel, out messages.RoundResult) {
	timerCtx, stop := workflow.WithCancel(ctx)
	defer stop()
	selector := workflow.NewNamedSelector(ctx, "stock")
	selector.AddReceive(news, func(workflow.ReceiveChannel, bool) {})
	if !out.Again.IsZero() {
		wait := max(out.Again.Sub(workflow.Now(ctx)), soonest)
		selector.AddFuture(workflow.NewTimerWithOptions(timerCtx, wait, workflow.TimerOptions{Summary: out.Summary}), func(workflow.Future) {})
	}
	selector.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {})
	selector.Select(ctx)
}
