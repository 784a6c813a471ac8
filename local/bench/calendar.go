package bench

import (
	"bytes"
	"container/heap"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"go.temporal.io/sdk/testsuite"

	"returnbridge/activities"
	"returnbridge/config"
	"returnbridge/internal/app"
	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/platform"
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
			return nil, err
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
		Shops: map[string]*activities.Shop{demo.ShopName: {
			Key: demo.ShopName, Quota: calendarName, ReturnGO: reads,
			Policy: rules.Policy{Region: "GB", Gate: "validated", OrderPattern: regexp.MustCompile(`\d{15,20}`)},
		}},
	}
	return c, c.fill(ctx)
}

// deaf does not wake anybody: what a sweep finds here an event has told already,
// and its look waits for a call.
type deaf struct{}

func (deaf) WakeReturn(context.Context, string, returns.Key, messages.News) error { return nil }
func (deaf) WakeStock(context.Context, string, string) error                      { return nil }

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
		if err := c.wants(ctx, r, w); err != nil {
			return err
		}
	}
	return nil
}

// wants adds to the calls of an RMA, and makes what can be made now. An RMA that
// waits already has one time at which it goes on.
func (c *calendar) wants(ctx context.Context, r *rma, w want) error {
	waits := r.news+r.money > 0
	r.news += w.news
	r.money += w.money
	if waits {
		return nil
	}
	return c.carryOn(ctx, r)
}

// carryOn makes the calls of an RMA one by one, reads first, until one is put off.
func (c *calendar) carryOn(ctx context.Context, r *rma) error {
	for r.news > 0 {
		out, err := inActivity[messages.PlanResult](c.acts.LookReturnGO, messages.LookInput{Shop: demo.ShopName, Key: returns.RMAKey(r.id)})
		if err != nil {
			return fmt.Errorf("look: %w", err)
		}
		if at := out.Later.At; !at.IsZero() {
			c.refused["news"]++
			c.at(at, func(ctx context.Context) error { return c.carryOn(ctx, r) })
			return nil
		}
		r.news--
	}
	for r.money > 0 {
		put, err := c.forMoney(ctx, r)
		if err != nil {
			return err
		}
		if put {
			c.refused["money"]++
			c.at(c.midnight(), func(ctx context.Context) error { return c.carryOn(ctx, r) })
			return nil
		}
		r.money--
	}
	return nil
}

// forMoney is one call of the deciding read or, the last of them, the write-back.
// TikTok has paid in between.
func (c *calendar) forMoney(ctx context.Context, r *rma) (putOff bool, err error) {
	if r.money > 1 || !r.transaction || r.settled {
		_, err = c.money.RMA(ctx, r.id)
		return isPutOff(err), unlessPutOff(err)
	}
	books, _ := c.sandbox.RMA(r.id)
	t := books.Transactions[0]
	_, err = c.money.SetTransaction(ctx, t.ID, returngo.TransactionUpdate{Status: returns.TransactionSuccess, Reference: "4030000000000000001"})
	if err != nil {
		return isPutOff(err), unlessPutOff(err)
	}
	r.settled = true
	c.paid++
	return false, c.ledger.Do(ctx, func(tx *ledger.Tx) error {
		seen, _, err := tx.RMASeen(ctx, demo.ShopName, r.id)
		if err != nil {
			return err
		}
		for i := range seen.Transactions { // the echo of our own write is no news
			seen.Transactions[i].Status = returns.TransactionSuccess
		}
		return tx.SaveRMA(ctx, demo.ShopName, seen, c.now)
	})
}

// isPutOff tells whether the day had no room for a call.
func isPutOff(err error) bool {
	e, ok := errors.AsType[*platform.Error](err)
	return ok && e.Code == returngo.CodeQuotaKept
}

func unlessPutOff(err error) error {
	if isPutOff(err) {
		return nil
	}
	return err
}

func (c *calendar) sweep(context.Context) error {
	out, err := inActivity[messages.SweepResult](c.acts.SweepReturnGO, messages.ShopInput{Shop: demo.ShopName, ReturnGOKey: calendarName})
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	if out.PutOff {
		c.sweepsPutOff++
	}
	return nil
}

// minSweepCalls is the least that a day's sweeps need: one page of RMAs and one
// of transactions each.
func (c *calendar) minSweepCalls() int { return 2 * int(24*time.Hour/defaults(1).SweepReturnGO) }

// callsByPurpose are the calls of the day that has just ended.
func (c *calendar) callsByPurpose() map[string]int {
	calls := map[string]int{}
	_ = c.ledger.Do(context.Background(), func(tx *ledger.Tx) error {
		hours, err := tx.QuotaUse(context.Background(), calendarName, c.now.Add(-time.Hour))
		for _, u := range hours {
			calls[u.Purpose] += u.Used
		}
		return err
	})
	return calls
}

func (c *calendar) waiting() (n int) {
	for _, r := range c.all {
		if r.news+r.money > 0 {
			n++
		}
	}
	return n
}

// lost are authorised refunds that ReturnGO's books do not show as settled.
func (c *calendar) lost() (n int) {
	books := c.sandbox.Books()
	for _, r := range c.all {
		settled := slices.ContainsFunc(books.RMAs[r.id].Transactions, func(t returngosandbox.Transaction) bool { return t.Status == returns.TransactionSuccess })
		if r.transaction && !settled {
			n++
		}
	}
	return n
}

// forecast is what `starter quota` says of the day.
type forecast struct {
	ByMidnight int       `json:"by_midnight"`
	PutOff     int       `json:"put_off"`
	RunsOut    time.Time `json:"runs_out"`
}

func (c *calendar) forecast(ctx context.Context) (forecast, error) {
	var text bytes.Buffer
	cfg := &config.Config{Ledger: c.path, ReturnGO: []config.ReturnGOKey{{Name: calendarName, CallsPerDay: c.day.quota}}}
	err := app.Quota(ctx, cfg, app.Deps{Now: func() time.Time { return c.now }}, app.Output{Writer: &text, JSON: true})
	if err != nil {
		return forecast{}, err
	}
	var report struct {
		Keys []forecast `json:"keys"`
	}
	if err := json.Unmarshal(text.Bytes(), &report); err != nil || len(report.Keys) != 1 {
		return forecast{}, fmt.Errorf("forecast: %w", err)
	}
	return report.Keys[0], nil
}

func (c *calendar) close() {
	c.web.Close()
	c.sandbox.Close()
	if c.ledger != nil {
		_ = c.ledger.Close()
	}
}

// inActivity runs an activity as a worker would, without a server.
func inActivity[Out any](do, in any) (out Out, err error) {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(do)
	value, err := env.ExecuteActivity(do, in)
	if err != nil {
		return out, err //nolint:wrapcheck // the activity's own
	}
	return out, value.Get(&out) //nolint:wrapcheck // it has just been encoded
}
