package ledger

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

// The writers of two machines may have clocks that are apart: what a write read
// after another shows what that one did, whatever the clocks say.
func TestTheNextWriteIsTheNextByCount(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.owe("line-1")
		first := b.begin()
		b.do(func(tx *Tx) error { return tx.Unproven(b.ctx, shop, first.ID, "", time.Time{}) })
		b.clock.pass(-20 * time.Second)
		b.owe("line-2")
		second := b.begin()
		require.True(b.t, second.ReadAt.Before(first.ReadAt))
		next := func(w StockWrite) (id string) {
			b.do(func(tx *Tx) error {
				found, _, err := tx.NextWrite(b.ctx, shop, w)
				id = found.ID
				return err
			})
			return id
		}
		require.Equal(b.t, second.ID, next(first))
		require.Empty(b.t, next(second))
		require.Equal(b.t, []StockWrite{first, second}, func() []StockWrite {
			all := b.unjudged()
			all[0].State = "open"
			return all
		}())
	})
}

// A write keeps how far TikTok's clock is from its writer's.
func TestAWriteKeepsItsWritersClock(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.owe("line-1")
		riding := b.owed()
		w := b.write(riding)
		w.ClockAhead = -19500 * time.Millisecond
		b.do(func(tx *Tx) error {
			_, err := tx.BeginWrite(b.ctx, shop, w, riding)
			return err
		})
		kept := b.unjudged()[0]
		require.Equal(b.t, w.ClockAhead, kept.ClockAhead)
		from, to := kept.Between(30 * time.Second)
		require.Equal(b.t, w.ReadAt.Add(-49500*time.Millisecond), from)
		require.Equal(b.t, w.ClaimUntil.Add(10500*time.Millisecond), to)
	})
}

// corrects puts a unit into stock by a write whose error is owed now.
func (b *bench) corrects() (riding []StockEntry) {
	b.t.Helper()
	b.owe("line-1")
	w := b.begin()
	w.Lines[0].Error = 1
	b.do(func(tx *Tx) error { return tx.Judge(b.ctx, shop, w, "event 68") })
	return b.owed()
}

func (b *bench) troubled() []StockEntry {
	b.t.Helper()
	return get(b, func(tx *Tx) ([]StockEntry, error) { return tx.TroubledCorrections(b.ctx, shop, "P1") })
}

func (b *bench) saysOfStock(kind returns.Kind, a returns.AnswerName) Outcome {
	b.t.Helper()
	return get(b, func(tx *Tx) (Outcome, error) {
		return tx.AnswerStock(b.ctx, shop, "P1", returns.Command{
			Name: returns.CommandResolve, Exception: kind, Answer: a, Reference: "counted", Who: "Ada", Why: "the shelf was counted",
		})
	})
}

func (b *bench) asksOfStock(kind returns.Kind) {
	b.t.Helper()
	b.do(func(tx *Tx) error {
		return tx.SaveStockExceptions(b.ctx, shop, "P1", []returns.Exception{returns.NewException(kind, "not proven", returns.Money{})})
	})
}

// A correction that nobody can prove is an exception of its product. A person who
// takes it over ends it, once.
func TestAPersonTakesACorrectionOver(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.corrects()
		correction := b.begin()
		require.Empty(b.t, b.troubled())
		b.do(func(tx *Tx) error { return tx.Unproven(b.ctx, shop, correction.ID, "nobody knows", b.clock.now()) })
		require.Len(b.t, b.troubled(), 1)
		require.False(b.t, b.saysOfStock(returns.StockUnproven, returns.AnswerHandledManually).Accepted, "nobody was asked")
		b.asksOfStock(returns.StockUnproven)
		open := func() []OpenException {
			return get(b, func(tx *Tx) ([]OpenException, error) { return tx.OpenExceptions(b.ctx, ExceptionFilter{}) })
		}
		require.Len(b.t, open(), 1)
		require.Equal(b.t, returns.StockKey("P1"), open()[0].Key)
		require.Equal(b.t, returns.Operations, open()[0].Owner)

		require.True(b.t, b.saysOfStock(returns.StockUnproven, returns.AnswerHandledManually).Accepted)
		require.Empty(b.t, b.troubled())
		require.Empty(b.t, b.unjudged(), "what was counted by hand is corrected no more")
		require.Empty(b.t, b.owed())
		require.Empty(b.t, open())
		require.False(b.t, b.saysOfStock(returns.StockUnproven, returns.AnswerHandledManually).Accepted)
	})
}

func TestARefusedCorrectionIsTriedOnceMore(t *testing.T) {
	onBoth(t, func(b *bench) {
		correction := b.corrects()[0]
		b.do(func(tx *Tx) error { return tx.Stuck(b.ctx, shop, correction.ID, returns.StockRefused, "locked") })
		require.Equal(b.t, "locked", b.troubled()[0].Note)
		b.asksOfStock(returns.StockRefused)
		require.True(b.t, b.saysOfStock(returns.StockRefused, returns.AnswerRetry).Accepted)
		require.Empty(b.t, b.troubled())
		require.Len(b.t, b.owed(), 1)
		require.Zero(b.t, b.owed()[0].Tries)
	})
}

// A unit in the same write as a correction is asked about by its return.
func TestAUnitBesideACorrectionStaysItsReturns(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.corrects()
		b.owe("line-2")
		both := b.begin()
		b.do(func(tx *Tx) error { return tx.Unproven(b.ctx, shop, both.ID, "nobody knows", b.clock.now()) })
		b.asksOfStock(returns.StockUnproven)
		require.True(b.t, b.saysOfStock(returns.StockUnproven, returns.AnswerHandledManually).Accepted)
		require.Len(b.t, b.unjudged(), 1)
		require.Equal(b.t, returns.StockUnproven, b.load("RMA1").Restocks[1].Problem)
	})
}
