// Package config is the one typed configuration: a YAML file and the
// environment, with defaults, and a validation that lists every problem at once
// and names each key. It knows nothing of what the values are used for.
// Temporal's own connection is not here: it comes from the standard TEMPORAL_*
// variables and profiles.
package config

import "time"

// Config is everything a merchant sets. Periods are Go durations ("48h", "90s").
//
// A field's tags are the one place that says its key, its default (what holds
// where the file and the environment are silent) and whether it is a secret: a
// secret is never printed, may be "file:/path", and can be given by environment
// even inside a list. config.example.yaml explains each key to a merchant.
type Config struct {
	// Ledger is the database: a postgres:// address, or the path of a SQLite
	// file for one host. Secret, as the address may hold a password.
	Ledger string `key:"ledger" default:"returnbridge.db" secret:"true"`
	// SealKey seals the stored tokens: 32 random bytes in base64.
	SealKey string `key:"seal_key" secret:"true"`
	// SealKeyOld are earlier seal keys, separated by commas: they open what they
	// sealed, and seal nothing.
	SealKeyOld string `key:"seal_key_old" secret:"true"`
	// Listen is where the webhooks of both platforms are received, host:port.
	Listen string `key:"listen" default:"127.0.0.1:8085"`
	// WorkerListen is where the worker answers /healthz, host:port. Empty: nowhere.
	WorkerListen string `key:"worker_listen" default:"127.0.0.1:8087"`
	// WebhookURL is how the platforms reach Listen from outside: scheme and host,
	// without a port (T-contract 3.1). Empty: nobody's webhooks are looked at.
	WebhookURL string `key:"webhook_url"`
	// LogLevel is debug, info, warn or error.
	LogLevel string `key:"log_level" default:"info"`

	TikTok   TikTok        `key:"tiktok"`
	ReturnGO []ReturnGOKey `key:"returngo"`
	Shops    []Shop        `key:"shops"`
	Pace     Pace          `key:"pace"`
	Periods  Periods       `key:"periods"`
	Notify   Notify        `key:"notify"`
}

// TikTok is the one TikTok Shop app of this installation.
type TikTok struct {
	BaseURL   string `key:"base_url" default:"https://open-api.tiktokglobalshop.com"` // all API calls (T-contract 1.1)
	AuthURL   string `key:"auth_url" default:"https://auth.tiktok-shops.com"`         // token exchange and refresh
	AppKey    string `key:"app_key"`                                                  // of the app in Partner Center
	AppSecret string `key:"app_secret" secret:"true"`
	// AppSecretPrevious still proves webhooks while the secret is changed; optional.
	AppSecretPrevious string `key:"app_secret_previous" secret:"true"`
}

// ReturnGOKey is one ReturnGO API key: quota and pace are counted per key (A03).
type ReturnGOKey struct {
	Name    string `key:"name"`                                       // our name of the key; part of a queue's name
	BaseURL string `key:"base_url" default:"https://api.returngo.ai"` // A01
	APIKey  string `key:"api_key" secret:"true"`
	// CallsPerDay is how many calls ReturnGO grants this key from 00:00 to 24:00 UTC.
	CallsPerDay int `key:"calls_per_day" default:"2000"`
}

// Shop joins one TikTok shop with one ReturnGO store.
type Shop struct {
	Name string `key:"name"` // our name; part of every id, so never change it

	TikTokShopID string `key:"tiktok_shop_id"` // what webhooks call shop_id
	ShopCipher   string `key:"shop_cipher"`    // what calls need; empty: asked from TikTok
	Region       string `key:"region"`         // ISO country, such as GB; check compares it with TikTok's
	// RefreshToken is used until the program has a newer one in the ledger.
	RefreshToken string `key:"refresh_token" secret:"true"`
	// AccessToken beside it saves the first refresh. Optional.
	AccessToken string `key:"access_token" secret:"true"`

	ReturnGOKey   string `key:"returngo_key"`   // name of the key above
	ReturnGOStore string `key:"returngo_store"` // x-shop-name, as the dashboard gives it (A02)
	// WebhookToken makes ReturnGO's webhook address unguessable: 32 characters or
	// more (A26).
	WebhookToken string `key:"webhook_token" secret:"true"`
	// WebhookTokenPrevious is taken beside it while the token is changed; optional.
	WebhookTokenPrevious string `key:"webhook_token_previous" secret:"true"`

	Link   Link   `key:"link"`
	Refund Refund `key:"refund"`
	// OpenReturns maps ReturnGO's return reasons to TikTok's seller reason keys for
	// a return; only for these is one opened where the buyer opened none.
	OpenReturns []Reason `key:"open_returns"`
	Restock     Restock  `key:"restock"`
	Switches    Switches `key:"switches"`
}

// Link says how an RMA finds its TikTok order (A28, A29).
type Link struct {
	OrderNamePattern string   `key:"order_name_pattern" default:"\\d{15,20}"` // finds the TikTok order id in ReturnGO's order name
	TikTokRules      []string `key:"tiktok_rules"`                            // ReturnGO policy rules that mark a TikTok return; empty: all
}

