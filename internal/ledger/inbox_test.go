package ledger

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

func event(id string) Event {
	return Event{Shop: shop, Platform: returns.TikTok, ID: id, Topic: "12", RMAID: "RMA1", OrderID: "O1", TikTokReturnID: "C1", ProductID: product,
		Status: "NEW", HappenedAt: monday.Add(-time.Second), ReceivedAt: monday}
}

func TestAnEventIsKeptOnceAndRelayed(t *testing.T) {
	onBoth(t, func(b *bench) {
		receive := func(e Event) bool {
			return get(b, func(tx *Tx) (bool, error) { return tx.Receive(b.ctx, e) })
		}
		waiting := func(before time.Time, most int) []Event {
			return get(b, func(tx *Tx) ([]Event, error) { return tx.Waiting(b.ctx, before, most) })
		}
		require.True(b.t, receive(event("e2")))
		require.False(b.t, receive(event("e2")))
		require.True(b.t, receive(event("e1")))
		other := event("e2")
		other.Platform = returns.ReturnGO
		later := b.clock.pass(time.Minute)
		require.True(b.t, receive(other), "ids are each platform's own")
		other.ReceivedAt = later

		require.Equal(b.t, []Event{event("e1"), event("e2"), other}, waiting(later, 10))
		require.Equal(b.t, []Event{event("e1"), event("e2")}, waiting(later.Add(-time.Millisecond), 10))
		require.Equal(b.t, []Event{event("e1")}, waiting(later, 1))
		b.do(func(tx *Tx) error { return tx.Relayed(b.ctx, event("e1"), "signalled") })
		require.Equal(b.t, []Event{event("e2"), other}, waiting(later, 10))
		require.False(b.t, receive(event("e1")), "known although relayed")
		require.Equal(b.t, []string{"signalled"}, b.column(`SELECT outcome FROM inbox WHERE event_id = 'e1'`))
	})
}

func TestWhatFailsWaitsBehindTheRest(t *testing.T) {
	onBoth(t, func(b *bench) {
		waiting := func(most int) (ids []string) {
			for _, e := range get(b, func(tx *Tx) ([]Event, error) { return tx.Waiting(b.ctx, tx.Now(), most) }) {
				ids = append(ids, e.ID+strconv.Itoa(e.Tries))
			}
			return ids
		}
		for _, id := range []string{"e1", "e2"} {
			b.do(func(tx *Tx) error { _, err := tx.Receive(b.ctx, event(id)); return err })
		}
		b.do(func(tx *Tx) error { return tx.NotRelayed(b.ctx, event("e1"), monday.Add(time.Minute)) })
		require.Equal(b.t, []string{"e20"}, waiting(10), "its next try is not due")
		b.clock.pass(time.Minute)
		require.Equal(b.t, []string{"e20", "e11"}, waiting(10))
		require.Equal(b.t, []string{"e20"}, waiting(1), "an older row that failed stands in nobody's way")
		b.do(func(tx *Tx) error { return tx.Relayed(b.ctx, event("e1"), "relayed") })
		b.do(func(tx *Tx) error { return tx.NotRelayed(b.ctx, event("e1"), monday) })
		require.Equal(b.t, []string{"e20"}, waiting(10))
	})
}

func TestManyReceiveOneEvent(t *testing.T) {
	onBoth(t, func(b *bench) {
		errKnown := errors.New("known already")
		b.oneWins(b.race(func(_ int, tx *Tx) error {
			fresh, err := tx.Receive(b.ctx, event("e1"))
			if err == nil && !fresh {
				err = errKnown
			}
			return err
		}), errKnown)
	})
}

