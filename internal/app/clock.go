package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
)

// wrongClock is how far this machine's clock may be from Temporal's: TikTok takes
// no call from more than 30 seconds ahead (TikTok contract 1.3), and claims that
// workers leave each other in the ledger end by the clock.
const wrongClock = 30 * time.Second

var errWrongClock = errors.New("this machine's clock is wrong")

// clockGuard lets no activity begin on a machine whose clock is wrong, nor one
// that was started so long ago that another attempt may be under way, and has the
// worker end: it would only keep the work from others.
type clockGuard struct {
	now   func() time.Time
	fatal func(error)
}

func (g *clockGuard) before(ctx context.Context) error {
	ahead := g.now().Sub(activity.GetInfo(ctx).StartedTime) // that is the server's time
	if ahead.Abs() <= wrongClock {
		return nil
	}
	err := fmt.Errorf("%w: it differs from Temporal's by %s", errWrongClock, ahead.Round(time.Second))
	g.fatal(err)
	return temporal.NewApplicationErrorWithOptions(err.Error(), "WrongClock", temporal.ApplicationErrorOptions{
		NextRetryDelay: time.Second, Category: temporal.ApplicationErrorCategoryBenign,
	})
}
