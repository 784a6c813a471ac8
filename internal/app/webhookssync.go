package app

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"returnbridge/internal/returns"
)

// synced is what a sync found, and did.
type synced struct {
	Registrations []registration `json:"registrations"`
	Written       bool           `json:"written"` // else it was a preview
}

func webhooksCommand() *cobra.Command {
	group := &cobra.Command{Use: "webhooks", Short: "Look after the webhooks at both platforms"}
	cmd := &cobra.Command{
		Use: "sync", Short: "Register at both platforms what is missing, and remove what is ours and of no use", Args: cobra.NoArgs,
		Long: `List the webhooks that are registered at TikTok and ReturnGO for each shop, and
say what is to be changed so that both send their events to webhook_url. Without
--yes nothing is changed.

Only registrations of this program are moved or removed: those under webhook_url,
and those under the address named with --moved-from. Whatever else is registered
is left alone.`,
		Example: `  starter webhooks sync
  starter webhooks sync --yes
  starter webhooks sync --moved-from https://old.example.com --yes`,
	}
	v, shop := newVisitor(cmd, false), shopFlag(cmd)
	v.asks = true
	moved := cmd.Flags().String("moved-from", "", "an earlier webhook_url: what is registered under it is ours too")
	yes := cmd.Flags().Bool("yes", false, "do it; without, only say what would be done")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return v.run(cmd, func(ctx context.Context, h *house, out Output) error {
			return h.syncWebhooks(ctx, *shop, *moved, *yes, out)
		})
	}
	group.AddCommand(cmd)
	return group
}

// syncWebhooks lists, and with yes changes what differs. It goes on after a
// problem: each registration is of use without the others.
func (h *house) syncWebhooks(ctx context.Context, only, moved string, yes bool, out Output) error {
	if h.cfg.WebhookURL == "" {
		return errors.New("webhook_url is not set: nobody knows which address to register")
	}
	if u, err := url.Parse(moved); moved != "" && (err != nil || u.Host == "" || u.Host == hostOf(h.cfg.WebhookURL)) {
		return errors.New("--moved-from must be an earlier webhook_url, such as https://old.example.com")
	}
	if err := h.knows(only); err != nil {
		return err
	}
	found := synced{Registrations: []registration{}, Written: yes}
	var problems []error
	for _, s := range h.shops(only) {
		var all []registration
		err := h.withToken(ctx, s.Name, func() (err error) {
			all, err = addresses{h.cfg.WebhookURL, moved}.registrations(ctx, s, h.acts.Shops[s.Name])
			return err
		})
		if err != nil {
			problems = append(problems, fmt.Errorf("shop %s: %w", s.Name, err))
			continue
		}
		if yes {
			problems = append(problems, register(ctx, all)...)
		}
		found.Registrations = append(found.Registrations, all...)
	}
	if err := out.say(found, found.text(h.cfg.WebhookURL)); err != nil {
		return err
	}
	return errors.Join(problems...)
}

// register does what is to be done, and gives what could not be. An old one goes
// only where every new one came: it may still be the only one that works.
func register(ctx context.Context, all []registration) (problems []error) {
	failed := map[returns.Platform]bool{}
	for i := range all {
		r := &all[i]
		about := fmt.Sprintf("shop %s: %s at %s", r.Shop, r.Event, platformName(r.Platform))
		if r.Do == webhookForeign {
			problems = append(problems, fmt.Errorf("%s: %s", about, r.Why))
		}
		if r.apply == nil || r.Do == webhookRemove && failed[r.Platform] {
			continue
		}
		if err := r.apply(ctx); err != nil {
			failed[r.Platform] = true
			problems = append(problems, fmt.Errorf("%s: %s: %w", about, r.Do, err))
			continue
		}
		r.Done = true
	}
	return problems
}

func (s synced) text(base string) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	open := 0
	for _, r := range s.Registrations {
		do := r.Do
		switch {
		case r.apply != nil && r.Done:
			do += ", done"
		case r.apply != nil && s.Written:
			do += ", NOT DONE"
		case r.apply != nil:
			open++
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", r.Shop, platformName(r.Platform), r.Event, do, plain(r.Why))
	}
	_ = w.Flush() // into memory
	if len(s.Registrations) > 0 {
		b.WriteString("\nTo be switched on by a person in TikTok's Partner Center, with the address " + strings.TrimSuffix(base, "/") + PathTikTok + ":\n")
		for _, t := range partnerCenterTopics {
			fmt.Fprintf(&b, "  topic %d (%s): %s\n", t.number, t.name, t.costs)
		}
	}
	if !s.Written {
		fmt.Fprintf(&b, "\n%s to be made. Nothing was changed: add --yes to do it.\n", count(open, "change"))
	}
	return b.String()
}

// platformName is what people call a platform.
func platformName(p returns.Platform) string {
	if p == returns.ReturnGO {
		return "ReturnGO"
	}
	return "TikTok"
}
