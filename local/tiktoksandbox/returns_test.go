package tiktoksandbox

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	damagedUK = "ecom_order_delivered_refund_reason_damaged_seller_uk"
	damagedUS = "ecom_order_delivered_refund_reason_damaged_seller"
	halfHour  = 30 * time.Minute
)

func TestRefundIsMoneyOnlyAtComplete(t *testing.T) {
	sc := newScene(t, "GB")
	o := sc.mugs(1)
	id := sc.open(ReturnSpec{OrderID: o.ID, Type: kindRefund})
	require.Zero(t, sc.approve(id, "APPROVE_REFUND"))
	require.Equal(t, returnSuccess, sc.status(id))
	sc.pass(halfHour - time.Nanosecond)
	require.Empty(t, sc.s.Books().Payments)
	sc.pass(time.Nanosecond)
	require.Equal(t, returnComplete, sc.status(id))
	require.Equal(t, []Payment{{ReturnID: id, OrderID: o.ID, LineID: o.Lines[0].ID, SKU: sc.mug, Amount: "9.00",
		Currency: "GBP", At: sc.clock.Now(), Initiator: BySellerAPI}}, sc.s.Books().Payments)
}

func TestSilenceIsConsent(t *testing.T) {
	tests := map[string]struct {
		kind, action, after string
		deadline            time.Duration
		paid                bool
	}{
		"refund":      {kindRefund, "SELLER_RESPOND_REFUND", returnComplete, 48 * time.Hour, true},
		"return":      {kindReturn, "SELLER_RESPOND_RETURN", returnAwaitingShip, 48 * time.Hour, false},
		"replacement": {kindReplacement, "SELLER_RESPOND_REPLACEMENT", replacementComplete, 24 * time.Hour, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			sc := newScene(t, "GB")
			id := sc.open(ReturnSpec{OrderID: sc.mugs(1).ID, Type: test.kind})
			start := must(sc.s.Return(id))(t)
			require.Equal(t, test.action, start.Action)
			require.Equal(t, sc.clock.Now().Add(test.deadline), start.Deadline)
			sc.pass(test.deadline - time.Millisecond)
			require.Equal(t, start.Status, sc.status(id))
			sc.pass(time.Millisecond + halfHour)
			require.Equal(t, test.after, sc.status(id))
			payments := sc.s.Books().Payments
			require.Equal(t, test.paid, len(payments) == 1)
			if test.paid {
				require.Equal(t, BySystemDeadline, payments[0].Initiator)
				require.Equal(t, start.Deadline.Add(halfHour), payments[0].At, "booked at its own moment, not at the tick")
			}
		})
	}
}

func TestReturnedParcelPaysAfterItsDeadline(t *testing.T) {
	sc := newScene(t, "GB")
	id := sc.open(ReturnSpec{OrderID: sc.mugs(1).ID})
	require.Zero(t, sc.approve(id, "APPROVE_RETURN"))
	require.NoError(t, sc.s.BuyerShips(id, "TRK1"))
	sc.pass(90 * time.Hour)
	require.Equal(t, returnShipped, sc.status(id), "no clock before the parcel arrives")
	require.NoError(t, sc.s.ParcelDelivered(id))
	require.Equal(t, "SELLER_RESPOND_RECEIVE_PACKAGE", must(sc.s.Return(id))(t).Action)
	sc.pass(48 * time.Hour)
	require.Equal(t, returnSuccess, sc.status(id))
}

func TestUnshippedReturnIsClosed(t *testing.T) {
	sc := newScene(t, "GB")
	id := sc.open(ReturnSpec{OrderID: sc.mugs(1).ID})
	require.Zero(t, sc.approve(id, "APPROVE_RETURN"))
	sc.pass(5 * 24 * time.Hour)
	require.Equal(t, returnCancel, sc.status(id))
}

