package tiktokshop

import (
	"context"
	"slices"

	"returnbridge/internal/returns"
)

// Product types that matter for stock (contract 2.7).
const (
	TypeBundle     = "COMBINED_PRODUCT"    // a virtual bundle: its stock cannot be written
	TypeBundlePart = "IN_COMBINED_PRODUCT" // also sold inside a bundle
)

// Product is what stock needs to know of a product.
type Product struct {
	ID, Title, Status string
	Types             []string
	SKUs              []ProductSKU
}

// Bundle tells whether the product is a virtual bundle.
func (p Product) Bundle() bool { return slices.Contains(p.Types, TypeBundle) }

// ProductSKU is one variant. Parts is the recipe as of today; for a unit sold,
// the order's own recipe counts (contract 2.7).
type ProductSKU struct {
	ID           string
	SellerSKU    string // free text of the seller, not unique (T13)
	WarehouseIDs []string
	Parts        []returns.BundlePart
}

// Product reads one product.
func (s *Shop) Product(ctx context.Context, productID string) (Product, error) {
	var w struct {
		ID            text       `json:"id"`
		Title         text       `json:"title"`
		Status        text       `json:"status"`
		ProductStatus text       `json:"product_status"`
		Types         list[text] `json:"product_types"`
		SKUs          list[struct {
			ID        text `json:"id"`
			SellerSKU text `json:"seller_sku"`
			Inventory list[struct {
				WarehouseID text `json:"warehouse_id"`
			}] `json:"inventory"`
			Parts list[wirePart] `json:"combined_skus"`
		}] `json:"skus"`
	}
	if _, err := s.do(ctx, call{endpoint: getProduct, id: productID}, &w); err != nil {
		return Product{}, err
	}
	if w.ProductStatus != "" {
		w.Status = w.ProductStatus
	}
	p := Product{ID: string(w.ID), Title: string(w.Title), Status: string(w.Status), Types: strs(w.Types)}
	for _, k := range w.SKUs {
		sku := ProductSKU{ID: string(k.ID), SellerSKU: string(k.SellerSKU), Parts: parts(k.Parts)}
		for _, i := range k.Inventory {
			sku.WarehouseIDs = append(sku.WarehouseIDs, string(i.WarehouseID))
		}
		p.SKUs = append(p.SKUs, sku)
	}
	return p, nil
}

// Warehouse types and states (contract 2.8).
const (
	SalesWarehouse   = "SALES_WAREHOUSE"
	ReturnWarehouse  = "RETURN_WAREHOUSE"
	WarehouseEnabled = "ENABLED"
)

// Warehouse is a place of the seller, without its address. Sales and return
// warehouse of one place differ in id and share the entity (contract 2.8, T19).
type Warehouse struct {
	ID, EntityID, Name, Type, SubType string
	Status                            string // effect_status
	Default                           bool
}

// Warehouses lists all warehouses of the shop.
func (s *Shop) Warehouses(ctx context.Context) ([]Warehouse, error) {
	var w struct {
		Warehouses list[struct {
			ID       text `json:"id"`
			EntityID text `json:"entity_id"`
			Name     text `json:"name"`
			Type     text `json:"type"`
			SubType  text `json:"sub_type"`
			Status   text `json:"effect_status"`
			Default  flag `json:"is_default"`
		}] `json:"warehouses"`
	}
	if _, err := s.do(ctx, call{endpoint: getWarehouses}, &w); err != nil {
		return nil, err
	}
	var all []Warehouse
	for _, h := range w.Warehouses {
		all = append(all, Warehouse{
			ID: string(h.ID), EntityID: string(h.EntityID), Name: string(h.Name), Type: string(h.Type),
			SubType: string(h.SubType), Status: string(h.Status), Default: h.Default.yes,
		})
	}
	return all, nil
}
