package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/notify"
	"returnbridge/internal/returns"
)

// person is where a sink's messages arrive: an HTTP server.
type person struct {
	*httptest.Server

	mu    sync.Mutex
	got   []notify.Body
	at    []time.Time
	down  bool
	hangs chan struct{} // an answer waits for it
}

func newPerson(t *testing.T, now func() time.Time) *person {
	t.Helper()
	p := &person{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		p.mu.Lock()
		down, hangs := p.down, p.hangs
		if !down {
			var b notify.Body
			_ = json.Unmarshal(text, &b)
			p.got, p.at = append(p.got, b), append(p.at, now())
		}
		p.mu.Unlock()
		if hangs != nil {
			<-hangs
		}
		if down {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(p.Close)
	return p
}

// told is how many alerts have arrived, and in how many messages.
func (p *person) told() (alerts, messages int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, b := range p.got {
		if b.Sort == "alerts" || b.Sort == "digest" {
			alerts += b.Count
		}
	}
	return alerts, len(p.got)
}

func (p *person) is(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = down
}

// alerting gives a bench these people as sinks for everything, by their names.
func alerting(b *bench, a *Activities, people map[string]*person) {
	a.Alerts = Alerts{
		Policy: ledger.AlertPolicy{EscalateAfter: 1000 * time.Hour}, Send: ledger.SendPolicy{PerHour: 20, Claim: AlertClaim, DigestAt: 7 * time.Hour},
		Sinks: map[string]notify.Sink{}, Writer: notify.Writer{Now: b.clock.now},
	}
	for _, name := range slices.Sorted(maps.Keys(people)) {
		p := people[name]
		a.Alerts.Policy.Sinks = append(a.Alerts.Policy.Sinks, ledger.Sink{Name: name})
		a.Alerts.Sinks[name] = notify.Webhook{URL: p.URL, Secret: "secret", Now: b.clock.now}
	}
}

func (b *bench) notify() messages.NotifyResult {
	b.t.Helper()
	return must[messages.NotifyResult](b, b.Notify, messages.NotifyInput{})
}

// opens has n returns of a kind open an exception.
func (b *bench) opens(from, n int, kind func(i int) returns.Kind) {
	b.t.Helper()
	require.NoError(b.t, b.Ledger.Do(b.ctx, func(tx *ledger.Tx) error {
		for i := from; i < from+n; i++ {
			k := returns.RMAKey(fmt.Sprint(100000 + i))
			r, err := tx.Load(b.ctx, shopName, k)
			err = errors.Join(err, tx.SaveDecision(b.ctx, shopName, k, r, ledger.Decided{Exceptions: []returns.Exception{returns.NewException(kind(i), "it happened", returns.Money{})}}))
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

// Two thousand exceptions in a minute, of every kind: at most the number of an hour
// comes in any hour, and nothing is missing.
func TestAStormComesAsDigests(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	one, two := newPerson(t, b.clock.now), newPerson(t, b.clock.now)
	alerting(b, b.Activities, map[string]*person{"one": one, "two": two})
	b.notify()
	kinds := make([]returns.Kind, 0, len(returns.Catalogue))
	for k := range returns.Catalogue {
		kinds = append(kinds, k)
	}
	const storm = 2000
	for i := 0; i < storm; i += 500 {
		b.opens(i, 500, func(i int) returns.Kind { return kinds[i%len(kinds)] })
		b.clock.pass(15 * time.Second)
		b.notify()
	}
	for range 62 {
		b.clock.pass(time.Minute)
		b.notify()
	}
	for _, p := range []*person{one, two} {
		alerts, _ := p.told()
		require.Equal(t, storm, alerts)
		digests := 0
		for i, at := range p.at {
			within := 0
			for _, other := range p.at[:i+1] {
				if at.Sub(other) < time.Hour {
					within++
				}
			}
			require.LessOrEqual(t, within, 20)
			if p.got[i].Sort == "digest" {
				digests++
				for _, k := range kinds {
					if strings.Contains(p.got[i].Text, ", "+string(k)+": ") {
						continue
					}
					require.Contains(t, texts(p.got[:i]), ", "+"shop "+shopName+": "+string(k), "what is not in the digest came by itself")
				}
			}
		}
		require.Equal(t, 1, digests)
	}
}

func texts(all []notify.Body) string {
	var b strings.Builder
	for _, m := range all {
		b.WriteString(m.Text)
	}
	return b.String()
}

// A sink that is down for an hour delays nothing and loses nothing.
func TestASinkIsDownForAnHour(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	down, well := newPerson(t, b.clock.now), newPerson(t, b.clock.now)
	alerting(b, b.Activities, map[string]*person{"down": down, "well": well})
	b.notify()
	down.is(true)
	for i := range 64 {
		if i < 40 {
			b.opens(i, 1, func(int) returns.Kind { return returns.UnlinkedOrder })
		}
		if i == 50 {
			b.opens(0, 1, func(int) returns.Kind { return returns.NotPayable }) // the first heals
		}
		b.clock.pass(time.Minute)
		b.notify()
	}
	alerts, _ := well.told()
	require.Equal(t, 40+2, alerts-failing(well), "each came in its minute, or with the digest")
	require.Equal(t, 1, failing(well), "and that the other fails")
	alerts, _ = down.told()
	require.Zero(t, alerts)
	down.is(false)
	for range 70 {
		b.clock.pass(time.Minute)
		b.notify()
	}
	alerts, _ = down.told()
	require.Equal(t, 40, alerts, "all that is open; what healed meanwhile is no news")
	require.Equal(t, 2, failing(well), "the end of it too")
	states := get(b, func(tx *ledger.Tx) ([]ledger.SinkState, error) { return tx.SinkStates(b.ctx) })
	for _, s := range states {
		require.Equal(t, []any{0, ""}, []any{s.Waiting, s.Problem})
	}
}

// failing counts what was told of sinks that fail.
func failing(p *person) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.got {
		if m.Sort == "day" {
			continue
		}
		for _, e := range m.Exceptions {
			if e.Kind == returns.AlertsFail {
				n++
			}
		}
	}
	return n
}

// killed is a sink whose sender is killed after the message has left: nobody notes it.
type killed struct {
	notify.Sink

	ctx  context.Context
	kill func()
}

func (k killed) Send(ctx context.Context, m notify.Message) error {
	err := k.Sink.Send(ctx, m)
	k.kill()
	return errors.Join(err, k.ctx.Err())
}

// A sender that is killed between sending and noting has a message come twice, under
// the same id, and no other.
func TestASenderIsKilledBeforeItCanNote(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := newPerson(t, b.clock.now)
	alerting(b, b.Activities, map[string]*person{"one": p})
	b.notify()
	kinds := []returns.Kind{returns.UnlinkedOrder, returns.NotPayable, returns.UnitMismatch}
	b.opens(0, 3, func(i int) returns.Kind { return kinds[i] })

	dying := b.process()
	alerting(b, dying, map[string]*person{"one": p})
	ctx, kill := context.WithCancel(b.ctx)
	dying.Alerts.Sinks["one"] = killed{dying.Alerts.Sinks["one"], ctx, func() { kill(); require.NoError(t, dying.Ledger.Close()) }}
	_, err := run[messages.NotifyResult](b, dying.Notify, messages.NotifyInput{})
	require.Error(t, err)
	_, sent := p.told()
	require.Equal(t, 1, sent)
	b.notify()
	_, sent = p.told()
	require.Equal(t, 1, sent, "it may still be under way")
	b.clock.pass(AlertClaim)
	b.notify()
	_, sent = p.told()
	require.Equal(t, 4, sent)
	times := map[string]int{}
	for _, m := range p.got {
		times[m.ID]++
	}
	require.Len(t, times, 3)
	require.Equal(t, 2, times[p.got[0].ID])
	require.Contains(t, texts(p.got[1:2]), "This may have come before")
	b.clock.pass(time.Hour)
	b.notify()
	_, sent = p.told()
	require.Equal(t, 4, sent)
}

// A sink that does not answer holds up no other.
func TestASlowSinkHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	slow, quick := newPerson(t, b.clock.now), newPerson(t, b.clock.now)
	alerting(b, b.Activities, map[string]*person{"a": slow, "b": quick})
	b.notify()
	kinds := []returns.Kind{returns.UnlinkedOrder, returns.NotPayable, returns.UnitMismatch}
	b.opens(0, 3, func(i int) returns.Kind { return kinds[i] })
	slow.hangs = make(chan struct{})
	answer := sync.OnceFunc(func() { close(slow.hangs) })
	t.Cleanup(answer) // before the server waits for it
	ended := make(chan messages.NotifyResult, 1)
	go func() { ended <- b.notify() }()
	require.Eventually(t, func() bool { n, _ := quick.told(); return n == 3 }, 10*time.Second, 10*time.Millisecond)
	select {
	case <-ended:
		require.Fail(t, "the slow one was not waited for")
	default:
	}
	answer()
	require.Equal(t, messages.NotifyResult{Sent: 6}, <-ended)
}

// What a look finds in a backfill is no news; what the clock opens later is.
func TestABackfilledReturnIsQuietAtFirst(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := newPerson(t, b.clock.now)
	alerting(b, b.Activities, map[string]*person{"one": p})
	b.notify()
	looks := func(status string) []returns.OpenException {
		b.change(func() { b.rma["rmaSummary"].(map[string]any)["status"] = status })
		must[messages.PlanResult](b, b.LookReturnGO, messages.LookInput{Shop: shopName, Key: key, History: true})
		must[messages.PlanResult](b, b.LookTikTok, messages.LookInput{Shop: shopName, Key: key, History: true})
		return b.record().Open
	}
	require.Len(t, looks("Odd"), 1)
	b.notify()
	_, sent := p.told()
	require.Zero(t, sent)
	require.Empty(t, looks("Validated"))
	b.clock.pass(2 * time.Hour)
	require.Len(t, looks("Odd"), 1)
	b.notify()
	alerts, _ := p.told()
	require.Equal(t, 1, alerts)
	require.Equal(t, returns.UnknownStatus, p.got[0].Exceptions[0].Kind)
}
