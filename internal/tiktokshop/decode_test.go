package tiktokshop_test

import (
	"errors"
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

// An id is the same id as a string and as a number, however long (contract 1.5).
func TestIDsKeepEveryDigit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.StringMatching(`[1-9][0-9]{0,30}`).Draw(t, "id")
		for _, printed := range []string{id, `"` + id + `"`} {
			got, err := tiktokshop.TextOf(printed)
			require.NoError(t, err)
			require.Equal(t, id, got)
		}
	})
	for _, bad := range []string{`{}`, `[]`, `true`} {
		_, err := tiktokshop.TextOf(bad)
		require.Error(t, err)
	}
}

// Money is the same as a string and as a number, to the last digit.
func TestMoneyKeepsEveryDigit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		number := fmt.Sprintf("%d.%02d", rapid.Int64Min(0).Draw(t, "major"), rapid.IntRange(0, 99).Draw(t, "minor"))
		require.Equal(t, number+" GBP", tiktokshop.MoneyOf(number, "GBP").String())
		require.Equal(t, number+" GBP", tiktokshop.MoneyOf(strconv.Quote(number), "gbp").String())
	})
	for _, unknown := range []string{`""`, `null`, `"0.0000001"`, `"NaN"`, `"Infinity"`, `1e3`, `"1,50"`, `{}`} {
		require.False(t, returns.Known(tiktokshop.MoneyOf(unknown, "GBP")), unknown)
	}
	require.False(t, returns.Known(tiktokshop.MoneyOf(`"1.00"`, "")))
	require.Equal(t, "-1.50 USD", tiktokshop.MoneyOf(`"-1.50"`, "USD").String())
}

// Things absent, empty, or of another kind than documented.
func TestTolerantDecoding(t *testing.T) {
	t.Parallel()
	f := newFake(t, says(`{"code":"0","data":{"next_page_token":null,"orders":[
		{"id":576000000000000001,"payment":"","line_items":{"id":1,"currency":"GBP","sale_price":9.10,"is_gift":"true","sub_item_info":null,
		 "combined_listing_skus":""},"create_time":"1760000000","delivery_time":0,"recipient_address":{"name":["x"]}},
		{"id":"2","is_replacement_order":false,"replaced_order_id":"9","line_items":null,"payment":null},
		{"id":"3","is_replacement_order":true}, {"id":"4","replaced_order_id":"9"}, null]}}`))
	orders, err := f.shop.Orders(t.Context(), "1")
	require.NoError(t, err)
	require.Len(t, orders, 4)
	first := orders[0]
	require.Equal(t, "576000000000000001 GBP", first.ID+" "+first.Currency)
	require.Equal(t, at(1760000000), first.CreatedAt)
	require.True(t, first.DeliveredAt.IsZero())
	require.Equal(t, "9.10 GBP", first.Lines[0].Price.String())
	require.True(t, first.Lines[0].Gift)
	require.Equal(t, []string{"", tiktokshop.UnknownOrder, "9"}, []string{orders[1].Replaces, orders[2].Replaces, orders[3].Replaces})

	f = newFake(t, says(`{"code":0,"data":{"return_orders":[{"return_id":"1","refund_amount":[],"seller_next_action_response":null,"unknown_field":{"a":1}}]}}`))
	found, _, err := f.shop.SearchReturns(t.Context(), tiktokshop.ReturnFilter{}, "")
	require.NoError(t, err)
	require.False(t, returns.Known(found[0].Refund))
	require.Empty(t, found[0].Actions)
}

// Orders of another seller are no orders, however TikTok says so (T06).
func TestForeignOrders(t *testing.T) {
	t.Parallel()
	f := newFake(t, says(`{"code":21008111,"message":"not yours"}`))
	orders, err := f.shop.Orders(t.Context(), "1", "2")
	require.NoError(t, err)
	require.Empty(t, orders)
	_, _, err = f.shop.SearchOrders(t.Context(), tiktokshop.OrderFilter{}, tiktokshop.Page{})
	require.Equal(t, platform.Human, failed(t, err).Class, "a search asks for no foreign ones")
}

