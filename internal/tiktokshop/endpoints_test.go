package tiktokshop_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

// Products, settings, records and finance on the wire (contract 1.9, 2.3, 2.7, 2.9).
func TestMoreRequests(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	from, to := at(1759990000), at(1760000000)
	products := func(f tiktokshop.ProductFilter, p tiktokshop.Page) func(s shop) error {
		return func(s shop) error { _, _, err := s.SearchProducts(ctx, f, p); return err }
	}
	statements := func(from, to time.Time, p tiktokshop.Page) func(s shop) error {
		return func(s shop) error { _, _, err := s.Statements(ctx, from, to, p); return err }
	}
	const search = "/product/202502/products/search"
	requireOnWire(t, map[string]wireCall{
		"all products": {products(tiktokshop.ProductFilter{}, tiktokshop.Page{}), "POST", search, "page_size=50", `{}`},
		"some products": {products(
			tiktokshop.ProductFilter{SellerSKUs: []string{"MUG"}, SKUIDs: []string{"1"}, Status: "ACTIVATE", UpdatedFrom: from, UpdatedTo: to},
			tiktokshop.Page{Size: 100, Token: "a+b"},
		), "POST", search, "page_size=100&page_token=a%2Bb",
			`{"seller_skus":["MUG"],"sku_ids":["1"],"status":"ACTIVATE","update_time_ge":1759990000,"update_time_le":1759999999}`},
		"auto restock": {func(s shop) error {
			_, err := s.SetAutoRestock(ctx, "12", false, "1", "2")
			return unless(platform.OutcomeUnknown, err) // no SKU in the answer
		}, "POST", "/product/202604/inventory/operation/settings", "",
			`{"seller_id":"12","sku_ids":["1","2"],"stock_operation_setting":{"enable_auto_restock":false}}`},
		"package": {func(s shop) error { _, err := s.PackageWarehouse(ctx, "115"); return err },
			"GET", "/fulfillment/202309/packages/115", "", ""},
		"records": {func(s shop) error { _, err := s.ReturnRecords(ctx, "403"); return err },
			"GET", "/return_refund/202309/returns/403/records", "", ""},
		"all statements": {statements(time.Time{}, time.Time{}, tiktokshop.Page{}),
			"GET", "/finance/202309/statements", "page_size=50&sort_field=statement_time&sort_order=ASC", ""},
		"some statements": {statements(from, to, tiktokshop.Page{Size: 20, Token: "t="}), "GET", "/finance/202309/statements",
			"page_size=20&page_token=t%3D&sort_field=statement_time&sort_order=ASC&statement_time_ge=1759990000&statement_time_lt=1760000000", ""},
		"settled": {func(s shop) error { _, err := s.SettledOrder(ctx, "576"); return err },
			"GET", "/finance/202501/orders/576/statement_transactions", "", ""},
	})
}

func TestSampleRecords(t *testing.T) {
	t.Parallel()
	records, err := served(t, "return-records").shop.ReturnRecords(t.Context(), "1")
	require.NoError(t, err)
	require.Equal(t, []tiktokshop.ReturnRecord{{Event: "ORDER_RETURN", Role: "TEXT A2A54D", At: at(1691137013)}}, records)
}

func TestSampleFinance(t *testing.T) {
	t.Parallel()
	found, next, err := served(t, "statements").shop.Statements(t.Context(), time.Time{}, time.Time{}, tiktokshop.Page{})
	require.NoError(t, err)
	require.Equal(t, "text 26b738", next)
	require.Equal(t, []tiktokshop.Statement{{
		ID: "5654693458207517802", At: at(1686153600), Settlement: gbp(t, "100"), PaymentID: "6501854024887047260", PaymentStatus: "PAID",
	}}, found)

	settled, err := served(t, "order-statement-transactions-202501").shop.SettledOrder(t.Context(), "1051889190063730162")
	require.NoError(t, err)
	require.Equal(t, []tiktokshop.SettledSKU{{
		SKUID: "1688384204049857611", StatementID: "5654693458207517802", Quantity: 1,
		Settlement: gbp(t, "130"), Revenue: gbp(t, "200"), RefundedSubtotal: gbp(t, "0"), RefundedSellerDiscount: gbp(t, "0"),
		RefundAdministrationFee: gbp(t, "0"), ReturnShippingFee: gbp(t, "-10"), ReturnLabelFee: gbp(t, "5"),
	}}, settled)
}

