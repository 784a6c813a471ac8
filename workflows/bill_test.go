package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// item is one thing that Temporal bills: an activity, or a timer, an upsert or a
// signal, which have no activity and only a summary.
type item struct {
	activity, queue, summary string
	priority                 int
	attempt, patience        time.Duration
}

// bill writes down what a workflow asks Temporal for.
type bill struct {
	interceptor.WorkerInterceptorBase
	items *[]item
}

func (b *bill) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	in := &inbound{items: b.items}
	in.Next = next
	return in
}

type inbound struct {
	interceptor.WorkflowInboundInterceptorBase
	items *[]item
}

func (i *inbound) Init(next interceptor.WorkflowOutboundInterceptor) error {
	out := &outbound{items: i.items}
	out.Next = next
	return i.Next.Init(out)
}

func (i *inbound) HandleSignal(ctx workflow.Context, in *interceptor.HandleSignalInput) error {
	*i.items = append(*i.items, item{summary: "signal " + in.SignalName})
	return i.Next.HandleSignal(ctx, in)
}

type outbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	items *[]item
}

func (o *outbound) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	opts := workflow.GetActivityOptions(ctx)
	*o.items = append(*o.items, item{name, opts.TaskQueue, opts.Summary, opts.Priority.PriorityKey, opts.StartToCloseTimeout, opts.ScheduleToCloseTimeout})
	return o.Next.ExecuteActivity(ctx, name, args...)
}

func (o *outbound) NewTimerWithOptions(ctx workflow.Context, d time.Duration, opts workflow.TimerOptions) workflow.Future {
	*o.items = append(*o.items, item{summary: "timer: " + opts.Summary})
	return o.Next.NewTimerWithOptions(ctx, d, opts)
}

func (o *outbound) Sleep(ctx workflow.Context, d time.Duration) error {
	*o.items = append(*o.items, item{summary: "timer"})
	return o.Next.Sleep(ctx, d)
}

func (o *outbound) UpsertTypedSearchAttributes(ctx workflow.Context, attrs ...temporal.SearchAttributeUpdate) error {
	*o.items = append(*o.items, item{summary: "search attributes"})
	return o.Next.UpsertTypedSearchAttributes(ctx, attrs...)
}

// The price of an ordinary return: authorised, accepted, received, inspected and
// paid, put back, written back. What one call can do is done with the look.
// Whoever makes it dearer has to say so here.
func TestWhatAnOrdinaryReturnCosts(t *testing.T) {
	b := setup(t)
	require.NoError(t, b.SetTypedSearchAttributesOnStart(temporal.NewSearchAttributes(
		messages.AttrShop.ValueSet("mugs-uk"), messages.AttrStage.ValueSet(string(returns.StageNew)), messages.AttrRMA.ValueSet("rma-1"))))
	const days = 24 * time.Hour
	both := messages.News{Platforms: []returns.Platform{returns.ReturnGO, returns.TikTok}}
	plan := func(s returns.Stage, wake time.Duration) returns.Plan {
		return returns.Plan{Stage: s, OrderID: "o-1", SKUs: []string{"MUG"}, Wake: wakeAt(wake)}
	}
	request := plan(returns.StageAwaitParcel, 7*days)
	request.TikTokReturnIDs = []string{"r-1"}
	received := plan(returns.StageAwaitInspect, 5*days)
	received.TikTokReturnIDs = request.TikTokReturnIDs
	paid := plan(returns.StageSettling, 4*days+time.Hour+2*time.Minute)
	paid.TikTokReturnIDs, paid.InspectedAt = request.TikTokReturnIDs, start.Add(4*days+time.Hour)
	done := paid
	done.Stage, done.Close = returns.StageClosed, true
	b.signalAt(0, messages.SignalNews, both)                                // authorised: this signal starts it
	b.signalAt(1*days, messages.SignalNews, atTikTok)                       // the buyer's request
	b.signalAt(4*days, messages.SignalNews, inLedger)                       // received
	b.signalAt(4*days+time.Hour, messages.SignalNews, both)                 // inspected, and authorised
	b.signalAt(4*days+time.Hour+time.Minute, messages.SignalNews, atTikTok) // the money has moved
	b.inTurn(lookBoth, plan(returns.StageAwaitParcel, 7*days), paid)
	b.inTurn(lookTikTok, request, done)
	b.always(review, received)
	b.ends(rma)

	var activities, timers, signals, upserts int
	for _, i := range b.bill {
		switch {
		case i.activity != "":
			activities++
		case i.summary == "search attributes":
			upserts++
		case i.summary[:6] == "signal":
			signals++
		default:
			timers++
		}
	}
	require.Equal(t, 5, activities, b.story())
	require.Equal(t, 3, timers)  // not sent, not inspected, not in stock
	require.Equal(t, 5, signals) // the first is part of the start
	require.Equal(t, 4, upserts) // awaiting parcel, awaiting inspection, settling, closed
	require.Equal(t, 17, activities+timers+signals+upserts)
}
