package activities

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

func jsonTo(w http.ResponseWriter, v any) error { return json.NewEncoder(w).Encode(v) }

func jsonFrom(s string, v any) error { return json.Unmarshal([]byte(s), v) }

func (b *bench) sweepTikTok() messages.SweepResult {
	b.t.Helper()
	return must[messages.SweepResult](b, b.SweepTikTok, messages.ShopInput{Shop: shopName})
}

// A sweep wakes for whatever TikTok shows otherwise than the ledger, and for
// nothing else.
func TestSweepTikTokWakesOnDifferences(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(map[string]any){
		"status": func(c map[string]any) { c["return_status"] = returns.TikTokShipped },
		"amount": func(c map[string]any) {
			c["refund_amount"] = map[string]any{"currency": "GBP", "refund_total": "19.99"}
		},
		"deadline": func(c map[string]any) {
			c["seller_next_action_response"] = []any{map[string]any{"action": "SELLER_RESPOND_RETURN", "deadline": noon.Add(40 * time.Hour).Unix()}}
		},
		"arbitration": func(c map[string]any) { c["arbitration_status"] = returns.ArbitrationInProgress },
		"edited":      func(c map[string]any) { c["next_return_id"] = "4030000000000000002" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.cases = []map[string]any{tiktokReturn(caseID, returns.TikTokAwaitingShip, "24.99")}
			b.look()
			b.waker.woken()
			require.Zero(t, b.sweepTikTok().Signaled)
			b.change(func() { change(b.cases[0]) })
			require.Equal(t, 1, b.sweepTikTok().Signaled)
			keys, _ := b.waker.woken()
			require.Equal(t, []returns.Key{key}, keys)
		})
	}
}

// A return opened and paid between two sweeps, its events lost: whoever has an
// RMA on the order must hear of it.
func TestSweepTikTokFindsWhatWasPaidUnseen(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.look()
	b.waker.woken()
	b.change(func() { b.cases = []map[string]any{tiktokReturn(caseID, returns.TikTokPaid, "24.99")} })
	require.Equal(t, 1, b.sweepTikTok().Signaled)
	keys, _ := b.waker.woken()
	require.Equal(t, []returns.Key{key}, keys)
	b.change(func() {
		other := tiktokReturn("4030000000000000005", returns.TikTokPaid, "24.99")
		other["order_id"] = "576000000000000999"
		b.cases = []map[string]any{other}
	})
	b.sweepTikTok()
	keys, _ = b.waker.woken()
	require.NotContains(t, keys, returns.TikTokKey("4030000000000000005"), "settled history of an order we carry nothing on")
}

func TestSweepTikTokKeepsTheClockOfAReturnWithoutRMA(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.cases = []map[string]any{tiktokReturn(caseID, returns.TikTokPending, "24.99")}
	b.sweepTikTok()
	keys, _ := b.waker.woken()
	require.Equal(t, []returns.Key{returns.TikTokKey(caseID)}, keys)
}

func TestSweepReturnGOWakesOnDifferences(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	sweep := func() []returns.Key {
		t.Helper()
		must[messages.SweepResult](b, b.SweepReturnGO, messages.ShopInput{Shop: shopName})
		keys, _ := b.waker.woken()
		return keys
	}
	b.change(func() { b.rma["rmaSummary"].(map[string]any)["status"] = "" })
	require.Equal(t, []returns.Key{key}, sweep(), "never read, and listed without a status")
	b.change(func() { b.rma["rmaSummary"].(map[string]any)["status"] = "Approved" })
	require.Equal(t, []returns.Key{key}, sweep(), "never read")
	b.look()
	b.waker.woken()
	require.Empty(t, sweep())
	b.change(func() { b.rma["rmaSummary"].(map[string]any)["status"] = "Received" })
	require.Equal(t, []returns.Key{key}, sweep())
	b.look()
	b.waker.woken()
	b.answers("transactions", func(w http.ResponseWriter, _ *http.Request) {
		_ = jsonTo(w, map[string]any{"transactions": []any{transaction("Requested", "20.00")}, "next_cursor": nil})
	})
	require.Equal(t, []returns.Key{key}, sweep(), "another amount moves no status")
}

