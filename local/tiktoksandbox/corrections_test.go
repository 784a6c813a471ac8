package tiktoksandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// One grant over two shops (1.2, 6.21): one pair of tokens, and what ends it ends it
// for both.
func TestOneGrantOverSeveralShops(t *testing.T) {
	sc := newScene(t, "GB")
	token, refresh := sc.s.AddShop(Shop{ID: "7490000000000000002", Region: "DE", Cipher: "GCP_demo0002", SellerID: sc.s.grants[0].sellerID})
	require.Equal(t, []string{sc.token, sc.refresh}, []string{token, refresh}, "who joins gets what the grant has")
	stranger, _ := sc.s.AddShop(Shop{ID: "7490000000000000003"})
	require.NotEqual(t, sc.token, stranger)

	ciphers := func() (list []string) {
		var data struct {
			Shops []struct {
				Cipher string `json:"cipher"`
			} `json:"shops"`
		}
		sc.call("GET", "/authorization/202309/shops", nil, "").into(t, &data)
		for _, one := range data.Shops {
			list = append(list, one.Cipher)
		}
		return list
	}
	require.Equal(t, []string{"GCP_demo0001", "GCP_demo0002"}, ciphers())
	inOther := func() int {
		return sc.call("POST", "/return_refund/202602/returns/search", url.Values{"shop_cipher": {"GCP_demo0002"}}, "").Code
	}
	require.Zero(t, inOther())

	renew := func(token string) answer {
		request, err := http.NewRequest(http.MethodGet, sc.server.URL+tokenPath+"refresh?"+url.Values{"app_key": {"demo_key"},
			"app_secret": {"demo_secret"}, "refresh_token": {token}, "grant_type": {"refresh_token"}}.Encode(), nil)
		require.NoError(t, err)
		return must(sc.send(request))(t)
	}
	var renewed struct {
		Access string `json:"access_token"`
	}
	renew(refresh).into(t, &renewed)
	require.Equal(t, 36004001, renew(refresh).Code, "the other shop comes with the same old token")
	sc.token = renewed.Access
	require.Zero(t, inOther())
	books := sc.s.Books()
	require.Equal(t, map[string]int{sc.s.grants[0].sellerID: 1}, books.Refreshes)
	require.Equal(t, 2, books.Calls["auth/refresh"])

	require.NoError(t, sc.s.Deauthorize("7490000000000000002"))
	require.Equal(t, 105001, inOther())
	require.Equal(t, 105001, sc.call("POST", "/return_refund/202602/returns/search", nil, "").Code, "the grant was one")
	sc.token = stranger
	require.Zero(t, sc.call("GET", "/authorization/202309/shops", nil, "").Code)
}

// A development shop's cap has a code of its own, and only the next full hour helps.
func TestHourlyCap(t *testing.T) {
	sc := newScene(t, "GB")
	sc.s.SetHourlyCap(3)
	search := func() answer { return sc.call("POST", "/return_refund/202602/cancellations/search", nil, "") }
	for range 3 {
		require.Zero(t, search().Code)
	}
	got := sc.call("POST", "/return_refund/202602/returns/search", nil, "")
	require.Equal(t, []int{429, 36009037}, []int{got.Status, got.Code}, "all endpoints together")
	hour := sc.clock.Now().Truncate(time.Hour).Add(time.Hour)
	sc.pass(hour.Sub(sc.clock.Now()) - time.Millisecond)
	require.Equal(t, 36009037, search().Code)
	sc.pass(time.Millisecond)
	require.Zero(t, search().Code)
	sc.s.SetHourlyCap(0)
	for range 9 {
		require.Zero(t, search().Code)
	}
	for _, code := range []int{36009043, 36009044} {
		require.NoError(t, sc.s.AddFault(Fault{Kind: FaultCode, Code: code}))
		require.Equal(t, 401, search().Status, "inactive shops and sellers")
	}
}

