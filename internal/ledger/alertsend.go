package ledger

import (
	"context"
	"slices"
	"time"

	"returnbridge/internal/returns"
)

// MessageSort is what a message to people is.
type MessageSort string

// The sorts.
const (
	MessageAlerts MessageSort = "alerts" // of one cause
	MessageDigest MessageSort = "digest" // of all that was beyond the hour's number
	MessageDay    MessageSort = "day"    // of what is open for an owner
	MessageOutage MessageSort = "outage"
)

// Claim is a message that its claimant alone sends, now.
type Claim struct {
	ID     string
	Sink   string
	Sort   MessageSort
	Again  bool // it was sent before perhaps: whoever did so has not said
	Alerts []returns.Alert
	Day    returns.Day
}

// SendPolicy bounds what a sink is sent.
type SendPolicy struct {
	PerHour  int           // messages in any hour, all sorts together
	DigestAt time.Duration // since midnight (UTC): when the day's digests are due
	Claim    time.Duration // longer than a sending can take
}

// sentTwice is how often a message goes out of which nobody says what became of it.
const sentTwice = 2

// ClaimMessage takes what a sink is to be told next; false if that is nothing, now. One
// message of a sink is under way at a time. One whose claimant was never heard of
// again is given out once more, and no third time.
func (t *Tx) ClaimMessage(ctx context.Context, s Sink, p SendPolicy) (Claim, bool, error) {
	free, digestDue, err := t.lockSink(ctx, s.Name)
	if err != nil || !free {
		return Claim{}, false, err
	}
	lost, under, err := t.underWay(ctx, s, p)
	if err != nil || under {
		return lost, under && lost.ID != "", err
	}
	used, oldest, err := t.sentWithin(ctx, s.Name, time.Hour)
	if err != nil || used >= p.PerHour {
		return Claim{}, false, err
	}
	if day, due, err := t.claimDay(ctx, s, p); err != nil || due {
		return day, due, err
	}
	if !digestDue.IsZero() && t.now.Before(digestDue) {
		return Claim{}, false, nil
	}
	waiting, err := t.waiting(ctx, s.Name)
	switch {
	case err != nil:
		return Claim{}, false, err
	case len(waiting) == 0:
		return Claim{}, false, t.setDigestDue(ctx, s.Name, time.Time{})
	case !digestDue.IsZero():
		if err := t.setDigestDue(ctx, s.Name, time.Time{}); err != nil {
			return Claim{}, false, err
		}
		return t.claim(ctx, s.Name, MessageDigest, waiting, p)
	case used >= p.PerHour-1: // the last is for the digest
		return Claim{}, false, t.setDigestDue(ctx, s.Name, oldest.Add(time.Hour))
	}
	cause := waiting[0].Cause()
	return t.claim(ctx, s.Name, MessageAlerts, slices.DeleteFunc(waiting, func(d delivery) bool { return d.Cause() != cause }), p)
}

// lockSink has all who send to a sink wait for each other, and tells whether it is to
// be tried now.
func (t *Tx) lockSink(ctx context.Context, name string) (free bool, digestDue time.Time, err error) {
	n, err := t.exec(ctx, "take a sink", `UPDATE alert_sinks SET name = name WHERE name = $1 AND next_try <= $2`, name, text(t.now))
	if err != nil || n == 0 {
		return false, time.Time{}, err
	}
	due, _, err := first(query(ctx, t, "read a sink", scanInstant, `SELECT digest_due FROM alert_sinks WHERE name = $1`, name))
	return true, time.Time(due), err
}

func scanInstant(scan func(...any) error) (at instant, err error) {
	err = scan(&at)
	return at, err
}

func (t *Tx) setDigestDue(ctx context.Context, sink string, at time.Time) error {
	_, err := t.exec(ctx, "set when a digest is due", `UPDATE alert_sinks SET digest_due = $1 WHERE name = $2`, text(at), sink)
	return err
}

