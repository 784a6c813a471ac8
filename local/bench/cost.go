package bench

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"returnbridge/internal/ledger"
	"returnbridge/local/demo"
	"returnbridge/local/devserver"
)

// targetActions is what a happy return may be billed for.
const targetActions = 22

// callsPerStep are the calls to ReturnGO of one return, by step and purpose, as
// the ledger's quota counted them.
type callsPerStep map[string]map[string]float64

// counted is what all books say at one moment.
type counted struct {
	actions  devserver.Figures
	returnGO map[string]int // by endpoint
	tiktok   map[string]int
	purposes map[string]int // calls to ReturnGO, by what they were for
}

func count(ctx context.Context, h *demo.House) (counted, error) {
	c := counted{returnGO: h.ReturnGO.Books().Calls, tiktok: h.TikTok.Books().Calls, purposes: map[string]int{}}
	var err error
	if c.actions, err = settledFigures(ctx, h.Server); err != nil {
		return c, err
	}
	err = h.ReadLedger(ctx, func(tx *ledger.Tx) error {
		hours, err := tx.QuotaUse(ctx, h.Config.ReturnGO[0].Name, time.Now())
		for _, u := range hours {
			c.purposes[u.Purpose] += u.Used
		}
		return err
	})
	if err != nil {
		return c, fmt.Errorf("quota use: %w", err)
	}
	return c, nil
}

// settledFigures reads the server's counter when it has stopped moving: it is a
// moment behind the workflows.
func settledFigures(ctx context.Context, s *devserver.Server) (last devserver.Figures, err error) {
	same := 0
	err = until(ctx, "the server's counter at rest", func() (bool, error) {
		now, err := s.Figures(ctx)
		if same++; err != nil || now.ActionsTotal != last.ActionsTotal {
			same = 0
		}
		last = now
		return same >= 3, err //nolint:wrapcheck // it names the endpoint
	})
	return last, err
}

func minus[N int | float64](now, before map[string]N) map[string]N {
	diff := map[string]N{}
	for k, n := range now {
		if n != before[k] {
			diff[k] = n - before[k]
		}
	}
	return diff
}

func sum[N int | float64](m map[string]N) (total float64) {
	for _, n := range m {
		total += float64(n)
	}
	return total
}

// group is what happy returns have cost, by every book.
type group struct {
	actions  map[string]float64
	returnGO map[string]int
	tiktok   map[string]int
	tally    *tally
}

// cost measures what a happy return is billed for, and how long its events take
// to have an effect.
func (b *bench) cost(ctx context.Context) (Figure, error) {
	f := Figure{
		Title: "what a happy return costs", Storage: "Temporal in memory, ledger in a SQLite file",
		How: fmt.Sprintf("the whole program; %d and then %d returns of one unit, %d side by side, each on a product of its own; every step of the people waits until all workflows rest, so no two steps share a signal; sweeps do not run. "+
			"Marginal: the difference of the two runs by the server's own counter `action`. People are quick, so no clock of days rings: each ring would add a timer and a look. The breakdowns are of the larger run.", b.few, b.many, b.atOnce),
	}
	var seen arrivals
	h, err := b.open(ctx, "cost", demo.HouseOptions{AroundReturnGO: seen.around})
	if err != nil {
		return f, err
	}
	defer h.Close()
	known := map[string]bool{}
	few, err := b.happyReturns(ctx, h, b.few, happyReturn, known)
	if err != nil {
		return f, err
	}
	many, err := b.happyReturns(ctx, h, b.many, append(slices.Clone(happyReturn), setDone), known)
	if err != nil {
		return f, err
	}
	b.perRMA = many.perStep
	b.sayCost(&f, few, many)
	b.eventToAction(&f, h, &seen)
	return f, b.fixedCost(ctx, &f)
}

func (b *bench) sayCost(f *Figure, few, many *spent) {
	after, more := many.afterwards, b.many-b.few
	marginal := per(sum(many.closed.actions)-sum(few.closed.actions), more)
	f.add(
		atMost(plain("billed actions of a happy return, marginal", marginal, "actions"), targetActions),
		plain("history events of a happy return, marginal", per(float64(many.closed.tally.allEvents()-few.closed.tally.allEvents()), more), "events"),
		plain("calls to ReturnGO of a happy return, marginal", per(sum(many.closed.returnGO)-sum(few.closed.returnGO), more), "calls"),
		plain("calls to TikTok of a happy return, marginal", per(sum(many.closed.tiktok)-sum(few.closed.tiktok), more), "calls"),
		plain("billed actions when the RMA is set to Done afterwards", per(sum(after.actions), b.many), "actions"),
		plain("calls to ReturnGO when the RMA is set to Done afterwards", per(sum(after.returnGO), b.many), "calls"),
	)
	f.Tables = append(f.Tables,
		byKind("billed actions by kind, marginal (server's counter)", more, minus(many.closed.actions, few.closed.actions)),
		many.closed.tally.table(b.many),
		byKind("timers of a return, by what they wait for", b.many, floats(many.closed.tally.clocks)),
		Table{Title: "by step", Columns: []string{"ReturnGO calls", "TikTok calls", "actions"}, Rows: many.steps},
		byKind("calls to ReturnGO by endpoint", b.many, floats(many.closed.returnGO)),
		byKind("calls to TikTok by endpoint", b.many, floats(many.closed.tiktok)))
	if counter, histories := sum(many.closed.actions), float64(many.closed.tally.total()); counter != histories {
		f.doubt("the server's counter has %.0f actions for the larger run, its histories %.0f", counter, histories)
	}
}

