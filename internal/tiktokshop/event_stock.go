package tiktokshop

import (
	"strconv"

	"returnbridge/internal/returns"
)

// wireStockChange is topic 68: TikTok's own account of what moved a SKU's stock
// (contract 3.4). It names no warehouse.
type wireStockChange struct {
	OccurredAt iso                   `json:"occurred_at"`
	ProductID  text                  `json:"product_id"`
	SKUID      text                  `json:"sku_id"`
	Snapshot   object[wireSnapshot]  `json:"quantity_snapshot_after_change"`
	Changes    list[wireStockDetail] `json:"change_detail"`
}

type wireSnapshot struct {
	Available count `json:"total_available_quantity"`
}

type wireStockDetail struct {
	Key        text  `json:"idempotency_key"`
	Source     text  `json:"trigger_source"`
	OccurredAt iso   `json:"occurred_at"`
	Available  count `json:"available_quantity_delta"`
	Committed  count `json:"committed_quantity_delta"`
}

// recognised tells topic 68 by its looks where its envelope is missing (T23).
func (w wireStockChange) recognised() bool {
	return w.SKUID != "" && (len(w.Changes) > 0 || w.Snapshot.v.Available.told)
}

// fill gives one movement per change. Without the number after the change there
// is none: a movement that proves nothing is not passed on as if it did.
func (w wireStockChange) fill(e *Event) {
	if e.At.IsZero() {
		e.At = w.OccurredAt.Time
	}
	if !w.Snapshot.v.Available.told {
		return
	}
	for i, c := range w.Changes {
		m := returns.StockMovement{
			ID: string(c.Key), ProductID: string(w.ProductID), SKUID: string(w.SKUID), Source: string(c.Source),
			At: c.OccurredAt.Time, AvailableDelta: c.Available.n, CommittedDelta: c.Committed.n,
			AvailableAfter: w.Snapshot.v.Available.n,
		}
		if m.ID == "" {
			m.ID = e.ID + "#" + strconv.Itoa(i)
		}
		if m.At.IsZero() {
			m.At = w.OccurredAt.Time
		}
		e.Movements = append(e.Movements, m)
	}
}
