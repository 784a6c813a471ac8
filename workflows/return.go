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
	r := &returnRun{
		in: in, running: map[string]bool{}, tries: map[string]tries{}, outcomes: map[string]messages.Outcome{},
		shown: shownBefore(workflow.GetTypedSearchAttributes(ctx)),
	}
	r.begin(ctx)
	if err := r.listen(ctx); err != nil {
		return err
	}
	return r.run(ctx)
}

// What keeps a plan that never comes to rest from spinning: an act is tried
// maxTries times within a rest, a chain of looks ends after maxLooks, and what
// is put off then waits for a rest. Two looks of the clock are at least soonest
// apart.
const (
	maxTries = 3
	maxLooks = 8
	rest     = time.Minute
	soonest  = time.Second
)

// tries counts how often an act was tried since a time.
type tries struct {
	since time.Time
	count int
}

// returnRun is one run of one return.
type returnRun struct {
	in      messages.ReturnInput
	plan    returns.Plan
	adopted int // plans taken over so far

	stale    []returns.Platform // what has to be read
	apart    bool               // both platforms together did not answer: each is asked alone
	pending  bool               // the clock or a command wants a decision
	history  bool               // a backfill brought the return, and no news since
	commands []returns.Command  // of people, not taken to the ledger yet
	refused  messages.Refused   // what came beyond them, not told to the ledger yet
	outcomes map[string]messages.Outcome
	signals  int             // commands that came as signals, for their ids
	running  map[string]bool // acts under way
	tries    map[string]tries
	resting  returns.Wake // what was put off lest it spins
	planned  bool         // an act brought a new plan
	trouble  []returns.Trouble

	timerAt   time.Time
	stopTimer workflow.CancelFunc

	shown attributes
}

func (r *returnRun) run(ctx workflow.Context) error {
	if err := r.hear(ctx); err != nil { // what came with the start rides on the first look
		return err
	}
	for {
		if err := r.look(ctx); err != nil {
			return err
		}
		r.act(ctx)
		if err := r.hear(ctx); err != nil {
			return err
		}
		ended := r.ended(ctx)
		r.show(ctx, ended)
		if ended {
			return nil
		}
		if r.quiet() && workflow.GetInfo(ctx).GetContinueAsNewSuggested() && workflow.AllHandlersFinished(ctx) {
			return workflow.NewContinueAsNewError(ctx, messages.Return, r.in) //nolint:wrapcheck // Temporal's own signal
		}
		r.arm(ctx)
		if err := workflow.Await(ctx, func() bool { return r.hasNews() || r.planned }); err != nil {
			return err //nolint:wrapcheck // cancelled from outside
		}
		r.planned = false
	}
}

// begin marks what the first look reads: an RMA's plan asks for TikTok itself.
// A run that goes on from another reads everything that one may have put off.
func (r *returnRun) begin(ctx workflow.Context) {
	r.markStale(returns.ReturnGO)
	if r.in.Key.RMAID() == "" || workflow.GetInfo(ctx).ContinuedExecutionRunID != "" {
		r.markStale(returns.TikTok)
	}
}

// hear lets the other coroutines take what has arrived already. A signal that
// the run did not hear before its end would be lost without a word.
func (r *returnRun) hear(ctx workflow.Context) error {
	heard := false
	workflow.Go(ctx, func(workflow.Context) { heard = true })
	return workflow.Await(ctx, func() bool { return heard }) //nolint:wrapcheck // cancelled from outside
}

// look reads what is stale and takes people's commands to the ledger, until the
// plan asks for no further look. It never spins: a plan that keeps asking waits
// for its timer.
func (r *returnRun) look(ctx workflow.Context) error {
	for range maxLooks {
		if !r.hasNews() {
			return nil
		}
		platform := r.nextStale()
		in := messages.LookInput{Shop: r.in.Shop, Key: r.in.Key, Commands: r.commands, Refused: r.refused, Trouble: r.trouble, History: r.history, AtOnce: len(r.running) == 0}
		r.commands, r.refused, r.trouble, r.pending = nil, messages.Refused{}, nil, false
		asked := r.adopted
		out, err := r.lookAt(ctx, platform, in)
		if err != nil && platform == bothPlatforms && ctx.Err() == nil {
			r.apart, r.stale = true, []returns.Platform{returns.ReturnGO, returns.TikTok}
			r.takeBack(in)
			continue
		}
		if err != nil {
			out, err = r.reviewTrouble(ctx, platform, in, err)
		}
		if err != nil {
			return err
		}
		r.adopt(ctx, out, asked)
		r.act(ctx) // the next look may bring a plan that no longer names what this one began
	}
	if r.hasNews() {
		workflow.GetLogger(ctx).Warn("the plan keeps asking for looks; waiting a minute", "shop", r.in.Shop, "return", string(r.in.Key))
		r.putOff(workflow.Now(ctx).Add(rest), "look again", r.stale...)
		r.stale, r.pending = nil, false
	}
	return nil
}