// underWay looks for a message that was claimed: true if there is one, and the claim if
// it has run out and is taken over.
func (t *Tx) underWay(ctx context.Context, s Sink, p SendPolicy) (Claim, bool, error) {
	type row struct {
		Claim
		owner  returns.Owner
		claims int
		until  instant
		at     instant
	}
	open, err := query(ctx, t, "read what is under way", func(scan func(...any) error) (r row, err error) {
		err = scan(&r.ID, &r.Sort, &r.owner, &r.claims, &r.until, &r.at)
		return r, err
	}, `SELECT id, sort, owner, claims, claim_until, claimed_at FROM alert_messages WHERE sink = $1 AND state = 'claimed' AND sort <> $2 ORDER BY claimed_at, id`, s.Name, string(MessageOutage))
	for _, r := range open {
		if t.now.Before(time.Time(r.until)) {
			return Claim{}, true, nil
		}
		if r.claims >= sentTwice {
			if err := t.settle(ctx, r.ID, "unclear", "unclear"); err != nil {
				return Claim{}, false, err
			}
			continue
		}
		if _, err := t.exec(ctx, "take a message over", `UPDATE alert_messages SET claims = claims + 1, claimed_at = $1, claim_until = $2 WHERE id = $3`,
			text(t.now), text(t.now.Add(p.Claim)), r.ID); err != nil {
			return Claim{}, false, err
		}
		c := r.Claim
		c.Sink, c.Again = s.Name, true
		if c.Sort == MessageDay {
			c.Day, err = t.day(ctx, s, r.owner, time.Time(r.at))
			return c, true, err
		}
		taken, err := t.deliveries(ctx, `d.message_id = $1`, r.ID)
		c.Alerts = alertsOf(taken)
		return c, true, err
	}
	return Claim{}, false, err
}

// sentWithin counts what a sink was sent in the last while, and gives when the oldest
// of it was. What went out twice counts twice.
func (t *Tx) sentWithin(ctx context.Context, sink string, d time.Duration) (n int, oldest time.Time, err error) {
	at, _, err := first(query(ctx, t, "count messages", func(scan func(...any) error) (at instant, err error) {
		err = scan(&n, &at)
		return at, err
	}, `SELECT COALESCE(SUM(claims), 0), COALESCE(MIN(claimed_at), '') FROM alert_messages WHERE sink = $1 AND claimed_at > $2 AND state <> 'nothing' AND sort <> $3`,
		sink, text(t.now.Add(-d)), string(MessageOutage)))
	return n, time.Time(at), err
}

// delivery is an alert that waits in a sink.
type delivery struct {
	returns.Alert

	id        string
	exception string
	heard     bool // the sink has told of this exception before
}

func alertsOf(all []delivery) []returns.Alert {
	alerts := make([]returns.Alert, len(all))
	for i, d := range all {
		alerts[i] = d.Alert
	}
	return alerts
}

// Joined to nothing, the id keeps SQLite from walking all cases of a shop for the least.
const alertColumns = `e.shop, e.key, e.kind, e.owner, e.sentence, e.subject, e.amount, e.currency, e.opened_at, e.closed_at, e.closed_by, e.deadline,
	COALESCE((SELECT r.order_id FROM returns r WHERE r.shop = e.shop AND r.key = e.key), ''),
	COALESCE((SELECT MIN(h.tiktok_return_id || '') FROM holds h WHERE h.shop = e.shop AND h.key = e.key AND h.tiktok_return_id <> ''), '')`

func scanAlert(scan func(...any) error, more ...any) (returns.Alert, error) {
	var a returns.Alert
	var amount, currency string
	var opened, closed, deadline instant
	err := scan(append(more, &a.Shop, &a.Key, &a.Kind, &a.Owner, &a.Sentence, &a.Subject, &amount, &currency, &opened, &closed, &a.ClosedBy, &deadline, &a.OrderID, &a.TikTokReturnID)...)
	if err != nil {
		return a, err
	}
	a.OpenedAt, a.ClosedAt, a.Deadline = time.Time(opened), time.Time(closed), time.Time(deadline)
	if id := a.Key.TikTokReturnID(); id != "" {
		a.TikTokReturnID = id
	}
	a.Amount, err = readMoney(amount, currency)
	return a, err
}

func (t *Tx) deliveries(ctx context.Context, where string, args ...any) ([]delivery, error) {
	return query(ctx, t, "read alerts", func(scan func(...any) error) (d delivery, err error) {
		var event, distance string
		if d.Alert, err = scanAlert(scan, &d.id, &d.exception, &event, &distance, &d.heard); err != nil {
			return d, err
		}
		d.Event = returns.AlertEvent(event)
		if distance != "" {
			d.Before, err = time.ParseDuration(distance)
		}
		return d, err //nolint:wrapcheck // the caller names the read
	}, `SELECT a.id, a.exception_id, a.event, a.distance,
			EXISTS (SELECT 1 FROM alert_deliveries o WHERE o.exception_id = d.exception_id AND o.sink = d.sink AND o.state IN ('claimed', 'sent', 'unclear')),
			`+alertColumns+`
		FROM alert_deliveries d JOIN alerts a ON a.id = d.alert_id JOIN exceptions e ON e.id = a.exception_id WHERE `+where+` ORDER BY a.at, a.id`, args...)
}