// A deadline that cannot be read must not look like none: silence is consent.
func TestUnreadableDeadline(t *testing.T) {
	t.Parallel()
	for _, deadline := range []string{`"tomorrow"`, `1760172800000`, `-1`, `true`, `1760172800.5`, `1e9`, `{}`} {
		f := newFake(t, says(`{"code":0,"data":{"return_orders":[{"seller_next_action_response":[{"deadline":`+deadline+`}]}]}}`))
		require.Equal(t, platform.Human, failed(t, read(f.shop)).Class, deadline)
	}
}

// One return that cannot be read hides none of its page, and is named.
func TestUnreadableReturnBesideOthers(t *testing.T) {
	t.Parallel()
	f := newFake(t, says(`{"code":0,"request_id":"r1","data":{"next_page_token":"n","return_orders":[{"return_id":"1"},
		{"return_id":2,"seller_next_action_response":[{"deadline":"tomorrow"}]},{"return_id":"3"},{"return_id":{}},{"return_id":"../x","create_time":-1},7]}}`))
	found, next, err := f.shop.SearchReturns(t.Context(), tiktokshop.ReturnFilter{}, "")
	require.Equal(t, platform.Human, failed(t, err).Class)
	bad, named := errors.AsType[*platform.UnreadableError](err)
	require.True(t, named)
	require.Equal(t, []string{"2", "", "", ""}, bad.IDs)
	require.NotContains(t, err.Error(), "tomorrow")
	require.Equal(t, "n", next)
	require.Len(t, found, 2)
	require.Equal(t, []string{"1", "3"}, []string{found[0].ID, found[1].ID})
}

func TestCancellationThatDoesNotSay(t *testing.T) {
	t.Parallel()
	f := newFake(t, says(`{"code":0,"data":{"cancellations":[{"cancel_id":"1","cancel_status":"CANCELLATION_REQUEST_CANCELLED"},{"should_replenish_stock":true}]}}`))
	got, next, err := f.shop.SearchCancellations(t.Context(), tiktokshop.CancellationFilter{}, "")
	require.NoError(t, err)
	require.Empty(t, next)
	require.Equal(t, tiktokshop.CancellationClosed, got[0].Status)
	require.Nil(t, got[0].ShouldReplenishStock)
	require.True(t, *got[1].ShouldReplenishStock)
}

// A number that is missing is 0 only if the total proves it.
func TestStockIsNotGuessed(t *testing.T) {
	t.Parallel()
	for sku, want := range map[string][]returns.StockLevel{
		`{"id":"1","total_available_quantity":4,"warehouse_inventory":[{"warehouse_id":"a","available_quantity":"4"},{"warehouse_id":"b"}]}`: {
			{ProductID: "p", SKUID: "1", WarehouseID: "a", Available: 4}, {ProductID: "p", SKUID: "1", WarehouseID: "b"}},
		`{"id":"1","total_available_quantity":4,"total_committed_quantity":2}`: {{ProductID: "p", SKUID: "1", Available: 4, Committed: 2}},
		`{"id":"1"}`: nil,
		`{"id":"1","total_available_quantity":5,"warehouse_inventory":[{"warehouse_id":"a","available_quantity":4},{"warehouse_id":"b"}]}`: {},
		`{"id":"1","warehouse_inventory":[{"warehouse_id":"a"}]}`:                                                                          {},
	} {
		f := newFake(t, says(`{"code":0,"data":{"inventory":[{"product_id":"p","skus":[`+sku+`]}]}}`))
		got, err := f.shop.Inventory(t.Context(), tiktokshop.InventoryFilter{ProductIDs: []string{"p"}})
		if want != nil && len(want) == 0 {
			require.Equal(t, platform.Human, failed(t, err).Class, sku)
			continue
		}
		require.NoError(t, err, sku)
		require.Equal(t, want, got, sku)
	}
}
