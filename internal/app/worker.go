package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"

	"returnbridge/config"
	"returnbridge/internal/messages"
	"returnbridge/workflows"
)

// stopTimeout lets a running activity end: longer than one platform call with
// its claim, shorter than a container's grace period.
const stopTimeout = 30 * time.Second

// Worker runs workflows and activities until ctx ends, then lets what is running
// finish. If one of its workers can take no more work, all end with that error:
// whoever started the process hears of it and starts it again.
func Worker(ctx context.Context, cfg *config.Config, deps Deps) error {
	h, err := open(ctx, cfg, deps)
	if err != nil {
		return err
	}
	defer h.close()
	if err := h.prepareNamespace(ctx); err != nil {
		return err
	}
	if err := h.noteRestoredLedger(ctx); err != nil {
		return err
	}
	if err := h.noteRestockSwitch(ctx); err != nil {
		return err
	}
	if err := h.reseal(ctx); err != nil {
		return err
	}
	background, end := context.WithCancel(ctx)
	defer end()
	go h.keepAdopting(background)
	fatal := make(chan error, 1)
	go func() {
		if err := h.keepPrepared(background, prepareEvery, h.prepareNamespace); err != nil {
			report(fatal, err)
		}
	}()
	if err := h.answerHealth(background, fatal); err != nil {
		return err
	}
	var running []worker.Worker
	defer func() {
		stop(running)
		h.log.Info("worker stopped")
	}()
	for _, w := range h.workers(fatal) {
		if err := w.Start(); err != nil {
			return fmt.Errorf("start worker: %w", err)
		}
		running = append(running, w)
	}
	h.log.Info("worker running", zapShops(cfg), zapQueues(h.queues()))
	return untilFatal(ctx, fatal)
}

// reseal seals with the present key what an old one sealed.
func (h *house) reseal(ctx context.Context) error {
	unopened, err := h.acts.Tokens.Reseal(ctx)
	if unopened > 0 {
		h.log.Warn("authorisations in the ledger that no seal key opens; starter check names their shops", zap.Int("authorisations", unopened))
	}
	return err //nolint:wrapcheck // it says what was tried
}

// untilFatal waits for the end: a calm one, or a worker's error.
func untilFatal(ctx context.Context, fatal <-chan error) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-fatal:
		return err
	}
}

// stop stops all workers at once: each waits for its own activities.
func stop(running []worker.Worker) {
	done := make(chan struct{})
	for _, w := range running {
		go func() { w.Stop(); done <- struct{}{} }()
	}
	for range running {
		<-done
	}
}

// workers are one for the workflows and one for each queue of activities. The
// first fatal error of any goes to fatal.
func (h *house) workers(fatal chan<- error) []worker.Worker {
	flows := worker.New(h.temporal, messages.QueueReturns, worker.Options{
		DisableRegistrationAliasing: true, LocalActivityWorkerOnly: true, WorkerStopTimeout: stopTimeout,
		OnFatalError: h.onFatal(messages.QueueReturns, fatal), Identity: identity(h.ledger.ID()),
		WorkflowTaskPollerBehavior: asManyPollersAsHelp(),
	})
	workflows.Register(flows)
	all := []worker.Worker{flows}
	paces := h.paces()
	for _, q := range h.queues() {
		w := worker.New(h.temporal, q, worker.Options{
			DisableWorkflowWorker: true, DisableRegistrationAliasing: true, WorkerStopTimeout: stopTimeout, OnFatalError: h.onFatal(q, fatal),
			TaskQueueActivitiesPerSecond: paces[q], ActivityTaskPollerBehavior: asManyPollersAsHelp(),
			Identity:     identity(h.ledger.ID()),
			Interceptors: []interceptor.WorkerInterceptor{&gate{before: (&clockGuard{now: h.now, fatal: h.onFatal(q, fatal)}).before}, &gate{before: h.watch.before}},
		})
		h.registerActivities(w)
		all = append(all, w)
	}
	return all
}

// asManyPollersAsHelp follows the server's word on how many polls a queue needs: with
// the usual two, work waits for a poll after a sales peak while the worker is idle.
func asManyPollersAsHelp() worker.PollerBehavior {
	return worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{})
}

// onFatal passes on that the worker of a queue can take no more work.
func (h *house) onFatal(queue string, fatal chan<- error) func(error) {
	return func(err error) {
		report(fatal, fmt.Errorf("no more work can be taken from task queue %s in namespace %s: %w", queue, h.namespace, err))
	}
}

// report has the worker end with an error; one is enough.
func report(fatal chan<- error, err error) {
	select {
	case fatal <- err:
	default:
	}
}

// queues are all queues of activities, each once.
func (h *house) queues() []string {
	queues := []string{messages.QueueControl}
	for _, k := range h.cfg.ReturnGO {
		queues = append(queues, messages.QueueReturnGO(k.Name))
	}
	for _, s := range h.cfg.Shops {
		queues = append(queues, messages.QueueTikTok(s.Name), messages.QueueStock(s.Name))
	}
	slices.Sort(queues)
	return slices.Compact(queues)
}

// paces are the known limits of the platforms, by queue, in activities a second:
// the server keeps them for all workers together.
func (h *house) paces() map[string]float64 {
	paces := map[string]float64{}
	for _, k := range h.cfg.ReturnGO {
		paces[messages.QueueReturnGO(k.Name)] = float64(h.cfg.Pace.ReturnGO)
	}
	for _, s := range h.cfg.Shops {
		paces[messages.QueueTikTok(s.Name)] = float64(h.cfg.Pace.TikTok)
		paces[messages.QueueStock(s.Name)] = float64(h.cfg.Pace.Stock)
	}
	return paces
}

func (h *house) registerActivities(w worker.Worker) {
	a := h.acts
	for name, f := range map[string]any{
		"LookReturnGO": a.LookReturnGO, "LookTikTok": a.LookTikTok, "LookBoth": a.LookBoth, "Review": a.Review,
		"Accept": a.Accept, "OpenReturn": a.OpenReturn, "UploadLabel": a.UploadLabel, "Refund": a.Refund, "Restock": a.Restock, "WriteBack": a.WriteBack, "StockRound": a.StockRound,
		"SweepReturnGO": a.SweepReturnGO, "SweepTikTok": a.SweepTikTok, "RefreshToken": a.RefreshToken, "GuardQueue": a.GuardQueue,
		"Notify": a.Notify,
	} {
		w.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: name})
	}
}
