package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"returnbridge/internal/returns"
)

// Decide says what a return needs next. Read it top to bottom: it is the
// business process. Every case can be reached from any other, because nothing
// but the facts is remembered.
func Decide(f Facts) Decision {
	d := newDesk(f)
	d.noteTrouble()
	d.settleClaims()
	d.writeOff()
	switch {
	case f.Key.TikTokReturnID() != "":
		d.keepTheClock() // a TikTok return without an RMA
	case f.Record.RMA == nil:
		d.look(returns.ReturnGO, "the RMA has not been read yet")
	case d.notOurs():
		d.close("this RMA does not belong to TikTok Shop")
	case d.shownOrNamed() && d.linked() && d.orderRead() && d.paired():
		d.register()
		d.refund()
		d.restock()
		d.writeBack()
		d.watchStages()
		d.finish()
	default:
		d.watchParked()
	}
	d.watchDeadlines()
	return d.decision()
}

// desk is where one decision is made: the facts on it, the plan growing.
type desk struct {
	Facts
	units    []*unit
	holds    []returns.Hold
	orderID  string
	plan     returns.Plan
	restocks []returns.Restock
	changes  []EffectChange
	ask      *Question
	waits    []string         // what is waited for, in plain words
	held     bool             // an act is held back, by a person or by reads that lag behind: the return stays open for it
	wanted   []returns.Act    // what switches keep from being done
	over     []string         // TikTok returns that are no longer shown, and taken as over by a person
	lags     []lag            // events that the reads do not show yet
	slow     bool             // TikTok's search does not show what it made long enough ago
	stops    []returns.Action // what people have stopped and this return would do
	limit    string           // the day's limit, where it does
}

func newDesk(f Facts) *desk {
	return &desk{Facts: f, orderID: f.Record.OrderID, holds: withoutStandings(f.Record.Holds), lags: lagging(f.Record), plan: returns.Plan{
		Stage: returns.StageNew, Number: f.Record.Decisions + 1, DecidedAt: f.Now, Rules: Version, Paused: f.Record.Paused, OrderID: f.Record.OrderID,
	}}
}

// look asks for a fresh read of one platform.
func (d *desk) look(p returns.Platform, why string) {
	kind := returns.ActLookReturnGO
	if p == returns.TikTok {
		kind = returns.ActLookTikTok
	}
	if d.troubled(p) {
		d.wait(string(p) + " has just refused to be read")
		return // asking again at once would spin
	}
	for _, a := range d.plan.Acts {
		if a.Kind == kind {
			return
		}
	}
	d.plan.Acts = append(d.plan.Acts, returns.Act{Kind: kind, Reason: why, OrderID: d.orderID, TikTokReturnID: d.Key.TikTokReturnID()})
}

// A return of which an act is switched off is looked at again after switchLook,
// later after twice as long up to rarestSwitchLook: no event tells of a switch. It
// reads neither platform.
const (
	switchLook       = 15 * time.Minute
	rarestSwitchLook = 2 * time.Hour
)

// do plans an act if its switch is on; else it says what would be done.
func (d *desk) do(on bool, a returns.Act) {
	if !on {
		d.wanted = append(d.wanted, a)
	}
	if d.Record.Paused {
		d.held = true
		d.wait("paused; next would be: " + a.Reason)
		return
	}
	if !on {
		d.wait(fmt.Sprintf("%s is switched off; would now: %s", a.Kind, a.Reason))
		held := d.Now.Sub(d.Record.RMAStatusSince)
		d.wakeAt(d.Now.Add(min(max(switchLook, held), rarestSwitchLook)), fmt.Sprintf("see whether %s is switched on", a.Kind))
		return
	}
	if !d.keepsUp(a) || d.braked(a) {
		d.held = true
		return
	}
	d.plan.Acts = append(d.plan.Acts, a)
}

// raise opens an exception, or keeps it open.
func (d *desk) raise(kind returns.Kind, amount returns.Money, format string, args ...any) {
	d.raiseAbout("", kind, amount, format, args...)
}

