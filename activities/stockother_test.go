package activities

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
)

// sync is a number set through the API, as TikTok tells it.
func (b *stockBench) sync(id, sku string, at time.Time, delta, after int) {
	b.moved(returns.StockMovement{ID: id, ProductID: stockProduct, SKUID: sku, Source: returns.MovementAPISync, At: at, AvailableDelta: delta, AvailableAfter: after})
}

func (b *stockBench) moved(m returns.StockMovement) {
	b.books(func(tx *ledger.Tx) error { return tx.Moved(b.t.Context(), stockShop, m) })
}

// putsBack writes one unit of A from 10 to 11 at the bench's time and proves it by
// reading: TikTok's own account has not come. It leaves the bench an hour later.
func (b *stockBench) putsBack() (wrote time.Time) {
	b.t.Helper()
	b.owe("A1")
	wrote = b.now
	b.then(b.round())
	require.Equal(b.t, returns.RestockProven, b.entry("A1").State)
	b.now = wrote.Add(time.Hour)
	return wrote
}

// A number that another program set stops the writing of the whole product, and
// each return that waits asks once; what we set ourselves never does, however late,
// twice, in parts or by whatever clock TikTok tells it.
func TestAnotherProgramsNumberStopsTheProduct(t *testing.T) {
	t.Parallel()
	const m = time.Minute
	for _, c := range []struct {
		name  string
		given func(*stockBench)
		stops bool
	}{
		{"nobody set anything", func(*stockBench) {}, false},
		{"another program", func(b *stockBench) { b.sync("x", "A", b.now.Add(-time.Hour), 5, 50) }, true},
		{"another program, another SKU of the product", func(b *stockBench) { b.sync("x", "B", b.now.Add(-time.Hour), 5, 50) }, true},
		{"a person", func(b *stockBench) {
			b.moved(returns.StockMovement{ID: "x", ProductID: stockProduct, SKUID: "A", Source: returns.MovementByHand, At: b.now.Add(-time.Hour), AvailableDelta: 5, AvailableAfter: 50})
		}, false},
		{"another product", func(b *stockBench) { b.sync("x", "C", b.now.Add(-time.Hour), 5, 50) }, false},
		{"ours, told after it was proven", func(b *stockBench) { b.sync("x", "A", b.putsBack(), 1, 11) }, false},
		{"ours, told twice", func(b *stockBench) {
			at := b.putsBack()
			b.sync("x", "A", at, 1, 11)
			b.sync("y", "A", at, 1, 11)
		}, false},
		{"ours, told together with a sale", func(b *stockBench) { b.sync("x", "A", b.putsBack(), 1, 10) }, false},
		{"ours, taking effect minutes late", func(b *stockBench) { b.sync("x", "A", b.putsBack().Add(5*m), 1, 11) }, false},
		{"ours, by a clock that was off then and is right now", func(b *stockBench) { b.sync("x", "A", b.putsBack().Add(-4*m), 1, 11) }, false},
		{"ours, by a clock that is off", func(b *stockBench) {
			b.date = func() time.Time { return b.now.Add(3 * m) }
			b.sync("x", "A", b.putsBack().Add(3*m), 1, 10)
		}, false},
		{"ours and another program's in the same seconds", func(b *stockBench) {
			at := b.putsBack()
			b.sync("x", "A", at, 1, 11)
			b.sync("y", "A", at.Add(time.Second), 30, 40)
		}, true},
		{"another program, between two writes of ours", func(b *stockBench) { b.sync("x", "A", b.putsBack().Add(3*m), 30, 40) }, true},
		{"another program, to the number we once set", func(b *stockBench) { b.sync("x", "A", b.putsBack().Add(-time.Hour), 1, 11) }, true},
		{"ours, sent again though it was taken back", func(b *stockBench) {
			b.swallow = 1
			b.owe("A1")
			at := b.now
			b.then(b.round())
			b.sync("x", "A", at.Add(10*time.Second), 1, 11)
		}, false},
		{"before restocking was switched on", func(b *stockBench) {
			b.sync("x", "A", b.now.Add(-time.Hour), 5, 50)
			b.books(func(tx *ledger.Tx) error {
				_, err := tx.RestockSwitched(t.Context(), stockShop, true)
				return err
			})
		}, false},
		{"since restocking was switched on", func(b *stockBench) {
			b.books(func(tx *ledger.Tx) error {
				_, err := tx.RestockSwitched(t.Context(), stockShop, true)
				return err
			})
			b.now = b.now.Add(time.Hour)
			b.sync("x", "A", b.now.Add(-m), 5, 50)
		}, true},
		{"before the ledger was restored", func(b *stockBench) {
			b.sync("x", "A", b.now.Add(-time.Hour), 5, 50)
			b.books(func(tx *ledger.Tx) error {
				_, err := tx.Restored(t.Context(), stockShop, b.now)
				return err
			})
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := stockSetup(t)
			c.given(b)
			sets := len(b.sets)
			b.woken = nil
			b.owe("A8", "B9")
			for i := range 2 {
				out := b.round()
				if !c.stops {
					continue
				}
				require.True(t, out.Done, "only an answer lets it go on: %s", out.Summary)
				require.Contains(t, out.Summary, "another program set SKU")
				require.Equal(t, []string{"return 4711"}, b.woken, "round %d: it asks once", i)
			}
			if !c.stops {
				require.Greater(t, len(b.sets), sets)
				require.NotEqual(t, returns.RestockOwed, b.entry("A8").State)
				return
			}
			require.Len(t, b.sets, sets)
			for _, u := range []returns.UnitID{"A8", "B9"} {
				require.Equal(t, returns.RestockOwed, b.entry(u).State)
				require.Equal(t, returns.SecondStockWriter, b.entry(u).Problem)
			}
		})
	}
}

