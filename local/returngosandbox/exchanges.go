package returngosandbox

import "strings"

// exchanged says whether a unit comes back for another one instead of money (contract 3.3, A20).
func (i *Item) exchanged() bool { return strings.HasSuffix(i.ResolutionType, "Exchange") }

// exchangeItems is what the buyer gets for the unit: here always the same variant again.
func exchangeItems(i *Item) []obj {
	if !i.exchanged() {
		return []obj{}
	}
	price := money(i.Price, i.Currency)
	return []obj{{"productId": i.Line.ProductID, "variantId": i.Line.VariantID, "quantity": 1, "sku": i.Line.SKU,
		"itemPriceMethod": "CatalogPrice", "freeExchangePriceRange": obj{"min": 0, "max": i.Price},
		"catalogPrice": price, "effectivePrice": price}}
}

// exchangeOrders holds the draft that an approved exchange waits with; its
// order id stays "" because no draft is ever released here (contract 1.7, 3.1).
func exchangeOrders(r *RMA) []obj {
	for i := range r.Items {
		if r.Items[i].exchanged() && r.Status != Pending {
			return []obj{{"draftOrderId": "draft-" + r.ID, "orderId": "", "orderName": "", "type": "Exchange"}}
		}
	}
	return []obj{}
}
