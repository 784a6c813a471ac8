package app

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"

	"returnbridge/internal/messages"
)

const otherLedger = "0190aaaa-0000-7000-8000-000000000001"

// Without a worker no return moves, so a check must not say that all is well.
func TestACheckNamesWhatDoesNotRun(t *testing.T) {
	t.Parallel()
	s := newStand(t, "")
	s.idle = true
	said, err := s.check()
	require.EqualError(t, err, "2 problems found")
	require.Contains(t, said, "was made, empty, at /")
	require.Contains(t, said, "namespace returns belongs to no ledger yet: it will belong to the ledger of the first worker or starter that runs; this one is ")
	require.Contains(t, said, "PROBLEM  starter        these schedules are missing: SweepReturnGO/demo-gb, SweepTikTok/demo-gb, RefreshToken/demo-gb. A running starter makes them again within a minute: start it (starter serve)")
	require.Contains(t, said, "PROBLEM  worker         no worker runs with this ledger: for two minutes nobody has asked for work. Start it (worker --config …)")
	require.NotContains(t, said, "No problems")

	s.runs()
	said, err = s.check()
	require.NoError(t, err)
	require.Contains(t, said, "No problems")

	for _, polls := range s.namespace.polled { // the worker was killed
		polls[0].LastAccessTime.Seconds -= int64((polledLately + time.Second).Seconds())
	}
	said, err = s.check()
	require.EqualError(t, err, "1 problem found")
	require.Contains(t, said, "no worker runs with this ledger")
}

// A worker with an older configuration leaves the queue of a new shop alone.
func TestACheckNamesAQueueWithoutAWorker(t *testing.T) {
	t.Parallel()
	s := newStand(t, "")
	s.idle = true
	s.runs()
	delete(s.namespace.polled, messages.QueueStock(demo))
	said, err := s.check()
	require.EqualError(t, err, "1 problem found")
	require.Contains(t, said, "no worker takes work from tiktok-stock/demo-gb: restart the worker with this configuration")
}

func TestACheckNamesAWorkerWithAnotherLedger(t *testing.T) {
	t.Parallel()
	s := newStand(t, "")
	s.idle = true
	s.runs()
	both := []taskQueue{{name: messages.QueueReturns}, {name: messages.QueueControl}}
	s.namespace.polls(identity(otherLedger), noon, both)
	s.namespace.polls("42@somewhere@", noon, both[:1])
	said, err := s.check()
	require.EqualError(t, err, "2 problems found")
	require.Contains(t, said, `a worker with another ledger, or of another version, takes work from returns, control: "ledger `+otherLedger+`, worker `)
	require.Contains(t, said, `takes work from returns: "42@somewhere@". Stop it`)
	require.Contains(t, said, "takes work from 5 task queues", "this ledger's worker runs too")
}

func TestACheckOfANamespaceOfAnotherLedger(t *testing.T) {
	t.Parallel()
	s := newStand(t, "")
	s.idle = true
	s.runs()
	s.namespace.timetable.kept[ledgerSchedule] = scheduleOf(otherLedger)
	said, err := s.check()
	require.EqualError(t, err, "1 problem found")
	require.Contains(t, said, "namespace returns belongs to the ledger "+otherLedger+", and the ledger of this program is "+s.ledger().ID())

	s.namespace.timetable.fails, s.namespace.deafQueues = serviceerror.NewUnavailable("down"), serviceerror.NewUnavailable("down")
	said, err = s.check()
	require.EqualError(t, err, "3 problems found", "what cannot be asked is no good news")
	require.Contains(t, said, "which ledger namespace returns belongs to: down")
	require.Contains(t, said, "list schedules: down")
	require.Contains(t, said, "who works on task queue returns: down")
}
