// Package activities is each touch of the outside world, and what each failure
// means. An activity reads, lets the rules decide, does at most one effect, and
// answers with a new plan. A business refusal is never an error here: only what
// Temporal should try again is.
package activities

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returngo"
	"returnbridge/internal/returns"
	"returnbridge/internal/returns/rules"
	"returnbridge/internal/tiktokshop"
)

// Shop is one merchant's pair of platforms as configured.
type Shop struct {
	Key      string // our name of the shop
	Quota    string // our name of the ReturnGO key whose calls its store uses
	ReturnGO *returngo.Shop
	TikTok   *tiktokshop.Shop
	Policy   rules.Policy
	Stock    StockPolicy
}

// StockPolicy says how patiently stock is proven.
type StockPolicy struct {
	ProofWait time.Duration // for TikTok's own account of a write (webhook 68)
	ReadAge   time.Duration // a write never rests on an older read
}

// Waker tells a return or a product's stock to look, starting it if need be.
type Waker interface {
	WakeReturn(ctx context.Context, shop string, key returns.Key, news messages.News) error
	WakeStock(ctx context.Context, shop, productID string) error
	// Running are the ids of a shop's workflows that run, as Temporal lists them.
	Running(ctx context.Context, shop string) (map[string]bool, error)
	// Failing are the ids of a shop's workflows whose next step Temporal cannot run, with
	// the cause that Temporal names.
	Failing(ctx context.Context, shop string) (map[string]string, error)
	// Waits tells whether the workflow of a return runs, and waits for an activity.
	Waits(ctx context.Context, shop string, key returns.Key) (runs, waits bool, err error)
	// WakeGuard tells the guard of a task queue that its platform is ill.
	WakeGuard(ctx context.Context, queue string, ill messages.Ill) error
}

// Activities holds what the activities need. Its exported methods are the
// activities; their names are part of every history.
type Activities struct {
	Ledger *ledger.Ledger
	Shops  map[string]*Shop
	Waker  Waker
	Tokens *Tokens
	Quota  *Quota
	Pacer  Pacer
	Now    func() time.Time
	// CallTimeout is the deadline of one platform call: a claim ends that long
	// after it, when no answer can come any more.
	CallTimeout time.Duration
	// ClockSkew is how far machines' clocks may be from each other, and from what is
	// known of TikTok's.
	ClockSkew time.Duration
	// OverdueAfter is how long after the time at which a return should have
	// decided again a sweep takes it up: longer than acts and looks are retried.
	OverdueAfter time.Duration
	// OpenSweepEvery is how often a sweep lists the RMAs of every open status,
	// not only of those whose next step sends no event (ReturnGO contract 8.1).
	OpenSweepEvery time.Duration
	// EventsQuiet is for how long no event may come while sweeps find changes.
	EventsQuiet time.Duration
	// InboxKept is how long an event that was dealt with is kept.
	InboxKept time.Duration
	Alerts    Alerts
}

func (a *Activities) shop(name string) (*Shop, error) {
	s, ok := a.Shops[name]
	if !ok {
		// Configuration can come back: keep trying, slowly, instead of failing returns.
		return nil, retryIn(time.Minute, "ShopNotConfigured", fmt.Errorf("shop %q is not in the configuration", name))
	}
	return s, nil
}

// jitter spreads what failed together: the server adds none.
func jitter(d time.Duration) time.Duration {
	return d + time.Duration(rand.Int64N(int64(d)/2+1)) //nolint:gosec // spreading load needs no secrecy
}
