package activities

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// A development shop whose calls of the hour are used is asked again with the next
// full hour, neither by its returns nor by its stock before; nobody is told of an
// illness.
func TestADevelopmentShopsHourIsWaitedFor(t *testing.T) {
	t.Parallel()
	used := func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = io.WriteString(w, `{"code":36009037,"message":"limit","request_id":"r"}`)
	}
	for _, call := range []string{"stock", "set-stock"} {
		b := newBench(t)
		b.owe(wh1, "u1")
		b.clock.pass(20 * time.Minute)
		b.answers(call, used)
		_, err := run[messages.RoundResult](b, b.StockRound, stockInput)
		var failed *temporal.ApplicationError
		require.ErrorAs(t, err, &failed, call)
		require.GreaterOrEqual(t, failed.NextRetryDelay(), 40*time.Minute)
		require.LessOrEqual(t, failed.NextRetryDelay(), 50*time.Minute)
		require.Equal(t, 1, b.count(call))
		require.Len(t, b.owed(), 1)
		require.Empty(t, b.owed()[0].Problem)
		b.answers(call, nil)
		b.clock.pass(40 * time.Minute)
		b.round()
		require.Equal(t, 11, b.at(wh1))
	}

	b := newBench(t)
	b.answers("order", used)
	must[messages.PlanResult](b, b.LookReturnGO, messages.LookInput{Shop: shopName, Key: key})
	out := must[messages.PlanResult](b, b.LookTikTok, messages.LookInput{Shop: shopName, Key: key})
	require.Empty(t, out.Plan.Exceptions)
	require.Equal(t, []returns.Platform{returns.TikTok}, out.Later.Read)
	require.False(t, out.Later.At.Before(noon.Add(time.Hour)))
	require.Contains(t, out.Later.Why, "the development shop has used its calls of this hour")
	require.Empty(t, b.stopped())
}
