// Package config is the one typed configuration: a YAML file and the
// environment (viper), with defaults, and a validation that lists every problem
// at once and names each key. Temporal's own connection is not here: it comes
// from the standard TEMPORAL_* variables and profiles.
package config

import (
	"time"
)

// Config is everything a merchant sets. Periods are Go durations ("48h", "90s").
type Config struct {
	// Ledger is the database: a postgres:// address, or the path of a SQLite
	// file for one host. Secret if it holds a password.
	Ledger string `mapstructure:"ledger"`
	// SealKey seals the stored tokens: 32 random bytes in base64. Secret; set it
	// as RETURNBRIDGE_SEAL_KEY.
	SealKey string `mapstructure:"seal_key"`
	// Listen is where the webhooks of both platforms are received, host:port.
	Listen string `mapstructure:"listen"`
	// LogLevel is debug, info, warn or error.
	LogLevel string `mapstructure:"log_level"`

	TikTok   TikTok        `mapstructure:"tiktok"`
	ReturnGO []ReturnGOKey `mapstructure:"returngo"`
	Shops    []Shop        `mapstructure:"shops"`
	Periods  Periods       `mapstructure:"periods"`
}

// TikTok is the one TikTok Shop app of this installation.
type TikTok struct {
	BaseURL   string `mapstructure:"base_url"`   // all API calls (T-contract 1.1)
	AuthURL   string `mapstructure:"auth_url"`   // token exchange and refresh
	AppKey    string `mapstructure:"app_key"`    // of the app in Partner Center
	AppSecret string `mapstructure:"app_secret"` // secret
}

// ReturnGOKey is one ReturnGO API key: quota and pace are counted per key (A03).
type ReturnGOKey struct {
	Name    string `mapstructure:"name"`     // our name of the key; part of a queue's name
	BaseURL string `mapstructure:"base_url"` // A01
	APIKey  string `mapstructure:"api_key"`  // secret
}

// Shop joins one TikTok shop with one ReturnGO store.
type Shop struct {
	Name string `mapstructure:"name"` // our name; part of every id, so never change it

	TikTokShopID string `mapstructure:"tiktok_shop_id"` // what webhooks call shop_id
	ShopCipher   string `mapstructure:"shop_cipher"`    // what calls need; empty: asked from TikTok
	Region       string `mapstructure:"region"`         // ISO country, such as GB
	// RefreshToken is used until the program has a newer one in the ledger. Secret.
	RefreshToken string `mapstructure:"refresh_token"`
	// AccessToken beside it saves the first refresh. Secret, optional.
	AccessToken string `mapstructure:"access_token"`

	ReturnGOKey   string `mapstructure:"returngo_key"`   // name of the key above
	ReturnGOStore string `mapstructure:"returngo_store"` // x-shop-name, as the dashboard gives it (A02)
	// WebhookToken makes ReturnGO's webhook address unguessable: 32 characters or
	// more (A26). Secret.
	WebhookToken string `mapstructure:"webhook_token"`

	Link     Link     `mapstructure:"link"`
	Refund   Refund   `mapstructure:"refund"`
	Restock  Restock  `mapstructure:"restock"`
	Switches Switches `mapstructure:"switches"`
}

// Link says how an RMA finds its TikTok order (A28, A29).
type Link struct {
	OrderNamePattern string   `mapstructure:"order_name_pattern"` // finds the TikTok order id in ReturnGO's order name
	TikTokRules      []string `mapstructure:"tiktok_rules"`       // ReturnGO policy rules that mark a TikTok return; empty: all
}

// Refund says what authorises a refund, and in which words TikTok hears of it.
type Refund struct {
	Gate string `mapstructure:"gate"` // validated, approved, transaction or done (A30)
	// Reasons maps ReturnGO's return reasons to TikTok's seller reason keys; a
	// reason is a statement, so there is no default. "*" stands for all others.
	Reasons     []Reason `mapstructure:"reasons"`
	PayExpected bool     `mapstructure:"pay_expected"` // Finance agreed to pay the expected value where none was authorised
	SetDone     bool     `mapstructure:"set_done"`     // set the RMA to Done when all is settled
}