// waiting is what a sink has yet to tell, the oldest first. What is over is told only
// where it was told that it began.
func (t *Tx) waiting(ctx context.Context, sink string) ([]delivery, error) {
	all, err := t.deliveries(ctx, `d.sink = $1 AND d.state = 'waiting'`, sink)
	if err != nil {
		return nil, err
	}
	var kept []delivery
	for _, d := range all {
		if d.ClosedAt.IsZero() || d.heard && d.Event == returns.AlertHealed {
			kept = append(kept, d)
			continue
		}
		if _, err := t.exec(ctx, "drop an alert", `UPDATE alert_deliveries SET state = 'dropped', changed_at = $1 WHERE sink = $2 AND alert_id = $3`, text(t.now), sink, d.id); err != nil {
			return nil, err
		}
	}
	return kept, nil
}

func (t *Tx) claim(ctx context.Context, sink string, sort MessageSort, all []delivery, p SendPolicy) (Claim, bool, error) {
	c := Claim{ID: newID(), Sink: sink, Sort: sort, Alerts: alertsOf(all)}
	if err := t.message(ctx, c, c.ID, "", "claimed", p.Claim); err != nil {
		return c, false, err
	}
	for _, d := range all {
		if _, err := t.exec(ctx, "claim an alert", `UPDATE alert_deliveries SET state = 'claimed', message_id = $1, changed_at = $2 WHERE sink = $3 AND alert_id = $4`, c.ID, text(t.now), sink, d.id); err != nil {
			return c, false, err
		}
	}
	return c, true, nil
}

func (t *Tx) message(ctx context.Context, c Claim, key string, owner returns.Owner, state string, claim time.Duration) error {
	_, err := t.exec(ctx, "claim a message", `INSERT INTO alert_messages (id, sink, key, sort, owner, state, claims, claimed_at, claim_until) VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8)`,
		c.ID, c.Sink, key, string(c.Sort), string(owner), state, text(t.now), text(t.now.Add(claim)))
	return err
}

// claimDay takes the next of the day's digests that is due in a sink. One that says
// nothing is noted and not sent, but for IT: whose digest does not come knows that
// the program does not run.
func (t *Tx) claimDay(ctx context.Context, s Sink, p SendPolicy) (Claim, bool, error) {
	due := t.now.Truncate(24 * time.Hour).Add(p.DigestAt)
	since, _, err := first(query(ctx, t, "read a sink", scanInstant, `SELECT since FROM alert_sinks WHERE name = $1`, s.Name))
	if err != nil || t.now.Before(due) || due.Before(time.Time(since)) {
		return Claim{}, false, err
	}
	for _, owner := range []returns.Owner{returns.IT, returns.CX, returns.Finance, returns.Operations} {
		if !s.Hears(owner, "") {
			continue
		}
		key := "day/" + due.Format(dayFormat) + "/" + string(owner)
		_, done, err := first(query(ctx, t, "read the day's digest", scanText, `SELECT id FROM alert_messages WHERE sink = $1 AND key = $2`, s.Name, key))
		if err != nil {
			return Claim{}, false, err
		}
		if done {
			continue
		}
		c := Claim{ID: newID(), Sink: s.Name, Sort: MessageDay}
		if c.Day, err = t.day(ctx, s, owner, t.now); err != nil {
			return c, false, err
		}
		if c.Day.Nothing() && owner != returns.IT {
			if err := t.message(ctx, c, key, owner, "nothing", 0); err != nil {
				return c, false, err
			}
			continue
		}
		return c, true, t.message(ctx, c, key, owner, "claimed", p.Claim)
	}
	return Claim{}, false, nil
}

