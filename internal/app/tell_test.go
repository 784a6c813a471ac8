package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

var notOurs = returns.Command{Name: returns.CommandResolve, Exception: returns.UnlinkedOrder, Answer: returns.AnswerNotOurs, Who: "Ada", Why: "sold in the shop"}

func TestTheReturnAnswersThePerson(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.waits("4711", "#1001")
	d.temporal.handle = updateDouble{sentence: "unlinked-order: not-ours"}
	require.NoError(t, d.tell(t.Context(), "", "4711", notOurs, d.out()))
	require.Equal(t, "Return 4711 of demo-gb: unlinked-order: not-ours.\n", d.text())
	require.Equal(t, []client.UpdateWorkflowOptions{{
		WorkflowID: "return/demo-gb/4711", UpdateName: "resolve-exception", Args: []any{d.noted(notOurs, d.temporal.updates[0].Args[0])}, WaitForStage: client.WorkflowUpdateStageAccepted,
	}}, d.temporal.updates)

	pause := returns.Command{Name: returns.CommandPause, Who: "Ada", Why: "lawyer"}
	d.temporal.handle.sentence = "paused"
	require.Equal(t, told{Shop: demo, Return: "4711", Command: "pause", Answered: true, Sentence: "paused"},
		answer[told](d, func(o Output) error { return d.tell(t.Context(), demo, "4711", pause, o) }))
	require.Empty(t, d.temporal.signals)
}

// noted is a command as it goes through Temporal. What people wrote of it
// is in the ledger, which reads it from there.
func (d *desk) noted(c returns.Command, sent any) returns.Command {
	d.t.Helper()
	last, ok := sent.(returns.Command)
	require.True(d.t, ok)
	written, err := json.Marshal(last)
	require.NoError(d.t, err)
	for _, text := range []string{c.Who, c.Why, c.Reference} {
		require.False(d.t, text != "" && strings.Contains(string(written), text), "%q goes through a history: %s", text, written)
	}
	d.do(func(tx *ledger.Tx) error {
		_, err := tx.Command(d.t.Context(), demo, "4711", last)
		return err
	})
	story := ""
	d.do(func(tx *ledger.Tx) error {
		kept, _, err := tx.Story(d.t.Context(), ledger.ReturnRef{Shop: demo, Key: "4711"})
		story = fmt.Sprintf("%+v", kept)
		return err
	})
	require.Contains(d.t, story, c.Who)
	require.Contains(d.t, story, c.Why)
	c.Note, c.Who, c.Why, c.Reference = last.Note, "", "", ""
	return c
}

func TestTheReturnRefuses(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.waits("4711", "#1001")
	d.temporal.handle.err = temporal.NewApplicationError("no unlinked-order is open here", "")
	require.EqualError(t, d.tell(t.Context(), "", "4711", notOurs, d.out()), "return 4711: no unlinked-order is open here")
	require.Empty(t, d.text())
	require.Empty(t, d.temporal.signals)
}

func TestACommandIsLeftForAReturnThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		deaf error
		why  string
	}{
		"not running": {serviceerror.NewNotFound("workflow execution already completed"), "does not run at the moment"},
		"no worker":   {client.NewWorkflowUpdateServiceTimeoutOrCanceledError(context.DeadlineExceeded), "did not answer within 10s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.waits("4711", "#1001")
			d.temporal.deaf = c.deaf
			require.NoError(t, d.tell(t.Context(), "", "4711", notOurs, d.out()))
			require.Equal(t, "Return 4711 of demo-gb: the return "+c.why+": the command is left for it and is taken up as soon as a worker runs; see what became of it with: starter show 4711 --shop demo-gb.\n", d.text())
			require.Len(t, d.temporal.signals, 1)
			s := d.temporal.signals[0]
			require.Equal(t, []any{messages.ReturnInput{Shop: demo, Key: "4711", ReturnGOKey: "main"}}, s.args)
			require.Equal(t, messages.QueueReturns, s.options.TaskQueue)

			d.temporal.down = errors.New("connection refused")
			require.EqualError(t, d.tell(t.Context(), "", "4711", notOurs, d.out()),
				"return 4711 "+c.why+", and the command could not be left for it either, so nothing was done: wake return 4711: connection refused")
			require.Equal(t, []any{"return/demo-gb/4711", "resolve-exception", d.noted(notOurs, s.said)}, []any{s.id, s.name, s.said})
		})
	}
}

func TestACommandThatIsTakenIsNotSentTwice(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.waits("4711", "#1001")
	d.temporal.handle.err = context.DeadlineExceeded
	got := answer[told](d, func(o Output) error { return d.tell(t.Context(), "", "4711", notOurs, o) })
	require.False(t, got.Answered)
	require.Contains(t, got.Sentence, "the command is taken, and the return has not decided yet")
	require.Empty(t, d.temporal.signals)
}

func TestNothingIsToldWhereItCannotBeRight(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.waits("4711", "#1001")
	d.decided(demo, "4712", ledger.Decided{OrderID: orderID})
	d.decided("demo-de", "4712", ledger.Decided{OrderID: orderID})
	d.decided("gone", "4713", ledger.Decided{})
	with := func(change func(*returns.Command)) returns.Command {
		c := notOurs
		change(&c)
		return c
	}
	recheck := returns.Command{Name: returns.CommandRecheck, Who: "Ada", Why: "asked"}
	for name, c := range map[string]struct {
		shop, number string
		command      returns.Command
		want         string
	}{
		"nobody":          {"", "4711", with(func(c *returns.Command) { c.Who, c.Why = " ", "" }), "who is missing; why is missing"},
		"no such kind":    {"", "4711", with(func(c *returns.Command) { c.Exception = "late" }), "return 4711 has no open late; open are: unlinked-order"},
		"no such answer":  {"", "4711", with(func(c *returns.Command) { c.Answer = returns.AnswerRetry }), `unlinked-order takes [not-ours handled-manually], not "retry"`},
		"unknown return":  {"", "9999", notOurs, "the ledger knows no return 9999: give its RMA id, TikTok return id, TikTok order id, order name or workflow id"},
		"in another shop": {"demo-de", "4711", notOurs, "the ledger knows no return 4711 in shop demo-de: give its RMA id, TikTok return id, TikTok order id, order name or workflow id"},
		"unknown shop":    {"demo-fr", "4711", notOurs, "there is no shop demo-fr in the configuration, only demo-gb, demo-de"},
		"shop that left":  {"", "4713", recheck, "there is no shop gone in the configuration, only demo-gb, demo-de"},
		"two shops":       {"", "4712", recheck, "4712 means several returns, name one of them: 4712 --shop demo-de, 4712 --shop demo-gb"},
		"other exception": {"", "4711", with(func(c *returns.Command) { c.Exception, c.Answer = returns.RefundDiffers, returns.AnswerAcknowledge }), "return 4711 has no open refund-differs; open are: unlinked-order"},
		"no exception":    {demo, "4712", notOurs, "return 4712 has no open exception"},
	} {
		require.EqualError(t, d.tell(t.Context(), c.shop, c.number, c.command, d.out()), c.want, name)
		require.Empty(t, d.temporal.updates, name)
		require.Empty(t, d.temporal.signals, name)
	}
	d.temporal.deaf = serviceerror.NewPermissionDenied("no", "")
	require.ErrorContains(t, d.tell(t.Context(), "", "4711", notOurs, d.out()), "Temporal did not take the command, so nothing was done")
	require.Empty(t, d.temporal.signals)
}
