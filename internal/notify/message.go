package notify

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"returnbridge/internal/returns"
)

// Message is one message to people, as each way out sends it.
type Message struct {
	ID      string // the same when it is sent again
	Sort    string // alerts, digest, day, outage, test
	At      time.Time
	Subject string // one line
	Text    string // plain, lines end with \n
	Alerts  []returns.Alert
}

// Writer writes messages.
type Writer struct {
	Links Links
	Now   func() time.Time
}

// mostItems is how many exceptions a message tells in full; the rest are counted, with
// the command that lists them.
const mostItems = 20

// prefix stands before each subject, so that people can sort by it.
const prefix = "[returnbridge] "

func (w Writer) message(id, sort, subject, text string, alerts []returns.Alert) Message {
	return Message{ID: id, Sort: sort, At: w.Now().UTC(), Subject: prefix + subject, Text: text, Alerts: alerts}
}

// Cause tells what happened to exceptions of one cause. again: it may have been told
// before.
func (w Writer) Cause(id string, alerts []returns.Alert, again bool) Message {
	cause, entry := alerts[0].Cause(), returns.Catalogue[alerts[0].Kind]
	var b strings.Builder
	fmt.Fprintf(&b, "For %s, %s: %s\n%s\nIf nobody answers: %s\n", cause.Owner, where(cause), cause.Kind, entry.Meaning, entry.Silence)
	if again {
		b.WriteString("(This may have come before: whoever sent it was ended while doing so.)\n")
	}
	left := mostItems
	for _, event := range events {
		all := of(alerts, event)
		if len(all) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n%s: %d%s\n", titles[event], len(all), together(all))
		shown := all[:min(left, len(all))]
		left -= len(shown)
		for _, a := range shown {
			w.item(&b, a)
		}
		if n := len(all) - len(shown); n > 0 {
			fmt.Fprintf(&b, "and %d more; those open: %s\n", n, list(cause))
		}
	}
	if slices.ContainsFunc(alerts, func(a returns.Alert) bool { return a.ClosedAt.IsZero() }) {
		b.WriteString("\n")
		answers(&b, alerts[0].Kind, firstOpen(alerts))
	}
	return w.message(id, "alerts", w.causeSubject(cause, alerts), b.String(), alerts)
}

// events in the order in which they press, and how each is headed.
var (
	events = []returns.AlertEvent{returns.AlertDeadline, returns.AlertEscalated, returns.AlertOpened, returns.AlertHealed}
	titles = map[returns.AlertEvent]string{
		returns.AlertDeadline: "TikTok decides by itself soon", returns.AlertEscalated: "ESCALATED, open for long without an answer",
		returns.AlertOpened: "Opened", returns.AlertHealed: "Closed",
	}
)

func of(alerts []returns.Alert, event returns.AlertEvent) []returns.Alert {
	var all []returns.Alert
	for _, a := range alerts {
		if a.Event == event {
			all = append(all, a)
		}
	}
	return all
}

func (w Writer) causeSubject(c returns.Cause, alerts []returns.Alert) string {
	var what []string
	for _, event := range events {
		all := of(alerts, event)
		if len(all) == 0 {
			continue
		}
		said := fmt.Sprintf("%d %s", len(all), event)
		if event == returns.AlertDeadline {
			said = fmt.Sprintf("%d within %s of TikTok's deadline", len(all), span(slices.MaxFunc(all, func(a, b returns.Alert) int { return cmp.Compare(a.Before, b.Before) }).Before))
		}
		what = append(what, said)
	}
	subject := fmt.Sprintf("%s: %s, %s (%s)", where(c), c.Kind, strings.Join(what, ", "), c.Owner)
	if len(of(alerts, returns.AlertEscalated)) > 0 {
		subject = "ESCALATED " + subject
	}
	return subject + together(alerts)
}

// where says what a cause concerns.
func where(c returns.Cause) string {
	switch {
	case c.Platform != "":
		return platform(c.Platform)
	case c.Shop == "":
		return "this installation"
	}
	return "shop " + c.Shop
}

func platform(name string) string {
	switch returns.Platform(name) {
	case returns.TikTok:
		return "TikTok"
	case returns.ReturnGO:
		return "ReturnGO"
	}
	return name
}

