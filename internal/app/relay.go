package app

import (
	"context"
	"slices"
	"time"

	"go.temporal.io/sdk/client"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// relay passes hints on: one signal per return and window, whatever the number
// of events. What this starter received it relays itself; rows that have waited
// too long are taken over by any starter.
type relay struct {
	*house
	events  chan []ledger.Event
	held    []held
	refused refused
}

// held is an event that this starter holds back until a time.
type held struct {
	event ledger.Event
	until time.Time
}

func newRelay(h *house) *relay { return &relay{house: h, events: make(chan []ledger.Event, 1024)} }

// offer hands fresh events over. If the relay is behind they stay in the inbox
// and are taken over later: nothing is lost, and the receiver never waits.
func (r *relay) offer(events []ledger.Event) {
	if len(events) == 0 {
		return
	}
	select {
	case r.events <- events:
	default:
	}
}

func (r *relay) run(ctx context.Context) error {
	window := time.NewTicker(r.cfg.Periods.RelayWindow)
	defer window.Stop()
	takeover := time.NewTicker(r.cfg.Periods.RelayTakeover)
	defer takeover.Stop()
	refused := time.NewTicker(refusedEvery)
	defer refused.Stop()
	var batch []ledger.Event
	for {
		select {
		case <-ctx.Done():
			last, stop := context.WithTimeout(context.WithoutCancel(ctx), tellTimeout)
			r.noteRefused(last)
			stop()
			return nil
		case <-refused.C:
			r.noteRefused(ctx)
		case events := <-r.events:
			batch = append(batch, events...)
		case <-window.C:
			r.pass(ctx, append(r.released(), batch...))
			batch = nil
		case <-takeover.C:
			r.takeOver(ctx)
		}
	}
}

// released are the events that need not be held any longer.
func (r *relay) released() []ledger.Event {
	var due []ledger.Event
	r.held = slices.DeleteFunc(r.held, func(h held) bool {
		if r.now().Before(h.until) {
			return false
		}
		due = append(due, h.event)
		return true
	})
	return due
}

// takeOver relays what has waited too long, whoever received it.
func (r *relay) takeOver(ctx context.Context) {
	for range 10 {
		var waiting []ledger.Event
		err := r.ledger.Read(ctx, func(tx *ledger.Tx) (err error) {
			waiting, err = tx.Waiting(ctx, tx.Now().Add(-r.cfg.Periods.RelayTakeover), takeoverBatch)
			return err
		})
		if err != nil {
			r.log.Warn("the inbox could not be read; trying again", zap.Error(err))
			return
		}
		if !r.pass(ctx, waiting) || len(waiting) < takeoverBatch {
			return
		}
	}
}

// takeoverBatch bounds what is taken over at once.
const takeoverBatch = 500

// target is one workflow to be told, with all the events that concern it.
type target struct {
	shop    string
	key     returns.Key // a return, or
	product string      // a product's stock, or
	sweep   bool        // the shop's sweep, for an event that names nothing, or
	ill     string      // what TikTok told of the shop's authorisation
	news    messages.News
	told    []returns.Platform // whose events tell it
}

func (t target) same(o target) bool {
	return t.shop == o.shop && t.key == o.key && t.product == o.product && t.sweep == o.sweep && t.ill == o.ill
}

// pass tells each return once, then notes the events as relayed whose returns
// were all told. What fails stays in the inbox, waits longer each time, and
// keeps nothing else there. It tells whether nothing failed.
func (r *relay) pass(ctx context.Context, batch []ledger.Event) bool {
	if len(batch) == 0 {
		return true
	}
	targets, of, until, err := r.targets(ctx, batch)
	if err != nil {
		r.log.Warn("events could not be relayed; trying again", zap.Int("events", len(batch)), zap.Error(err))
		return r.apart(ctx, batch)
	}
	failed := r.tellAll(ctx, targets)
	if ctx.Err() != nil {
		return false // nobody's failure: the next starter takes them over
	}
	ok := true
	err = r.ledger.Do(ctx, func(tx *ledger.Tx) error {
		for i, e := range batch {
			note := func() error { return tx.Relayed(ctx, e, "relayed") }
			if !until[i].IsZero() {
				r.held = append(r.held, held{e, until[i]})
				note = func() error { return tx.Held(ctx, e, until[i].Add(r.cfg.Periods.RelayTakeover)) } // others come after us
			}
			if slices.ContainsFunc(of[i], func(t int) bool { return failed[t] }) {
				ok = false
				note = func() error { return tx.NotRelayed(ctx, e, tx.Now().Add(r.patience(e.Tries))) }
			}
			if err := note(); err != nil {
				return err
			}
		}
		return countCame(ctx, tx, targets, failed)
	})
	if err != nil {
		r.log.Warn("events were relayed and could not be noted; they may be relayed twice", zap.Error(err))
		return false
	}
	return ok
}

// apart passes on one by one what could not be judged together: one event that the
// ledger cannot judge keeps no other back, and waits longer each time. While the
// ledger is away all wait.
func (r *relay) apart(ctx context.Context, batch []ledger.Event) bool {
	if len(batch) == 1 {
		e := batch[0]
		err := r.ledger.Do(ctx, func(tx *ledger.Tx) error { return tx.NotRelayed(ctx, e, tx.Now().Add(r.patience(e.Tries))) })
		if err != nil {
			r.log.Warn("an event could not be put off; it is tried again as before", zap.Error(err))
		}
		return false
	}
	ok := true
	for _, e := range batch {
		if err := r.ledger.Do(ctx, func(*ledger.Tx) error { return nil }); err != nil {
			return false // it does not answer at all
		}
		ok = r.pass(ctx, []ledger.Event{e}) && ok
	}
	return ok
}

// tellAll tells all targets and gives which of them could not be told.
func (r *relay) tellAll(ctx context.Context, targets []target) []bool {
	failed := make([]bool, len(targets))
	var group errgroup.Group
	group.SetLimit(8)
	for i, t := range targets {
		group.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, tellTimeout)
			defer cancel()
			err := r.tell(ctx, t)
			failed[i] = err != nil
			return err
		})
	}
	if err := group.Wait(); err != nil {
		n := 0
		for _, f := range failed {
			if f {
				n++
			}
		}
		r.log.Warn("returns could not be told; trying again", zap.Int("returns", n), zap.Error(err))
	}
	return failed
}

