package ledger

import (
	"context"

	"returnbridge/internal/returns"
)

// rememberRefusal gives a TikTok return what an earlier snapshot knows of a refusal:
// once TikTok has closed a rejected return it no longer shows that it was one
// (TikTok contract 2.4). Only returns that were, or may have been, refused are
// looked up.
func (t *Tx) rememberRefusal(ctx context.Context, shop string, r returns.TikTokReturn) (returns.TikTokReturn, error) {
	if r.Status != returns.TikTokCancelled && r.Arbitration == "" && r.Refused().IsZero() {
		return r, nil
	}
	earlier, _, err := snapshotByID[returns.TikTokReturn](ctx, t, shop, kindTikTok, r.ID)
	return r.Remembering(earlier.body), err
}
