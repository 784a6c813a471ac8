package bench

import (
	"context"
	"fmt"
	"math"
	"time"
)

// day is one day of a merchant with so many returns, and the calls that ReturnGO
// grants their key; short: far too few on purpose.
type day struct {
	returns, quota int
	short          bool
}

const (
	// targetCalls is how many calls to ReturnGO a finished return may need.
	targetCalls = 4.5
	// openDays is how long an RMA stays open (ReturnGO contract 8.1), and
	// waitingDays how long of it as Received, and again as Validated.
	openDays    = 10
	waitingDays = 0.5
)

// daysOfCalls counts the calls to ReturnGO of whole days.
func (b *bench) daysOfCalls(ctx context.Context) (Figure, error) {
	steps := newShares(b.perRMA)
	f := Figure{
		Title: "calls to ReturnGO by the day", Storage: "no Temporal; a SQLite ledger for each day",
		How: fmt.Sprintf("a day on a clock of its own, from midnight to midnight UTC, in the steady state of a merchant whose RMAs stay open %d days, half a day of it as Received and half a day as Validated; returns come evenly over the day and no event is lost, so sweeps are as rare as they may be. "+
			"Events: for each the calls that `cost` has measured on the whole program at that step, and one more before the write-back, which only the bench's quick money spares (%s), made by the real LookReturnGO and, for money, by the real client against the ledger's own count of the day. Sweeps: the real SweepReturnGO at each of the day's %d intervals, against a sandbox that holds all those RMAs and grants no more calls than the key has. Workflows do not run. A return is finished when all its calls are made: what the day did not grant is played on, over days on which nothing new comes. "+
			"The last of the days has one call for each return, as 2,000 returns have under the default key, at a part of its size: reserves, sweeps and pages are in proportion.",
			openDays, steps, 24*time.Hour/defaults(1).SweepReturnGO),
	}
	if steps.total() == 0 {
		return f, fmt.Errorf("the calls of a return were not measured")
	}
	for _, d := range b.days {
		b.say(fmt.Sprintf("measuring days: %d returns with %d calls", d.returns, d.quota))
		c, err := b.openCalendar(ctx, d, steps)
		if err != nil {
			return f, err
		}
		err = c.measure(ctx, &f)
		c.close()
		if err != nil {
			return f, fmt.Errorf("%d returns with %d calls: %w", d.returns, d.quota, err)
		}
	}
	return f, nil
}

// measure plays the day, and the days after it until nothing waits any more.
func (c *calendar) measure(ctx context.Context, f *Figure) error {
	name := fmt.Sprintf("%d returns, %d calls a day: ", c.day.returns, c.day.quota)
	forecast, err := c.playDay(ctx)
	if err != nil {
		return err
	}
	calls, err := c.callsByPurpose(ctx)
	if err != nil {
		return err
	}
	atMidnight := c.waiting()
	f.Tables = append(f.Tables, Table{Title: name + "calls", Columns: []string{"made", "put off"}, Rows: []Row{
		{"money", []float64{float64(calls["money"]), float64(c.refused["money"])}},
		{"news", []float64{float64(calls["news"]), float64(c.refused["news"])}},
		{"sweep", []float64{float64(calls["sweep"]), float64(c.sweepsPutOff)}},
	}})
	f.add(plain(name+"forecast at noon, calls needed by midnight", float64(forecast.ByMidnight), "calls"),
		plain(name+"calls put off until noon, as `starter quota` shows", float64(forecast.PutOff), "calls"))
	named := plain(name+"`starter quota` at noon names the hour at which the calls for reads end (1: yes)", 0, "")
	if !forecast.RunsOut.IsZero() {
		named.Number = 1
	}
	if atMidnight > 0 {
		f.add(atLeast(named, 1))
	} else {
		f.add(atMost(named, 0))
	}
	f.add(
		plain(name+"calls made that day", sum(calls), "calls"),
		plain(name+"refunds owed that day and paid that day", float64(c.paid), "refunds"),
		plain(name+"returns that wait for calls at midnight", float64(atMidnight), "returns"),
	)
	days, all := 0, floats(calls)
	for ; c.waiting() > 0 && days < 30; days++ {
		if err := c.playOn(ctx); err != nil {
			return err
		}
		if calls, err = c.callsByPurpose(ctx); err != nil {
			return err
		}
		plus(all, floats(calls))
	}
	each := plain(name+"calls a finished return, sweeps included", sum(all)/float64(c.day.returns), "calls")
	if !c.day.short {
		each = atMost(each, targetCalls)
	}
	f.add(each, plain(name+"of which sweeps", all["sweep"]/float64(c.day.returns), "calls"))
	f.add(plain(name+"further days without new returns until all are done", float64(days), "days"),
		atMost(plain(name+"returns lost", float64(c.lost()), "returns"), 0),
		plain(name+"calls that ReturnGO itself refused", float64(c.sandbox.Books().Throttled[calendarKey]), "calls"))
	return nil
}

// shares are the calls of one RMA at each of its events, as whole numbers.
type shares struct {
	approved, received, settled, done want
}

// want is how many calls an event brings, by purpose.
type want struct{ news, money int }

func newShares(measured callsPerStep) shares {
	var s shares
	at := func(w *want, name string) {
		w.news += int(math.Round(measured[name]["news"]))
		w.money += int(math.Round(measured[name]["money"]))
	}
	at(&s.approved, happyReturn[0].name)
	at(&s.approved, happyReturn[1].name)
	at(&s.approved, happyReturn[2].name)
	at(&s.received, happyReturn[3].name)
	at(&s.settled, happyReturn[4].name)
	s.settled.money += beforeWriteBack
	at(&s.done, setDone.name)
	return s
}

// beforeWriteBack is the read of the RMA that a write-back needs in life: TikTok's
// money takes longer there than a read may be old to write on. In the house of
// `cost` it takes five seconds, so that the read before the refund still holds.
const beforeWriteBack = 1

func (s shares) total() int {
	all := 0
	for _, w := range []want{s.approved, s.received, s.settled, s.done} {
		all += w.news + w.money
	}
	return all
}

func (s shares) String() string {
	return fmt.Sprintf("approved to sent %d, received %d, inspected to paid %d and %d for money, Done %d",
		s.approved.news+s.approved.money, s.received.news+s.received.money, s.settled.news, s.settled.money, s.done.news+s.done.money)
}