// day is what an owner is told by a sink about the 24 hours before a time, and about
// now.
func (t *Tx) day(ctx context.Context, s Sink, owner returns.Owner, at time.Time) (returns.Day, error) {
	d := returns.Day{Owner: owner}
	since := text(at.Add(-24 * time.Hour))
	open, err := query(ctx, t, "read open exceptions", func(scan func(...any) error) (returns.Alert, error) { return scanAlert(scan) },
		`SELECT `+alertColumns+` FROM exceptions e WHERE e.owner = $1 AND e.closed_at = '' ORDER BY e.opened_at, e.id`, string(owner))
	if err != nil {
		return d, err
	}
	d.Open = slices.DeleteFunc(open, func(a returns.Alert) bool { return !s.Hears(owner, a.Shop) })
	for n, q := range map[*int]string{
		&d.Closed: `SELECT e.shop FROM exceptions e WHERE e.owner = $1 AND e.closed_at >= $2`,
		&d.Quiet: `SELECT e.shop FROM exceptions e WHERE e.owner = $1 AND e.opened_at >= $2
			AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.exception_id = e.id AND a.event = 'opened')`,
	} {
		shops, err := query(ctx, t, "count exceptions", scanText, q, string(owner), since)
		if err != nil {
			return d, err
		}
		*n = len(slices.DeleteFunc(shops, func(shop string) bool { return !s.Hears(owner, shop) }))
	}
	unheard, err := query(ctx, t, "count what nobody heard", scanText, `SELECT e.shop FROM alert_deliveries d JOIN exceptions e ON e.id = d.exception_id
		JOIN alerts a ON a.id = d.alert_id WHERE e.owner = $1 AND d.sink = $2 AND d.state = 'dropped' AND d.changed_at >= $3 AND a.event = 'opened'`, string(owner), s.Name, since)
	if err != nil {
		return d, err
	}
	d.Unheard = len(unheard)
	if owner != returns.IT {
		return d, nil
	}
	unclear, err := query(ctx, t, "count unclear messages", scanText, `SELECT id FROM alert_messages WHERE state = 'unclear' AND claimed_at >= $1`, since)
	d.Unclear = len(unclear)
	if err != nil {
		return d, err
	}
	states, err := t.SinkStates(ctx)
	for _, state := range states {
		if !state.FailingSince.IsZero() {
			d.Failing = append(d.Failing, state.Name)
		}
	}
	return d, err
}

// MessageSent notes that a sink has taken a message: it works.
func (t *Tx) MessageSent(ctx context.Context, c Claim) error {
	if err := t.settle(ctx, c.ID, "sent", "sent"); err != nil {
		return err
	}
	if _, err := t.exec(ctx, "note that a sink works", `UPDATE alert_sinks SET failing_since = '', failures = 0, next_try = '', problem = '' WHERE name = $1`, c.Sink); err != nil {
		return err
	}
	return t.sinkWorks(ctx, c.Sink)
}

func (t *Tx) settle(ctx context.Context, id, message, alerts string) error {
	n, err := t.exec(ctx, "settle a message", `UPDATE alert_messages SET state = $1 WHERE id = $2 AND state = 'claimed'`, message, id)
	if err != nil || n == 0 {
		return err
	}
	_, err = t.exec(ctx, "settle alerts", `UPDATE alert_deliveries SET state = $1, changed_at = $2 WHERE message_id = $3`, alerts, text(t.now), id)
	return err
}

// A sink that fails is tried again after firstSinkWait, then each time after twice as
// long up to lastSinkWait.
const (
	firstSinkWait = time.Minute
	lastSinkWait  = 15 * time.Minute
)

// MessageFailed notes that a sink has not taken a message, and why. What it was to tell
// waits again, and comes with what is new meanwhile.
func (t *Tx) MessageFailed(ctx context.Context, c Claim, problem string) error {
	n, err := t.exec(ctx, "take a message back", `DELETE FROM alert_messages WHERE id = $1 AND state = 'claimed'`, c.ID)
	if err != nil || n == 0 {
		return err
	}
	if _, err := t.exec(ctx, "take alerts back", `UPDATE alert_deliveries SET state = 'waiting', message_id = '', changed_at = $1 WHERE message_id = $2`, text(t.now), c.ID); err != nil {
		return err
	}
	failures, _, err := first(query(ctx, t, "read a sink", func(scan func(...any) error) (n int, err error) {
		err = scan(&n)
		return n, err
	}, `SELECT failures FROM alert_sinks WHERE name = $1`, c.Sink))
	if err != nil {
		return err
	}
	wait := min(firstSinkWait<<min(failures, 8), lastSinkWait)
	_, err = t.exec(ctx, "note that a sink fails", `UPDATE alert_sinks SET failures = failures + 1, next_try = $1, problem = $2,
		failing_since = CASE WHEN failing_since = '' THEN $3 ELSE failing_since END WHERE name = $4`, text(t.now.Add(wait)), problem, text(t.now), c.Sink)
	return err
}
