package tiktoksandbox

import (
	"fmt"
	"time"
)

// Causes of stock movements, the trigger sources of webhook 68 (2.7).
const (
	CauseOrderCreated  = "order_created"
	CauseOrderCanceled = "order_canceled"
	CauseOrderShipped  = "order_shipped"
	CauseManual        = "manual_adjustment"
	CauseAPISync       = "api_sync"
)

type stockKey struct{ sku, warehouse string }

// level keeps the two numbers the shop believes in and the units really there.
type level struct {
	available, committed int
	physical             int
}

// movement says why a number moves.
type movement struct {
	cause                string
	available, committed int
	requestID, orderID   string
}

// move changes the shop's belief, writes the journal and sends webhook 68.
func (s *Sandbox) move(key stockKey, m movement) {
	l := s.levels[key]
	l.available += m.available
	l.committed += m.committed
	s.books.Journal = append(s.books.Journal, Movement{At: s.now(), SKU: key.sku, Warehouse: key.warehouse,
		Cause: m.cause, AvailableDelta: m.available, CommittedDelta: m.committed,
		CallRequestID: m.requestID, OrderID: m.orderID})
	s.emitMovement(key, m)
}

// emitMovement sends topic 68 in the usual envelope (T23). It carries no
// warehouse: totals are over all of them.
func (s *Sandbox) emitMovement(key stockKey, m movement) {
	k := s.skus[key.sku]
	available, committed := s.totals(k)
	at := s.now().UTC().Format(time.RFC3339Nano)
	event := s.newID("event")
	s.emit(k.product.ShopID, topicInventory, object{
		"event_id": event, "occurred_at": at, "seller_id": s.shops[k.product.ShopID].SellerID,
		"product_id": k.product.ID, "sku_id": k.ID,
		"quantity_snapshot_after_change": object{"total_quantity": available + committed,
			"total_available_quantity": available, "total_committed_quantity": committed,
			"in_shop_quantity": available, "campaign_locked_quantity": 0, "creator_locked_quantity": 0},
		"change_detail": []object{{"idempotency_key": event, "trigger_source": m.cause, "occurred_at": at,
			"total_quantity_delta": m.available + m.committed, "available_quantity_delta": m.available,
			"committed_quantity_delta": m.committed, "in_shop_quantity_delta": m.available,
			"campaign_locked_quantity_delta": 0, "creator_locked_quantity_delta": 0}},
	})
}

// quantities are what a SKU shows in one warehouse. A bundle shows what its
// parts allow (2.7).
func (s *Sandbox) quantities(k *sku, warehouse string) (available, committed int) {
	if !k.isBundle() {
		l := s.levels[stockKey{k.ID, warehouse}]
		if l == nil {
			return 0, 0
		}
		return l.available, l.committed
	}
	for i, part := range k.Parts {
		l := s.levels[stockKey{part.SKU, warehouse}]
		if l == nil {
			return 0, 0
		}
		if sets := l.available / part.Count; i == 0 || sets < available {
			available = sets
		}
	}
	return available, 0
}

func (s *Sandbox) totals(k *sku) (available, committed int) {
	for _, warehouse := range s.warehousesOf(k) {
		a, c := s.quantities(k, warehouse)
		available, committed = available+a, committed+c
	}
	return available, committed
}

// WarehouseReceives puts n units on the shelf. Only the true count moves: the
// shop learns of it when somebody writes its stock.
func (s *Sandbox) WarehouseReceives(skuID, warehouse string, n int) error {
	defer s.enter()()
	l := s.levels[stockKey{skuID, warehouse}]
	if l == nil {
		return fmt.Errorf("warehouse receives: %s is not kept in %s", skuID, warehouse)
	}
	l.physical += n
	return nil
}

// AdjustStock is another writer moving available by delta: a person
// (manual_adjustment) or another program (api_sync). True units do not move.
func (s *Sandbox) AdjustStock(skuID, warehouse string, delta int, cause string) error {
	defer s.enter()()
	if cause != CauseManual && cause != CauseAPISync {
		return fmt.Errorf("adjust stock: cause %q", cause)
	}
	key := stockKey{skuID, warehouse}
	if s.levels[key] == nil {
		return fmt.Errorf("adjust stock: %s is not kept in %s", skuID, warehouse)
	}
	s.move(key, movement{cause: cause, available: delta})
	return nil
}

// Stock returns one level.
func (s *Sandbox) Stock(skuID, warehouse string) (StockLevel, error) {
	defer s.enter()()
	l := s.levels[stockKey{skuID, warehouse}]
	if l == nil {
		return StockLevel{}, fmt.Errorf("stock: %s is not kept in %s", skuID, warehouse)
	}
	return StockLevel{SKU: skuID, Warehouse: warehouse, Available: l.available, Committed: l.committed,
		BelievedPhysical: l.available + l.committed, TruePhysical: l.physical}, nil
}
