package activities

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returngo"
	"returnbridge/internal/returns"
)

// What nobody can carry out stands in the return's story as refused, and the look
// that it came with goes on.
func TestUnknownCommandsAreAuditedAsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.look()
	unknown := returns.Command{Name: "refund\x00-now", ID: "r-1", Why: "a signal of a name that nobody listens to"}
	unread := returns.Command{Name: returns.CommandResolve, ID: "r-2", Why: "a signal that could not be read"}
	out := must[messages.PlanResult](b, b.Review, messages.LookInput{Shop: shopName, Key: key, Commands: []returns.Command{unknown, unread}})
	for i, o := range out.Outcomes {
		require.False(t, o.Accepted, i)
	}
	require.True(t, hasAct(out.Plan, returns.ActRefund), "it goes on")
	story := get(b, func(tx *ledger.Tx) (ledger.Story, error) {
		s, _, err := tx.Story(b.ctx, ledger.ReturnRef{Shop: shopName, Key: key})
		return s, err
	})
	said := map[string]string{}
	refused := 0
	for _, line := range story.Audit {
		said[line.What] = line.Why
		if line.What == "refused the command" {
			refused++
		}
	}
	require.Equal(t, unknown.Why, said[`gave the command "refund-now"`])
	require.Equal(t, unread.Why, said["gave an answer that names no exception"])
	require.Equal(t, 2, refused)
}

// The answer to a command says what will still happen, out of the plan that stands
// after it.
func TestACommandsAnswerSaysWhatWillStillHappen(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	shipped := tiktokReturn(caseID, returns.TikTokShipped, "24.00")
	shipped["seller_next_action_response"] = []any{map[string]any{"action": "SELLER_RESPOND_RECEIVE_PACKAGE", "deadline": noon.Add(26 * time.Hour).Unix()}}
	b.cases = []map[string]any{shipped}
	require.True(t, raised(b.look(), returns.RefundValueMismatch))
	out := must[messages.PlanResult](b, b.Review, messages.LookInput{Shop: shopName, Key: key, Commands: []returns.Command{{
		Name: returns.CommandResolve, ID: "c1", Exception: returns.RefundValueMismatch, Answer: returns.AnswerDoNotRefund, Who: "Ann", Why: "not agreed",
	}}})
	require.Equal(t, "refund-value-mismatch: do-not-refund; restock follows; TikTok will pay 24.00 GBP on return "+caseID+" at 2026-03-03 14:00 UTC unless it is rejected in Seller Center; CX has been asked (refused-by-people)",
		out.Outcomes[0].Sentence)
}

// What a comment in ReturnGO says of a transaction that stays open.
func TestACommentSaysWhatStaysOpen(t *testing.T) {
	t.Parallel()
	require.Equal(t, "TikTok Shop refunded "+gbp("24.00").String()+" on its return R1. Cancel T1. "+returngo.Marker("m"),
		comment(returns.Act{Amount: gbp("24.00"), TikTokReturnID: "R1", Subject: "m", Note: "Cancel T1."}))
}
