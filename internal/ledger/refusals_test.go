package ledger

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

// A refusal is kept though TikTok's next reads no longer show it; one that was
// overturned is not.
func TestARefusalIsRemembered(t *testing.T) {
	onBoth(t, func(b *bench) {
		at := monday
		shows := func(status, arbitration string) time.Time {
			at = at.Add(time.Hour)
			r := returns.TikTokReturn{ID: "C1", OrderID: "O1", Status: status, Arbitration: arbitration, UpdatedAt: at}
			b.do(func(tx *Tx) error { return tx.SaveTikTok(b.ctx, shop, "O1", nil, []returns.TikTokReturn{r}, at) })
			seen := get(b, func(tx *Tx) (returns.TikTokReturn, error) {
				r, _, err := tx.TikTokReturnSeen(b.ctx, shop, "C1")
				return r, err
			})
			return seen.RefusedAt
		}
		require.Zero(b.t, shows(returns.TikTokShipped, ""))
		require.Zero(b.t, shows(returns.TikTokCancelled, ""), "closed without a refusal")
		rejected := shows(returns.TikTokParcelRejected, "")
		require.Equal(b.t, at, rejected)
		require.Equal(b.t, rejected, shows(returns.TikTokParcelRejected, returns.ArbitrationInProgress), "the first time it was seen")
		require.Equal(b.t, rejected, shows(returns.TikTokCancelled, ""))
		require.Equal(b.t, rejected, shows(returns.TikTokCancelled, ""), "read again")
		require.Zero(b.t, shows(returns.TikTokCancelled, returns.ArbitrationForBuyer), "overturned")

		require.Zero(b.t, shows(returns.TikTokPending, ""))
		require.Equal(b.t, at.Add(time.Hour), shows(returns.TikTokCancelled, returns.ArbitrationForSeller))

		for _, told := range [][]string{{returns.TikTokRejected}, {returns.TikTokRejected, returns.TikTokCancelled}} {
			require.Zero(b.t, shows(returns.TikTokAwaitingShip, ""))
			noted := at.Add(time.Hour)
			for _, status := range told {
				at = at.Add(time.Hour)
				b.do(func(tx *Tx) error { return tx.NoteStatus(b.ctx, shop, returns.TikTok, "C1", status, at) })
			}
			require.Equal(b.t, noted, shows(returns.TikTokCancelled, ""), "an event told of it")
		}
	})
}
