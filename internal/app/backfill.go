package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"returnbridge/config"
	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// backfilled is what a backfill found in each shop, and did.
type backfilled struct {
	Shops   []shopBackfill `json:"shops"`
	Unread  []string       `json:"unread"`  // shops of which nothing is known, because something could not be read
	Written bool           `json:"written"` // else it was a preview
}

type shopBackfill struct {
	Shop     string `json:"shop"`
	ReturnGO int    `json:"open_at_returngo"`
	TikTok   int    `json:"open_at_tiktok"`
	Ledger   int    `json:"open_in_ledger"`
	Running  int    `json:"running"`  // of all these: somebody carries them
	Missing  int    `json:"missing"`  // of all these: nobody does
	Calls    int    `json:"calls"`    // of ReturnGO's daily quota that their first looks take
	Started  int    `json:"started"`  // of the missing
	Products int    `json:"products"` // with units owed to the stock and no writer
	Woken    int    `json:"products_woken"`

	returns  []returns.Key // missing
	products []string      // without a writer
}

func backfillCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "backfill", Short: "Take up every open return that nobody carries: after a loss, or at the start", Args: cobra.NoArgs,
		Long: `Take up every open return that nobody carries: those open at ReturnGO, those open
at TikTok, and those the ledger knows. It is for the first load of a shop, and for
a Temporal that was lost or emptied: the platforms and the ledger hold all that is
needed. What is settled is not started again, and nothing is written by the
backfill itself; each return then acts as the switches allow.

Without --yes it only counts, and makes what it needs to count: the search
attributes, where Temporal has lost them. With it, it also makes the schedules that
are missing, and starts one return after the other and waits --pace between
two, so that the quota of ReturnGO is left to returns that are under way. It can be
stopped and run again: what runs by then is left alone. A shop that could not be
read is named, and the command ends with an error.`,
		Example: "  starter backfill\n  starter backfill --yes --pace 5s --most 500",
	}
	v, shop := newVisitor(cmd, true), shopFlag(cmd)
	v.asks = true
	var p backfillPace
	yes := cmd.Flags().Bool("yes", false, "do it; without, only say what would be done")
	cmd.Flags().DurationVar(&p.between, "pace", 2*time.Second, "how long to wait between two starts")
	cmd.Flags().IntVar(&p.most, "most", 0, "start at most so many returns in this run; 0 is all")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if p.between < 0 || p.most < 0 {
			return errors.New("--pace and --most cannot be negative")
		}
		return v.run(cmd, func(ctx context.Context, h *house, out Output) error { return h.backfill(ctx, *shop, *yes, p, out) })
	}
	return cmd
}

// backfillPace bounds what a run starts.
type backfillPace struct {
	between time.Duration
	most    int // 0: all
}

// backfill counts, and with yes starts, what nobody carries. A shop that cannot
// be read keeps no other waiting.
func (h *house) backfill(ctx context.Context, only string, yes bool, p backfillPace, out Output) error {
	if err := h.knows(only); err != nil {
		return err
	}
	if err := h.prepareBackfill(ctx, yes); err != nil {
		return err
	}
	found := backfilled{Shops: []shopBackfill{}, Unread: []string{}, Written: yes}
	var problems []error
	for _, s := range h.shops(only) {
		b, err := h.missing(ctx, s)
		if err != nil {
			problems, found.Unread = append(problems, fmt.Errorf("shop %s: %w", s.Name, err)), append(found.Unread, s.Name)
			continue
		}
		found.Shops = append(found.Shops, b)
	}
	if yes {
		problems = append(problems, h.takeUp(ctx, found.Shops, p)...)
	}
	if err := out.say(found, found.text()); err != nil {
		return err
	}
	return errors.Join(problems...)
}

// prepareBackfill makes what a lost or emptied Temporal lacks: without the search
// attributes nothing can be counted or started, without the schedules nothing is
// swept. A preview neither starts a sweep nor says whose the namespace is.
func (h *house) prepareBackfill(ctx context.Context, yes bool) error {
	if yes {
		return h.prepareWithSchedules(ctx)
	}
	if err := h.sameLedger(ctx); err != nil {
		return err
	}
	return createSearchAttributes(ctx, h.temporal, h.namespace)
}

// missing finds what is open in a shop and nobody carries.
func (h *house) missing(ctx context.Context, s config.Shop) (shopBackfill, error) {
	b := shopBackfill{Shop: s.Name}
	rmas, err := h.acts.Shops[s.Name].OpenRMAs(ctx)
	if err != nil {
		return b, fmt.Errorf("list the open RMAs: %w", err)
	}
	var cases []returns.TikTokReturn
	err = h.withToken(ctx, s.Name, func() (err error) {
		cases, err = h.acts.Shops[s.Name].OpenTikTokReturns(ctx, h.now())
		return err //nolint:wrapcheck // the call is named below
	})
	if err != nil {
		return b, fmt.Errorf("list the open TikTok returns: %w", err)
	}
	running, err := h.waker.Running(ctx, s.Name)
	if err != nil {
		return b, err
	}
	open, err := h.openReturns(ctx, s.Name, rmas, cases, &b)
	if err != nil {
		return b, err
	}
	for _, key := range open {
		if running[messages.ReturnID(s.Name, key)] {
			b.Running++
			continue
		}
		b.returns = append(b.returns, key)
		if key.RMAID() != "" {
			b.Calls++
		}
	}
	b.products = slices.DeleteFunc(b.products, func(id string) bool { return running[messages.StockID(s.Name, id)] })
	b.ReturnGO, b.TikTok, b.Missing, b.Products = len(rmas), len(cases), len(b.returns), len(b.products)
	return b, nil
}

