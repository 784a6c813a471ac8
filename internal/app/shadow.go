package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"returnbridge/config"
	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
)

// shadowReport holds what switches kept us from against what people did.
type shadowReport struct {
	At      time.Time    `json:"at"`
	Since   time.Time    `json:"since,omitzero"`
	Actions []actionSeen `json:"actions"`
	// The shadows behind the counts, but for those that agreed.
	Differed []shadowSeen `json:"differed"`
	Theirs   []shadowSeen `json:"only_people"`
	Waiting  []shadowSeen `json:"nobody_yet"`
	// Notes would have been left in ReturnGO; those that people leave are not read.
	Notes   int           `json:"notes_not_compared"`
	Restock []restockSeen `json:"restock"`
}

// actionSeen is one kind of action in one shop. Agreed, differed and theirs were
// done; what we would have done ourselves since a switch was turned on is not in it.
type actionSeen struct {
	Shop     string    `json:"shop"`
	Action   string    `json:"action"`
	On       bool      `json:"switched_on"`
	Agreed   int       `json:"agreed"`
	Differed int       `json:"differed"`
	Theirs   int       `json:"only_people"`
	Waiting  int       `json:"nobody_yet"`
	Oldest   time.Time `json:"oldest,omitzero"` // of those that nobody has done yet
	Dropped  int       `json:"not_due_any_more"`
}

type shadowSeen struct {
	Shop    string        `json:"shop"`
	Return  returns.Key   `json:"return"`
	OrderID string        `json:"order_id"`
	Action  string        `json:"action"`
	Route   returns.Route `json:"route,omitempty"`
	Ours    returns.Money `json:"ours"`
	Why     string        `json:"why"` // why we would have, or where the return stood
	Wanted  time.Time     `json:"wanted_at,omitzero"`
	Theirs  returns.Money `json:"theirs"`
	Did     string        `json:"did,omitempty"`
	DidAt   time.Time     `json:"did_at,omitzero"`
}

// restockSeen is what would come into a shop's stock at once, beside by how much
// others raised the same SKUs meanwhile: TikTok does not say for which return.
type restockSeen struct {
	Shop   string `json:"shop"`
	Units  int    `json:"units_wanted"`
	Raised int    `json:"raised_by_others"`
}

// actionNames are the kinds of action, in the order of a return's life.
var actionNames = []struct {
	kind returns.ActKind
	name string
	on   func(config.Shop) bool
}{
	{returns.ActAccept, "accept a return", func(s config.Shop) bool { return s.Switches.Register }},
	{returns.ActOpenReturn, "open a return", func(s config.Shop) bool { return s.Switches.Register }},
	{returns.ActUploadLabel, "upload a label", func(s config.Shop) bool { return s.Switches.Register }},
	{returns.ActRefund, "refund", func(s config.Shop) bool { return s.Switches.Refund }},
	{returns.ActRestock, "restock a unit", func(s config.Shop) bool { return s.Switches.Restock }},
	{returns.ActWriteBack, "write back to ReturnGO", func(s config.Shop) bool { return s.Switches.WriteBack }},
}

func shadowCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "shadow", Short: "Hold what switches keep the program from against what people do"}
	report := &cobra.Command{
		Use: "report", Short: "Show by kind of action how often people did what the program would have done", Args: cobra.NoArgs,
		Long: `Show by kind of action how often people did what the program would have done while
its switch was off: the same to the penny, something else, something it would not
have done; and what nobody has done yet. Each that is not the same is listed, so
that you can decide to switch an action on. Nothing is read at the platforms but
what the returns have read.`,
		Example: "  starter shadow report\n  starter shadow report --shop demo-gb --since 2026-03-01",
	}
	v, shop := newVisitor(report, false), shopFlag(report)
	since := report.Flags().String("since", "", "only what came up since this day (UTC), such as 2026-03-01")
	report.RunE = func(cmd *cobra.Command, _ []string) error {
		from, err := dayOf(*since)
		if err != nil {
			return err
		}
		return v.run(cmd, func(ctx context.Context, h *house, out Output) error { return h.shadow(ctx, *shop, from, out) })
	}
	cmd.AddCommand(report)
	return cmd
}

// dayOf reads a day as people write it; none is the beginning.
func dayOf(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	day, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return day, fmt.Errorf("%q is no day: write it as 2026-03-01", s)
	}
	return day, nil
}

