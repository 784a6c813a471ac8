package activities

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// An RMA that ReturnGO answers 404 for is news of the return, not trouble with
// ReturnGO: nothing is paid, CX is asked, the answer ends it, and an event that
// comes afterwards begins nothing.
func TestAnRMADeletedInReturnGO(t *testing.T) {
	bothRoutes(t, func(b *bench, pay string) {
		act := actOf(b.t, b.look(), returns.ActRefund)
		b.answers("rma", status(http.StatusNotFound))
		b.clock.pass(time.Second)
		plan := b.refund(act)
		require.Zero(b.t, b.count(pay))
		require.True(b.t, raised(plan, returns.RMAVanished))
		require.False(b.t, raised(plan, returns.PlatformRefused), "people who mend platforms are not called")
		require.False(b.t, hasAct(plan, returns.ActRefund), "nothing spins")
		require.Equal(b.t, "24.99", b.record().RMA.Transactions[0].Amount.Number(), "what it said is kept")

		b.answers("rma", nil)
		b.clock.pass(20 * time.Minute)
		require.True(b.t, hasAct(b.look(), returns.ActRefund), "shown again, it goes on")

		b.answers("rma", status(http.StatusNotFound))
		b.clock.pass(time.Minute)
		require.True(b.t, raised(b.look(), returns.RMAVanished))
		b.clock.pass(time.Minute)
		out := must[messages.PlanResult](b, b.Review, messages.LookInput{Shop: shopName, Key: key, Commands: []returns.Command{{
			Name: returns.CommandResolve, ID: "c1", Exception: returns.RMAVanished, Answer: returns.AnswerDoNotRefund, Who: "Ann", Why: "asked the buyer",
		}}})
		require.True(b.t, out.Outcomes[0].Accepted)
		b.clock.pass(time.Minute)
		plan = b.look()
		require.False(b.t, raised(plan, returns.RMAVanished), "it is not asked again")
		require.Equal(b.t, pay != "create", raised(plan, returns.RefusedInReturnGO), "a parcel that TikTok pays for by itself is asked about")
		require.Zero(b.t, b.count(pay))
	})
}

// A TikTok return that no search finds asks CX, and the answer ends it.
func TestATikTokReturnThatNoSearchFinds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	lost := returns.TikTokKey("4030000000000000404")
	in := messages.LookInput{Shop: shopName, Key: lost}
	plan := must[messages.PlanResult](b, b.LookTikTok, in).Plan
	require.True(t, raised(plan, returns.TikTokVanished))
	require.False(t, raised(plan, returns.PlatformRefused))
	require.False(t, plan.Wake.At.IsZero())
	in.Commands = []returns.Command{{
		Name: returns.CommandResolve, ID: "c1", Exception: returns.TikTokVanished, Answer: returns.AnswerHandledManually, Reference: "chat 7", Who: "Ann", Why: "a test case",
	}}
	b.clock.pass(time.Minute)
	require.True(t, must[messages.PlanResult](b, b.Review, in).Plan.Close)
	b.clock.pass(time.Minute)
	require.True(t, must[messages.PlanResult](b, b.LookTikTok, messages.LookInput{Shop: shopName, Key: lost}).Plan.Close, "an event begins nothing")
}

// A TikTok return that its order no longer brings is noticed by when it was last
// shown, and comes back when it is shown again.
func TestATikTokReturnThatItsOrderNoLongerBrings(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.change(func() { b.cases = []map[string]any{tiktokReturn(caseID, returns.TikTokShipped, "24.99")} })
	require.True(t, hasAct(b.look(), returns.ActRefund))
	b.change(func() { b.cases = nil })
	b.clock.pass(time.Minute)
	require.False(t, raised(b.look(), returns.TikTokVanished), "a search may lag")
	b.clock.pass(time.Hour)
	plan := b.look()
	require.True(t, raised(plan, returns.TikTokVanished))
	require.False(t, hasAct(plan, returns.ActRefund))
	b.change(func() { b.cases = []map[string]any{tiktokReturn(caseID, returns.TikTokShipped, "24.99")} })
	b.clock.pass(time.Hour)
	plan = b.look()
	require.False(t, raised(plan, returns.TikTokVanished))
	require.True(t, hasAct(plan, returns.ActRefund))
}
