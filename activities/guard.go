package activities

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"returnbridge/internal/messages"
	"returnbridge/internal/platform"
	"returnbridge/internal/returngo"
	"returnbridge/internal/tiktokshop"
)

// Pacer sets how many tasks a second leave a task queue, for all workers. Nil
// takes the limit off.
type Pacer interface {
	Pace(ctx context.Context, queue string, perSecond *float64, reason string) error
}

// ErrNoPacing is a Temporal that lets us set no limits.
var ErrNoPacing = errors.New("this Temporal lets us set no limit on a task queue")

// GuardQueue carries out one step of a queue's guard.
func (a *Activities) GuardQueue(ctx context.Context, step messages.GuardStep) (messages.GuardResult, error) {
	if step.Ask {
		if ill := IllnessOf(a.canary(ctx, step.Queue), a.Now()); ill.Illness == messages.Down {
			return messages.GuardResult{Ill: ill}, nil // it is stopped already
		}
		return messages.GuardResult{}, nil
	}
	limit := &step.PerSecond
	if step.Open {
		limit = nil
	}
	err := a.Pacer.Pace(ctx, step.Queue, limit, step.Reason)
	if errors.Is(err, ErrNoPacing) {
		return messages.GuardResult{Unable: true}, nil
	}
	return messages.GuardResult{}, orRetry(ctx, err)
}

// canary makes one read at the platform behind a queue. What it brings does not
// count, only whether an answer came.
func (a *Activities) canary(ctx context.Context, queue string) error {
	ctx = withPurpose(ctx, forNews)
	for _, s := range a.Shops {
		switch queue {
		case messages.QueueTikTok(s.Key), messages.QueueStock(s.Key):
			_, err := s.TikTok.Warehouses(ctx)
			return err //nolint:wrapcheck // a platform error already says which call
		case messages.QueueReturnGO(s.Quota):
			_, _, err := s.ReturnGO.Transactions(ctx, returngo.TransactionFilter{UpdatedFrom: a.Now()}, "")
			return err //nolint:wrapcheck // a platform error already says which call
		}
	}
	return nil // a queue of nobody need not be stopped
}

// IllnessOf tells whether a failed call speaks of a platform that is ill, rather
// than of this call. Calls that we never sent speak of nothing.
func IllnessOf(err error, now time.Time) messages.Ill {
	e, ok := errors.AsType[*platform.Error](err)
	if !ok || e.Class != platform.Retry && e.Class != platform.OutcomeUnknown {
		return messages.Ill{}
	}
	ill := messages.Ill{What: fmt.Sprintf("%s, %s: http %d", e.Platform, e.Endpoint, e.HTTPStatus)}
	switch {
	case e.Code == tiktokshop.CodeTooMany, e.HTTPStatus == http.StatusTooManyRequests && e.Code != returngo.CodeQuotaDay:
		ill.Illness, ill.What = messages.Throttled, fmt.Sprintf("%s, %s: too many requests", e.Platform, e.Endpoint)
	case e.HTTPStatus >= 500, e.Code == tiktokshop.CodeInternal, e.Code == tiktokshop.CodeTimeout:
		ill.Illness = messages.Down
	case e.Code == "" && e.HTTPStatus >= 200 && e.HTTPStatus < 300:
		ill.Illness, ill.What = messages.Down, fmt.Sprintf("%s, %s: an answer that cannot be read", e.Platform, e.Endpoint)
	case e.HTTPStatus == 0 && strings.HasPrefix(e.Message, "no answer"):
		ill.Illness, ill.What = messages.Down, fmt.Sprintf("%s, %s: no answer", e.Platform, e.Endpoint)
	default:
		return messages.Ill{}
	}
	if e.RetryAfter > 0 {
		ill.Until = now.Add(e.RetryAfter).UTC()
	}
	return ill
}
