package workflows

import (
	"errors"
	"slices"
	"strings"

	"go.temporal.io/sdk/converter"

	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// Anybody who reaches Temporal can send signals of any size and number. What waits for
// the next look is bounded, for the input of an activity is: more than 2 MiB in it would
// stop the workflow for ever. At their longest, with each character escaped, twice
// mostCommands are below 1 MiB.
const (
	mostCommands  = 50  // that wait for one look
	longestText   = 300 // characters of what a person wrote
	longestWord   = 80  // characters of a name or an id of ours
	longestName   = 40  // characters of a command's name, which somebody may have made up
	longestNumber = 40  // digits of an amount
	// largestSignal is what is decoded of a signal, in bytes: to decode many large ones
	// takes longer than a workflow may think.
	largestSignal = 16 << 10
)

var errTooLarge = errors.New("the signal is too large to be read")

// decode reads what came with a signal, if it is of a size that a person could mean.
func decode(raw converter.RawValue, into any) error {
	if len(raw.Payload().GetData()) > largestSignal {
		return errTooLarge
	}
	return converter.GetDefaultDataConverter().FromPayload(raw.Payload(), into) //nolint:wrapcheck // only its presence counts
}

// apply queues a person's command for the next look under its id, cut to its longest
// form; false means that too many wait, and that it was only counted. The same again
// after a reset bears the same id, and the ledger takes it once; another one that
// comes in its place must not, or it would pass for a repeat.
func (r *returnRun) apply(name returns.CommandName, cmd returns.Command, id string) bool {
	r.history = false
	if len(r.commands) >= mostCommands {
		if r.refused.Count == 0 {
			r.refused.ID = id
		}
		r.refused.Count++
		return false
	}
	cmd = bounded(cmd)
	cmd.Name, cmd.ID = returns.CommandName(cut(string(name), longestName)), id
	r.commands = append(r.commands, cmd)
	if name == returns.CommandRecheck {
		r.markStale(returns.ReturnGO)
		r.markStale(returns.TikTok)
	}
	return true
}

// takeBack queues again, before what came since, what went with a look that did not
// answer.
func (r *returnRun) takeBack(in messages.LookInput) {
	r.commands = slices.Concat(in.Commands, r.commands)
	r.trouble = slices.Concat(in.Trouble, r.trouble)
	if in.Refused.Count > 0 {
		r.refused = messages.Refused{ID: in.Refused.ID, Count: in.Refused.Count + r.refused.Count}
	}
}

// bounded is a command without what is too long to be meant. A name, an answer or an
// amount that is cut is refused by the ledger.
func bounded(c returns.Command) returns.Command {
	c.Exception, c.Answer, c.Note = returns.Kind(cut(string(c.Exception), longestWord)), returns.AnswerName(cut(string(c.Answer), longestWord)), cut(c.Note, longestWord)
	c.Reference, c.Who, c.Why = cut(c.Reference, longestText), cut(c.Who, longestText), cut(c.Why, longestText)
	if returns.Known(c.Amount) && (len(c.Amount.Number()) > longestNumber || len(c.Amount.CurrencyCode()) > longestNumber) {
		c.Amount = returns.Money{}
	}
	return c
}

// cut is at most so many characters of a text.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	n := 0
	for i := range text {
		if n++; n > most {
			return strings.ToValidUTF8(text[:i], "")
		}
	}
	return text
}
