package app

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"returnbridge/activities"
	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
)

// Alerts are sent by a workflow, so nobody would hear that no workflow runs. This the
// starter tells IT itself: that Temporal cannot be reached, or that a task queue of
// ours is asked for work by nobody, for outageAfter; and once more when it is over.
const (
	outageAfter   = 10 * time.Minute
	watchEvery    = 30 * time.Second
	watchPatience = 10 * time.Second
)

// watchdog looks after Temporal and the workers.
type watchdog struct {
	*house

	since  time.Time            // it has looked since then
	polled map[string]time.Time // when our worker last asked each task queue for work, as far as is known
}

func newWatchdog(h *house) *watchdog {
	return &watchdog{house: h, since: h.now(), polled: map[string]time.Time{}}
}

// run looks again and again until ctx ends. What it cannot do now it does next time.
func (w *watchdog) run(ctx context.Context) error {
	for {
		if err := w.look(ctx); err != nil && ctx.Err() == nil {
			w.log.Warn("whether Temporal and the workers run could not be watched or told", zap.Error(err))
		}
		if !wait(ctx, watchEvery) {
			return nil
		}
	}
}

// look notes what is out of order and what is again in order, and tells what has
// lasted.
func (w *watchdog) look(ctx context.Context) error {
	idle, reached := w.idleSince(ctx)
	err := w.ledger.Do(ctx, func(tx *ledger.Tx) error {
		if !reached {
			return tx.OutageLasts(ctx, ledger.OutageTemporal, w.now())
		}
		if err := tx.OutageOver(ctx, ledger.OutageTemporal); err != nil {
			return err
		}
		if idle.IsZero() {
			return tx.OutageOver(ctx, ledger.OutageWorker)
		}
		return tx.OutageLasts(ctx, ledger.OutageWorker, idle)
	})
	return errors.Join(err, w.tellOutages(ctx))
}

// idleSince is since when the task queue that was longest without our worker has been
// so; zero if all have one. Not reached: Temporal did not say.
func (w *watchdog) idleSince(ctx context.Context) (since time.Time, reached bool) {
	ctx, stop := context.WithTimeout(ctx, watchPatience)
	defer stop()
	for _, q := range w.taskQueues() {
		last, err := w.lastPolled(ctx, q)
		if err != nil {
			w.log.Debug("Temporal did not answer", zap.Error(err))
			return time.Time{}, false
		}
		if last.IsZero() {
			last = w.since
		}
		if known, ok := w.polled[q.name]; ok && known.After(last) {
			last = known // Temporal forgets who has not asked for minutes
		}
		w.polled[q.name] = last
		if w.now().Sub(last) > polledLately && (since.IsZero() || last.Before(since)) {
			since = last
		}
	}
	return since, true
}

// tellOutages tells IT, by each of its sinks, what has lasted for outageAfter, and what
// is over. The sinks wait for none of the others.
func (h *house) tellOutages(ctx context.Context) error {
	alerts, err := alertsOf(h.cfg, h.now)
	if err != nil {
		return err
	}
	var outages []ledger.Outage
	err = h.ledger.Read(ctx, func(tx *ledger.Tx) (err error) {
		outages, err = tx.OutagesToTell(ctx, outageAfter)
		return err
	})
	if err != nil {
		return err
	}
	var group errgroup.Group
	for _, s := range alerts.Policy.Sinks {
		if !s.Hears(returns.IT, "") {
			continue
		}
		group.Go(func() error {
			var failed error
			for _, o := range outages {
				failed = errors.Join(failed, h.tellOutage(ctx, alerts, s.Name, o))
			}
			return failed
		})
	}
	return group.Wait() //nolint:wrapcheck // the ledger says what it tried
}

func (h *house) tellOutage(ctx context.Context, alerts activities.Alerts, sink string, o ledger.Outage) error {
	var claim ledger.Claim
	var due bool
	err := h.ledger.Do(ctx, func(tx *ledger.Tx) (err error) {
		claim, due, err = tx.ClaimOutage(ctx, sink, o, alerts.Send.Claim)
		return err
	})
	if err != nil || !due {
		return err
	}
	failed := alerts.Sinks[sink].Send(ctx, alerts.Writer.Outage(claim.ID, o.What, o.Since, o.OverAt))
	if failed != nil {
		h.log.Warn("a sink did not take the message of an outage; it is sent again", zap.String("sink", sink), zap.String("outage", o.What), zap.Error(failed))
		return h.ledger.Do(ctx, func(tx *ledger.Tx) error { return tx.MessageFailed(ctx, claim, failed.Error()) })
	}
	h.log.Info("IT was told of an outage", zap.String("sink", sink), zap.String("outage", o.What), zap.Bool("over", !o.OverAt.IsZero()))
	return h.ledger.Do(ctx, func(tx *ledger.Tx) error { return tx.MessageSent(ctx, claim) })
}

// unreachable notes, for a program that cannot even start, that Temporal cannot be
// reached, and tells what has lasted: it is started again and again, and never comes
// to watch.
func (h *house) unreachable(ctx context.Context, why error) error {
	err := h.ledger.Do(ctx, func(tx *ledger.Tx) error { return tx.OutageLasts(ctx, ledger.OutageTemporal, h.now()) })
	return errors.Join(why, err, h.tellOutages(ctx))
}
