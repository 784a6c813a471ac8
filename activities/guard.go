package activities

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/platform"
	"returnbridge/internal/returngo"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

// Pacer sets how many tasks a second leave a task queue, for all workers. Nil
// takes the limit off.
type Pacer interface {
	Pace(ctx context.Context, queue string, perSecond *float64, reason string) error
}

// ErrNoPacing is a Temporal that lets us set no limits.
var ErrNoPacing = errors.New("this Temporal lets us set no limit on a task queue")

// GuardQueue carries out one step of a queue's guard. While the queue is stopped
// one exception says so, for all returns of its shops.
func (a *Activities) GuardQueue(ctx context.Context, step messages.GuardStep) (messages.GuardResult, error) {
	shops, p := a.behind(step.Queue)
	if step.Ask {
		ill, err := a.ask(ctx, step)
		if err != nil || ill.Illness == "" {
			return messages.GuardResult{}, err
		}
		step.Illness, step.Reason = ill.Illness, "stopped, "+ill.What
		return messages.GuardResult{Ill: ill}, a.noteIll(ctx, shops, p, step) // it is stopped already
	}
	limit := &step.PerSecond
	if step.Open {
		limit = nil
	}
	err := a.Pacer.Pace(ctx, step.Queue, limit, step.Reason)
	if errors.Is(err, ErrNoPacing) {
		return messages.GuardResult{Unable: true}, nil
	}
	if err != nil {
		return messages.GuardResult{}, retryable(ctx, err)
	}
	return messages.GuardResult{}, a.noteIll(ctx, shops, p, step)
}

// ask makes one call, and tells what still keeps the queue stopped. Only an
// answer frees it: a call that could not be made shows nothing.
func (a *Activities) ask(ctx context.Context, step messages.GuardStep) (messages.Ill, error) {
	err := a.canary(ctx, step.Queue)
	ill := IllnessOf(err, a.Now())
	e, ofPlatform := lastOf(err)
	switch {
	case err == nil, ill.Illness == messages.Throttled && ill.Until.IsZero():
		return messages.Ill{}, nil
	case ill.Illness != "":
		return ill, nil
	case !ofPlatform:
		return messages.Ill{}, retryable(ctx, err)
	case e.Class == platform.Retry && e.HTTPStatus == 0 && e.Code != returngo.CodeQuotaKept: // without calls left the queue does no harm
		return messages.Ill{Illness: step.Illness, What: e.Error()}, nil
	}
	return messages.Ill{}, nil
}

// noteIll keeps the exception of a stopped queue, and closes it once the queue
// runs again. A platform counts as unreachable when a question goes unanswered:
// a stumble of a few seconds is nobody's business.
func (a *Activities) noteIll(ctx context.Context, shops []*Shop, p returns.Platform, step messages.GuardStep) error {
	kind, other := returns.PlatformUnreachable, returns.NotAuthorised
	if step.Illness == messages.Unauthorised {
		kind, other = other, kind
	}
	stopped := step.Ask || !step.Open && step.PerSecond == 0
	if stopped && (step.Illness == messages.Throttled || step.Illness == messages.Down && !step.Ask) {
		return nil
	}
	err := a.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		for _, s := range shops {
			if !stopped {
				if err := tx.HealForShop(ctx, s.Key, p, kind); err != nil {
					return err
				}
			} else {
				sentence := "all calls are " + step.Reason
				if kind == returns.NotAuthorised {
					sentence = "TikTok no longer takes the authorisation, and all calls are stopped: have the seller authorise the app again, then \"starter authorise --shop " + s.Key + "\""
				}
				e := returns.NewException(kind, sentence, returns.Money{})
				e.Subject = string(p)
				if err := tx.RaiseForShop(ctx, s.Key, p, e); err != nil {
					return err
				}
			}
			if err := tx.HealForShop(ctx, s.Key, p, other); err != nil {
				return err
			}
		}
		return nil
	})
	return orRetry(ctx, err)
}

// behind are the shops whose work runs on a queue, and the platform it is for.
func (a *Activities) behind(queue string) (shops []*Shop, p returns.Platform) {
	for _, s := range a.Shops {
		switch queue {
		case messages.QueueTikTok(s.Key), messages.QueueStock(s.Key):
			return []*Shop{s}, returns.TikTok
		case messages.QueueReturnGO(s.Quota):
			shops, p = append(shops, s), returns.ReturnGO
		}
	}
	return shops, p
}

// canary makes one read at the platform behind a queue. What it brings does not
// count, only whether an answer came. A queue of nobody need not be stopped.
func (a *Activities) canary(ctx context.Context, queue string) error {
	shops, p := a.behind(queue)
	if len(shops) == 0 {
		return nil
	}
	if p == returns.TikTok {
		_, err := shops[0].TikTok.Warehouses(ctx)
		return a.renewed(ctx, shops[0].Key, err)
	}
	_, _, err := shops[0].ReturnGO.Transactions(withPurpose(ctx, forMoney), returngo.TransactionFilter{UpdatedFrom: a.Now()}, "")
	return err //nolint:wrapcheck // a platform error already says which call
}

// lastOf is the call that failed: where a token could not be had, the call for it.
func lastOf(err error) (*platform.Error, bool) {
	e, ok := errors.AsType[*platform.Error](err)
	if !ok {
		return nil, false
	}
	if cause, deeper := errors.AsType[*platform.Error](e.Cause); deeper {
		return cause, true
	}
	return e, true
}

// PutOff keeps a call from a platform that is known to be ill; it is made again
// after the wait, like one that failed.
func PutOff(wait time.Duration) error {
	return retryIn(paced(wait), "PutOff", errors.New("not begun: the platform is ill, and its guard has been told"))
}

// IllnessOf tells whether a failed call speaks of a platform that is ill, rather
// than of this call. Calls that we never sent speak of nothing.
func IllnessOf(err error, now time.Time) messages.Ill {
	if errors.Is(err, ErrNotAuthorised) {
		return messages.Ill{Illness: messages.Unauthorised, What: err.Error()}
	}
	e, ok := lastOf(err)
	if !ok || e.Class != platform.Retry && e.Class != platform.OutcomeUnknown {
		return messages.Ill{}
	}
	ill := messages.Ill{What: fmt.Sprintf("%s, %s: http %d", e.Platform, e.Endpoint, e.HTTPStatus)}
	switch {
	case e.Code == tiktokshop.CodeHourUsed: // people need not know of it: it ends with the hour
		ill.Illness, ill.What = messages.Throttled, e.Message
	case e.Code == tiktokshop.CodeTooMany, e.Code == tiktokshop.CodeTooManyStock, e.HTTPStatus == http.StatusTooManyRequests && e.Code != returngo.CodeQuotaDay:
		ill.Illness, ill.What = messages.Throttled, fmt.Sprintf("%s, %s: too many requests", e.Platform, e.Endpoint)
	case e.HTTPStatus >= 500, e.Code == tiktokshop.CodeInternal, e.Code == tiktokshop.CodeTimeout:
		ill.Illness = messages.Down
	case e.Code == "" && e.HTTPStatus >= 200 && e.HTTPStatus < 300:
		ill.Illness, ill.What = messages.Down, fmt.Sprintf("%s, %s: an answer that cannot be read", e.Platform, e.Endpoint)
	case e.NoAnswer:
		ill.Illness, ill.What = messages.Down, fmt.Sprintf("%s, %s: no answer", e.Platform, e.Endpoint)
	default:
		return messages.Ill{}
	}
	if e.RetryAfter > 0 {
		ill.Until = now.Add(e.RetryAfter).UTC()
	}
	return ill
}