// tellTimeout bounds one signal: one that hangs must not hold up the rest.
const tellTimeout = 10 * time.Second

// patience is how long an event that has failed before waits for its next try,
// beyond the next take-over: twice as long each time, up to longestPatience.
func (r *relay) patience(failedBefore int) time.Duration {
	if failedBefore < 2 {
		return 0
	}
	return min(r.cfg.Periods.RelayTakeover<<min(failedBefore-2, 16), longestPatience)
}

// longestPatience keeps an outage of Temporal from outlasting itself.
const longestPatience = 5 * time.Minute

func (r *relay) tell(ctx context.Context, t target) error {
	switch {
	case t.product != "":
		return r.waker.WakeStock(ctx, t.shop, t.product)
	case t.ill != "":
		return r.waker.WakeGuard(ctx, messages.QueueTikTok(t.shop), messages.Ill{Illness: messages.Unauthorised, What: t.ill})
	case t.sweep:
		return r.temporal.ScheduleClient().GetHandle(ctx, messages.SweepReturnGO+"/"+t.shop).Trigger(ctx, client.ScheduleTriggerOptions{}) //nolint:wrapcheck // logged by the caller
	}
	return r.waker.WakeReturn(ctx, t.shop, t.key, t.news)
}

// targets are all that have to be told of a batch, each once, and for each event
// which of them, and until when it is held.
func (r *relay) targets(ctx context.Context, batch []ledger.Event) (all []target, of [][]int, until []time.Time, err error) {
	err = r.ledger.Do(ctx, func(tx *ledger.Tx) error {
		all, of, until = nil, nil, nil
		for _, e := range batch {
			some, hold, err := r.concerned(ctx, tx, e)
			if err != nil {
				return err
			}
			until = append(until, hold)
			var own []int
			for _, t := range some {
				i := slices.IndexFunc(all, t.same)
				if i < 0 {
					i = len(all)
					all = append(all, t)
				}
				own = append(own, i)
				if !slices.Contains(all[i].told, e.Platform) {
					all[i].told = append(all[i].told, e.Platform)
				}
				for _, p := range t.news.Platforms {
					if !slices.Contains(all[i].news.Platforms, p) {
						all[i].news.Platforms = append(all[i].news.Platforms, p)
					}
				}
			}
			of = append(of, own)
		}
		return nil
	})
	return all, of, until, err
}