func TestReturnsOf(t *testing.T) {
	onBoth(t, func(b *bench) {
		of := func(tiktokReturnID, orderID string) []returns.Key {
			return get(b, func(tx *Tx) ([]returns.Key, error) { return tx.ReturnsOf(b.ctx, shop, tiktokReturnID, orderID) })
		}
		decide := func(key returns.Key, d Decided) { b.t.Helper(); require.NoError(b.t, b.decide(key, d)) }
		require.Empty(b.t, of("case-line-1", "O1"), "nobody")

		decide("RMA3", Decided{OrderID: "O1"})
		decide("RMA4", Decided{OrderID: "O1", Closed: true})
		decide("RMA5", Decided{})
		require.Equal(b.t, []returns.Key{"RMA3"}, of("case-line-1", "O1"), "the open returns on the order")
		require.Empty(b.t, of("", ""), "no order is no order, not all without one")

		own := returns.TikTokKey("case-line-1")
		decide(own, Decided{OrderID: "O1"})
		require.Equal(b.t, []returns.Key{"RMA3", own}, of("case-line-1", "O1"), "its own clock, and a return on the order that has no unit: it may ask about this one")
		decide("RMA3", Decided{OrderID: "O1", Holds: []returns.Hold{hold("line-3")}})
		b.do(func(tx *Tx) error {
			read := returns.TikTokReturn{ID: "case-line-1", OrderID: "O1", Status: returns.TikTokPending, Lines: []returns.TikTokReturnLine{{OrderLineID: "line-1"}}}
			return tx.SaveTikTok(b.ctx, shop, "O1", nil, []returns.TikTokReturn{read}, monday)
		})
		require.Equal(b.t, []returns.Key{own}, of("case-line-1", "O1"), "not one that has others")

		decide("RMA1", Decided{OrderID: "O1", Holds: []returns.Hold{hold("line-1")}})
		require.Equal(b.t, []returns.Key{"RMA1", own}, of("case-line-1", "O1"), "holder and own clock")
		decide(own, Decided{OrderID: "O1", Closed: true})
		require.Equal(b.t, []returns.Key{"RMA1"}, of("case-line-1", "O1"))
		decide("RMA1", Decided{OrderID: "O1", Holds: []returns.Hold{hold("line-1")}, Closed: true})
		require.Equal(b.t, []returns.Key{"RMA1"}, of("case-line-1", ""), "a closed holder still hears late news")
		require.Equal(b.t, []returns.Key{"RMA3"}, of("", "O1"))
	})
}

// A second TikTok return on a unit that a return holds already.
func TestHoldersHearOfASecondTikTokReturn(t *testing.T) {
	onBoth(t, func(b *bench) {
		of := func(tiktokReturnID, orderID string) []returns.Key {
			return get(b, func(tx *Tx) ([]returns.Key, error) { return tx.ReturnsOf(b.ctx, shop, tiktokReturnID, orderID) })
		}
		anyOn := func(orderID string) bool {
			return get(b, func(tx *Tx) (bool, error) { return tx.AnyReturnOn(b.ctx, shop, orderID) })
		}
		decide := func(key returns.Key, d Decided) { b.t.Helper(); require.NoError(b.t, b.decide(key, d)) }
		require.False(b.t, anyOn("O1"))
		decide("RMA1", Decided{OrderID: "O1", Holds: []returns.Hold{hold("line-1")}, Closed: true})
		decide("RMA2", Decided{OrderID: "O1", Holds: []returns.Hold{hold("line-2")}, Closed: true})
		require.True(b.t, anyOn("O1"), "closed ones too")
		require.False(b.t, anyOn(""))
		require.Equal(b.t, []returns.Key{"RMA1"}, of("case-line-1", "O1"), "a case already paired concerns its holder")
		require.Equal(b.t, []returns.Key{"RMA1", "RMA2"}, of("C2", "O1"), "on whose unit, nobody knows yet")
		require.Empty(b.t, of("C2", "O2"))
		require.Empty(b.t, of("C2", ""))
		decide("RMA3", Decided{OrderID: "O1"})
		require.Equal(b.t, []returns.Key{"RMA1", "RMA2", "RMA3"}, of("C2", "O1"), "one that has no unit yet may get this")

		second := returns.TikTokReturn{ID: "C2", OrderID: "O1", Status: returns.TikTokPending, Lines: []returns.TikTokReturnLine{{OrderLineID: "line-2"}}}
		b.do(func(tx *Tx) error {
			return tx.SaveTikTok(b.ctx, shop, "O1", nil, []returns.TikTokReturn{second}, monday)
		})
		require.Equal(b.t, []returns.Key{"RMA2"}, of("C2", "O1"), "only the holder of its unit")
		require.Equal(b.t, []returns.Key{"RMA2"}, of("C2", ""), "its order is known")
	})
}

func TestRMAsSeen(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.do(func(tx *Tx) error {
			open, done := rma(returns.RMAApproved), rma(returns.RMADone)
			done.ID = "RMA2"
			return errors.Join(tx.SaveRMA(b.ctx, shop, open, monday), tx.SaveRMA(b.ctx, shop, done, monday))
		})
		seen := func(before time.Time, statuses ...string) []string {
			return get(b, func(tx *Tx) ([]string, error) { return tx.RMAsSeen(b.ctx, shop, statuses, before) })
		}
		require.Equal(b.t, []string{"RMA1"}, seen(monday.Add(time.Second), returns.RMAPending, returns.RMAApproved))
		require.Empty(b.t, seen(monday, returns.RMAApproved), "read since")
		require.Empty(b.t, seen(monday.Add(time.Second)))
	})
}
