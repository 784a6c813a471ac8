package returns

import "time"

// Record is everything the ledger knows that bears on one return. Rules read
// it; whoever wipes Temporal loses nothing.
type Record struct {
	RMA            *RMA
	RMAReadAt      time.Time
	RMARead        int64     // the number of that read; the ledger counts them
	RMAStatusSince time.Time // when we first saw the RMA in its present status

	OrderID       string // the TikTok order it belongs to, empty while unlinked
	Order         *Order
	OrderReadAt   time.Time            // when the order itself was read
	TikTokReturns []TikTokReturn       // all of that order
	TikTokReadAt  time.Time            // when its returns were read
	TikTokRead    int64                // the number of that read
	TikTokSeenAt  map[string]time.Time // when TikTok last showed each of them
	Payable       *Payable             // newest answer of TikTok to "what could be refunded"

	Told []Told // what the platforms' own events say of the RMA and the order, the oldest first
	// SlowSearchAt is when TikTok's search last failed to show a return that TikTok
	// had made for us long enough before. Zero: never.
	SlowSearchAt time.Time

	Holds     []Hold          // this return's units
	HeldBy    map[UnitID]Key  // units of the order held by other returns
	Others    map[UnitID]Hold // those holds, with what their returns say about the units
	Effects   []Effect        // all of the order and of this return
	Restocks  []Restock       // of this return's units
	Shadows   []Shadow        // what switches kept us from, and what others did about it
	Answers   map[Kind]Answer // newest answer of a person by kind of exception
	Said      []Answer        // all of their answers, the oldest first: each speaks for its own subject
	Open      []OpenException // exceptions open now
	Stopped   []Platform      // platforms that are ill for the whole shop; one exception says so
	Stops     []Stop          // actions that people have stopped for the shop
	Paused    bool
	Decisions int64 // how often this return was decided on
	CreatedAt time.Time
	ClosedAt  time.Time
	// RestoredAt is when the ledger was found to be an older one, put back from a
	// backup: what was done before may be missing in it. Zero: never.
	RestoredAt time.Time
	// RestockSince is since when restocking has been switched on, and the stock ours
	// to write: what passed its inspection before, people may have put back by hand.
	RestockSince time.Time
}

// OpenException is an exception that is open, and since when.
type OpenException struct {
	Exception
	OpenedAt time.Time
}

// OpenSince is since when an exception has been open; zero: it is not open.
func (r *Record) OpenSince(kind Kind, subject string) time.Time {
	for _, e := range r.Open {
		if e.Kind == kind && e.Subject == subject {
			return e.OpenedAt
		}
	}
	return time.Time{}
}

// Told is what an event says. It is a lower bound: a read that does not show it
// yet shows the past.
type Told struct {
	Platform       Platform
	What           ToldWhat
	Status         string // of an RMA or a TikTok return
	TikTokReturnID string
	TransactionID  string
	At             time.Time // when it happened, as the platform says; when it came if it does not
	Dated          bool      // the platform says when
	ReceivedAt     time.Time
}

// SameStatus tells whether a status is the one that was seen before. An empty one is
// no status: it is never the same as another.
func SameStatus(seen, status string) bool { return seen != "" && seen == status }

// ToldWhat is what kind of thing an event says that a read can be held against.
type ToldWhat string

// What events tell. Others are hints and no more.
const (
	ToldNothing     ToldWhat = ""
	ToldRMA         ToldWhat = "rma"         // an RMA has a status
	ToldTransaction ToldWhat = "transaction" // an RMA has a transaction
	ToldReturn      ToldWhat = "return"      // a TikTok return has a status
	ToldPaid        ToldWhat = "paid"        // a TikTok return was paid
)

// Payable is what TikTok says a seller could refund for some units at a time
// (TikTok contract 2.5, Calculate Refund and Get Aftersale Eligibility).
type Payable struct {
	Units       []UnitID  `json:"units"`
	RequestType string    `json:"request_type"` // TypeRefund or TypeReturnAndRefund: the amounts differ
	ReasonKey   string    `json:"reason_key"`
	Eligible    bool      `json:"eligible"`
	Why         string    `json:"why,omitempty"` // TikTok's words if not eligible
	Amount      Money     `json:"amount"`
	At          time.Time `json:"at"`
	Read        int64     `json:"read"` // the number of the read of the order that it was asked upon
}

// Trouble is a platform that did not answer, or refused for a reason that only
// people can mend.
type Trouble struct {
	Platform Platform `json:"platform"`
	Endpoint string   `json:"endpoint"`
	Class    string   `json:"class"` // "unreachable" or the error's class
	Code     string   `json:"code,omitempty"`
	Message  string   `json:"message"`
	// Until is when to ask again, of class TroubleLater.
	Until time.Time `json:"until,omitzero"`
}

// TroubleLater is the class of a platform that is not to be asked before a time:
// nothing is wrong with the return, and nobody has to do anything for it.
const TroubleLater = "later"

// TroubleNotShown is the class of a search that does not find what we know of.
const TroubleNotShown = "not-found"

// TroubleUnreachable is the class of a platform that did not answer for as long
// as we were willing to ask.
const TroubleUnreachable = "unreachable"
