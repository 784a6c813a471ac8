// Package tiktoksandbox is an independent double of the TikTok Shop Partner API:
// the platform itself, its shoppers, couriers and warehouses, and truthful books
// of what really happened. It is written from contracts/tiktok-shop.md alone and
// must not know any client of this repository, so that a misreading on either
// side shows as a failing test.
//
// "Contract n.m" and "Txx" in comments point into that document.
package tiktoksandbox

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// Options configure a Sandbox. The zero value of each field is usable.
type Options struct {
	AppKey    string // default "demo_key"
	AppSecret string // default "demo_secret"
	// PeriodFactor multiplies every platform period: deadlines, completion,
	// return window, webhook retries, token life. Default 1; 1/3600 turns 48 h into 48 s.
	PeriodFactor float64
	// Clock replaces the wall clock. With a clock of your own nothing happens in
	// the background: call Tick after moving it.
	Clock func() time.Time
	Seed  uint64 // of every random choice and of the identifiers
	// CompleteAfter is the platform time from SUCCESS to COMPLETE, when the money
	// really moves. Default 30 minutes, multiplied by PeriodFactor.
	CompleteAfter time.Duration
	// ReturnWindow overrides the market's days from delivery to COMPLETED (4.4, T28).
	ReturnWindow time.Duration
	// StatementDelay is the platform time from a sale or refund to the statement
	// that shows it, at the next 0:00 (2.9). Default two days.
	StatementDelay time.Duration
	// AccessTokenLife is 7 days by default (1.2); RefreshTokenLife one year.
	AccessTokenLife, RefreshTokenLife time.Duration
	// SearchLag is how far searches for orders, returns and cancellations are
	// behind, as in development shops (section 5 item 10); whoever asks by id sees
	// the present. Default none; multiplied by PeriodFactor.
	SearchLag time.Duration
	// PageTokenLife is how long a page token is good for (T05). Default for ever;
	// multiplied by PeriodFactor.
	PageTokenLife time.Duration
	// KeyLife is how long an idempotency key is honoured, as no source says (T12).
	// Default 24 hours, negative for ever; multiplied by PeriodFactor. SetKeyLife
	// changes it, and makes keys unknown.
	KeyLife time.Duration
	// RatePerSecond per shop and endpoint (1.8). Default 50; negative switches it off.
	RatePerSecond int
	// HourlyCap per shop over all endpoints; development shops have 1000 (1.8).
	// Beyond it calls answer 36009037 until the next full hour. Default none.
	HourlyCap int
	// LowStock is where webhook 27 calls a SKU short. Default 5.
	LowStock int
	// StrictWebhookAddress demands https, a domain name and no port (3.1).
	// Default off, so that receivers on this machine can be reached.
	StrictWebhookAddress bool
}

