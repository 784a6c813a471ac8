package app

import (
	"context"
	"encoding/base64"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"returnbridge/config"
	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

const (
	ukShop  = "7490000000000000001"
	deShop  = "7490000000000000002"
	ukToken = "uk-webhook-token-0123456789abcdef"
	deToken = "de-webhook-token-0123456789abcdef"
	caseID  = "4030000000000000001"
	product = "1728000000000000001"
)

// bench is a starter's receiving half: a real ledger, a Temporal that notes what
// it is told, a log that can be read.
type bench struct {
	*house
	t        *testing.T
	ctx      context.Context
	temporal *fakeTemporal
	logs     *observer.ObservedLogs
	relay    *relay

	mu sync.Mutex
	at time.Time
}

func newBench(t testing.TB) *bench {
	t.Helper()
	core, logs := observer.New(zapcore.DebugLevel)
	b := &bench{ctx: t.Context(), temporal: &fakeTemporal{told: make(chan wakeUp, 4096)}, logs: logs, at: noon}
	b.t, _ = t.(*testing.T)
	shop := func(name, id, token string) config.Shop {
		return config.Shop{Name: name, TikTokShopID: id, WebhookToken: token, ReturnGOKey: "main", ReturnGOStore: name + ".myshopify.com", Region: "GB"}
	}
	cfg := &config.Config{
		Ledger: filepath.Join(t.TempDir(), "ledger.db"), SealKey: base64.StdEncoding.EncodeToString(make([]byte, 32)),
		TikTok:   config.TikTok{BaseURL: "http://127.0.0.1:1", AuthURL: "http://127.0.0.1:1", AppKey: "demo_key", AppSecret: "demo_secret"},
		ReturnGO: []config.ReturnGOKey{{Name: "main", BaseURL: "http://127.0.0.1:1", APIKey: "api-key"}},
		Shops:    []config.Shop{shop("uk", ukShop, ukToken), shop("de", deShop, deToken)},
		Periods: config.Periods{
			HTTPTimeout: time.Second, RelayWindow: time.Millisecond, RelayTakeover: 3 * time.Millisecond,
			SweepReturnGO: 15 * time.Minute, SweepTikTok: 10 * time.Minute, RefreshToken: 6 * time.Hour,
		},
	}
	h, err := open(t.Context(), cfg, Deps{Temporal: b.temporal, Namespace: "default", Log: zap.New(core), Now: b.clock})
	require.NoError(t, err)
	t.Cleanup(h.close)
	b.house = h
	b.relay = newRelay(h)
	return b
}

func (b *bench) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.at
}

func (b *bench) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.at = b.at.Add(d)
}

// do runs work on the ledger that must succeed.
func (b *bench) do(t testing.TB, work func(*ledger.Tx) error) {
	t.Helper()
	require.NoError(t, b.ledger.Do(b.ctx, work))
}

// inbox is every event not relayed yet, oldest first.
func (b *bench) inbox(t testing.TB) []ledger.Event {
	t.Helper()
	var all []ledger.Event
	b.do(t, func(tx *ledger.Tx) (err error) {
		all, err = tx.Waiting(b.ctx, b.clock().Add(time.Hour), 1000)
		return err
	})
	return all
}

func (b *bench) syncs(t testing.TB, sku string) []returns.StockMovement {
	t.Helper()
	var all []returns.StockMovement
	b.do(t, func(tx *ledger.Tx) (err error) {
		all, err = tx.Syncs(b.ctx, "uk", sku, time.Time{}, noon.Add(10000*time.Hour))
		return err
	})
	return all
}

// wakeUp is one thing Temporal was asked to do.
type wakeUp struct {
	id        string
	platforms []returns.Platform
}

// fakeTemporal notes signals and triggers; ids it is told to refuse, it refuses.
type fakeTemporal struct {
	client.Client

	mu      sync.Mutex
	refused []string
	all     []wakeUp
	told    chan wakeUp // the same, to wait on
}

var errRefused = errors.New("no such thing here")

func (f *fakeTemporal) note(n wakeUp) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if slices.Contains(f.refused, n.id) {
		return errRefused
	}
	slices.Sort(n.platforms)
	f.all = append(f.all, n)
	f.told <- n
	return nil
}

func (f *fakeTemporal) refuse(ids ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refused = ids
}

// since is what was told since the last question, by id.
func (f *fakeTemporal) since() []wakeUp {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := f.all
	f.all = nil
	slices.SortFunc(all, func(a, b wakeUp) int {
		if a.id < b.id {
			return -1
		}
		return 1
	})
	return all
}

func (f *fakeTemporal) SignalWithStartWorkflow(_ context.Context, id, signal string, arg any, options client.StartWorkflowOptions, _ any, _ ...any) (client.WorkflowRun, error) {
	if _, ill := arg.(messages.Ill); ill && signal == messages.SignalIll {
		return nil, f.note(wakeUp{id, nil})
	}
	news, ok := arg.(messages.News)
	if !ok || signal != messages.SignalNews || options.TaskQueue != messages.QueueReturns || options.StaticSummary == "" {
		return nil, errors.New("not a wake") //nolint:err113 // a fake
	}
	return nil, f.note(wakeUp{id, slices.Clone(news.Platforms)})
}

func (f *fakeTemporal) ScheduleClient() client.ScheduleClient { return fakeSchedules{fake: f} }

type fakeSchedules struct {
	client.ScheduleClient

	fake *fakeTemporal
}

func (s fakeSchedules) GetHandle(_ context.Context, id string) client.ScheduleHandle {
	return fakeSchedule{fake: s.fake, id: id}
}

type fakeSchedule struct {
	client.ScheduleHandle

	fake *fakeTemporal
	id   string
}

func (s fakeSchedule) Trigger(context.Context, client.ScheduleTriggerOptions) error {
	return s.fake.note(wakeUp{id: s.id})
}