// What live answers settled in 2026: no get-one-return, page_size in the query, the
// sort order in capitals, the order status as a text.
func TestRequestsThatTikTokRefuses(t *testing.T) {
	sc := newScene(t, "GB")
	for name, test := range map[string]struct {
		method, path string
		query        url.Values
		body         string
		code         int
	}{
		"one return":            {"GET", "/return_refund/202309/returns/4030000000000000001", nil, "", 36009009},
		"one cancellation":      {"GET", "/return_refund/202309/cancellations/4040000000000000001", nil, "", 36009009},
		"page size in the body": {"POST", "/return_refund/202602/returns/search", nil, `{"page_size":"20"}`, 36009004},
		"small sort order":      {"POST", "/return_refund/202602/returns/search", url.Values{"sort_order": {"asc"}}, "", 25001001},
		"order status by number": {"POST", "/order/202309/orders/search", url.Values{"page_size": {"10"}},
			`{"order_status":140}`, 21001001},
	} {
		require.Equal(t, test.code, sc.call(test.method, test.path, test.query, test.body).Code, name)
	}
}

// T19: TikTok switches the warehouse after the order, and only the package knows.
func TestAPackageLeavesFromAnotherWarehouse(t *testing.T) {
	sc := newScene(t, "US")
	orderID := must(sc.s.DeliveredOrder(OrderSpec{ShopID: sc.shop.ID, Warehouse: sc.sales, ShipsFrom: sc.other,
		Lines: []OrderLine{{SKU: sc.mug}}}))(t)
	var detail struct {
		Orders []struct {
			Warehouse string           `json:"warehouse_id"`
			Packages  []map[string]any `json:"packages"`
			Lines     []struct {
				ID      string `json:"id"`
				Package string `json:"package_id"`
			} `json:"line_items"`
		} `json:"orders"`
	}
	read := func() {
		sc.call("GET", "/order/202507/orders", url.Values{"ids": {orderID}}, "").into(t, &detail)
	}
	read()
	o := detail.Orders[0]
	require.Equal(t, sc.sales, o.Warehouse, "the order goes on naming the first one")
	require.Equal(t, []map[string]any{{"id": o.Lines[0].Package}}, o.Packages)
	var pack struct {
		ID        string   `json:"package_id"`
		Warehouse string   `json:"warehouse_id"`
		Lines     []string `json:"order_line_item_ids"`
	}
	sc.call("GET", "/fulfillment/202309/packages/"+o.Lines[0].Package, nil, "").into(t, &pack)
	require.Equal(t, []string{o.Lines[0].Package, sc.other, o.Lines[0].ID}, []string{pack.ID, pack.Warehouse, pack.Lines[0]})
	require.Equal(t, 98001004, sc.call("GET", "/fulfillment/202309/packages/1150000000009999999", nil, "").Code)
	require.Equal(t, []int{10, 2}, []int{must(sc.s.Stock(sc.mug, sc.sales))(t).TruePhysical, must(sc.s.Stock(sc.mug, sc.other))(t).TruePhysical})
	sc.s.SetReadings(Readings{PackageWarehouseInOrder: true})
	read()
	require.Equal(t, sc.other, detail.Orders[0].Packages[0]["warehouse_id"])
}