// While events tell all there is, ReturnGO is swept every hour, or half an hour if
// much happens, and all of it every four; as soon as a sweep finds what no event
// told, or events are quiet, at each interval again.
func TestEventsThatTellAllSpareSweeps(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.EventsQuiet, b.OpenSweepEvery = 6*time.Hour, 2*time.Hour
	listed := b.manyOpen()
	const nothing, waiting, moved, all = "", "waiting", "waiting+transactions", "all+transactions"
	sweep := func() (lists string) {
		b.forget()
		must[messages.SweepResult](b, b.SweepReturnGO, messages.ShopInput{Shop: shopName})
		if b.count("rmas") == 0 {
			return nothing
		}
		lists = "waiting"
		if strings.Contains(listed(), returns.RMAApproved) {
			lists = "all"
		}
		if b.count("transactions") > 0 {
			lists += "+transactions"
		}
		return lists
	}
	events := 0
	come := func(n, byEvent, bySweep int) {
		require.NoError(t, b.Ledger.Do(b.ctx, func(tx *ledger.Tx) error {
			for range n {
				events++
				if _, err := tx.Receive(b.ctx, ledger.Event{Shop: shopName, Platform: returns.ReturnGO, ID: fmt.Sprint(events)}); err != nil {
					return err
				}
			}
			return tx.Came(b.ctx, shopName, returns.ReturnGO, byEvent, bySweep)
		}))
	}
	quarters := func(want ...string) {
		t.Helper()
		for i, w := range want {
			b.clock.pass(15 * time.Minute)
			require.Equal(t, w, sweep(), "quarter %d", i+1)
		}
	}
	require.Equal(t, all, sweep())
	quarters(moved, moved, moved, moved, moved, moved, moved, all) // no event ever came
	come(1, 100, 0)
	quarters(nothing, nothing, nothing, waiting)
	come(manyEvents, 0, 0)
	quarters(nothing, waiting, nothing, nothing, nothing, waiting)
	quarters(nothing, nothing, nothing, waiting, nothing, nothing, nothing, all)
	require.NoError(t, b.Ledger.Do(b.ctx, func(tx *ledger.Tx) error { return tx.MoveCursor(b.ctx, OpenSweepCursor(shopName), "") }))
	require.Equal(t, all, sweep(), "an event that named nothing asked for it")
	come(1, 0, 2)
	quarters(moved, moved) // sweeps find what events do not tell
	come(1, 1000, 0)
	quarters(nothing, nothing, nothing, waiting)
	b.clock.pass(7 * time.Hour)
	require.Equal(t, all, sweep())
	quarters(moved) // events are quiet
}

// manyOpen are more approved RMAs than one call lists; it gives the statuses that
// the last list asked for.
func (b *bench) manyOpen() (listed func() string) {
	var rows []any
	require.NoError(b.t, b.Ledger.Do(b.ctx, func(tx *ledger.Tx) error {
		for i := range onePage {
			id := fmt.Sprint(8000 + i)
			rows = append(rows, map[string]any{"rmaId": id, "status": returns.RMAApproved})
			if err := tx.SaveRMA(b.ctx, shopName, returns.RMA{ID: id, Status: returns.RMAApproved}, b.clock.now()); err != nil {
				return err
			}
		}
		return nil
	}))
	statuses := ""
	b.answers("rmas", func(w http.ResponseWriter, r *http.Request) {
		statuses = r.URL.Query().Get("status")
		some := rows
		if !strings.Contains(statuses, returns.RMAApproved) {
			some = []any{}
		}
		_ = jsonTo(w, map[string]any{"rmas": some, "next_cursor": nil})
	})
	return func() string { return statuses }
}