func TestRejectionIsNotTheEnd(t *testing.T) {
	for forBuyer, want := range map[bool]string{true: returnAwaitingShip, false: returnCancel} {
		sc := newScene(t, "GB")
		id := sc.open(ReturnSpec{OrderID: sc.mugs(1).ID})
		require.Equal(t, 25001016, sc.reject(id, "REJECT_RETURN", "reverse_reject_return_parcel_reason_1_uk"))
		require.Equal(t, 25001014, sc.reject(id, "REJECT_RETURN", "because"))
		require.Zero(t, sc.reject(id, "REJECT_RETURN", "reverse_reject_request_reason_1_uk"))
		require.NoError(t, sc.s.BuyerDisputes(id))
		sc.pass(72 * time.Hour)
		require.Equal(t, returnRejected, sc.status(id), "an arbitration stops the clock")
		require.Equal(t, 25011010, sc.approve(id, "APPROVE_RETURN"))
		require.NoError(t, sc.s.OperatorDecides(id, forBuyer))
		require.Equal(t, want, sc.status(id))
	}
}

func TestDecisionsOutOfState(t *testing.T) {
	reject, pack := "reverse_reject_request_reason_1_uk", "reverse_reject_return_parcel_reason_1_uk"
	tests := map[string]struct {
		kind     string
		steps    func(*scene, string)
		decision string
		reason   string
		code     int
	}{
		"approve refund twice":       {kindRefund, approved("APPROVE_REFUND"), "APPROVE_REFUND", "", 25011012},
		"receive before shipping":    {kindReturn, approved("APPROVE_RETURN"), "APPROVE_RECEIVED_PACKAGE", "", 25011013},
		"approve withdrawn":          {kindRefund, withdrawn, "APPROVE_REFUND", "", 25020009},
		"decision of another type":   {kindRefund, nothing, "APPROVE_RETURN", "", 25020004},
		"reject approved refund":     {kindRefund, approved("APPROVE_REFUND"), "REJECT_REFUND", reject, 25020010},
		"reject parcel not shipped":  {kindReturn, approved("APPROVE_RETURN"), "REJECT_RECEIVED_PACKAGE", pack, 25020012},
		"reject parcel after accept": {kindReturn, received, "REJECT_RECEIVED_PACKAGE", pack, 25020011},
		"reject parcel quick refund": {kindReturn, quick, "REJECT_RECEIVED_PACKAGE", pack, 25011025},
		"reject parcel":              {kindReturn, shipped, "REJECT_RECEIVED_PACKAGE", pack, 0},
		"offer late":                 {kindRefund, approved("APPROVE_REFUND"), "OFFER_PARTIAL_REFUND", "", 25011032},
		"unknown":                    {kindRefund, nothing, "APPROVE_SOMETHING", "", 25001001},
		"returnless":                 {kindReturn, nothing, "DIRECT_REFUND", "", 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			sc := newScene(t, "GB")
			id := sc.open(ReturnSpec{OrderID: sc.mugs(1).ID, Type: test.kind})
			test.steps(sc, id)
			if test.reason != "" {
				require.Equal(t, test.code, sc.reject(id, test.decision, test.reason))
				return
			}
			require.Equal(t, test.code, sc.approve(id, test.decision))
		})
	}
}

func nothing(*scene, string) {}
func approved(decision string) func(*scene, string) {
	return func(sc *scene, id string) { require.Zero(sc.t, sc.approve(id, decision)) }
}
func withdrawn(sc *scene, id string) { require.NoError(sc.t, sc.s.BuyerWithdraws(id)) }
func shipped(sc *scene, id string) {
	approved("APPROVE_RETURN")(sc, id)
	require.NoError(sc.t, sc.s.BuyerShips(id, "TRK"))
}
func received(sc *scene, id string) {
	shipped(sc, id)
	approved("APPROVE_RECEIVED_PACKAGE")(sc, id)
}
func quick(sc *scene, id string) {
	shipped(sc, id)
	require.NoError(sc.t, sc.s.QuickRefund(id))
}

func TestQuickRefundPaysBeforeTheParcel(t *testing.T) {
	sc := newScene(t, "GB")
	id := sc.open(ReturnSpec{OrderID: sc.mugs(1).ID})
	quick(sc, id)
	sc.pass(halfHour)
	require.Equal(t, returnComplete, sc.status(id))
	require.NoError(t, sc.s.ParcelDelivered(id))
	view := must(sc.s.Return(id))(t)
	require.Equal(t, returnComplete, view.Status)
	require.Empty(t, view.Action)
	require.Len(t, sc.s.Books().Payments, 1)
}

