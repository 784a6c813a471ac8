// Package rules decides what a return needs next: pure functions from facts to
// a plan, in business words. It knows no platform, no database, no Temporal; the
// same facts always give the same plan.
package rules

import (
	"regexp"
	"time"

	"returnbridge/internal/returns"
)

// Version names these rules in plans and in the audit.
const Version = "1"

// Facts are all that a decision may depend on.
type Facts struct {
	Now     time.Time
	Shop    string
	Key     returns.Key
	Policy  Policy
	Record  returns.Record
	Trouble []returns.Trouble // platforms that did not answer, or refused us
	Today   returns.RefundDay // what the shop has refunded today; told only where the policy limits it
}

// Policy is what the merchant configured for the shop. Every period counts from
// the event it is named after.
type Policy struct {
	Switches      Switches
	ExternalStock bool // another program writes the stock: nothing is owed by us
	Gate          Gate

	OrderPattern *regexp.Regexp    // finds the TikTok order id in ReturnGO's order name (A28)
	TikTokRules  []string          // ReturnGO policy rules that mark an RMA as a TikTok one (A29); none: every RMA may be one
	ReasonKeys   map[string]string // ReturnGO's return reason → TikTok's seller refund reason key; "*" for all others
	OpenReasons  map[string]string // the same for returns that we open at TikTok; none: we open none
	// NotRestockable says what to do about a unit that came back, cannot be sold again
	// and has no transaction; NotRestockableAbove is the amount for NotRestockableAskAbove.
	NotRestockable      NotRestockable
	NotRestockableAbove returns.Money
	AskAbove            returns.Money // Finance is asked about each refund above it; unknown: about none
	PayExpected         bool          // Finance agreed to pay the expected value where none was authorised

	Warehouses        map[string]string // inspection location → sales warehouse
	UseOrderWarehouse bool              // the place of inspection is the order's own warehouse
	DefaultWarehouse  string            // where neither says

	ClockSkew         time.Duration // how far a machine's clock may be from the right time
	SettleWindow      time.Duration // after a refund transaction, for others to follow
	MoneyWait         time.Duration // first look for the money after an approval; then at growing intervals
	DeadlineWarning   time.Duration // before a seller deadline
	RMAWait           time.Duration // for an RMA to appear for a TikTok return
	NotShippedAfter   time.Duration // from the RMA's approval
	InspectionOverdue time.Duration // from the receipt
	InspectedTooLong  time.Duration // from the inspection
	OrderClosesAfter  time.Duration // from delivery: TikTok pays nothing later (T28)
	OrderClosingAlert time.Duration // before that
	CreateSettle      time.Duration // reads must show nothing for so long before a create is sent again (T12)
	KeyLifetime       time.Duration // as long as TikTok honours an idempotency key (T12)
	NotShownAfter     time.Duration // from an answered write, until people hear that no read shows it
	TroubleRetry      time.Duration // look again at a platform that refuses us
	SetDone           bool          // set the RMA to Done when all is settled
	DayLimit          DayLimit      // of refunds
}

// Switches turn each sort of action on. All are off in a new configuration.
type Switches struct {
	Register  bool // accept the buyer's TikTok return, or open one
	Refund    bool
	Reject    bool
	Restock   bool
	WriteBack bool
}

// DayLimit bounds what is refunded for a shop in a day (UTC). Beyond it refunds wait.
type DayLimit struct {
	Count  int           // 0: no limit
	Amount returns.Money // unknown: no limit
}

// Set reports whether there is a limit at all.
func (l DayLimit) Set() bool { return l.Count > 0 || returns.Known(l.Amount) }

// Gate is the event in ReturnGO that authorises a unit's refund (A30).
type Gate string

// The gates.
const (
	GateValidated   Gate = "validated"   // the unit's own inspection says it came back
	GateApproved    Gate = "approved"    // the RMA is approved
	GateTransaction Gate = "transaction" // a refund transaction names the unit
	GateDone        Gate = "done"        // the RMA is done
)

// NotRestockable is what to do about a unit that came back not fit to be sold.
type NotRestockable string

// What a merchant may want. Anything else asks.
const (
	NotRestockablePay      NotRestockable = "pay"
	NotRestockableAsk      NotRestockable = "ask"
	NotRestockableAskAbove NotRestockable = "ask-above"
)

// Decision is the plan, and what the ledger must remember of how it came about.
type Decision struct {
	Plan     returns.Plan
	OrderID  string            // the TikTok order the RMA was linked to
	Holds    []returns.Hold    // the units this return holds from now on
	Restocks []returns.Restock // stock entries as they become: owed, dropped, skipped
	Changes  []EffectChange    // effects that the platforms now show, or do not
	Shadows  []returns.Shadow  // what switches kept us from, where it is new or came out otherwise
	Ask      *Question         // what to ask TikTok before a seller refund or a return of ours can be planned
	// Stopped are the actions that people have stopped and the return would take.
	Stopped []returns.Action
	// OverLimit says that the day's limit keeps refunds back; empty: it does not.
	OverLimit string
	// SlowSearch: TikTok's search does not show a return that TikTok made for us long
	// enough ago.
	SlowSearch bool
}

// EffectChange is what a fresh read says about an effect of ours.
type EffectChange struct {
	Effect         returns.Effect // as it was when it was judged: the change holds for nothing else
	State          returns.EffectState
	TikTokReturnID string // the return that a create made, where it was not known yet
	Reason         returns.Reason
	Note           string // for people
}

// Held reports whether a stop or the day's limit keeps the return from something.
func (d Decision) Held() bool { return len(d.Stopped) > 0 || d.OverLimit != "" }

// Question asks TikTok what a seller could refund for these units.
type Question struct {
	OrderID     string
	Units       []returns.UnitID
	RequestType string // returns.TypeRefund or returns.TypeReturnAndRefund
	ReasonKey   string
}
