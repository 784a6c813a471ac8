package activities

import (
	"context"
	"slices"
	"time"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
)

// longestUnshown is how far back a sweep looks for writes that nothing shows: older
// ones had their chance, and the query stays small.
const longestUnshown = 14 * 24 * time.Hour

// andNotShown adds the RMAs of returns that have ended after a write to ReturnGO which
// a list should show by now and does not: they are read, and IT hears if that shows it
// neither. A list that shows a write saves the read.
func (a *Activities) andNotShown(ctx context.Context, s *Shop, l lists, rmas []returns.RMASummary, moved []returns.Transaction, changed []string, started time.Time) ([]string, error) {
	err := a.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		for _, t := range moved {
			if t.Status != returns.TransactionSuccess {
				continue
			}
			if err := tx.ShownInList(ctx, s.Key, t.ID); err != nil {
				return err
			}
		}
		wait := s.Policy.NotShownAfter
		unshown, err := tx.WritesNotShown(ctx, s.Key, started.Add(-longestUnshown), started.Add(-wait), wait)
		for _, u := range unshown {
			id := u.Key.RMAID()
			missing := u.Route == returns.RouteSetTransaction && l.transactions ||
				u.Route == returns.RouteSetDone && slices.ContainsFunc(rmas, func(r returns.RMASummary) bool { return r.ID == id })
			if missing && !slices.Contains(changed, id) {
				changed = append(changed, id)
			}
		}
		return err
	})
	return changed, orRetry(ctx, err)
}