func TestEditedRequestIsDead(t *testing.T) {
	sc := newScene(t, "GB")
	o := sc.mugs(2)
	old := sc.open(ReturnSpec{OrderID: o.ID, LineIDs: []string{o.Lines[0].ID}})
	next := must(sc.s.BuyerEdits(old, ReturnSpec{Type: kindRefund}))(t)
	require.Equal(t, next, must(sc.s.Return(old))(t).NextID)
	require.Equal(t, old, must(sc.s.Return(next))(t).PreID)
	require.Equal(t, 25020009, sc.approve(old, "APPROVE_RETURN"))
	require.Zero(t, sc.approve(next, "APPROVE_REFUND"))
	sc.pass(halfHour)
	require.Len(t, sc.s.Books().Payments, 2)
}

func TestPartialOffer(t *testing.T) {
	sc := newScene(t, "GB")
	id := sc.open(ReturnSpec{OrderID: sc.mugs(1).ID, Type: kindRefund})
	offer := func(amount string) int {
		return sc.call("POST", "/return_refund/202309/returns/"+id+"/approve", nil,
			`{"decision":"OFFER_PARTIAL_REFUND","partial_refund":{"amount":"`+amount+`","currency":"GBP"}}`).Code
	}
	require.Equal(t, 25005005, offer("9.01"))
	require.Zero(t, offer("3.00"))
	require.Equal(t, returnOffered, sc.status(id))
	require.NoError(t, sc.s.BuyerAnswersOffer(id, false))
	require.Equal(t, returnPending, sc.status(id))
	require.Zero(t, offer("4.00"))
	require.NoError(t, sc.s.BuyerAnswersOffer(id, true))
	sc.pass(halfHour)
	require.Equal(t, "4.00", sc.s.Books().Payments[0].Amount)
	require.Equal(t, ByBuyer, sc.s.Books().Payments[0].Initiator)
}

func (sc *scene) create(body string, keys ...string) answer {
	sc.t.Helper()
	query := url.Values{}
	if len(keys) > 0 {
		query.Set("idempotency_key", keys[0])
	}
	return sc.call("POST", "/return_refund/202602/returns", query, body)
}

func createBody(orderID, kind, reason, extra string) string {
	return fmt.Sprintf(`{"order_id":%q,"return_type":%q,"return_reason":%q%s}`, orderID, kind, reason, extra)
}

func TestSellerRefundsUntilNothingIsLeft(t *testing.T) {
	sc := newScene(t, "GB")
	o := sc.mugs(1)
	refund := func(amount string) int {
		return sc.create(createBody(o.ID, kindRefund, damagedUK, `,"refund_total":"`+amount+`","currency":"GBP"`)).Code
	}
	require.Equal(t, 25005005, refund("9.01"))
	require.Zero(t, refund("4.50"))
	require.Equal(t, 25001011, refund("1.00"), "in progress until COMPLETE")
	sc.pass(halfHour)
	require.Equal(t, 25005005, refund("4.51"))
	require.Zero(t, refund("4.50"))
	sc.pass(halfHour)
	require.Equal(t, 25005005, refund("0.01"))
	require.Equal(t, "9.00", must(sc.s.Order(o.ID))(t).Lines[0].Paid)
}

