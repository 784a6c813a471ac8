package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"returnbridge/config"
	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
)

// checkNotify tells whose exceptions reach nobody, and which sinks fail. It sends
// nothing.
func (c *checkup) checkNotify(ctx context.Context) {
	const area = "alerts"
	alerts, err := alertsOf(c.cfg, c.now)
	if err != nil {
		c.problem(area, "%v", err)
		return
	}
	sinks := alerts.Policy.Sinks
	if len(sinks) == 0 {
		c.note(area, "nobody is told of anything: there is no sink under notify.sinks. \"starter list\" shows what waits for people")
		return
	}
	var deaf []string
	for _, owner := range config.Owners {
		for _, s := range c.cfg.Shops {
			if !slices.ContainsFunc(sinks, func(sink ledger.Sink) bool { return sink.Hears(returns.Owner(owner), s.Name) }) {
				deaf = append(deaf, fmt.Sprintf("%s of shop %s", owner, s.Name))
			}
		}
	}
	if len(deaf) > 0 {
		c.note(area, "no sink is for %s: what is theirs is told to nobody", strings.Join(deaf, ", "))
	} else {
		c.fine(area, "each owner of each shop has a sink; try them with \"starter notify test\"")
	}
	if c.ledger == nil {
		return
	}
	var states []ledger.SinkState
	err = c.ledger.Read(ctx, func(tx *ledger.Tx) (err error) {
		states, err = tx.SinkStates(ctx)
		return err
	})
	if err != nil {
		c.problem(area, "%v", err)
	}
	for _, s := range states {
		if !s.FailingSince.IsZero() {
			c.problem(area, "sink %s has taken no message since %s (%s); %s until it does", s.Name, s.FailingSince.Format(time.RFC3339), s.Problem, count(s.Waiting, "alert")+" waiting there")
		}
	}
}
