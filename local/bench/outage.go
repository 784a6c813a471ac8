package bench

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"

	"returnbridge/config"
	"returnbridge/internal/messages"
	"returnbridge/local/demo"
	"returnbridge/local/tiktoksandbox"
	"returnbridge/workflows"
)

const (
	// targetWasted is the share of calls that an outage may waste, in percent.
	targetWasted = 1
	halfAnHour   = 30 * time.Minute
	// patienceAfter is how long shoppers wait after the outage: the guard's next
	// question may be two outages away, and the queue is let out slowly.
	patienceAfter = 4 * time.Minute
)

// outage counts the calls that are made in vain while TikTok is down.
func (b *bench) outage(ctx context.Context) (Figure, error) {
	f := Figure{
		Title: "calls wasted in an outage", Storage: "Temporal in memory, ledger in a SQLite file",
		How: fmt.Sprintf("the whole program with its default pace; TikTok answers every call with 503 from the start for %s, and the %d returns that half an hour brings at ten times 400 a day all begin within it, which is harder than their coming one by one. All calls that reach the sandbox in that time are counted: those before the guard stops the queue, those under way then, and the guard's own. "+
			"The rest of the half hour is the real Guard workflow on the SDK's test clock: its questions after the first %s are added. Against: all calls these returns made until every one had come to its end.", b.outageFor, b.outageReturns, b.outageFor),
	}
	var seen arrivals
	h, err := b.open(ctx, "outage", demo.HouseOptions{AroundTikTok: seen.around, Patience: b.outageFor + patienceAfter, Configure: func(c *config.Config) {
		c.Pace = defaultPace()
	}})
	if err != nil {
		return f, err
	}
	defer h.Close()
	if err := h.TikTok.AddFault(tiktoksandbox.Fault{Kind: tiktoksandbox.FaultUnavailable, Count: -1}); err != nil {
		return f, fmt.Errorf("outage: %w", err)
	}
	before, began := sum(h.TikTok.Books().Calls), time.Now()
	wasted := make(chan float64, 1)
	over := time.AfterFunc(b.outageFor, func() {
		h.TikTok.ClearFaults()
		wasted <- sum(h.TikTok.Books().Calls) - before
	})
	defer over.Stop()
	v, err := h.Run(ctx, demo.RunOptions{Returns: b.outageReturns, Seed: 1, Scenarios: []string{"happy"}, AtOnce: b.outageReturns})
	if err != nil {
		return f, fmt.Errorf("returns: %w", err)
	}
	calls := sum(h.TikTok.Books().Calls) - before
	if v.Outcomes["happy"] != b.outageReturns || !v.OK() {
		f.doubt("%d of %d returns came to their end: %v", v.Outcomes["happy"], b.outageReturns, v.Problems)
	}
	early, late, err := questions(b.outageFor, halfAnHour)
	if err != nil {
		return f, err
	}
	measured := <-wasted
	f.Tables = append(f.Tables, seen.table(began, b.outageFor))
	f.add(
		plain(fmt.Sprintf("calls in vain in the first %s, measured", b.outageFor), measured, "calls"),
		plain("of which a guard asks in that time", float64(early), "calls"),
		plain("questions of the guard in the rest of the half hour", float64(late), "calls"),
		plain("calls these returns made in all", calls, "calls"),
		atMost(plain("calls wasted", 100*(measured+float64(late))/(calls+float64(late)), "%"), targetWasted),
		plain("returns that came to their end afterwards", float64(v.Outcomes["happy"]), "returns"),
	)
	return f, nil
}

// questions runs the real Guard on a virtual clock through an outage, and counts
// what it asks of the platform until and after a time.
func questions(until, outage time.Duration) (early, late int, err error) {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestWorkflowEnvironment()
	workflows.Register(env)
	down := messages.Ill{Illness: messages.Down, What: "tiktok: http 503"}
	began := env.Now()
	env.RegisterActivityWithOptions(func(_ context.Context, step messages.GuardStep) (messages.GuardResult, error) {
		since := env.Now().Sub(began)
		if !step.Ask || since >= outage {
			return messages.GuardResult{}, nil
		}
		if since < until {
			early++
		} else {
			late++
		}
		return messages.GuardResult{Ill: down}, nil
	}, activity.RegisterOptions{Name: "GuardQueue"})
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(messages.SignalIll, down) }, 0)
	env.ExecuteWorkflow(messages.Guard, messages.GuardInput{Queue: messages.QueueTikTok(demo.ShopName)})
	return early, late, env.GetWorkflowError() //nolint:wrapcheck // of a test clock
}

// quiet is a logger for virtual clocks.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