func (h *house) shadow(ctx context.Context, shop string, since time.Time, out Output) error {
	if err := h.knows(shop); err != nil {
		return err
	}
	r := shadowReport{At: h.now().UTC(), Since: since, Actions: []actionSeen{}, Differed: []shadowSeen{}, Theirs: []shadowSeen{}, Waiting: []shadowSeen{}, Restock: []restockSeen{}}
	err := h.ledger.Read(ctx, func(tx *ledger.Tx) error {
		kept, err := tx.Shadows(ctx, shop, since)
		if err != nil {
			return err
		}
		for _, s := range kept {
			r.add(s, h.cfg.Shops)
		}
		for i, a := range r.Actions {
			if a.Action != actionName(returns.ActRestock) || a.Waiting == 0 {
				continue
			}
			raised, err := tx.RaisedByOthers(ctx, a.Shop, since)
			if err != nil {
				return err
			}
			r.Restock = append(r.Restock, restockSeen{Shop: a.Shop, Units: r.Actions[i].Waiting, Raised: raised})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return out.say(r, r.text())
}

func actionName(kind returns.ActKind) string {
	for _, a := range actionNames {
		if a.kind == kind {
			return a.name
		}
	}
	return string(kind)
}

// add counts one shadow, and lists it unless people did the same.
func (r *shadowReport) add(s ledger.KeptShadow, shops []config.Shop) {
	if s.Route == returns.RouteComment {
		r.Notes++
		return
	}
	if s.End == returns.ShadowOurs {
		return
	}
	a := r.action(s, shops)
	seen := shadowSeen{
		Shop: s.Shop, Return: s.Key, OrderID: s.OrderID, Action: a.Action, Route: s.Route, Ours: s.Amount, Why: plain(s.Reason), Wanted: s.Wanted,
		Theirs: s.DidAmount, Did: plain(s.Did), DidAt: s.DidAt,
	}
	switch s.End {
	case returns.ShadowAgreed:
		a.Agreed++
	case returns.ShadowDiffered:
		a.Differed++
		r.Differed = append(r.Differed, seen)
	case returns.ShadowTheirs:
		a.Theirs++
		r.Theirs = append(r.Theirs, seen)
	case returns.ShadowDropped:
		a.Dropped++
	default:
		a.Waiting++
		if a.Oldest.IsZero() || s.Wanted.Before(a.Oldest) {
			a.Oldest = s.Wanted
		}
		r.Waiting = append(r.Waiting, seen)
	}
}

// action is the line of a shadow's kind in its shop; all lines of a shop come
// together.
func (r *shadowReport) action(s ledger.KeptShadow, shops []config.Shop) *actionSeen {
	if !slices.ContainsFunc(r.Actions, func(a actionSeen) bool { return a.Shop == s.Shop }) {
		i := slices.IndexFunc(shops, func(c config.Shop) bool { return c.Name == s.Shop })
		for _, n := range actionNames {
			r.Actions = append(r.Actions, actionSeen{Shop: s.Shop, Action: n.name, On: i >= 0 && n.on(shops[i])})
		}
	}
	i := slices.IndexFunc(r.Actions, func(a actionSeen) bool { return a.Shop == s.Shop && a.Action == actionName(s.Kind) })
	return &r.Actions[i]
}

func (r shadowReport) text() string {
	if len(r.Actions) == 0 {
		return "Nothing to compare: no action that is switched off has come up.\n"
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "SHOP\tACTION\tSWITCH\tAGREED\tDIFFERED\tONLY PEOPLE\tNOBODY YET\tNOT DUE ANY MORE\n")
	for _, a := range r.Actions {
		state, waiting := "off", fmt.Sprint(a.Waiting)
		if a.On {
			state = "on"
		}
		if a.Waiting > 0 {
			waiting += ", oldest " + span(r.At.Sub(a.Oldest))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%s\t%d\n", a.Shop, a.Action, state, a.Agreed, a.Differed, a.Theirs, waiting, a.Dropped)
	}
	_ = w.Flush() // into memory
	r.list(&b, "People did something else", r.Differed)
	r.list(&b, "People did it, and the program would not have (the reason is where the return stood)", r.Theirs)
	r.list(&b, "The program would have, and nobody has yet", r.Waiting)
	b.WriteString("\n" + shadowLegend)
	for _, s := range r.Restock {
		fmt.Fprintf(&b, "%s: %s would come into stock. TikTok does not say for which return stock is raised; others raised\n"+
			"the same SKUs by %d meanwhile. Once restock is switched on each open return asks first whether its units are in\n"+
			"stock already: see \"starter list --kind inspected-while-off\".\n", s.Shop, count(s.Units, "unit"), s.Raised)
	}
	if r.Notes > 0 {
		fmt.Fprintf(&b, "%s would have been left in ReturnGO; those of people are not read, so they are not compared.\n", count(r.Notes, "note"))
	}
	return b.String()
}

const shadowLegend = `Agreed: people did the same, to the penny and by the same way, perhaps earlier.
"People" may be TikTok itself: it does not say whether a person or its clock decided.
`

func (r shadowReport) list(b *strings.Builder, title string, all []shadowSeen) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s:\n", title)
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "SHOP\tRETURN\tACTION\tPROGRAM\tPEOPLE\tWHEN\tWHAT PEOPLE DID\tREASON OF THE PROGRAM\n")
	for _, s := range all {
		when, did := s.DidAt, s.Did
		if did == "" {
			when, did = s.Wanted, "nothing yet"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", s.Shop, s.Return, s.Action, money(s.Ours), money(s.Theirs), fromNow(when, r.At), did, s.Why)
	}
	_ = w.Flush() // into memory
}