// raiseAbout opens an exception whose answer must speak for nothing but its subject.
func (d *desk) raiseAbout(subject string, kind returns.Kind, amount returns.Money, format string, args ...any) {
	e := returns.NewException(kind, fmt.Sprintf(format, args...), amount)
	e.Subject = subject
	if !slices.ContainsFunc(d.plan.Exceptions, e.Same) {
		d.plan.Exceptions = append(d.plan.Exceptions, e)
	}
}

// raiseTogether opens an exception, or adds to the one of its kind that is open: all
// that is asked so is one question, and its answer is about the whole return.
func (d *desk) raiseTogether(kind returns.Kind, amount returns.Money, format string, args ...any) {
	i := slices.IndexFunc(d.plan.Exceptions, func(e returns.Exception) bool { return e.Kind == kind && e.Subject == "" })
	if i < 0 {
		d.raise(kind, amount, format, args...)
		return
	}
	e := &d.plan.Exceptions[i]
	e.Amount = sumOf(e.Amount, amount)
	if more := fmt.Sprintf(format, args...); !strings.Contains(e.Sentence, more) {
		e.Sentence += "; " + more
	}
}

// raiseUnlessSeen opens an exception that a person only has to take note of.
func (d *desk) raiseUnlessSeen(subject string, kind returns.Kind, amount returns.Money, format string, args ...any) {
	if !d.answeredAbout(subject, kind, returns.AnswerAcknowledge) {
		d.raiseAbout(subject, kind, amount, format, args...)
	}
}

// raiseUnknown names a status that we do not know and that came at a time, unless
// a person has taken care of it since.
func (d *desk) raiseUnknown(subject string, began time.Time, amount returns.Money, format string, args ...any) {
	if !d.answeredAboutSince(subject, began, returns.UnknownStatus, returns.AnswerHandledManually) {
		d.raiseAbout(subject, returns.UnknownStatus, amount, format, args...)
	}
}

// wait notes what the return waits for.
func (d *desk) wait(what string) {
	if !slices.Contains(d.waits, what) {
		d.waits = append(d.waits, what)
	}
}

// wakeAt arms the clock: the earliest time wins.
func (d *desk) wakeAt(at time.Time, why string, read ...returns.Platform) {
	w := &d.plan.Wake
	switch {
	case at.IsZero():
	case w.At.IsZero() || at.Before(w.At):
		*w = returns.Wake{At: at, Why: why, Read: read}
	case at.Equal(w.At):
		for _, p := range read {
			if !slices.Contains(w.Read, p) {
				w.Read = append(w.Read, p)
			}
		}
	}
}

// rarestLook bounds the growing intervals between looks for the same thing.
const rarestLook = 24 * time.Hour

// growing is the next look for something that began at a time: each twice as
// late as the one before, within bounds. The times depend on the beginning alone:
// what is decided in between, for another reason, puts none of them off.
func (d *desk) growing(shortest time.Duration, began time.Time) time.Time {
	if d.Now.Sub(began) > longestGrowth {
		return d.Now.Add(max(shortest, rarestLook)) // nobody knows when
	}
	if began.After(d.Now) {
		began = d.Now
	}
	shortest = max(shortest, time.Second) // no period at all would never come to an end
	step, at := shortest, began.Add(shortest)
	for !at.After(d.Now) {
		at = at.Add(step)
		step = min(2*step, max(shortest, rarestLook))
	}
	return at
}

// longestGrowth is a time after which nobody counts from the beginning any more.
const longestGrowth = 365 * 24 * time.Hour

// due tells whether a threshold has passed; if not, the clock is armed for it.
func (d *desk) due(at time.Time, why string) bool {
	if at.IsZero() {
		return false
	}
	if d.Now.Before(at) {
		d.wakeAt(at, why)
		return false
	}
	return true
}