// A person who says that the number is ours lets the product go on, until another
// program sets it again.
func TestAnAnswerLetsAStoppedProductGoOn(t *testing.T) {
	t.Parallel()
	b := stockSetup(t)
	b.sync("x", "A", b.now, 5, 50)
	b.owe("A1", "B1")
	require.True(t, b.round().Done)
	require.Empty(t, b.sets)
	ask := func() {
		b.books(func(tx *ledger.Tx) error {
			was, err := tx.Load(t.Context(), stockShop, stockReturn)
			if err != nil {
				return err
			}
			e := returns.NewException(returns.SecondStockWriter, "another program", returns.Money{})
			e.Subject = stockProduct
			return tx.SaveDecision(t.Context(), stockShop, stockReturn, was, ledger.Decided{Exceptions: []returns.Exception{e}})
		})
	}
	say := func(a returns.AnswerName) {
		b.books(func(tx *ledger.Tx) error {
			o, err := tx.Command(t.Context(), stockShop, stockReturn, returns.Command{Name: returns.CommandResolve, Exception: returns.SecondStockWriter, Answer: a, Who: "IT", Why: "it is off now"})
			require.True(t, o.Accepted, o.Sentence)
			return err
		})
	}
	b.now = b.now.Add(time.Hour)
	ask()
	say(returns.AnswerSkipRestock)
	b.owe("A1")
	require.True(t, b.round().Done)
	require.Empty(t, b.sets, "that was about units, not about whose number it is")
	ask()
	say(returns.AnswerRetry)
	b.owe("A1")
	b.round()
	require.Equal(t, []string{"A=11", "B=21"}, b.sets, "one answer is enough for the product")
	b.now = b.now.Add(time.Hour)
	b.round()
	b.sync("y", "B", b.now, 5, 60)
	b.now = b.now.Add(time.Hour)
	b.owe("A2")
	b.round()
	require.Equal(t, returns.SecondStockWriter, b.entry("A2").Problem)
}

// Stock that another program owns is not written, whatever is owed still.
func TestNothingIsWrittenWhereAnotherProgramOwnsTheStock(t *testing.T) {
	t.Parallel()
	b := stockSetup(t)
	b.owe("A1")
	b.Shops[stockShop].Policy.ExternalStock = true
	require.True(t, b.round().Done)
	require.Empty(t, b.sets)
	require.Empty(t, b.woken)
}

// A write over several warehouses may be told warehouse by warehouse, each with
// another sum.
func TestAWriteToldByWarehouseIsOurs(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.change(func() { b.stock[wh2] = [2]int{5, 0} })
	b.owe(wh1, "u1")
	b.owe(wh2, "u2")
	b.round()
	require.Equal(t, 1, b.count("set-stock"))
	total, wrote := b.at(wh1)+b.at(wh2), b.clock.now()
	b.clock.pass(2 * time.Minute)
	b.round()
	require.Empty(t, b.unjudged(), "read back; then its account comes")
	for id, after := range map[string]int{"m1": total, "m2": total - 1} {
		require.NoError(t, b.Ledger.Do(b.ctx, func(tx *ledger.Tx) error {
			return tx.Moved(b.ctx, shopName, returns.StockMovement{ID: id, ProductID: product, SKUID: skuID, Source: returns.MovementAPISync, At: wrote, AvailableDelta: 1, AvailableAfter: after})
		}))
	}
	b.owe(wh1, "u3")
	b.round()
	require.Equal(t, 2, b.count("set-stock"))
}

// What is told again of a write that was judged already stands in no way of judging
// the next by reading.
func TestAnAccountToldAgainIsNobodyElses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.owe(wh1, "u1")
	b.round()
	b.account("once", 1, 11)
	b.round()
	require.Empty(t, b.unjudged())
	wrote := b.clock.now()
	b.clock.pass(time.Second)
	b.owe(wh1, "u2")
	b.round()
	require.NoError(t, b.Ledger.Do(b.ctx, func(tx *ledger.Tx) error {
		return tx.Moved(b.ctx, shopName, returns.StockMovement{ID: "again", ProductID: product, SKUID: skuID, Source: returns.MovementAPISync, At: wrote, AvailableDelta: 1, AvailableAfter: 11})
	}))
	b.clock.pass(2 * time.Minute)
	require.True(t, b.round().Done)
	require.Empty(t, b.unjudged())
	require.Equal(t, 12, b.at(wh1))
}
