package activities

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/platform"
	"returnbridge/internal/returngo"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

func TestIllnessOfAFailedCall(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		want messages.Illness
	}{
		"success":                      {nil, ""},
		"not of a platform":            {errors.New("ledger"), ""},
		"http 503":                     {&platform.Error{Class: platform.Retry, HTTPStatus: 503}, messages.Down},
		"a write, http 500":            {&platform.Error{Class: platform.OutcomeUnknown, HTTPStatus: 500}, messages.Down},
		"no answer":                    {&platform.Error{Class: platform.Retry, NoAnswer: true, Message: "no answer: EOF"}, messages.Down},
		"a page instead of an answer":  {&platform.Error{Class: platform.Retry, HTTPStatus: 200}, messages.Down},
		"TikTok's internal error":      {&platform.Error{Class: platform.Retry, HTTPStatus: 200, Code: tiktokshop.CodeInternal}, messages.Down},
		"TikTok's throttling":          {&platform.Error{Class: platform.Retry, HTTPStatus: 200, Code: tiktokshop.CodeTooMany}, messages.Throttled},
		"a development shop's hour":    {&platform.Error{Class: platform.Retry, HTTPStatus: 429, Code: tiktokshop.CodeHourUsed}, messages.Throttled},
		"too many stock calls":         {&platform.Error{Class: platform.Retry, HTTPStatus: 200, Code: tiktokshop.CodeTooManyStock}, messages.Throttled},
		"ReturnGO's burst":             {&platform.Error{Class: platform.Retry, HTTPStatus: 429, Code: returngo.CodeQuotaBurst}, messages.Throttled},
		"ReturnGO's day is used up":    {&platform.Error{Class: platform.Retry, HTTPStatus: 429, Code: returngo.CodeQuotaDay}, ""},
		"a call that we did not send":  {&platform.Error{Class: platform.Retry, Code: returngo.CodeQuotaKept}, ""},
		"a lock on one case":           {&platform.Error{Class: platform.Retry, HTTPStatus: 200, Code: "25001028"}, ""},
		"a token that is too old":      {&platform.Error{Class: platform.RefreshToken, HTTPStatus: 401}, ""},
		"a refusal of this call alone": {&platform.Error{Class: platform.StateChanged, HTTPStatus: 200, Code: "25001003"}, ""},
	} {
		require.Equal(t, c.want, IllnessOf(c.err, noon).Illness, name)
	}
	noToken := &platform.Error{Class: platform.Retry, Message: "no credentials for the shop", Cause: &platform.Error{Class: platform.OutcomeUnknown, HTTPStatus: 503}}
	require.Equal(t, messages.Down, IllnessOf(noToken, noon).Illness, "the call for the token failed")
	ill := IllnessOf(&platform.Error{Class: platform.Retry, HTTPStatus: 429, RetryAfter: time.Minute}, noon)
	require.Equal(t, noon.Add(time.Minute), ill.Until)
}

// limiter notes the limits that are set.
type limiter struct {
	limits []float64 // -1: taken off
	fails  error
}

func (p *limiter) Pace(_ context.Context, _ string, perSecond *float64, _ string) error {
	limit := -1.0
	if perSecond != nil {
		limit = *perSecond
	}
	p.limits = append(p.limits, limit)
	return p.fails
}

func TestGuardQueueAsksOnceAndSetsLimits(t *testing.T) {
	t.Parallel()
	b, p := newBench(t), &limiter{}
	b.Pacer = p
	step := func(s messages.GuardStep) messages.GuardResult {
		return must[messages.GuardResult](b, b.GuardQueue, s)
	}
	for _, queue := range []string{messages.QueueTikTok(shopName), messages.QueueStock(shopName), messages.QueueReturnGO(mainKey)} {
		name := "warehouses"
		if queue == messages.QueueReturnGO(mainKey) {
			name = "transactions"
		}
		b.forget()
		b.answers(name, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
		require.Equal(t, messages.Down, step(messages.GuardStep{Queue: queue, Ask: true}).Ill.Illness, queue)
		require.Equal(t, 1, b.count(name), queue)
		b.answers(name, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
		require.Empty(t, step(messages.GuardStep{Queue: queue, Ask: true}).Ill, "an answer is an answer: "+queue)
	}
	require.Empty(t, p.limits, "asking sets nothing")
	b.answers("warehouses", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) })
	require.Empty(t, step(messages.GuardStep{Queue: messages.QueueTikTok(shopName), Ask: true}).Ill, "it is let out slowly")
	b.answers("warehouses", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "90")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	ill := step(messages.GuardStep{Queue: messages.QueueTikTok(shopName), Ask: true}).Ill
	require.Equal(t, noon.Add(90*time.Second), ill.Until, "it says when")
	require.Equal(t, messages.Throttled, ill.Illness)
	step(messages.GuardStep{Queue: "q"})
	step(messages.GuardStep{Queue: "q", PerSecond: 2})
	step(messages.GuardStep{Queue: "q", Open: true})
	require.Equal(t, []float64{0, 2, -1}, p.limits)
	p.fails = ErrNoPacing
	require.True(t, step(messages.GuardStep{Queue: "q"}).Unable)
}

// stopped are the exceptions of the whole shop.
func (b *bench) stopped() (kinds []returns.Kind) {
	b.t.Helper()
	require.NoError(b.t, b.Ledger.Do(b.ctx, func(tx *ledger.Tx) error {
		open, err := tx.OpenExceptions(b.ctx, ledger.ExceptionFilter{})
		for _, e := range open {
			if e.Key.WholeShop() {
				kinds = append(kinds, e.Kind)
			}
		}
		return err
	}))
	return kinds
}