func TestCreateReturnRules(t *testing.T) {
	tests := map[string]struct {
		region, kind, reason, extra string
		code                        int
		status                      string
	}{
		"uk refund":                {"GB", kindRefund, damagedUK, "", 0, returnSuccess},
		"uk return":                {"GB", kindReturn, returnUK, "", 0, returnAwaitingShip},
		"key of another market":    {"GB", kindRefund, damagedUS, "", 25001021, ""},
		"us return, damaged":       {"US", kindReturn, "ecom_order_delivered_refund_and_return_reason_damaged_seller", "", 25001021, ""},
		"us return, not needed":    {"US", kindReturn, "seller_ecom_delivered_return_refund_reason1", "", 0, returnAwaitingShip},
		"us has no defective":      {"US", kindRefund, "ecom_order_delivered_refund_reason_defective_seller", "", 25001015, ""},
		"malaysia":                 {"MY", kindRefund, damagedUS, "", 25001021, ""},
		"reason of a return":       {"GB", kindRefund, returnUK, "", 25001016, ""},
		"buyer's reason":           {"GB", kindRefund, "ecom_order_delivered_refund_and_return_reason_damaged_uk", "", 25001015, ""},
		"unknown reason":           {"GB", kindRefund, "nonsense", "", 25001014, ""},
		"in transit, not shipped":  {"GB", kindRefund, "seller_package_lost_uk", "", 25001021, ""},
		"other currency":           {"GB", kindRefund, damagedUK, `,"refund_total":"1","currency":"USD"`, 25001001, ""},
		"three decimals":           {"GB", kindRefund, damagedUK, `,"refund_total":"1.001"`, 25001001, ""},
		"two selectors":            {"GB", kindRefund, damagedUK, `,"order_line_item_ids":["1"],"skus":[{"sku_id":"1","quantity":1}]`, 25001001, ""},
		"replacement is not ours":  {"GB", kindReplacement, damagedUK, "", 25001001, ""},
		"more pieces than bought":  {"GB", kindRefund, damagedUK, `,"skus":[{"sku_id":"MUG","quantity":3}]`, 25005011, ""},
		"line of another order":    {"GB", kindRefund, damagedUK, `,"order_line_item_ids":["5770000000000000099"]`, 25001001, ""},
		"one mug of two by amount": {"GB", kindRefund, damagedUK, `,"skus":[{"sku_id":"MUG","quantity":1}],"refund_total":"9.01"`, 25005005, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			sc := newScene(t, test.region)
			o := sc.mugs(2)
			got := sc.create(createBody(o.ID, test.kind, test.reason, strings.ReplaceAll(test.extra, "MUG", sc.mug)))
			require.Equal(t, test.code, got.Code, got.Message)
			if test.code == 0 {
				var data struct {
					Status string `json:"return_status"`
				}
				got.into(t, &data)
				require.Equal(t, test.status, data.Status)
			}
		})
	}
}

func TestNothingAfterCompleted(t *testing.T) {
	sc := newScene(t, "GB")
	o := sc.mugs(1)
	id := sc.open(ReturnSpec{OrderID: o.ID, Type: kindRefund})
	require.NoError(t, sc.s.CompleteOrder(o.ID))
	require.Equal(t, orderDelivered, must(sc.s.Order(o.ID))(t).Status, "not while a case is open (T28)")
	require.NoError(t, sc.s.BuyerWithdraws(id))
	require.Equal(t, orderCompleted, must(sc.s.Order(o.ID))(t).Status)
	require.Equal(t, 25001051, sc.create(createBody(o.ID, kindRefund, damagedUK, "")).Code)
}

func TestOrderCompletesWhenTheWindowEnds(t *testing.T) {
	sc := newScene(t, "GB")
	o := sc.mugs(1)
	sc.pass(30*24*time.Hour - time.Second)
	require.Equal(t, orderDelivered, must(sc.s.Order(o.ID))(t).Status)
	sc.pass(time.Second)
	require.Equal(t, orderCompleted, must(sc.s.Order(o.ID))(t).Status)
}

func TestRefundIsSpreadOverLinesToThePenny(t *testing.T) {
	sc := newScene(t, "GB")
	o := sc.mugs(3)
	require.Zero(t, sc.create(createBody(o.ID, kindRefund, damagedUK, `,"refund_total":"10.00"`)).Code)
	sc.pass(halfHour)
	var amounts []string
	for _, p := range sc.s.Books().Payments {
		amounts = append(amounts, p.Amount)
	}
	require.Equal(t, []string{"3.34", "3.33", "3.33"}, amounts)
}

func TestBundlePartsComeBackAlone(t *testing.T) {
	sc := newScene(t, "GB")
	o := sc.delivered(OrderLine{SKU: sc.set})
	line := o.Lines[0]
	require.Len(t, line.SubLines, 3)
	list := func(sub string) string {
		return fmt.Sprintf(`,"order_line_list":[{"order_line_item_id":%q%s}]`, line.ID, sub)
	}
	require.Equal(t, 25001001, sc.create(createBody(o.ID, kindRefund, damagedUK, list(""))).Code, "202602 wants the part")
	require.Zero(t, sc.create(createBody(o.ID, kindRefund, damagedUK, list(`,"sub_order_line_item_id":"`+line.SubLines[1].ID+`"`))).Code)
	sc.pass(halfHour)
	p := sc.s.Books().Payments
	require.Len(t, p, 1)
	require.Equal(t, []string{line.SubLines[1].ID, sc.mug, line.SubLines[1].Price}, []string{p[0].SubLineID, p[0].SKU, p[0].Amount})
}

