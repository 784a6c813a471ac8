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

// lookAtOnce is a look that may do what one call can do.
func (b *bench) lookAtOnce(look any) returns.Plan {
	b.t.Helper()
	return must[messages.PlanResult](b, look, messages.LookInput{Shop: shopName, Key: key, AtOnce: true}).Plan
}

// One look at both platforms is the deciding read: after it TikTok pays, the
// writer of the stock is woken, and nothing was read twice before the call.
func TestALookAtBothPays(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.cases = []map[string]any{tiktokReturn(caseID, returns.TikTokShipped, "24.99")}
	plan := b.lookAtOnce(b.LookBoth)
	require.Equal(t, []string{"rma", "order", "returns", "may-decide", "approve", "returns"}, b.made())
	require.Empty(t, plan.Acts)
	require.Equal(t, returns.EffectApplied, b.effectOf(returns.EffectRefund).State)
	require.Equal(t, []string{product}, b.waker.stock)
	b.lookAtOnce(b.LookBoth)
	require.Equal(t, 1, b.count("approve"))
	require.Len(t, b.waker.stock, 1)
}

// A look that did not read the RMA reads it before money moves.
func TestALookAtTikTokReadsTheRMABeforeItPays(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.cases = []map[string]any{tiktokReturn(caseID, returns.TikTokShipped, "24.99")}
	b.look()
	b.forget()
	b.change(func() { b.rma["rmaSummary"].(map[string]any)["status"] = "Canceled" })
	plan := b.lookAtOnce(b.LookTikTok)
	require.Zero(t, b.count("approve"))
	require.Equal(t, 1, b.count("rma"))
	require.False(t, hasAct(plan, returns.ActRefund))
}

// The look that finds the request accepts it; the one that finds the money tells
// ReturnGO, which is read again unless that was done within the minute, and again
// after any try.
func TestALookAtTikTokAcceptsAndWritesBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.cases = []map[string]any{tiktokReturn(caseID, returns.TikTokPending, "24.99")}
	b.rma["rmaSummary"].(map[string]any)["status"] = "Approved"
	b.rma["items"].([]any)[0].(map[string]any)["itemValidationStatusResponse"] = map[string]any{}
	b.lookAtOnce(b.LookBoth)
	require.Equal(t, 1, b.count("approve"))
	require.Equal(t, 1, b.count("rma"))
	require.Equal(t, returns.EffectVerified, b.effectOf(returns.EffectAccept).State)

	b.change(func() {
		b.world()
		b.cases[0]["return_status"] = returns.TikTokPaid
	})
	must[messages.PlanResult](b, b.LookReturnGO, messages.LookInput{Shop: shopName, Key: key})
	b.answers("set-transaction", status(http.StatusTooManyRequests)) // not now
	b.clock.pass(time.Second)
	b.forget()
	b.lookAtOnce(b.LookTikTok)
	require.Equal(t, 1, b.count("set-transaction"))
	require.Zero(t, b.count("rma"), "the RMA was read a second ago")

	b.answers("set-transaction", nil)
	b.clock.pass(20 * time.Second)
	b.forget()
	b.lookAtOnce(b.LookTikTok)
	require.Equal(t, []string{"returns", "rma", "set-transaction"}, b.made(), "after any try it is read again")
}

// What cannot be done with the look stays an act, and the look is none the worse.
func TestWhatFailsWithTheLookStaysAnAct(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.cases = []map[string]any{tiktokReturn(caseID, returns.TikTokShipped, "24.99")}
	b.look()
	b.answers("rma", status(http.StatusBadGateway))
	b.waker.broken = true
	plan := b.lookAtOnce(b.LookTikTok)
	require.True(t, hasAct(plan, returns.ActRefund))
	require.True(t, hasAct(plan, returns.ActRestock))
	require.Zero(t, b.count("approve"))
}

// stopReturnGO is what its guard does for all returns of the shop.
func (b *bench) stopReturnGO() {
	b.t.Helper()
	stop := returns.NewException(returns.PlatformUnreachable, "stopped", returns.Money{})
	stop.Subject = string(returns.ReturnGO)
	require.NoError(b.t, b.Ledger.Do(b.ctx, func(tx *ledger.Tx) error { return tx.RaiseForShop(b.ctx, shopName, returns.ReturnGO, stop) }))
}

// What a look would do at once it leaves to acts while ReturnGO is stopped: the one
// that writes there waits in ReturnGO's own queue.
func TestNothingIsDoneAtOnceWhileReturnGOIsStopped(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.cases = []map[string]any{tiktokReturn(caseID, returns.TikTokPaid, "24.99")}
	b.look()
	b.forget()
	b.stopReturnGO()
	plan := b.lookAtOnce(b.LookTikTok)
	require.True(t, hasAct(plan, returns.ActWriteBack))
	require.Equal(t, []string{"returns"}, b.made())
}

// ReturnGO is stopped for all: a look on TikTok's queue does not knock at it. What is
// asked of ReturnGO waits in its own queue.
func TestALookAtBothDoesNotKnockAtAStoppedReturnGO(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.stopReturnGO()
	_, err := run[messages.PlanResult](b, b.LookBoth, messages.LookInput{Shop: shopName, Key: key, AtOnce: true})
	require.ErrorContains(t, err, "stopped")
	require.Empty(t, b.made())
	must[messages.PlanResult](b, b.LookReturnGO, messages.LookInput{Shop: shopName, Key: key})
	require.Equal(t, 1, b.count("rma"))
}

// A seller refund creates something: it is never done in passing.
func TestASellerRefundIsAnActOfItsOwn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	require.True(t, hasAct(b.lookAtOnce(b.LookBoth), returns.ActRefund))
	require.Zero(t, b.count("create"))
}
