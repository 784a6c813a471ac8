package ledger

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

// Every write near a time counts, whatever became of it, with its sum and whether
// its account has come.
func TestWritesAroundATime(t *testing.T) {
	onBoth(t, func(b *bench) {
		begin := func(product, sku string, at time.Time, wrote ...int) (w StockWrite) {
			w = StockWrite{ProductID: product, SKUID: sku, ReadAt: at, ClaimUntil: at.Add(time.Minute)}
			for i, n := range wrote {
				w.Lines = append(w.Lines, StockLine{SKUID: sku, WarehouseID: []string{"W1", "W2"}[i], Wrote: n})
			}
			b.do(func(tx *Tx) (err error) {
				w.ID, err = tx.BeginWrite(b.ctx, shop, w, nil)
				return err
			})
			return w
		}
		around := func(from, to time.Time) (totals []int) {
			for _, w := range get(b, func(tx *Tx) ([]WriteTold, error) { return tx.WritesAround(b.ctx, shop, "P1", "S1", from, to) }) {
				totals = append(totals, w.Total)
			}
			return totals
		}
		at := monday
		first := begin("P1", "S1", at, 4, 3)
		b.do(func(tx *Tx) error { return tx.Judge(b.ctx, shop, first, "shown") })
		void := begin("P1", "S1", at.Add(10*time.Minute), 8)
		b.do(func(tx *Tx) error { return tx.VoidWrite(b.ctx, shop, void.ID, "refused", "") })
		begin("P1", "S1", at.Add(20*time.Minute), 9)
		begin("P1", "S2", at, 99)

		require.Equal(b.t, []int{7, 8, 9}, around(at, at.Add(time.Hour)))
		require.Equal(b.t, []int{7}, around(at.Add(time.Minute), at.Add(2*time.Minute)), "it may have taken effect to the end of its claim")
		require.Empty(b.t, around(at.Add(61*time.Second), at.Add(9*time.Minute)))
		require.Equal(b.t, []int{8}, around(at.Add(10*time.Minute), at.Add(10*time.Minute)))

		b.do(func(tx *Tx) error {
			if err := tx.Moved(b.ctx, shop, returns.StockMovement{ID: "m", SKUID: "S1", Source: returns.MovementAPISync, At: at, AvailableAfter: 7}); err != nil {
				return err
			}
			return tx.Match(b.ctx, shop, "m", first.ID)
		})
		all := get(b, func(tx *Tx) ([]WriteTold, error) {
			return tx.WritesAround(b.ctx, shop, "P1", "S1", at, at.Add(time.Hour))
		})
		told := WriteTold{Judged: true, Total: 7, Warehouses: 2, Told: true, StockWrite: StockWrite{
			ID: first.ID, ProductID: "P1", SKUID: "S1", State: "judged", Number: 1, ReadAt: at, ClaimUntil: at.Add(time.Minute),
		}}
		require.Equal(b.t, told, all[0])
		require.True(b.t, all[1].Judged)
		require.False(b.t, all[1].Told)
		require.False(b.t, all[2].Judged)
	})
}

// The newest of what made the stock ours counts; an answer about another product,
// or another answer, does not.
func TestSinceWhenTheStockIsOurs(t *testing.T) {
	onBoth(t, func(b *bench) {
		since := func() time.Time {
			return get(b, func(tx *Tx) (time.Time, error) { return tx.StockOursSince(b.ctx, shop, "P1") })
		}
		say := func(subject string, a returns.AnswerName) time.Time {
			b.do(func(tx *Tx) error {
				was, err := tx.Load(b.ctx, shop, "9001")
				if err != nil {
					return err
				}
				e := returns.NewException(returns.SecondStockWriter, "another program", returns.Money{})
				e.Subject = subject
				if err := tx.SaveDecision(b.ctx, shop, "9001", was, Decided{Exceptions: []returns.Exception{e}}); err != nil {
					return err
				}
				o, err := tx.Command(b.ctx, shop, "9001", returns.Command{Name: returns.CommandResolve, Exception: returns.SecondStockWriter, Answer: a, Who: "IT", Why: "it is off"})
				require.True(b.t, o.Accepted)
				return err
			})
			return b.clock.now()
		}
		require.True(b.t, since().IsZero())
		b.do(func(tx *Tx) error {
			_, err := tx.RestockSwitched(b.ctx, shop, true)
			return err
		})
		switched := b.clock.now()
		require.WithinDuration(b.t, switched, since(), time.Millisecond)
		b.clock.pass(time.Hour)
		say("P2", returns.AnswerRetry)
		say("P1", returns.AnswerSkipRestock)
		require.WithinDuration(b.t, switched, since(), time.Millisecond)
		b.clock.pass(time.Hour)
		said := say("P1", returns.AnswerRetry)
		require.WithinDuration(b.t, said, since(), time.Millisecond)
		b.clock.pass(time.Hour)
		b.do(func(tx *Tx) error {
			_, err := tx.Restored(b.ctx, shop, b.clock.now())
			return err
		})
		require.WithinDuration(b.t, b.clock.now(), since(), time.Millisecond)
	})
}