// A refund is a negative; what is absent is unknown and not zero.
func TestSettledRefund(t *testing.T) {
	t.Parallel()
	settled, err := newFake(t, says(`{"code":0,"data":{"currency":"USD","sku_transactions":[
		{"sku_id":1,"quantity":1,"revenue_amount":-12.5,"revenue_breakdown":"","fee_tax_breakdown":{"fee":null}}]}}`)).shop.SettledOrder(t.Context(), "1")
	require.NoError(t, err)
	require.Equal(t, []tiktokshop.SettledSKU{{SKUID: "1", Quantity: 1, Revenue: amount(t, "-12.5", "USD")}}, settled)
	require.False(t, returns.Known(settled[0].RefundAdministrationFee))

	nothing, err := newFake(t, says(`{"code":0,"data":{}}`)).shop.SettledOrder(t.Context(), "1")
	require.NoError(t, err)
	require.Empty(t, nothing)
}

func TestSearchProducts(t *testing.T) {
	t.Parallel()
	f := newFake(t, says(`{"code":0,"data":{"total_count":2,"next_page_token":"n","products":[
		{"id":1728,"status":"ACTIVATE","skus":[{"id":"1","seller_sku":"MUG"}]},{"id":"1729","skus":null}]}}`))
	found, next, err := f.shop.SearchProducts(t.Context(), tiktokshop.ProductFilter{}, tiktokshop.Page{})
	require.NoError(t, err)
	require.Equal(t, "n", next)
	require.Equal(t, []tiktokshop.Product{
		{ID: "1728", Status: "ACTIVATE", SKUs: []tiktokshop.ProductSKU{{ID: "1", SellerSKU: "MUG"}}}, {ID: "1729"},
	}, found)
	_, _, err = f.shop.SearchProducts(t.Context(), tiktokshop.ProductFilter{SellerSKUs: make([]string, 11)}, tiktokshop.Page{})
	require.Equal(t, platform.Permanent, failed(t, err).Class)
	_, _, err = f.shop.SearchProducts(t.Context(), tiktokshop.ProductFilter{SKUIDs: make([]string, 11)}, tiktokshop.Page{})
	require.Equal(t, platform.Permanent, failed(t, err).Class)
	f.only(t)
}

// A SKU counts as set only if TikTok names it so (contract 1.6, 2.7).
func TestSetAutoRestock(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]platform.Class{
		`{"stock_operation":{"success_sku_ids":["1",2]}}`:                          "",
		`{"success_sku_ids":["2","1","3"]}`:                                        "",
		`{"stock_operation":{"success_sku_ids":["1"],"failed_sku_ids":["2"]}}`:     platform.Human,
		`{"stock_operation":{"success_sku_ids":["1","2"],"failed_sku_ids":["2"]}}`: platform.Human,
		`{"stock_operation":{"success_sku_ids":["1"]}}`:                            platform.OutcomeUnknown,
		`{}`: platform.OutcomeUnknown,
	} {
		f := newFake(t, says(`{"code":0,"request_id":"r","data":`+data+`}`))
		receipt, err := f.shop.SetAutoRestock(t.Context(), "12", true, "1", "2")
		require.Equal(t, "r", receipt.RequestID)
		require.Equal(t, want, platform.ClassOf(err), data)
		if want == platform.Human {
			require.ErrorContains(t, err, "SKUs 2")
		}
	}
	f := served(t, "stock-operation-settings") // one SKU in both lists
	_, err := f.shop.SetAutoRestock(t.Context(), "12", true, "640980552219687")
	require.Equal(t, platform.Human, failed(t, err).Class)
	_, err = f.shop.SetAutoRestock(t.Context(), "12", true)
	require.Equal(t, platform.Permanent, failed(t, err).Class)
	many := make([]string, 501)
	for i := range many {
		many[i] = strconv.Itoa(i)
	}
	_, err = f.shop.SetAutoRestock(t.Context(), "12", true, many...)
	require.Equal(t, platform.Permanent, failed(t, err).Class)
	f.only(t)
}