func TestIdempotencyKeys(t *testing.T) {
	sc := newScene(t, "GB")
	o := sc.mugs(2)
	one := createBody(o.ID, kindRefund, damagedUK, `,"refund_total":"1.00"`)
	first := sc.create(one, "k1")
	require.Zero(t, first.Code)
	require.JSONEq(t, string(first.Data), string(sc.create(one, "k1").Data))
	require.Len(t, sc.s.ReturnsOf(o.ID), 1, "no second effect")
	require.Equal(t, 25001001, sc.create(createBody(o.ID, kindRefund, damagedUK, `,"refund_total":"2.00"`), "k1").Code)
	require.Equal(t, 25001011, sc.create(one, "k2").Code)
	sc.pass(24 * time.Hour)
	require.Zero(t, sc.create(one, "k1").Code)
	require.Len(t, sc.s.ReturnsOf(o.ID), 2, "keys live 24 hours (T12)")
}

func TestPagingByOpaqueTokens(t *testing.T) {
	sc := newScene(t, "GB")
	var want []string
	for range 12 {
		o := must(sc.s.DeliveredOrder(OrderSpec{ShopID: sc.shop.ID, KeepStock: true, Lines: []OrderLine{{SKU: sc.mug, Quantity: 2}}}))(t)
		for _, l := range must(sc.s.Order(o))(t).Lines {
			want = append(want, sc.open(ReturnSpec{OrderID: o, LineIDs: []string{l.ID}}))
			sc.pass(time.Second)
		}
	}
	search := func(query url.Values, body string) answer {
		return sc.call("POST", "/return_refund/202602/returns/search", query, body)
	}
	var got []string
	token := ""
	for pages := 0; ; pages++ {
		var data struct {
			Next   string `json:"next_page_token"`
			Total  int    `json:"total_count"`
			Orders []struct {
				ID string `json:"return_id"`
			} `json:"return_orders"`
		}
		search(url.Values{"page_token": {token}}, "{}").into(t, &data)
		require.Equal(t, 24, data.Total)
		for _, r := range data.Orders {
			got = append(got, r.ID)
		}
		if token = data.Next; token == "" {
			require.Equal(t, 2, pages)
			break
		}
		require.Contains(t, token, "+")
		require.Contains(t, token, "/")
		require.Contains(t, token, "=")
		require.Equal(t, 25001001, search(url.Values{"page_token": {token}}, `{"order_ids":["1"]}`).Code, "filters changed while walking")
	}
	require.Equal(t, want, got, "create_time ASC by default")
	for size, code := range map[string]int{"9": 25001001, "10": 0, "50": 0, "51": 25001001, "x": 25001001} {
		require.Equal(t, code, search(url.Values{"page_size": {size}}, "").Code, size)
	}
}

func TestTimeFilters(t *testing.T) {
	sc := newScene(t, "GB")
	id := sc.open(ReturnSpec{OrderID: sc.mugs(1).ID})
	at := sc.clock.Now().Unix()
	count := func(body string) int {
		var data struct {
			Orders []json.RawMessage `json:"return_orders"`
		}
		sc.call("POST", "/return_refund/202602/returns/search", nil, body).into(t, &data)
		return len(data.Orders)
	}
	require.Equal(t, 1, count(fmt.Sprintf(`{"update_time_ge":%d}`, at)), "ge is inclusive")
	require.Equal(t, 0, count(fmt.Sprintf(`{"update_time_lt":%d}`, at)), "lt is exclusive")
	require.Equal(t, 1, count(fmt.Sprintf(`{"return_ids":[%q],"return_status":["RETURN_OR_REFUND_REQUEST_PENDING"]}`, id)))
	require.Equal(t, 0, count(`{"return_status":["AWAITING_BUYER_SHIP"]}`))
}
