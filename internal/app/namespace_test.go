package app

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"returnbridge/config"
	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
)

func scheduleOf(ledgerID string) client.ScheduleOptions {
	return client.ScheduleOptions{Paused: true, Action: ledgerRemembered(ledgerID)}
}

// neighbour is a program of another ledger in the same namespace.
func (d *desk) neighbour() *house {
	d.t.Helper()
	l, err := ledger.Open(d.t.Context(), filepath.Join(d.t.TempDir(), "other.db"), d.house.now)
	require.NoError(d.t, err)
	d.t.Cleanup(func() { require.NoError(d.t, l.Close()) })
	other := *d.house
	other.ledger = l
	return &other
}

func TestANamespaceBelongsToTheFirstLedger(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	other := d.neighbour()
	require.NoError(t, d.bindLedger(t.Context()))
	require.True(t, d.temporal.timetable.kept[ledgerSchedule].Paused, "it never fires")
	require.NoError(t, d.bindLedger(t.Context()), "the same ledger comes again")
	err := other.bindLedger(t.Context())
	require.ErrorIs(t, err, errOtherLedger)
	for _, want := range []string{d.ledger.ID(), other.ledger.ID(), "pay twice", "starter adopt-ledger", "the key ledger of the configuration"} {
		require.ErrorContains(t, err, want)
	}

	d.temporal.wipe() // a ledger with history before an empty namespace
	require.NoError(t, d.bindLedger(t.Context()))
	require.ErrorIs(t, other.bindLedger(t.Context()), errOtherLedger)
}

// Two programs with two ledgers begin at once: one of them wins.
func TestOfTwoLedgersAtOnceOneWins(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	other := d.neighbour()
	d.temporal.timetable.first = func() { require.NoError(t, d.bindLedger(t.Context())) }
	require.ErrorIs(t, other.bindLedger(t.Context()), errOtherLedger)
	require.NoError(t, d.bindLedger(t.Context()))
}

func TestWorkerAndStarterRefuseAnotherLedgersNamespace(t *testing.T) {
	t.Parallel()
	p := newPlatforms(t, demo)
	p.temporal.timetable.kept = map[string]client.ScheduleOptions{ledgerSchedule: scheduleOf(otherLedger)}
	cfg := *p.cfg
	cfg.Ledger = filepath.Join(t.TempDir(), "new.db")
	deps := Deps{Temporal: p.temporal, Namespace: "returns", Log: zap.NewNop()}
	require.ErrorIs(t, Worker(t.Context(), &cfg, deps), errOtherLedger)
	require.ErrorIs(t, Serve(t.Context(), &cfg, deps), errOtherLedger)
	require.Len(t, p.temporal.timetable.kept, 1, "nothing was made there")
	require.Empty(t, p.temporal.attributes)
}

// Whoever changes the schedule leaves the namespace to no ledger: it does not go to
// the next one that comes.
func TestAChangedScheduleNamesNoLedger(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.temporal.timetable.kept = map[string]client.ScheduleOptions{ledgerSchedule: {Action: &client.ScheduleWorkflowAction{ID: "something"}}}
	require.ErrorContains(t, d.bindLedger(t.Context()), "the schedule returnbridge-ledger was changed by somebody and names no ledger")
	d.temporal.timetable.fails = serviceerror.NewUnavailable("down")
	require.ErrorContains(t, d.bindLedger(t.Context()), "down")
}

