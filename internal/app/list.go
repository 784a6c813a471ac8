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

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
)

// openList is what waits for people.
type openList struct {
	Exceptions []openItem      `json:"exceptions"`
	Totals     []returns.Money `json:"totals"` // by currency; of each return the largest sum of one kind
	Carriage   carriage        `json:"temporal"`
}

type openItem struct {
	Shop     string        `json:"shop"`
	Return   returns.Key   `json:"return"`
	OrderID  string        `json:"order_id,omitempty"`
	Kind     returns.Kind  `json:"kind"`
	Owner    returns.Owner `json:"owner"`
	Subject  string        `json:"subject,omitempty"`
	Sentence string        `json:"sentence"`
	Amount   returns.Money `json:"amount"`
	Paused   bool          `json:"paused,omitempty"`
	OpenedAt time.Time     `json:"opened_at"`
	Deadline time.Time     `json:"seller_deadline,omitzero"`
}

// list shows the open exceptions: what TikTok decides first on top, then the
// oldest.
func (h *house) list(ctx context.Context, f ledger.ExceptionFilter, out Output) error {
	if err := h.checkFilter(&f); err != nil {
		return err
	}
	var open []ledger.OpenException
	err := h.ledger.Read(ctx, func(tx *ledger.Tx) (err error) {
		open, err = tx.OpenExceptions(ctx, f)
		return err
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(open, func(a, b ledger.OpenException) int {
		switch {
		case a.Deadline.IsZero() != b.Deadline.IsZero():
			return cmp.Compare(flag(a.Deadline.IsZero()), flag(b.Deadline.IsZero()))
		default:
			return cmp.Or(a.Deadline.Compare(b.Deadline), a.OpenedAt.Compare(b.OpenedAt))
		}
	})
	l, err := listOf(open)
	if err != nil {
		return err
	}
	if l.Carriage, err = h.carriage(ctx, f.Shop); err != nil {
		return err
	}
	return out.say(l, l.text(h.now().UTC()))
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// checkFilter takes owners as people write them, and refuses what would find
// nothing for ever.
func (h *house) checkFilter(f *ledger.ExceptionFilter) error {
	owners := []returns.Owner{returns.CX, returns.Operations, returns.Finance, returns.IT}
	if f.Owner != "" {
		i := slices.IndexFunc(owners, func(o returns.Owner) bool { return strings.EqualFold(string(o), string(f.Owner)) })
		if i < 0 {
			return fmt.Errorf("there is no owner %q: the owners are CX, Operations, Finance and IT", f.Owner)
		}
		f.Owner = owners[i]
	}
	if _, known := returns.Catalogue[f.Kind]; f.Kind != "" && !known {
		return fmt.Errorf("there is no kind of exception %q: the kinds are %s", f.Kind, join(slices.Sorted(maps.Keys(returns.Catalogue))))
	}
	return h.knows(f.Shop)
}

func listOf(open []ledger.OpenException) (openList, error) {
	l := openList{Exceptions: []openItem{}}
	for _, e := range open {
		l.Exceptions = append(l.Exceptions, openItem{
			Shop: e.Shop, Return: e.Key, OrderID: e.OrderID, Kind: e.Kind, Owner: e.Owner, Subject: e.Subject, Sentence: plain(e.Sentence),
			Amount: e.Amount, Paused: e.Paused, OpenedAt: e.OpenedAt, Deadline: e.Deadline,
		})
	}
	var err error
	l.Totals, err = atStake(open)
	return l, err
}

// atStake is the money that exceptions name, by currency. Questions of several kinds on
// one return are about the same money: of those the kind with the largest sum counts.
func atStake(open []ledger.OpenException) ([]returns.Money, error) {
	type ofKind struct {
		of       ledger.ReturnRef
		kind     returns.Kind
		currency string
	}
	sums, largest, totals := map[ofKind]returns.Money{}, map[ofKind]returns.Money{}, map[string]returns.Money{}
	for _, e := range open {
		if !returns.Known(e.Amount) {
			continue
		}
		k := ofKind{e.ReturnRef, e.Kind, e.Amount.CurrencyCode()}
		sum, err := returns.Sum(sums[k], e.Amount)
		if err != nil {
			return nil, fmt.Errorf("add up the money: %w", err)
		}
		sums[k] = sum
	}
	for k, sum := range sums {
		k.kind = ""
		if most, found := largest[k]; !found || returns.Exceeds(sum, most) {
			largest[k] = sum
		}
	}
	for k, sum := range largest {
		total, err := returns.Sum(totals[k.currency], sum)
		if err != nil {
			return nil, fmt.Errorf("add up the money: %w", err)
		}
		totals[k.currency] = total
	}
	all := []returns.Money{}
	for _, code := range slices.Sorted(maps.Keys(totals)) {
		all = append(all, totals[code])
	}
	return all, nil
}

func (l openList) text(now time.Time) string {
	if len(l.Exceptions) == 0 {
		return "No open exceptions.\n" + l.Carriage.text()
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "TIKTOK DECIDES\tOPEN FOR\tOWNER\tMONEY\tSHOP\tRETURN\tKIND\tWHAT HAPPENED\n")
	for _, e := range l.Exceptions {
		sentence := e.Sentence
		if e.Paused {
			sentence += " (paused)"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", fromNow(e.Deadline, now), span(now.Sub(e.OpenedAt)), e.Owner, money(e.Amount), e.Shop, e.Return, e.Kind, sentence)
	}
	_ = w.Flush() // into memory
	fmt.Fprintf(&b, "\n%s open", count(len(l.Exceptions), "exception"))
	if len(l.Totals) > 0 {
		var sums []string
		for _, m := range l.Totals {
			sums = append(sums, money(m))
		}
		fmt.Fprintf(&b, "; money named in them: %s", strings.Join(sums, ", "))
	}
	b.WriteString(".\n")
	first := l.Exceptions[0]
	fmt.Fprintf(&b, "See one with all that happened: starter show %s --shop %s\n", first.Return, first.Shop)
	if i := slices.IndexFunc(l.Exceptions, func(e openItem) bool { return len(returns.Catalogue[e.Kind].Answers) > 0 }); i >= 0 {
		e := l.Exceptions[i]
		fmt.Fprintf(&b, "See what can be answered to one, and how: starter resolve %s --shop %s\n", e.Return, e.Shop)
	}
	b.WriteString(l.Carriage.text())
	return b.String()
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// join lists names for a sentence.
func join[T ~string](names []T) string {
	var all []string
	for _, n := range names {
		all = append(all, string(n))
	}
	return strings.Join(all, ", ")
}
