package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// Return carries one return from its authorisation to a refund paid and stock
// put back: look, act, wait (design section 5). What can wake it: news of either
// platform, a command of a person, an act that ended, and its one timer.
func Return(ctx workflow.Context, in messages.ReturnInput) error {
	r := &returnRun{in: in, running: map[string]bool{}, repeats: map[string]int{}, outcomes: map[string]messages.Outcome{}}
	if err := r.listen(ctx); err != nil {
		return err
	}
	// What came with the start rides on the first look.
	if err := workflow.Await(ctx, func() bool { return r.listening }); err != nil {
		return err //nolint:wrapcheck // cancelled from outside
	}
	r.news(messages.News{})
	return r.run(ctx)
}

// maxRepeats bounds how often one plan's act is tried without a fresh look.
const maxRepeats = 3

// returnRun is one run of one return.
type returnRun struct {
	in   messages.ReturnInput
	plan returns.Plan

	listening bool // what came before the first look has been received

	stale    []returns.Platform // what has to be read
	pending  bool               // the clock or a command wants a decision
	commands []returns.Command  // of people, not taken to the ledger yet
	outcomes map[string]messages.Outcome
	taken    int             // commands received, for their ids
	running  map[string]bool // acts under way
	repeats  map[string]int  // how often an act was tried since the last look
	planned  bool            // an act brought a new plan
	trouble  []returns.Trouble

	timerAt   time.Time
	stopTimer workflow.CancelFunc

	shown attributes
}

func (r *returnRun) run(ctx workflow.Context) error {
	for {
		if err := r.look(ctx); err != nil {
			return err
		}
		r.act(ctx)
		r.show(ctx)
		if r.ended(ctx) {
			return nil
		}
		if r.quiet() && workflow.GetInfo(ctx).GetContinueAsNewSuggested() && workflow.AllHandlersFinished(ctx) {
			return workflow.NewContinueAsNewError(ctx, messages.Return, r.in) //nolint:wrapcheck // Temporal's own signal
		}
		r.arm(ctx)
		// A return whose last news was a person's update can end only once that
		// person has been answered.
		if err := workflow.Await(ctx, func() bool { return r.hasNews() || r.planned || r.ended(ctx) }); err != nil {
			return err //nolint:wrapcheck // cancelled from outside
		}
		r.planned = false
	}
}

// look reads what is stale and takes people's commands to the ledger, until the
// plan asks for no further look. It never spins: a plan that keeps asking waits
// for its timer.
func (r *returnRun) look(ctx workflow.Context) error {
	for range 4 {
		if !r.hasNews() {
			return nil
		}
		platform := r.nextStale()
		in := messages.LookInput{Shop: r.in.Shop, Key: r.in.Key, Commands: r.commands, Trouble: r.trouble}
		r.commands, r.trouble, r.pending = nil, nil, false
		clear(r.repeats)
		out, err := r.lookAt(ctx, platform, in)
		if err != nil {
			out, err = r.reviewTrouble(ctx, platform, in, err)
		}
		if err != nil {
			return err
		}
		r.adopt(out)
	}
	if r.hasNews() {
		workflow.GetLogger(ctx).Warn("the plan keeps asking for looks; waiting a minute", "shop", r.in.Shop, "return", string(r.in.Key))
		r.stale, r.pending = nil, len(r.commands) > 0
		r.plan.Wake = returns.Wake{At: workflow.Now(ctx).Add(time.Minute), Why: "look again", Read: []returns.Platform{returns.ReturnGO, returns.TikTok}}
	}
	return nil
}

func (r *returnRun) lookAt(ctx workflow.Context, platform returns.Platform, in messages.LookInput) (messages.PlanResult, error) {
	switch platform {
	case returns.ReturnGO:
		return lookReturnGO(ctx, r.in, in)
	case returns.TikTok:
		return lookTikTok(ctx, r.in, in)
	}
	return review(ctx, in)
}

// reviewTrouble decides without a platform that did not answer in time: the
// clocks run on, IT hears of it, and the same is tried again later.
func (r *returnRun) reviewTrouble(ctx workflow.Context, platform returns.Platform, in messages.LookInput, err error) (messages.PlanResult, error) {
	if ctx.Err() != nil {
		return messages.PlanResult{}, err
	}
	in.Trouble = append(in.Trouble, returns.Trouble{Platform: platform, Endpoint: "look", Class: returns.TroubleUnreachable, Message: "no answer for " + lookPatience.String()})
	for {
		out, err := review(ctx, in)
		if err == nil || ctx.Err() != nil {
			return out, err
		}
		workflow.GetLogger(ctx).Error("the ledger has not answered for a day; trying on", "error", err)
	}
}