// A cancelled order is in finance with a revenue of 0: the refund is already in it.
func TestFinanceOfACancelledOrder(t *testing.T) {
	sc := newScene(t, "GB")
	orderID := sc.buysMugs(2)
	cancelID := must(sc.s.CancelOrder(orderID))(t)
	unpaid := must(sc.s.PlaceOrder(OrderSpec{ShopID: sc.shop.ID, State: orderUnpaid, Lines: []OrderLine{{SKU: sc.mug}}}))(t)
	must(sc.s.BuyerRequestsCancel(unpaid))(t)
	sc.pass(halfHour)
	require.Equal(t, cancelComplete, must(sc.s.Cancellation(cancelID))(t).Status)
	for _, version := range []string{"202309", "202602"} {
		require.Contains(t, string(sc.call("POST", "/return_refund/"+version+"/cancellations/search", nil, "").Data),
			`"should_replenish_stock":false`)
	}
	sc.pass(4 * 24 * time.Hour)
	total, rows := sc.finance(orderID)
	require.Equal(t, []string{"0.00", "0.00"}, []string{total.Revenue, total.Settlement})
	require.Len(t, rows, 1)
	require.Equal(t, []string{"18.00", "-18.00", "0.00"}, []string{rows[0].Breakdown.Subtotal, rows[0].Breakdown.Refund, rows[0].Revenue})
	_, rows = sc.finance(unpaid)
	require.Empty(t, rows, "nothing was paid")
}

// Finance of some markets splits no fees, and later versions pay an incentive.
func TestFeesAndIncentivesInFinance(t *testing.T) {
	for region, fee := range map[string]string{"GB": "-0.81", "VN": "0.00"} {
		sc := newScene(t, "GB")
		sc.s.shops[sc.shop.ID].Region = region
		sc.s.SetReadings(Readings{ShippingIncentive: true})
		o := sc.mugs(1)
		sc.pass(4 * 24 * time.Hour)
		sc.token, _ = sc.s.issue(sc.s.grants[0])
		body := string(sc.call("GET", "/finance/202501/orders/"+o.ID+"/statement_transactions", nil, "").Data)
		require.Contains(t, body, fmt.Sprintf(`"referral_fee_amount":%q`, fee), region)
		require.Contains(t, body, `"settlement_amount":"8.64"`, region)
		require.Contains(t, body, `"tiktok_shop_shipping_incentive_amount"`)
	}
}

// Nobody disputes what a person rejected: TikTok closes the case after 48 hours, and
// nobody was paid. Nor is anybody where the buyer withdraws before shipping.
func TestCasesThatEndWithoutMoney(t *testing.T) {
	sc := newScene(t, "GB")
	o := sc.mugs(3)
	byLine := func(i int) ReturnSpec { return ReturnSpec{OrderID: o.ID, LineIDs: []string{o.Lines[i].ID}} }
	rejected := sc.open(byLine(0))
	require.NoError(t, sc.s.SellerCenterRejects(rejected, "REJECT_RETURN", ""))
	refused := sc.open(byLine(1))
	require.NoError(t, sc.s.SellerCenterApproves(refused, "APPROVE_RETURN"))
	require.NoError(t, sc.s.BuyerShips(refused, "T1"))
	require.NoError(t, sc.s.ParcelDelivered(refused))
	require.NoError(t, sc.s.SellerCenterRejects(refused, "REJECT_RECEIVED_PACKAGE", ""))
	withdrawn := sc.open(byLine(2))
	require.NoError(t, sc.s.SellerCenterApproves(withdrawn, "APPROVE_RETURN"))
	require.NoError(t, sc.s.BuyerWithdraws(withdrawn))
	require.Equal(t, returnCancel, sc.status(withdrawn))
	require.Error(t, sc.s.BuyerShips(withdrawn, "T2"))

	sc.pass(disputeWithin - time.Second)
	require.Equal(t, []string{returnRejected, returnParcelRefused}, []string{sc.status(rejected), sc.status(refused)})
	sc.pass(time.Second)
	require.Equal(t, []string{returnCancel, returnCancel}, []string{sc.status(rejected), sc.status(refused)})
	require.Empty(t, sc.s.Books().Payments)

	shipped := sc.open(byLine(2))
	require.NoError(t, sc.s.SellerCenterApproves(shipped, "APPROVE_RETURN"))
	require.NoError(t, sc.s.BuyerShips(shipped, "T3"))
	require.Error(t, sc.s.BuyerWithdraws(shipped), "on its way")
}
