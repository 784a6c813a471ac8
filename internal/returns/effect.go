package returns

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// EffectKind is what an effect changes in the world.
type EffectKind string

// The kinds of effect. A unit has at most one live effect of each kind.
const (
	EffectAccept    EffectKind = "accept"     // tell TikTok that the buyer may send the parcel
	EffectOpen      EffectKind = "open"       // open the TikTok return that the buyer has not opened
	EffectLabel     EffectKind = "label"      // give the buyer our own label for a return that we opened
	EffectRefund    EffectKind = "refund"     // make TikTok pay
	EffectWriteBack EffectKind = "write-back" // tell ReturnGO what was paid
)

// Route is the way an effect takes at the platform.
type Route string

// The routes (design section 5, TikTok contract 2.5 and 4.2).
const (
	RouteAcceptReturn   Route = "accept-return"
	RouteOpenReturn     Route = "open-return"
	RouteUploadLabel    Route = "upload-label"
	RouteConfirmParcel  Route = "confirm-parcel"
	RouteApproveRefund  Route = "approve-refund-only"
	RouteKeepGoods      Route = "buyer-keeps-goods"
	RouteSellerRefund   Route = "exact-seller-refund"
	RouteSetTransaction Route = "set-transaction"
	RouteComment        Route = "comment"
	RouteSetDone        Route = "set-done"
)

// EffectState is how sure we are of an effect.
type EffectState string

// The states: intent → claimed → applied → verified, or void after a definite
// refusal. Only void and dropped are not live.
const (
	EffectIntent   EffectState = "intent"   // decided, nothing sent
	EffectClaimed  EffectState = "claimed"  // sent, or about to be; the answer is not known yet
	EffectApplied  EffectState = "applied"  // the platform took it
	EffectVerified EffectState = "verified" // read back as it should be
	EffectVoid     EffectState = "void"     // definitely refused, nothing happened
	EffectDropped  EffectState = "dropped"  // not done, and decided otherwise since
)

// Effect is one change we make on a platform, kept from the intent on.
type Effect struct {
	ID             string      `json:"id"`
	Key            Key         `json:"key"` // the return that wants it
	Kind           EffectKind  `json:"kind"`
	Route          Route       `json:"route"`
	Subject        string      `json:"subject"` // what it is done to: a TikTok return, a transaction, or the units' RMA
	Generation     int         `json:"generation"`
	Units          []UnitID    `json:"units"`
	OrderID        string      `json:"order_id,omitempty"`
	TikTokReturnID string      `json:"tiktok_return_id,omitempty"` // known at once for decisions, after the call for a create
	Amount         Money       `json:"amount"`
	State          EffectState `json:"state"`
	IntentAt       time.Time   `json:"intent_at"`
	ClaimedAt      time.Time   `json:"claimed_at,omitzero"`
	ClaimUntil     time.Time   `json:"claim_until,omitzero"` // no answer can come after this
	AppliedAt      time.Time   `json:"applied_at,omitzero"`
	RequestID      string      `json:"request_id,omitempty"`
	Reason         Reason      `json:"reason,omitempty"`
	Note           string      `json:"note,omitempty"` // the reason in words, for people
}

// Reason is why an effect is not, or not yet, done. It is what the rules go by;
// the note beside it is for people alone.
type Reason string

// The reasons. None: nothing keeps it from being done.
const (
	ReasonLost        Reason = "lost"        // a create was sent, its answer lost, and reads show nothing
	ReasonNotDone     Reason = "not-done"    // a decision was sent, its answer lost, and a read shows that it was not taken
	ReasonIneligible  Reason = "ineligible"  // not sent: TikTok said beforehand that it would not take it
	ReasonUnavailable Reason = "unavailable" // not possible just now
	ReasonChanged     Reason = "changed"     // refused: the platform's state is another than we thought
	ReasonRefused     Reason = "refused"     // definitely refused
	ReasonEnded       Reason = "ended"       // TikTok took it and ended it without paying
	ReasonAnswered    Reason = "answered"    // a person found out what became of it
)

// EffectID is the effect's name in the ledger and the platform's idempotency
// key: business ids only, so that no new run, reset or restart makes a second.
func EffectID(shop string, kind EffectKind, subject string, generation int) string {
	return fmt.Sprintf("%s:%s:%s:%d", shop, kind, subject, generation)
}

// deeds are the routes in words: what was done, what was to be done, and to what.
var deeds = map[Route]struct{ did, do, what string }{
	RouteAcceptReturn:   {"accepted", "accept", "the buyer's TikTok return {return}"},
	RouteOpenReturn:     {"opened", "open", "a TikTok return for the buyer"},
	RouteUploadLabel:    {"gave", "give", "the buyer ReturnGO's label for TikTok return {return}"},
	RouteConfirmParcel:  {"refunded", "refund", "{amount} by confirming the parcel of TikTok return {return}"},
	RouteApproveRefund:  {"refunded", "refund", "{amount} by approving TikTok return {return}"},
	RouteKeepGoods:      {"refunded", "refund", "{amount} by approving TikTok return {return}, whose goods the buyer keeps"},
	RouteSellerRefund:   {"refunded", "refund", "{amount} as the seller"},
	RouteSetTransaction: {"set", "set", "ReturnGO's transaction {subject} over {amount} to Success"},
	RouteComment:        {"left", "leave", "a comment in ReturnGO: TikTok return {return} paid {amount}"},
	RouteSetDone:        {"set", "set", "the RMA {subject} to Done in ReturnGO"},
}

// Did says in words what the effect is once it is done: "refunded 14.99 GBP as the
// seller (TikTok return 4031)".
func (e Effect) Did() string { return deeds[e.Route].did + " " + e.what() }

// Wanted says the same of one that is not done: "refund 14.99 GBP as the seller".
func (e Effect) Wanted() string { return deeds[e.Route].do + " " + e.what() }

func (e Effect) what() string {
	what := strings.NewReplacer("{return}", e.TikTokReturnID, "{subject}", e.Subject, "{amount}", e.Amount.String()).Replace(deeds[e.Route].what)
	if e.Route.Creates() && e.TikTokReturnID != "" {
		what += " (TikTok return " + e.TikTokReturnID + ")"
	}
	return what
}

// Creates tells whether this way makes a TikTok return of its own: until it is
// seen nobody knows its id.
func (r Route) Creates() bool { return r == RouteSellerRefund || r == RouteOpenReturn }

// Live tells whether the effect happened or still may.
func (e Effect) Live() bool { return e.State != EffectVoid && e.State != EffectDropped }

// Covers tells whether the effect is on this unit.
func (e Effect) Covers(u UnitID) bool {
	return slices.Contains(e.Units, u)
}
