package tiktoksandbox

import (
	"slices"
	"time"
)

// What webhook 27 calls a SKU's stock; the sample prints LOW_STOCK.
const (
	stockIn  = "IN_STOCK"
	stockLow = "LOW_STOCK"
	stockOut = "OUT_OF_STOCK"
)

// tellMovements sends topic 68 in the usual envelope (T23): one notification per
// movement, or one for all of them (Readings.MergedMovements). It carries no
// warehouse: totals are over all of them.
func (s *Sandbox) tellMovements(skuID string, moves ...movement) {
	if s.readings.SilentZeroSync {
		moves = slices.DeleteFunc(moves, func(m movement) bool { return m.cause == CauseAPISync && m.available == 0 })
	}
	switch {
	case len(moves) == 0:
		return
	case s.readings.MergedMovements:
		s.tellMovement(skuID, moves)
	default:
		for _, m := range moves {
			s.tellMovement(skuID, []movement{m})
		}
	}
	s.tellStockStatus(skuID)
}

func (s *Sandbox) tellMovement(skuID string, moves []movement) {
	k := s.skus[skuID]
	now := s.totals(k, s.now())
	at := s.now().UTC().Format(time.RFC3339Nano)
	details := []object{}
	for _, m := range moves {
		details = append(details, object{"idempotency_key": s.newID("event"), "trigger_source": m.cause, "occurred_at": at,
			"total_quantity_delta": m.available + m.committed, "available_quantity_delta": m.available,
			"committed_quantity_delta": m.committed, "in_shop_quantity_delta": m.available - m.campaign - m.creator,
			"campaign_locked_quantity_delta": m.campaign, "creator_locked_quantity_delta": m.creator})
	}
	s.emit(k.product.ShopID, topicInventory, object{
		"event_id": s.newID("event"), "occurred_at": at, "seller_id": s.shops[k.product.ShopID].SellerID,
		"product_id": k.product.ID, "sku_id": k.ID,
		"quantity_snapshot_after_change": object{"total_quantity": now.available + now.committed,
			"total_available_quantity": now.available, "total_committed_quantity": now.committed,
			"in_shop_quantity":         now.available - now.campaign - now.creator,
			"campaign_locked_quantity": now.campaign, "creator_locked_quantity": now.creator},
		"change_detail": details,
	})
}

// tellStockStatus sends topic 27 when a SKU becomes short or runs out. Its
// available_quantity leaves out what is set aside, unlike Inventory Search (2.7).
func (s *Sandbox) tellStockStatus(skuID string) {
	k := s.skus[skuID]
	now := s.totals(k, s.now())
	inShop := now.available - now.campaign - now.creator
	status := stockIn
	switch {
	case inShop <= 0:
		status = stockOut
	case inShop <= s.options.LowStock:
		status = stockLow
	}
	if before := k.status; status == before || before == "" && status == stockIn {
		return
	}
	k.status = status
	if status == stockIn {
		return
	}
	s.emit(k.product.ShopID, topicStockStatus, object{"product_id": k.product.ID, "sku_id": k.ID,
		"trigger_reason": object{"alert_type": "THRESHOLD", "lead_days": 0}, "current_inventory_status": status,
		"inventory_distribution": object{"total_quantity": now.available + now.committed, "available_quantity": inShop,
			"creator_reserved_quantity": now.creator, "campaign_reserved_quantity": now.campaign,
			"committed_quantity": now.committed},
		"update_time": s.now().Unix()})
}