func floats(m map[string]int) map[string]float64 {
	all := map[string]float64{}
	for k, n := range m {
		all[k] = float64(n)
	}
	return all
}

// byKind is a table of one number each, which add up to the last.
func byKind(title string, returns int, kinds map[string]float64) Table {
	t := Table{Title: title, Columns: []string{"a return"}}
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		t.Rows = append(t.Rows, Row{k, []float64{per(kinds[k], returns)}})
	}
	t.Rows = append(t.Rows, Row{"sum", []float64{per(sum(kinds), returns)}})
	return t
}

// spent is what a run has cost until all its returns were closed, and what came
// afterwards.
type spent struct {
	closed, afterwards group
	steps              []Row // ReturnGO calls, TikTok calls, billed actions, each of one return
	perStep            callsPerStep
	last               counted // at the end of the step before
}

// happyReturns lets so many returns go through the steps, group by group.
func (b *bench) happyReturns(ctx context.Context, h *demo.House, returns int, steps []step, known map[string]bool) (*spent, error) {
	products := h.Products()
	if b.atOnce > len(products) {
		return nil, fmt.Errorf("%d side by side need a product each; there are %d", b.atOnce, len(products))
	}
	s := &spent{perStep: callsPerStep{}}
	s.closed, s.afterwards = newGroup(), newGroup()
	s.steps = make([]Row, len(steps))
	for i, st := range steps {
		s.steps[i], s.perStep[st.name] = Row{st.name, make([]float64, 3)}, map[string]float64{}
	}
	var err error
	if s.last, err = count(ctx, h); err != nil {
		return nil, err
	}
	for done := 0; done < returns; done += b.atOnce {
		var people []*person
		for i := range min(b.atOnce, returns-done) {
			people = append(people, &person{house: h, product: products[i]})
		}
		for i, st := range steps {
			if err := s.take(ctx, h, people, st, &s.steps[i], returns); err != nil {
				return nil, fmt.Errorf("%s: %w", st.name, err)
			}
			if st.ends {
				if err := s.of(st).tally.readNew(ctx, h.Client, ofReturns, known); err != nil {
					return nil, err
				}
			}
		}
		b.say(fmt.Sprintf("measuring cost: %d of %d returns", done+len(people), returns))
	}
	return s, nil
}

func newGroup() group {
	return group{tally: newTally(), actions: map[string]float64{}, returnGO: map[string]int{}, tiktok: map[string]int{}}
}

// of is what a step's cost belongs to.
func (s *spent) of(st step) *group {
	if st.name == setDone.name {
		return &s.afterwards
	}
	return &s.closed
}

// take has everybody take one step, and adds what it cost.
func (s *spent) take(ctx context.Context, h *demo.House, people []*person, st step, row *Row, returns int) error {
	before := s.last
	var all errgroup.Group
	for _, p := range people {
		all.Go(func() error { return st.do(p) })
	}
	if err := all.Wait(); err != nil {
		return err //nolint:wrapcheck // the person says what went wrong
	}
	if err := calm(ctx, h, people, st.ends); err != nil {
		return err
	}
	for _, p := range people {
		if st.ends {
			if err := p.came(); err != nil {
				return err
			}
		}
	}
	now, err := count(ctx, h)
	if err != nil {
		return err
	}
	s.last = now
	to := s.of(st)
	returnGO, tiktok, actions := minus(now.returnGO, before.returnGO), minus(now.tiktok, before.tiktok), minus(now.actions.Actions, before.actions.Actions)
	plus(to.returnGO, returnGO)
	plus(to.tiktok, tiktok)
	plus(to.actions, actions)
	for i, n := range []float64{sum(returnGO), sum(tiktok), sum(actions)} {
		row.Numbers[i] += per(n, returns)
	}
	for purpose, n := range minus(now.purposes, before.purposes) {
		s.perStep[st.name][purpose] += per(float64(n), returns)
	}
	return nil
}

func plus[N int | float64](to, more map[string]N) {
	for k, n := range more {
		to[k] += n
	}
}