// act starts what the plan names and is not under way yet. The refund and the
// restock never wait for each other.
func (r *returnRun) act(ctx workflow.Context) {
	for _, a := range r.plan.Acts {
		name := string(a.Kind) + " " + a.Subject
		if a.Kind == returns.ActLookReturnGO || a.Kind == returns.ActLookTikTok || r.running[name] {
			continue
		}
		if r.repeats[name]++; r.repeats[name] > maxRepeats {
			r.plan.Wake = returns.Wake{At: workflow.Now(ctx).Add(time.Minute), Why: "try again: " + a.Reason, Read: []returns.Platform{returns.TikTok}}
			continue
		}
		r.running[name] = true
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer delete(r.running, name)
			out, err := do(ctx, r.in, a)
			if err != nil {
				r.actFailed(ctx, a, err)
				return
			}
			r.adopt(out)
			r.planned = true
		})
	}
}

// actFailed is an act that could not be carried out for a long time: no failure
// of the return. IT hears of it, and the same effect is scheduled again under
// the same key.
func (r *returnRun) actFailed(ctx workflow.Context, a returns.Act, err error) {
	if ctx.Err() != nil {
		return
	}
	workflow.GetLogger(ctx).Warn("an act was not possible in time", "act", string(a.Kind), "error", err)
	platform := returns.TikTok
	if a.Kind == returns.ActWriteBack {
		platform = returns.ReturnGO
	}
	r.trouble = append(r.trouble, returns.Trouble{Platform: platform, Endpoint: string(a.Kind), Class: returns.TroubleUnreachable, Message: "not possible for " + actPatience.String()})
	r.pending = true
}

// adopt takes over a plan unless a newer one is already there, and what it asks
// to be read.
func (r *returnRun) adopt(out messages.PlanResult) {
	for _, o := range out.Outcomes {
		r.outcomes[o.CommandID] = o
	}
	if out.Plan.DecidedAt.Before(r.plan.DecidedAt) {
		return
	}
	r.plan = out.Plan
	for _, a := range r.plan.Acts {
		switch a.Kind {
		case returns.ActLookReturnGO:
			r.markStale(returns.ReturnGO)
		case returns.ActLookTikTok:
			r.markStale(returns.TikTok)
		}
	}
}

func (r *returnRun) markStale(p returns.Platform) {
	if p == returns.ReturnGO && r.in.Key.RMAID() == "" {
		return // ReturnGO knows nothing of it
	}
	if !slices.Contains(r.stale, p) {
		r.stale = append(r.stale, p)
	}
}

// nextStale is what to read first; nothing means that a decision is enough.
func (r *returnRun) nextStale() returns.Platform {
	for _, p := range []returns.Platform{returns.ReturnGO, returns.TikTok} {
		if i := slices.Index(r.stale, p); i >= 0 {
			r.stale = slices.Delete(r.stale, i, i+1)
			return p
		}
	}
	return ""
}

func (r *returnRun) hasNews() bool { return len(r.stale) > 0 || r.pending || len(r.commands) > 0 }

func (r *returnRun) quiet() bool { return !r.hasNews() && len(r.running) == 0 }

// ended tells whether the return is over: the plan says so, nothing is under
// way, nobody waits for an answer.
func (r *returnRun) ended(ctx workflow.Context) bool {
	return r.plan.Close && r.quiet() && workflow.AllHandlersFinished(ctx)
}

// arm sets the one timer for the earliest time the plan names. A later time
// never cancels it: when it fires too early it is set anew.
func (r *returnRun) arm(ctx workflow.Context) {
	at := r.plan.Wake.At
	if at.IsZero() || r.plan.Close || !r.timerAt.IsZero() && !r.timerAt.After(at) {
		return
	}
	if r.stopTimer != nil {
		r.stopTimer()
	}
	timerCtx, stop := workflow.WithCancel(ctx)
	r.timerAt, r.stopTimer = at, stop
	timer := workflow.NewTimerWithOptions(timerCtx, max(at.Sub(workflow.Now(ctx)), 10*time.Millisecond), workflow.TimerOptions{Summary: r.plan.Wake.Why})
	workflow.Go(timerCtx, func(ctx workflow.Context) {
		if timer.Get(ctx, nil) != nil {
			return // withdrawn
		}
		r.timerAt, r.stopTimer = time.Time{}, nil
		r.wake(ctx)
	})
}

// wake is the timer's news.
func (r *returnRun) wake(ctx workflow.Context) {
	if w := r.plan.Wake; w.At.After(workflow.Now(ctx)) {
		r.arm(ctx)
		return
	}
	for _, p := range r.plan.Wake.Read {
		r.markStale(p)
	}
	r.pending = true
}

// news marks what has to be read.
func (r *returnRun) news(n messages.News) {
	if len(n.Platforms) == 0 {
		n.Platforms = []returns.Platform{returns.ReturnGO}
		if r.in.Key.RMAID() == "" {
			n.Platforms = []returns.Platform{returns.TikTok}
		}
	}
	for _, p := range n.Platforms {
		if p == messages.LedgerOnly {
			r.pending = true
			continue
		}
		r.markStale(p)
	}
}
