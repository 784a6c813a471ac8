package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
	"returnbridge/workflows"
)

// The names under which the activities are registered.
const (
	lookReturnGO = "LookReturnGO"
	lookTikTok   = "LookTikTok"
	lookBoth     = "LookBoth"
	review       = "Review"
	accept       = "Accept"
	refund       = "Refund"
	restock      = "Restock"
	writeBack    = "WriteBack"
)

var (
	start       = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	rma         = messages.ReturnInput{Shop: "mugs-uk", Key: returns.RMAKey("rma-1"), ReturnGOKey: "key-a"}
	tiktokOnly  = messages.ReturnInput{Shop: "mugs-uk", Key: returns.TikTokKey("tt-1"), ReturnGOKey: "key-a"}
	errDown     = errors.New("no answer")
	closed      = returns.Plan{Stage: returns.StageClosed, Close: true}
	atReturnGO  = messages.News{Platforms: []returns.Platform{returns.ReturnGO}}
	atTikTok    = messages.News{Platforms: []returns.Platform{returns.TikTok}}
	inLedger    = messages.News{Platforms: []returns.Platform{messages.LedgerOnly}}
	askTikTok   = returns.Act{Kind: returns.ActLookTikTok}
	askReturnGO = returns.Act{Kind: returns.ActLookReturnGO}
	payBack     = returns.Act{Kind: returns.ActRefund, Subject: "u1", Route: returns.RouteSellerRefund, Reason: "pay what was authorised"}
	putBack     = returns.Act{Kind: returns.ActRestock, Subject: "u1", Reason: "inspection passed"}
	tellThem    = returns.Act{Kind: returns.ActWriteBack, Subject: "t1", Reason: "tell ReturnGO what was paid"}
)

// done is one activity that was carried out.
type done struct {
	name, queue string
	at          time.Duration // since the start
	attempt     int32
	look        messages.LookInput
	act         messages.ActInput
	shop        messages.ShopInput
	stock       messages.StockInput
}

// answer is what a scripted activity says to its n-th call, from one on.
type answer func(d done, n int) (returns.Plan, error)

// bench is one return, or one product's stock, on a virtual clock.
type bench struct {
	*testsuite.TestWorkflowEnvironment
	t *testing.T

	mu      sync.Mutex
	done    []done
	counts  map[string]int
	answers map[string]answer
	outcome func(returns.Command) messages.Outcome
	later   func(d done, n int) returns.Wake // what could not be read now
	round   func(n int) (messages.RoundResult, error)
	timers  map[string]time.Duration // set and neither fired nor withdrawn
	set     []time.Duration          // every timer ever set, by the time it was set for
	upserts []temporal.SearchAttributes
	bill    []item
}

// quiet drops what the workflows log: warnings are expected here.
var quiet = log.NewStructuredLogger(slog.New(slog.DiscardHandler))

func setup(t *testing.T) *bench {
	t.Helper()
	t.Parallel()
	return another(t)
}

// another is one more bench for the same test.
func another(t *testing.T) *bench {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet)
	b := &bench{
		TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), t: t,
		counts: map[string]int{}, answers: map[string]answer{}, timers: map[string]time.Duration{},
	}
	b.SetStartTime(start)
	b.SetTestTimeout(20 * time.Second)
	b.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&bill{items: &b.bill}}})
	b.outcome = func(c returns.Command) messages.Outcome {
		if err := c.Validate(); err != nil {
			return messages.Outcome{CommandID: c.ID, Sentence: err.Error()}
		}
		return messages.Outcome{CommandID: c.ID, Accepted: true, Sentence: string(c.Name) + " taken"}
	}
	for _, name := range []string{lookReturnGO, lookTikTok, lookBoth, review} {
		b.register(name, func(ctx context.Context, in messages.LookInput) (messages.PlanResult, error) {
			return b.answer(ctx, done{name: name, look: in})
		})
	}
	for _, name := range []string{accept, refund, restock, writeBack} {
		b.register(name, func(ctx context.Context, in messages.ActInput) (messages.PlanResult, error) {
			return b.answer(ctx, done{name: name, act: in})
		})
	}
	for _, name := range []string{"SweepReturnGO", "SweepTikTok", "RefreshToken"} {
		b.register(name, func(ctx context.Context, in messages.ShopInput) (messages.SweepResult, error) {
			_, err := b.answer(ctx, done{name: name, shop: in})
			return messages.SweepResult{Read: 3, Changed: 2, Signaled: 1}, err
		})
	}
	b.register("StockRound", func(ctx context.Context, in messages.StockInput) (messages.RoundResult, error) {
		if _, err := b.answer(ctx, done{name: "StockRound", stock: in}); err != nil {
			return messages.RoundResult{}, err
		}
		return b.round(b.count("StockRound"))
	})
	b.SetOnTimerScheduledListener(func(id string, d time.Duration) {
		b.timers[id] = d
		b.set = append(b.set, b.since()+d)
	})
	b.SetOnTimerFiredListener(func(id string) { delete(b.timers, id) })
	b.SetOnTimerCanceledListener(func(id string) { delete(b.timers, id) })
	b.OnUpsertTypedSearchAttributes(mock.Anything).Run(func(args mock.Arguments) {
		b.upserts = append(b.upserts, args.Get(0).(temporal.SearchAttributes))
	}).Return(nil).Maybe()
	return b
}

func (b *bench) register(name string, fn any) {
	b.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: name})
}

