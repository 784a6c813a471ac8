package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"returnbridge/activities"
	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

// concerned finds who has to look because of an event. Nobody has to for the
// echo of what the ledger already knows, and for stages that change no plan. What
// others will follow is held until they have come.
func (r *relay) concerned(ctx context.Context, tx *ledger.Tx, e ledger.Event) (all []target, until time.Time, err error) {
	if e.Platform == returns.ReturnGO {
		return r.concernedByReturnGO(ctx, tx, e)
	}
	all, err = r.concernedByTikTok(ctx, tx, e)
	return all, time.Time{}, err
}

func (r *relay) concernedByTikTok(ctx context.Context, tx *ledger.Tx, e ledger.Event) ([]target, error) {
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
		if err != nil || returns.SameStatus(seen, e.Status) || e.Topic == tiktokshop.RefundSuccess && seen == returns.TikTokPaid {
			return nil, err
		}
	}
	keys, err := tx.ReturnsOf(ctx, e.Shop, e.TikTokReturnID, e.OrderID)
	if err != nil {
		return nil, err
	}
	if noted, err := r.parcelNoted(ctx, tx, e, keys); noted || err != nil {
		return nil, err
	}
	if len(keys) == 0 && e.TikTokReturnID != "" {
		keys = []returns.Key{returns.TikTokKey(e.TikTokReturnID)}
	}
	var all []target
	for _, k := range keys {
		all = append(all, target{shop: e.Shop, key: k, news: messages.News{Platforms: []returns.Platform{returns.TikTok}}})
	}
	return all, err
}

// parcelNoted tells whether an event says no more than that the buyer has sent the
// parcel, and it is enough that the ledger knows.
func (r *relay) parcelNoted(ctx context.Context, tx *ledger.Tx, e ledger.Event, keys []returns.Key) (bool, error) {
	if len(keys) != 1 || e.Topic != tiktokshop.ReturnStatusChange || e.Status != returns.TikTokShipped {
		return false, nil
	}
	becomes, err := r.noteStage(ctx, tx, e, keys[0])
	return becomes == noChange, err
}

func (r *relay) concernedByReturnGO(ctx context.Context, tx *ledger.Tx, e ledger.Event) (all []target, until time.Time, err error) {
	if e.RMAID == "" { // it may be about an RMA of any status
		return []target{{shop: e.Shop, sweep: true}}, time.Time{}, tx.MoveCursor(ctx, activities.OpenSweepCursor(e.Shop), "")
	}
	key := returns.RMAKey(e.RMAID)
	look := func(platforms ...returns.Platform) []target {
		return []target{{shop: e.Shop, key: key, news: messages.News{Platforms: platforms}}}
	}
	seen, err := tx.SnapshotStatus(ctx, e.Shop, returns.ReturnGO, e.RMAID)
	if err != nil {
		return nil, until, err
	}
	if seen == "" {
		return look(returns.ReturnGO, returns.TikTok), until, nil
	}
	if strings.HasPrefix(e.Topic, "SHIPMENT_") { // the RMA's own status follows, but to a label or a departure
		if awaited, err := r.shipmentAwaited(ctx, tx, e); !awaited || err != nil {
			return nil, until, err
		}
		return look(returns.ReturnGO), until, nil
	}
	readAt, err := tx.SnapshotReadAt(ctx, e.Shop, returns.ReturnGO, e.RMAID)
	if err != nil {
		return nil, until, err
	}
	status := e.Topic == "RMA_STATUS_UPDATED"
	if status && returns.SameStatus(seen, e.Status) && !e.HappenedAt.After(readAt) {
		// The same status again after our read may tell of a unit inspected later: no
		// event of its own does (ReturnGO contract 8.3).
		return nil, until, nil
	}
	if status && e.Status == returns.RMAReceived {
		switch becomes, err := r.noteStage(ctx, tx, e, key); {
		case err != nil || becomes == noChange:
			return nil, until, err
		case becomes == otherClock:
			return look(messages.LedgerOnly), until, nil
		}
	}
	if !releasesMoney(e) {
		return look(returns.ReturnGO), until, nil
	}
	return r.heldByMoney(ctx, tx, e, readAt)
}

