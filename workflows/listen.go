package workflows

import (
	"errors"
	"fmt"
	"hash/crc32"
	"slices"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// listen receives everything that people and platforms send. Signals survive an
// outage, updates answer; both go through apply. Signals are taken raw: the SDK
// would drop what it cannot decode without a word.
func (r *returnRun) listen(ctx workflow.Context) error {
	selector := workflow.NewNamedSelector(ctx, "signals")
	selector.AddReceive(workflow.GetSignalChannel(ctx, messages.SignalNews), func(c workflow.ReceiveChannel, _ bool) {
		var raw converter.RawValue
		c.Receive(ctx, &raw)
		var n messages.News
		if decode(raw, &n) != nil { // it may have meant anything: all is looked at, and the audit names it
			n = messages.News{}
			r.apply(messages.SignalNews, returns.Command{Why: "a signal that could not be read"}, r.signalID(ctx, raw))
		}
		r.news(n)
	})
	for _, name := range returns.Commands {
		ch := workflow.GetSignalChannelWithOptions(ctx, string(name), workflow.SignalChannelOptions{Description: describe(name)})
		selector.AddReceive(ch, func(c workflow.ReceiveChannel, _ bool) {
			var raw converter.RawValue
			c.Receive(ctx, &raw)
			var cmd returns.Command
			if err := decode(raw, &cmd); err != nil {
				cmd = returns.Command{Why: "a signal that could not be read"}
			}
			r.apply(name, cmd, r.signalID(ctx, raw))
		})
		err := workflow.SetUpdateHandlerWithOptions(ctx, string(name), func(ctx workflow.Context, cmd returns.Command) (string, error) {
			id := workflow.GetInfo(ctx).OriginalRunID + "-" + workflow.GetCurrentUpdateInfo(ctx).ID
			if !r.apply(name, cmd, id) {
				return "", errors.New("too many commands wait already, so this one was refused: send it again in a minute")
			}
			return r.answer(ctx, id)
		}, workflow.UpdateHandlerOptions{Description: describe(name)})
		if err != nil {
			return fmt.Errorf("update handler %s: %w", name, err)
		}
	}
	workflow.Go(ctx, func(ctx workflow.Context) {
		for ctx.Err() == nil {
			selector.Select(ctx)
		}
	})
	workflow.Go(ctx, r.refuseStrangers) // after the others: it may look only into channels that they have emptied
	return nil
}

// refuseStrangers takes signals that bear no name of ours to the ledger as commands
// that do not exist: it refuses them with a line for people. No signal tells that
// it came under another name, so each task looks whether one has.
func (r *returnRun) refuseStrangers(ctx workflow.Context) {
	var strange []string
	for workflow.Await(ctx, func() bool { strange = strangers(ctx); return len(strange) > 0 }) == nil {
		// A run that has let one pass already lets all pass: it was told to nobody then.
		refuse := workflow.GetVersion(ctx, "refuse-unknown-signals", workflow.DefaultVersion, 1) != workflow.DefaultVersion
		for _, name := range strange {
			for ch, raw := workflow.GetSignalChannel(ctx, name), (converter.RawValue{}); ch.ReceiveAsync(&raw); {
				if refuse {
					r.apply(returns.CommandName(name), returns.Command{Why: "a signal of a name that nobody listens to"}, r.signalID(ctx, raw))
				}
			}
		}
	}
}

// strangers are the names of signals that nobody listens to, in one order.
func strangers(ctx workflow.Context) []string {
	names := slices.DeleteFunc(workflow.GetUnhandledSignalNames(ctx), func(name string) bool {
		return name == messages.SignalNews || slices.Contains(returns.Commands, returns.CommandName(name))
	})
	slices.Sort(names)
	return names
}

// signalID is the id of a command that came as a signal: its place in the run, and
// what it said.
func (r *returnRun) signalID(ctx workflow.Context, raw converter.RawValue) string {
	r.signals++
	return fmt.Sprintf("%s-%d-%08x", workflow.GetInfo(ctx).OriginalRunID, r.signals, crc32.ChecksumIEEE(raw.Payload().GetData()))
}

// answer waits until the command is in the ledger and tells what became of it.
func (r *returnRun) answer(ctx workflow.Context, id string) (string, error) {
	if err := workflow.Await(ctx, func() bool { _, ok := r.outcomes[id]; return ok }); err != nil {
		return "", err //nolint:wrapcheck // cancelled from outside
	}
	o := r.outcomes[id]
	if !o.Accepted {
		return "", errors.New(o.Sentence)
	}
	return o.Sentence, nil
}

func describe(name returns.CommandName) string {
	switch name {
	case returns.CommandResolve:
		return `Answer an open exception: {"exception": kind, "answer": one of its answers, "subject": which, if several of the kind are open, "amount": {"number": "12.50", "currency": "GBP"}, "reference": …, "who": you, "why": reason}`
	case returns.CommandPause:
		return `Stop acting on this return; looks and deadlines go on: {"who": you, "why": reason}`
	case returns.CommandResume:
		return `Act again: {"who": you, "why": reason}`
	}
	return `Read both platforms and decide again: {"who": you, "why": reason}`
}
