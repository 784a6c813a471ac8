package app

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/messages"
)

// One failure wakes nobody; a row of them does, and not with every further one.
func TestAGuardIsToldOfARowOfFailures(t *testing.T) {
	t.Parallel()
	now := noon
	w := &watch{now: func() time.Time { return now }, queues: map[string]*health{}}
	down, throttled := messages.Ill{Illness: messages.Down}, messages.Ill{Illness: messages.Throttled}
	told := func(queue string, all ...messages.Ill) (n int) {
		for _, ill := range all {
			if w.count(queue, ill) {
				n++
			}
		}
		return n
	}
	well := messages.Ill{}
	require.Zero(t, told("a", down, down, down, down, well, down, down, down, down), "somebody got through in between")
	require.Equal(t, 1, told("a", down, down, down))
	now = now.Add(tellAgain)
	require.Equal(t, 1, told("a", down, down))
	require.Equal(t, 1, told("b", throttled, throttled, throttled), "each queue for itself")
	require.Zero(t, told("c", throttled, throttled))
}
