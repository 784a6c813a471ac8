package ledger

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"returnbridge/internal/returns"
)

// anyShop gives each drawn case a shop of its own in the test's one ledger.
var anyShop atomic.Int64

// Promise 1: whatever is called in whatever order, a unit has one live effect of
// a kind, and what was verified or void stays so.
func TestNoUnitEverHasTwoLiveEffects(t *testing.T) {
	onBoth(t, func(b *bench) {
		rapid.Check(b.t, func(r *rapid.T) {
			shop := fmt.Sprint("shop-", anyShop.Add(1))
			final := map[string]string{}
			r.Repeat(map[string]func(*rapid.T){
				"claim": func(r *rapid.T) {
					units := rapid.SliceOfNDistinct(rapid.SampledFrom([]returns.UnitID{"u1", "u2", "u3"}), 1, 3, rapid.ID).Draw(r, "units")
					e := refund(rapid.SampledFrom([]string{"S1", "S2", "S3"}).Draw(r, "subject"), units...)
					e.Kind = rapid.SampledFrom([]returns.EffectKind{returns.EffectRefund, returns.EffectAccept}).Draw(r, "kind")
					e.ID = returns.EffectID(shop, e.Kind, e.Subject, rapid.IntRange(0, 1).Draw(r, "generation"))
					err := b.Do(b.ctx, func(tx *Tx) error { return tx.Claim(b.ctx, shop, "RMA1", e, tx.Now().Add(time.Second)) })
					if err != nil && !errors.Is(err, ErrClaimed) && !errors.Is(err, ErrEffectLive) && !errors.Is(err, ErrOrderBusy) {
						r.Fatal(err)
					}
				},
				"set": func(r *rapid.T) {
					kind := rapid.SampledFrom([]returns.EffectKind{returns.EffectRefund, returns.EffectAccept}).Draw(r, "kind")
					id := returns.EffectID(shop, kind, rapid.SampledFrom([]string{"S1", "S2", "S3"}).Draw(r, "subject"), rapid.IntRange(0, 1).Draw(r, "generation"))
					to := rapid.SampledFrom([]returns.EffectState{returns.EffectIntent, returns.EffectApplied, returns.EffectVerified, returns.EffectVoid}).Draw(r, "state")
					b.move(id, EffectChange{State: to})
				},
				"": func(r *rapid.T) {
					// Counted from the effects' own states, not from the column the index guards.
					if n := b.count(`SELECT COALESCE(MAX(n), 0) FROM (SELECT COUNT(*) AS n FROM effect_units u JOIN effects e ON e.id = u.effect_id
						WHERE u.shop = $1 AND e.state NOT IN ('void', 'dropped') GROUP BY u.unit, u.kind) AS per`, shop); n > 1 {
						r.Fatalf("%d live effects on one unit", n)
					}
					if n := b.count(`SELECT COUNT(*) FROM effects e WHERE e.shop = $1 AND e.state NOT IN ('void', 'dropped')
						AND NOT EXISTS (SELECT 1 FROM effect_units u WHERE u.effect_id = e.id AND u.live = 1)`, shop); n > 0 {
						r.Fatalf("%d live effects without a unit", n)
					}
					if n := b.count(`SELECT COALESCE(MAX(n), 0) FROM (SELECT COUNT(*) AS n FROM effects WHERE shop = $1 AND kind = 'refund' AND state = 'claimed' GROUP BY order_id) AS per`, shop); n > 1 {
						r.Fatalf("%d refunds in flight on one order", n)
					}
					for _, s := range []string{"verified", "void"} {
						for _, id := range b.column(`SELECT id FROM effects WHERE shop = $1 AND state = $2`, shop, s) {
							if was := final[id]; was != "" && was != s {
								r.Fatalf("%s was %s and is %s", id, was, s)
							}
							final[id] = s
						}
					}
					for id, s := range final {
						require.Equal(r, []string{s}, b.column(`SELECT state FROM effects WHERE id = $1`, id))
					}
				},
			})
		})
	})
}

