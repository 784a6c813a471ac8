package activities

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// kept are all exceptions of the return, open and past.
func (b *bench) kept() []ledger.KeptException {
	return get(b, func(tx *ledger.Tx) ([]ledger.KeptException, error) {
		s, _, err := tx.Story(b.ctx, ledger.ReturnRef{Shop: shopName, Key: key})
		return s.Exceptions, err
	})
}

// A question that rests on what TikTok says is payable opens once, however often TikTok
// is asked again, and keeps its age (11).
func TestAQuestionAboutWhatIsPayableDoesNotFlap(t *testing.T) {
	t.Parallel()
	for name, says := range map[returns.Kind]http.HandlerFunc{
		returns.NotPayable: func(w http.ResponseWriter, _ *http.Request) {
			_ = jsonTo(w, map[string]any{"code": 0, "data": map[string]any{"order_refund_amount": map[string]any{"currency": "GBP", "refund_total": "20.00"}}})
		},
		returns.CurrencyMismatch: func(w http.ResponseWriter, _ *http.Request) {
			_ = jsonTo(w, map[string]any{"code": 0, "data": map[string]any{"order_refund_amount": map[string]any{"currency": "EUR", "refund_total": "24.99"}}})
		},
	} {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.answers("calculate", says)
			for range 6 {
				b.look()
				must[messages.PlanResult](b, b.LookReturnGO, messages.LookInput{Shop: shopName, Key: key})
				must[messages.PlanResult](b, b.LookTikTok, messages.LookInput{Shop: shopName, Key: key})
				must[messages.PlanResult](b, b.Review, messages.LookInput{Shop: shopName, Key: key})
				b.clock.pass(11 * time.Minute)
			}
			all := b.kept()
			require.Len(t, all, 1)
			require.Equal(t, name, all[0].Kind)
			require.Zero(t, all[0].ClosedAt)
			require.Equal(t, noon, all[0].OpenedAt)
		})
	}
}

// settledReturn carries the return to its end: paid by TikTok, its stock written by
// another program, ReturnGO's transaction set.
func (b *bench) settledReturn() {
	b.t.Helper()
	b.Shops[shopName].Policy.ExternalStock = true
	b.change(func() { b.cases = []map[string]any{tiktokReturn(caseID, returns.TikTokPaid, "24.99")} })
	act := actOf(b.t, b.look(), returns.ActWriteBack)
	plan := must[messages.PlanResult](b, b.WriteBack, messages.ActInput{Shop: shopName, Key: key, Act: act}).Plan
	require.True(b.t, plan.Close, plan.Summary)
	b.waker.woken()
}

// A transaction that ReturnGO took and does not show wakes its return, which has ended,
// and IT hears of it; a list that shows it costs no read (11).
func TestASweepFindsAWriteThatIsNotShown(t *testing.T) {
	t.Parallel()
	sweep := func(b *bench) []returns.Key {
		must[messages.SweepResult](b, b.SweepReturnGO, messages.ShopInput{Shop: shopName})
		keys, _ := b.waker.woken()
		return keys
	}
	t.Run("not shown", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.settledReturn()
		b.clock.pass(59 * time.Minute)
		require.Empty(t, sweep(b), "the hour is not over")
		b.clock.pass(5 * time.Minute)
		require.Equal(t, []returns.Key{key}, sweep(b))
		require.True(t, raised(b.look(), returns.WriteNotShown))
		b.clock.pass(time.Hour)
		require.Empty(t, sweep(b), "it was read, and its own clock runs")
		b.change(func() {
			b.rma["transactions"].([]any)[0].(map[string]any)["status"] = "Success"
			b.rma["transactions"].([]any)[0].(map[string]any)["externalReferenceId"] = caseID
		})
		plan := b.look()
		require.True(t, plan.Close, plan.Summary)
		require.NotZero(t, b.kept()[0].ClosedAt, "it has healed")
	})
	t.Run("shown in the list", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.settledReturn()
		b.answers("transactions", func(w http.ResponseWriter, _ *http.Request) {
			_ = jsonTo(w, map[string]any{"transactions": []any{transaction("Success", "24.99")}, "next_cursor": nil})
		})
		b.clock.pass(65 * time.Minute)
		require.Empty(t, sweep(b))
		require.Equal(t, returns.EffectVerified, b.effectOf(returns.EffectWriteBack).State)
	})
	t.Run("acknowledged", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.settledReturn()
		b.clock.pass(65 * time.Minute)
		require.True(t, raised(b.look(), returns.WriteNotShown))
		seen := returns.Command{ID: "c1", Name: returns.CommandResolve, Exception: returns.WriteNotShown, Answer: returns.AnswerAcknowledge, Who: "Ada", Why: "ReturnGO is slow"}
		plan := must[messages.PlanResult](b, b.Review, messages.LookInput{Shop: shopName, Key: key, Commands: []returns.Command{seen}}).Plan
		require.True(t, plan.Close, plan.Summary)
		b.clock.pass(5 * time.Hour)
		require.Empty(t, sweep(b), "IT knows of it")
	})
}

// An outage of ReturnGO refuses nothing: for longer than trouble_retry CX hears nothing
// of a write that does not get through, and IT does (11).
func TestAnOutageOfReturnGOIsNotToldToCX(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Shops[shopName].Policy.ExternalStock = true
	b.change(func() { b.cases = []map[string]any{tiktokReturn(caseID, returns.TikTokPaid, "24.99")} })
	act := actOf(t, b.look(), returns.ActWriteBack)
	b.answers("set-transaction", status(http.StatusTooManyRequests))
	for range 6 {
		must[messages.PlanResult](b, b.WriteBack, messages.ActInput{Shop: shopName, Key: key, Act: act})
		b.clock.pass(5 * time.Minute)
	}
	plan := must[messages.PlanResult](b, b.Review, messages.LookInput{Shop: shopName, Key: key}).Plan
	require.True(t, raised(plan, returns.PlatformUnreachable), plan.Summary)
	require.Len(t, plan.Exceptions, 1)
	require.Equal(t, returns.IT, plan.Exceptions[0].Owner)
	require.Len(t, b.kept(), 1, "it was opened once")
}
