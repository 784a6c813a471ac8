package ledger

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"returnbridge/internal/returns"
)

// logged has the ledger's log collected, and gives what has been told since the last
// call, each line as "message key=value …".
func (b *bench) logged() func() []string {
	core, lines := observer.New(zapcore.DebugLevel)
	b.LogTo(zap.New(core))
	return func() (told []string) {
		for _, l := range lines.TakeAll() {
			require.Equal(b.t, zapcore.InfoLevel, l.Level)
			fields := l.ContextMap()
			said := []string{l.Message}
			for _, key := range slices.Sorted(maps.Keys(fields)) {
				said = append(said, fmt.Sprintf("%s=%v", key, fields[key]))
			}
			told = append(told, strings.Join(said, " "))
		}
		return told
	}
}

// Each fact is told once, when it is committed: not by who says it again, and not by
// who could not keep it. Nobody's name and no reason is in it.
func TestFactsAreToldOnceTheyAreCommitted(t *testing.T) {
	onBoth(t, func(b *bench) {
		told := b.logged()
		mismatch := returns.NewException(returns.RefundValueMismatch, "ReturnGO authorised 15 GBP for Ms Secret", gbp("12.5"))
		mismatch.Subject = "R1"
		require.NoError(b.t, b.decide("RMA1", Decided{Exceptions: []returns.Exception{mismatch}}))
		require.NoError(b.t, b.decide("RMA1", Decided{Exceptions: []returns.Exception{mismatch}}))
		require.Equal(b.t, []string{"exception opened amount=12.50 GBP exception=refund-value-mismatch owner=Finance return=RMA1 shop=glow-uk subject=R1"}, told())

		answer := returns.Command{Name: returns.CommandResolve, ID: "c1", Exception: mismatch.Kind, Answer: returns.AnswerAcceptPayable, Who: "Ms Secret", Why: "Secret", Reference: "Secret"}
		b.refused(errFine, func(tx *Tx) error {
			_, err := tx.Command(b.ctx, shop, "RMA1", answer)
			return errors.Join(err, errFine)
		})
		require.Empty(b.t, told(), "nothing was committed")
		for range 2 {
			b.do(func(tx *Tx) error {
				_, err := tx.Command(b.ctx, shop, "RMA1", answer)
				return err
			})
		}
		require.Equal(b.t, []string{
			"exception closed amount=12.50 GBP exception=refund-value-mismatch healed=false owner=Finance return=RMA1 shop=glow-uk subject=R1",
			"exception answered amount=12.50 GBP answer=accept-payable exception=refund-value-mismatch owner=Finance return=RMA1 shop=glow-uk subject=R1",
		}, told())

		require.NoError(b.t, b.decide("RMA1", Decided{Exceptions: []returns.Exception{returns.NewException(returns.NotShipped, "not sent", returns.Money{})}}))
		require.NoError(b.t, b.decide("RMA1", Decided{}))
		require.NoError(b.t, b.decide("RMA1", Decided{}))
		require.Equal(b.t, []string{
			"exception opened exception=not-shipped owner=CX return=RMA1 shop=glow-uk",
			"exception closed exception=not-shipped healed=true owner=CX return=RMA1 shop=glow-uk",
		}, told())
	})
}

func TestARefundIsToldOnceItIsTakenAndOnceItIsPaid(t *testing.T) {
	onBoth(t, func(b *bench) {
		told := b.logged()
		e := returns.Effect{
			ID: "glow-uk:refund:R1:1", Key: "RMA1", Kind: returns.EffectRefund, Route: returns.RouteConfirmParcel, Subject: "R1", Generation: 1,
			Units: []returns.UnitID{"line-1"}, OrderID: "O1", TikTokReturnID: "R1", Amount: gbp("15"), ClaimUntil: monday.Add(time.Minute),
		}
		taken := EffectChange{State: returns.EffectApplied, RequestID: "req-1"}
		b.do(func(tx *Tx) error { return tx.Claim(b.ctx, shop, "RMA1", e, e.ClaimUntil) })
		require.Empty(b.t, told(), "not done yet")
		for range 2 { // an answer that is noted again
			b.do(func(tx *Tx) error { return tx.EffectAnswered(b.ctx, e, taken) })
		}
		was := b.load("RMA1").Effects[0]
		b.do(func(tx *Tx) error { return tx.MoveEffect(b.ctx, was, EffectChange{State: returns.EffectVerified}) })
		require.Equal(b.t, []string{
			"refund made amount=15.00 GBP effect=glow-uk:refund:R1:1 order_id=O1 request_id=req-1 return=RMA1 route=confirm-parcel shop=glow-uk tiktok_return_id=R1",
		}, told())

		accepted := e
		accepted.ID, accepted.Kind, accepted.Units = "glow-uk:accept:R1:1", returns.EffectAccept, nil
		b.do(func(tx *Tx) error {
			return errors.Join(tx.Claim(b.ctx, shop, "RMA1", accepted, e.ClaimUntil), tx.EffectAnswered(b.ctx, accepted, taken))
		})
		require.Empty(b.t, told(), "that is no refund")

		see := func(status string) {
			b.do(func(tx *Tx) error {
				return tx.SaveTikTok(b.ctx, shop, "O1", nil, []returns.TikTokReturn{{ID: "R1", OrderID: "O1", Status: status, Refund: gbp("15")}}, b.clock.pass(time.Second))
			})
		}
		for _, status := range []string{returns.TikTokShipped, returns.TikTokApproved, returns.TikTokPaid, returns.TikTokPaid} {
			see(status)
		}
		paid := "TikTok paid amount=15.00 GBP order_id=O1 return=tiktok/R1 shop=glow-uk tiktok_return_id=R1"
		require.Equal(b.t, []string{paid}, told())

		b.do(func(tx *Tx) error {
			return tx.SaveTikTok(b.ctx, shop, "O1", nil, []returns.TikTokReturn{{ID: "R2", OrderID: "O1", Status: returns.TikTokShipped, Refund: gbp("3")}}, b.clock.pass(time.Second))
		})
		b.do(func(tx *Tx) error { // an event may tell it before it is read
			return tx.NoteStatus(b.ctx, shop, returns.TikTok, "R2", returns.TikTokPaid, b.clock.pass(time.Second))
		})
		b.do(func(tx *Tx) error {
			return tx.SaveTikTok(b.ctx, shop, "O1", nil, []returns.TikTokReturn{{ID: "R2", OrderID: "O1", Status: returns.TikTokPaid, Refund: gbp("3")}}, b.clock.pass(time.Second))
		})
		require.Equal(b.t, []string{"TikTok paid amount=3.00 GBP order_id=O1 return=tiktok/R2 shop=glow-uk tiktok_return_id=R2"}, told())
	})
}

func TestARestockIsToldOnceItIsProven(t *testing.T) {
	onBoth(t, func(b *bench) {
		told := b.logged()
		b.owe("line-1")
		w := b.begin()
		b.do(func(tx *Tx) error { return tx.Answered(b.ctx, shop, w.ID, "req-1", w.Lines) })
		w.RequestID = "req-1"
		require.Empty(b.t, told())
		for range 2 {
			b.do(func(tx *Tx) error { return tx.Judge(b.ctx, shop, w, "event 68") })
		}
		require.Equal(b.t, []string{
			"restocked product_id=" + product + " request_id=req-1 return=RMA1 shop=glow-uk sku_id=" + sku + " unit=line-1 warehouse_id=W1 write=" + w.ID,
		}, told())
	})
}
