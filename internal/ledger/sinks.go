package ledger

import (
	"context"
	"slices"
	"time"

	"returnbridge/internal/returns"
)

// Sink is a way by which people are told, and of what.
type Sink struct {
	Name   string
	Owners []returns.Owner // none: all
	Shops  []string        // none: all
}

// Hears tells whether the sink is for an owner's exceptions of a shop; what concerns
// no single shop is for each.
func (s Sink) Hears(owner returns.Owner, shop string) bool {
	return (len(s.Owners) == 0 || slices.Contains(s.Owners, owner)) && (len(s.Shops) == 0 || shop == "" || slices.Contains(s.Shops, shop))
}

// knowSinks notes since when there is a sink: it is not told what was before. One that
// was taken out of the configuration is forgotten, with all that waits for it.
func (t *Tx) knowSinks(ctx context.Context, p AlertPolicy) error {
	for _, s := range p.Sinks {
		if _, err := t.exec(ctx, "note a sink", `INSERT INTO alert_sinks (name, since) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`, s.Name, text(t.now)); err != nil {
			return err
		}
	}
	known, err := query(ctx, t, "read sinks", scanText, `SELECT name FROM alert_sinks ORDER BY name`)
	for _, name := range known {
		if slices.ContainsFunc(p.Sinks, func(s Sink) bool { return s.Name == name }) {
			continue
		}
		for what, q := range map[string]string{
			"forget a sink":         `DELETE FROM alert_sinks WHERE name = $1`,
			"forget what waits":     `UPDATE alert_deliveries SET state = 'dropped', message_id = '' WHERE sink = $1 AND state = 'waiting'`,
			"forget what was sent":  `UPDATE alert_messages SET state = 'unclear' WHERE sink = $1 AND state = 'claimed'`,
			"forget what was meant": `UPDATE alert_deliveries SET state = 'unclear' WHERE sink = $1 AND state = 'claimed'`,
		} {
			if _, err := t.exec(ctx, what, q, name); err != nil {
				return err
			}
		}
		if err := t.sinkWorks(ctx, name); err != nil {
			return err
		}
	}
	return err
}

// sinkFailsAfter is how long a sink may take nothing before IT is told.
const sinkFailsAfter = time.Hour

// TellOfSinks opens an exception for each sink that has failed for an hour. The first
// message that it takes closes it.
func (t *Tx) TellOfSinks(ctx context.Context) error {
	all, err := t.SinkStates(ctx)
	for _, s := range all {
		if s.FailingSince.IsZero() || t.now.Sub(s.FailingSince) < sinkFailsAfter {
			continue
		}
		e := returns.NewException(returns.AlertsFail, "sink "+s.Name+" has taken no message since "+s.FailingSince.Format(time.RFC3339)+": "+s.Problem, returns.Money{})
		if err := t.saveExceptions(ctx, "", returns.SinkKey(s.Name), nil, []returns.Exception{e}, opening{}); err != nil {
			return err
		}
	}
	return err
}

// sinkWorks closes what was said of a sink that failed.
func (t *Tx) sinkWorks(ctx context.Context, name string) error {
	_, err := t.closeException(ctx, "", returns.SinkKey(name), returns.NewException(returns.AlertsFail, "", returns.Money{}), healed)
	return err
}

// SinkState is how a sink does.
type SinkState struct {
	Name         string
	FailingSince time.Time // zero: it works
	Problem      string    // why it failed last; no secret, no address
	Waiting      int       // alerts that it has yet to tell
}

// SinkStates are all sinks that the program has used.
func (t *Tx) SinkStates(ctx context.Context) ([]SinkState, error) {
	return query(ctx, t, "read sinks", func(scan func(...any) error) (s SinkState, err error) {
		var failing instant
		err = scan(&s.Name, &failing, &s.Problem, &s.Waiting)
		s.FailingSince = time.Time(failing)
		return s, err
	}, `SELECT s.name, s.failing_since, s.problem, (SELECT COUNT(*) FROM alert_deliveries d WHERE d.sink = s.name AND d.state = 'waiting') FROM alert_sinks s ORDER BY s.name`)
}
