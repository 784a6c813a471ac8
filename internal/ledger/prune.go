package ledger

import (
	"context"
	"time"

	"returnbridge/internal/returns"
)

// PruneInbox deletes events of a platform for a shop that were received before a time,
// the oldest first and most of them at once, and tells how many it deleted. It keeps what
// waits to be passed on, what an open return is held against (Record.Told), and the
// newest event of each topic, by which silence is known.
func (t *Tx) PruneInbox(ctx context.Context, shop string, p returns.Platform, before time.Time, most int) (int, error) {
	n, err := t.exec(ctx, "prune inbox", `DELETE FROM inbox WHERE (shop, platform, event_id) IN (
		SELECT i.shop, i.platform, i.event_id FROM inbox i
		WHERE i.shop = $1 AND i.platform = $2 AND i.received_at < $3 AND i.relayed_at <> ''
			AND NOT (i.tells <> '' AND EXISTS (SELECT 1 FROM returns r WHERE r.shop = i.shop AND r.key = i.rma_id AND r.closed_at = ''))
			AND NOT (i.tells <> '' AND i.order_id <> '' AND EXISTS (SELECT 1 FROM returns r WHERE r.shop = i.shop AND r.order_id = i.order_id AND r.closed_at = ''))
			AND EXISTS (SELECT 1 FROM inbox n WHERE n.shop = i.shop AND n.platform = i.platform AND n.topic = i.topic AND n.received_at > i.received_at)
		ORDER BY i.received_at LIMIT $4)`, shop, string(p), text(before), most)
	return int(n), err
}

// PruneCounts deletes the finer counts of what came, and what was refused, before a
// time: days are kept.
func (t *Tx) PruneCounts(ctx context.Context, shop string, p returns.Platform, before time.Time) error {
	if _, err := t.exec(ctx, "prune counts", `DELETE FROM coverage_slots WHERE shop = $1 AND platform = $2 AND slot < $3`,
		shop, string(p), before.UTC().Format(slotFormat)); err != nil {
		return err
	}
	_, err := t.exec(ctx, "prune refusals", `DELETE FROM refused_hours WHERE shop = $1 AND platform = $2 AND hour < $3`,
		shop, string(p), before.UTC().Format(hourFormat))
	return err
}
