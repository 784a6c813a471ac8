package chaos

import (
	"context"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"returnbridge/internal/app"
	"returnbridge/local/demo"
	"returnbridge/local/tiktoksandbox"
)

// Two workers whose clocks are ten minutes off take no part: they end and say why,
// and the one that is right carries all.
func TestWorkersWithWrongClocksMoveNothing(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	result := h.population(either(4, 30), 41)
	for _, ahead := range []time.Duration{10 * time.Minute, -10 * time.Minute} {
		select {
		case err := <-h.worker(ahead):
			if err == nil || !strings.Contains(err.Error(), "clock") {
				t.Errorf("a worker %s ahead ended with %v", ahead, err)
			}
		case <-time.After(patience):
			t.Errorf("a worker %s ahead goes on", ahead)
		}
	}
	h.wantRight("two of three workers ten minutes off", <-result)
}

// A clock that is ahead by as much as TikTok bears: a refund whose answer is lost
// bears a time before our intent, and is known for ours all the same. TikTok knows
// no idempotency keys here.
func TestAClockSomewhatAheadPaysNothingTwice(t *testing.T) {
	t.Parallel()
	h := openHouse(t, func(o *demo.HouseOptions) { o.NoWorker = true })
	h.worker(20 * time.Second)
	h.TikTok.IgnoreIdempotencyKeys(true)
	returns := either(4, 12)
	h.must(h.TikTok.AddFault(tiktoksandbox.Fault{Endpoint: "returns/create", Kind: tiktoksandbox.FaultDropAfterWrite, Count: returns}))
	h.wantRight("the worker's clock 20 s ahead, every answer to a refund lost", <-h.population(returns, 42, "seller-refund"))
}

// worker runs one in this process, with a clock that is ahead.
func (h *house) worker(ahead time.Duration) <-chan error {
	h.t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(h.t.Context()))
	ended, over := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(over)
		ended <- app.Worker(ctx, h.Config, app.Deps{
			Temporal: h.Client, Namespace: h.Server.Namespace(), Log: zap.NewNop(),
			Now: func() time.Time { return time.Now().Add(ahead) },
		})
	}()
	h.t.Cleanup(func() { stop(); <-over })
	return ended
}