// openReturns are the returns that all of this is about, each once: RMAs first,
// for they take up their TikTok returns by themselves, then TikTok returns by
// their deadline, then what only the ledger knows. What has ended in the ledger
// has ended: if something moved since, a sweep finds it.
func (h *house) openReturns(ctx context.Context, shop string, rmas []returns.RMASummary, cases []returns.TikTokReturn, b *shopBackfill) ([]returns.Key, error) {
	var all []returns.Key
	for _, r := range rmas {
		all = append(all, returns.RMAKey(r.ID))
	}
	slices.SortStableFunc(cases, func(x, y returns.TikTokReturn) int {
		a, b := x.Deadline(), y.Deadline()
		return cmp.Or(cmp.Compare(flag(a.IsZero()), flag(b.IsZero())), a.Compare(b))
	})
	err := h.ledger.Read(ctx, func(tx *ledger.Tx) error {
		for _, t := range cases {
			keys, err := tx.ReturnsOf(ctx, shop, t.ID, t.OrderID)
			if err != nil {
				return err
			}
			if len(keys) == 0 {
				keys = []returns.Key{returns.TikTokKey(t.ID)}
			}
			all = append(all, keys...)
		}
		known, err := tx.OpenReturns(ctx, shop)
		if err != nil {
			return err
		}
		b.Ledger = len(known)
		all = append(all, known...)
		ended, err := tx.Closed(ctx, shop, all)
		if err != nil {
			return err
		}
		seen := map[returns.Key]bool{}
		for _, key := range ended {
			seen[key] = true
		}
		all = slices.DeleteFunc(all, func(key returns.Key) bool {
			twice := seen[key]
			seen[key] = true
			return twice
		})
		b.products, err = tx.ProductsOwed(ctx, shop)
		return err
	})
	return all, err
}

// takeUp starts what is missing, one after the other, and gives what could not
// be. One that cannot be started keeps no other from it.
func (h *house) takeUp(ctx context.Context, shops []shopBackfill, p backfillPace) (problems []error) {
	started := 0
	for i := range shops {
		b := &shops[i]
		for _, key := range b.returns {
			if p.most > 0 && started == p.most {
				break
			}
			if started > 0 && !wait(ctx, p.between) {
				return append(problems, errors.New("stopped before the end: run it again to go on"))
			}
			started++
			if err := h.waker.WakeReturn(ctx, b.Shop, key, messages.News{History: true}); err != nil {
				problems = append(problems, fmt.Errorf("shop %s: %w", b.Shop, err))
				continue
			}
			b.Started++
		}
		for _, product := range b.products {
			if err := h.waker.WakeStock(ctx, b.Shop, product); err != nil {
				problems = append(problems, fmt.Errorf("shop %s: %w", b.Shop, err))
				continue
			}
			b.Woken++
		}
	}
	return problems
}

// wait waits; false means that the context has ended.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
	return ctx.Err() == nil
}

func (f backfilled) text() string {
	var b strings.Builder
	left := 0
	for _, s := range f.Shops {
		fmt.Fprintf(&b, "%s: open are %s at ReturnGO, %s at TikTok, %s in the ledger.\n", s.Shop, count(s.ReturnGO, "RMA"), count(s.TikTok, "return"), count(s.Ledger, "return"))
		fmt.Fprintf(&b, "  %d of them %s carried; nobody carries %d. Their first looks take %s of ReturnGO's daily quota.\n", s.Running, isOrAre(s.Running), s.Missing, count(s.Calls, "call"))
		if s.Products > 0 {
			fmt.Fprintf(&b, "  %s with units owed to the stock and no writer at work.\n", count(s.Products, "product"))
		}
		if f.Written {
			fmt.Fprintf(&b, "  Started: %s. Stock writers woken: %d.\n", count(s.Started, "return"), s.Woken)
		}
		left += s.Missing - s.Started + s.Products - s.Woken
	}
	if len(f.Unread) > 0 {
		fmt.Fprintf(&b, "\nNOT READ: %s. What is open there is not known: see the error, and run it again.\n", strings.Join(f.Unread, ", "))
	}
	switch {
	case !f.Written && left > 0:
		b.WriteString("\nNothing was started: add --yes to do it.\n")
	case left > 0:
		fmt.Fprintf(&b, "\n%d left: run it again to go on.\n", left)
	case len(f.Unread) > 0: // so nobody knows
	default:
		b.WriteString("\nNothing is missing.\n")
	}
	return b.String()
}

func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
