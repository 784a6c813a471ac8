package tiktoksandbox

import (
	"slices"
	"time"
)

func (s *Sandbox) getProduct(c *call) (any, *apiError) {
	found := s.products[c.id]
	if found == nil {
		return nil, fail(12052031, "The product does not exist.")
	}
	if found.ShopID != c.shop.ID {
		return nil, fail(12052048, "The product belongs to another seller.")
	}
	return s.productJSON(found, c), nil
}

func (s *Sandbox) productJSON(p *product, c *call) object {
	types := []string{}
	if slices.ContainsFunc(p.skus, (*sku).isBundle) {
		types = append(types, "COMBINED_PRODUCT")
	}
	if s.isPartOfBundle(p) {
		types = append(types, "IN_COMBINED_PRODUCT")
	}
	skus := []object{}
	for _, k := range p.skus {
		skus = append(skus, s.skuJSON(k, c))
	}
	return object{"id": p.ID, "title": p.Title, "status": p.Status, "product_status": p.Status,
		"product_types": types, "skus": skus, "create_time": p.created.Unix(), "update_time": p.updated.Unix()}
}

func (s *Sandbox) isPartOfBundle(p *product) bool {
	for _, k := range s.skus {
		for _, part := range k.Parts {
			if s.skus[part.SKU].product == p {
				return true
			}
		}
	}
	return false
}

func (s *Sandbox) skuJSON(k *sku, c *call) object {
	currency := c.shop.Currency
	view := object{"id": k.ID, "seller_sku": k.SellerSKU,
		"price":       object{"currency": currency, "sale_price": formatMoney(k.price, currency), "tax_exclusive_price": formatMoney(k.price, currency)},
		"inventory":   s.inventoryJSON(k, c.asOf),
		"status_info": object{"status": "NORMAL"}}
	if !k.isBundle() {
		return view
	}
	parts := []object{}
	for _, part := range k.Parts {
		component := s.skus[part.SKU]
		parts = append(parts, object{"product_id": component.product.ID, "sku_id": component.ID,
			"seller_sku": component.SellerSKU, "sku_count": part.Count, "inventory": s.inventoryJSON(component, c.asOf)})
	}
	view["combined_skus"] = parts
	return view
}

func (s *Sandbox) inventoryJSON(k *sku, at time.Time) []object {
	list := []object{}
	for _, warehouse := range s.warehousesOf(k) {
		list = append(list, object{"warehouse_id": warehouse, "quantity": s.shown(k, warehouse, at).available})
	}
	return list
}

type productSearch struct {
	SellerSKUs   []string `json:"seller_skus"`
	SKUIDs       []string `json:"sku_ids"`
	Status       string   `json:"status"`
	CreateTimeGE *int64   `json:"create_time_ge"`
	CreateTimeLE *int64   `json:"create_time_le"` // _le here, not _lt (2.7)
	UpdateTimeGE *int64   `json:"update_time_ge"`
	UpdateTimeLE *int64   `json:"update_time_le"`
}

func (s *Sandbox) searchProducts(c *call) (any, *apiError) {
	var request productSearch
	if problem := c.decode(&request); problem != nil {
		return nil, problem
	}
	if len(request.SellerSKUs) > 10 || len(request.SKUIDs) > 10 {
		return nil, fail(c.badParameter(), "At most 10 `seller_skus` and 10 `sku_ids`.")
	}
	var all []*product
	for _, p := range s.products {
		if p.ShopID == c.shop.ID && request.matches(p) {
			all = append(all, p)
		}
	}
	found, problem := paginate(c, all, pageRules{sizeMin: 1, sizeMax: 100})
	if problem != nil {
		return nil, problem
	}
	list := []object{}
	for _, p := range found.items {
		list = append(list, s.productJSON(p, c))
	}
	return object{"products": list, "total_count": found.total, "next_page_token": found.next}, nil
}

func (q productSearch) matches(p *product) bool {
	if q.Status != "" && q.Status != "ALL" && q.Status != p.Status {
		return false
	}
	if !within(p.created, q.CreateTimeGE, past(q.CreateTimeLE)) || !within(p.updated, q.UpdateTimeGE, past(q.UpdateTimeLE)) {
		return false
	}
	return slices.ContainsFunc(p.skus, func(k *sku) bool {
		return oneOf(q.SellerSKUs, k.SellerSKU) && oneOf(q.SKUIDs, k.ID)
	})
}

// past turns an inclusive bound into the exclusive one of within.
func past(bound *int64) *int64 {
	if bound == nil {
		return nil
	}
	next := *bound + 1
	return &next
}
