package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/client"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"returnbridge/activities"
	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

// relay passes hints on: one signal per return and window, whatever the number
// of events. What this starter received it relays itself; rows that have waited
// too long are taken over by any starter.
type relay struct {
	*house
	events chan []ledger.Event
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
	var batch []ledger.Event
	for {
		select {
		case <-ctx.Done():
			return nil
		case events := <-r.events:
			batch = append(batch, events...)
		case <-window.C:
			r.pass(ctx, batch)
			batch = nil
		case <-takeover.C:
			r.takeOver(ctx)
		}
	}
}

// takeOver relays what has waited too long, whoever received it.
func (r *relay) takeOver(ctx context.Context) {
	for range 10 {
		var waiting []ledger.Event
		err := r.ledger.Do(ctx, func(tx *ledger.Tx) (err error) {
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
	targets, of, err := r.targets(ctx, batch)
	if err != nil {
		r.log.Warn("events could not be relayed; trying again", zap.Error(err))
		return false
	}
	failed := r.tellAll(ctx, targets)
	if ctx.Err() != nil {
		return false // nobody's failure: the next starter takes them over
	}
	ok := true
	err = r.ledger.Do(ctx, func(tx *ledger.Tx) error {
		for i, e := range batch {
			note := func() error { return tx.Relayed(ctx, e, "relayed") }
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
// which of them.
func (r *relay) targets(ctx context.Context, batch []ledger.Event) (all []target, of [][]int, err error) {
	err = r.ledger.Do(ctx, func(tx *ledger.Tx) error {
		for _, e := range batch {
			some, err := concerned(ctx, tx, e)
			if err != nil {
				return err
			}
			var own []int
			for _, t := range some {
				i := slices.IndexFunc(all, t.same)
				if i < 0 {
					i = len(all)
					all = append(all, t)
				}
				own = append(own, i)
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
	return all, of, err
}

// concerned finds who has to look because of an event. Nobody has to for the
// echo of what the ledger already knows, and for stages that change no plan.
func concerned(ctx context.Context, tx *ledger.Tx, e ledger.Event) ([]target, error) {
	if e.Platform == returns.ReturnGO {
		return concernedByReturnGO(ctx, tx, e)
	}
	switch e.Topic {
	case tiktokshop.InventoryChanged:
		return concernedByStock(ctx, tx, e)
	case tiktokshop.SellerDeauthorization: // the guard asks whether it is so
		return []target{{shop: e.Shop, ill: "the seller has withdrawn the authorisation"}}, nil
	case tiktokshop.ReturnStatusChange, tiktokshop.RefundSuccess:
	case tiktokshop.OrderStatusChange:
		if e.Status != returns.OrderCompleted && e.Status != returns.OrderCancelled {
			return nil, nil
		}
	default:
		return nil, nil
	}
	if e.TikTokReturnID != "" {
		seen, err := tx.SnapshotStatus(ctx, e.Shop, returns.TikTok, e.TikTokReturnID)
		if err != nil || seen == e.Status || e.Topic == tiktokshop.RefundSuccess && seen == returns.TikTokPaid {
			return nil, err
		}
	}
	keys, err := tx.ReturnsOf(ctx, e.Shop, e.TikTokReturnID, e.OrderID)
	if len(keys) == 0 && e.TikTokReturnID != "" {
		keys = []returns.Key{returns.TikTokKey(e.TikTokReturnID)}
	}
	var all []target
	for _, k := range keys {
		all = append(all, target{shop: e.Shop, key: k, news: messages.News{Platforms: []returns.Platform{returns.TikTok}}})
	}
	return all, err
}

func concernedByReturnGO(ctx context.Context, tx *ledger.Tx, e ledger.Event) ([]target, error) {
	if e.RMAID == "" { // it may be about an RMA of any status
		return []target{{shop: e.Shop, sweep: true}}, tx.MoveCursor(ctx, activities.OpenSweepCursor(e.Shop), "")
	}
	seen, err := tx.SnapshotStatus(ctx, e.Shop, returns.ReturnGO, e.RMAID)
	if err != nil {
		return nil, err
	}
	onlyStage := strings.HasPrefix(e.Topic, "SHIPMENT_") // the RMA's own status follows
	if seen != "" && onlyStage {
		return nil, nil
	}
	if seen != "" && e.Topic == "RMA_STATUS_UPDATED" && seen == e.Status {
		// The same status again after our read may tell of a unit inspected later: no
		// event of its own does (ReturnGO contract 8.3).
		readAt, err := tx.SnapshotReadAt(ctx, e.Shop, returns.ReturnGO, e.RMAID)
		if err != nil || !e.HappenedAt.After(readAt) {
			return nil, err
		}
	}
	return []target{{shop: e.Shop, key: returns.RMAKey(e.RMAID), news: messages.News{Platforms: []returns.Platform{returns.ReturnGO}}}}, nil
}

// concernedByStock wakes the writer of a product whose write waits for its proof.
func concernedByStock(ctx context.Context, tx *ledger.Tx, e ledger.Event) ([]target, error) {
	if e.ProductID == "" || e.Status != returns.MovementAPISync {
		return nil, nil
	}
	writes, err := tx.UnjudgedWrites(ctx, e.Shop, e.ProductID)
	if err != nil || len(writes) == 0 {
		return nil, err
	}
	return []target{{shop: e.Shop, product: e.ProductID}}, nil
}
