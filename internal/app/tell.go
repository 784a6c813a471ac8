package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// answerPatience is how long a person waits for the return's own answer.
const answerPatience = 10 * time.Second

// told is what became of a person's command.
type told struct {
	Shop     string              `json:"shop"`
	Return   returns.Key         `json:"return"`
	Command  returns.CommandName `json:"command"`
	Answered bool                `json:"answered"` // false: it is kept, and the return takes it up later
	Sentence string              `json:"sentence"`
}

// tell gives a person's command to a return. The return answers, or its refusal
// is the error. If it does not answer in time or does not run, the command is
// left as a signal: that survives an outage, and starts the return.
func (h *house) tell(ctx context.Context, shop, number string, c returns.Command, out Output) error {
	if c.Name == returns.CommandResolve {
		return h.resolve(ctx, shop, number, c, out)
	}
	if err := c.Validate(); err != nil {
		return err
	}
	of, err := h.findOne(ctx, shop, number)
	if err != nil {
		return err
	}
	if of.Key.WholeShop() || of.Key.ProductID() != "" {
		return fmt.Errorf("%s is no return: only resolve says something of it", of.Key)
	}
	return h.deliver(ctx, of, c, out)
}

// deliver leaves a command for one return, with what is said by whom in the ledger.
func (h *house) deliver(ctx context.Context, of ledger.ReturnRef, c returns.Command, out Output) error {
	err := h.ledger.Do(ctx, func(tx *ledger.Tx) (err error) {
		c, err = tx.NoteCommand(ctx, of.Shop, c)
		return err
	})
	if err != nil {
		return err
	}
	t := told{Shop: of.Shop, Return: of.Key, Command: c.Name}
	t.Sentence, t.Answered, err = h.update(ctx, of, c)
	if late, ok := errors.AsType[*noAnswerError](err); ok {
		if err := h.waker.signalReturn(ctx, of.Shop, of.Key, string(c.Name), c); err != nil {
			return fmt.Errorf("return %s %s, and the command could not be left for it either, so nothing was done: %w", of.Key, late.why, err)
		}
		t.Sentence, err = fmt.Sprintf("the return %s: the command is left for it and is taken up as soon as a worker runs; see what became of it with: starter show %s --shop %s", late.why, of.Key, of.Shop), nil
	}
	if err != nil {
		return fmt.Errorf("return %s: %w", of.Key, err)
	}
	return out.say(t, fmt.Sprintf("Return %s of %s: %s.\n", t.Return, t.Shop, plain(t.Sentence)))
}

// answerStock gives a person's answer about a product's stock. No return carries it,
// and its writer goes by the ledger alone: that is where the answer goes.
func (h *house) answerStock(ctx context.Context, shop, product string, c returns.Command, out Output) error {
	key := returns.StockKey(product)
	var o ledger.Outcome
	err := h.ledger.Do(ctx, func(tx *ledger.Tx) (err error) {
		o, err = tx.AnswerStock(ctx, shop, product, c.Storable())
		return err
	})
	if err == nil && !o.Accepted {
		err = errors.New(o.Sentence)
	}
	if err == nil && c.Answer == returns.AnswerRetry {
		err = h.waker.WakeStock(ctx, shop, product)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	return out.say(told{Shop: shop, Return: key, Command: c.Name, Answered: true, Sentence: o.Sentence}, fmt.Sprintf("%s of %s: %s.\n", key, shop, plain(o.Sentence)))
}

// noAnswerError is a command that did not reach its return.
type noAnswerError struct{ why string }

func (e *noAnswerError) Error() string { return e.why }

// update asks the return and waits for its answer. A command that the return
// has taken without deciding in time is not sent again: it is in its history.
func (h *house) update(ctx context.Context, of ledger.ReturnRef, c returns.Command) (sentence string, answered bool, err error) {
	patience, stop := context.WithTimeout(ctx, answerPatience)
	defer stop()
	handle, err := h.temporal.UpdateWorkflow(patience, client.UpdateWorkflowOptions{
		WorkflowID: messages.ReturnID(of.Shop, of.Key), UpdateName: string(c.Name), Args: []any{c}, WaitForStage: client.WorkflowUpdateStageAccepted,
	})
	if err != nil {
		return "", false, notReached(ctx, err)
	}
	err = handle.Get(patience, &sentence)
	refusal, refused := errors.AsType[*temporal.ApplicationError](err)
	switch {
	case err == nil:
		return sentence, true, nil
	case refused:
		return "", true, errors.New(plain(refusal.Message()))
	case ctx.Err() != nil:
		return "", false, errors.New("the command is taken; you did not wait for the answer")
	}
	return fmt.Sprintf("the command is taken, and the return has not decided yet (it may be waiting for a platform); see what became of it with: starter show %s --shop %s", of.Key, of.Shop), false, nil
}

// notReached says why a return could not be asked.
func notReached(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.New("interrupted; whether the command arrived is not known")
	}
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return &noAnswerError{"does not run at the moment"}
	}
	if _, ok := errors.AsType[*client.WorkflowUpdateServiceTimeoutOrCanceledError](err); ok || errors.Is(err, context.DeadlineExceeded) {
		return &noAnswerError{fmt.Sprintf("did not answer within %s", answerPatience)}
	}
	return fmt.Errorf("Temporal did not take the command, so nothing was done: %w", err) //nolint:staticcheck // Temporal is a name
}
