package app

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"returnbridge/config"
	"returnbridge/internal/ledger"
	"returnbridge/internal/notify"
	"returnbridge/internal/returns"
)

// inbox is where the messages of sinks arrive, by the path of their address.
type inbox struct {
	*httptest.Server

	mu   sync.Mutex
	got  map[string][]string // subjects
	down bool
}

func newInbox(t *testing.T) *inbox {
	t.Helper()
	in := &inbox{got: map[string][]string{}}
	in.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		var b notify.Body
		_ = json.Unmarshal(text, &b)
		in.mu.Lock()
		defer in.mu.Unlock()
		if in.down {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		in.got[r.URL.Path] = append(in.got[r.URL.Path], b.Subject)
	}))
	t.Cleanup(in.Close)
	return in
}

// take gives what has come for a sink since the last time.
func (in *inbox) take(sink string) []string {
	in.mu.Lock()
	defer in.mu.Unlock()
	got := in.got["/"+sink]
	delete(in.got, "/"+sink)
	return got
}

// alerting gives a desk three sinks: two that IT hears, and one that it does not.
func (d *desk) alerting() *inbox {
	d.t.Helper()
	in := newInbox(d.t)
	sink := func(name string, owners ...string) config.Sink {
		return config.Sink{Name: name, Kind: "webhook", Owners: owners, URL: in.URL + "/" + name, SigningSecret: "secret"}
	}
	d.cfg.Notify = config.Notify{Sinks: []config.Sink{sink("all"), sink("it", "IT"), sink("cx", "CX")}, PerHour: 20, EscalateAfter: 24 * time.Hour, DigestAt: "07:00"}
	return in
}

// watches looks every half minute for a time, and gives after how long something came
// for a sink first, and what.
func (d *desk) watches(in *inbox, dogs []*watchdog, sink string, lasts time.Duration) (after time.Duration, subjects []string) {
	d.t.Helper()
	begun := d.now
	for d.now.Sub(begun) < lasts {
		d.now = d.now.Add(watchEvery)
		for _, w := range dogs {
			require.NoError(d.t, w.look(d.t.Context()))
		}
		if got := in.take(sink); len(got) > 0 {
			if subjects == nil {
				after = d.now.Sub(begun)
			}
			subjects = append(subjects, got...)
		}
	}
	return after, subjects
}

func (d *desk) worker() {
	d.temporal.polled = nil
	d.temporal.polls(identity(d.ledger.ID()), d.now, d.taskQueues())
}

// A dead worker is told to IT within eleven minutes, by each of its sinks once, however
// many starters watch; and that it is over.
func TestADeadWorkerIsToldToIT(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	in := d.alerting()
	d.worker()
	dogs := []*watchdog{newWatchdog(d.house), newWatchdog(d.house)}
	_, said := d.watches(in, dogs, "it", time.Minute)
	require.Empty(t, said)
	d.worker() // for the last time
	after, said := d.watches(in, dogs, "it", time.Hour)
	require.LessOrEqual(t, after, 11*time.Minute)
	require.GreaterOrEqual(t, after, 10*time.Minute)
	require.Equal(t, []string{"[returnbridge] no worker asks for work"}, said)
	require.Equal(t, said, in.take("all"))
	require.Empty(t, in.take("cx"))
	d.worker()
	_, said = d.watches(in, dogs, "it", time.Minute)
	require.Equal(t, []string{"[returnbridge] over: no worker asks for work"}, said)
}

// Temporal forgets who has not asked for minutes: what it said before is remembered.
// One queue without a worker is enough, and a worker with another ledger is none.
func TestAQueueWithoutAWorkerIsToldToIT(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	in := d.alerting()
	d.worker()
	dogs := []*watchdog{newWatchdog(d.house)}
	d.now = d.now.Add(5 * time.Minute)
	d.worker()
	require.NoError(t, dogs[0].look(t.Context()))
	d.temporal.polled = nil
	d.temporal.polls(identity(d.ledger.ID()), d.now.Add(time.Hour), d.taskQueues()[1:])
	d.temporal.polls(identity("another"), d.now.Add(time.Hour), d.taskQueues()[:1])
	after, said := d.watches(in, dogs, "it", 20*time.Minute)
	require.Equal(t, []string{"[returnbridge] no worker asks for work"}, said)
	require.LessOrEqual(t, after, 11*time.Minute)
	require.GreaterOrEqual(t, after, 10*time.Minute)
}

func TestADeadTemporalIsToldToIT(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	in := d.alerting()
	d.worker()
	dogs := []*watchdog{newWatchdog(d.house), newWatchdog(d.house)}
	require.NoError(t, dogs[0].look(t.Context()))
	d.temporal.deafQueues = errors.New("unavailable")
	after, said := d.watches(in, dogs, "it", 9*time.Minute)
	require.Empty(t, said, "%s", after)
	in.down = true
	_, said = d.watches(in, dogs, "it", time.Minute)
	require.Empty(t, said)
	in.down = false
	after, said = d.watches(in, dogs, "it", 30*time.Minute)
	require.Equal(t, []string{"[returnbridge] Temporal cannot be reached"}, said)
	require.LessOrEqual(t, after, time.Minute, "a sink that was down is tried again")
	require.Equal(t, said, in.take("all"))
	d.temporal.deafQueues = nil
	d.worker()
	_, said = d.watches(in, dogs, "it", time.Minute)
	require.Equal(t, []string{"[returnbridge] over: Temporal cannot be reached"}, said)
}

