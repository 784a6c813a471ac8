package ledger

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

// One action is one row, however often and however differently it is decided.
func TestAShadowIsOneRowHoweverOftenItIsDecided(t *testing.T) {
	onBoth(t, func(b *bench) {
		save := func(key returns.Key, rows ...returns.Shadow) {
			b.do(func(tx *Tx) error {
				was, err := tx.Load(b.ctx, shop, key)
				require.NoError(b.t, err)
				return tx.SaveDecision(b.ctx, shop, key, was, Decided{Shadows: rows})
			})
		}
		s := returns.Shadow{
			Kind: returns.ActRefund, Route: returns.RouteSellerRefund, Subject: "L1+L2", OrderID: "576", Units: []returns.UnitID{"L1", "L2"},
			Amount: gbp("12.50"), Reason: "no TikTok return is open", Wanted: monday,
		}
		save("9001", s)
		require.Equal(b.t, []returns.Shadow{s}, b.load("9001").Shadows)
		save("9001") // a decision that changes nothing about it
		b.clock.pass(time.Hour)
		s.End, s.EndedAt, s.Did, s.DidBy, s.DidAmount, s.DidAt = returns.ShadowDiffered, monday.Add(time.Hour), "TikTok return S1 pays 12.49", []string{"S1", "S2"}, gbp("12.49"), monday.Add(time.Minute)
		save("9001", s)
		require.Equal(b.t, []returns.Shadow{s}, b.load("9001").Shadows)
		require.Empty(b.t, b.load("9002").Shadows)

		other := returns.Shadow{Kind: returns.ActRestock, Subject: "L3", Units: []returns.UnitID{"L3"}, Wanted: monday.Add(time.Hour)}
		save("9002", other)
		all := func(name string, since time.Time) []KeptShadow {
			return get(b, func(tx *Tx) ([]KeptShadow, error) { return tx.Shadows(b.ctx, name, since) })
		}
		require.Equal(b.t, []KeptShadow{
			{ReturnRef: ReturnRef{shop, "9001"}, Shadow: s, EnteredAt: monday},
			{ReturnRef: ReturnRef{shop, "9002"}, Shadow: other, EnteredAt: monday.Add(time.Hour)},
		}, all("", time.Time{}))
		require.Equal(b.t, all("", time.Time{})[1:], all(shop, monday.Add(time.Minute)), "since a time")
		require.Empty(b.t, all("glow-de", time.Time{}))
	})
}

// Only what people and other programs raised counts, of SKUs with units wanted
// back, and since then.
func TestStockRaisedByOthers(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.do(func(tx *Tx) error {
			for _, h := range []returns.Hold{{Unit: "L1", SKUID: "A"}, {Unit: "L2", SKUID: "A"}, {Unit: "L3", SKUID: "B"}} {
				row := returns.Shadow{Kind: returns.ActRestock, Subject: string(h.Unit), Wanted: monday}
				if h.Unit == "L3" {
					row.End = returns.ShadowDropped
				}
				key := returns.Key("9" + h.Unit)
				was, err := tx.Load(b.ctx, shop, key)
				require.NoError(b.t, err)
				require.NoError(b.t, tx.SaveDecision(b.ctx, shop, key, was, Decided{Holds: []returns.Hold{h}, Shadows: []returns.Shadow{row}}))
			}
			for i, m := range []returns.StockMovement{
				{SKUID: "A", Source: returns.MovementByHand, AvailableDelta: 2},
				{SKUID: "A", Source: returns.MovementAPISync, AvailableDelta: 1},
				{SKUID: "A", Source: returns.MovementAPISync, AvailableDelta: 16}, // ours, below
				{SKUID: "A", Source: returns.MovementByHand, AvailableDelta: -4},
				{SKUID: "A", Source: "order_canceled", AvailableDelta: 8},
				{SKUID: "B", Source: returns.MovementByHand, AvailableDelta: 32},
				{SKUID: "A", Source: returns.MovementByHand, AvailableDelta: 64, At: monday.Add(-time.Minute)},
			} {
				m.ID = string(rune('a' + i))
				if m.At.IsZero() {
					m.At = monday.Add(time.Minute)
				}
				require.NoError(b.t, tx.Moved(b.ctx, shop, m))
			}
			return tx.Match(b.ctx, shop, "c", "w1")
		})
		raised := func(since time.Time) int {
			return get(b, func(tx *Tx) (int, error) { return tx.RaisedByOthers(b.ctx, shop, since) })
		}
		require.Equal(b.t, 3, raised(time.Time{}))
		require.Zero(b.t, raised(monday.Add(time.Hour)), "nothing came up since")
	})
}
