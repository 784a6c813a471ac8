package contract

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

func TestTikTok(t *testing.T) {
	t.Run("sandbox", func(t *testing.T) { sandboxTikTok(t).keepsTheContract(t) })
	t.Run("real", func(t *testing.T) { realTikTok(t).keepsTheContract(t) })
}

// since is how far back walks go: a real shop has years behind it.
const since = 14 * 24 * time.Hour

func (p *tiktok) keepsTheContract(t *testing.T) {
	t.Helper()
	cipher := p.authorizedShops(t)
	at := &tiktokShop{tiktok: p, Shop: p.shop(t, p.token, cipher), from: time.Now().Add(-since)}
	orders := at.searchOrders(t)
	t.Run("order detail", func(t *testing.T) { at.orderDetail(t, orders) })
	t.Run("returns", at.searchReturns)
	t.Run("cancellations", at.searchCancellations)
	t.Run("eligibility", func(t *testing.T) { at.eligibility(t, orders) })
	t.Run("stock", func(t *testing.T) { at.stock(t, orders) })
	t.Run("webhooks", at.webhooks)
	t.Run("refusals", func(t *testing.T) { at.refusals(t, cipher) })
	require.Empty(t, p.wire.anonymous, "every answer has a request id")
	t.Logf("%d calls", p.wire.made)
}

// authorizedShops gives the shop's cipher (TikTok contract 2.1).
func (p *tiktok) authorizedShops(t *testing.T) string {
	t.Helper()
	shops, err := p.client(t, p.options.AppSecret).AuthorizedShops(t.Context(), p.token)
	require.NoError(t, err)
	for _, s := range shops {
		require.Regexp(t, `^[0-9]+$`, s.ID)
		require.Regexp(t, `^[A-Z]{2}$`, s.Region)
		require.NotEmpty(t, s.Cipher)
		p.knows(t, "seller type", s.SellerType, "LOCAL", "CROSS_BORDER")
	}
	i := slices.IndexFunc(shops, func(s tiktokshop.AuthorizedShop) bool { return s.ID == p.shopID })
	require.GreaterOrEqual(t, i, 0, "the token opens the shop")
	return shops[i].Cipher
}

// tiktokShop is the shop with the calls of its token.
type tiktokShop struct {
	*tiktok
	*tiktokshop.Shop

	from time.Time
}

// searchOrders walks by update time, oldest first (TikTok contract 1.9, 2.2).
func (p *tiktokShop) searchOrders(t *testing.T) []returns.Order {
	t.Helper()
	orders := walk(t, &p.place, func(o returns.Order) string { return o.ID }, func(token string) ([]returns.Order, string, error) {
		return p.SearchOrders(t.Context(), tiktokshop.OrderFilter{UpdatedFrom: p.from}, tiktokshop.Page{Size: 50, Token: token})
	})
	require.True(t, p.real || len(orders) > 50, "the sandbox has more than one page")
	inOrder(t, orders, func(o returns.Order) time.Time { return o.UpdatedAt })
	for _, o := range orders {
		p.order(t, o)
	}
	if len(orders) == 0 {
		t.Skip("skipped: no order of the shop changed lately, so there is nothing to look at")
	}
	return orders
}

func (p *tiktokShop) order(t *testing.T, o returns.Order) {
	t.Helper()
	p.knows(t, "order status", o.Status, "UNPAID", "ON_HOLD", "AWAITING_SHIPMENT", "PARTIALLY_SHIPPING", "AWAITING_COLLECTION", "IN_TRANSIT",
		returns.OrderDelivered, returns.OrderCompleted, returns.OrderCancelled)
	p.knows(t, "fulfilment", o.Fulfillment, returns.FulfilledBySeller, returns.FulfilledByTikTok, "FULFILLMENT_BY_DILAYANI_TOKOPEDIA")
	require.Regexp(t, `^[A-Z]{3}$`, o.Currency, "order %s", o.ID)
	require.NotEmpty(t, o.Lines, "order %s", o.ID)
	lines := map[string]bool{}
	for _, l := range o.Lines {
		require.Regexp(t, `^[0-9]+$`, l.ID)
		require.False(t, lines[l.ID], "line %s is there once: it is one unit", l.ID)
		lines[l.ID] = true
		require.Regexp(t, `^[0-9]+$`, l.SKUID)
		require.Regexp(t, `^[0-9]+$`, l.ProductID)
		require.True(t, returns.Known(l.Price), "the price of line %s", l.ID)
		require.Equal(t, o.Currency, l.Price.CurrencyCode(), "order %s is in one currency", o.ID)
		require.Equal(t, len(l.Parts) > 0, len(l.SubLines) > 0, "line %s has a recipe and its units, or neither", l.ID)
	}
}

