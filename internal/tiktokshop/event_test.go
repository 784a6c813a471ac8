package tiktokshop_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

func TestSampleEvents(t *testing.T) {
	t.Parallel()
	base := tiktokshop.Event{ID: "2585533398215749804", ShopID: "7915560115221862626", At: at(1645017685)}
	event := func(number int, topic string, with func(*tiktokshop.Event)) tiktokshop.Event {
		e := base
		e.Number, e.Topic = number, topic
		with(&e)
		return e
	}
	nothing := func(*tiktokshop.Event) {}
	for id, want := range map[string]tiktokshop.Event{
		"webhook-1-order-status": event(1, "ORDER_STATUS_CHANGE", func(e *tiktokshop.Event) {
			e.OrderID, e.Status = "360112100153653685", "UNPAID"
		}),
		"webhook-4-package-update":         event(4, "", nothing),
		"webhook-5-product-status":         event(5, "", nothing),
		"webhook-6-deauthorization":        event(6, "SELLER_DEAUTHORIZATION", nothing),
		"webhook-7-authorization-expiring": event(7, "UPCOMING_AUTHORIZATION_EXPIRATION", func(e *tiktokshop.Event) { e.ExpiresAt = at(8464845443) }),
		"webhook-27-inventory-status":      event(27, "", nothing),
		"webhook-42-combined-listing":      event(42, "", nothing),
		"webhook-11-cancellation": event(11, "CANCELLATION_STATUS_CHANGE", func(e *tiktokshop.Event) {
			e.OrderID, e.CancelID, e.Status = "360112100153653685", "7666834862923493042", "CANCELLATION_REQUEST_PENDING"
		}),
		"webhook-12-return": event(12, "RETURN_STATUS_CHANGE", func(e *tiktokshop.Event) {
			e.OrderID, e.ReturnID, e.Status = "360112100153653685", "360112100153653685", returns.TikTokPending
		}),
		"webhook-64-aftersales-request": event(64, "AFTERSALES_STATUS", func(e *tiktokshop.Event) {
			e.ID, e.ShopID, e.AftersalesID, e.Status = "2637953216", "3386614684", "360112100153653685", "PENDING_REQUEST_REVIEW"
		}),
		"webhook-65-rma": event(65, "RMA_STATUS", func(e *tiktokshop.Event) {
			e.ID, e.ShopID, e.At = "5379058950", "3386614684", at(1645017689)
			e.AftersalesID, e.RMAID, e.Status = "360112100153653685", "528538463780547849", "RMA_CREATED"
		}),
		"webhook-67-refund-success": event(67, "REFUND_SUCCESS", func(e *tiktokshop.Event) {
			e.ID, e.ShopID, e.At = "5044163332810192993", "123456", at(1776711852)
			e.AftersalesID, e.RMAID, e.Status = "426895895", "116906906", "REFUND_SUCCESS"
			e.Refund, e.ReturnIDs, e.OrderIDs = amount(t, "1.25", "USD"), []string{"752175934"}, []string{"415245017"}
		}),
	} {
		got, err := tiktokshop.ParseEvent(samples(t)[id].Payload)
		require.NoError(t, err, id)
		require.Equal(t, want, got, id)
	}
}

func TestStockMovements(t *testing.T) {
	t.Parallel()
	bare := samples(t)["webhook-68-inventory-changed"].Payload
	moved := time.Date(2026, 4, 2, 9, 28, 34, 979101552, time.UTC)
	want := []returns.StockMovement{{
		ID: "text 610768", ProductID: "4948076614158544456", SKUID: "8087923251602155613", Source: "manual_adjustment",
		At: moved, AvailableDelta: 4, AvailableAfter: 7,
	}}
	e, err := tiktokshop.ParseEvent(bare)
	require.NoError(t, err)
	require.Equal(t, "INVENTORY_CHANGED", e.Topic)
	require.Equal(t, 68, e.Number)
	require.Equal(t, want, e.Movements)
	require.Contains(t, e.ID, "sha256:")
	require.Equal(t, moved, e.At)

	e, err = tiktokshop.ParseEvent([]byte(`{"type":68,"tts_notification_id":"1","shop_id":"2","timestamp":1760000005,"data":` + string(bare) + `}`))
	require.NoError(t, err)
	require.Equal(t, want, e.Movements)
	require.Equal(t, "2", e.ShopID)

	// int64 ids, several changes, one without a key of its own, no snapshot.
	e, err = tiktokshop.ParseEvent([]byte(`{"type":68,"tts_notification_id":"1","data":{"sku_id":8087923251602155613,"occurred_at":"2026-04-02T09:28:34+01:00",
		"quantity_snapshot_after_change":{"total_available_quantity":0},"change_detail":[
		{"idempotency_key":"a","trigger_source":"api_sync","available_quantity_delta":-1,"committed_quantity_delta":"1"},{}]}}`))
	require.NoError(t, err)
	require.Len(t, e.Movements, 2)
	require.Equal(t, returns.StockMovement{
		ID: "a", SKUID: "8087923251602155613", Source: returns.MovementAPISync, At: time.Date(2026, 4, 2, 8, 28, 34, 0, time.UTC),
		AvailableDelta: -1, CommittedDelta: 1,
	}, e.Movements[0])
	require.Equal(t, "1#1", e.Movements[1].ID)

	e, err = tiktokshop.ParseEvent([]byte(`{"type":68,"data":{"sku_id":"1","change_detail":[{"available_quantity_delta":1}]}}`))
	require.NoError(t, err)
	require.Empty(t, e.Movements, "without the number after it, a movement proves nothing")
}