func (r *returnRun) lookAt(ctx workflow.Context, platform returns.Platform, in messages.LookInput) (messages.PlanResult, error) {
	switch platform {
	case bothPlatforms:
		return lookBoth(ctx, r.in, in)
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
	if platform != "" {
		in.Trouble = append(in.Trouble, returns.Trouble{Platform: platform, Endpoint: "look", Class: returns.TroubleUnreachable, Message: "no answer for " + lookPatience.total.String()})
	}
	for {
		out, err := review(ctx, in)
		if err == nil || ctx.Err() != nil {
			return out, err
		}
		workflow.GetLogger(ctx).Error("the ledger has not answered; trying on", "error", err)
		if err := workflow.Sleep(ctx, rest); err != nil {
			return out, err //nolint:wrapcheck // cancelled from outside
		}
	}
}

// act starts what the plan names and is not under way yet. The refund and the
// restock never wait for each other, and what follows from an act does not wait
// for a look that is under way.
func (r *returnRun) act(ctx workflow.Context) {
	for _, a := range r.plan.Acts {
		name := string(a.Kind) + " " + a.Subject
		if activityOf(a.Kind) == "" || r.running[name] {
			continue
		}
		if !r.mayTry(ctx, name) {
			r.putOff(workflow.Now(ctx).Add(rest), "try again: "+a.Reason)
			continue
		}
		r.running[name] = true
		asked := r.adopted
		workflow.Go(ctx, func(ctx workflow.Context) {
			out, err := do(ctx, r.in, a)
			delete(r.running, name)
			if err != nil {
				r.actFailed(ctx, a, err)
				return
			}
			r.adopt(ctx, out, asked)
			r.act(ctx)
			r.planned = true
		})
	}
}

// mayTry counts a try of an act. Looks do not clear the count: an act and a look
// that keep asking for each other would spin.
func (r *returnRun) mayTry(ctx workflow.Context, name string) bool {
	now, t := workflow.Now(ctx), r.tries[name]
	if now.Sub(t.since) >= rest {
		t = tries{since: now}
	}
	t.count++
	r.tries[name] = t
	return t.count <= maxTries
}

// putOff has something looked at later, whatever a plan says meanwhile; of
// several times the first holds for all.
func (r *returnRun) putOff(at time.Time, why string, read ...returns.Platform) {
	if r.resting.At.IsZero() || at.Before(r.resting.At) {
		r.resting.At, r.resting.Why = at, why
	}
	for _, p := range read {
		if !slices.Contains(r.resting.Read, p) {
			r.resting.Read = append(r.resting.Read, p)
		}
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
	r.trouble = append(r.trouble, returns.Trouble{Platform: platform, Endpoint: string(a.Kind), Class: returns.TroubleUnreachable, Message: "not possible for " + actPatience.total.String()})
	r.pending = true
}

// adopt takes over a plan and what it asks to be read, unless a plan decided
// later came in since it was asked for. Without one the order is certain. A plan
// that ends the return asks for nothing more.
func (r *returnRun) adopt(ctx workflow.Context, out messages.PlanResult, asked int) {
	for _, o := range out.Outcomes {
		r.outcomes[o.CommandID] = o
	}
	if w := out.Later; !w.At.IsZero() {
		r.putOff(onOurClock(ctx, w.At, out.Plan), w.Why, w.Read...)
	}
	if r.adopted != asked && decidedBefore(out.Plan, r.plan) {
		return
	}
	r.adopted++
	r.plan = out.Plan
	if w := &r.plan.Wake; !w.At.IsZero() {
		w.At = onOurClock(ctx, w.At, out.Plan)
	}
	if r.plan.Close {
		return
	}
	for _, a := range r.plan.Acts {
		switch a.Kind {
		case returns.ActLookReturnGO:
			r.markStale(returns.ReturnGO)
		case returns.ActLookTikTok:
			r.markStale(returns.TikTok)
		}
	}
}

// decidedBefore tells which of two plans is older: the ledger counts a return's
// decisions. Histories from before it did know only the times of two machines.
func decidedBefore(a, b returns.Plan) bool {
	if a.Number > 0 && b.Number > 0 {
		return a.Number < b.Number
	}
	return a.DecidedAt.Before(b.DecidedAt)
}

// onOurClock is a time that a plan names. The clocks of two machines may differ;
// how long to wait does not.
func onOurClock(ctx workflow.Context, at time.Time, plan returns.Plan) time.Time {
	return workflow.Now(ctx).Add(at.Sub(plan.DecidedAt))
}

func (r *returnRun) markStale(p returns.Platform) {
	if p == returns.ReturnGO && r.in.Key.RMAID() == "" {
		return // ReturnGO knows nothing of it
	}
	if !slices.Contains(r.stale, p) {
		r.stale = append(r.stale, p)
	}
}

// bothPlatforms is to read ReturnGO and TikTok in one activity. It is tried once: an
// outage of one platform must not keep the other unread, and each queue's guard
// holds back only what is on it.
const bothPlatforms returns.Platform = "both"

// nextStale is what to read first; nothing means that a decision is enough.
func (r *returnRun) nextStale() returns.Platform {
	if len(r.stale) > 1 && !r.apart {
		r.stale = nil
		return bothPlatforms
	}
	r.apart = r.apart && len(r.stale) > 1
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
	return r.plan.Close && r.quiet() && r.resting.At.IsZero() && workflow.AllHandlersFinished(ctx)
}

// next is the earliest time at which the return looks though nothing is heard.
func (r *returnRun) next() returns.Wake {
	w := r.plan.Wake
	if r.plan.Close {
		w = returns.Wake{}
	}
	if w.At.IsZero() || !r.resting.At.IsZero() && r.resting.At.Before(w.At) {
		return r.resting
	}
	return w
}

// arm sets the one timer for the earliest time. A later time never cancels it:
// when it fires too early it is set anew. Nor does one that is hardly earlier: two
// plans name the same moment by two clocks. A time beyond the patience of an act
// under way is armed for when that has ended.
func (r *returnRun) arm(ctx workflow.Context) {
	w := r.next()
	wait := max(w.At.Sub(workflow.Now(ctx)), soonest)
	if w.At.IsZero() || !r.timerAt.IsZero() && !r.timerAt.After(w.At.Add(drift(wait))) {
		return
	}
	if len(r.running) > 0 && wait > actPatience.total {
		return
	}
	if r.stopTimer != nil {
		r.stopTimer()
	}
	timerCtx, stop := workflow.WithCancel(ctx)
	r.timerAt, r.stopTimer = w.At, stop
	timer := workflow.NewTimerWithOptions(timerCtx, wait, workflow.TimerOptions{Summary: w.Why})
	workflow.Go(timerCtx, func(ctx workflow.Context) {
		if timer.Get(ctx, nil) != nil || ctx.Err() != nil {
			return // withdrawn
		}
		r.timerAt, r.stopTimer = time.Time{}, nil
		r.wake(ctx)
	})
}

// drift is by how much a timer may be late: a thousandth of its time.
func drift(wait time.Duration) time.Duration { return min(wait/1000, time.Minute) }

// wake is the timer's news; it is none if what the timer was set for has moved.
func (r *returnRun) wake(ctx workflow.Context) {
	now, due := workflow.Now(ctx), false
	for _, w := range []returns.Wake{r.plan.Wake, r.resting} {
		if w.At.IsZero() || w.At.After(now) {
			continue
		}
		due = true
		for _, p := range w.Read {
			r.markStale(p)
		}
	}
	if !due {
		r.arm(ctx)
		return
	}
	if !r.resting.At.After(now) {
		r.resting = returns.Wake{}
	}
	r.pending = true
}

// news marks what has to be read. A platform that is not known is news of a
// later version: everything is read.
func (r *returnRun) news(n messages.News) {
	r.history = n.History && r.adopted == 0
	everything := len(n.Platforms) == 0
	for _, p := range n.Platforms {
		switch p {
		case messages.LedgerOnly:
			r.pending = true
		case returns.ReturnGO, returns.TikTok:
			r.markStale(p)
		default:
			everything = true
		}
	}
	if everything {
		r.markStale(returns.ReturnGO)
		r.markStale(returns.TikTok)
	}
}