// Refund says what authorises a refund, and in which words TikTok hears of it.
type Refund struct {
	Gate string `key:"gate" default:"validated"` // validated, approved, transaction or done (A30)
	// Reasons maps ReturnGO's return reasons to TikTok's seller reason keys; a
	// reason is a statement, so there is no default. "*" stands for all others.
	Reasons []Reason `key:"reasons"`
	// Currency is that of the amounts below; needed with any of them.
	Currency string `key:"currency"`
	// NotRestockable is pay, ask or ask-above: what to do about a unit that came back
	// not fit to be sold and has no transaction.
	NotRestockable      string   `key:"not_restockable" default:"ask"`
	NotRestockableAbove string   `key:"not_restockable_above"` // for ask-above, such as "20.00"
	AskAbove            string   `key:"ask_above"`             // Finance is asked about each refund above it; empty: about none
	PayExpected         bool     `key:"pay_expected"`          // Finance agreed to pay the expected value where none was authorised
	SetDone             bool     `key:"set_done"`              // set the RMA to Done when all is settled
	DayLimit            DayLimit `key:"day_limit"`             // of what is refunded in a day (UTC)
}

// DayLimit bounds a shop's refunds in a day (UTC); beyond it they wait, and Finance
// is asked once.
type DayLimit struct {
	Count  int    `key:"count"`  // how many; 0: no limit
	Amount string `key:"amount"` // how much together, such as "1500.00"; empty: no limit
}

// Reason is one line of the reason map. It is a list, because a key of a
// configuration file has no upper and lower case, and a reason does.
type Reason struct {
	ReturnGO string `key:"returngo"`
	TikTok   string `key:"tiktok"`
}

// Restock says where units go, and who writes stock.
type Restock struct {
	// Writer is "us" or "external" and has no default: somebody must have decided
	// that no other program owns TikTok's stock numbers.
	Writer            string      `key:"writer"`
	Warehouses        []Warehouse `key:"warehouses"`
	UseOrderWarehouse bool        `key:"use_order_warehouse"` // the place of inspection is the order's own warehouse
	DefaultWarehouse  string      `key:"default_warehouse"`   // TikTok sales warehouse id where nothing else says
}

// Warehouse maps an inspection location to a sales warehouse (T19).
type Warehouse struct {
	Location string `key:"location"` // ReturnGO's storeLocationId
	TikTok   string `key:"tiktok"`   // TikTok's warehouse id
}

// Switches turn each sort of action on. All are off until somebody sets them.
type Switches struct {
	Register  bool `key:"register"`  // accept the buyer's TikTok return once the RMA is approved, or open one as open_returns says
	Refund    bool `key:"refund"`    // make TikTok pay
	Reject    bool `key:"reject"`    // reject at TikTok; no rule does yet, CX is asked
	Restock   bool `key:"restock"`   // write stock
	WriteBack bool `key:"writeback"` // tell ReturnGO what was paid
}

// Pace is how fast work leaves each task queue, for all workers together, in
// activities a second; one makes up to eight calls. The limits of both platforms
// are dynamic (T04, A03).
type Pace struct {
	TikTok   int `key:"tiktok" default:"10"`   // of each shop: looks and refunds
	Stock    int `key:"stock" default:"4"`     // of each shop: stock writes
	ReturnGO int `key:"returngo" default:"10"` // of each key
}

// Periods are how long things may take before somebody hears of it, or before
// we look again. They are the same for all shops.
type Periods struct {
	HTTPTimeout       time.Duration `key:"http_timeout" default:"10s"`       // one platform call
	ClockSkew         time.Duration `key:"clock_skew" default:"30s"`         // between machines' clocks, and between ours and TikTok's
	RelayWindow       time.Duration `key:"relay_window" default:"2s"`        // events for one return within it make one look
	RelayTakeover     time.Duration `key:"relay_takeover" default:"30s"`     // any starter relays what waited so long
	SettleWindow      time.Duration `key:"settle_window" default:"1m"`       // after a refund transaction, for others to follow
	MoneyWait         time.Duration `key:"money_wait" default:"2h"`          // first look for the money, then at growing intervals
	DeadlineWarning   time.Duration `key:"deadline_warning" default:"12h"`   // before TikTok decides by itself
	RMAWait           time.Duration `key:"rma_wait" default:"12h"`           // for an RMA to appear for a TikTok return
	NotShipped        time.Duration `key:"not_shipped" default:"168h"`       // from the RMA's approval
	InspectionOverdue time.Duration `key:"inspection_overdue" default:"24h"` // from the receipt
	InspectedTooLong  time.Duration `key:"inspected_too_long" default:"24h"` // from the inspection
	OrderCloses       time.Duration `key:"order_closes" default:"720h"`      // from delivery; TikTok pays nothing later (T28)
	OrderClosingAlert time.Duration `key:"order_closing_alert" default:"120h"`
	CreateSettle      time.Duration `key:"create_settle" default:"2m"`  // reads must show nothing for so long before a create is sent again
	KeyLifetime       time.Duration `key:"key_lifetime" default:"24h"`  // as long as TikTok honours an idempotency key (T12)
	TroubleRetry      time.Duration `key:"trouble_retry" default:"15m"` // look again at a platform that refuses us
	NotShown          time.Duration `key:"not_shown" default:"1h"`      // for a read to show what a platform took from us
	ProofWait         time.Duration `key:"proof_wait" default:"1m"`     // for TikTok's own account of a stock write
	SweepReturnGO     time.Duration `key:"sweep_returngo" default:"15m"`
	SweepReturnGOOpen time.Duration `key:"sweep_returngo_open" default:"2h"` // every open status, not only those waiting for us
	SweepTikTok       time.Duration `key:"sweep_tiktok" default:"10m"`
	EventsQuiet       time.Duration `key:"events_quiet" default:"6h"`   // without an event while sweeps find changes
	InboxKept         time.Duration `key:"inbox_kept" default:"720h"`   // an event that has been dealt with
	RefreshToken      time.Duration `key:"refresh_token" default:"6h"`  // how often the token's age is looked at
	RefreshAhead      time.Duration `key:"refresh_ahead" default:"48h"` // renew that long before it ends
}
