package ledger

import (
	"context"
	"slices"
	"time"
)

// Outage is a time in which nothing moved: Temporal could not be reached, or no worker
// asked it for work. It is kept here so that of several starters one tells of it, and
// so that one that is started again and again knows since when it lasts.
type Outage struct {
	ID     string
	What   string
	Since  time.Time
	OverAt time.Time // zero: it lasts
}

// What an outage is of.
const (
	OutageTemporal = "temporal"
	OutageWorker   = "worker"
)

// OutageLasts notes an outage that began at a time, if it is not known.
func (t *Tx) OutageLasts(ctx context.Context, what string, since time.Time) error {
	_, err := t.exec(ctx, "note an outage", `INSERT INTO outages (id, what, since) VALUES ($1, $2, $3) ON CONFLICT (what) WHERE over_at = '' DO NOTHING`, newID(), what, text(since))
	return err
}

// OutageOver notes that it is over, if there was one.
func (t *Tx) OutageOver(ctx context.Context, what string) error {
	_, err := t.exec(ctx, "note the end of an outage", `UPDATE outages SET over_at = $1 WHERE what = $2 AND over_at = ''`, text(t.now), what)
	return err
}

// OutagesToTell are those that last for so long, and those that were over in the last
// day, the oldest first.
func (t *Tx) OutagesToTell(ctx context.Context, long time.Duration) ([]Outage, error) {
	return query(ctx, t, "read outages", func(scan func(...any) error) (o Outage, err error) {
		var since, over instant
		err = scan(&o.ID, &o.What, &since, &over)
		o.Since, o.OverAt = time.Time(since), time.Time(over)
		return o, err
	}, `SELECT id, what, since, over_at FROM outages WHERE over_at = '' AND since <= $1 OR over_at > $2 ORDER BY since, id`,
		text(t.now.Add(-long)), text(t.now.Add(-24*time.Hour)))
}

// ClaimOutage takes the telling of an outage, or of its end, to a sink: false if that
// was told, or is under way, or the sink was never told that it began. A claimant that
// is never heard of again is followed by one other.
func (t *Tx) ClaimOutage(ctx context.Context, sink string, o Outage, claim time.Duration) (Claim, bool, error) {
	begun, over := "outage/"+o.ID+"/begun", "outage/"+o.ID+"/over"
	key := begun
	if !o.OverAt.IsZero() {
		key = over
		told, err := query(ctx, t, "read what was told of an outage", scanText, `SELECT id FROM alert_messages WHERE sink = $1 AND key = $2`, sink, begun)
		if err != nil || len(told) == 0 {
			return Claim{}, false, err
		}
	}
	c := Claim{ID: newID(), Sink: sink, Sort: MessageOutage}
	until := text(t.now.Add(claim))
	n, err := t.exec(ctx, "claim a message", `INSERT INTO alert_messages (id, sink, key, sort, state, claims, claimed_at, claim_until) VALUES ($1, $2, $3, $4, 'claimed', 1, $5, $6)
		ON CONFLICT (sink, key) DO UPDATE SET claims = alert_messages.claims + 1, claimed_at = excluded.claimed_at, claim_until = excluded.claim_until
			WHERE alert_messages.state = 'claimed' AND alert_messages.claims < $7 AND alert_messages.claim_until <= excluded.claimed_at`,
		c.ID, sink, key, string(MessageOutage), text(t.now), until, sentTwice)
	if err != nil || n == 0 {
		return Claim{}, false, err
	}
	ids, err := query(ctx, t, "read a message", scanText, `SELECT id FROM alert_messages WHERE sink = $1 AND key = $2`, sink, key)
	if err != nil {
		return Claim{}, false, err
	}
	c.Again = !slices.Contains(ids, c.ID)
	c.ID = ids[0]
	return c, true, nil
}