// Topic 68 prints its times as ISO 8601 (contract 1.5); seconds are read too.
func TestTimesOfMovements(t *testing.T) {
	t.Parallel()
	for printed, want := range map[string]time.Time{
		`"2026-04-02T09:28:34.979101552Z"`: time.Date(2026, 4, 2, 9, 28, 34, 979101552, time.UTC),
		`"2026-04-02T10:28:34+01:00"`:      time.Date(2026, 4, 2, 9, 28, 34, 0, time.UTC),
		`1775122114`:                       at(1775122114), `"1775122114"`: at(1775122114), `""`: {}, `null`: {},
	} {
		e, err := tiktokshop.ParseEvent([]byte(`{"type":68,"data":{"sku_id":"1","occurred_at":` + printed + `}}`))
		require.NoError(t, err, printed)
		require.Equal(t, want, e.At, printed)
	}
	for _, bad := range []string{`"yesterday"`, `-1`, `"2026-04-02"`, `{}`} {
		_, err := tiktokshop.ParseEvent([]byte(`{"type":68,"data":{"sku_id":"1","occurred_at":` + bad + `}}`))
		require.Equal(t, platform.Permanent, failed(t, err).Class, bad)
	}
}

func TestSpellingsInEvents(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"type":1,"data":{"order_status":"CANCEL"}}`:                                    returns.OrderCancelled,
		`{"type":"12","data":{"return_status":"RETURN_OR_REFUND__REQUEST_CANCELLED"}}`:   returns.TikTokCancelled,
		`{"type":12,"data":{"return_status":"RETURN_OR_REFUND_REQUEST_CANCEL"}}`:         returns.TikTokCancelled,
		`{"type":11,"data":{"cancel_status":"CANCELLATION_REQUEST_CANCELLED"}}`:          tiktokshop.CancellationClosed,
		`{"type":12,"data":{"return_status":"SOMETHING_NEW"}}`:                           "SOMETHING_NEW",
		`{"type":12,"data":{"return_status":"SOMETHING_NEW","return_id":403,"x":[1,2]}}`: "SOMETHING_NEW",
	} {
		e, err := tiktokshop.ParseEvent([]byte(body))
		require.NoError(t, err, body)
		require.Equal(t, want, e.Status, body)
	}
}

func TestUnreadableEvents(t *testing.T) {
	t.Parallel()
	for _, body := range []string{``, `<html>`, `[]`, `{"type":12`, `{"type":true}`, `{"type":12,"data":{"return_id":{}}}`} {
		_, err := tiktokshop.ParseEvent([]byte(body))
		require.Equal(t, platform.Permanent, failed(t, err).Class, body)
	}
	e, err := tiktokshop.ParseEvent([]byte(`{"type":999,"data":"anything"}`))
	require.NoError(t, err)
	require.Empty(t, e.Topic)
	again, err := tiktokshop.ParseEvent([]byte(`{"type":999,"data":"anything"}`))
	require.NoError(t, err)
	require.Equal(t, e, again, "a retry repeats the body, so it has the same id")
}

// What an event names becomes part of a workflow's id and of addresses: a
// signature makes no id of it.
func TestWhatIsNoIDIsNoEvent(t *testing.T) {
	t.Parallel()
	for _, field := range []string{"order_id", "return_id", "cancel_id"} {
		for _, bad := range []string{`"../y"`, `"12a"`, `"12 "`, `-1`, `1.5`, `1e3`, `"١٢"`, `"123456789012345678901"`} {
			_, err := tiktokshop.ParseEvent([]byte(`{"type":12,"data":{"` + field + `":` + bad + `}}`))
			require.Equal(t, platform.Permanent, failed(t, err).Class, "%s %s", field, bad)
			require.NotContains(t, err.Error(), "../y")
		}
		for _, good := range []string{`"1"`, `18446744073709551615`, `""`, `null`} {
			_, err := tiktokshop.ParseEvent([]byte(`{"type":12,"data":{"` + field + `":` + good + `}}`))
			require.NoError(t, err, "%s %s", field, good)
		}
	}
	for _, body := range []string{
		`{"type":68,"data":{"product_id":"../y","sku_id":"1"}}`, `{"type":68,"data":{"product_id":"1","sku_id":"../y"}}`,
		`{"product_id":"1","sku_id":"../y","change_detail":[{}]}`, `{"product_id":"../y","sku_id":"1","change_detail":[{}]}`,
		`{"type":67,"data":{"line_items":[{"main_order_id":"../y"}]}}`, `{"type":67,"data":{"line_items":[{"main_order_id":"1"},{"sku_return_request_id":"../y"}]}}`,
	} {
		_, err := tiktokshop.ParseEvent([]byte(body))
		require.Equal(t, platform.Permanent, failed(t, err).Class, body)
	}
}

// Nothing rests on when an event was sent: seconds, milliseconds, or no time.
func TestTheTimeOfAnEventNeverHidesIt(t *testing.T) {
	t.Parallel()
	for printed, want := range map[string]time.Time{
		`1760000005`: at(1760000005), `"1760000005"`: at(1760000005), `1760000005000`: at(1760000005), `"1760000005000"`: at(1760000005),
		`0`: {}, `-1`: {}, `9223372036854775807`: {}, `1e3`: {}, `"soon"`: {}, `null`: {}, `{}`: {}, `true`: {},
	} {
		e, err := tiktokshop.ParseEvent([]byte(`{"type":12,"timestamp":` + printed + `,"data":{"return_id":"7"}}`))
		require.NoError(t, err, printed)
		require.Equal(t, want, e.At, printed)
		require.Equal(t, "7", e.ReturnID, printed)
	}
}
