package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"returnbridge/activities"
	"returnbridge/config"
	"returnbridge/internal/tiktokshop"
)

const (
	soldWithin  = 14 * 24 * time.Hour // orders changed so lately stand for what is sold
	mostSampled = 30                  // products that are read, one call each
)

// checkGoods looks at the products of a page of late orders: can a unit of each
// be told apart, and put back where the configuration says? It is a sample.
func (c *checkup) checkGoods(ctx context.Context, s config.Shop, shop *activities.Shop) {
	area := "shop " + s.Name
	orders, _, err := shop.TikTok.SearchOrders(ctx, tiktokshop.OrderFilter{UpdatedFrom: c.now().Add(-soldWithin)}, tiktokshop.Page{})
	if err != nil {
		c.problem(area, "TikTok does not list the orders: %s", hint(err, "look at the app's scopes"))
		return
	}
	sold := map[string][]string{} // SKUs by product
	var ids []string
	add := func(product, sku string) {
		if product == "" {
			return
		}
		if sold[product] == nil {
			ids = append(ids, product)
		}
		if !slices.Contains(sold[product], sku) {
			sold[product] = append(sold[product], sku)
		}
	}
	for _, o := range orders {
		for _, l := range o.Lines {
			add(l.ProductID, l.SKUID)
			for _, p := range l.Parts {
				add(p.ProductID, p.SKUID)
			}
		}
	}
	if len(ids) == 0 {
		c.note(area, "no order changed in the last %s, so no product was looked at", span(soldWithin))
		return
	}
	g := goods{checkup: c, area: area, shop: s, bySellerSKU: map[string][]string{}}
	read := 0
	for _, id := range ids[:min(len(ids), mostSampled)] {
		p, err := shop.TikTok.Product(ctx, id)
		if err != nil {
			c.problem(area, "TikTok does not show product %s, which was sold: %s", id, hint(err, "look at the app's scopes"))
			continue
		}
		read++
		g.look(p, sold[id])
	}
	c.fine(area, "%s of %s sold lately %s read", count(read, "product"), count(len(ids), "product"), wasOrWere(read))
	g.tell()
}

// goods collects what is the matter with products, to be told in one line each.
type goods struct {
	*checkup
	area string
	shop config.Shop

	bySellerSKU                      map[string][]string // TikTok's SKUs; not unique (T13)
	unnamed, gone, elsewhere, bundle []string
}

func (g *goods) look(p tiktokshop.Product, sold []string) {
	var has []string
	for _, sku := range p.SKUs {
		has = append(has, sku.ID)
		if sku.SellerSKU == "" {
			g.unnamed = append(g.unnamed, sku.ID)
		} else {
			g.bySellerSKU[sku.SellerSKU] = append(g.bySellerSKU[sku.SellerSKU], sku.ID)
		}
		if !p.Bundle() && !g.canBeStored(sku) {
			g.elsewhere = append(g.elsewhere, nameOf(sku))
		}
	}
	for _, id := range sold {
		if !slices.Contains(has, id) {
			g.gone = append(g.gone, id)
		}
	}
	if p.Bundle() {
		g.bundle = append(g.bundle, p.ID)
	}
}

// canBeStored tells whether a SKU is in any warehouse that units may be put back
// to: TikTok's stock can only be set where the SKU is (TikTok contract 2.7).
func (g *goods) canBeStored(sku tiktokshop.ProductSKU) bool {
	r := g.shop.Restock
	if r.UseOrderWarehouse || len(r.Warehouses) == 0 && r.DefaultWarehouse == "" {
		return true // none is configured, or that of the order is used, where it was
	}
	return slices.ContainsFunc(sku.WarehouseIDs, func(id string) bool {
		return id == r.DefaultWarehouse || slices.ContainsFunc(r.Warehouses, func(w config.Warehouse) bool { return w.TikTok == id })
	})
}

func (g *goods) tell() {
	var twice []string
	for name, skus := range g.bySellerSKU {
		if len(skus) > 1 {
			twice = append(twice, name)
		}
	}
	slices.Sort(twice)
	if len(twice) > 0 {
		g.note(g.area, "seller SKU %s stands for several SKUs at TikTok: if two of them are in one order, a return of one waits for a person", some(twice))
	}
	if len(g.unnamed) > 0 {
		g.note(g.area, "SKU %s has no seller SKU, and ReturnGO knows its items by that: a return of it waits for a person", some(g.unnamed))
	}
	if len(g.gone) > 0 {
		g.note(g.area, "SKU %s was sold and is in its product no longer: it cannot be put back into stock", some(g.gone))
	}
	if len(g.bundle) > 0 {
		g.note(g.area, "product %s is a bundle: there are no rules yet for a return of a single part, which waits for Operations", some(g.bundle))
	}
	switch {
	case len(g.elsewhere) == 0:
	case g.shop.Switches.Restock:
		g.problem(g.area, "SKU %s is in none of the configured warehouses at TikTok: it cannot be put back there", some(g.elsewhere))
	default:
		g.note(g.area, "SKU %s is in none of the configured warehouses at TikTok: it could not be put back there", some(g.elsewhere))
	}
}

func nameOf(sku tiktokshop.ProductSKU) string {
	if sku.SellerSKU == "" {
		return sku.ID
	}
	return sku.SellerSKU
}

// some names the first of many.
func some(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most], ", ") + " and " + count(len(names)-most, "other")
}

func wasOrWere(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}
