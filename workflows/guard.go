package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"returnbridge/internal/messages"
)

// A platform that is down is asked by one call after firstAsk, then each time
// after twice as long up to lastAsk: seven questions in half an hour. When it
// answers, its queue is let out at growing paces, each for one paceTime; after
// a throttling, each for the wait that a question would have had. A relapse is no
// new illness: the waits go on growing.
const (
	firstAsk = 10 * time.Second
	lastAsk  = 10 * time.Minute
	paceTime = 5 * time.Second
)

// paces are steps a second after an illness, as far as they are below the queue's
// own pace; beyond the last it has that pace again.
var paces = []float64{2, 5}

// Guard keeps a thousand returns from knocking at a platform that is ill: it
// stops or slows their task queue with a reason that people can read, asks the
// platform by one call of its own, lets the queue out slowly, and ends.
func Guard(ctx workflow.Context, in messages.GuardInput) error {
	g := &guard{in: in, news: workflow.GetSignalChannel(ctx, messages.SignalIll)}
	g.in.Wait = max(in.Wait, firstAsk)
	if last, told := g.heard(); told {
		g.in.Ill = last
	}
	for g.in.Ill.Illness != "" {
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			return workflow.NewContinueAsNewError(ctx, messages.Guard, g.in) //nolint:wrapcheck // Temporal's own signal
		}
		again, err := g.nurse(ctx, g.in.Ill)
		if ctx.Err() != nil {
			return g.leave(ctx)
		}
		if err != nil {
			return err
		}
		g.in.Ill = again
		if last, more := g.heard(); more {
			g.in.Ill = last
		}
	}
	return nil
}

// guard is one run of a queue's guard; its input is what another run would need
// to go on.
type guard struct {
	in   messages.GuardInput
	news workflow.ReceiveChannel
}

// leave takes the limits off when a person ends the guard: a queue that is
// stopped without one would stay so.
func (g *guard) leave(ctx workflow.Context) error {
	ended := ctx.Err()
	ctx, done := workflow.NewDisconnectedContext(ctx)
	defer done()
	if _, err := g.do(ctx, messages.GuardStep{Open: true, Reason: "the guard was cancelled"}, "cancelled: every limit is off"); err != nil {
		return err
	}
	return ended //nolint:wrapcheck // cancelled from outside
}

// heard takes all that workers have told; the last of it counts.
func (g *guard) heard() (ill messages.Ill, told bool) {
	for g.news.ReceiveAsync(&ill) {
		told = true
	}
	return ill, told
}

// nurse carries the queue through one illness; it gives the next one if the
// platform falls ill again while the queue is let out.
func (g *guard) nurse(ctx workflow.Context, ill messages.Ill) (messages.Ill, error) {
	if ill.Illness != messages.Throttled || ill.Until.After(workflow.Now(ctx)) {
		if able, err := g.waitOut(ctx, ill); err != nil || !able {
			return messages.Ill{}, err
		}
	}
	each := paceTime
	if ill.Illness == messages.Throttled {
		each = g.nextWait()
	}
	for _, pace := range paces {
		step := messages.GuardStep{PerSecond: pace, Reason: fmt.Sprintf("%g steps a second at most, after an illness: %s", pace, ill.What)}
		out, err := g.do(ctx, step, step.Reason)
		if err != nil || out.Unable {
			return messages.Ill{}, err
		}
		again, err := g.hearFor(ctx, each, step.Reason)
		if err != nil || again.Illness != "" {
			return again, err
		}
	}
	_, err := g.do(ctx, messages.GuardStep{Open: true, Reason: "well again"}, "well again: every limit is off")
	if last, told := g.heard(); told && err == nil {
		return last, nil
	}
	return messages.Ill{}, err
}

// waitOut stops the queue until the platform answers one call.
func (g *guard) waitOut(ctx workflow.Context, ill messages.Ill) (able bool, err error) {
	if g.in.Since.IsZero() {
		g.in.Since = workflow.Now(ctx).UTC()
	}
	step := messages.GuardStep{}
	for {
		step.Illness, step.Reason = ill.Illness, "stopped, "+ill.What
		out, err := g.do(ctx, step, fmt.Sprintf("stopped since %s: %s", g.in.Since.Format(time.RFC3339), ill.What))
		switch {
		case err != nil || out.Unable:
			return false, err
		case step.Ask && out.Ill.Illness == "":
			g.in.Since = time.Time{}
			return true, nil
		case step.Ask:
			ill = out.Ill
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() { // an authorisation may be gone for weeks
			g.in.Ill = ill
			return false, workflow.NewContinueAsNewError(ctx, messages.Guard, g.in) //nolint:wrapcheck // Temporal's own signal
		}
		wait := max(g.nextWait(), min(ill.Until.Sub(workflow.Now(ctx)), lastAsk)) // the platform may ask for more
		if err := workflow.NewTimerWithOptions(ctx, wait, workflow.TimerOptions{Summary: "ask the platform again"}).Get(ctx, nil); err != nil {
			return false, err //nolint:wrapcheck // cancelled from outside
		}
		g.heard() // what was under way when the queue was stopped fails too: no news
		step.Ask = true
	}
}

// nextWait is how long to wait now; the next one is longer.
func (g *guard) nextWait() time.Duration {
	wait := g.in.Wait
	g.in.Wait = min(2*wait, lastAsk)
	return wait
}

// do carries out one step, and shows where the guard stands. However long it
// takes: a guard that gave up would leave the queue as it is.
func (g *guard) do(ctx workflow.Context, step messages.GuardStep, shown string) (messages.GuardResult, error) {
	step.Queue = g.in.Queue
	workflow.SetCurrentDetails(ctx, shown)
	return call[messages.GuardResult](ctx, "GuardQueue", messages.QueueControl, shown, priorityDeadline, guardPatience, step)
}

// hearFor waits, and tells if the platform falls ill again meanwhile.
func (g *guard) hearFor(ctx workflow.Context, d time.Duration, why string) (messages.Ill, error) {
	var ill messages.Ill
	timerCtx, stop := workflow.WithCancel(ctx)
	defer stop()
	selector := workflow.NewNamedSelector(ctx, "guard")
	selector.AddFuture(workflow.NewTimerWithOptions(timerCtx, d, workflow.TimerOptions{Summary: why}), func(workflow.Future) {})
	selector.AddReceive(g.news, func(c workflow.ReceiveChannel, _ bool) { c.Receive(ctx, &ill) })
	selector.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {})
	selector.Select(ctx)
	return ill, ctx.Err() //nolint:wrapcheck // cancelled from outside
}