// answer notes the call and says what was scripted. A plan without a time is
// decided now; one without script says nothing is to be done.
func (b *bench) answer(ctx context.Context, d done) (messages.PlanResult, error) {
	info := activity.GetInfo(ctx)
	d.queue, d.at, d.attempt = info.TaskQueue, b.since(), info.Attempt
	b.mu.Lock()
	b.done = append(b.done, d)
	b.counts[d.name]++
	n, say := b.counts[d.name], b.answers[d.name]
	b.mu.Unlock()
	plan := returns.Plan{Stage: returns.StageAwaitParcel}
	if say != nil {
		var err error
		if plan, err = say(d, n); err != nil {
			return messages.PlanResult{}, err
		}
	}
	if plan.DecidedAt.IsZero() {
		plan.DecidedAt = b.Now().UTC()
	}
	out := messages.PlanResult{Plan: plan}
	if b.later != nil {
		out.Later = b.later(d, n)
	}
	for _, c := range d.look.Commands {
		out.Outcomes = append(out.Outcomes, b.outcome(c))
	}
	return out, nil
}

func (b *bench) since() time.Duration { return b.Now().Sub(start) }

func (b *bench) count(name string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.counts[name]
}

// on scripts an activity.
func (b *bench) on(name string, say answer) { b.answers[name] = say }

// always scripts an activity that says the same each time.
func (b *bench) always(name string, p returns.Plan) {
	b.on(name, func(done, int) (returns.Plan, error) { return p, nil })
}

// inTurn scripts an activity that says one plan after the other, the last for ever.
func (b *bench) inTurn(name string, plans ...returns.Plan) {
	b.on(name, func(_ done, n int) (returns.Plan, error) { return plans[min(n, len(plans))-1], nil })
}

// down scripts an activity that never succeeds.
func (b *bench) down(name string) {
	b.on(name, func(done, int) (returns.Plan, error) { return returns.Plan{}, errDown })
}

// at does something at a virtual time.
func (b *bench) at(d time.Duration, do func()) { b.RegisterDelayedCallback(do, d) }

func (b *bench) signalAt(d time.Duration, name string, payload any) {
	b.at(d, func() { b.SignalWorkflow(name, payload) })
}

// stopAt cancels the return: a test looks at what was done up to then.
func (b *bench) stopAt(d time.Duration) { b.at(d, b.CancelWorkflow) }

// oneTimer watches that no second timer is ever left running.
func (b *bench) oneTimer(every, until time.Duration) {
	for at := every / 2; at < until; at += every {
		b.at(at, func() { require.LessOrEqual(b.t, len(b.timers), 1, "at %s", at) })
	}
}

// run carries the return to its end and gives the workflow's error.
func (b *bench) run(in messages.ReturnInput) error {
	b.t.Helper()
	b.ExecuteWorkflow(workflows.Return, in)
	require.True(b.t, b.IsWorkflowCompleted(), "the return has not ended")
	return b.GetWorkflowError()
}

// ends runs the return and wants it to close by itself.
func (b *bench) ends(in messages.ReturnInput) {
	b.t.Helper()
	require.NoError(b.t, b.run(in))
}

// stopped runs the return and wants it to last until the test stops it.
func (b *bench) stopped(in messages.ReturnInput) {
	b.t.Helper()
	err := b.run(in)
	var cancelled *temporal.CanceledError
	require.ErrorAs(b.t, err, &cancelled)
}

// story lists what was done in order: "LookReturnGO@0s Refund@1h0m0s".
func (b *bench) story() string {
	var words []string
	for _, d := range b.all() {
		words = append(words, fmt.Sprintf("%s@%s", d.name, d.at))
	}
	return strings.Join(words, " ")
}

// all are all calls so far: one may still be under way when a return is stopped.
func (b *bench) all() []done {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.done)
}

// calls are the calls of one activity.
func (b *bench) calls(name string) []done {
	return slices.DeleteFunc(b.all(), func(d done) bool { return d.name != name })
}

// within counts the activities in a stretch of virtual time.
func (b *bench) within(from, to time.Duration) int {
	n := 0
	for _, d := range b.all() {
		if d.at >= from && d.at < to {
			n++
		}
	}
	return n
}

// details are what people see of the return.
func (b *bench) details() string {
	encoded, err := b.QueryWorkflow("__temporal_workflow_metadata")
	require.NoError(b.t, err)
	var meta sdkpb.WorkflowMetadata
	require.NoError(b.t, encoded.Get(&meta))
	return meta.GetCurrentDetails()
}

// garbage is a payload that no converter of ours can read.
func garbage() converter.RawValue {
	return converter.NewRawValue(&common.Payload{Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte(`{"platforms": 7, "who": [`)})
}

// reply is the answer to an update.
type reply struct {
	sentence string
	err      error
	settled  bool
}

// updateAt tells the return something and waits for its answer.
func (b *bench) updateAt(d time.Duration, id string, cmd returns.Command) *reply {
	r := &reply{}
	b.at(d, func() {
		b.UpdateWorkflow(string(cmd.Name), id, &testsuite.TestUpdateCallback{
			OnReject:   func(err error) { r.err, r.settled = err, true },
			OnAccept:   func() {},
			OnComplete: func(v any, err error) { r.sentence, _ = v.(string); r.err, r.settled = err, true },
		}, cmd)
	})
	return r
}

func command(name returns.CommandName) returns.Command {
	c := returns.Command{Name: name, Who: "Ann", Why: "asked by the buyer"}
	if name == returns.CommandResolve {
		c.Exception, c.Answer = returns.EffectRefused, returns.AnswerRetry
	}
	return c
}

func wakeAt(d time.Duration, read ...returns.Platform) returns.Wake {
	return returns.Wake{At: start.Add(d), Why: "see what became of it", Read: read}
}
