package tiktoksandbox

import (
	"maps"
	"slices"
	"time"
)

type inventorySearch struct {
	ProductIDs []string `json:"product_ids"`
	SKUIDs     []string `json:"sku_ids"`
}

func (s *Sandbox) searchInventory(c *call) (any, *apiError) {
	var request inventorySearch
	if problem := c.decode(&request); problem != nil {
		return nil, problem
	}
	if len(request.ProductIDs) > 100 || len(request.SKUIDs) > 600 || len(request.ProductIDs)+len(request.SKUIDs) == 0 {
		return nil, fail(c.badParameter(), "Give up to 100 `product_ids` or up to 600 `sku_ids`.")
	}
	products := map[string]*product{}
	wanted := map[string][]*sku{}
	choose := func(k *sku) {
		if k.product.ShopID == c.shop.ID && !slices.Contains(wanted[k.product.ID], k) {
			products[k.product.ID] = k.product
			wanted[k.product.ID] = append(wanted[k.product.ID], k)
		}
	}
	switch { // sku_ids wins if both are given (2.7)
	case len(request.SKUIDs) > 0:
		for _, id := range request.SKUIDs {
			if k := s.skus[id]; k != nil {
				choose(k)
			}
		}
	default:
		for _, id := range request.ProductIDs {
			if p := s.products[id]; p != nil {
				for _, k := range p.skus {
					choose(k)
				}
			}
		}
	}
	list := []object{}
	for _, id := range slices.Sorted(maps.Keys(products)) {
		skus := []object{}
		for _, k := range wanted[id] {
			s.lastRead[k.ID] = s.journalUntil(c.asOf)
			c.read = append(c.read, k.ID)
			skus = append(skus, s.inventoryOf(k, c.asOf))
		}
		list = append(list, object{"product_id": id, "skus": skus})
	}
	return object{"inventory": list}, nil
}

// journalUntil counts the movements that a reader of that moment can know.
func (s *Sandbox) journalUntil(at time.Time) int {
	n := len(s.books.Journal)
	for n > 0 && s.books.Journal[n-1].At.After(at) {
		n--
	}
	return n
}

func (s *Sandbox) inventoryOf(k *sku, at time.Time) object {
	rows := []object{}
	for _, warehouse := range s.warehousesOf(k) {
		l := s.shown(k, warehouse, at)
		rows = append(rows, object{"warehouse_id": warehouse, "available_quantity": l.available, "committed_quantity": l.committed})
	}
	sum := s.totals(k, at)
	distribution := object{"in_shop_inventory": object{"quantity": sum.available - sum.campaign - sum.creator}}
	if sum.campaign > 0 {
		distribution["campaign_inventory"] = []object{{"quantity": sum.campaign, "campaign_name": "Demo campaign"}}
	}
	if sum.creator > 0 {
		distribution["creator_inventory"] = []object{{"quantity": sum.creator, "creator_name": "demo_creator"}}
	}
	return object{"id": k.ID, "seller_sku": k.SellerSKU,
		"total_available_quantity": sum.available, "total_committed_quantity": sum.committed, "warehouse_inventory": rows,
		"total_available_inventory_distribution": distribution}
}

type inventoryUpdate struct {
	SKUs []skuUpdate `json:"skus"`
}

type skuUpdate struct {
	ID        string `json:"id"`
	Inventory []struct {
		WarehouseID string `json:"warehouse_id"`
		Quantity    *int   `json:"quantity"`
	} `json:"inventory"`
}

// updateInventory sets absolute numbers (2.7): no increment, no version, no
// condition. Each SKU succeeds or fails on its own, under code 0 (T17).
func (s *Sandbox) updateInventory(c *call) (any, *apiError) {
	var request inventoryUpdate
	if problem := c.decode(&request); problem != nil {
		return nil, problem
	}
	p := s.products[c.id]
	switch {
	case p == nil:
		return nil, fail(12052031, "The product does not exist.")
	case p.ShopID != c.shop.ID:
		return nil, fail(12052048, "The product belongs to another seller.")
	case p.Status == "FREEZE" || p.Status == "DELETED":
		return nil, fail(12052901, "The product state does not allow it.")
	case len(request.SKUs) == 0:
		return nil, fail(12052032, "The SKU is missing.")
	case len(request.SKUs) > 100:
		return nil, fail(12052050, "More than 100 SKUs.")
	}
	seen := map[string]bool{}
	problems := []object{}
	for _, update := range request.SKUs {
		if seen[update.ID] {
			return nil, fail(12052036, "SKU %s is given twice.", update.ID)
		}
		seen[update.ID] = true
	}
	for _, update := range request.SKUs {
		if problem, extra := s.setSKU(c, p, update); problem != nil {
			problems = append(problems, skuProblem(update.ID, problem, extra))
		}
	}
	if len(problems) > 0 {
		return object{"errors": problems}, nil
	}
	return object{}, nil
}

func skuProblem(skuID string, e *apiError, extra object) object {
	detail := object{"sku_id": skuID}
	if extra != nil {
		detail["extra_errors"] = []object{extra}
	}
	return object{"code": e.code, "message": e.message, "detail": detail}
}

