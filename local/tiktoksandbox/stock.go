package tiktoksandbox

import (
	"fmt"
	"time"
)

// Causes of stock movements, the trigger sources of webhook 68 (2.7).
const (
	CauseOrderCreated   = "order_created"
	CauseOrderCanceled  = "order_canceled"
	CauseOrderShipped   = "order_shipped"
	CauseManual         = "manual_adjustment"
	CauseAPISync        = "api_sync"
	CauseAutoReplenish  = "system_auto_replenish"
	CauseCampaignLock   = "campaign_lock"
	CauseCampaignUnlock = "campaign_unlock"
	CauseCreatorLock    = "creator_lock"
	CauseCreatorUnlock  = "creator_unlock"
	// CauseShelved is goods put on the shelf: only the true count moves, and the
	// platform neither knows nor tells.
	CauseShelved = "shelved"
)

type stockKey struct{ sku, warehouse string }

// level keeps the numbers the shop believes in and the units really there.
// Campaigns and creators hold parts of available, not units beside it (2.7).
type level struct {
	available, committed int
	campaign, creator    int
	physical             int
}

func (l *level) add(m movement) {
	l.available += m.available
	l.committed += m.committed
	l.campaign += m.campaign
	l.creator += m.creator
	l.physical += m.physical
}

// movement says why numbers move.
type movement struct {
	cause                string
	available, committed int
	campaign, creator    int
	physical             int
	requestID, orderID   string
}

// fromReserves lets what is taken beyond the shop's own part come out of what is
// set aside, campaigns first.
func (m *movement) fromReserves(l *level) {
	lacking := func() int { return l.campaign + m.campaign + l.creator + m.creator - (l.available + m.available) }
	if n := min(lacking(), l.campaign+m.campaign); n > 0 {
		m.campaign -= n
	}
	if n := min(lacking(), l.creator+m.creator); n > 0 {
		m.creator -= n
	}
}

// move changes the shop's belief, writes the journal and sends webhook 68.
func (s *Sandbox) move(key stockKey, m movement) {
	s.tellMovements(key.sku, s.book(key, m))
}

// book changes the numbers and writes the journal.
func (s *Sandbox) book(key stockKey, m movement) movement {
	l := s.levels[key]
	m.fromReserves(l)
	l.add(m)
	s.books.Journal = append(s.books.Journal, Movement{At: s.now(), SKU: key.sku, Warehouse: key.warehouse,
		Cause: m.cause, AvailableDelta: m.available, CommittedDelta: m.committed, PhysicalDelta: m.physical,
		CampaignDelta: m.campaign, CreatorDelta: m.creator, CallRequestID: m.requestID, OrderID: m.orderID})
	return m
}

// levelAt is what the shop believed at an earlier moment, by the journal backwards.
func (s *Sandbox) levelAt(key stockKey, at time.Time) *level {
	known := s.levels[key]
	if known == nil {
		return nil
	}
	l := *known
	for i := len(s.books.Journal) - 1; i >= 0 && s.books.Journal[i].At.After(at); i-- {
		m := s.books.Journal[i]
		if m.SKU == key.sku && m.Warehouse == key.warehouse {
			l.add(movement{available: -m.AvailableDelta, committed: -m.CommittedDelta,
				campaign: -m.CampaignDelta, creator: -m.CreatorDelta})
		}
	}
	return &l
}

// shown is what a SKU shows in one warehouse at a moment. A bundle shows what its
// parts allow (2.7).
func (s *Sandbox) shown(k *sku, warehouse string, at time.Time) level {
	if !k.isBundle() {
		if l := s.levelAt(stockKey{k.ID, warehouse}, at); l != nil {
			return *l
		}
		return level{}
	}
	var whole level
	for i, part := range k.Parts {
		l := s.levelAt(stockKey{part.SKU, warehouse}, at)
		if l == nil {
			return level{}
		}
		if sets := l.available / part.Count; i == 0 || sets < whole.available {
			whole.available = sets
		}
	}
	return whole
}