// One exception says that a platform is ill, and it closes itself; the returns
// raise none of their own meanwhile, and ask again later.
func TestOneExceptionSpeaksForAllReturnsOfAPlatformThatIsIll(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Pacer = &limiter{}
	b.look()
	queue := messages.QueueTikTok(shopName)
	step := func(s messages.GuardStep) {
		s.Queue = queue
		must[messages.GuardResult](b, b.GuardQueue, s)
	}
	unreachable := messages.LookInput{Shop: shopName, Key: key, Trouble: []returns.Trouble{{Platform: returns.TikTok, Endpoint: "look", Class: returns.TroubleUnreachable, Message: "no answer for 10m0s"}}}
	kinds := func(p returns.Plan) (all []returns.Kind) {
		for _, e := range p.Exceptions {
			all = append(all, e.Kind)
		}
		return all
	}
	require.Contains(t, kinds(must[messages.PlanResult](b, b.Review, unreachable).Plan), returns.PlatformUnreachable, "without a guard the return says so itself")
	b.look()

	step(messages.GuardStep{Illness: messages.Down, Reason: "stopped, http 503"})
	require.Empty(t, b.stopped(), "a stumble is nobody's business")
	b.answers("warehouses", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	step(messages.GuardStep{Ask: true, Illness: messages.Down})
	step(messages.GuardStep{Illness: messages.Down, Reason: "stopped, http 502"})
	step(messages.GuardStep{Ask: true, Illness: messages.Down})
	require.Equal(t, []returns.Kind{returns.PlatformUnreachable}, b.stopped())
	out := must[messages.PlanResult](b, b.Review, unreachable)
	require.NotContains(t, kinds(out.Plan), returns.PlatformUnreachable)
	require.Equal(t, []returns.Platform{returns.TikTok}, out.Later.Read)
	require.True(t, out.Later.At.After(noon))

	step(messages.GuardStep{PerSecond: 5, Reason: "well again"})
	require.Empty(t, b.stopped())
}

// A question that could not be put shows nothing: the queue stays stopped.
func TestAQueueIsNotFreedByAQuestionThatWasNotPut(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Pacer = &limiter{}
	ask := func(queue string) messages.Ill {
		return must[messages.GuardResult](b, b.GuardQueue, messages.GuardStep{Queue: queue, Ask: true, Illness: messages.Down}).Ill
	}
	b.answers("warehouses", code(105001))
	b.answers("refresh", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	require.Equal(t, messages.Down, ask(messages.QueueTikTok(shopName)).Illness, "no token can be had")
	require.Equal(t, messages.Down, ask(messages.QueueTikTok(shopName)).Illness, "and somebody is to renew it")

	b.Quota.PerDay[mainKey] = 10
	for range 9 { // at noon news may fill nine of ten
		_, err := b.Quota.Allow(mainKey)(b.ctx)
		require.NoError(t, err)
	}
	require.Empty(t, ask(messages.QueueReturnGO(mainKey)), "what is left is for money, and for this")
	require.Equal(t, 1, b.count("transactions"))
	b.forget()
	require.Empty(t, ask(messages.QueueReturnGO(mainKey)), "nothing is left, and nothing can be sent")
	require.Zero(t, b.count("transactions"))
}

// A withdrawn authorisation parks the shop with one exception, and nothing fails.
func TestAWithdrawnAuthorisationParksTheShopWithOneException(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Pacer = &limiter{}
	b.look()
	for _, call := range []string{"order", "returns", "warehouses"} {
		b.answers(call, code(105001))
	}
	b.answers("refresh", code(36004001))
	look := func() messages.PlanResult {
		return must[messages.PlanResult](b, b.LookTikTok, messages.LookInput{Shop: shopName, Key: key})
	}
	look()
	b.clock.pass(time.Minute)
	queue := messages.QueueTikTok(shopName)
	require.Contains(t, b.waker.ill, queue+" unauthorised")
	must[messages.GuardResult](b, b.GuardQueue, messages.GuardStep{Queue: queue, Illness: messages.Unauthorised, Reason: "stopped"})
	require.Equal(t, messages.Unauthorised, must[messages.GuardResult](b, b.GuardQueue, messages.GuardStep{Queue: queue, Ask: true}).Ill.Illness)
	require.Equal(t, []returns.Kind{returns.NotAuthorised}, b.stopped())
	require.Equal(t, []returns.Platform{returns.TikTok}, look().Later.Read, "it asks again, and says nothing")

	for _, call := range []string{"order", "returns", "warehouses"} {
		b.answers(call, nil)
	}
	require.Empty(t, must[messages.GuardResult](b, b.GuardQueue, messages.GuardStep{Queue: queue, Ask: true}).Ill)
	must[messages.GuardResult](b, b.GuardQueue, messages.GuardStep{Queue: queue, Open: true})
	require.Empty(t, b.stopped())
}

// Without authorisation no unit is at fault: the stock waits, and asks nobody.
func TestStockWaitsForTheAuthorisation(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"stock", "set-stock"} {
		b := newBench(t)
		b.owe(wh1, "u1")
		b.answers(call, code(105001))
		b.answers("refresh", code(36004001))
		_, _ = run[messages.RoundResult](b, b.StockRound, stockInput)
		require.Contains(t, b.waker.ill, messages.QueueStock(shopName)+" unauthorised", call)
		require.Empty(t, b.owed()[0].Problem, call)
	}
}