// item tells one exception in full.
func (w Writer) item(b *strings.Builder, a returns.Alert) {
	fmt.Fprintf(b, "- %s: %s\n", name(a), line(a.Sentence))
	facts := []string{}
	if returns.Known(a.Amount) {
		facts = append(facts, "money "+Money(a.Amount))
	}
	if a.ClosedAt.IsZero() {
		facts = append(facts, "open for "+span(w.Now().Sub(a.OpenedAt)))
		if !a.Deadline.IsZero() {
			facts = append(facts, "TikTok decides by itself at "+w.moment(a.Deadline))
		}
	} else {
		facts = append(facts, "was open for "+span(a.ClosedAt.Sub(a.OpenedAt)), "closed: "+line(a.ClosedBy))
	}
	fmt.Fprintf(b, "  %s\n", strings.Join(facts, "; "))
	if command := show(a); command != "" {
		fmt.Fprintf(b, "  %s\n", command)
	}
	for _, l := range w.Links.of(a) {
		fmt.Fprintf(b, "  %s: %s\n", l.Name, l.URL)
	}
}

// moment is a time for people: absolute, and how far it is.
func (w Writer) moment(at time.Time) string {
	said := at.UTC().Format("2006-01-02 15:04") + " UTC"
	if left := at.Sub(w.Now()); left > 0 {
		return said + ", in " + span(left)
	}
	return said + ", which is past"
}

// name says what an exception is about.
func name(a returns.Alert) string {
	switch {
	case a.Key.ProductID() != "":
		return "stock of product " + a.Key.ProductID()
	case a.Key.TikTokReturnID() != "":
		return "TikTok return " + a.Key.TikTokReturnID()
	case a.Key.WholeShop() && a.Shop != "":
		return "shop " + a.Shop
	case a.Key.WholeShop():
		return string(a.Key)
	}
	return "RMA " + a.Key.RMAID()
}

func show(a returns.Alert) string {
	if a.Key.WholeShop() || a.Key.ProductID() != "" {
		return ""
	}
	return fmt.Sprintf("starter show %s --shop %s", a.Key, a.Shop)
}

func list(c returns.Cause) string {
	command := fmt.Sprintf("starter list --owner %s --kind %s", c.Owner, c.Kind)
	if c.Shop != "" {
		command += " --shop " + c.Shop
	}
	return command
}

func firstOpen(alerts []returns.Alert) returns.Alert {
	return alerts[slices.IndexFunc(alerts, func(a returns.Alert) bool { return a.ClosedAt.IsZero() })]
}

// answers says how a kind is answered, with the command for one of them.
func answers(b *strings.Builder, kind returns.Kind, of returns.Alert) {
	takes := returns.Catalogue[kind].Answers
	if len(takes) == 0 {
		b.WriteString("It takes no answer: it closes by itself once it is no longer so.\n")
		return
	}
	b.WriteString("Answers:\n")
	for _, a := range takes {
		fmt.Fprintf(b, "- %s: %s\n", a, returns.AnswerMeaning[a])
	}
	which := fmt.Sprintf("%s --shop %s", of.Key, of.Shop)
	if of.Key.WholeShop() {
		which = of.Shop
	}
	fmt.Fprintf(b, "starter resolve %s --exception %s --answer ANSWER --who \"your name\" --why \"the reason\"\n", which, kind)
}

// Digest tells all that was beyond what a sink takes in an hour, by cause.
func (w Writer) Digest(id string, alerts []returns.Alert, again bool) Message {
	var b strings.Builder
	b.WriteString("More happened than single messages can tell in an hour. This is all of it, by cause:\n")
	if again {
		b.WriteString("(This may have come before: whoever sent it was ended while doing so.)\n")
	}
	for _, group := range byCause(alerts) {
		var what []string
		for _, event := range events {
			if n := len(of(group, event)); n > 0 {
				what = append(what, fmt.Sprintf("%d %s", n, event))
			}
		}
		w.group(&b, group, strings.Join(what, ", "))
	}
	return w.message(id, "digest", fmt.Sprintf("digest of an hour: %d alerts%s", len(alerts), together(alerts)), b.String(), alerts)
}

