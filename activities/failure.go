package activities

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"returnbridge/internal/messages"
	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
)

// This file is the one place that turns a failure's class into what Temporal
// does about it.

// firstRetry and lastRetry bound the wait between tries: it doubles from the
// first to the last, and each is spread by half of itself.
const (
	firstRetry = time.Second
	lastRetry  = 5 * time.Minute
)

// longestHold is how long a platform may put us off before the return stops
// asking: it decides without that platform, keeps its clocks, and asks again at
// the time it was given.
const longestHold = time.Minute

// retryable makes err one that Temporal tries again, after what the platform
// asked for or a growing, spread delay.
func retryable(ctx context.Context, err error) error {
	wait := firstRetry
	for range activity.GetInfo(ctx).Attempt - 1 {
		if wait *= 2; wait >= lastRetry {
			wait = lastRetry
			break
		}
	}
	name := "Retryable"
	if e, ok := errors.AsType[*platform.Error](err); ok {
		wait = max(wait, e.RetryAfter)
		name = string(e.Class)
	}
	return retryIn(paced(wait), name, err)
}

// paced is a wait with jitter; hours are not made half as long again.
func paced(wait time.Duration) time.Duration {
	return min(jitter(wait), wait+longestSpread)
}

// longestSpread is the most that jitter adds.
const longestSpread = 10 * time.Minute

// retryIn is an expected failure: it is tried again after the delay and is no
// alarm by itself.
func retryIn(delay time.Duration, name string, err error) error {
	return temporal.NewApplicationErrorWithOptions(err.Error(), name, temporal.ApplicationErrorOptions{
		NextRetryDelay: delay, Category: temporal.ApplicationErrorCategoryBenign,
	})
}

// refusedByTikTok is retryable, for a call of TikTok outside of a return's look:
// a token that is no longer taken is renewed first.
func (a *Activities) refusedByTikTok(ctx context.Context, shop string, err error) error {
	return retryable(ctx, a.renewed(ctx, shop, err))
}

// renewed has a token renewed that is no longer taken, and gives what stands in
// the way: the refusal, or why there is no new token.
func (a *Activities) renewed(ctx context.Context, shop string, err error) error {
	if platform.ClassOf(err) == platform.RefreshToken {
		if renewErr := a.Tokens.Renew(ctx, shop); renewErr != nil {
			return renewErr
		}
	}
	return err
}

// orTrouble sorts a failed read: what only people can mend becomes a trouble
// that the rules turn into an exception; everything else is tried again.
func (d *desk) orTrouble(ctx context.Context, p returns.Platform, err error) ([]returns.Trouble, error) {
	e, ok := errors.AsType[*platform.Error](err)
	if !ok {
		return nil, retryable(ctx, err)
	}
	why := e
	if cause, ok := errors.AsType[*platform.Error](e.Cause); ok {
		why = cause // no call was made: its token could not be had
	}
	if e.Class == platform.RefreshToken {
		if renewErr, ok := errors.AsType[*platform.Error](d.Tokens.Renew(ctx, d.shop.Key)); ok && renewErr.Class == platform.Human {
			why = renewErr
		}
	}
	trouble := returns.Trouble{Platform: p, Endpoint: e.Endpoint, Class: string(why.Class), Code: e.Code, Message: why.Error()}
	switch {
	case errors.Is(why, ErrNotAuthorised):
		if err := d.Waker.WakeGuard(ctx, messages.QueueTikTok(d.shop.Key), IllnessOf(why, d.Now())); err != nil {
			return nil, retryable(ctx, err)
		}
		return d.unlessStopped(ctx, trouble)
	case e.Class == platform.Retry && e.RetryAfter > longestHold:
		trouble.Class, trouble.Message, trouble.Until = returns.TroubleLater, e.Message, d.Now().Add(paced(e.RetryAfter)).UTC()
		return []returns.Trouble{trouble}, nil
	case why.Class == platform.Human, why.Class == platform.Permanent:
		return []returns.Trouble{trouble}, nil
	}
	return nil, retryable(ctx, err)
}

// unlessStopped keeps trouble from the returns of a platform that is stopped for
// the whole shop: one exception tells of it, and they ask again later.
func (d *desk) unlessStopped(ctx context.Context, all ...returns.Trouble) ([]returns.Trouble, error) {
	if len(all) == 0 {
		return nil, nil
	}
	f, err := d.facts(ctx)
	for i, t := range all {
		if slices.Contains(f.Record.Stopped, t.Platform) {
			all[i].Class, all[i].Until = returns.TroubleLater, d.Now().Add(paced(d.shop.Policy.TroubleRetry)).UTC()
		}
	}
	return all, orRetry(ctx, err)
}

// orRetry makes a ledger failure one that is tried again.
func orRetry(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	return retryable(ctx, err)
}
