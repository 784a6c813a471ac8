package returns

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// CommandName is what people can tell a return.
type CommandName string

// The commands: signals and updates bear the same names (design section 7).
const (
	CommandResolve CommandName = "resolve-exception"
	CommandPause   CommandName = "pause"
	CommandResume  CommandName = "resume"
	CommandRecheck CommandName = "recheck"
)

// Commands lists all of them.
var Commands = []CommandName{CommandResolve, CommandPause, CommandResume, CommandRecheck}

// Command is one thing a person told a return. Who and why are self-declared
// unless Temporal has an authoriser.
type Command struct {
	Name      CommandName `json:"name"`
	ID        string      `json:"id,omitempty"` // set when received; makes a repeat harmless
	Exception Kind        `json:"exception,omitempty"`
	Subject   string      `json:"subject,omitempty"` // of the exception, needed where several of its kind are open
	Answer    AnswerName  `json:"answer,omitempty"`
	Amount    Money       `json:"amount"` // for set-amount
	Reference string      `json:"reference,omitempty"`
	Who       string      `json:"who"`
	Why       string      `json:"why"`
	Note      string      `json:"note,omitempty"` // the ledger has who, why and reference under this id
}

// Validate says what is wrong with the command, as a sentence for the person.
func (c Command) Validate() error {
	var problems []string
	if strings.TrimSpace(c.Who) == "" {
		problems = append(problems, "who is missing")
	}
	if strings.TrimSpace(c.Why) == "" {
		problems = append(problems, "why is missing")
	}
	switch c.Name {
	case CommandPause, CommandResume, CommandRecheck:
	case CommandResolve:
		_, known := Catalogue[c.Exception]
		switch {
		case !known:
			problems = append(problems, fmt.Sprintf("there is no kind of exception %q", c.Exception))
		case !c.Exception.Takes(c.Answer):
			problems = append(problems, fmt.Sprintf("%s takes %v, not %q", c.Exception, Catalogue[c.Exception].Answers, c.Answer))
		case c.Answer == AnswerSetAmount && !c.Amount.IsPositive():
			problems = append(problems, "set-amount needs an amount above zero with its currency")
		case c.Answer == AnswerHandledManually && strings.TrimSpace(c.Reference) == "":
			problems = append(problems, "handled-manually needs a reference to what was done")
		}
	default:
		problems = append(problems, fmt.Sprintf("there is no command %q", c.Name))
	}
	if len(problems) > 0 {
		return errors.New(strings.Join(problems, "; "))
	}
	return nil
}

// Told says what the person told the return, in the past tense, for the audit.
func (c Command) Told() string {
	switch c.Name {
	case CommandPause:
		return "told the return to pause"
	case CommandResume:
		return "told the return to go on"
	case CommandRecheck:
		return "told the return to read both platforms again"
	case CommandResolve:
	default:
		return fmt.Sprintf("gave the command %q", c.Name)
	}
	if c.Exception == "" {
		return "gave an answer that names no exception"
	}
	said := fmt.Sprintf("answered %s with %s", c.Exception, c.Answer)
	if Known(c.Amount) {
		said += " " + c.Amount.String()
	}
	if c.Reference != "" {
		said += ", reference: " + c.Reference
	}
	return said
}

// Storable is the command without NUL characters: anybody can send one, and
// PostgreSQL takes no text that holds them.
func (c Command) Storable() Command {
	clean := func(s string) string { return strings.ReplaceAll(s, "\x00", "") }
	c.Name, c.Exception, c.Answer = CommandName(clean(string(c.Name))), Kind(clean(string(c.Exception))), AnswerName(clean(string(c.Answer)))
	c.Reference, c.Who, c.Why, c.Note, c.Subject = clean(c.Reference), clean(c.Who), clean(c.Why), clean(c.Note), clean(c.Subject)
	return c
}

// Answer is a person's accepted answer to an exception of a return.
type Answer struct {
	Kind      Kind       `json:"kind"`
	Answer    AnswerName `json:"answer"`
	Amount    Money      `json:"amount"`            // set-amount: theirs; accept-payable and pay: what was shown to them
	Subject   string     `json:"subject,omitempty"` // what the exception was about
	Reference string     `json:"reference,omitempty"`
	Who       string     `json:"who"`
	At        time.Time  `json:"at"`
	// Seen are the versions of the RMA's transactions that the ledger knew then. None at
	// all: it is not known which.
	Seen []string `json:"seen,omitempty"`
}
