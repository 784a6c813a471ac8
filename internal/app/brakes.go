package app

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// braked is what became of a stop, a start or a lifted limit.
type braked struct {
	Shop     string         `json:"shop"`
	Action   returns.Action `json:"action"`
	Changed  bool           `json:"changed"`
	Sentence string         `json:"sentence"`
	Woken    int            `json:"woken"` // returns that were told to look
}

func stopCommand() *cobra.Command {
	cmd := brakeCommand("stop", "Stop an action for a whole shop, at once", `Stop an action for a whole shop, on every worker, from this moment: nothing more of
it is sent. Returns are still read, deadlines are still watched, and TikTok's own
clock runs on: a TikTok return that waits for our answer is approved by TikTok at
its deadline.`, (*house).stop)
	cmd.Example = `  starter stop demo-gb refund --who Ada --why "amounts look wrong since this morning"` + "\n" + `  starter stop demo-gb all --who Ada --why "stocktaking"`
	return cmd
}

func startCommand() *cobra.Command {
	cmd := brakeCommand("start", "End a stop; the returns that waited go on", `End a stop. The returns that waited for it look and go on; "all" ends every stop of
the shop. What the configuration has switched off stays off.`, (*house).start)
	cmd.Example = `  starter start demo-gb refund --who Ada --why "the amounts are right again"`
	return cmd
}

func brakeCommand(name, short, long string, do func(*house, context.Context, string, returns.Action, signature, Output) error) *cobra.Command {
	actions := joinActions()
	cmd := &cobra.Command{
		Use: name + " SHOP ACTION", Short: short, Long: long + "\n\nThe actions are " + actions + ".\n\n" + signingHelp,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return errors.New("name a shop of the configuration and an action: " + actions)
			}
			return nil
		},
	}
	v := newVisitor(cmd, name == "start")
	var by signature
	signingFlags(cmd, &by.who, &by.why)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return v.run(cmd, func(ctx context.Context, h *house, out Output) error {
			return do(h, ctx, args[0], returns.Action(args[1]), by, out)
		})
	}
	return cmd
}

// signature is who acts and why.
type signature struct{ who, why string }

func joinActions() string {
	var names []string
	for _, a := range returns.Actions {
		names = append(names, string(a))
	}
	return join(names)
}

// mayBrake refuses a brake that would stop nothing.
func (h *house) mayBrake(shop string, a returns.Action, by signature) error {
	if err := signed(by.who, by.why); err != nil {
		return err
	}
	if !slices.Contains(returns.Actions, a) {
		return fmt.Errorf("there is no action %q: the actions are %s", a, joinActions())
	}
	if shop == "" {
		return errors.New("name a shop of the configuration")
	}
	return h.knows(shop)
}

func (h *house) stop(ctx context.Context, shop string, a returns.Action, by signature, out Output) error {
	if err := h.mayBrake(shop, a, by); err != nil {
		return err
	}
	b := braked{Shop: shop, Action: a}
	err := h.ledger.Do(ctx, func(tx *ledger.Tx) (err error) {
		b.Changed, err = tx.Stop(ctx, shop, a, by.who, by.why)
		return err
	})
	if err != nil {
		return err
	}
	b.Sentence = fmt.Sprintf("%s is stopped for %s; nothing more of it is sent until \"starter start %s %s\"", a, shop, shop, a)
	if !b.Changed {
		b.Sentence = fmt.Sprintf("%s was stopped for %s already", a, shop)
	}
	return out.say(b, b.Sentence+".\n")
}

func (h *house) start(ctx context.Context, shop string, a returns.Action, by signature, out Output) error {
	if err := h.mayBrake(shop, a, by); err != nil {
		return err
	}
	b := braked{Shop: shop, Action: a}
	var left []returns.Stop
	err := h.ledger.Do(ctx, func(tx *ledger.Tx) (err error) {
		if b.Changed, err = tx.Start(ctx, shop, a, by.who, by.why); err != nil {
			return err
		}
		left, err = tx.Stops(ctx, shop)
		return err
	})
	if err != nil {
		return err
	}
	still, stopped := returns.StopOf(left, a)
	switch {
	case stopped:
		return fmt.Errorf("%s of %s stays stopped: %s", a, shop, still)
	case !b.Changed:
		b.Sentence = fmt.Sprintf("%s was not stopped for %s", a, shop)
	default:
		b.Sentence = fmt.Sprintf("%s is started again for %s", a, shop)
	}
	if b.Woken, err = h.wakeBraked(ctx, shop); err != nil {
		return fmt.Errorf("%s; not every return could be told, the others look by themselves within two hours: %w", b.Sentence, err)
	}
	return out.say(b, fmt.Sprintf("%s; %s told to go on.\n", b.Sentence, count(b.Woken, "return")))
}

// liftLimit answers refund-limit, which is a question about a whole shop.
func (h *house) liftLimit(ctx context.Context, shop string, c returns.Command, out Output) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if err := h.mayBrake(shop, returns.ActionRefund, signature{c.Who, c.Why}); err != nil {
		return err
	}
	asked := false
	err := h.ledger.Do(ctx, func(tx *ledger.Tx) (err error) {
		asked, err = tx.LiftRefundLimit(ctx, shop, c.Who, c.Why)
		return err
	})
	if err != nil {
		return err
	}
	if !asked {
		return fmt.Errorf("no %s of today (UTC) is open for %s: there is nothing to lift", returns.RefundLimit, shop)
	}
	b := braked{Shop: shop, Action: returns.ActionRefund, Changed: true, Sentence: "the limit of refunds is lifted for " + shop + " until midnight (UTC)"}
	if b.Woken, err = h.wakeBraked(ctx, shop); err != nil {
		return fmt.Errorf("%s; not every return could be told, the others look by themselves within two hours: %w", b.Sentence, err)
	}
	return out.say(b, fmt.Sprintf("%s; %s told to go on.\n", b.Sentence, count(b.Woken, "return")))
}

// wakeBraked tells the returns and stock writers that waited for a brake.
func (h *house) wakeBraked(ctx context.Context, shop string) (woken int, err error) {
	var keys []returns.Key
	var products []string
	err = h.ledger.Read(ctx, func(tx *ledger.Tx) (err error) {
		keys, products, err = tx.Braked(ctx, shop)
		return err
	})
	if err != nil {
		return 0, err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for _, k := range keys {
		group.Go(func() error {
			return h.waker.WakeReturn(ctx, shop, k, messages.News{Platforms: []returns.Platform{messages.LedgerOnly}})
		})
	}
	for _, p := range products {
		group.Go(func() error { return h.waker.WakeStock(ctx, shop, p) })
	}
	return len(keys), group.Wait()
}
