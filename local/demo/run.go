package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"returnbridge/internal/ledger"
	"returnbridge/local/tiktoksandbox"
)

// RunOptions say what population to drive.
type RunOptions struct {
	Returns   int
	Seed      uint64
	Scenarios []string // none: all
	AtOnce    int      // shoppers at the same time; each waits for its own return
	Progress  func(Progress)
}

// Progress is where a run stands.
type Progress struct {
	Done, Total     int
	Stages          []ledger.StageCount
	OpenExceptions  int
	CallsToTikTok   int
	CallsToReturnGO int
}

// Choose picks the scenarios by name.
func Choose(names []string) ([]Scenario, error) {
	if len(names) == 0 {
		return Scenarios, nil
	}
	var chosen []Scenario
	for _, name := range names {
		i := slices.IndexFunc(Scenarios, func(s Scenario) bool { return s.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no scenario %q; there are %s", name, strings.Join(scenarioNames(), ", "))
		}
		chosen = append(chosen, Scenarios[i])
	}
	return chosen, nil
}

func scenarioNames() []string {
	var all []string
	for _, s := range Scenarios {
		all = append(all, s.Name)
	}
	return all
}

// Run drives the population in a closed loop and judges the books.
func (h *House) Run(ctx context.Context, o RunOptions) (*Verdict, error) {
	chosen, err := Choose(o.Scenarios)
	if err != nil {
		return nil, err
	}
	started := time.Now()
	before := h.TikTok.Books().Stock
	results := make([]expectation, o.Returns)
	var done atomic.Int64
	stopProgress := h.watch(ctx, o, &done)
	h.drive(ctx, o, chosen, results, &done)
	if err := h.untilQuiet(ctx); err != nil {
		return nil, err
	}
	stopProgress()
	h.last = &played{before, results}
	v, err := h.JudgeAgain(ctx)
	if err != nil {
		return nil, err
	}
	v.DurationSeconds = time.Since(started).Seconds()
	return v, nil
}

// played is a population that came to its end, and the stock before it.
type played struct {
	before  []tiktoksandbox.StockLevel
	results []expectation
}

// JudgeAgain holds the books against the last population once more: nothing may
// have moved since.
func (h *House) JudgeAgain(ctx context.Context) (*Verdict, error) {
	return h.judge(ctx, h.last.before, h.last.results)
}

// drive lets so many shoppers at once go through their returns. Who does what is
// drawn from the seed; every scenario comes up once before any comes twice.
func (h *House) drive(ctx context.Context, o RunOptions, chosen []Scenario, results []expectation, done *atomic.Int64) {
	random := rand.New(rand.NewPCG(o.Seed, 1))
	type job struct {
		i        int
		scenario Scenario
		product  product
	}
	jobs := make(chan job)
	var shoppers sync.WaitGroup
	for range min(o.AtOnce, o.Returns) {
		shoppers.Go(func() {
			for j := range jobs {
				results[j.i] = h.play(ctx, j.i, j.scenario, j.product)
				done.Add(1)
			}
		})
	}
	for i := range o.Returns {
		scenario := chosen[i%len(chosen)]
		if i >= len(chosen) {
			scenario = chosen[random.IntN(len(chosen))]
		}
		jobs <- job{i, scenario, h.products[random.IntN(len(h.products))]}
	}
	close(jobs)
	shoppers.Wait()
}

func (h *House) play(ctx context.Context, i int, scenario Scenario, p product) expectation {
	s := &shopper{ctx: ctx, house: h, scenario: scenario.Name, product: p, id: i}
	s.expect.scenario = scenario.Name
	started := time.Now()
	if err := scenario.play(s); err != nil {
		s.expect.problem = err.Error()
	}
	s.expect.took = time.Since(started)
	return s.expect
}

// untilQuiet waits until no return and no stock writer runs any more: what the
// shoppers could not see is then at its end too.
func (h *House) untilQuiet(ctx context.Context) error {
	s := &shopper{ctx: ctx, house: h}
	err := s.until("all workflows ended", func() (bool, error) {
		n, err := h.Count(ctx, "ExecutionStatus = 'Running' AND WorkflowType IN ('Return', 'Stock')")
		return n == 0, err
	})
	if err != nil && ctx.Err() != nil {
		return err
	}
	return nil // what is still open shows in the figures
}

// watch reports progress until stopped.
func (h *House) watch(ctx context.Context, o RunOptions, done *atomic.Int64) func() {
	if o.Progress == nil {
		return func() {}
	}
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if p, err := h.progress(ctx, int(done.Load()), o.Returns); err == nil {
					o.Progress(p)
				}
			}
		}
	}()
	return func() { stop(); <-ended }
}

func (h *House) progress(ctx context.Context, done, total int) (Progress, error) {
	p := Progress{Done: done, Total: total}
	for _, n := range h.TikTok.Books().Calls {
		p.CallsToTikTok += n
	}
	for _, n := range h.ReturnGO.Books().Calls {
		p.CallsToReturnGO += n
	}
	err := h.ReadLedger(ctx, func(tx *ledger.Tx) (err error) {
		if p.Stages, err = tx.StageCounts(ctx); err != nil {
			return err
		}
		counts, err := tx.ExceptionCounts(ctx)
		for _, c := range counts {
			p.OpenExceptions += c.Open
		}
		return err
	})
	return p, err
}