// heldByMoney holds an event that releases money until others of its RMA have come.
func (r *relay) heldByMoney(ctx context.Context, tx *ledger.Tx, e ledger.Event, readAt time.Time) (all []target, until time.Time, err error) {
	key, platforms := returns.RMAKey(e.RMAID), []returns.Platform{returns.ReturnGO, returns.TikTok}
	if e.Topic == "RMA_STATUS_UPDATED" {
		// An inspection may have been changed since, also after the return has ended, and
		// nothing else tells of it (ReturnGO contract 8.3): the RMA is read, once for
		// each of these events.
		was, err := tx.Record(ctx, e.Shop, key)
		switch {
		case err != nil || r.ownDone(was, e):
			return nil, until, err
		case !was.ClosedAt.IsZero():
			platforms = platforms[:1] // the plan asks for TikTok if anything has changed
		}
	}
	until = e.ReceivedAt.Add(r.settleTime())
	switch {
	case readAt.After(until):
		return nil, time.Time{}, nil // the RMA was read since: nothing is new
	case tx.Now().Before(until):
		return nil, until, nil
	}
	return []target{{shop: e.Shop, key: key, news: messages.News{Platforms: platforms}}}, time.Time{}, nil
}

// ownDone reports whether an event is the echo of our own write: nobody else set the
// RMA to Done at that moment.
func (r *relay) ownDone(was returns.Record, e ledger.Event) bool {
	policy, _ := r.policyOf(e.Shop)
	return e.Status == returns.RMADone && slices.ContainsFunc(was.Effects, func(f returns.Effect) bool {
		return f.Route == returns.RouteSetDone && !f.AppliedAt.IsZero() && e.HappenedAt.Sub(f.AppliedAt).Abs() <= policy.ClockSkew
	})
}

// shipmentAwaited tells whether an event of a parcel changes anything: it brings a
// label that is waited for, or the parcel is on its way of which people were told
// that nothing was sent.
func (r *relay) shipmentAwaited(ctx context.Context, tx *ledger.Tx, e ledger.Event) (bool, error) {
	if e.Status != returns.ShipmentShipped {
		return r.labelAwaited(ctx, tx, e)
	}
	was, err := tx.Record(ctx, e.Shop, returns.RMAKey(e.RMAID))
	return !was.OpenSince(returns.NotShipped, "").IsZero(), err
}

// labelAwaited tells whether an event brings the label without which no TikTok
// return of ours is opened.
func (r *relay) labelAwaited(ctx context.Context, tx *ledger.Tx, e ledger.Event) (bool, error) {
	policy, _ := r.policyOf(e.Shop)
	if e.Status != returns.ShipmentLabelCreated || len(policy.OpenReasons) == 0 {
		return false, nil
	}
	readAt, err := tx.SnapshotReadAt(ctx, e.Shop, returns.ReturnGO, e.RMAID)
	if err != nil || !e.HappenedAt.IsZero() && e.HappenedAt.Before(readAt.Truncate(time.Second)) { // events bear whole seconds
		return false, err
	}
	rma, _, err := tx.RMASeen(ctx, e.Shop, e.RMAID)
	_, labelled := rma.Label()
	return rma.Status == returns.RMAApproved && !labelled, err
}

// concernedByStock wakes the writer of a product whose write waits for its proof,
// if there is something to do: an account that says exactly what was owed is read
// at the writer's own time.
func concernedByStock(ctx context.Context, tx *ledger.Tx, e ledger.Event) ([]target, error) {
	if e.ProductID == "" || e.Status != returns.MovementAPISync {
		return nil, nil
	}
	writes, err := tx.UnjudgedWrites(ctx, e.Shop, e.ProductID)
	if err != nil || len(writes) == 0 {
		return nil, err
	}
	owed, err := tx.Owed(ctx, e.Shop, e.ProductID)
	if err != nil {
		return nil, err
	}
	for _, w := range writes {
		asOwed, err := toldAsOwed(ctx, tx, e.Shop, w)
		if err != nil {
			return nil, err
		}
		if !asOwed || len(owed) > 0 {
			return []target{{shop: e.Shop, product: e.ProductID}}, nil
		}
	}
	return nil, nil
}

// toldAsOwed tells whether a write that TikTok has answered, and whose round comes
// back to it soon, did exactly what was owed by TikTok's own account.
func toldAsOwed(ctx context.Context, tx *ledger.Tx, shop string, w ledger.StockWrite) (bool, error) {
	if w.State != "open" || w.AnsweredAt.IsZero() {
		return false, nil
	}
	owed, wrote := w.Sums()
	from, to := w.Between(time.Minute)
	told, err := tx.Syncs(ctx, shop, w.SKUID, from, to)
	return slices.ContainsFunc(told, func(m returns.StockMovement) bool {
		return m.AvailableAfter == wrote && m.AvailableDelta == owed
	}), err
}
