package ledger

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger/ledgertest"
	"returnbridge/internal/returns"
)

// Two returns on one order decide at the same time, statement by statement: the one
// that loaded first judges a claim that the other has judged, and made anew, since.
// SQLite has one transaction at a time; PostgreSQL is asked for READ COMMITTED.
func TestADecisionMovesNoNewerClaim(t *testing.T) {
	t.Parallel()
	b := &bench{t: t, ctx: t.Context(), clock: &clock{at: monday}, dsn: ledgertest.Postgres(t)}
	b.Ledger = b.open()
	other := &bench{t: t, ctx: t.Context(), clock: b.clock, dsn: b.dsn, Ledger: b.open()}
	e := refund("S1", "u9")
	require.NoError(t, b.decide("RMA1", Decided{OrderID: e.OrderID}))
	require.NoError(t, b.decide("RMA2", Decided{OrderID: e.OrderID}))
	claim := func() {
		other.do(func(tx *Tx) error { return tx.Claim(b.ctx, shop, "RMA2", e, tx.Now().Add(12*time.Second)) })
	}
	claim()
	b.clock.pass(5 * time.Minute)
	b.refused(ErrOvertaken, func(tx *Tx) error {
		r, err := tx.Load(b.ctx, shop, "RMA1")
		require.NoError(t, err)
		require.Equal(t, returns.EffectClaimed, r.Effects[0].State)
		other.move(e.ID, EffectChange{State: returns.EffectIntent, Reason: returns.ReasonLost}) // RMA2 decides the same
		claim()                                                                                 // and its call is on its way
		return tx.MoveEffect(b.ctx, r.Effects[0], EffectChange{State: returns.EffectIntent, Reason: returns.ReasonLost})
	})
	require.Equal(t, returns.EffectClaimed, b.stateOf(e))
	second := refund("S2", "u8")
	second.OrderID = e.OrderID
	b.refused(ErrOrderBusy, func(tx *Tx) error {
		return tx.Claim(b.ctx, shop, "RMA1", second, tx.Now().Add(12*time.Second))
	})
}

// A decision is kept only if no other was made since its record was loaded.
func TestADecisionOnAnOvertakenRecordIsNotKept(t *testing.T) {
	onBoth(t, func(b *bench) {
		old := b.load("RMA1")
		require.NoError(b.t, b.decide("RMA1", Decided{Stage: returns.StageSettling}))
		b.refused(ErrOvertaken, func(tx *Tx) error {
			return tx.SaveDecision(b.ctx, shop, "RMA1", old, Decided{Stage: returns.StageClosed, Closed: true})
		})
		require.Zero(b.t, b.load("RMA1").ClosedAt)
	})
}

// What the platform answered to a claim counts for that claim; that it was done
// counts although it was judged not done meanwhile.
func TestAnAnswerIsForItsOwnClaim(t *testing.T) {
	onBoth(t, func(b *bench) {
		claim := func(e *returns.Effect) {
			b.do(func(tx *Tx) error {
				e.ClaimUntil = tx.Now().Add(12 * time.Second)
				return tx.Claim(b.ctx, shop, "RMA1", *e, e.ClaimUntil)
			})
		}
		answered := func(e returns.Effect, c EffectChange) {
			b.do(func(tx *Tx) error { return tx.EffectAnswered(b.ctx, e, c) })
		}
		first := refund("S1", "u1")
		claim(&first)
		b.clock.pass(time.Minute)
		b.move(first.ID, EffectChange{State: returns.EffectIntent, Reason: returns.ReasonLost})
		second := first
		claim(&second)
		answered(first, EffectChange{State: returns.EffectVoid, Reason: returns.ReasonRefused})
		require.Equal(b.t, returns.EffectClaimed, b.stateOf(first), "the newer claim may still be answered")
		b.do(func(tx *Tx) error { return tx.TakeBack(b.ctx, first, returns.ReasonUnavailable, "late") })
		require.Equal(b.t, returns.EffectClaimed, b.stateOf(first))
		answered(first, EffectChange{State: returns.EffectApplied, TikTokReturnID: "C1"})
		got := b.load("RMA1").Effects[0]
		require.Equal(b.t, returns.EffectClaimed, got.State)
		require.Equal(b.t, "C1", got.TikTokReturnID, "it is known what the first one made")

		b.do(func(tx *Tx) error { return tx.TakeBack(b.ctx, second, returns.ReasonUnavailable, "rate limit") })
		got = b.load("RMA1").Effects[0]
		require.Equal(b.t, returns.EffectIntent, got.State)
		require.Equal(b.t, returns.ReasonLost, got.Reason, "that an answer was lost is never forgotten")
		answered(second, EffectChange{State: returns.EffectApplied, TikTokReturnID: "C1"})
		require.Equal(b.t, returns.EffectApplied, b.stateOf(first))
	})
}
