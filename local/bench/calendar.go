package bench

import (
	"container/heap"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"time"

	"returnbridge/activities"
	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returngo"
	"returnbridge/internal/returns"
	"returnbridge/internal/returns/rules"
	"returnbridge/local/demo"
	"returnbridge/local/returngosandbox"
)

const (
	calendarKey  = "calendar-key"
	calendarName = "calendar" // our name of the key
)

// calendar is a merchant's ReturnGO side on a clock of its own: the real ledger,
// quota, client, look and sweep against a sandbox. It does no more than one thing
// at a time.
type calendar struct {
	day   day
	steps shares
	path  string

	now     time.Time
	sandbox *returngosandbox.Sandbox
	web     *httptest.Server
	ledger  *ledger.Ledger
	acts    *activities.Activities
	money   *returngo.Shop // the client whose calls are for money

	approved, received, validated []*rma // each queue the oldest first
	all                           []*rma
	due                           agenda
	refused                       map[string]int
	paid, sweepsPutOff            int
}

// rma is one RMA with the calls that are still to be made for its last events.
type rma struct {
	id, item    string
	transaction bool // money was authorised in the time that is played
	news, money int
	settled     bool
}

// agenda is what happens next, the earliest first.
type agenda []happening

type happening struct {
	at time.Time
	do func(context.Context) error
}

func (a agenda) Len() int           { return len(a) }
func (a agenda) Less(i, j int) bool { return a[i].at.Before(a[j].at) }
func (a agenda) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(h any)        { *a = append(*a, h.(happening)) } //nolint:forcetypeassert // heap's form
func (a *agenda) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

func (c *calendar) at(t time.Time, do func(context.Context) error) {
	heap.Push(&c.due, happening{t, do})
}

func (b *bench) openCalendar(ctx context.Context, d day, steps shares) (_ *calendar, err error) {
	c := &calendar{day: d, steps: steps, refused: map[string]int{}, now: time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC),
		path: filepath.Join(b.dir, fmt.Sprintf("day-%d-%d.db", d.returns, d.quota))}
	clock := func() time.Time { return c.now }
	c.sandbox = returngosandbox.New(returngosandbox.Options{Clock: clock, PerSecond: -1, PerDay: d.quota, Seed: 1})
	c.sandbox.AddKey(calendarKey, demo.Store)
	c.web = httptest.NewServer(c.sandbox.Handler())
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	if c.ledger, err = ledger.Open(ctx, c.path, clock); err != nil {
		return nil, err
	}
	quota := &activities.Quota{Ledger: c.ledger, Now: clock, PerDay: map[string]int{calendarName: d.quota}}
	web := &http.Client{Transport: &http.Transport{}}
	shop := func(allow func(context.Context) (time.Duration, error)) (*returngo.Shop, error) {
		client, err := returngo.New(returngo.Options{BaseURL: c.web.URL, APIKey: calendarKey, HTTP: web, Clock: clock, Allow: allow})
		if err != nil {
			return nil, err //nolint:wrapcheck // it names the option
		}
		return client.Shop(demo.Store), nil
	}
	reads, err := shop(quota.Allow(calendarName))
	if err != nil {
		return nil, err
	}
	if c.money, err = shop(c.allowMoney); err != nil {
		return nil, err
	}
	c.acts = &activities.Activities{
		Ledger: c.ledger, Quota: quota, Now: clock, Waker: deaf{}, OpenSweepEvery: defaults(1).SweepReturnGOOpen, OverdueAfter: never,
		EventsQuiet: defaults(1).EventsQuiet, InboxKept: defaults(1).InboxKept,
		Shops: map[string]*activities.Shop{demo.ShopName: {
			Key: demo.ShopName, Quota: calendarName, ReturnGO: reads,
			Policy: rules.Policy{Gate: "validated", OrderPattern: regexp.MustCompile(`\d{15,20}`)},
		}},
	}
	return c, c.fill(ctx)
}

// deaf does not wake anybody: what a sweep finds here an event has told already,
// and its look waits for a call.
type deaf struct{}

func (deaf) WakeReturn(context.Context, string, returns.Key, messages.News) error { return nil }
func (deaf) WakeStock(context.Context, string, string) error                      { return nil }
func (deaf) Running(context.Context, string) (map[string]bool, error) {
	return map[string]bool{}, nil
}

func (deaf) Failing(context.Context, string) (map[string]string, error) {
	return map[string]string{}, nil
}

func (deaf) Waits(context.Context, string, returns.Key) (runs, waits bool, err error) {
	return true, false, nil
}

func (deaf) WakeGuard(context.Context, string, messages.Ill) error { return nil }

// allowMoney asks the day's count as a call for money does: up to the last one.
func (c *calendar) allowMoney(ctx context.Context) (wait time.Duration, err error) {
	err = c.ledger.Do(ctx, func(tx *ledger.Tx) error {
		granted, _, _, err := tx.SpendCall(ctx, calendarName, "money", c.day.quota)
		if !granted {
			wait = c.midnight().Sub(c.now)
		}
		return err
	})
	return wait, err
}

func (c *calendar) midnight() time.Time { return c.now.Truncate(24 * time.Hour).Add(24 * time.Hour) }

