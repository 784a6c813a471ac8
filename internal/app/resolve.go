package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
)

// answerable is one open exception and what can be answered to it.
type answerable struct {
	Shop     string        `json:"shop"`
	Return   returns.Key   `json:"return"`
	Kind     returns.Kind  `json:"kind"`
	Subject  string        `json:"subject,omitempty"`
	Owner    returns.Owner `json:"owner"`
	Sentence string        `json:"sentence"`
	Amount   returns.Money `json:"amount"`
	Answers  []oneAnswer   `json:"answers"`
}

type oneAnswer struct {
	Answer  returns.AnswerName `json:"answer"`
	Meaning string             `json:"meaning"`
	Command string             `json:"command"` // the whole command line
}

// openAt are the open exceptions that a person means who names a return, a product's
// stock (stock/PRODUCT), or a shop for what concerns all of it.
func (h *house) openAt(ctx context.Context, shop, target string) (of ledger.ReturnRef, open []returns.Exception, err error) {
	if target = strings.TrimSpace(target); h.knows(target) == nil && target != "" {
		of = ledger.ReturnRef{Shop: target, Key: returns.ShopKey(returns.TikTok)}
	} else if of, err = h.findOne(ctx, shop, target); err != nil {
		return of, nil, err
	}
	keys := []returns.Key{of.Key}
	if of.Key.WholeShop() {
		keys = []returns.Key{returns.ShopKey(returns.TikTok), returns.ShopKey(returns.ReturnGO)}
	}
	err = h.ledger.Read(ctx, func(tx *ledger.Tx) error {
		for _, key := range keys {
			s, _, err := tx.Story(ctx, ledger.ReturnRef{Shop: of.Shop, Key: key})
			if err != nil {
				return err
			}
			for _, e := range s.Open {
				open = append(open, e.Exception)
			}
		}
		return nil
	})
	return of, open, err
}

// title is how a person names what they answer about.
func title(of ledger.ReturnRef) string {
	switch {
	case of.Key.WholeShop():
		return "shop " + of.Shop
	case of.Key.ProductID() != "":
		return string(of.Key)
	}
	return "return " + string(of.Key)
}

// chosen is the open exception that an answer is for. Its kind has to be named only
// where several are open that take the answer, and its subject only where several of
// one kind are.
func chosen(of ledger.ReturnRef, open []returns.Exception, c returns.Command) (returns.Exception, error) {
	if len(open) == 0 {
		return returns.Exception{}, fmt.Errorf("%s has no open exception", title(of))
	}
	named := slices.DeleteFunc(slices.Clone(open), func(e returns.Exception) bool {
		return c.Exception != "" && e.Kind != c.Exception || c.Subject != "" && e.Subject != c.Subject
	})
	if len(named) == 0 {
		return returns.Exception{}, fmt.Errorf("%s has no open %s; open are: %s", title(of), sought(c), join(kindsOf(open)))
	}
	taking := named
	if c.Exception == "" {
		taking = slices.DeleteFunc(slices.Clone(named), func(e returns.Exception) bool { return !e.Kind.Takes(c.Answer) })
	}
	switch kinds := kindsOf(taking); {
	case len(taking) == 1:
		return taking[0], nil
	case len(taking) == 0:
		var takes []string
		for _, k := range kindsOf(named) {
			takes = append(takes, fmt.Sprintf("%s (takes %s)", k, orNone(returns.Catalogue[k].Answers)))
		}
		return returns.Exception{}, fmt.Errorf("nothing that is open at %s takes the answer %s; open are: %s", title(of), c.Answer, strings.Join(takes, ", "))
	case len(kinds) > 1:
		return returns.Exception{}, fmt.Errorf("several exceptions of %s take the answer %s: say which with --exception, one of %s", title(of), c.Answer, join(kinds))
	default:
		var subjects []string
		for _, e := range taking {
			subjects = append(subjects, e.Subject)
		}
		return returns.Exception{}, fmt.Errorf("several %s are open at %s: say which with --subject, one of %s", kinds[0], title(of), strings.Join(subjects, ", "))
	}
}

// sought is what a person named, in words.
func sought(c returns.Command) string {
	if c.Subject == "" {
		return string(c.Exception)
	}
	return cmp.Or(string(c.Exception), "exception") + " about " + c.Subject
}

// kindsOf are the kinds of exceptions, each once.
func kindsOf(all []returns.Exception) (kinds []returns.Kind) {
	for _, e := range all {
		if !slices.Contains(kinds, e.Kind) {
			kinds = append(kinds, e.Kind)
		}
	}
	return kinds
}

func orNone(answers []returns.AnswerName) string {
	if len(answers) == 0 {
		return "none"
	}
	return join(answers)
}

// resolve answers an open exception.
func (h *house) resolve(ctx context.Context, shop, target string, c returns.Command, out Output) error {
	of, open, err := h.openAt(ctx, shop, target)
	if err != nil {
		return err
	}
	e, err := chosen(of, open, c)
	if err != nil {
		return err
	}
	c.Exception, c.Subject = e.Kind, e.Subject
	if err := c.Validate(); err != nil {
		return err
	}
	if err := h.reachTemporal(ctx); err != nil {
		return err
	}
	switch {
	case c.Exception == returns.RefundLimit:
		return h.liftLimit(ctx, of.Shop, c, out)
	case of.Key.ProductID() != "":
		return h.answerStock(ctx, of.Shop, of.Key.ProductID(), c, out)
	}
	return h.deliver(ctx, of, c, out)
}

