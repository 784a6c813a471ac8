package app

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
)

// text is the story as people read it.
func (s story) text(now time.Time) string {
	var b strings.Builder
	switch {
	case s.Return.WholeShop():
		fmt.Fprintf(&b, "%s, which concerns all of shop %s\n", s.Return, s.Shop)
	case s.Return.ProductID() != "":
		fmt.Fprintf(&b, "Stock of product %s of shop %s\n", s.Return.ProductID(), s.Shop)
	default:
		fmt.Fprintf(&b, "Return %s of shop %s\n", s.Return, s.Shop)
		s.head(&b, now)
	}
	s.cases(&b, now)
	s.units(&b)
	s.effects(&b)
	s.open(&b, now)
	s.past(&b)
	s.audit(&b)
	return b.String()
}

// several lists the returns that one number means.
func several(number string, all []story) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s means %s:\n", plain(number), count(len(all), "return"))
	var rows [][]string
	for _, s := range all {
		rows = append(rows, []string{fmt.Sprintf("starter show %s --shop %s", s.Return, s.Shop), string(s.Stage), s.Summary})
	}
	align(&b, rows)
	return b.String()
}

// table writes aligned rows under a title; nothing if there are none.
func table(b *strings.Builder, title string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", title)
	align(b, rows)
}

func align(b *strings.Builder, rows [][]string) {
	var aligned strings.Builder
	w := tabwriter.NewWriter(&aligned, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintf(w, "  %s\n", strings.Join(r, "\t"))
	}
	_ = w.Flush() // into memory
	for line := range strings.Lines(aligned.String()) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
}

func (s story) head(b *strings.Builder, now time.Time) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	stage := string(s.Stage)
	if s.Paused {
		stage += " (paused: nothing is done until it is resumed)"
	}
	row("stage", "%s", stage)
	row("summary", "%s", s.Summary)
	if s.RMA != nil {
		row("ReturnGO", "%s since %s, order name %s, read %s", s.RMA.Status, stamp(s.RMA.Since), s.RMA.OrderName, fromNow(s.RMA.ReadAt, now))
	}
	switch {
	case s.OrderID == "":
		row("TikTok", "not linked to an order")
	case s.Order == "":
		row("TikTok", "order %s, not read yet", s.OrderID)
	default:
		row("TikTok", "order %s, %s, read %s", s.OrderID, s.Order, fromNow(s.TikTokRead, now))
	}
	row("opened", "%s", stamp(s.OpenedAt))
	if !s.DecidedAt.IsZero() {
		row("decided", "%s by rules %s", stamp(s.DecidedAt), s.Rules)
	}
	if !s.ClosedAt.IsZero() {
		row("closed", "%s", stamp(s.ClosedAt))
	}
	if s.Uncarried != "" {
		row("workflow", "%s", s.Uncarried)
	}
	_ = w.Flush() // into memory
}

func (s story) cases(b *strings.Builder, now time.Time) {
	var rows [][]string
	for _, c := range s.Cases {
		decides := ""
		if !c.Deadline.IsZero() {
			decides = "TikTok decides " + fromNow(c.Deadline, now)
			if !c.Deadline.After(now) {
				decides = "TikTok was to decide " + fromNow(c.Deadline, now)
			}
		}
		rows = append(rows, []string{c.ID, c.Type, c.Status, money(c.Refund), decides})
	}
	table(b, "TIKTOK RETURNS OF THE ORDER", rows)
}

func (s story) units(b *strings.Builder) {
	var rows [][]string
	for _, u := range s.Units {
		unit, onCase := "no unit of the order", ""
		if u.Unit != "" {
			unit = "unit " + string(u.Unit)
		}
		if u.TikTokReturnID != "" {
			onCase = "TikTok return " + u.TikTokReturnID
		}
		rows = append(rows, []string{unit, u.SKU, "price " + money(u.Paid), "inspection: " + u.Inspection, "stock: " + u.Stock, onCase})
	}
	table(b, "UNITS", rows)
}

func (s story) effects(b *strings.Builder) {
	var rows [][]string
	for _, e := range s.Effects {
		at := e.IntentAt
		if e.AppliedAt.After(at) {
			at = e.AppliedAt
		}
		request := ""
		if e.RequestID != "" {
			request = "request " + e.RequestID
		}
		rows = append(rows, []string{stamp(at), string(e.Kind), string(e.Route), string(e.State), money(e.Amount), count(len(e.Units), "unit"), request, plain(e.Note)})
	}
	table(b, "EFFECTS AT THE PLATFORMS", rows)
}

// open is what waits for an answer, and how to give it.
func (s story) open(b *strings.Builder, now time.Time) {
	if len(s.Open) == 0 {
		return
	}
	b.WriteString("\nOPEN EXCEPTIONS\n")
	for _, e := range s.Open {
		fmt.Fprintf(b, "  %s, for %s, open for %s", e.Kind, e.Owner, span(now.Sub(e.OpenedAt)))
		if returns.Known(e.Amount) {
			fmt.Fprintf(b, ", %s", money(e.Amount))
		}
		fmt.Fprintf(b, "\n    what happened   %s\n    what it means   %s\n    if nobody acts  %s\n", e.Sentence, e.Meaning, e.Silence)
		if len(e.Answers) == 0 {
			b.WriteString("    answers         none: it closes by itself once it is mended\n")
			continue
		}
		of := ledger.ReturnRef{Shop: s.Shop, Key: s.Return}
		fmt.Fprintf(b, "    answers         %s\n", join(e.Answers))
		fmt.Fprintf(b, "    to answer       %s\n", commandLine(of, returns.Exception{Kind: e.Kind, Subject: e.Subject}, len(s.Open) > 1, s.several(e.Kind), e.Answers[0]))
		if e.Kind == returns.UnlinkedOrder && s.RMA != nil {
			fmt.Fprintf(b, "    to link         starter link %q TIKTOK_ORDER_ID --shop %s --who YOU --why REASON\n", s.RMA.OrderName, s.Shop)
		}
	}
}

// several reports whether more than one exception of a kind is open.
func (s story) several(kind returns.Kind) bool {
	n := 0
	for _, e := range s.Open {
		if e.Kind == kind {
			n++
		}
	}
	return n > 1
}

// answerWithFlags is an answer with what it needs beside it.
func answerWithFlags(a returns.AnswerName) string {
	switch a {
	case returns.AnswerSetAmount:
		return string(a) + " --amount 12.50 --currency GBP"
	case returns.AnswerHandledManually:
		return string(a) + " --reference WHAT_WAS_DONE"
	}
	return string(a)
}

func (s story) past(b *strings.Builder) {
	var rows [][]string
	for _, e := range s.Past {
		about := ""
		if returns.Known(e.Amount) {
			about = money(e.Amount)
		}
		rows = append(rows, []string{string(e.Kind), stamp(e.OpenedAt) + " to " + stamp(e.ClosedAt), "closed: " + e.ClosedBy, about, e.Sentence})
	}
	table(b, "PAST EXCEPTIONS", rows)
}

func (s story) audit(b *strings.Builder) {
	var rows [][]string
	for _, l := range s.Audit {
		unit, request := "", ""
		if l.Unit != "" {
			unit = "unit " + string(l.Unit)
		}
		if l.RequestID != "" {
			request = " (request " + l.RequestID + ")"
		}
		rows = append(rows, []string{stamp(l.At), l.By, l.What, unit, l.Why + request})
	}
	table(b, "WHAT HAPPENED, IN ORDER (UTC)", rows)
}
