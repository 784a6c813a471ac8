package tiktoksandbox

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

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