// resolvable lists what can be answered, each with its meaning and its command line;
// of what is open only the kind and the subject that are named.
func (h *house) resolvable(ctx context.Context, shop, target string, only returns.Command, flags string, out Output) error {
	of, open, err := h.openAt(ctx, shop, target)
	if err != nil {
		return err
	}
	all := []answerable{}
	for _, e := range open {
		if only.Exception != "" && e.Kind != only.Exception || only.Subject != "" && e.Subject != only.Subject {
			continue
		}
		twin := slices.ContainsFunc(open, func(o returns.Exception) bool { return o.Kind == e.Kind && o.Subject != e.Subject })
		a := answerable{Shop: of.Shop, Return: of.Key, Kind: e.Kind, Subject: e.Subject, Owner: e.Owner, Sentence: plain(e.Sentence), Amount: e.Amount, Answers: []oneAnswer{}}
		for _, answer := range returns.Catalogue[e.Kind].Answers {
			a.Answers = append(a.Answers, oneAnswer{answer, answer.Meaning(), commandLine(of, e, len(open) > 1, twin, answer) + flags})
		}
		all = append(all, a)
	}
	if len(open) > 0 && len(all) == 0 {
		return fmt.Errorf("%s has no open %s; open are: %s", title(of), sought(only), join(kindsOf(open)))
	}
	return out.say(all, answersText(of, all))
}

// commandLine is how an answer is given: with the kind of the exception, and with its
// subject, where they are needed.
func commandLine(of ledger.ReturnRef, e returns.Exception, kind, subject bool, answer returns.AnswerName) string {
	line := fmt.Sprintf("starter resolve %s --shop %s", of.Key, of.Shop)
	if of.Key.WholeShop() {
		line = "starter resolve " + of.Shop
	}
	if kind {
		line += " --exception " + string(e.Kind)
	}
	if subject {
		line += fmt.Sprintf(" --subject %q", e.Subject)
	}
	return line + " --answer " + answerWithFlags(answer) + " --who YOU --why REASON"
}

func answersText(of ledger.ReturnRef, all []answerable) string {
	if len(all) == 0 {
		return fmt.Sprintf("%s has no open exception.\n", upper(title(of)))
	}
	var b strings.Builder
	for _, a := range all {
		fmt.Fprintf(&b, "%s of %s, for %s", a.Kind, title(of), a.Owner)
		if returns.Known(a.Amount) {
			fmt.Fprintf(&b, ", %s", money(a.Amount))
		}
		fmt.Fprintf(&b, "\n  %s\n", a.Sentence)
		if len(a.Answers) == 0 {
			b.WriteString("  It takes no answer: it closes by itself once it is mended.\n")
		}
		for _, one := range a.Answers {
			fmt.Fprintf(&b, "\n  %s: %s\n    %s\n", one.Answer, one.Meaning, one.Command)
		}
		b.WriteString("\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// answerFlags are what the command line says of an answer.
type answerFlags struct {
	returns.Command

	amount, currency string
}

// empty reports whether the person only asks what can be answered.
func (f answerFlags) empty() bool {
	return f.Answer == "" && f.Who == "" && f.Why == "" && f.Reference == "" && f.amount == "" && f.currency == ""
}

// command is the answer that the flags give. The error names all that is missing or
// cannot be meant, at once; what is open is not looked at.
func (f answerFlags) command() (returns.Command, error) {
	c := f.Command
	var missing []string
	for _, flag := range []struct {
		name, value string
		needed      bool
	}{
		{"--answer", string(c.Answer), true},
		{"--amount", f.amount, c.Answer == returns.AnswerSetAmount || f.currency != ""},
		{"--currency", f.currency, c.Answer == returns.AnswerSetAmount || f.amount != ""},
		{"--reference", c.Reference, c.Answer == returns.AnswerHandledManually},
		{"--who", c.Who, true},
		{"--why", c.Why, true},
	} {
		if flag.needed && strings.TrimSpace(flag.value) == "" {
			missing = append(missing, flag.name)
		}
	}
	var problems []error
	if len(missing) > 0 {
		problems = append(problems, fmt.Errorf("missing: %s", strings.Join(missing, ", ")))
	}
	if _, known := returns.Catalogue[c.Exception]; c.Exception != "" && !known {
		problems = append(problems, fmt.Errorf("there is no kind of exception %q: the kinds are %s", c.Exception, join(slices.Sorted(maps.Keys(returns.Catalogue)))))
	}
	if c.Answer != "" && c.Answer.Meaning() == "" {
		problems = append(problems, fmt.Errorf("there is no answer %q", c.Answer))
	}
	if f.amount != "" && f.currency != "" {
		var err error
		if c.Amount, err = returns.NewMoney(f.amount, strings.ToUpper(f.currency)); err != nil {
			problems = append(problems, err)
		}
		if c.Answer != "" && c.Answer != returns.AnswerSetAmount {
			problems = append(problems, fmt.Errorf("the answer %s takes no amount, only %s does", c.Answer, returns.AnswerSetAmount))
		}
	}
	if len(missing) > 0 {
		problems = append(problems, errors.New("give the return alone to see what can be answered"))
	}
	return c, errors.Join(problems...)
}

// defaultConfig is the configuration file that need not be named.
const defaultConfig = "config.yaml"

// alsoGiven are the flags that the next command line needs again.
func alsoGiven(file string) string {
	if file == defaultConfig {
		return ""
	}
	return " --config " + file
}
