package demo

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// Print writes the verdict as people read it.
func (v *Verdict) Print(w io.Writer, links []string) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	row := func(cells ...string) { fmt.Fprintln(t, strings.Join(cells, "\t")) } //nolint:errcheck // checked at Flush
	row("", "KIND OF RETURN", "CAME TO ITS END")
	for _, s := range Scenarios {
		if n, ok := v.Outcomes[s.Name]; ok {
			row("", s.Name, fmt.Sprint(n), s.What)
		}
	}
	row()
	row("", "REFUNDS", "authorised", "executed", "difference from foreseen", "paid twice")
	for _, c := range slices.Sorted(maps.Keys(v.RefundDifference)) {
		row("", c, v.RefundAuthorised[c], v.RefundExecuted[c], v.RefundDifference[c], fmt.Sprint(v.DoubleRefunds))
	}
	row()
	row("", "STOCK", "foreseen", "found", "difference", "restocked twice", "still owed")
	row("", "units", fmt.Sprint(v.StockForeseen), fmt.Sprint(v.StockFound), fmt.Sprint(v.StockDifference), fmt.Sprint(v.DoubleRestocks), fmt.Sprint(v.StockOwedOpen))
	row()
	row("", "EXCEPTIONS", "raised", "owner")
	for _, k := range slices.Sorted(maps.Keys(v.Exceptions)) {
		row("", k, fmt.Sprint(v.Exceptions[k]), v.ExceptionOwners[k])
	}
	if len(v.Exceptions) == 0 {
		row("", "none")
	}
	row()
	row("", "PER RETURN", "ReturnGO calls", "TikTok calls", "billed actions", "history events")
	row("", "", fmt.Sprintf("%.1f", v.CallsPerReturn["returngo"]), fmt.Sprintf("%.1f", v.CallsPerReturn["tiktok"]), fmt.Sprintf("%.1f", v.ActionsPerReturn), fmt.Sprintf("%.1f", v.HistoryPerReturn))
	row()
	row("", "RETURNS", "lost", "deadlines missed", "seconds")
	row("", fmt.Sprint(v.Returns), fmt.Sprint(v.LostReturns), fmt.Sprint(v.MissedDeadlines), fmt.Sprintf("%.0f", v.DurationSeconds))
	for _, p := range v.Problems {
		row("", "PROBLEM", p)
	}
	if len(links) > 0 {
		row()
	}
	for _, l := range links {
		row("", l)
	}
	return t.Flush()
}
