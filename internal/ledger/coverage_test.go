package ledger

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

func TestChangesAreCountedByTheWayTheyCame(t *testing.T) {
	onBoth(t, func(b *bench) {
		came := func(name string, p returns.Platform, byEvent, bySweep int) {
			b.do(func(tx *Tx) error { return tx.Came(b.ctx, name, p, byEvent, bySweep) })
		}
		last := func() time.Time {
			return get(b, func(tx *Tx) (time.Time, error) { return tx.LastEvent(b.ctx, shop, returns.TikTok) })
		}
		require.Zero(b.t, last())
		came(shop, returns.TikTok, 3, 0)
		came(shop, returns.TikTok, 0, 2)
		swept := b.clock.pass(time.Hour)
		came(shop, returns.TikTok, 0, 1)
		b.clock.pass(time.Hour)
		came(shop, returns.TikTok, 4, 0)
		came(shop, returns.ReturnGO, 1, 0)
		came(shop, returns.ReturnGO, 0, 0)
		came("glow-de", returns.TikTok, 5, 0)
		received := b.clock.pass(24 * time.Hour)
		came(shop, returns.TikTok, 1, 0)
		b.do(func(tx *Tx) error {
			for i, p := range []returns.Platform{returns.TikTok, returns.ReturnGO} {
				_, err := tx.Receive(b.ctx, Event{Shop: shop, Platform: p, ID: string(rune('a' + i))})
				require.NoError(b.t, err)
			}
			return nil
		})
		b.clock.pass(time.Minute)
		b.do(func(tx *Tx) error {
			_, err := tx.Receive(b.ctx, Event{Shop: shop, Platform: returns.ReturnGO, ID: "c"})
			return err
		})
		day := monday.Truncate(24 * time.Hour)
		coverage := func(name string, since time.Time) []CoverageDay {
			return get(b, func(tx *Tx) ([]CoverageDay, error) { return tx.Coverage(b.ctx, name, since) })
		}
		all := []CoverageDay{
			{Shop: shop, Platform: returns.TikTok, Day: day.Add(24 * time.Hour), ByEvent: 1},
			{Shop: "glow-de", Platform: returns.TikTok, Day: day, ByEvent: 5},
			{Shop: shop, Platform: returns.ReturnGO, Day: day, ByEvent: 1},
			{Shop: shop, Platform: returns.TikTok, Day: day, ByEvent: 7, BySweep: 3, SweptAt: swept},
		}
		require.Equal(b.t, all, coverage("", day))
		require.Equal(b.t, all[:1], coverage("", monday.Add(24*time.Hour)))
		require.Equal(b.t, all[1:2], coverage("glow-de", day))
		require.Equal(b.t, received, last())
	})
}
