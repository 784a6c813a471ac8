package bench

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/metrics"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"golang.org/x/sync/errgroup"

	"returnbridge/internal/messages"
	"returnbridge/local/demo"
	"returnbridge/local/tiktoksandbox"
)

// targetRatio is how much of a bare workflow's speed the whole program keeps.
const targetRatio = 0.9

func (b *bench) speedInMemory(ctx context.Context) (Figure, error) {
	return b.speed(ctx, "memory", b.speedFew, b.speedMany)
}

func (b *bench) speedInFile(ctx context.Context) (Figure, error) {
	if b.fileMany == 0 {
		return Figure{}, nil
	}
	return b.speed(ctx, "file", b.fileFew, b.fileMany)
}

// speed compares the whole program with workflows that do as much and nothing.
func (b *bench) speed(ctx context.Context, storage string, few, many int) (Figure, error) {
	f := Figure{
		Title: "speed, Temporal in " + storage, Storage: "Temporal in " + storage + " (SQLite), ledger in a SQLite file",
		How: fmt.Sprintf("the demo's happy return, %d and then %d at once, sandboxes and shoppers in the same process; then as many bare workflows on the same server, which share among them exactly the activities, timers, signals and attribute upserts that the histories of the first show, and do nothing in them; the signals of each come a quarter of a second apart, as a return's come one after another. Neither platform limits its calls: that would be its speed, not ours. "+
			"Returns a second: the further returns of the larger run over its further seconds, so that waits that every return has (settle window, TikTok's money) do not count on either side.", few, many),
	}
	h, err := b.open(ctx, "speed-"+storage, demo.HouseOptions{Persist: storage == "file"})
	if err != nil {
		return f, err
	}
	defer h.Close()
	if err := unlimited(h); err != nil {
		return f, err
	}
	var whole, bare, wholeCPU, bareCPU [2]float64
	known := map[string]bool{}
	for i, n := range []int{few, many} {
		b.say(fmt.Sprintf("measuring speed, Temporal in %s: %d returns", storage, n))
		began, cpu := time.Now(), cpuSeconds()
		v, err := h.Run(ctx, demo.RunOptions{Returns: n, Seed: 1, Scenarios: []string{"happy"}, AtOnce: n})
		if err != nil {
			return f, fmt.Errorf("returns: %w", err)
		}
		whole[i], wholeCPU[i] = time.Since(began).Seconds(), cpuSeconds()-cpu
		if v.Outcomes["happy"] != n || !v.OK() {
			f.doubt("%d of %d returns came to their end: %v", v.Outcomes["happy"], n, v.Problems)
		}
		t := newTally()
		if err := t.readNew(ctx, h.Client, ofReturns, known); err != nil {
			return f, err
		}
		cpu = cpuSeconds()
		if bare[i], err = runBare(ctx, h, t, n); err != nil {
			return f, fmt.Errorf("bare workflows: %w", err)
		}
		bareCPU[i] = cpuSeconds() - cpu
		if i == 1 {
			f.Tables = append(f.Tables, Table{Title: "of one return, both sides", Columns: []string{"number"}, Rows: []Row{
				{"activities", []float64{per(float64(t.activity), n)}}, {"timers", []float64{per(float64(t.timers), n)}},
				{"signals, the first one too", []float64{per(float64(t.signals), n) + 1}}, {"attribute upserts", []float64{per(float64(t.upserts), n)}},
			}})
		}
	}
	f.Tables = append(f.Tables, Table{Title: "seconds", Columns: []string{"whole program", "its CPU", "bare", "its CPU"}, Rows: []Row{
		{fmt.Sprintf("%d at once", few), []float64{whole[0], wholeCPU[0], bare[0], bareCPU[0]}},
		{fmt.Sprintf("%d at once", many), []float64{whole[1], wholeCPU[1], bare[1], bareCPU[1]}},
	}})
	of, than := float64(many-few)/(whole[1]-whole[0]), float64(many-few)/(bare[1]-bare[0])
	if of <= 0 || than <= 0 {
		f.doubt("the larger run took less time than the smaller one: the machine was busy with other work")
		of, than = float64(many)/whole[1], float64(many)/bare[1]
	}
	f.add(plain("returns a second, whole program", of, "/s"), plain("bare workflows a second", than, "/s"),
		atLeast(plain("whole program against bare", of/than, "ratio"), targetRatio))
	return f, nil
}

// cpuSeconds is the CPU time that this process has had, the server's and the
// sandboxes' too.
func cpuSeconds() float64 {
	runtime.GC() // the figures are as old as the last one
	all := []metrics.Sample{{Name: "/cpu/classes/total:cpu-seconds"}, {Name: "/cpu/classes/idle:cpu-seconds"}}
	metrics.Read(all)
	return all[0].Value.Float64() - all[1].Value.Float64()
}