// orderDetail leaves out orders that it does not know (T06).
func (p *tiktokShop) orderDetail(t *testing.T, orders []returns.Order) {
	const unknown = "999999999999999999"
	var ids []string
	for _, o := range first(orders, 3) {
		ids = append(ids, o.ID)
	}
	found, err := p.Orders(t.Context(), append(ids, unknown)...)
	require.NoError(t, err)
	var got []string
	for _, o := range found {
		p.order(t, o)
		got = append(got, o.ID)
	}
	require.ElementsMatch(t, ids, got)
	found, err = p.Orders(t.Context(), unknown)
	require.NoError(t, err)
	require.Empty(t, found)
}

// searchReturns walks, and finds the same by id and by order (TikTok contract
// 2.3, 2.4, T02, T07).
func (p *tiktokShop) searchReturns(t *testing.T) {
	id := func(r returns.TikTokReturn) string { return r.ID }
	all := walk(t, &p.place, id, func(token string) ([]returns.TikTokReturn, string, error) {
		return p.SearchReturns(t.Context(), tiktokshop.ReturnFilter{UpdatedFrom: p.from}, token)
	})
	require.True(t, p.real || len(all) > 50, "the sandbox has more than one page")
	inOrder(t, all, func(r returns.TikTokReturn) time.Time { return r.UpdatedAt })
	for _, r := range all {
		p.tiktokReturn(t, r)
	}
	for _, r := range first(all, 2) {
		for _, filter := range []tiktokshop.ReturnFilter{{ReturnIDs: []string{r.ID}}, {OrderIDs: []string{r.OrderID}}} {
			found, _, err := p.SearchReturns(t.Context(), filter, "")
			require.NoError(t, err)
			require.True(t, slices.ContainsFunc(found, func(f returns.TikTokReturn) bool { return f.ID == r.ID }), "return %s by %+v", r.ID, filter)
			require.False(t, slices.ContainsFunc(found, func(f returns.TikTokReturn) bool { return f.OrderID != r.OrderID }), "return %s by %+v", r.ID, filter)
		}
	}
	none, next, err := p.SearchReturns(t.Context(), tiktokshop.ReturnFilter{ReturnIDs: []string{"999999999999999999"}}, "")
	require.NoError(t, err, "an unknown return is an empty page")
	require.Empty(t, none)
	require.Empty(t, next)
}

func (p *tiktokShop) tiktokReturn(t *testing.T, r returns.TikTokReturn) {
	t.Helper()
	p.holds(t, r.KnownStatus(), "return status %q is in the contract", r.Status)
	p.knows(t, "return type", r.Type, returns.TypeRefund, returns.TypeReturnAndRefund, returns.TypeReplacement)
	p.knows(t, "role", r.Role, "BUYER", "SELLER", "OPERATOR", "SYSTEM")
	p.knows(t, "arbitration", r.Arbitration, "", returns.ArbitrationInProgress, "SUPPORT_BUYER", "SUPPORT_SELLER", "CLOSED")
	require.Regexp(t, `^[0-9]+$`, r.OrderID)
	require.False(t, r.CreatedAt.IsZero() || r.UpdatedAt.Before(r.CreatedAt), "return %s", r.ID)
	p.holds(t, r.Type == returns.TypeReplacement || returns.Known(r.Refund), "return %s has currency and refund_total (T07)", r.ID)
	require.NotEmpty(t, r.Lines, "return %s", r.ID)
	for _, l := range r.Lines {
		require.Regexp(t, `^[0-9]+$`, l.OrderLineID)
		require.Regexp(t, `^[0-9]+$`, l.SKUID)
	}
	for _, a := range r.Actions {
		require.NotEmpty(t, a.Action)
		p.holds(t, !a.Deadline.IsZero(), "action %s of return %s has a deadline", a.Action, r.ID)
	}
}

