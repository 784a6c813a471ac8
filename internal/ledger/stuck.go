package ledger

import (
	"context"
	"time"

	"returnbridge/internal/returns"
)

// Unmoved are open returns that were overdue, were told to look before a time, and have
// decided nothing since.
func (t *Tx) Unmoved(ctx context.Context, shop string, before time.Time) ([]returns.Key, error) {
	return query(ctx, t, "read returns that do not move", scanKey,
		`SELECT key FROM returns WHERE shop = $1 AND told_at <> '' AND told_at < $2 AND closed_at = '' ORDER BY told_at, key`, shop, text(before))
}

// RaiseStuck tells that no workflow carries a return, or the stock of a product, any
// further. A return's own next decision heals it (SaveDecision), and so does HealStuck.
func (t *Tx) RaiseStuck(ctx context.Context, shop string, key returns.Key, sentence string) error {
	if key.ProductID() == "" {
		if err := t.enterReturn(ctx, shop, key); err != nil {
			return err
		}
	}
	return t.saveExceptions(ctx, shop, key, nil, []returns.Exception{returns.NewException(returns.WorkflowStuck, sentence, returns.Money{})}, opening{})
}

// KnownStuck are those that RaiseStuck told of and that have not healed.
func (t *Tx) KnownStuck(ctx context.Context, shop string) ([]returns.Key, error) {
	return query(ctx, t, "read what is stuck", scanKey,
		`SELECT key FROM exceptions WHERE shop = $1 AND kind = $2 AND closed_at = '' ORDER BY key`, shop, string(returns.WorkflowStuck))
}

// HealStuck closes what RaiseStuck opened.
func (t *Tx) HealStuck(ctx context.Context, shop string, key returns.Key) error {
	_, err := t.closeException(ctx, shop, key, returns.NewException(returns.WorkflowStuck, "", returns.Money{}), healed)
	return err
}