// Promise 3: a unit has one entry, and rides on one write that happened at most.
func TestNoUnitIsEverInStockTwice(t *testing.T) {
	onBoth(t, func(b *bench) {
		rapid.Check(b.t, func(r *rapid.T) {
			shop := fmt.Sprint("shop-", anyShop.Add(1))
			rode := map[string][]returns.UnitID{} // by write
			var stale []StockEntry
			pick := func(r *rapid.T) (StockWrite, bool) {
				ids := b.column(`SELECT id FROM stock_writes WHERE shop = $1 ORDER BY id`, shop)
				if len(ids) == 0 {
					return StockWrite{}, false
				}
				w := b.write(nil)
				w.ID = rapid.SampledFrom(ids).Draw(r, "write")
				w.Lines[0].Error = rapid.IntRange(-2, 2).Draw(r, "error")
				return w, true
			}
			owed := func() []StockEntry {
				return get(b, func(tx *Tx) ([]StockEntry, error) { return tx.Owed(b.ctx, shop, product) })
			}
			r.Repeat(map[string]func(*rapid.T){
				"owe": func(r *rapid.T) {
					u := rapid.SampledFrom([]returns.UnitID{"u1", "u2", "u3"}).Draw(r, "unit")
					b.do(func(tx *Tx) error { return tx.saveRestocks(b.ctx, shop, "RMA1", []returns.Restock{restock(u)}) })
				},
				"take back": func(r *rapid.T) {
					back := restock(rapid.SampledFrom([]returns.UnitID{"u1", "u2", "u3"}).Draw(r, "unit"))
					back.State = rapid.SampledFrom([]returns.RestockState{returns.RestockDropped, returns.RestockSkipped}).Draw(r, "as")
					if err := b.Do(b.ctx, func(tx *Tx) error { return tx.saveRestocks(b.ctx, shop, "RMA1", []returns.Restock{back}) }); err != nil {
						require.ErrorIs(r, err, ErrEntryMoved)
					}
				},
				"read": func(*rapid.T) { stale = owed() },
				"begin": func(r *rapid.T) {
					riding := owed()
					if rapid.Bool().Draw(r, "stale") {
						riding = stale
					}
					w := b.write(riding)
					err := b.Do(b.ctx, func(tx *Tx) (err error) {
						w.ID, err = tx.BeginWrite(b.ctx, shop, w, riding)
						return err
					})
					if err != nil {
						require.ErrorIs(r, err, ErrWriteOpen)
						return
					}
					for _, e := range riding {
						if e.Unit != "" {
							rode[w.ID] = append(rode[w.ID], e.Unit)
						}
					}
				},
				"judge": func(r *rapid.T) {
					if w, ok := pick(r); ok {
						b.do(func(tx *Tx) error { return tx.Judge(b.ctx, shop, w, "seen") })
					}
				},
				"unproven": func(r *rapid.T) {
					if w, ok := pick(r); ok {
						b.do(func(tx *Tx) error { return tx.Unproven(b.ctx, shop, w.ID, "not seen", time.Time{}) })
					}
				},
				"void": func(r *rapid.T) {
					if w, ok := pick(r); ok {
						b.do(func(tx *Tx) error { return tx.VoidWrite(b.ctx, shop, w.ID, "refused", returns.StockRefused) })
					}
				},
				"": func(r *rapid.T) {
					if n := b.count(`SELECT COALESCE(MAX(n), 0) FROM (SELECT SUM(quantity) AS n FROM stock_entries WHERE shop = $1 AND unit <> '' GROUP BY unit) AS per`, shop); n > 1 {
						r.Fatalf("a unit is entered %d times", n)
					}
					carried := map[returns.UnitID]int{}
					for _, id := range b.column(`SELECT id FROM stock_writes WHERE shop = $1 AND state <> 'void'`, shop) {
						for _, u := range rode[id] {
							carried[u]++
						}
					}
					for u, n := range carried {
						if n > 1 {
							r.Fatalf("%s was written %d times", u, n)
						}
					}
					for _, e := range owed() {
						if e.Unit != "" && carried[e.Unit] > 0 {
							r.Fatalf("%s was written and is owed again", e.Unit)
						}
					}
				},
			})
		})
	})
}
