package ledger

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

func TestStopsAreKeptAndAudited(t *testing.T) {
	onBoth(t, func(b *bench) {
		changed := func(do func(*Tx) (bool, error)) bool { return get(b, do) }
		stop := func(a returns.Action) bool {
			return changed(func(tx *Tx) (bool, error) { return tx.Stop(b.ctx, shop, a, "Ada", "odd amounts") })
		}
		start := func(a returns.Action) bool {
			return changed(func(tx *Tx) (bool, error) { return tx.Start(b.ctx, shop, a, "Bo", "put right") })
		}
		require.False(b.t, start(returns.ActionRefund))
		require.True(b.t, stop(returns.ActionRefund))
		require.False(b.t, stop(returns.ActionRefund))
		require.True(b.t, stop(returns.ActionRestock))
		require.Equal(b.t, []returns.Stop{
			{Action: returns.ActionRefund, By: "Ada", Why: "odd amounts", At: monday}, {Action: returns.ActionRestock, By: "Ada", Why: "odd amounts", At: monday},
		}, b.load("RMA1").Stops)
		b.refused(StoppedError{returns.Stop{Action: returns.ActionRestock, By: "Ada", Why: "odd amounts", At: monday}}, func(tx *Tx) error {
			return tx.NotStopped(b.ctx, shop, returns.ActionRestock)
		})
		b.do(func(tx *Tx) error { return tx.NotStopped(b.ctx, shop, returns.ActionWriteBack) })
		b.do(func(tx *Tx) error { return tx.NotStopped(b.ctx, "other-shop", returns.ActionRestock) })
		require.True(b.t, start(returns.ActionAll))
		require.Empty(b.t, b.load("RMA1").Stops)
		require.ElementsMatch(b.t, []string{"stopped refund by Ada", "stopped restock by Ada", "started all again by Bo"},
			b.column(`SELECT what || ' by ' || decided_by FROM audit WHERE key = 'shop/tiktok' AND what NOT LIKE 'opened the exception%'`))
		require.Equal(b.t, 1, b.count(`SELECT COUNT(*) FROM exceptions WHERE kind = 'action-stopped' AND closed_by = 'healed'`))
	})
}

// A refund counts for the day on which it was sent, unless it was definitely refused
// or never made; one whose outcome is unknown counts.
func TestWhatCountsForTheDay(t *testing.T) {
	onBoth(t, func(b *bench) {
		for subject, c := range map[string]EffectChange{
			"taken": {State: returns.EffectApplied}, "paid": {State: returns.EffectVerified}, "lost": {State: returns.EffectIntent, Reason: returns.ReasonLost},
			"refused": {State: returns.EffectVoid, Reason: returns.ReasonRefused}, "not possible": {State: returns.EffectIntent, Reason: returns.ReasonUnavailable},
		} {
			e := refund(subject, returns.UnitID(subject))
			require.NoError(b.t, b.claim(e))
			b.move(e.ID, c)
		}
		require.NoError(b.t, b.claim(refund("under way", "under way")))
		today := func() returns.RefundDay {
			return get(b, func(tx *Tx) (returns.RefundDay, error) { return tx.RefundDay(b.ctx, shop) })
		}
		require.Len(b.t, today().Refunds, 4)
		require.Equal(b.t, gbp("12.50"), today().Refunds[0].Amount)
		lifts := func() bool {
			return get(b, func(tx *Tx) (bool, error) { return tx.LiftRefundLimit(b.ctx, shop, "Fin", "sale") })
		}
		require.False(b.t, lifts(), "nobody was asked")
		asks := func(tx *Tx) error {
			return tx.RaiseForShop(b.ctx, shop, returns.TikTok, returns.NewException(returns.RefundLimit, "reached", returns.Money{}))
		}
		b.do(asks)
		require.True(b.t, lifts())
		require.Equal(b.t, "Fin", today().LiftedBy)
		b.clock.pass(15 * time.Hour) // midnight has passed
		require.Equal(b.t, returns.RefundDay{}, today())
		b.do(asks)
		b.clock.pass(24 * time.Hour)
		require.False(b.t, lifts(), "that was yesterday's question")
		require.Equal(b.t, returns.RefundDay{}, today())
	})
}

// A decision that a stop holds is kept only while the stop stands: whoever ends it
// finds each return that it held.
func TestADecisionOfAnEndedStopIsNotKept(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.do(func(tx *Tx) error { _, err := tx.Stop(b.ctx, shop, returns.ActionRefund, "Ada", "odd"); return err })
		b.do(func(tx *Tx) error { return tx.StillStopped(b.ctx, shop, []returns.Action{returns.ActionRefund}) })
		b.do(func(tx *Tx) error { _, err := tx.Start(b.ctx, shop, returns.ActionRefund, "Ada", "right"); return err })
		b.refused(ErrOvertaken, func(tx *Tx) error {
			return tx.StillStopped(b.ctx, shop, []returns.Action{returns.ActionRefund})
		})
		b.do(func(tx *Tx) error { return tx.StillLimited(b.ctx, shop) })
		b.do(func(tx *Tx) error {
			err := tx.RaiseForShop(b.ctx, shop, returns.TikTok, returns.NewException(returns.RefundLimit, "reached", returns.Money{}))
			if err == nil {
				_, err = tx.LiftRefundLimit(b.ctx, shop, "Fin", "sale")
			}
			return err
		})
		b.refused(ErrOvertaken, func(tx *Tx) error { return tx.StillLimited(b.ctx, shop) })
	})
}