func (s *Sandbox) totals(k *sku, at time.Time) level {
	var sum level
	for _, warehouse := range s.warehousesOf(k) {
		l := s.shown(k, warehouse, at)
		sum.add(movement{available: l.available, committed: l.committed, campaign: l.campaign, creator: l.creator})
	}
	return sum
}

// WarehouseReceives puts n units on the shelf. Only the true count moves: the
// shop learns of it when somebody writes its stock.
func (s *Sandbox) WarehouseReceives(skuID, warehouse string, n int) error {
	return s.atLevel("warehouse receives", skuID, warehouse, func(key stockKey, _ *level) error {
		s.book(key, movement{cause: CauseShelved, physical: n})
		return nil
	})
}

// AdjustStock is another writer moving available by delta: a person
// (manual_adjustment), another program (api_sync) or the platform
// (system_auto_replenish). True units do not move.
func (s *Sandbox) AdjustStock(skuID, warehouse string, delta int, cause string) error {
	return s.atLevel("adjust stock", skuID, warehouse, func(key stockKey, l *level) error {
		switch {
		case cause != CauseManual && cause != CauseAPISync && cause != CauseAutoReplenish:
			return fmt.Errorf("cause %q", cause)
		case l.available+delta < 0:
			return fmt.Errorf("available is %d", l.available)
		}
		s.move(key, movement{cause: cause, available: delta})
		return nil
	})
}

// ReserveStock sets n units of available aside for a campaign or a creator, or
// gives them back, as the cause says (2.7).
func (s *Sandbox) ReserveStock(skuID, warehouse string, n int, cause string) error {
	return s.atLevel("reserve stock", skuID, warehouse, func(key stockKey, l *level) error {
		m := movement{cause: cause}
		switch cause {
		case CauseCampaignLock:
			m.campaign = n
		case CauseCampaignUnlock:
			m.campaign = -n
		case CauseCreatorLock:
			m.creator = n
		case CauseCreatorUnlock:
			m.creator = -n
		default:
			return fmt.Errorf("cause %q", cause)
		}
		after := *l
		after.add(m)
		if n < 1 || after.campaign < 0 || after.creator < 0 || after.campaign+after.creator > after.available {
			return fmt.Errorf("%s of %d units with %d available", cause, n, l.available)
		}
		s.move(key, m)
		return nil
	})
}

// LockForPromotion makes the platform refuse lower numbers for a SKU (12052393).
func (s *Sandbox) LockForPromotion(skuID string, locked bool) error {
	defer s.enter()()
	k := s.skus[skuID]
	if k == nil {
		return fmt.Errorf("lock for promotion: no sku %q", skuID)
	}
	k.PromotionLock = locked
	return nil
}

// Stock returns one level.
func (s *Sandbox) Stock(skuID, warehouse string) (StockLevel, error) {
	var found StockLevel
	err := s.atLevel("stock", skuID, warehouse, func(key stockKey, l *level) error {
		found = l.view(key)
		return nil
	})
	return found, err
}

func (s *Sandbox) atLevel(what, skuID, warehouse string, do func(stockKey, *level) error) error {
	defer s.enter()()
	key := stockKey{skuID, warehouse}
	l := s.levels[key]
	if l == nil {
		return fmt.Errorf("%s: %s is not kept in %s", what, skuID, warehouse)
	}
	if err := do(key, l); err != nil {
		return fmt.Errorf("%s: %s in %s: %w", what, skuID, warehouse, err)
	}
	return nil
}

func (l *level) view(key stockKey) StockLevel {
	return StockLevel{SKU: key.sku, Warehouse: key.warehouse, Available: l.available, Committed: l.committed,
		Campaign: l.campaign, Creator: l.creator, BelievedPhysical: l.available + l.committed, TruePhysical: l.physical}
}
