// Package app wires configuration, ledger, clients and Temporal together, and
// runs the worker and the starter. The mains only parse and call.
package app

import (
	"context"
	"crypto/cipher"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.uber.org/zap"
	"go.uber.org/zap/exp/zapslog"

	"log/slog"

	"returnbridge/activities"
	"returnbridge/config"
	"returnbridge/internal/ledger"
	"returnbridge/internal/returngo"
	"returnbridge/internal/returns"
	"returnbridge/internal/returns/rules"
	"returnbridge/internal/tiktokshop"
)

// Deps are what the outside gives: tests and the demo bring their own Temporal
// client and clock.
type Deps struct {
	Temporal  client.Client // nil: connected by the TEMPORAL_* variables and profiles
	Namespace string        // of that client
	Log       *zap.Logger
	Now       func() time.Time  // nil: the wall clock
	Platforms http.RoundTripper // carries the calls to both platforms; nil: connections of our own
}

// house is everything that worker and starter share.
type house struct {
	cfg       *config.Config
	log       *zap.Logger
	temporal  client.Client
	namespace string
	ledger    *ledger.Ledger
	tiktok    *tiktokshop.Client
	acts      *activities.Activities
	waker     *waker
	watch     *watch
	now       func() time.Time
	closers   []func()
}

func open(ctx context.Context, cfg *config.Config, deps Deps) (_ *house, err error) {
	h := &house{cfg: cfg, log: deps.Log, temporal: deps.Temporal, namespace: deps.Namespace, now: deps.Now}
	defer func() {
		if err != nil {
			h.close()
		}
	}()
	if h.now == nil {
		h.now = time.Now
	}
	if h.ledger, err = openLedger(ctx, cfg.Ledger, h.now); err != nil {
		return nil, err
	}
	h.closers = append(h.closers, func() { _ = h.ledger.Close() })
	h.ledger.LogTo(h.log)
	if h.temporal == nil {
		if h.temporal, h.namespace, err = dial(ctx, deps.Log); err != nil {
			return nil, h.unreachable(ctx, err)
		}
		h.closers = append(h.closers, h.temporal.Close)
	}
	h.waker = &waker{temporal: h.temporal, keys: returnGOKeys(cfg)}
	h.watch = &watch{waker: h.waker, log: h.log, now: h.now, queues: map[string]*health{}}
	if h.acts, h.tiktok, err = buildActivities(cfg, h.ledger, h.waker, h.now, h.watch, deps.Platforms); err != nil {
		return h, err
	}
	h.acts.Pacer = pacer{h.temporal, h.namespace, h.paces()}
	return h, nil
}

func (h *house) close() {
	for _, closer := range slices.Backward(h.closers) {
		closer()
	}
}

func sdkLogger(z *zap.Logger) log.Logger {
	return log.NewStructuredLogger(slog.New(zapslog.NewHandler(z.Core(), zapslog.WithCaller(true))))
}

func returnGOKeys(cfg *config.Config) map[string]string {
	keys := map[string]string{}
	for _, s := range cfg.Shops {
		keys[s.Name] = s.ReturnGOKey
	}
	return keys
}

// buildActivities makes the activities for every shop of the configuration; seen
// hears how each of their calls ended.
func buildActivities(cfg *config.Config, l *ledger.Ledger, w *waker, now func() time.Time, seen *watch, platforms http.RoundTripper) (*activities.Activities, *tiktokshop.Client, error) {
	if platforms == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // it is one
		transport.MaxIdleConnsPerHost = 64
		platforms = transport
	}
	web := &http.Client{Transport: platforms}
	tiktok, err := tiktokshop.New(tiktokshop.Options{
		BaseURL: cfg.TikTok.BaseURL, AuthURL: cfg.TikTok.AuthURL, AppKey: cfg.TikTok.AppKey, AppSecret: cfg.TikTok.AppSecret, AppSecretPrevious: cfg.TikTok.AppSecretPrevious,
		HTTP: web, Clock: now, Timeout: cfg.Periods.HTTPTimeout, Seen: seen.seen,
	})
	if err != nil {
		return nil, nil, err //nolint:wrapcheck // the client names the option
	}
	seal, err := activities.NewSeal(cfg.SealKey)
	if err != nil {
		return nil, nil, err //nolint:wrapcheck // it names the key
	}
	var old []cipher.AEAD
	for _, key := range cfg.OldSealKeys() {
		k, err := activities.NewSeal(key)
		if err != nil {
			return nil, nil, err //nolint:wrapcheck // it names the key
		}
		old = append(old, k)
	}
	tokens := &activities.Tokens{Ledger: l, Client: tiktok, Seal: seal, OldSeals: old, Now: now, Ahead: cfg.Periods.RefreshAhead, Seeds: map[string]activities.Seed{}}
	quota := &activities.Quota{Ledger: l, Now: now, PerDay: map[string]int{}}
	stores := map[string]*returngo.Client{}
	for _, k := range cfg.ReturnGO {
		quota.PerDay[k.Name] = k.CallsPerDay
		if stores[k.Name], err = returngo.New(returngo.Options{
			BaseURL: k.BaseURL, APIKey: k.APIKey, HTTP: web, Clock: now, Timeout: cfg.Periods.HTTPTimeout, Allow: quota.Allow(k.Name), Seen: seen.seenOf(k.Name),
			LoopbackLabels: config.OnThisMachine(k.BaseURL), // a sandbox serves its own
		}); err != nil {
			return nil, nil, err //nolint:wrapcheck // the client names the option
		}
	}
	shops := map[string]*activities.Shop{}
	for _, s := range cfg.Shops {
		policy, err := policyOf(s, cfg.Periods)
		if err != nil {
			return nil, nil, err
		}
		tokens.Seeds[s.Name] = activities.Seed{ShopID: s.TikTokShopID, Cipher: s.ShopCipher, AccessToken: s.AccessToken, RefreshToken: s.RefreshToken}
		shops[s.Name] = &activities.Shop{
			Key: s.Name, Quota: s.ReturnGOKey, ReturnGO: stores[s.ReturnGOKey].Shop(s.ReturnGOStore), TikTok: tiktok.Shop(tokens.Access(s.Name)),
			Policy: policy, Stock: activities.StockPolicy{ProofWait: cfg.Periods.ProofWait, ReadAge: 2 * time.Second},
		}
	}
	alerts, err := alertsOf(cfg, now)
	if err != nil {
		return nil, nil, err
	}
	return &activities.Activities{
		Alerts: alerts,
		Ledger: l, Shops: shops, Waker: w, Tokens: tokens, Quota: quota, Now: now, CallTimeout: cfg.Periods.HTTPTimeout, ClockSkew: cfg.Periods.ClockSkew,
		OverdueAfter: overdueSweeps * cfg.Periods.SweepTikTok, OpenSweepEvery: cfg.Periods.SweepReturnGOOpen, EventsQuiet: cfg.Periods.EventsQuiet, InboxKept: cfg.Periods.InboxKept,
	}, tiktok, nil
}