// close ends the return.
func (d *desk) close(why string) {
	d.plan.Close, d.plan.Stage = true, returns.StageClosed
	d.waits = []string{why}
}

// decision puts the pieces together.
func (d *desk) decision() Decision {
	p := &d.plan
	p.OrderID = d.orderID
	p.Units = d.rows()
	if len(p.Exceptions) > 0 {
		p.Close = false
		p.Stage = returns.StageException
	}
	if p.Paused && !p.Close {
		p.Stage = returns.StagePaused
	}
	p.Summary = d.summary()
	for _, h := range d.holds {
		if h.TikTokReturnID != "" && !slices.Contains(p.TikTokReturnIDs, h.TikTokReturnID) {
			p.TikTokReturnIDs = append(p.TikTokReturnIDs, h.TikTokReturnID)
		}
	}
	if id := d.Key.TikTokReturnID(); id != "" {
		p.TikTokReturnIDs = []string{id}
	}
	for _, u := range d.units {
		if !slices.Contains(p.SKUs, u.item.SKU) {
			p.SKUs = append(p.SKUs, u.item.SKU)
		}
	}
	return Decision{Plan: *p, OrderID: d.orderID, Holds: d.holds, Restocks: d.restocks, Changes: d.changes, Ask: d.ask, Shadows: d.shadows(), SlowSearch: d.slow, Stopped: d.stops, OverLimit: d.limit}
}

// summary is the one sentence people read first.
func (d *desk) summary() string {
	if len(d.plan.Exceptions) > 0 {
		e := d.plan.Exceptions[0]
		return fmt.Sprintf("%s asks %s: %s", e.Kind, e.Owner, e.Sentence)
	}
	if len(d.waits) > 0 {
		return d.waits[0]
	}
	if len(d.plan.Acts) > 0 {
		return d.plan.Acts[0].Reason
	}
	return string(d.plan.Stage)
}

// noteTrouble turns a platform that fails us into an exception for IT. It stays
// open until that platform has been read again: a decision made meanwhile for
// another reason heals nothing.
func (d *desk) noteTrouble() {
	for _, t := range d.Trouble {
		if t.Class == returns.TroubleLater || t.Class == returns.TroubleNotShown {
			continue // the return asks again by itself, or names what is not there
		}
		kind := returns.PlatformRefused
		if t.Class == returns.TroubleUnreachable {
			kind = returns.PlatformUnreachable
		}
		d.raiseAbout(string(t.Platform), kind, returns.Money{}, "%s, %s: %s", t.Platform, t.Endpoint, t.Message)
		d.wakeAt(d.growing(d.Policy.TroubleRetry, d.openSince(kind, string(t.Platform))), "try "+string(t.Platform)+" again", t.Platform)
	}
	for _, e := range d.Record.Open {
		if e.Kind != returns.PlatformRefused && e.Kind != returns.PlatformUnreachable {
			continue
		}
		p := returns.Platform(e.Subject)
		if p != "" && !d.troubled(p) && d.readAt(p).Before(e.OpenedAt) {
			d.raiseAbout(e.Subject, e.Kind, e.Amount, "%s", e.Sentence)
			d.wakeAt(d.growing(d.Policy.TroubleRetry, e.OpenedAt), "try "+e.Subject+" again", p)
		}
	}
}

// openSince is since when an exception has been open: from now on if it is not yet.
func (d *desk) openSince(kind returns.Kind, subject string) time.Time {
	if at := d.Record.OpenSince(kind, subject); !at.IsZero() {
		return at
	}
	return d.Now
}

// troubled tells whether a platform has just failed us.
func (d *desk) troubled(p returns.Platform) bool {
	return slices.ContainsFunc(d.Trouble, func(t returns.Trouble) bool { return t.Platform == p })
}

func (d *desk) readAt(p returns.Platform) time.Time {
	if p == returns.ReturnGO {
		return d.Record.RMAReadAt
	}
	return d.Record.TikTokReadAt
}
