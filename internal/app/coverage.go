package app

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
)

// countCame counts the returns that events have told, each once in a window.
func countCame(ctx context.Context, tx *ledger.Tx, targets []target, failed []bool) error {
	told := map[way]int{}
	for i, t := range targets {
		for _, p := range t.told {
			if t.key != "" && !failed[i] {
				told[way{t.shop, p}]++
			}
		}
	}
	for _, w := range inOrder(told) {
		if err := tx.Came(ctx, w.shop, w.platform, told[w], 0); err != nil {
			return err
		}
	}
	return nil
}

// way is from where something came, and for whom.
type way struct {
	shop     string // empty: none of ours
	platform returns.Platform
}

// inOrder are the ways of some counts in one order, so that two programs that write
// them never wait for each other.
func inOrder(counts map[way]int) []way {
	return slices.SortedFunc(maps.Keys(counts), func(a, b way) int {
		return cmp.Or(cmp.Compare(a.shop, b.shop), cmp.Compare(a.platform, b.platform))
	})
}

// coverageReport is by which way changes came, and which events are quiet.
type coverageReport struct {
	At    time.Time     `json:"at"`
	Days  []coverageDay `json:"days"` // newest first
	Quiet []quietEvents `json:"quiet"`
	Told  []toldOfShop  `json:"told"` // what IT has been told: a share that fell, webhooks that are refused
}

// toldOfShop is an open exception about a platform's events.
type toldOfShop struct {
	Shop     string       `json:"shop"`
	Kind     returns.Kind `json:"kind"`
	Sentence string       `json:"sentence"`
	Since    time.Time    `json:"opened_at"`

	key returns.Key
}

type coverageDay struct {
	Day      string           `json:"day"` // UTC
	Shop     string           `json:"shop"`
	Platform returns.Platform `json:"platform"`
	ByEvent  int              `json:"by_event"`
	BySweep  int              `json:"by_sweep"`
}

// quietEvents is a platform that told a shop nothing for too long while sweeps
// found changes.
type quietEvents struct {
	Shop     string           `json:"shop"`
	Platform returns.Platform `json:"platform"`
	Last     time.Time        `json:"last_event,omitzero"` // zero: none ever came
	Swept    time.Time        `json:"last_found_by_sweep"`
}

func coverageCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "coverage", Short: "Show how many changes events told, and how many only a sweep found", Args: cobra.NoArgs,
		Long: `Show by day, shop and platform how many changes an event told, and how many only a
sweep found, because no event had come (yet): lost ones are healed so. It says
which platform's events are quiet: sweeps find changes, and none comes for as long
as periods.events_quiet says; or, for half an hour, events told less than half of the
share that they told in the week before (a week of 100 changes, and ten events to be
expected in that time, are enough to tell). That stands in "starter list" for IT as well.`,
		Example: "  starter coverage\n  starter coverage --shop demo-gb --days 30",
	}
	v, shop := newVisitor(cmd, false), shopFlag(cmd)
	days := cmd.Flags().Int("days", 7, "how many days to show, today among them")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return v.run(cmd, func(ctx context.Context, h *house, out Output) error { return h.coverage(ctx, *shop, *days, out) })
	}
	return cmd
}

func (h *house) coverage(ctx context.Context, shop string, days int, out Output) error {
	if days < 1 {
		return fmt.Errorf("--days %d: show one day at least", days)
	}
	if err := h.knows(shop); err != nil {
		return err
	}
	r := coverageReport{At: h.now().UTC(), Days: []coverageDay{}, Quiet: []quietEvents{}, Told: []toldOfShop{}}
	err := h.ledger.Read(ctx, func(tx *ledger.Tx) error {
		all, err := tx.Coverage(ctx, shop, r.At.AddDate(0, 0, 1-days))
		if err != nil {
			return err
		}
		for _, c := range all {
			r.Days = append(r.Days, coverageDay{Day: c.Day.Format(time.DateOnly), Shop: c.Shop, Platform: c.Platform, ByEvent: c.ByEvent, BySweep: c.BySweep})
			if c.SweptAt.IsZero() || slices.ContainsFunc(r.Quiet, func(q quietEvents) bool { return q.Shop == c.Shop && q.Platform == c.Platform }) {
				continue // the newest day counts
			}
			last, err := tx.LastEvent(ctx, c.Shop, c.Platform)
			if err != nil {
				return err
			}
			r.Quiet = append(r.Quiet, quietEvents{Shop: c.Shop, Platform: c.Platform, Last: last, Swept: c.SweptAt})
		}
		for _, kind := range []returns.Kind{returns.EventsQuiet, returns.WebhooksRefused} {
			open, err := tx.OpenExceptions(ctx, ledger.ExceptionFilter{Shop: shop, Kind: kind})
			if err != nil {
				return err
			}
			for _, e := range open {
				r.Told = append(r.Told, toldOfShop{Shop: e.Shop, Kind: e.Kind, Sentence: plain(e.Sentence), Since: e.OpenedAt, key: e.Key})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.Quiet = slices.DeleteFunc(r.Quiet, func(q quietEvents) bool { return q.Swept.Sub(q.Last) <= h.cfg.Periods.EventsQuiet })
	r.Told = slices.DeleteFunc(r.Told, func(t toldOfShop) bool { // it is said already
		return t.Kind == returns.EventsQuiet && slices.ContainsFunc(r.Quiet, func(q quietEvents) bool { return q.Shop == t.Shop && returns.ShopKey(q.Platform) == t.key })
	})
	return out.say(r, r.text())
}

func (r coverageReport) text() string {
	if len(r.Days)+len(r.Told) == 0 {
		return "No changes came in these days.\n"
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "DAY\tSHOP\tPLATFORM\tCHANGES\tTOLD BY EVENT\tFOUND BY SWEEP\n")
	for _, d := range r.Days {
		all := d.ByEvent + d.BySweep
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d (%d %%)\t%d\n", d.Day, d.Shop, d.Platform, all, d.ByEvent, 100*d.ByEvent/all, d.BySweep)
	}
	_ = w.Flush() // into memory
	b.WriteString("\n")
	for _, q := range r.Quiet {
		came := "none ever came"
		if !q.Last.IsZero() {
			came = "the last one came " + fromNow(q.Last, r.At)
		}
		fmt.Fprintf(&b, "%s: the events of %s are quiet: %s, and a sweep found a change %s. For IT: see \"starter webhooks sync\".\n", q.Shop, q.Platform, came, fromNow(q.Swept, r.At))
	}
	for _, t := range r.Told {
		fmt.Fprintf(&b, "%s: IT was told %s (%s): %s.\n", t.Shop, fromNow(t.Since, r.At), t.Kind, t.Sentence)
	}
	if len(r.Quiet)+len(r.Told) == 0 {
		b.WriteString("Events come in. Some are lost now and then: sweeps are there for that.\n")
	}
	return b.String()
}