// overdueSweeps is after how many sweeps a return that should have decided again
// is taken up.
const overdueSweeps = 4

// policyOf turns a shop's configuration into what the rules go by.
func policyOf(s config.Shop, p config.Periods) (rules.Policy, error) {
	pattern, err := regexp.Compile(s.Link.OrderNamePattern)
	if err != nil {
		return rules.Policy{}, fmt.Errorf("shop %s: order name pattern: %w", s.Name, err)
	}
	policy := rules.Policy{
		Gate: rules.Gate(s.Refund.Gate), OrderPattern: pattern, TikTokRules: s.Link.TikTokRules,
		Switches:      rules.Switches{Register: s.Switches.Register, Refund: s.Switches.Refund, Reject: s.Switches.Reject, Restock: s.Switches.Restock && s.Restock.Writer == "us", WriteBack: s.Switches.WriteBack},
		ExternalStock: s.Restock.Writer == "external",
		ReasonKeys:    map[string]string{}, OpenReasons: map[string]string{}, PayExpected: s.Refund.PayExpected, SetDone: s.Refund.SetDone,
		Warehouses: map[string]string{}, UseOrderWarehouse: s.Restock.UseOrderWarehouse, DefaultWarehouse: s.Restock.DefaultWarehouse,
		ClockSkew: p.ClockSkew, SettleWindow: p.SettleWindow, MoneyWait: p.MoneyWait, DeadlineWarning: p.DeadlineWarning, RMAWait: p.RMAWait, NotShippedAfter: p.NotShipped,
		InspectionOverdue: p.InspectionOverdue, InspectedTooLong: p.InspectedTooLong, OrderClosesAfter: p.OrderCloses, OrderClosingAlert: p.OrderClosingAlert,
		CreateSettle: p.CreateSettle, KeyLifetime: p.KeyLifetime, NotShownAfter: p.NotShown, TroubleRetry: p.TroubleRetry,
	}
	policy.DayLimit.Count = s.Refund.DayLimit.Count
	if policy.DayLimit.Amount, err = limitOf(s, "day_limit.amount", s.Refund.DayLimit.Amount); err != nil {
		return rules.Policy{}, err
	}
	policy.NotRestockable = rules.NotRestockable(s.Refund.NotRestockable)
	if policy.NotRestockableAbove, err = limitOf(s, "not_restockable_above", s.Refund.NotRestockableAbove); err != nil {
		return rules.Policy{}, err
	}
	if policy.AskAbove, err = limitOf(s, "ask_above", s.Refund.AskAbove); err != nil {
		return rules.Policy{}, err
	}
	for _, r := range s.Refund.Reasons {
		policy.ReasonKeys[r.ReturnGO] = r.TikTok
	}
	for _, r := range s.OpenReturns {
		policy.OpenReasons[r.ReturnGO] = r.TikTok
	}
	for _, w := range s.Restock.Warehouses {
		policy.Warehouses[w.Location] = w.TikTok
	}
	return policy, nil
}

// limitOf is an amount of a shop's refund configuration, unknown if it is not set.
func limitOf(s config.Shop, key, amount string) (returns.Money, error) {
	if amount == "" {
		return returns.Money{}, nil
	}
	m, err := returns.NewMoney(amount, s.Refund.Currency)
	if err != nil {
		return m, fmt.Errorf("shop %s: refund.%s: %w", s.Name, key, err)
	}
	return m, nil
}