// unlimited lets the sandboxes answer as many calls as come.
func unlimited(h *demo.House) error {
	h.ReturnGO.SetLimits(-1, -1)
	for _, endpoint := range []string{
		"orders/detail", "orders/search", "returns/search", "returns/approve", "returns/decision_eligibility", "inventory/search", "inventory/update",
	} {
		if err := h.TikTok.SetRateLimit(tiktoksandbox.RateLimit{Endpoint: endpoint, PerSecond: -1}); err != nil {
			return fmt.Errorf("unlimited: %w", err)
		}
	}
	return nil
}

// bareWork is what one bare workflow does, signal by signal.
type bareWork struct {
	Activities, Timers, Signals, Upserts int
}

const bareQueue, bareSignal = "bare", "bare-news"

// betweenSignals parts the signals of a bare workflow, so that each has a workflow
// task of its own, as in a return. All workflows wait for them alike, so it counts
// as little as bareTimer.
const betweenSignals = 250 * time.Millisecond

// bareTimer is about as long as the waits of a happy return: none of them counts
// in the end, see above.
const bareTimer = 2 * time.Second

// bareWorkflow waits for each of its signals and does its share of the work
// after each. Its timers are started, not waited for, as a return's clock is;
// at the end it waits for one.
func bareWorkflow(ctx workflow.Context, w bareWork) error {
	news := workflow.GetSignalChannel(ctx, bareSignal)
	work := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{TaskQueue: bareQueue + "-work", StartToCloseTimeout: time.Minute})
	var last workflow.Future
	for i := range w.Signals {
		news.Receive(ctx, nil)
		for range share(w.Timers, i, w.Signals) {
			last = workflow.NewTimer(ctx, bareTimer)
		}
		for range share(w.Activities, i, w.Signals) {
			if err := workflow.ExecuteActivity(work, "Nothing").Get(ctx, nil); err != nil {
				return err //nolint:wrapcheck // the server's own
			}
		}
		for range share(w.Upserts, i, w.Signals) {
			if err := workflow.UpsertTypedSearchAttributes(ctx, messages.AttrStage.ValueSet(fmt.Sprint("bare ", i))); err != nil {
				return err //nolint:wrapcheck // the server's own
			}
		}
	}
	if last != nil {
		return last.Get(ctx, nil) //nolint:wrapcheck // the server's own
	}
	return nil
}

// share is the i-th of n parts of a whole; the parts add up to it.
func share(whole, i, n int) int { return whole*(i+1)/n - whole*i/n }

// runBare runs n bare workflows at once that together do what the tally says,
// and gives the seconds it took.
func runBare(ctx context.Context, h *demo.House, t *tally, n int) (float64, error) {
	flows := worker.New(h.Client, bareQueue, worker.Options{LocalActivityWorkerOnly: true})
	flows.RegisterWorkflowWithOptions(bareWorkflow, workflow.RegisterOptions{Name: "Bare"})
	acts := worker.New(h.Client, bareQueue+"-work", worker.Options{DisableWorkflowWorker: true})
	acts.RegisterActivityWithOptions(func(context.Context) error { return nil }, activity.RegisterOptions{Name: "Nothing"})
	if err := errors.Join(flows.Start(), acts.Start()); err != nil {
		return 0, fmt.Errorf("start workers: %w", err)
	}
	defer flows.Stop()
	defer acts.Stop()
	began := time.Now()
	var all errgroup.Group
	var mu sync.Mutex
	var runs []client.WorkflowRun
	for i := range n {
		all.Go(func() error {
			w := bareWork{share(t.activity, i, n), share(t.timers, i, n), share(t.signals, i, n) + 1, share(t.upserts, i, n)}
			id := fmt.Sprintf("bare-%d-%d", began.UnixNano(), i)
			run, err := h.Client.SignalWithStartWorkflow(ctx, id, bareSignal, nil, client.StartWorkflowOptions{
				TaskQueue: bareQueue, TypedSearchAttributes: temporal.NewSearchAttributes(messages.AttrShop.ValueSet(demo.ShopName)),
			}, "Bare", w)
			if err != nil {
				return fmt.Errorf("start: %w", err)
			}
			for range w.Signals - 1 {
				if err := demo.Pause(ctx, betweenSignals); err != nil {
					return fmt.Errorf("signal: %w", err)
				}
				if err := h.Client.SignalWorkflow(ctx, id, run.GetRunID(), bareSignal, nil); err != nil {
					return fmt.Errorf("signal: %w", err)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			runs = append(runs, run)
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		return 0, err //nolint:wrapcheck // each says what it did
	}
	for _, run := range runs {
		if err := run.Get(ctx, nil); err != nil {
			return 0, fmt.Errorf("end: %w", err)
		}
	}
	return time.Since(began).Seconds(), nil
}