// searchCancellations walks like returns (TikTok contract 2.6).
func (p *tiktokShop) searchCancellations(t *testing.T) {
	all := walk(t, &p.place, func(c tiktokshop.Cancellation) string { return c.ID }, func(token string) ([]tiktokshop.Cancellation, string, error) {
		return p.SearchCancellations(t.Context(), tiktokshop.CancellationFilter{UpdatedFrom: p.from}, token)
	})
	require.True(t, p.real || len(all) > 0, "the sandbox has cancellations")
	inOrder(t, all, func(c tiktokshop.Cancellation) time.Time { return c.UpdatedAt })
	for _, c := range all {
		p.knows(t, "cancellation status", c.Status, "CANCELLATION_REQUEST_PENDING", "CANCELLATION_REQUEST_SUCCESS", "CANCELLATION_REQUEST_COMPLETE", tiktokshop.CancellationClosed)
		p.knows(t, "cancellation type", c.Type, "CANCEL", "BUYER_CANCEL", "REQUEST_CANCEL_REFUND")
		require.Regexp(t, `^[0-9]+$`, c.OrderID)
		require.NotEmpty(t, c.Lines, "cancellation %s", c.ID)
	}
}

// eligibility speaks of the order's own lines (TikTok contract 2.5, T26).
func (p *tiktokShop) eligibility(t *testing.T, orders []returns.Order) {
	i := slices.IndexFunc(orders, func(o returns.Order) bool { return o.Status == returns.OrderDelivered })
	if i < 0 {
		t.Skip("skipped: no delivered order to ask about")
	}
	found, err := p.Eligibility(t.Context(), orders[i].ID)
	require.NoError(t, err)
	require.NotEmpty(t, found)
	for _, e := range found {
		p.knows(t, "request type", e.RequestType, "CANCEL", returns.TypeRefund, returns.TypeReturnAndRefund, returns.TypeReplacement)
		require.NotEmpty(t, e.OrderLineIDs, "%s of SKU %s", e.RequestType, e.SKUID)
		for _, id := range e.OrderLineIDs {
			require.True(t, slices.ContainsFunc(orders[i].Lines, func(l returns.OrderLine) bool { return l.ID == id }), "line %s is of order %s", id, orders[i].ID)
		}
		p.holds(t, !e.Eligible || len(e.Reasons) > 0, "what is eligible has reasons to choose from")
	}
}

// stock is warehouses, a product that sold, and its levels (TikTok contract 2.7,
// 2.8, T19).
func (p *tiktokShop) stock(t *testing.T, orders []returns.Order) {
	warehouses, err := p.Warehouses(t.Context())
	require.NoError(t, err)
	sales := map[string]bool{"": true} // a SKU kept without warehouses
	for _, w := range warehouses {
		require.Regexp(t, `^[0-9]+$`, w.ID)
		p.knows(t, "warehouse type", w.Type, tiktokshop.SalesWarehouse, tiktokshop.ReturnWarehouse)
		p.knows(t, "warehouse state", w.Status, tiktokshop.WarehouseEnabled, "DISABLED", "RESTRICTED")
		sales[w.ID] = w.Type == tiktokshop.SalesWarehouse
	}
	require.Greater(t, len(sales), 1, "the shop has warehouses")

	line := orders[0].Lines[0]
	product, err := p.Product(t.Context(), line.ProductID)
	require.NoError(t, err)
	require.Equal(t, line.ProductID, product.ID)
	p.knows(t, "product status", product.Status, "INITIAL", "DRAFT", "ACTIVATE", "SELLER_DEACTIVATED", "PLATFORM_DEACTIVATED", "FREEZE", "DELETED")
	p.holds(t, slices.ContainsFunc(product.SKUs, func(s tiktokshop.ProductSKU) bool { return s.ID == line.SKUID }), "SKU %s that sold is still in its product", line.SKUID)
	candidates, _, err := p.SearchProducts(t.Context(), tiktokshop.ProductFilter{SKUIDs: []string{line.SKUID}}, tiktokshop.Page{Size: 10})
	require.NoError(t, err)
	p.holds(t, slices.ContainsFunc(candidates, func(c tiktokshop.Product) bool { return c.ID == product.ID }), "product %s is found by its SKU", product.ID)

	levels, err := p.Inventory(t.Context(), tiktokshop.InventoryFilter{ProductIDs: []string{product.ID}})
	require.NoError(t, err)
	require.NotEmpty(t, levels)
	var own []returns.StockLevel
	for _, l := range levels {
		require.Equal(t, product.ID, l.ProductID)
		require.True(t, sales[l.WarehouseID], "stock is kept in sales warehouses only, and %q is none (T19)", l.WarehouseID)
		require.True(t, l.Available >= 0 && l.Committed >= 0)
		if l.SKUID == line.SKUID {
			own = append(own, l)
		}
	}
	bySKU, err := p.Inventory(t.Context(), tiktokshop.InventoryFilter{SKUIDs: []string{line.SKUID}})
	require.NoError(t, err)
	require.True(t, p.real || slices.ContainsFunc(own, func(l returns.StockLevel) bool { return l.Available > 0 && l.Committed > 0 }))
	p.holds(t, slices.Equal(own, bySKU), "SKU %s has the same stock by product and by SKU", line.SKUID)
}

