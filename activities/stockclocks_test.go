package activities

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// roundOf is a round of one of several workers.
func (b *stockBench) roundOf(a *Activities) messages.RoundResult {
	b.t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(a.StockRound)
	v, err := env.ExecuteActivity(a.StockRound, messages.StockInput{Shop: stockShop, ProductID: stockProduct})
	require.NoError(b.t, err)
	var out messages.RoundResult
	require.NoError(b.t, v.Get(&out))
	return out
}

// tell delivers what TikTok has told of its stock so far; what came once is ignored.
func (b *stockBench) tell() {
	b.t.Helper()
	for _, m := range b.told {
		b.moved(m)
	}
}

func (b *stockBench) open() []ledger.OpenException {
	b.t.Helper()
	var open []ledger.OpenException
	b.books(func(tx *ledger.Tx) (err error) {
		open, err = tx.OpenExceptions(b.t.Context(), ledger.ExceptionFilter{})
		return err
	})
	return open
}

func (b *stockBench) unjudged() []ledger.StockWrite {
	b.t.Helper()
	var open []ledger.StockWrite
	b.books(func(tx *ledger.Tx) (err error) {
		open, err = tx.UnjudgedWrites(b.t.Context(), stockShop, stockProduct)
		return err
	})
	return open
}

// A write may end at the number that a sale in between had just made: TikTok tells
// that nothing changed, and that is its account of the write like any other. Where
// no account comes, the reads and the orders tell the same.
func TestAnAccountOfNoChangeIsAnAccount(t *testing.T) {
	t.Parallel()
	for _, told := range []bool{true, false} {
		for _, sales := range []int{1, 2} { // before the correction is written; 2: it gives one back
			t.Run(fmt.Sprintf("told %t, sales %d", told, sales), func(t *testing.T) {
				t.Parallel()
				b := stockSetup(t)
				b.date = func() time.Time { return b.now }
				if told {
					b.ordered = []string{"A"} // an order of the SKU shipped: reads alone prove nothing
				}
				b.owe("A1")
				b.sell = 1
				out := b.round()
				b.tell() // one was sold between our read and our write: the next write is -1
				b.sell = sales
				out = b.then(out)
				require.Equal(t, []string{"A=11", "A=10"}, b.sets)
				if told {
					b.tell()
				}
				for i := 0; !out.Done; i++ {
					require.Less(t, i, 6, out.Summary)
					if out = b.then(out); told {
						b.tell()
					}
				}
				require.Equal(t, 11-1-sales, b.available["A"], "ten, one put back, the sales")
				require.Empty(t, b.unjudged())
				require.Empty(t, b.open())
			})
		}
	}
}

// A correction belongs to no return: that it cannot be proven, or is refused, is an
// exception of its product, with the number, until it is proven.
func TestACorrectionThatCannotBeProvenIsAnException(t *testing.T) {
	t.Parallel()
	b := stockSetup(t)
	b.date = func() time.Time { return b.now }
	b.owe("A1")
	b.sell = 1
	out := b.round()
	b.tell()
	b.ordered = []string{"A"} // an order of the SKU shipped: reads alone prove nothing
	out = b.then(out)
	require.Equal(t, []string{"A=11", "A=10"}, b.sets)
	require.Empty(t, b.open(), "its account is awaited")
	out = b.then(out)
	require.Len(t, b.open(), 1)
	e := b.open()[0]
	require.Equal(t, returns.StockKey(stockProduct), e.Key)
	require.Equal(t, returns.StockUnproven, e.Kind)
	require.Equal(t, returns.Operations, e.Owner)
	require.Contains(t, e.Sentence, "SKU A in warehouse "+depot+", a correction by -1: ")
	b.then(out)
	require.Len(t, b.open(), 1, "it stands until it is proven")
	b.tell()
	require.True(t, b.round().Done)
	require.Empty(t, b.open(), "proven: it heals")
	require.Empty(t, b.unjudged())
}

