package workflows_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// largestLook is half of what Temporal takes as the input of an activity (2 MiB).
const largestLook = 1 << 20

// large is a command of about 100 KB, all of it characters that JSON writes as six.
func large(name returns.CommandName) returns.Command {
	return filled(name, 2_700)
}

// filled has so many characters in each field.
func filled(name returns.CommandName, n int) returns.Command {
	text := strings.Repeat("<", n)
	return returns.Command{Name: name, Exception: returns.Kind(text), Answer: returns.AnswerName(text), Reference: text, Who: "Ann " + text, Why: "ä" + text, Note: text}
}

// Whatever is signalled, a look can be begun: its commands are bounded in number and
// length, and the rest is counted.
func TestAFloodOfSignalsNeverStopsAReturn(t *testing.T) {
	for name, c := range map[string]struct {
		signals int
		of      func(i int) (string, any)
	}{
		"60 of 100 KB":      {60, func(int) (string, any) { return "pause", large(returns.CommandPause) }},
		"2,000 small ones":  {2000, func(int) (string, any) { return "pause", command(returns.CommandPause) }},
		"of names made up":  {300, func(i int) (string, any) { return strings.Repeat("<", 50_000), i }},
		"unreadable news":   {300, func(int) (string, any) { return messages.SignalNews, garbage() }},
		"one amount":        {1, func(int) (string, any) { return string(returns.CommandResolve), longAmount() }},
		"60 just readable":  {60, func(int) (string, any) { return "resume", filled(returns.CommandResume, 400) }},
		"60 answers, large": {60, func(int) (string, any) { return string(returns.CommandResolve), large(returns.CommandResolve) }},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			b.inTurn(lookReturnGO, returns.Plan{}, closed)
			for from := 0; from < c.signals; from += 500 { // the environment holds a thousand
				b.at(time.Hour+time.Duration(from)*time.Millisecond, func() {
					for i := from; i < min(from+500, c.signals); i++ {
						signal, said := c.of(i)
						b.SignalWorkflowSkippingWorkflowTask(signal, said)
					}
				})
			}
			b.signalAt(time.Hour+time.Minute, messages.SignalNews, inLedger)
			after := b.updateAt(2*time.Hour, "u", command(returns.CommandRecheck))
			b.signalAt(3*time.Hour, messages.SignalNews, atReturnGO)
			b.ends(rma)
			require.Equal(t, "recheck taken", after.sentence, "it is heard as before")
			taken, refused := 0, 0
			for _, d := range b.all() {
				sent, err := json.Marshal(d.look)
				require.NoError(t, err)
				require.Less(t, len(sent), largestLook)
				require.LessOrEqual(t, len(d.look.Commands), 50)
				taken, refused = taken+len(d.look.Commands), refused+d.look.Refused.Count
				require.Equal(t, d.look.Refused.Count > 0, d.look.Refused.ID != "")
			}
			require.Equal(t, c.signals+1, taken+refused, "each was taken or counted")
			require.GreaterOrEqual(t, taken, min(c.signals, 50)+1)
		})
	}
}

// longAmount is an answer with an amount of 50,000 digits.
func longAmount() any {
	return map[string]any{"exception": returns.NoAuthorisedAmount, "answer": returns.AnswerSetAmount, "who": "Ann", "why": "x",
		"amount": map[string]string{"number": strings.Repeat("9", 50_000), "currency": "GBP"}}
}

// What a person wrote is kept as it is up to a length that nobody needs, and cut
// between two characters.
func TestLongCommandsAreCut(t *testing.T) {
	b := setup(t)
	b.inTurn(lookReturnGO, returns.Plan{}, closed)
	c := command(returns.CommandPause)
	c.Why, c.Who = strings.Repeat("ä", 300), strings.Repeat("ö", 301)
	b.signalAt(time.Hour, string(c.Name), c)
	b.signalAt(2*time.Hour, messages.SignalNews, atReturnGO)
	b.ends(rma)
	require.Equal(t, c.Why, b.taken()[0].Why)
	require.Equal(t, strings.Repeat("ö", 300), b.taken()[0].Who)
}

// Beyond the bound an update hears at once that it was refused. A look that did not
// answer loses neither the commands nor the count.
func TestMoreCommandsThanALookTakes(t *testing.T) {
	b := setup(t)
	b.always(lookReturnGO, returns.Plan{})
	var late error
	b.on(lookBoth, func(done, int) (returns.Plan, error) {
		for range 55 { // while that look is under way
			b.SignalWorkflow("resume", command(returns.CommandResume))
		}
		b.UpdateWorkflow("pause", "late", &testsuite.TestUpdateCallback{
			OnReject: func(err error) { late = err }, OnAccept: func() {}, OnComplete: func(_ any, err error) { late = err },
		}, command(returns.CommandPause))
		return returns.Plan{}, errDown
	})
	b.at(time.Hour, func() {
		b.SignalWorkflowSkippingWorkflowTask(messages.SignalNews, messages.News{}) // both are read
		for range 71 {
			b.SignalWorkflowSkippingWorkflowTask("pause", command(returns.CommandPause))
		}
	})
	b.signalAt(time.Hour+time.Second, messages.SignalNews, inLedger)
	b.stopAt(3 * time.Hour)
	b.stopped(rma)
	require.ErrorContains(t, late, "too many commands wait already")
	first := b.calls(lookBoth)[0].look
	require.Len(t, first.Commands, 50)
	require.Equal(t, 21, first.Refused.Count)
	again := b.calls(lookReturnGO)[1].look
	require.Equal(t, first.Commands, again.Commands[:50], "under the same ids")
	require.Equal(t, messages.Refused{ID: first.Refused.ID, Count: 21 + 5 + 1}, again.Refused)
	require.Len(t, again.Commands, 100)
}

// A signal far above anything that a person means is refused unread.
func TestLargeSignalsAreNotDecoded(t *testing.T) {
	b := setup(t)
	b.inTurn(lookReturnGO, returns.Plan{}, closed)
	b.signalAt(time.Hour, "pause", filled(returns.CommandPause, 2_700))
	b.signalAt(2*time.Hour, "pause", filled(returns.CommandPause, 400))
	b.signalAt(3*time.Hour, messages.SignalNews, atReturnGO)
	b.ends(rma)
	require.Empty(t, b.taken()[0].Who)
	require.Error(t, b.taken()[0].Validate())
	require.NotEmpty(t, b.taken()[1].Who)
}
