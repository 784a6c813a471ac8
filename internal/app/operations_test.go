package app

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.uber.org/zap"

	"returnbridge/config"
	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// deafTo is a Temporal that refuses some workflows, and counts what it hears.
type deafTo struct {
	client.Client

	mu    sync.Mutex
	deaf  []string
	heard map[string]int
	tried map[string]int
}

var errDeaf = errors.New("this workflow cannot be signalled")

func (d *deafTo) SignalWithStartWorkflow(_ context.Context, id, _ string, _ any, _ client.StartWorkflowOptions, _ any, _ ...any) (client.WorkflowRun, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tried[id]++
	if slices.Contains(d.deaf, id) {
		return nil, errDeaf
	}
	d.heard[id]++
	return nil, nil //nolint:nilnil // nobody asks for the run
}

// relaying is a relay with its inbox and its clock.
type relaying struct {
	*relay
	t        *testing.T
	temporal *deafTo
	at       time.Time
}

func newRelaying(t *testing.T) *relaying {
	t.Helper()
	r := &relaying{t: t, at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), temporal: &deafTo{heard: map[string]int{}, tried: map[string]int{}}}
	l, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"), func() time.Time { return r.at })
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	r.relay = newRelay(&house{
		cfg: &config.Config{Periods: config.Periods{RelayTakeover: 30 * time.Second}}, log: zap.NewNop(), ledger: l, waker: &waker{temporal: r.temporal},
	})
	return r
}

// comes puts events of RMAs into the inbox.
func (r *relaying) comes(rmas ...string) []ledger.Event {
	r.t.Helper()
	var all []ledger.Event
	require.NoError(r.t, r.ledger.Do(r.t.Context(), func(tx *ledger.Tx) error {
		for _, id := range rmas {
			e := ledger.Event{Shop: "uk", Platform: returns.ReturnGO, ID: "event-" + id, Topic: "RMA_CREATED", RMAID: id}
			if _, err := tx.Receive(r.t.Context(), e); err != nil {
				return err
			}
			all = append(all, e)
		}
		return nil
	}))
	return all
}

func workflowOf(rma string) string { return messages.ReturnID("uk", returns.RMAKey(rma)) }

func TestOneThatCannotBeToldKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	r := newRelaying(t)
	r.temporal.deaf = []string{workflowOf("1")}
	require.False(t, r.pass(t.Context(), r.comes("1", "2", "3")))
	for range 100 { // fifty minutes
		r.at = r.at.Add(30 * time.Second)
		r.takeOver(t.Context())
	}
	require.Equal(t, map[string]int{workflowOf("2"): 1, workflowOf("3"): 1}, r.temporal.heard)
	tried := r.temporal.tried[workflowOf("1")]
	require.Greater(t, tried, 9, "it is not given up")
	require.Less(t, tried, 30, "it waits longer each time")
	r.temporal.deaf = nil
	r.at = r.at.Add(longestPatience)
	r.takeOver(t.Context())
	require.Equal(t, 1, r.temporal.heard[workflowOf("1")])
}

func TestManyThatCannotBeToldKeepNobodyWaiting(t *testing.T) {
	t.Parallel()
	r := newRelaying(t)
	var deaf []string
	for i := range takeoverBatch + 10 {
		deaf = append(deaf, strconv.Itoa(1000+i))
		r.temporal.deaf = append(r.temporal.deaf, workflowOf(deaf[i]))
	}
	r.comes(deaf...)
	r.at = r.at.Add(time.Second)
	r.comes("2")
	for range 2 { // the older ones fill a whole batch
		r.at = r.at.Add(time.Minute)
		r.takeOver(t.Context())
	}
	require.Equal(t, map[string]int{workflowOf("2"): 1}, r.temporal.heard)
}

func TestPatienceIsBounded(t *testing.T) {
	t.Parallel()
	r := newRelaying(t)
	require.Zero(t, r.patience(0))
	require.Equal(t, 30*time.Second, r.patience(2))
	require.Equal(t, time.Minute, r.patience(3))
	require.Equal(t, longestPatience, r.patience(1000))
}

// kept is a Temporal that has every schedule already.
type kept struct {
	client.Client

	schedules *keptSchedules
}

func (k kept) ScheduleClient() client.ScheduleClient { return k.schedules }

type keptSchedules struct {
	client.ScheduleClient

	schedule keptSchedule
}

func (s *keptSchedules) Create(context.Context, client.ScheduleOptions) (client.ScheduleHandle, error) {
	return nil, temporal.ErrScheduleAlreadyRunning
}

func (s *keptSchedules) GetHandle(context.Context, string) client.ScheduleHandle { return &s.schedule }

type keptSchedule struct {
	client.ScheduleHandle

	now client.Schedule
}

func (s *keptSchedule) Update(_ context.Context, o client.ScheduleUpdateOptions) error {
	out, err := o.DoUpdate(client.ScheduleUpdateInput{Description: client.ScheduleDescription{Schedule: s.now}})
	if err == nil {
		s.now = *out.Schedule
	}
	return err
}

func TestAShopMovesToAnotherReturnGOKey(t *testing.T) {
	t.Parallel()
	s := &keptSchedules{schedule: keptSchedule{now: client.Schedule{
		Action: &client.ScheduleWorkflowAction{Args: []any{messages.ShopInput{Shop: "uk", ReturnGOKey: "old"}}},
		State:  &client.ScheduleState{Paused: true},
	}}}
	require.NoError(t, createSchedule(t.Context(), kept{schedules: s}, job{config.Shop{Name: "uk", ReturnGOKey: "new"}, messages.SweepReturnGO, time.Minute}))
	action, ok := s.schedule.now.Action.(*client.ScheduleWorkflowAction)
	require.True(t, ok)
	require.Equal(t, []any{messages.ShopInput{Shop: "uk", ReturnGOKey: "new"}}, action.Args)
	require.Equal(t, messages.QueueReturns, action.TaskQueue)
	require.True(t, s.schedule.now.State.Paused, "a person's pause stays")
}

func TestAWorkersFatalErrorEndsThem(t *testing.T) {
	t.Parallel()
	h := &house{namespace: "shop"}
	fatal := make(chan error, 1)
	h.onFatal("control", fatal)(errDeaf)
	h.onFatal("returns", fatal)(errDeaf) // does not block
	err := untilFatal(t.Context(), fatal)
	require.ErrorIs(t, err, errDeaf)
	require.ErrorContains(t, err, "control")
	require.ErrorContains(t, err, "shop")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, untilFatal(ctx, fatal))
}
