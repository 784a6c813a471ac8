package app

import (
	"testing"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

var ada = signature{"Ada", "amounts look wrong"}

// A stop is in the list until it ends; then the returns that waited are told.
func TestStopAndStart(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := t.Context()
	d.decided(demo, returns.RMAKey("1"), ledger.Decided{Stage: returns.StageSettling, Held: true})
	d.decided(demo, returns.RMAKey("2"), ledger.Decided{Stage: returns.StageSettling})
	require.NoError(t, d.stop(ctx, demo, returns.ActionRefund, ada, d.out()))
	require.Contains(t, d.text(), `refund is stopped for demo-gb; nothing more of it is sent until "starter start demo-gb refund"`)
	require.NoError(t, d.stop(ctx, demo, returns.ActionRefund, ada, d.out()))
	require.Contains(t, d.text(), "already")
	require.NoError(t, d.list(ctx, ledger.ExceptionFilter{}, d.out()))
	require.Contains(t, d.text(), "refund was stopped at 2026-03-04T12:00:00Z by Ada: amounts look wrong")

	require.NoError(t, d.stop(ctx, demo, returns.ActionAll, ada, d.out()))
	d.text()
	require.ErrorContains(t, d.start(ctx, demo, returns.ActionRefund, ada, d.out()), "refund of demo-gb stays stopped: all was stopped")
	require.Empty(t, d.temporal.signals)
	require.NoError(t, d.start(ctx, demo, returns.ActionAll, ada, d.out()))
	require.Equal(t, "all is started again for demo-gb; 1 return told to go on.\n", d.text())
	require.Len(t, d.temporal.signals, 1)
	require.Equal(t, messages.ReturnID(demo, returns.RMAKey("1")), d.temporal.signals[0].id)
	require.NoError(t, d.list(ctx, ledger.ExceptionFilter{}, d.out()))
	require.NotContains(t, d.text(), "is stopped")
}

func TestWhatCannotBeStopped(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for want, err := range map[string]error{
		`there is no action "money"`: d.stop(t.Context(), demo, "money", ada, d.out()),
		"who is missing":             d.stop(t.Context(), demo, returns.ActionRefund, signature{}, d.out()),
		"demo-gb":                    d.stop(t.Context(), "demo-fr", returns.ActionRefund, ada, d.out()),
		"name a shop":                d.start(t.Context(), "", returns.ActionRefund, ada, d.out()),
	} {
		require.ErrorContains(t, err, want)
	}
}

// The answer to refund-limit belongs to a shop, and wakes what waits.
func TestTheLimitIsLifted(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.decided(demo, returns.RMAKey("1"), ledger.Decided{Stage: returns.StageSettling, Held: true})
	d.do(func(tx *ledger.Tx) error {
		return tx.RaiseForShop(t.Context(), demo, returns.TikTok, returns.NewException(returns.RefundLimit, "the limit is reached", returns.Money{}))
	})
	c := returns.Command{Name: returns.CommandResolve, Exception: returns.RefundLimit, Answer: returns.AnswerLiftToday, Who: "Fin", Why: "sale last week"}
	require.NoError(t, d.liftLimit(t.Context(), demo, c, d.out()))
	require.Equal(t, "the limit of refunds is lifted for demo-gb until midnight (UTC); 1 return told to go on.\n", d.text())
	require.NoError(t, d.list(t.Context(), ledger.ExceptionFilter{Kind: returns.RefundLimit}, d.out()))
	require.Equal(t, "No open exceptions.\n", d.text())
	c.Answer = returns.AnswerRetry
	require.ErrorContains(t, d.liftLimit(t.Context(), demo, c, d.out()), "takes")
}