func (o *Options) fill() {
	setDefault(&o.AppKey, "demo_key")
	setDefault(&o.AppSecret, "demo_secret")
	setDefault(&o.PeriodFactor, 1)
	setDefault(&o.CompleteAfter, 30*time.Minute)
	setDefault(&o.StatementDelay, 2*24*time.Hour)
	setDefault(&o.AccessTokenLife, 7*24*time.Hour)
	setDefault(&o.RefreshTokenLife, 365*24*time.Hour)
	setDefault(&o.KeyLife, 24*time.Hour)
	setDefault(&o.RatePerSecond, 50)
	setDefault(&o.LowStock, 5)
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Sandbox holds the whole platform in memory. All methods are safe for
// concurrent use.
type Sandbox struct {
	options Options
	http    *http.Client

	mu      sync.Mutex
	random  *rand.Rand
	counter map[string]uint64 // last number given per kind of id
	agenda  agenda
	virtual time.Time // the moment a due task belongs to, while it runs

	shops      map[string]*shop
	grants     []*grant
	authCodes  map[string]*authCode
	warehouses []*Warehouse
	products   map[string]*product
	skus       map[string]*sku
	levels     map[stockKey]*level
	orders     map[string]*order
	packages   map[string]*order
	returns    map[string]*returnCase
	cancels    map[string]*cancelCase
	statements []*statement // oldest first, those of days to come too

	images   map[string]bool // uris of uploaded pictures
	faults   []*Fault
	replays  map[string]*replay
	keyLife  time.Duration // in force; Options.KeyLife to begin with
	readings Readings
	behind   time.Duration // how old every read is
	skew     time.Duration // of the clock that judges timestamps
	rates    map[string]*rateWindow
	limits   map[string]*RateLimit // by endpoint, where it differs from the options

	mailbox  []*delivery
	sent     []*delivery
	partner  map[int][]string // topic → addresses set in Partner Center (T20)
	weather  WebhookWeather
	books    Books
	onRead   func(skuIDs []string)
	window   map[string][]WindowStep // by SKU: what happens in its next read-write window
	foreign  map[stockKey]*ForeignWriter
	lastRead map[string]int // sku → length of the journal that its last Inventory Search knew

	stop    context.CancelFunc
	running context.Context
	workers sync.WaitGroup
}

// New starts a sandbox. Close it when done.
func New(options Options) *Sandbox {
	options.fill()
	running, stop := context.WithCancel(context.Background())
	s := &Sandbox{
		options: options, keyLife: options.KeyLife,
		http:    &http.Client{Timeout: webhookTimeout},
		random:  rand.New(rand.NewPCG(options.Seed, 0x7474)),
		counter: map[string]uint64{},
		shops:   map[string]*shop{}, authCodes: map[string]*authCode{},
		products: map[string]*product{}, skus: map[string]*sku{}, levels: map[stockKey]*level{},
		orders: map[string]*order{}, packages: map[string]*order{}, returns: map[string]*returnCase{}, cancels: map[string]*cancelCase{},
		replays: map[string]*replay{}, rates: map[string]*rateWindow{}, images: map[string]bool{}, limits: map[string]*RateLimit{},
		partner: map[int][]string{}, lastRead: map[string]int{},
		window: map[string][]WindowStep{}, foreign: map[stockKey]*ForeignWriter{},
		books:   Books{Calls: map[string]int{}, Refreshes: map[string]int{}},
		running: running, stop: stop,
	}
	if options.Clock == nil {
		s.workers.Add(1)
		go s.keepTicking()
	}
	return s
}

// Close stops background work and waits for deliveries under way.
func (s *Sandbox) Close() {
	s.stop()
	s.workers.Wait()
	s.http.CloseIdleConnections()
}

// enter takes the lock, brings the state up to the clock, and returns the
// function that leaves again: defer s.enter()().
func (s *Sandbox) enter() func() {
	s.mu.Lock()
	s.catchUp()
	return s.mu.Unlock
}

// now is the moment things happen at: a due task's own moment while it runs,
// otherwise the clock.
func (s *Sandbox) now() time.Time {
	if !s.virtual.IsZero() {
		return s.virtual
	}
	return s.clock()
}

func (s *Sandbox) clock() time.Time {
	if s.options.Clock != nil {
		return s.options.Clock()
	}
	return time.Now()
}

// period turns a platform period into the sandbox's.
func (s *Sandbox) period(d time.Duration) time.Duration {
	return time.Duration(float64(d) * s.options.PeriodFactor)
}

// idPrefix keeps kinds of ids apart the way the platform's own numbers look.
var idPrefix = map[string]string{
	"shop": "7490", "warehouse": "7000", "product": "1728", "sku": "1729",
	"order": "5760", "line": "5770", "subline": "5780", "package": "1150",
	"return": "4030", "returnline": "4031", "returnsub": "4032", "combined": "4033",
	"aftersales": "4034", "rma": "4035", "cancel": "4040", "cancelline": "4041",
	"buyer": "7493", "notification": "7300", "seller": "7010", "event": "7301",
	"listing": "8076", "statement": "5654", "payment": "1874",
}

// newID gives a decimal string of 19 digits; the same seed and the same order of
// calls give the same ids.
func (s *Sandbox) newID(kind string) string {
	s.counter[kind]++
	return fmt.Sprintf("%s%05d%010d", idPrefix[kind], s.options.Seed%100000, s.counter[kind])
}

func orNew(s *Sandbox, given, kind string) string {
	if given != "" {
		return given
	}
	return s.newID(kind)
}
