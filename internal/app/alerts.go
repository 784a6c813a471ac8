package app

import (
	"fmt"
	"time"

	"returnbridge/activities"
	"returnbridge/config"
	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/notify"
	"returnbridge/internal/returns"
)

// alertsOf makes the ways to people that the configuration names.
func alertsOf(cfg *config.Config, now func() time.Time) (activities.Alerts, error) {
	n := cfg.Notify
	links := notify.Links{ReturnGO: n.Links.ReturnGO, SellerCenter: n.Links.SellerCenter, WebUI: n.Links.WebUI, WorkflowID: messages.ReturnID}
	a := activities.Alerts{
		Policy: ledger.AlertPolicy{DeadlineWarnings: n.DeadlineWarnings, EscalateAfter: n.EscalateAfter, EscalateTo: n.EscalateTo},
		Send:   ledger.SendPolicy{PerHour: n.PerHour, Claim: activities.AlertClaim},
		Sinks:  map[string]notify.Sink{}, Writer: notify.Writer{Links: links, Now: now},
	}
	if len(n.Sinks) == 0 {
		return a, nil
	}
	var err error
	if a.Send.DigestAt, err = n.DigestTime(); err != nil {
		return a, fmt.Errorf("notify.digest_at: %w", err)
	}
	for _, s := range n.Sinks {
		sink := ledger.Sink{Name: s.Name, Shops: s.Shops}
		for _, o := range s.Owners {
			sink.Owners = append(sink.Owners, returns.Owner(o))
		}
		a.Policy.Sinks = append(a.Policy.Sinks, sink)
		a.Sinks[s.Name] = wayOf(s, links, now)
	}
	return a, nil
}

func wayOf(s config.Sink, links notify.Links, now func() time.Time) notify.Sink {
	switch m := s.SMTP; s.Kind {
	case "slack":
		return notify.Slack{URL: s.URL}
	case "smtp":
		return notify.SMTP{Host: m.Host, Port: m.Port, Username: m.Username, Password: m.Password, From: m.From, To: m.To}
	}
	return notify.Webhook{URL: s.URL, Secret: s.SigningSecret, Links: links, Now: now}
}