func TestARefusedCorrectionIsAnException(t *testing.T) {
	t.Parallel()
	b := stockSetup(t)
	b.date = func() time.Time { return b.now }
	b.owe("A1")
	b.sell = 1
	out := b.round()
	b.tell()
	b.refused["A"] = 12052393
	out = b.then(out)
	require.Len(t, b.open(), 1)
	require.Equal(t, returns.StockRefused, b.open()[0].Kind)
	require.Contains(t, b.open()[0].Sentence, "a correction by -1")
	delete(b.refused, "A")
	out = b.then(out)
	require.Equal(t, []string{"A=11", "A=10"}, b.sets)
	require.Empty(t, b.open(), "TikTok took it")
	b.tell()
	b.then(out)
	require.Empty(t, b.unjudged())
}

// Two writes may set the same number. An account is that of the write in whose time
// it lies, and judging another never takes it.
func TestAnAccountIsNeverAnotherWrites(t *testing.T) {
	t.Parallel()
	b := stockSetup(t)
	ctx, began := t.Context(), b.now
	write := func(total int, judged bool) (id string) {
		b.books(func(tx *ledger.Tx) (err error) { //nolint:contextcheck // the test's own
			id, err = tx.BeginWrite(ctx, stockShop, ledger.StockWrite{
				ProductID: stockProduct, SKUID: "A", ReadAt: b.now, ClaimUntil: b.now.Add(15 * time.Second),
				Lines: []ledger.StockLine{{SKUID: "A", WarehouseID: depot, Available: total - 1, Owed: 1, Wrote: total, CommittedAfter: -1}},
			}, nil)
			if err != nil {
				return err
			}
			if err := tx.Answered(ctx, stockShop, id, "req", nil); err != nil || !judged {
				return err
			}
			return tx.Judge(ctx, stockShop, ledger.StockWrite{ID: id}, "read back")
		})
		return id
	}
	r := &round{Activities: b.Activities, shop: b.Shops[stockShop], product: stockProduct}
	first := write(11, true)
	b.now = began.Add(10 * time.Second)
	second := write(11, true)
	b.now = began.Add(20 * time.Second)
	third := write(12, false)
	for _, c := range []struct {
		at    time.Duration
		after int
		owner string
	}{
		{0, 11, first}, {time.Second, 11, first}, {9 * time.Second, 11, second}, {11 * time.Second, 11, second},
		{20 * time.Second, 11, second}, {0, 12, third}, {20 * time.Second, 12, third},
	} {
		m := returns.StockMovement{ID: fmt.Sprint(c.at, c.after), ProductID: stockProduct, SKUID: "A", Source: returns.MovementAPISync, At: began.Add(c.at), AvailableDelta: 1, AvailableAfter: c.after}
		b.books(func(tx *ledger.Tx) error {
			owner, found, err := r.ownerOf(ctx, tx, m)
			require.True(t, found)
			require.Equal(t, c.owner, owner.ID, "%s to %d", c.at, c.after)
			return err
		})
	}
	b.moved(returns.StockMovement{ID: "third", ProductID: stockProduct, SKUID: "A", Source: returns.MovementAPISync, At: b.now, AvailableDelta: 1, AvailableAfter: 12})
	other, err := r.othersMoved(ctx, "A", span{began, b.now})
	require.NoError(t, err)
	require.False(t, other)
	b.round()
	require.Empty(t, b.unjudged(), "its account was left to it")
}

// The worker that judges a write may be another than the one that made it, and both
// clocks may be off: what counts is when it took effect by TikTok's clock.
func TestAWriteIsJudgedByItsWritersClock(t *testing.T) {
	t.Parallel()
	const s = time.Second
	for _, told := range []bool{true, false} {
		for _, writer := range []time.Duration{-20 * s, 0, 20 * s} {
			for _, judge := range []time.Duration{-20 * s, 0, 20 * s} {
				t.Run(fmt.Sprintf("told %t, writer %s, judge %s", told, writer, judge), func(t *testing.T) {
					t.Parallel()
					b := stockSetup(t)
					began := b.now
					b.date = func() time.Time { return b.now }
					w, j := b.worker(writer), b.worker(judge)
					b.roundOf(j) // it knows TikTok's clock
					b.owe("A1")
					b.sell = 1
					b.roundOf(w)
					require.Equal(t, []string{"A=11"}, b.sets)
					if told {
						b.tell()
					}
					for b.now = began.Add(70 * s); b.now.Before(began.Add(3 * time.Minute)); b.now = b.now.Add(15 * s) {
						b.roundOf(j)
					}
					require.Equal(t, []string{"A=11", "A=10"}, b.sets)
					require.Equal(t, returns.RestockProven, b.entry("A1").State)
				})
			}
		}
	}
}