// Reason is one line of the reason map. It is a list, because a key of a
// configuration file has no upper and lower case, and a reason does.
type Reason struct {
	ReturnGO string `mapstructure:"returngo"`
	TikTok   string `mapstructure:"tiktok"`
}

// Restock says where units go, and who writes stock.
type Restock struct {
	// Writer is "us" or "external" and has no default: somebody must have decided
	// that no other program owns TikTok's stock numbers.
	Writer            string      `mapstructure:"writer"`
	Warehouses        []Warehouse `mapstructure:"warehouses"`
	UseOrderWarehouse bool        `mapstructure:"use_order_warehouse"` // the place of inspection is the order's own warehouse
	DefaultWarehouse  string      `mapstructure:"default_warehouse"`   // TikTok sales warehouse id where nothing else says
}

// Warehouse maps an inspection location to a sales warehouse (T19).
type Warehouse struct {
	Location string `mapstructure:"location"` // ReturnGO's storeLocationId
	TikTok   string `mapstructure:"tiktok"`   // TikTok's warehouse id
}

// Switches turn each sort of action on. All are off until somebody sets them.
type Switches struct {
	Register  bool `mapstructure:"register"`  // accept the buyer's TikTok return once the RMA is approved
	Refund    bool `mapstructure:"refund"`    // make TikTok pay
	Reject    bool `mapstructure:"reject"`    // reject at TikTok
	Restock   bool `mapstructure:"restock"`   // write stock
	WriteBack bool `mapstructure:"writeback"` // tell ReturnGO what was paid
}

// Periods are how long things may take before somebody hears of it, or before
// we look again. They are the same for all shops.
type Periods struct {
	HTTPTimeout       time.Duration `mapstructure:"http_timeout"`       // one platform call
	RelayWindow       time.Duration `mapstructure:"relay_window"`       // events for one return within it make one look
	RelayTakeover     time.Duration `mapstructure:"relay_takeover"`     // any starter relays what waited so long
	SettleWindow      time.Duration `mapstructure:"settle_window"`      // after a refund transaction, for others to follow
	MoneyWait         time.Duration `mapstructure:"money_wait"`         // first look for the money, then at growing intervals
	DeadlineWarning   time.Duration `mapstructure:"deadline_warning"`   // before TikTok decides by itself
	RMAWait           time.Duration `mapstructure:"rma_wait"`           // for an RMA to appear for a TikTok return
	NotShipped        time.Duration `mapstructure:"not_shipped"`        // from the RMA's approval
	InspectionOverdue time.Duration `mapstructure:"inspection_overdue"` // from the receipt
	InspectedTooLong  time.Duration `mapstructure:"inspected_too_long"` // from the inspection
	OrderCloses       time.Duration `mapstructure:"order_closes"`       // from delivery; TikTok pays nothing later (T28)
	OrderClosingAlert time.Duration `mapstructure:"order_closing_alert"`
	CreateSettle      time.Duration `mapstructure:"create_settle"` // reads must show nothing for so long before a create is sent again
	KeyLifetime       time.Duration `mapstructure:"key_lifetime"`  // as long as TikTok honours an idempotency key (T12)
	TroubleRetry      time.Duration `mapstructure:"trouble_retry"` // look again at a platform that refuses us
	ProofWait         time.Duration `mapstructure:"proof_wait"`    // for TikTok's own account of a stock write
	SweepReturnGO     time.Duration `mapstructure:"sweep_returngo"`
	SweepTikTok       time.Duration `mapstructure:"sweep_tiktok"`
	RefreshToken      time.Duration `mapstructure:"refresh_token"` // how often the token's age is looked at
	RefreshAhead      time.Duration `mapstructure:"refresh_ahead"` // renew that long before it ends
}
