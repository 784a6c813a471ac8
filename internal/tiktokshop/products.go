package tiktokshop

import (
	"context"
	"slices"
	"time"

	"returnbridge/internal/returns"
)

// Product types that matter for stock (contract 2.7).
const (
	TypeBundle     = "COMBINED_PRODUCT"    // a virtual bundle: its stock cannot be written
	TypeBundlePart = "IN_COMBINED_PRODUCT" // also sold inside a bundle
)

// Product is what stock needs to know of a product (contract 2.7).
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

// Product reads one product (contract 2.7). Its Status is product_status where
// there is one, such as ACTIVATE, FREEZE or DELETED.
func (s *Shop) Product(ctx context.Context, productID string) (Product, error) {
	var w wireProduct
	if _, err := s.do(ctx, call{endpoint: getProduct, id: productID}, &w); err != nil {
		return Product{}, err
	}
	return w.product(), nil
}

// mostCandidates is how many SKUs of either kind one search takes (contract 2.7).
const mostCandidates = 10

// ProductFilter narrows a search; zero fields do not. From is inclusive, To is
// not.
type ProductFilter struct {
	SellerSKUs, SKUIDs     []string // up to 10 each
	Status                 string   // such as ACTIVATE
	UpdatedFrom, UpdatedTo time.Time
}

// SearchProducts walks products in TikTok's order; an empty next token ends the
// walk. It ends after 10,000 products (12052180, Permanent): narrow the filter.
// Whether the search shows product types and recipes is not documented: for
// those ask Product.
func (s *Shop) SearchProducts(ctx context.Context, f ProductFilter, p Page) ([]Product, string, error) {
	if len(f.SellerSKUs) > mostCandidates || len(f.SKUIDs) > mostCandidates {
		return nil, "", searchProducts.refused("more than 10 SKUs")
	}
	if !f.UpdatedTo.IsZero() {
		f.UpdatedTo = f.UpdatedTo.Add(-time.Second) // here TikTok's end is inclusive (contract 7)
	}
	body := struct {
		SellerSKUs []string `json:"seller_skus,omitempty"`
		SKUIDs     []string `json:"sku_ids,omitempty"`
		Status     string   `json:"status,omitempty"`
		From       int64    `json:"update_time_ge,omitempty"`
		To         int64    `json:"update_time_le,omitempty"`
	}{f.SellerSKUs, f.SKUIDs, f.Status, seconds(f.UpdatedFrom), seconds(f.UpdatedTo)}
	var w struct {
		Products list[wireProduct] `json:"products"`
		Next     text              `json:"next_page_token"`
	}
	if _, err := s.do(ctx, call{endpoint: searchProducts, query: p.query(""), body: body}, &w); err != nil {
		return nil, "", err
	}
	var found []Product
	for _, product := range w.Products {
		found = append(found, product.product())
	}
	return found, string(w.Next), nil
}

type wireProduct struct {
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

func (w wireProduct) product() Product {
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
	return p
}