// A write whose answer was lost may take effect until its claim ends, by its writer's
// clock: a judge whose clock is ahead does not write again before.
func TestAWriteWhoseAnswerWasLostIsNotJudgedBeforeItsTime(t *testing.T) {
	t.Parallel()
	b := stockSetup(t)
	b.date = func() time.Time { return b.now }
	b.Shops[stockShop].Stock.ProofWait = 5 * time.Second
	b.swallow = 1
	b.owe("A1")
	ends := b.now.Add(b.CallTimeout + 2*time.Second + claimMargin)
	b.round()
	ahead := b.worker(25 * time.Second)
	ahead.Shops[stockShop].Stock.ProofWait = 5 * time.Second
	for b.now.Before(ends) {
		b.now = b.now.Add(time.Second)
		b.roundOf(ahead)
		require.Empty(t, b.sets, "the first may still take effect")
	}
	b.now = ends.Add(31 * time.Second)
	b.roundOf(ahead)
	b.now = b.now.Add(time.Second)
	b.roundOf(ahead)
	require.Equal(t, []string{"A=11"}, b.sets)
}

// The read of a SET is at most ReadAge old when the SET leaves: a token that is slow
// to come makes it too old, and it is read again.
func TestTheReadOfASetIsYoungWhereTheTokenIsSlow(t *testing.T) {
	t.Parallel()
	b := stockSetup(t)
	tokens := 0
	b.late = func() {
		if tokens++; tokens == 2 {
			b.now = b.now.Add(9 * time.Second)
			b.available["A"]-- // somebody buys meanwhile
			b.committed["A"]++
		}
	}
	b.owe("A1")
	out := b.round()
	require.Empty(t, b.sets, "the sale in between would be overwritten")
	require.Equal(t, returns.RestockOwed, b.entry("A1").State)
	b.then(out)
	require.Equal(t, []string{"A=10"}, b.sets, "read again: nine and the one")
}

// However sales collide with writes, whichever of three workers with clocks apart
// makes or judges them, and whether TikTok's accounts come at once, late or in
// another order: in the end the shelf shows what is there.
func TestTheShelfEndsRight(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"told at once", "told late", "not told"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			b := stockSetup(t)
			b.date = func() time.Time { return b.now }
			b.available["A"] = 500
			dice := rand.New(rand.NewPCG(uint64(len(way)), 7))
			workers := []*Activities{b.worker(-20 * time.Second), b.worker(0), b.worker(20 * time.Second)}
			units, zero := 0, 0
			for n := 0; len(b.sets) < 60; n++ {
				require.Less(t, n, 2000)
				if dice.IntN(3) == 0 {
					units++
					b.owe(returns.UnitID(fmt.Sprintf("A%d", units)))
				}
				b.sell = dice.IntN(3)
				if b.sell == 0 && dice.IntN(4) == 0 {
					b.sale()
				}
				b.roundOf(workers[dice.IntN(len(workers))])
				b.now = b.now.Add(time.Duration(dice.IntN(40)+1) * time.Second)
				switch {
				case way == "told at once":
					b.tell()
				case way == "told late" && dice.IntN(8) == 0:
					dice.Shuffle(len(b.told), func(i, j int) { b.told[i], b.told[j] = b.told[j], b.told[i] })
					b.tell()
				}
			}
			b.sell = 0
			for i := 0; ; i++ {
				require.Less(t, i, 50, "it comes to rest: %v", b.unjudged())
				b.now = b.now.Add(2 * time.Minute)
				if way == "told late" {
					b.tell()
				}
				if out := b.roundOf(workers[i%len(workers)]); out.Done {
					break
				}
			}
			for _, m := range b.told {
				if m.AvailableDelta == 0 {
					zero++
				}
			}
			t.Logf("%d writes, %d sales, %d units, %d writes that changed nothing", len(b.sets), len(b.sales), units, zero)
			require.Greater(t, zero, 3, "some writes change nothing")
			require.Equal(t, 500+units-len(b.sales), b.available["A"])
			require.Empty(t, b.unjudged())
			require.Empty(t, b.open())
		})
	}
}
