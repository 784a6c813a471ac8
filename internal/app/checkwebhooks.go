package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"returnbridge/config"
	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
)

// checkWebhooks asks both platforms where they send their events. Without any the
// sweeps still bring every return in, later.
func (c *checkup) checkWebhooks(ctx context.Context, s config.Shop) {
	area := "shop " + s.Name
	if c.cfg.WebhookURL == "" {
		c.note(area, "webhook_url is not set, so nothing is known of the webhooks; sweeps alone bring in what is new, ReturnGO's every %s and TikTok's every %s", c.cfg.Periods.SweepReturnGO, c.cfg.Periods.SweepTikTok)
		return
	}
	all, err := addresses{base: c.cfg.WebhookURL}.registrations(ctx, s, c.acts.Shops[s.Name])
	if err != nil {
		c.problem(area, "%s", hint(err, "look at the app's scopes and api_key"))
		return
	}
	open := map[string][]string{}
	for _, r := range all {
		what := r.Event + " at " + platformName(r.Platform)
		if r.Why != "" {
			what += " (" + r.Why + ")"
		}
		if r.Do != webhookRight {
			open[r.Do] = append(open[r.Do], what)
		}
	}
	if missing := open[webhookAdd]; len(missing) > 0 {
		c.problem(area, "webhooks are missing: %s; \"starter webhooks sync\" registers them", strings.Join(missing, ", "))
	}
	if foreign := open[webhookForeign]; len(foreign) > 0 {
		c.problem(area, "webhooks go to others: %s", strings.Join(foreign, ", "))
	}
	if stale := slices.Concat(open[webhookMove], open[webhookRemove]); len(stale) > 0 {
		c.note(area, "webhooks of ours are of no use: %s; \"starter webhooks sync\" removes them", strings.Join(stale, ", "))
	}
	if len(open) == 0 {
		c.fine(area, "all webhooks are registered at both platforms, and go to %s", hostOf(c.cfg.WebhookURL))
	}
}

// checkEvents says what has arrived: the one proof that a topic is on which no
// program can list (T20).
func (c *checkup) checkEvents(ctx context.Context, shop string) {
	area := "shop " + shop
	came, told := c.events(ctx, area, shop)
	if told != "" {
		c.fine(area, "events came in: %s", told)
	}
	for _, t := range partnerCenterTopics {
		if !slices.ContainsFunc(came, func(e ledger.EventCount) bool { return e.Platform == returns.TikTok && e.Topic == t.name }) {
			c.note(area, "no event of TikTok's topic %d (%s) ever came; it is switched on in Partner Center by a person, and %s", t.number, t.name, t.costs)
		}
	}
}

// refusedFor is how far back a check looks for webhooks that were refused.
const refusedFor = 24 * time.Hour

// checkRefused says how many webhooks were refused that named a shop, or none of ours.
func (c *checkup) checkRefused(ctx context.Context, area, shop string) {
	for _, p := range []struct {
		platform   returns.Platform
		wrong, key string
	}{{returns.TikTok, "signature", "tiktok.app_secret"}, {returns.ReturnGO, "token in the address", "webhook_token"}} {
		var r ledger.Refusals
		err := c.ledger.Read(ctx, func(tx *ledger.Tx) (err error) {
			r, err = tx.RefusedSince(ctx, shop, p.platform, c.now().Add(-refusedFor))
			return err
		})
		say := c.problem
		if shop == "" {
			say = c.note // strangers knock at any address
		}
		switch {
		case err != nil:
			c.problem(area, "%v", err)
		case r.Count > 0:
			say(area, "%s in the last day, the last %s: sent as events of %s, with a wrong %s. If they are genuine look at %s; while it is changed the one before it can be configured too",
				count(r.Count, "webhook")+" refused", fromNow(r.Last, c.now()), platformName(p.platform), p.wrong, p.key)
		}
	}
}

// checkPrevious reminds of secrets that a change has left behind.
func (c *checkup) checkPrevious() {
	if c.cfg.TikTok.AppSecretPrevious != "" {
		c.note("configuration", "webhooks signed with tiktok.app_secret_previous are taken too: take it out a day after the change")
	}
	for _, s := range c.cfg.Shops {
		if s.WebhookTokenPrevious != "" {
			c.note("shop "+s.Name, "webhooks with webhook_token_previous are taken too: take it out when \"starter webhooks sync\" has nothing to do")
		}
	}
}

// checkStrays says what came in that was of no use.
func (c *checkup) checkStrays(ctx context.Context) {
	if _, told := c.events(ctx, "webhooks", ""); told != "" {
		c.note("webhooks", "TikTok sent what belongs to no shop of the configuration, or could not be read: %s", told)
	}
}

func (c *checkup) events(ctx context.Context, area, shop string) (came []ledger.EventCount, told string) {
	err := c.ledger.Read(ctx, func(tx *ledger.Tx) (err error) {
		came, err = tx.EventCounts(ctx, shop)
		return err
	})
	if err != nil {
		c.problem(area, "the events that came in cannot be counted: %v", err)
	}
	var all []string
	for _, e := range came {
		all = append(all, fmt.Sprintf("%s %s: %d (last %s)", platformName(e.Platform), cmp.Or(e.Topic, "without a name"), e.Events, fromNow(e.Last, c.now())))
	}
	return came, strings.Join(all, ", ")
}