// What is short is told to nobody, neither that it began nor that it is over.
func TestAShortOutageIsNotTold(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	in := d.alerting()
	dogs := []*watchdog{newWatchdog(d.house)}
	for range 5 {
		d.temporal.deafQueues = errors.New("unavailable")
		_, said := d.watches(in, dogs, "it", 9*time.Minute)
		require.Empty(t, said)
		d.temporal.deafQueues = nil
		d.worker()
		_, said = d.watches(in, dogs, "it", time.Minute)
		require.Empty(t, said)
	}
}

// A starter that cannot even start, as Temporal is gone, is started again and again.
func TestAStarterThatCannotStartTellsIT(t *testing.T) {
	t.Setenv("TEMPORAL_ADDRESS", "127.0.0.1:1") // where nobody listens
	d := newDesk(t)
	in := d.alerting()
	d.cfg.Ledger = filepath.Join(t.TempDir(), "ledger.db")
	for range 3 {
		require.ErrorContains(t, Serve(t.Context(), d.cfg, Deps{Log: zap.NewNop(), Now: d.house.now}), "127.0.0.1:1")
		d.now = d.now.Add(5 * time.Minute)
	}
	require.Equal(t, []string{"[returnbridge] Temporal cannot be reached"}, in.take("it"))
}

func TestATestMessageGoesToEachSink(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	in := d.alerting()
	require.NoError(t, testSinks(t.Context(), d.cfg, "", d.house.now, d.out()))
	require.Equal(t, "all (webhook) took it\nit (webhook) took it\ncx (webhook) took it\n", d.text())
	require.Equal(t, []string{"[returnbridge] test"}, in.take("cx"))
	require.NoError(t, testSinks(t.Context(), d.cfg, "it", d.house.now, d.out()))
	require.Equal(t, "it (webhook) took it\n", d.text())
	require.ErrorContains(t, testSinks(t.Context(), d.cfg, "other", d.house.now, d.out()), "there is no sink other")
	in.down = true
	require.EqualError(t, testSinks(t.Context(), d.cfg, "", d.house.now, d.out()), "3 sinks did not take the test message")
	require.Contains(t, d.text(), "it (webhook) did not take it: answered with http 502\n")
	require.ErrorContains(t, testSinks(t.Context(), &config.Config{}, "", d.house.now, d.out()), "no sink under notify.sinks")
}

func TestCheckSpeaksOfSinks(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	check := func() []finding {
		c := &checkup{house: d.house}
		c.checkNotify(t.Context())
		return c.Findings
	}
	require.Len(t, check(), 1)
	require.True(t, check()[0].Note)
	require.Contains(t, check()[0].Says, "nobody is told of anything")

	in := d.alerting()
	require.Contains(t, check()[0].Says, "each owner of each shop has a sink")
	d.cfg.Notify.Sinks = d.cfg.Notify.Sinks[1:]
	d.cfg.Notify.Sinks[0].Shops = []string{demo}
	require.True(t, check()[0].Note)
	require.Contains(t, check()[0].Says, "Operations of shop "+demo+", Operations of shop demo-de, Finance of shop "+demo+", Finance of shop demo-de, IT of shop demo-de:")

	alerts, err := alertsOf(d.cfg, d.house.now)
	require.NoError(t, err)
	d.do(func(tx *ledger.Tx) error { return tx.GatherAlerts(t.Context(), alerts.Policy) })
	d.decided(demo, "RMA1", open1(returns.UnlinkedOrder, "x", returns.Money{}))
	d.do(func(tx *ledger.Tx) error {
		require.NoError(t, tx.GatherAlerts(t.Context(), alerts.Policy))
		claim, due, err := tx.ClaimMessage(t.Context(), alerts.Policy.Sinks[1], alerts.Send)
		require.True(t, due)
		return errors.Join(err, tx.MessageFailed(t.Context(), claim, "answered with http 502"))
	})
	last := check()[1]
	require.True(t, last.Problem)
	require.Equal(t, "sink cx has taken no message since 2026-03-04T12:00:00Z (answered with http 502); 1 alert waiting there until it does", last.Says)
	require.Empty(t, in.take("cx"), "nothing is sent")
}

// Who tells people is a schedule like the others, where there is anybody to tell.
func TestPeopleAreToldBySchedule(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	without := len(jobs(d.cfg))
	d.alerting()
	require.Len(t, jobs(d.cfg), without+1)
	require.NoError(t, createSchedules(t.Context(), d.temporal, d.cfg))
	kept, ok := d.temporal.timetable.kept["Notify"]
	require.True(t, ok)
	require.Equal(t, time.Minute, kept.Spec.Intervals[0].Every)
}
