package ledger

import (
	"errors"
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
		require.Equal(b.t, []returns.Key{own}, of("case-line-1", "O1"), "its own clock before the order")

		decide("RMA1", Decided{OrderID: "O1", Holds: []returns.Hold{hold("line-1")}})
		require.Equal(b.t, []returns.Key{"RMA1", own}, of("case-line-1", "O1"), "holder and own clock")
		decide(own, Decided{OrderID: "O1", Closed: true})
		require.Equal(b.t, []returns.Key{"RMA1"}, of("case-line-1", "O1"))
		decide("RMA1", Decided{OrderID: "O1", Holds: []returns.Hold{hold("line-1")}, Closed: true})
		require.Equal(b.t, []returns.Key{"RMA1"}, of("case-line-1", ""), "a closed holder still hears late news")
		require.Equal(b.t, []returns.Key{"RMA3"}, of("", "O1"))
	})
}
