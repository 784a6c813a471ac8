package returngosandbox

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Options are what a sandbox is made with; the zero value behaves like ReturnGO.
type Options struct {
	// PeriodFactor multiplies webhook retry and delay periods; 0 means 1.
	PeriodFactor float64
	// Clock replaces the wall clock. With it nothing happens by itself: call Tick.
	Clock func() time.Time
	// Seed feeds request ids and webhook misfortune, so a run can be repeated.
	Seed uint64
	// PerSecond and PerDay limit calls per key; 0 means 100 and 2,000, below 0 no limit (contract 1.3).
	PerSecond, PerDay int
	// StrictSchema answers as the reference schema says, without the quirks of contract 1.7.
	StrictSchema bool
	// LastUpdatedFull moves lastUpdated on every change instead of the few of contract 3.8 (A24).
	LastUpdatedFull bool
}

// Sandbox is one ReturnGO with all its shops, in memory.
type Sandbox struct {
	mu       sync.Mutex
	options  Options
	skew     time.Duration
	rand     *rand.Rand
	keys     map[string]*apiKey
	shops    map[string]*shop
	rmas     map[string]*RMA
	past     past
	behind   time.Duration // how old every read is
	counters ids
	faults   []Fault
	calls    map[string]int
	writes   []Write

	outbox  outbox
	closing chan struct{}
	closed  sync.Once
	running sync.WaitGroup
}

// apiKey belongs to a store owner and opens all of the owner's shops (contract 1.2).
type apiKey struct {
	shops     map[string]bool
	budget    budget
	calls     map[string]int
	throttled int
}

// shop is everything scoped by x-shop-name apart from the RMAs.
type shop struct {
	name                string
	orders              map[string]*Order
	returns             map[string][]*RMA // by order id
	policies            []PolicyRule
	webhooks            []Webhook
	trackers            map[string]tracker
	inspectionMandatory bool
}

type ids struct{ rma, item, shipment, transaction, webhook, tracker, delivery int }

func next(counter *int) string {
	*counter++
	return strconv.Itoa(*counter)
}

// New makes an empty sandbox; on the wall clock it delivers webhooks until Close.
func New(options Options) *Sandbox {
	s := &Sandbox{
		options:  withDefaults(options),
		rand:     rand.New(rand.NewPCG(options.Seed, 0x52474f)),
		keys:     map[string]*apiKey{},
		shops:    map[string]*shop{},
		rmas:     map[string]*RMA{},
		past:     past{of: map[string][]version{}},
		calls:    map[string]int{},
		counters: ids{rma: 5000100, item: 900000, shipment: 70000, transaction: 660000, webhook: 300, tracker: 80},
		outbox:   newOutbox(),
		closing:  make(chan struct{}),
	}
	if options.Clock == nil {
		s.running.Add(1)
		go s.deliverContinuously()
	}
	return s
}

func withDefaults(o Options) Options {
	if o.PeriodFactor == 0 {
		o.PeriodFactor = 1
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.PerSecond == 0 {
		o.PerSecond = 100
	}
	if o.PerDay == 0 {
		o.PerDay = 2000
	}
	return o
}

// Close stops webhook delivery and waits for what is under way.
func (s *Sandbox) Close() {
	s.closed.Do(func() {
		close(s.closing)
		s.outbox.stop()
	})
	s.running.Wait()
}

// AddKey registers an API key and the shops it opens; further calls add shops.
func (s *Sandbox) AddKey(key string, shops ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, known := s.keys[key]
	if !known {
		k = &apiKey{shops: map[string]bool{}, calls: map[string]int{}}
		k.budget.limit(s.options.PerSecond, s.options.PerDay)
		s.keys[key] = k
	}
	for _, name := range shops {
		k.shops[name] = true
		if s.shops[name] == nil {
			s.shops[name] = newShop(name)
		}
	}
}

func newShop(name string) *shop {
	return &shop{name: name, orders: map[string]*Order{}, returns: map[string][]*RMA{}, trackers: map[string]tracker{}, policies: defaultPolicies()}
}

// SetInspectionMandatory makes a shop refuse Done while units are unvalidated (contract 3.2).
func (s *Sandbox) SetInspectionMandatory(shopName string, mandatory bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	sh, err := s.shopNamed(shopName)
	if err != nil {
		return err
	}
	sh.inspectionMandatory = mandatory
	return nil
}

// Advance moves the sandbox's clock forward.
func (s *Sandbox) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skew += d
}

// SetClock sets the sandbox's clock, backwards too; the day's quota follows it.
func (s *Sandbox) SetClock(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skew = at.Sub(s.options.Clock())
}

// SetSwitches sets Options.StrictSchema and Options.LastUpdatedFull from now on.
func (s *Sandbox) SetSwitches(strictSchema, lastUpdatedFull bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options.StrictSchema, s.options.LastUpdatedFull = strictSchema, lastUpdatedFull
}

func (s *Sandbox) now() time.Time { return s.options.Clock().Add(s.skew).UTC() }

// stamp is now as ReturnGO records it: whole seconds (contract 1.5).
func (s *Sandbox) stamp() time.Time { return s.now().Truncate(time.Second) }

// Handler is the API as an integration sees it.
func (s *Sandbox) Handler() http.Handler { return s.frontDoor() }