// setSKU checks and applies one SKU, and remembers the write.
func (s *Sandbox) setSKU(c *call, p *product, update skuUpdate) (*apiError, object) {
	target, problem, extra := s.checkSKU(p, update)
	record := InventoryWrite{At: s.now(), SKU: update.ID, RequestID: c.requestID,
		Before: map[string]int{}, After: target, Applied: problem == nil}
	if problem != nil {
		record.ErrorCode = problem.code
		s.books.InventoryWrites = append(s.books.InventoryWrites, record)
		return problem, extra
	}
	record.HitByMovement = s.movedSinceRead(update.ID)
	var together []movement
	for _, warehouse := range slices.Sorted(maps.Keys(target)) {
		key := stockKey{update.ID, warehouse}
		record.Before[warehouse] = s.levels[key].available
		// The number written becomes available, committed stays on top (T16).
		m := s.book(key, movement{cause: CauseAPISync, available: target[warehouse] - s.levels[key].available, requestID: c.requestID})
		if s.readings.MergedMovements {
			together = append(together, m)
		} else {
			s.tellMovements(update.ID, m)
		}
	}
	s.tellMovements(update.ID, together...)
	s.books.InventoryWrites = append(s.books.InventoryWrites, record)
	return nil, nil
}

// movedSinceRead tells whether somebody else moved available since the SKU was
// last read through Inventory Search.
func (s *Sandbox) movedSinceRead(skuID string) bool {
	for _, m := range s.books.Journal[s.lastRead[skuID]:] {
		if m.SKU == skuID && m.AvailableDelta != 0 && m.CallRequestID == "" {
			return true
		}
	}
	return false
}

func (s *Sandbox) checkSKU(p *product, update skuUpdate) (map[string]int, *apiError, object) {
	k := s.skus[update.ID]
	if k == nil || k.product != p {
		return nil, fail(12052032, "The SKU does not exist in this product."), nil
	}
	if k.isBundle() {
		return nil, fail(12052850, "The stock of a bundle cannot be edited."), nil
	}
	kept := s.warehousesOf(k)
	target := map[string]int{}
	for _, row := range update.Inventory {
		warehouse := row.WarehouseID
		if warehouse == "" && len(kept) == 1 {
			warehouse = kept[0] // may be left out only if there is exactly one
		}
		if extra := s.warehouseProblem(p, warehouse); extra != nil {
			return nil, fail(12052990, "Check failed"), extra
		}
		if row.Quantity == nil || *row.Quantity < 0 || *row.Quantity > 99999 { // 0 is legal (T15)
			return nil, fail(12052055, "The quantity is outside the allowed range."), nil
		}
		if _, twice := target[warehouse]; twice {
			return nil, fail(12052533, "Warehouse %s is given twice.", warehouse), nil
		}
		if l := s.levels[stockKey{k.ID, warehouse}]; l != nil && l.locked(k, *row.Quantity) {
			return nil, fail(12052393, "Locked by a promotion: the stock may not go down."), nil
		}
		target[warehouse] = *row.Quantity
	}
	slices.Sort(kept)
	if !slices.Equal(kept, slices.Sorted(maps.Keys(target))) {
		return nil, fail(12019028, "All warehouses of the SKU must be listed, and no other."), nil
	}
	return target, nil, nil
}

// locked: a promotion refuses every lower number, and nothing may go below what
// is set aside (2.7, section 6 item 6).
func (l *level) locked(k *sku, quantity int) bool {
	return (k.PromotionLock || l.campaign > 0) && quantity < l.available || quantity < l.campaign+l.creator
}

// warehouseProblem is the extra error of code 12052990.
func (s *Sandbox) warehouseProblem(p *product, id string) object {
	w := s.warehouse(id)
	switch {
	case w == nil:
		return object{"warehouse_id": id, "code": 12052097, "message": "The warehouse does not exist"}
	case w.ShopID != p.ShopID || w.Return:
		return object{"warehouse_id": id, "code": 12052532, "message": "The warehouse is not for this shop"}
	case w.Disabled:
		return object{"warehouse_id": id, "code": 12052531, "message": "The warehouse is disabled"}
	}
	return nil
}

type stockSettings struct {
	SKUIDs  []string `json:"sku_ids"`
	Setting struct {
		AutoRestock *bool `json:"enable_auto_restock"`
	} `json:"stock_operation_setting"`
}

// stockSettings switches whether cancelled quantities go back by themselves.
func (s *Sandbox) stockSettings(c *call) (any, *apiError) {
	var request stockSettings
	if problem := c.decode(&request); problem != nil {
		return nil, problem
	}
	if len(request.SKUIDs) == 0 || len(request.SKUIDs) > 500 || request.Setting.AutoRestock == nil {
		return nil, fail(c.badParameter(), "Give 1 to 500 `sku_ids` and `enable_auto_restock`.")
	}
	failed, done := []string{}, []string{}
	for _, id := range request.SKUIDs {
		k := s.skus[id]
		if k == nil || k.product.ShopID != c.shop.ID {
			failed = append(failed, id)
			continue
		}
		k.NoAutoRestock = !*request.Setting.AutoRestock
		done = append(done, id)
	}
	return object{"stock_operation": object{"failed_sku_ids": failed, "success_sku_ids": done}}, nil
}