// fill brings the steady state of the days before: what is open, as read.
func (c *calendar) fill(ctx context.Context) error {
	inStage := int(float64(c.day.returns) * waitingDays)
	total := c.day.returns * openDays
	start := c.now
	for i := range total {
		c.now = start.Add(-time.Hour * 24 * openDays * time.Duration(total-i) / time.Duration(total))
		r, err := c.open(i)
		if err != nil {
			return err
		}
		switch {
		case i < inStage:
			c.validated = append(c.validated, r)
			r.settled = true
		case i < 2*inStage:
			c.received = append(c.received, r)
		default:
			c.approved = append(c.approved, r)
			continue
		}
		if err := c.sandbox.Receive(r.id); err != nil {
			return fmt.Errorf("receive: %w", err)
		}
		if r.settled {
			if err := inspected(c.sandbox, r.id, r.item); err != nil {
				return err
			}
		}
	}
	c.now = start
	books := c.sandbox.Books()
	return c.ledger.Do(ctx, func(tx *ledger.Tx) error {
		for _, r := range c.all {
			known := returns.RMA{ID: r.id, Status: books.RMAs[r.id].Status, Items: []returns.RMAItem{{ID: r.item}}}
			if err := tx.SaveRMA(ctx, demo.ShopName, known, start.Add(-time.Hour)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *calendar) open(i int) (*rma, error) {
	id, item, err := approvedRMA(c.sandbox, demo.Store, fmt.Sprintf("57600000000%08d", i), "TEE-01", "12.99")
	r := &rma{id: id, item: item}
	c.all = append(c.all, r)
	return r, err
}

// playDay is the day with its returns and sweeps; it gives the forecast of noon.
func (c *calendar) playDay(ctx context.Context) (forecast forecast, err error) {
	began, n := c.now, c.day.returns
	for i := range n {
		c.at(began.Add((24*time.Hour*time.Duration(2*i+1))/time.Duration(2*n)), c.slot)
	}
	c.at(began.Add(12*time.Hour), func(ctx context.Context) error {
		forecast, err = c.forecast(ctx)
		return err
	})
	c.sweepsUntil(began.Add(24 * time.Hour))
	return forecast, c.play(ctx, began.Add(24*time.Hour))
}

// playOn is one more day, on which nothing new comes.
func (c *calendar) playOn(ctx context.Context) error {
	end := c.midnight()
	c.sweepsUntil(end)
	return c.play(ctx, end)
}

func (c *calendar) sweepsUntil(end time.Time) {
	for at := c.now; at.Before(end); at = at.Add(defaults(1).SweepReturnGO) {
		c.at(at, c.sweep)
	}
}

// play does everything that is due before the end.
func (c *calendar) play(ctx context.Context, end time.Time) error {
	for len(c.due) > 0 && c.due[0].at.Before(end) && ctx.Err() == nil {
		h := heap.Pop(&c.due).(happening) //nolint:forcetypeassert // nothing else is in it
		if h.at.After(c.now) {
			c.now = h.at
		}
		if err := h.do(ctx); err != nil {
			return err
		}
	}
	c.now = end
	return ctx.Err() //nolint:wrapcheck // the caller's own
}

// slot is one return's worth of a day's events: one RMA is approved, one
// received, one inspected and authorised, one set to Done.
func (c *calendar) slot(ctx context.Context) error {
	fresh, err := c.open(len(c.all))
	if err != nil {
		return err
	}
	c.approved = append(c.approved, fresh)
	came, inspectedNow, done := c.approved[0], c.received[0], c.validated[0]
	c.approved, c.received, c.validated = c.approved[1:], append(c.received[1:], came), append(c.validated[1:], inspectedNow)
	if err := c.sandbox.Receive(came.id); err != nil {
		return fmt.Errorf("receive: %w", err)
	}
	if err := inspectedAndAuthorised(c.sandbox, inspectedNow.id, inspectedNow.item, "12.99"); err != nil {
		return err
	}
	inspectedNow.transaction = true
	if err := c.sandbox.Done(done.id); err != nil {
		return fmt.Errorf("done: %w", err)
	}
	for r, w := range map[*rma]want{fresh: c.steps.approved, came: c.steps.received, inspectedNow: c.steps.settled, done: c.steps.done} {
		if err := c.told(ctx, r, w); err != nil {
			return err
		}
		if err := c.wants(ctx, r, w); err != nil {
			return err
		}
	}
	return nil
}

// told is what receiver and relay write down of an event; a stage that needs no
// call is noted.
func (c *calendar) told(ctx context.Context, r *rma, w want) error {
	books, _ := c.sandbox.RMA(r.id)
	return c.ledger.Do(ctx, func(tx *ledger.Tx) error {
		e := ledger.Event{Shop: demo.ShopName, Platform: returns.ReturnGO, ID: r.id + books.Status, Topic: "RMA_STATUS_UPDATED", RMAID: r.id, Status: books.Status, HappenedAt: c.now}
		if _, err := tx.Receive(ctx, e); err != nil {
			return err
		}
		if err := tx.Relayed(ctx, e, "relayed"); err != nil {
			return err
		}
		if w.news+w.money > 0 {
			return tx.Came(ctx, demo.ShopName, returns.ReturnGO, 1, 0)
		}
		return tx.NoteStatus(ctx, demo.ShopName, returns.ReturnGO, r.id, books.Status, c.now)
	})
}

func (c *calendar) close() {
	c.web.Close()
	c.sandbox.Close()
	if c.ledger != nil {
		_ = c.ledger.Close()
	}
}