// group is a cause in one line and what presses most of it.
func (w Writer) group(b *strings.Builder, group []returns.Alert, what string) {
	cause := group[0].Cause()
	fmt.Fprintf(b, "\n%s, %s, %s: %s%s\n", cause.Owner, where(cause), cause.Kind, what, together(group))
	open := slices.DeleteFunc(slices.Clone(group), func(a returns.Alert) bool { return !a.ClosedAt.IsZero() })
	if len(open) == 0 {
		return
	}
	oldest := slices.MinFunc(open, func(a, b returns.Alert) int { return a.OpenedAt.Compare(b.OpenedAt) })
	fmt.Fprintf(b, "  the oldest: %s, open for %s\n", name(oldest), span(w.Now().Sub(oldest.OpenedAt)))
	clocks := slices.DeleteFunc(open, func(a returns.Alert) bool { return a.Deadline.IsZero() })
	if len(clocks) > 0 {
		next := slices.MinFunc(clocks, func(a, b returns.Alert) int { return a.Deadline.Compare(b.Deadline) })
		fmt.Fprintf(b, "  the next deadline: %s, TikTok decides by itself at %s\n", name(next), w.moment(next.Deadline))
	}
	fmt.Fprintf(b, "  if nobody answers: %s\n  %s\n", returns.Catalogue[cause.Kind].Silence, list(cause))
}

// byCause keeps the order in which the causes first come.
func byCause(alerts []returns.Alert) [][]returns.Alert {
	at := map[returns.Cause]int{}
	var groups [][]returns.Alert
	for _, a := range alerts {
		i, known := at[a.Cause()]
		if !known {
			i = len(groups)
			at[a.Cause()] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], a)
	}
	return groups
}

// Day tells an owner once a day what is open.
func (w Writer) Day(id string, d returns.Day) Message {
	var b strings.Builder
	fmt.Fprintf(&b, "For %s: %s open%s. Closed in the last 24 hours: %d.\n", d.Owner, count(len(d.Open), "exception"), together(d.Open), d.Closed)
	if d.Quiet > 0 {
		fmt.Fprintf(&b, "Found by a backfill and told nowhere else: %d.\n", d.Quiet)
	}
	if d.Unheard > 0 {
		fmt.Fprintf(&b, "Opened and closed again before anybody was told: %d.\n", d.Unheard)
	}
	if d.Unclear > 0 {
		fmt.Fprintf(&b, "Messages of which nobody knows whether they arrived: %d.\n", d.Unclear)
	}
	if len(d.Failing) > 0 {
		fmt.Fprintf(&b, "Sinks that take no message now: %s.\n", strings.Join(d.Failing, ", "))
	}
	for _, group := range byCause(d.Open) {
		w.group(&b, group, fmt.Sprintf("%d open", len(group)))
	}
	if d.Owner == returns.IT {
		b.WriteString("\nThis comes every day, also when nothing is open: a day without it means that the program does not run.\n")
	}
	return w.message(id, "day", fmt.Sprintf("the day's digest for %s: %d open%s", d.Owner, len(d.Open), together(d.Open)), b.String(), d.Open)
}

// Test is a message that asks nothing of anybody.
func (w Writer) Test(id, sink string) Message {
	return w.message(id, "test", "test", "This is a test of the sink "+sink+", asked for with \"starter notify test\". Nothing has happened, and there is nothing to do.\n", nil)
}

// together is the money that exceptions name, by currency; nothing if they name none.
func together(alerts []returns.Alert) string {
	sums := map[string]returns.Money{}
	for _, a := range alerts {
		if !returns.Known(a.Amount) {
			continue
		}
		code := a.Amount.CurrencyCode()
		if sum, err := returns.Sum(sums[code], a.Amount); err == nil { // one currency adds up
			sums[code] = sum
		}
	}
	var said []string
	for _, code := range slices.Sorted(maps.Keys(sums)) {
		said = append(said, Money(sums[code]))
	}
	if len(said) == 0 {
		return ""
	}
	return ", money " + strings.Join(said, " + ")
}

// Money is an amount with all decimals of its currency.
func Money(m returns.Money) string {
	if round := (returns.Money{Amount: m.Round()}); returns.SameMoney(round, m) {
		return round.String()
	}
	return m.String()
}

// span is a period in days, hours and minutes, cut to the larger two.
func span(d time.Duration) string {
	days, hours, minutes := int(d/(24*time.Hour)), int(d/time.Hour)%24, int(d/time.Minute)%60
	switch {
	case days > 0 && hours > 0:
		return fmt.Sprintf("%dd %dh", days, hours)
	case days > 0:
		return fmt.Sprintf("%dd", days)
	case hours > 0 && minutes > 0:
		return fmt.Sprintf("%dh %dm", hours, minutes)
	case hours > 0:
		return fmt.Sprintf("%dh", hours)
	}
	return fmt.Sprintf("%dm", max(0, minutes))
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// line keeps what platforms wrote on one line.
func line(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}
