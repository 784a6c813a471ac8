package ledger

import (
	"context"
	"slices"
	"strings"
	"time"

	"returnbridge/internal/returns"
)

// AlertPolicy says who is told, and when again.
type AlertPolicy struct {
	Sinks            []Sink
	DeadlineWarnings []time.Duration
	EscalateAfter    time.Duration
	EscalateTo       string // a sink's name; empty: those that were told at first
}

// alert notes that something is to be told of an exception; what was noted before
// stays as it is.
func (t *Tx) alert(ctx context.Context, exceptionID string, event returns.AlertEvent, before time.Duration, deadline string) error {
	parts, distance := []string{exceptionID, string(event)}, ""
	if before > 0 {
		distance = before.String()
		parts = append(parts, distance, deadline) // another deadline is another cause
	}
	_, err := t.exec(ctx, "note an alert", `INSERT INTO alerts (id, exception_id, event, distance, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING`,
		strings.Join(parts, "/"), exceptionID, string(event), distance, text(t.now))
	return err
}

// alertClosed notes for exceptions that were closed just now that this is to be told.
// One whose opening was told to nobody closes as silently.
func (t *Tx) alertClosed(ctx context.Context, shop string, key returns.Key, kind returns.Kind) error {
	ids, err := query(ctx, t, "read what was closed", scanText, `SELECT e.id FROM exceptions e WHERE e.shop = $1 AND e.key = $2 AND e.kind = $3 AND e.closed_at = $4
		AND EXISTS (SELECT 1 FROM alerts a WHERE a.exception_id = e.id)`, shop, string(key), string(kind), text(t.now))
	for _, id := range ids {
		if err := t.alert(ctx, id, returns.AlertHealed, 0, ""); err != nil {
			return err
		}
	}
	return err
}

func scanText(scan func(...any) error) (s string, err error) {
	err = scan(&s)
	return s, err
}

// GatherAlerts finds the deadlines that have come near and the exceptions that are
// open for long, and gives every sink what is new and for it.
func (t *Tx) GatherAlerts(ctx context.Context, p AlertPolicy) error {
	for _, gather := range []func(context.Context, AlertPolicy) error{t.knowSinks, t.findDeadlines, t.findUnanswered, t.route} {
		if err := gather(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// findDeadlines notes the shortest distance that each open exception has come to. A
// distance that was passed before it opened is told with the opening.
func (t *Tx) findDeadlines(ctx context.Context, p AlertPolicy) error {
	if len(p.DeadlineWarnings) == 0 {
		return nil
	}
	distances := slices.Sorted(slices.Values(p.DeadlineWarnings))
	type row struct {
		id, deadline string
		opened, at   instant
	}
	near, err := query(ctx, t, "read deadlines that come near", func(scan func(...any) error) (r row, err error) {
		if err = scan(&r.id, &r.deadline, &r.opened); err == nil {
			err = r.at.Scan(r.deadline)
		}
		return r, err
	}, `SELECT id, deadline, opened_at FROM exceptions WHERE closed_at = '' AND deadline > $1 AND deadline <= $2 ORDER BY deadline, id`,
		text(t.now), text(t.now.Add(distances[len(distances)-1])))
	for _, r := range near {
		left := time.Time(r.at).Sub(t.now)
		i := slices.IndexFunc(distances, func(d time.Duration) bool { return left <= d })
		if time.Time(r.at).Sub(time.Time(r.opened)) <= distances[i] {
			continue
		}
		if err := t.alert(ctx, r.id, returns.AlertDeadline, distances[i], r.deadline); err != nil {
			return err
		}
	}
	return err
}

// findUnanswered notes what was told long ago and is open still.
func (t *Tx) findUnanswered(ctx context.Context, p AlertPolicy) error {
	old, err := query(ctx, t, "read what nobody answered", scanText, `SELECT e.id FROM exceptions e WHERE e.closed_at = '' AND e.opened_at <= $1
		AND EXISTS (SELECT 1 FROM alerts a WHERE a.exception_id = e.id AND a.event = $2) AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.exception_id = e.id AND a.event = $3)
		ORDER BY e.opened_at, e.id`, text(t.now.Add(-p.EscalateAfter)), string(returns.AlertOpened), string(returns.AlertEscalated))
	for _, id := range old {
		if err := t.alert(ctx, id, returns.AlertEscalated, 0, ""); err != nil {
			return err
		}
	}
	return err
}

// route gives each sink a row for every new alert that it is to tell. That something is
// over is for those that heard of it.
func (t *Tx) route(ctx context.Context, p AlertPolicy) error {
	type row struct {
		id, exception, shop string
		owner               returns.Owner
		event               returns.AlertEvent
		at                  string
	}
	fresh, err := query(ctx, t, "read new alerts", func(scan func(...any) error) (r row, err error) {
		err = scan(&r.id, &r.exception, &r.event, &r.at, &r.shop, &r.owner)
		return r, err
	}, `SELECT a.id, a.exception_id, a.event, a.at, e.shop, e.owner FROM alerts a JOIN exceptions e ON e.id = a.exception_id WHERE a.routed = 0 ORDER BY a.at, a.id`)
	if err != nil {
		return err
	}
	for _, r := range fresh {
		for _, s := range p.Sinks {
			switch {
			case r.event == returns.AlertHealed:
			case r.event == returns.AlertEscalated && p.EscalateTo != "":
				if s.Name != p.EscalateTo {
					continue
				}
			case !s.Hears(r.owner, r.shop):
				continue
			}
			if _, err := t.exec(ctx, "give a sink an alert", `INSERT INTO alert_deliveries (sink, alert_id, exception_id, state, changed_at)
				SELECT s.name, $1, $2, 'waiting', $3 FROM alert_sinks s WHERE s.name = $4 AND s.since <= $5
					AND ($6 = 0 OR EXISTS (SELECT 1 FROM alert_deliveries d WHERE d.sink = s.name AND d.exception_id = $2))
				ON CONFLICT (sink, alert_id) DO NOTHING`, r.id, r.exception, text(t.now), s.Name, r.at, flag(r.event == returns.AlertHealed)); err != nil {
				return err
			}
		}
		if _, err := t.exec(ctx, "note an alert as given", `UPDATE alerts SET routed = 1 WHERE id = $1`, r.id); err != nil {
			return err
		}
	}
	return nil
}
