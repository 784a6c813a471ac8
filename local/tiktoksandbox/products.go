package tiktoksandbox

import (
	"fmt"
	"slices"
	"time"
)

// Warehouse is one place. Sales and return warehouses have different ids even at
// one address; EntityID says that they are the same place (2.8).
type Warehouse struct {
	ID, EntityID, Name, ShopID string
	Return                     bool
	Disabled                   bool
	Default                    bool
}

// Product is what is listed in a shop.
type Product struct {
	ID, Title, ShopID string
	Status            string // default ACTIVATE
	SKUs              []SKU
}

// SKU is one variant. With Parts it is a virtual bundle: no stock of its own.
type SKU struct {
	ID, SellerSKU, Name string
	Price               string
	Stock               map[string]int // by sales warehouse id
	Parts               []Part
	// NoAutoRestock switches enable_auto_restock off (2.7).
	NoAutoRestock bool
	// PromotionLock refuses decreases (12052393).
	PromotionLock bool
}

// Part is one component of a virtual bundle.
type Part struct {
	SKU   string
	Count int
}

type product struct {
	Product
	skus             []*sku
	created, updated time.Time
}

type sku struct {
	SKU
	product *product
	price   minor
	status  string // as last told by webhook 27
}

func (p *product) listID() string                        { return p.ID }
func (p *product) listTimes() (create, update time.Time) { return p.created, p.updated }

func (k *sku) isBundle() bool { return len(k.Parts) > 0 }

// AddWarehouse opens a warehouse and returns its id.
func (s *Sandbox) AddWarehouse(w Warehouse) (string, error) {
	defer s.enter()()
	if s.shops[w.ShopID] == nil {
		return "", fmt.Errorf("add warehouse: no shop %q", w.ShopID)
	}
	w.ID = orNew(s, w.ID, "warehouse")
	setDefault(&w.EntityID, w.ID)
	setDefault(&w.Name, "Warehouse "+w.ID[len(w.ID)-4:])
	s.warehouses = append(s.warehouses, &w)
	return w.ID, nil
}

// AddProduct lists a product and puts its stock on the shelves, really and in
// the shop's belief alike. It returns the product id and the SKU ids in order.
func (s *Sandbox) AddProduct(p Product) (productID string, skuIDs []string, err error) {
	defer s.enter()()
	owner := s.shops[p.ShopID]
	if owner == nil {
		return "", nil, fmt.Errorf("add product: no shop %q", p.ShopID)
	}
	p.ID = orNew(s, p.ID, "product")
	setDefault(&p.Status, "ACTIVATE")
	setDefault(&p.Title, "Product "+p.ID)
	added := &product{Product: p, created: s.now(), updated: s.now()}
	for _, spec := range p.SKUs {
		one, err := s.newSKU(spec, added, owner.Currency)
		if err != nil {
			return "", nil, fmt.Errorf("add product %s: %w", p.ID, err)
		}
		added.skus = append(added.skus, one)
	}
	s.products[p.ID] = added
	for _, one := range added.skus {
		s.skus[one.ID] = one
		skuIDs = append(skuIDs, one.ID)
		for warehouse, n := range one.Stock {
			s.levels[stockKey{one.ID, warehouse}] = &level{available: n, physical: n}
		}
	}
	return p.ID, skuIDs, nil
}

func (s *Sandbox) newSKU(spec SKU, owner *product, currency string) (*sku, error) {
	spec.ID = orNew(s, spec.ID, "sku")
	setDefault(&spec.Name, "Default")
	setDefault(&spec.Price, "0")
	price, err := parseMoney(spec.Price, currency)
	if err != nil {
		return nil, err
	}
	for _, part := range spec.Parts {
		if s.skus[part.SKU] == nil || part.Count < 1 {
			return nil, fmt.Errorf("bundle %s: no part %q, or no number of it", spec.ID, part.SKU)
		}
	}
	for warehouse := range spec.Stock {
		if w := s.warehouse(warehouse); w == nil || w.Return {
			return nil, fmt.Errorf("sku %s: %q is no sales warehouse", spec.ID, warehouse)
		}
	}
	return &sku{SKU: spec, product: owner, price: price}, nil
}

func (s *Sandbox) warehouse(id string) *Warehouse {
	for _, w := range s.warehouses {
		if w.ID == id {
			return w
		}
	}
	return nil
}

// warehousesOf lists where a SKU is kept, in the order they were opened. A
// bundle is kept wherever all of its parts are.
func (s *Sandbox) warehousesOf(k *sku) []string {
	var ids []string
	for _, w := range s.warehouses {
		if k.isBundle() {
			missing := slices.ContainsFunc(k.Parts, func(p Part) bool { return s.levels[stockKey{p.SKU, w.ID}] == nil })
			if !missing {
				ids = append(ids, w.ID)
			}
		} else if s.levels[stockKey{k.ID, w.ID}] != nil {
			ids = append(ids, w.ID)
		}
	}
	return ids
}

// Recipe is what a bundle is made of.
type Recipe struct {
	SKU   string
	Parts []Part
}

// SetParts changes the composition of a bundle while its ids stay the same; sold
// orders keep the one they were sold with (2.7).
func (s *Sandbox) SetParts(skuID string, parts []Part) error {
	defer s.enter()()
	k := s.skus[skuID]
	if k == nil || !k.isBundle() {
		return fmt.Errorf("set parts: %s is no bundle", skuID)
	}
	for _, part := range parts {
		if one := s.skus[part.SKU]; one == nil || one.isBundle() || part.Count < 1 {
			return fmt.Errorf("set parts of %s: no part %q, or no number of it", skuID, part.SKU)
		}
	}
	k.Parts = slices.Clone(parts)
	return nil
}

func (s *Sandbox) listWarehouses(c *call) (any, *apiError) {
	list := []object{}
	for _, w := range s.warehouses {
		if w.ShopID != c.shop.ID {
			continue
		}
		kind, effect := "SALES_WAREHOUSE", "ENABLED"
		if w.Return {
			kind = "RETURN_WAREHOUSE"
		}
		if w.Disabled {
			effect = "DISABLED"
		}
		list = append(list, object{"id": w.ID, "entity_id": w.EntityID, "name": w.Name, "type": kind,
			"sub_type": "DOMESTIC_WAREHOUSE", "effect_status": effect, "is_default": w.Default,
			"address": object{"region": c.shop.Region, "region_code": c.shop.Region, "full_address": "1 Demo Street", "distict": "Demo"}})
	}
	return object{"warehouses": list}, nil
}
