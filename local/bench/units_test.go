package bench

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestQuantile(t *testing.T) {
	t.Parallel()
	var all []time.Duration
	for i := range 100 {
		all = append(all, time.Duration(100-i)*time.Millisecond)
	}
	require.InDelta(t, 50, quantile(all, 0.50), 0)
	require.InDelta(t, 95, quantile(all, 0.95), 0)
	require.InDelta(t, 99, quantile(all, 0.99), 0)
	require.InDelta(t, 7, quantile([]time.Duration{7 * time.Millisecond}, 0.95), 0)
}

// What the bare workflows do together is what was counted, to the last timer.
func TestSharesAddUp(t *testing.T) {
	t.Parallel()
	for _, whole := range []int{0, 1, 7, 40, 41} {
		sum := 0
		for i := range 6 {
			sum += share(whole, i, 6)
		}
		require.Equal(t, whole, sum)
	}
}

// The guard's questions of half an hour, on its own clock: ten seconds after it
// has stopped the queue, then doubling up to ten minutes.
func TestTheGuardsQuestions(t *testing.T) {
	t.Parallel()
	early, late, err := questions(30*time.Second, halfAnHour)
	require.NoError(t, err)
	require.Equal(t, 1, early) // after 10 s
	require.Equal(t, 6, late)  // 30 s, 70 s, 150 s, 310 s, 10'30", 20'30"
}
