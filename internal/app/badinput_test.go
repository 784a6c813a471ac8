package app

import (
	"database/sql"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
)

// Bad input gets a clear answer and loses nothing. Here is what no other file of
// this room has; wrong signatures, huge bodies and a ledger that is gone are in
// receive_test.go, commands that cannot be read in workflows/commands_test.go,
// strange answers of the platforms in activities/badinput_test.go.

func (b *bench) counts(t *testing.T, shop string) map[string]int {
	t.Helper()
	counts := map[string]int{}
	b.do(t, func(tx *ledger.Tx) error {
		all, err := tx.EventCounts(t.Context(), shop)
		for _, c := range all {
			counts[c.Topic] = c.Events
		}
		return err
	})
	return counts
}

// What nobody can use is answered with 200, counted where "starter check" shows
// it, and passed on without waking anybody.
func TestUnknownAndUnreadableEventsAreCounted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, body := range []string{
		notification("n1", 9999, `{}`), notification("n2", 9999, `{"deeper":{"still":[]}}`), notification("n3", -1, `null`),
		`{"type":"RETURN"}`, `{"type":12}`, "\x00\xff", "[]", `"text"`, strings.Repeat("[", 30_000), `{"type":12,"shop_id":"` + ukShop + `","data":7}`,
		strings.ReplaceAll(caseEvent("n4", "X"), ukShop, "7499999999999999999"),
	} {
		for range 2 { // a repeat is no second one
			w := b.tiktokSends(body)
			require.Equal(t, http.StatusOK, w.Code, "%.40q", body)
			require.Empty(t, w.Body.String())
		}
	}
	require.Equal(t, map[string]int{"topic 9999": 2, "topic -1": 1}, b.counts(t, "uk"))
	strays := b.counts(t, "")
	require.Equal(t, 8, strays[topicUnreadable]+strays[topicOtherShop], "%v", strays)
	require.GreaterOrEqual(t, strays[topicOtherShop], 1)
	for _, body := range []string{"", "null", "[]", "\x00\xff", `{"eventName":7}`, `{"eventName":"NEVER_HEARD_OF","rmaId":"1"}`, strings.Repeat(`{"data":`, 7_000)} {
		require.Equal(t, http.StatusOK, b.returnGOSends("uk", ukToken, body).Code, "%.40q", body)
	}
	require.Equal(t, 1, b.counts(t, "uk")["NEVER_HEARD_OF"])
	b.pass(b.cfg.Periods.RelayTakeover)
	waiting := b.inbox(t)
	require.NotEmpty(t, waiting)
	for _, e := range waiting {
		if e.Platform == returns.TikTok {
			require.True(t, b.relay.pass(t.Context(), []ledger.Event{e}))
		}
	}
	require.Empty(t, b.temporal.told, "nobody was woken")
}

// The clocks of others are theirs: what an event says of its time decides nothing.
func TestAnEventWithAStrangeTimeIsAsGoodAsAnother(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"0", "1", "99999999999", `"1760000000"`, "-1", "1760000000000", "1e3", "9223372036854775807", `"yesterday"`} {
		b := newBench(t)
		body := strings.Replace(caseEvent("n1", returns.TikTokPending), fmt.Sprint(noon.Unix()), at, 1)
		require.Equal(t, http.StatusOK, b.tiktokSends(body).Code, at)
		rows := b.inbox(t)
		require.Len(t, rows, 1, at)
		require.Equal(t, caseID, rows[0].TikTokReturnID, at)
		require.Equal(t, noon, rows[0].ReceivedAt)
	}
	b := newBench(t)
	require.Equal(t, http.StatusOK, b.returnGOSends("uk", ukToken, `{"eventName":"RMA_CREATED","rmaId":"9001","eventDate":"0001-13-99T25:61:00Z"}`).Code)
	require.Equal(t, "9001", b.inbox(t)[0].RMAID)
}

// A signature makes no id: of what is no number no workflow is named and nothing
// is kept, whoever signed it.
func TestWhatNamesNoIDWakesNobody(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i, body := range []string{
		strings.Replace(caseEvent("n1", returns.TikTokPending), caseID, "../y", 1),
		strings.Replace(caseEvent("n2", returns.TikTokPending), orderID, "../y", 1),
		notification("n3", 67, `{"line_items":[{"main_order_id":"1","sku_return_request_id":"../y"}]}`),
		notification("n4", 68, `{"product_id":"../y","sku_id":"1","quantity_snapshot_after_change":{"total_available_quantity":1},"change_detail":[{"idempotency_key":"k","trigger_source":"api_sync"}]}`),
		notification("n5", 68, `{"product_id":"1","sku_id":"../y","quantity_snapshot_after_change":{"total_available_quantity":1},"change_detail":[{"idempotency_key":"k","trigger_source":"api_sync"}]}`),
	} {
		require.Equal(t, http.StatusOK, b.tiktokSends(body).Code, body)
		require.Equal(t, map[string]int{topicUnreadable: i + 1}, b.counts(t, ""))
	}
	require.Empty(t, b.counts(t, "uk"))
	b.pass(b.cfg.Periods.RelayTakeover)
	require.True(t, b.relay.pass(t.Context(), b.inbox(t)))
	require.Empty(t, b.temporal.told)
}

// A disk that is full refuses what is new and still reads what is old: the
// platform hears that it has to send again, and once there is room it is taken.
func TestAFullDiskLosesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	db, err := sql.Open("sqlite", "file:"+b.cfg.Ledger)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	_, err = db.ExecContext(t.Context(), `CREATE TRIGGER no_room BEFORE INSERT ON inbox BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END`)
	require.NoError(t, err)
	require.Equal(t, http.StatusServiceUnavailable, b.tiktokSends(caseEvent("n1", returns.TikTokPending)).Code)
	require.Equal(t, http.StatusServiceUnavailable, b.tiktokSends("garbage").Code)
	require.Equal(t, http.StatusServiceUnavailable, b.returnGOSends("uk", ukToken, rmaEvent("RMA_CREATED", "9001", "Pending")).Code)
	require.Empty(t, b.inbox(t))
	require.Contains(t, b.logged(t), "disk is full")
	require.Empty(t, b.relay.events)
	_, err = db.ExecContext(t.Context(), `DROP TRIGGER no_room`)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, b.tiktokSends(caseEvent("n1", returns.TikTokPending)).Code)
	require.Equal(t, http.StatusOK, b.returnGOSends("uk", ukToken, rmaEvent("RMA_CREATED", "9001", "Pending")).Code)
	require.Len(t, b.inbox(t), 2)
}
