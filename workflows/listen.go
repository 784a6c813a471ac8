package workflows

import (
	"errors"
	"fmt"
	"hash/crc32"

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
		if decode(raw, &n) != nil {
			n = messages.News{}
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
			r.signals++
			r.apply(name, cmd, fmt.Sprintf("%s-%d-%08x", workflow.GetInfo(ctx).OriginalRunID, r.signals, crc32.ChecksumIEEE(raw.Payload().GetData())))
		})
		err := workflow.SetUpdateHandlerWithOptions(ctx, string(name), func(ctx workflow.Context, cmd returns.Command) (string, error) {
			id := workflow.GetInfo(ctx).OriginalRunID + "-" + workflow.GetCurrentUpdateInfo(ctx).ID
			r.apply(name, cmd, id)
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
	return nil
}

// apply queues a person's command for the next look under its id. The same again
// after a reset bears the same id, and the ledger takes it once; another one that
// comes in its place must not, or it would pass for a repeat.
func (r *returnRun) apply(name returns.CommandName, cmd returns.Command, id string) {
	cmd.Name, cmd.ID = name, id
	r.commands = append(r.commands, cmd)
	r.history = false
	if name == returns.CommandRecheck {
		r.markStale(returns.ReturnGO)
		r.markStale(returns.TikTok)
	}
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

func decode(raw converter.RawValue, into any) error {
	return converter.GetDefaultDataConverter().FromPayload(raw.Payload(), into) //nolint:wrapcheck // only its presence counts
}

func describe(name returns.CommandName) string {
	switch name {
	case returns.CommandResolve:
		return `Answer an open exception: {"exception": kind, "answer": one of its answers, "amount": {"number": "12.50", "currency": "GBP"}, "reference": …, "who": you, "why": reason}`
	case returns.CommandPause:
		return `Stop acting on this return; looks and deadlines go on: {"who": you, "why": reason}`
	case returns.CommandResume:
		return `Act again: {"who": you, "why": reason}`
	}
	return `Read both platforms and decide again: {"who": you, "why": reason}`
}
