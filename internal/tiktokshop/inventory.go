package tiktokshop

import (
	"context"
	"errors"
	"time"

	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
)

// How much one call takes (contract 2.7).
const (
	mostStockProducts = 100
	mostStockSKUs     = 600
	mostSetSKUs       = 100 // 12052050
)

// InventoryFilter names up to 600 SKUs, or up to 100 products; SKUs win if both
// are given (contract 2.7).
type InventoryFilter struct{ ProductIDs, SKUIDs []string }

// Inventory gives one level per SKU and warehouse, in units. Available includes
// what is set aside for campaigns and creators; Committed is sold and not yet
// shipped, and no part of Available (contract 2.7). SKUs unknown to TikTok are
// missing. A SKU TikTok keeps without
// warehouses is one level without a warehouse id. Human: TikTok leaves out a
// number and its totals do not prove that it is 0; stock is not guessed.
func (s *Shop) Inventory(ctx context.Context, f InventoryFilter) ([]returns.StockLevel, error) {
	switch {
	case len(f.ProductIDs)+len(f.SKUIDs) == 0:
		return nil, nil
	case len(f.ProductIDs) > mostStockProducts || len(f.SKUIDs) > mostStockSKUs:
		return nil, inventorySearch.refused("more than 100 products or 600 SKUs")
	}
	body := struct {
		ProductIDs []string `json:"product_ids,omitempty"`
		SKUIDs     []string `json:"sku_ids,omitempty"`
	}{f.ProductIDs, f.SKUIDs}
	var w struct {
		Inventory list[struct {
			ProductID text            `json:"product_id"`
			SKUs      list[wireStock] `json:"skus"`
		}] `json:"inventory"`
	}
	receipt, err := s.do(ctx, call{endpoint: inventorySearch, body: body}, &w)
	if err != nil {
		return nil, err
	}
	var levels []returns.StockLevel
	for _, p := range w.Inventory {
		for _, sku := range p.SKUs {
			own, err := sku.levels(string(p.ProductID))
			if err != nil {
				return nil, &platform.Error{
					Platform: platformName, Endpoint: inventorySearch.name, Class: platform.Human,
					RequestID: receipt.RequestID, Message: "SKU " + string(sku.ID) + ": " + err.Error(), Cause: err,
				}
			}
			levels = append(levels, own...)
		}
	}
	return levels, nil
}

type wireStock struct {
	ID             text  `json:"id"`
	TotalAvailable count `json:"total_available_quantity"`
	TotalCommitted count `json:"total_committed_quantity"`
	Warehouses     list[struct {
		ID        text  `json:"warehouse_id"`
		Available count `json:"available_quantity"`
		Committed count `json:"committed_quantity"`
	}] `json:"warehouse_inventory"`
}

func (w wireStock) levels(productID string) ([]returns.StockLevel, error) {
	if len(w.Warehouses) == 0 && w.TotalAvailable.told {
		return []returns.StockLevel{{
			ProductID: productID, SKUID: string(w.ID), Available: w.TotalAvailable.n, Committed: w.TotalCommitted.n,
		}}, nil
	}
	var levels []returns.StockLevel
	sum, complete := 0, true
	for _, h := range w.Warehouses {
		sum += h.Available.n
		complete = complete && h.Available.told
		levels = append(levels, returns.StockLevel{
			ProductID: productID, SKUID: string(w.ID), WarehouseID: string(h.ID),
			Available: h.Available.n, Committed: h.Committed.n,
		})
	}
	if !complete && (!w.TotalAvailable.told || w.TotalAvailable.n != sum) {
		return nil, errors.New("the available quantity is missing")
	}
	return levels, nil
}

// largestQuantity is the end of the range; 0 is legal too (T15).
const largestQuantity = 99_999

// UpdateInventory SETS Available for up to 100 SKUs of one product: no increment,
// no condition, no idempotency key (contract 2.7). The number is what Inventory
// gives as Available, committed units come on top (T16); it counts at once (T18);
// SKUs that are not named keep theirs (T14). All warehouses of each SKU must be
// given, 0 to 99,999 units each. Success means that TikTok named no failure for
// any SKU; after an error the SKUs it did not name may be written (T17), so read
// before going on, also after OutcomeUnknown. StateChanged: a promotion lets
// stock only rise (12052393), or the product's state forbids it. Permanent also:
// the set of warehouses is another (read it again), or the SKU is a bundle. The
// numbers rest on a read that shoppers overtake: the call leaves until sendBy, or
// not at all (ErrTooLate); a zero time sets no limit.
func (s *Shop) UpdateInventory(ctx context.Context, productID string, levels []returns.StockLevel, sendBy time.Time) (Receipt, error) {
	skus, err := quantitiesBySKU(productID, levels)
	if err != nil {
		return Receipt{}, updateInventory.refused(err.Error())
	}
	body := struct {
		SKUs []*wireSKUQuantities `json:"skus"`
	}{skus}
	return s.do(ctx, call{endpoint: updateInventory, id: productID, body: body, sendBy: sendBy}, nil)
}

type wireSKUQuantities struct {
	ID        string         `json:"id"`
	Inventory []wireQuantity `json:"inventory"`
}

type wireQuantity struct {
	WarehouseID string `json:"warehouse_id,omitempty"` // only a lone one may be left out
	Quantity    int    `json:"quantity"`
}

// quantitiesBySKU keeps the order of the levels, so that the same levels are
// the same bytes.
func quantitiesBySKU(productID string, levels []returns.StockLevel) ([]*wireSKUQuantities, error) {
	if len(levels) == 0 {
		return nil, errors.New("no levels")
	}
	var skus []*wireSKUQuantities
	bySKU := map[string]*wireSKUQuantities{}
	for _, l := range levels {
		switch {
		case l.SKUID == "":
			return nil, errors.New("a level without a SKU")
		case l.ProductID != "" && l.ProductID != productID:
			return nil, errors.New("a level of another product")
		case l.Available < 0 || l.Available > largestQuantity:
			return nil, errors.New("a quantity outside 0 to 99,999")
		}
		sku := bySKU[l.SKUID]
		if sku == nil {
			sku = &wireSKUQuantities{ID: l.SKUID}
			bySKU[l.SKUID] = sku
			skus = append(skus, sku)
		}
		for _, other := range sku.Inventory {
			if other.WarehouseID == "" || l.WarehouseID == "" || other.WarehouseID == l.WarehouseID {
				return nil, errors.New("two levels of a SKU for the same warehouse, or for none")
			}
		}
		sku.Inventory = append(sku.Inventory, wireQuantity{l.WarehouseID, l.Available})
	}
	if len(skus) > mostSetSKUs {
		return nil, errors.New("more than 100 SKUs")
	}
	return skus, nil
}
