package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"returnbridge/internal/messages"
)

// A platform that is down is asked by one call after firstAsk, then each time
// after twice as long up to lastAsk. When it answers, its queue is let out at
// growing paces, each for one paceTime.
const (
	firstAsk = 5 * time.Second
	lastAsk  = 5 * time.Minute
	paceTime = 5 * time.Second
)

// paces are calls a second after an illness; beyond the last the queue is free.
var paces = []float64{5, 25}

// Guard keeps a thousand returns from knocking at a platform that is ill: it
// stops or slows their task queue with a reason that people can read, asks the
// platform by one call of its own, lets the queue out slowly, and ends.
func Guard(ctx workflow.Context, in messages.GuardInput) error {
	g := &guard{queue: in.Queue, news: workflow.GetSignalChannel(ctx, messages.SignalIll)}
	ill, told := g.heard()
	for told {
		again, err := g.nurse(ctx, ill)
		if err != nil || again.Illness == "" {
			return err
		}
		ill = again
		if last, more := g.heard(); more {
			ill = last
		}
	}
	return nil
}

type guard struct {
	queue string
	news  workflow.ReceiveChannel
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
	if ill.Illness != messages.Throttled {
		if able, err := g.waitOut(ctx, ill); err != nil || !able {
			return messages.Ill{}, err
		}
	}
	for _, pace := range paces {
		step := messages.GuardStep{PerSecond: pace, Reason: fmt.Sprintf("%g calls a second after an illness: %s", pace, ill.What)}
		out, err := g.do(ctx, step, step.Reason)
		if err != nil || out.Unable {
			return messages.Ill{}, err
		}
		again, err := g.hearFor(ctx, paceTime, step.Reason)
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
	since := workflow.Now(ctx)
	step := messages.GuardStep{Reason: "stopped, " + ill.What}
	for wait := firstAsk; ; wait = min(2*wait, lastAsk) {
		shown := fmt.Sprintf("stopped since %s: %s", since.UTC().Format(time.RFC3339), ill.What)
		step.Illness = ill.Illness
		out, err := g.do(ctx, step, shown)
		switch {
		case err != nil || out.Unable:
			return false, err
		case step.Ask && out.Ill.Illness == "":
			return true, nil
		case step.Ask:
			ill = out.Ill
		}
		if at := ill.Until.Sub(workflow.Now(ctx)); at > wait {
			wait = min(at, lastAsk)
		}
		if err := workflow.NewTimerWithOptions(ctx, wait, workflow.TimerOptions{Summary: "ask the platform again"}).Get(ctx, nil); err != nil {
			return false, err //nolint:wrapcheck // cancelled from outside
		}
		g.heard() // what was under way when the queue was stopped fails too: no news
		step.Ask, step.Reason = true, "stopped, "+ill.What
	}
}

// do carries out one step, and shows where the guard stands.
func (g *guard) do(ctx workflow.Context, step messages.GuardStep, shown string) (messages.GuardResult, error) {
	step.Queue = g.queue
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
