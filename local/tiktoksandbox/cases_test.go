package tiktoksandbox

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCombinedParcelIsDecidedReturnByReturn(t *testing.T) {
	sc := newScene(t, "GB")
	a, b := sc.open(ReturnSpec{OrderID: sc.mugs(1).ID}), sc.open(ReturnSpec{OrderID: sc.mugs(1).ID})
	must(sc.s.CombineReturns(a, b))(t)
	require.Zero(t, sc.approve(a, "APPROVE_RETURN"))
	require.Zero(t, sc.approve(b, "APPROVE_RETURN"))
	require.NoError(t, sc.s.BuyerShips(a, "TRK"))
	require.Equal(t, returnShipped, sc.status(b))
	require.NoError(t, sc.s.ParcelDelivered(b))
	require.Equal(t, "SELLER_RESPOND_RECEIVE_PACKAGE", must(sc.s.Return(a))(t).Action)
	require.Zero(t, sc.approve(a, "APPROVE_RECEIVED_PACKAGE"))
	require.Equal(t, returnShipped, sc.status(b), "T32")
}

func TestReplacementIsANewOrderAndNoRefund(t *testing.T) {
	sc := newScene(t, "GB")
	id := sc.open(ReturnSpec{OrderID: sc.mugs(1).ID, Type: kindReplacement})
	require.Zero(t, sc.approve(id, "APPROVE_REPLACEMENT"))
	sc.pass(halfHour)
	require.Empty(t, sc.s.Books().Payments)
	replacement := 0
	for _, o := range sc.s.orders {
		if o.replaces != "" {
			replacement++
			require.Equal(t, "0.00", o.paymentJSON()["total_amount"])
		}
	}
	require.Equal(t, 1, replacement)
	other := sc.open(ReturnSpec{OrderID: sc.mugs(1).ID, Type: kindReplacement})
	require.Zero(t, sc.approve(other, "ISSUE_REPLACEMENT_REFUND"))
	require.Equal(t, replacementRefunded, sc.status(other))
	require.Len(t, sc.s.Books().Payments, 1, "this state means that the buyer was paid")
}

func TestCancellingSingleLines(t *testing.T) {
	sc := newScene(t, "GB")
	id := must(sc.s.PlaceOrder(OrderSpec{ShopID: sc.shop.ID, Lines: []OrderLine{{SKU: sc.mug, Quantity: 2}}}))(t)
	line := must(sc.s.Order(id))(t).Lines[0].ID
	cancel := func(reason string) int {
		return sc.call("POST", "/return_refund/202602/cancellations", nil,
			fmt.Sprintf(`{"order_id":%q,"cancel_reason":%q,"order_line_item_ids":[%q]}`, id, reason, line)).Code
	}
	require.Equal(t, 25005010, cancel("seller_cancel_reason_wrong_price_uk"), "only out of stock by line")
	require.Equal(t, 25001021, cancel(outOfStock), "the US key")
	require.Zero(t, cancel(outOfStock+"_uk"))
	require.Equal(t, orderAwaitingShipment, must(sc.s.Order(id))(t).Status)
	sc.pass(halfHour)
	require.Len(t, sc.s.Books().Payments, 1)
	require.Equal(t, 25001010, cancel(outOfStock+"_uk"), "cancelled already")
}

func TestSellerMayNotActWhereTikTokFulfils(t *testing.T) {
	sc := newScene(t, "GB")
	o := must(sc.s.DeliveredOrder(OrderSpec{ShopID: sc.shop.ID, FulfilledByTikTok: true, Lines: []OrderLine{{SKU: sc.mug}}}))(t)
	require.Equal(t, 25011026, sc.approve(sc.open(ReturnSpec{OrderID: o}), "APPROVE_RETURN"))
}

func TestOrderDetailLeavesStrangersOut(t *testing.T) {
	sc := newScene(t, "GB")
	o := sc.delivered(OrderLine{SKU: sc.set}, OrderLine{SKU: sc.mug, Gift: true})
	detail := func(ids string) answer {
		return sc.call("GET", "/order/202507/orders", map[string][]string{"ids": {ids}}, "")
	}
	var data struct {
		Orders []struct {
			Payment struct {
				Total string `json:"total_amount"`
			} `json:"payment"`
			Lines []struct {
				Sale  string           `json:"sale_price"`
				Parts []map[string]any `json:"sub_item_info"`
			} `json:"line_items"`
		} `json:"orders"`
	}
	detail(o.ID+",5760000000000009999").into(t, &data)
	require.Len(t, data.Orders, 1)
	require.Equal(t, "25.01", data.Orders[0].Payment.Total)
	require.Len(t, data.Orders[0].Lines[0].Parts, 3)
	require.Equal(t, "0.00", data.Orders[0].Lines[1].Sale)
	require.Equal(t, 21008111, detail("5760000000000009999").Code)
}