// Temporal is emptied under a running starter.
func TestARunningStarterMakesAgainWhatIsMissing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	require.NoError(t, d.prepareWithSchedules(t.Context()))
	require.Len(t, d.temporal.timetable.kept, 7, "three schedules for each of two shops, and the ledger's")
	d.temporal.wipe()
	ctx, stop := context.WithCancel(t.Context())
	looked := 0
	require.NoError(t, d.keepPrepared(ctx, time.Millisecond, func(ctx context.Context) error {
		if looked++; looked == 1 {
			return serviceerror.NewUnavailable("not there yet")
		}
		defer stop()
		return d.prepareWithSchedules(ctx)
	}), "trouble ends nothing")
	require.Equal(t, messages.SearchAttributes(), d.temporal.attributes)
	require.Len(t, d.temporal.timetable.kept, 7)
	require.Contains(t, d.temporal.timetable.kept, "SweepTikTok/demo-gb")

	d.temporal.timetable.kept["SweepTikTok/demo-gb"] = client.ScheduleOptions{Note: "held by Ann"}
	delete(d.temporal.timetable.kept, "SweepTikTok/demo-de")
	made, err := replaceSchedules(t.Context(), d.temporal, d.cfg)
	require.NoError(t, err)
	require.Equal(t, []string{"SweepTikTok/demo-de"}, made, "only what is missing")
	require.Equal(t, "held by Ann", d.temporal.timetable.kept["SweepTikTok/demo-gb"].Note)
}

// A running program ends once the namespace belongs to another ledger.
func TestARunningProgramEndsInAnotherLedgersNamespace(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	require.NoError(t, d.bindLedger(t.Context()))
	require.NoError(t, d.neighbour().adoptLedger(t.Context()))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	require.ErrorIs(t, d.keepPrepared(ctx, time.Millisecond, func(ctx context.Context) error {
		defer stop() // it looks no second time
		return d.prepareNamespace(ctx)
	}), errOtherLedger)
}

func TestALedgerIsAdopted(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	require.NoError(t, d.adopt(t.Context(), true, d.out()))
	require.Contains(t, d.text(), "There is nothing to adopt")
	require.NoError(t, d.bindLedger(t.Context()))
	require.NoError(t, d.adopt(t.Context(), true, d.out()))
	require.Contains(t, d.text(), "belongs to this ledger, "+d.ledger.ID()+". There is nothing to adopt.")

	next := d.neighbour()
	require.NoError(t, next.adopt(t.Context(), false, d.out()))
	require.Contains(t, d.text(), "Nothing was changed: add --yes to do it.")
	require.ErrorIs(t, next.bindLedger(t.Context()), errOtherLedger)

	d.temporal.polls(identity(d.ledger.ID()), d.now, []taskQueue{{name: messages.QueueControl}})
	require.ErrorContains(t, next.adopt(t.Context(), true, d.out()), "a worker with another ledger still takes work from task queue control: ledger "+d.ledger.ID())
	require.ErrorIs(t, next.bindLedger(t.Context()), errOtherLedger)
	d.now = d.now.Add(polledLately + time.Second)
	require.NoError(t, next.adopt(t.Context(), true, d.out()))
	require.Contains(t, d.text(), "belonged to the ledger "+d.ledger.ID()+" and now belongs to this one, "+next.ledger.ID())
	require.NoError(t, next.bindLedger(t.Context()))
	require.ErrorIs(t, d.bindLedger(t.Context()), errOtherLedger)
	require.True(t, d.temporal.timetable.kept[ledgerSchedule].Paused)
}

// Worker health: 200 only while both the ledger and Temporal answer.
func TestAWorkerSaysWhetherItCanWork(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	asked := func() int {
		w := httptest.NewRecorder()
		d.health().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/healthz", nil))
		return w.Code
	}
	require.Equal(t, http.StatusOK, asked())
	d.temporal.unwell = errors.New("no Temporal")
	require.Equal(t, http.StatusServiceUnavailable, asked())
	d.temporal.unwell = nil
	closed := d.neighbour()
	require.NoError(t, closed.ledger.Close())
	d.house = closed
	require.Equal(t, http.StatusServiceUnavailable, asked())
}

func TestAWorkerAnswersWhereItIsConfigured(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	fatal := make(chan error, 1)
	require.NoError(t, d.answerHealth(t.Context(), fatal), "nowhere")
	server := httptest.NewUnstartedServer(nil)
	d.cfg = &config.Config{WorkerListen: server.Listener.Addr().String()}
	require.ErrorContains(t, d.answerHealth(t.Context(), fatal), "worker_listen", "somebody else is there")
	server.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	require.NoError(t, d.answerHealth(ctx, fatal))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+d.cfg.WorkerListen+"/healthz", nil)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode)
}