// webhooks shows only what is registered, never where (TikTok contract 2.10, T20).
func (p *tiktokShop) webhooks(t *testing.T) {
	all, err := p.Webhooks(t.Context())
	require.NoError(t, err)
	require.True(t, p.real || len(all) > 0)
	for _, w := range all {
		p.knows(t, "webhook event", w.EventType, tiktokshop.OrderStatusChange, tiktokshop.ReturnStatusChange, tiktokshop.CancellationStatusChange,
			"RECIPIENT_ADDRESS_UPDATE", "PACKAGE_UPDATE", "PRODUCT_STATUS_CHANGE", "SELLER_DEAUTHORIZATION", "UPCOMING_AUTHORIZATION_EXPIRATION",
			"NEW_CONVERSATION", "NEW_MESSAGE", "PRODUCT_INFORMATION_CHANGE", "PRODUCT_CREATION", "PRODUCT_CATEGORY_CHANGE",
			"NEW_MESSAGE_LISTENER", "INVOICE_STATUS_CHANGE", "PRODUCT_AUDIT_STATUS_CHANGE")
		address, err := url.Parse(w.Address)
		require.True(t, err == nil && address.Host != "", "%s has an address", w.EventType)
	}
}

// refusals are those of TikTok contract 1.7 that a read can provoke (T03). A
// token that never was is either bad or invalid there.
func (p *tiktokShop) refusals(t *testing.T, cipher string) {
	ctx := t.Context()
	const unknown = "999999999999999999"
	for name, tt := range map[string]struct {
		ask     func() error
		classes []platform.Class
		codes   []string
	}{
		"unknown order": {func() error { _, err := p.Eligibility(ctx, unknown); return err },
			[]platform.Class{platform.Permanent}, []string{"25007006"}},
		"unknown product": {func() error { _, err := p.Product(ctx, unknown); return err },
			[]platform.Class{platform.Permanent}, []string{"12052031", "12052032", "12052260", "12052556", "12052036", "12052553"}},
		"wrong token": {func() error { _, err := p.shop(t, "TTP_wrong", cipher).Webhooks(ctx); return err },
			[]platform.Class{platform.Permanent, platform.RefreshToken}, []string{"36009004", "105001", "105002"}},
		"other cipher": {func() error { _, err := p.shop(t, p.token, "GCP_wrong").Webhooks(ctx); return err },
			[]platform.Class{platform.Human}, []string{"101000"}},
		"wrong signing": {func() error { _, err := p.client(t, "wrong").AuthorizedShops(ctx, p.token); return err },
			[]platform.Class{platform.Permanent}, []string{"106001"}},
	} {
		t.Run(name, func(t *testing.T) {
			e := refused(t, tt.ask(), tt.classes...)
			p.holds(t, slices.Contains(tt.codes, e.Code), "the code is one of %v, not %s", tt.codes, e.Code)
			unauthorised := strings.HasPrefix(e.Code, "105") || strings.HasPrefix(e.Code, "106")
			p.holds(t, (e.HTTPStatus == 401) == unauthorised, "401 is for codes 105… and 106…; %s came with %d (T03)", e.Code, e.HTTPStatus)
		})
	}
}
