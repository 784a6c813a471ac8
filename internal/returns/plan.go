package returns

import "time"

// Stage is where a return stands, in the words of the Web UI.
type Stage string

// The stages, in their usual order; each can be reached from any other.
const (
	StageNew           Stage = "new"
	StageAwaitingRMA   Stage = "awaiting RMA"      // TikTok return without an RMA
	StageAwaitApproval Stage = "awaiting approval" // RMA pending in ReturnGO
	StageAwaitParcel   Stage = "awaiting parcel"
	StageAwaitInspect  Stage = "awaiting inspection"
	StageSettling      Stage = "settling"
	StageWritingBack   Stage = "writing back"
	StageException     Stage = "exception"
	StagePaused        Stage = "paused"
	StageClosed        Stage = "closed"
)

// Platform names one of the two.
type Platform string

// The platforms.
const (
	ReturnGO Platform = "returngo"
	TikTok   Platform = "tiktok"
)

// ActKind is what the workflow can be told to do.
type ActKind string

// The acts. A look is an act like any other: the rules say when one is needed.
const (
	ActLookReturnGO ActKind = "look-returngo"
	ActLookTikTok   ActKind = "look-tiktok"
	ActAccept       ActKind = "accept"
	ActOpenReturn   ActKind = "open-return"
	ActUploadLabel  ActKind = "upload-label"
	ActRefund       ActKind = "refund"
	ActRestock      ActKind = "restock"
	ActWriteBack    ActKind = "write-back"
)

// Act is one thing to do next. It names the effect it wants; the activity does
// it only if a fresh decision names the same.
type Act struct {
	Kind           ActKind   `json:"kind"`
	Route          Route     `json:"route,omitempty"`
	Subject        string    `json:"subject,omitempty"`
	Units          []UnitID  `json:"units,omitempty"`
	OrderID        string    `json:"order_id,omitempty"`
	TikTokReturnID string    `json:"tiktok_return_id,omitempty"`
	Amount         Money     `json:"amount"`
	Reason         string    `json:"reason,omitempty"`     // why, in plain words, for the audit
	ReasonKey      string    `json:"reason_key,omitempty"` // the platform's reason key, where it wants one
	Restocks       []Restock `json:"restocks,omitempty"`
	Note           string    `json:"note,omitempty"` // what a comment says beside the amount
}

// Same tells whether two acts want the same effect.
func (a Act) Same(b Act) bool {
	if a.Kind != b.Kind || a.Route != b.Route || a.Subject != b.Subject || len(a.Units) != len(b.Units) {
		return false
	}
	for i, u := range a.Units {
		if b.Units[i] != u {
			return false
		}
	}
	return a.Amount.CurrencyCode() == b.Amount.CurrencyCode() && (!Known(a.Amount) || SameMoney(a.Amount, b.Amount))
}

// Wake is the earliest time at which the return must be looked at again though
// nothing was heard.
type Wake struct {
	At   time.Time  `json:"at,omitzero"` // zero: only news can wake it
	Why  string     `json:"why,omitempty"`
	Read []Platform `json:"read,omitempty"` // what to read then; nothing: the clock alone decides
}

// Plan is the small answer of the rules that the workflow follows.
type Plan struct {
	Stage      Stage       `json:"stage"`
	Summary    string      `json:"summary"` // one sentence: where it stands, what is waited for
	Acts       []Act       `json:"acts,omitempty"`
	Exceptions []Exception `json:"exceptions,omitempty"`
	Wake       Wake        `json:"wake"`
	Close      bool        `json:"close,omitempty"`
	Paused     bool        `json:"paused,omitempty"`

	// What people search for.
	OrderID         string    `json:"order_id,omitempty"`
	TikTokReturnIDs []string  `json:"tiktok_return_ids,omitempty"`
	SKUs            []string  `json:"skus,omitempty"`
	SellerDeadline  time.Time `json:"seller_deadline,omitzero"`
	Silence         []Silence `json:"silence,omitempty"` // what TikTok does by itself if nothing else happens
	InspectedAt     time.Time `json:"inspected_at,omitzero"`
	Units           []UnitRow `json:"units,omitempty"`

	Number    int64     `json:"number,omitempty"` // which decision on this return it is: a later one has a higher number
	DecidedAt time.Time `json:"decided_at"`
	Rules     string    `json:"rules"` // version of the rules
}

// Silence is what TikTok decides on a return at its deadline, as nobody answers it
// (TikTok contract 4.3).
type Silence struct {
	TikTokReturnID string    `json:"tiktok_return_id"`
	Amount         Money     `json:"amount"`
	At             time.Time `json:"at"`
	Pays           bool      `json:"pays,omitempty"` // false: it lets the buyer send the parcel
}

// UnitRow is one line of the table that people see for a return.
type UnitRow struct {
	SKU        string `json:"sku"`
	Unit       UnitID `json:"unit,omitempty"`
	Inspection string `json:"inspection"`
	Authorised string `json:"authorised,omitempty"`
	Refund     string `json:"refund"`
	Stock      string `json:"stock"`
}
