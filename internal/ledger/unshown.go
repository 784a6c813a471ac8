package ledger

import (
	"context"
	"time"

	"returnbridge/internal/returns"
)

// ShownInList notes that a list of ReturnGO's transactions shows what we wrote to one.
func (t *Tx) ShownInList(ctx context.Context, shop, transactionID string) error {
	_, err := t.exec(ctx, "note a write as shown", `UPDATE effects SET state = 'verified' WHERE shop = $1 AND kind = $2 AND route = $3 AND subject = $4 AND state = 'applied'`,
		shop, string(returns.EffectWriteBack), string(returns.RouteSetTransaction), transactionID)
	return err
}

// Unshown is a write that a platform took and that nothing has shown since.
type Unshown struct {
	Key     returns.Key
	Route   returns.Route
	Subject string
}

// WritesNotShown are the transactions and statuses that ReturnGO took from returns
// which have ended since, between two times, and which no read of the RMA was late
// enough to show: it was made less than wait after the write.
func (t *Tx) WritesNotShown(ctx context.Context, shop string, since, before time.Time, wait time.Duration) ([]Unshown, error) {
	type row struct {
		Unshown
		applied, read instant
	}
	rows, err := query(ctx, t, "read writes that nothing shows", func(scan func(...any) error) (row, error) {
		var r row
		return r, scan(&r.Key, &r.Route, &r.Subject, &r.applied, &r.read)
	}, `SELECT e.key, e.route, e.subject, e.applied_at, COALESCE(s.read_at, '')
		FROM effects e JOIN returns r ON r.shop = e.shop AND r.key = e.key AND r.closed_at <> ''
		LEFT JOIN snapshots s ON s.shop = e.shop AND s.kind = $1 AND s.id = e.key
		WHERE e.shop = $2 AND e.kind = $3 AND e.state = 'applied' AND e.route IN ($4, $5) AND e.applied_at >= $6 AND e.applied_at < $7
		ORDER BY e.applied_at, e.id`, kindRMA, shop, string(returns.EffectWriteBack), string(returns.RouteSetTransaction), string(returns.RouteSetDone), text(since), text(before))
	var unshown []Unshown
	for _, r := range rows {
		if time.Time(r.read).Before(time.Time(r.applied).Add(wait)) {
			unshown = append(unshown, r.Unshown)
		}
	}
	return unshown, err
}
