package activities

import (
	"testing"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
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
		if line.What == "command refused" {
			refused++
		}
	}
	require.Equal(t, unknown.Why, said["command refund-now "])
	require.Equal(t, unread.Why, said["command resolve-exception "])
	require.Equal(t, 2, refused)
}
