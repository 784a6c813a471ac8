package tiktokshop_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/platform"
	"returnbridge/internal/tiktokshop"
)

func aCancellation() tiktokshop.CancelOrder {
	return tiktokshop.CancelOrder{OrderID: "576", Reason: "seller_cancel_reason_out_of_stock_uk", Lines: []tiktokshop.LineRef{{OrderLineID: "1"}}}
}

// Contract 2.6 on the wire.
func TestCancelRequests(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	cancel := func(change func(*tiktokshop.CancelOrder)) func(s shop) error {
		return func(s shop) error {
			c := aCancellation()
			change(&c)
			_, _, err := s.CancelOrder(ctx, c)
			return unless(platform.OutcomeUnknown, err) // no id in the answer
		}
	}
	const cancellations = "/return_refund/202602/cancellations"
	requireOnWire(t, map[string]wireCall{
		"lines": {cancel(func(*tiktokshop.CancelOrder) {}), "POST", cancellations, "",
			`{"order_id":"576","cancel_reason":"seller_cancel_reason_out_of_stock_uk","order_line_item_ids":["1"]}`},
		"a part of a bundle": {cancel(func(c *tiktokshop.CancelOrder) { c.Lines[0].SubLineID = "2" }), "POST", cancellations, "",
			`{"order_id":"576","cancel_reason":"seller_cancel_reason_out_of_stock_uk","order_line_list":[{"order_line_item_id":"1","sub_order_line_item_id":"2"}]}`},
		"whole order": {cancel(func(c *tiktokshop.CancelOrder) { c.Lines, c.WholeOrder = nil, true }), "POST", cancellations, "",
			`{"order_id":"576","cancel_reason":"seller_cancel_reason_out_of_stock_uk"}`},
		"approve": {func(s shop) error { _, err := s.ApproveCancellation(ctx, "40", "k1"); return err },
			"POST", "/return_refund/202309/cancellations/40/approve", "idempotency_key=k1", `{}`},
		"reject": {func(s shop) error { _, err := s.RejectCancellation(ctx, "40", "r/e&a", "packed", "k1"); return err },
			"POST", "/return_refund/202309/cancellations/40/reject", "idempotency_key=k1", `{"reject_reason":"r/e&a","comment":"packed"}`},
		"reject without words": {func(s shop) error { _, err := s.RejectCancellation(ctx, "40", "r", "", "k1"); return err },
			"POST", "/return_refund/202309/cancellations/40/reject", "idempotency_key=k1", `{"reject_reason":"r"}`},
	})
}

func TestCancelAnswers(t *testing.T) {
	t.Parallel()
	f := served(t, "cancel-order-202602")
	got, receipt, err := f.shop.CancelOrder(t.Context(), aCancellation())
	require.NoError(t, err)
	require.Equal(t, tiktokshop.CancelledOrder{ID: "9719572844744629729", Status: "CANCELLATION_REQUEST_SUCCESS"}, got)
	require.Equal(t, tiktokshop.Receipt{RequestID: "text aabbbf", At: now}, receipt)
	receipt, err = served(t, "cancellation-approve").shop.ApproveCancellation(t.Context(), "40", "k")
	require.NoError(t, err)
	require.Equal(t, tiktokshop.Receipt{RequestID: "text aabbbf", At: now}, receipt)

	for body, want := range map[string]platform.Class{
		`<html>`: platform.OutcomeUnknown, `{"code":0,"request_id":"r"}`: platform.OutcomeUnknown,
		`{"code":25001011}`: platform.StateChanged, `{"code":25005010}`: platform.Permanent,
	} {
		_, _, err := newFake(t, says(body)).shop.CancelOrder(t.Context(), aCancellation())
		require.Equal(t, want, failed(t, err).Class, body)
	}
	for body, want := range map[string]platform.Class{`<html>`: platform.OutcomeUnknown, `{"code":25001045}`: platform.StateChanged} {
		_, err := newFake(t, says(body)).shop.ApproveCancellation(t.Context(), "40", "k")
		require.Equal(t, want, failed(t, err).Class, body)
		_, err = newFake(t, says(body)).shop.RejectCancellation(t.Context(), "40", "r", "", "k")
		require.Equal(t, want, failed(t, err).Class, body)
	}
}

func TestCancelNotSent(t *testing.T) {
	t.Parallel()
	ctx, f := t.Context(), newFake(t, says(`{"code":0}`))
	neither, both := aCancellation(), aCancellation()
	neither.Lines, both.WholeOrder = nil, true
	_, _, noLines := f.shop.CancelOrder(ctx, neither)
	_, _, twoWays := f.shop.CancelOrder(ctx, both)
	_, noKey := f.shop.ApproveCancellation(ctx, "40", "")
	_, longKey := f.shop.RejectCancellation(ctx, "40", "r", "", strings.Repeat("k", 256))
	_, noID := f.shop.ApproveCancellation(ctx, "", "k")
	_, path := f.shop.RejectCancellation(ctx, "40/..", "r", "", "k")
	for name, err := range map[string]error{
		"no lines": noLines, "two ways": twoWays, "no key": noKey, "long key": longKey, "no id": noID, "path": path,
	} {
		require.Equal(t, platform.Permanent, failed(t, err).Class, name)
	}
	require.Empty(t, f.all())
}
