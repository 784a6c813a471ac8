package returns

import "time"

// AlertEvent is what happened to an exception that people hear of.
type AlertEvent string

// The events.
const (
	AlertOpened    AlertEvent = "opened"
	AlertDeadline  AlertEvent = "deadline"  // TikTok decides by itself soon
	AlertEscalated AlertEvent = "escalated" // open for long, and nobody has answered
	AlertHealed    AlertEvent = "healed"    // closed: by an answer, or by itself
)

// Alert is an exception as people are told of it. It holds nothing personal.
type Alert struct {
	Event  AlertEvent
	Before time.Duration // of AlertDeadline: the configured distance that was crossed

	Shop string // empty: it concerns no single shop
	Key  Key
	Exception

	OpenedAt       time.Time
	ClosedAt       time.Time // zero: open
	ClosedBy       string    // "healed", or the answer and who gave it
	Deadline       time.Time // when silence decides; zero: nothing runs
	OrderID        string
	TikTokReturnID string
}

// Cause is what alerts have in common that are told together: the owner, the kind
// and the shop. What a platform does to many shops at once is one cause.
type Cause struct {
	Owner    Owner
	Kind     Kind
	Shop     string // empty: no single shop
	Platform string // of a platform's trouble
}

// Cause is the alert's.
func (a Alert) Cause() Cause {
	switch a.Kind {
	case PlatformUnreachable, PlatformRefused, EventsQuiet:
		if a.Subject == string(TikTok) || a.Subject == string(ReturnGO) {
			return Cause{Owner: a.Owner, Kind: a.Kind, Platform: a.Subject}
		}
	}
	return Cause{Owner: a.Owner, Kind: a.Kind, Shop: a.Shop}
}

// Day is what an owner is told once a day.
type Day struct {
	Owner   Owner
	Open    []Alert
	Closed  int      // since the day before
	Quiet   int      // opened by a backfill since the day before, told nowhere else
	Unheard int      // opened and closed again before anybody was told, since the day before
	Unclear int      // messages of which nobody knows whether they arrived, since the day before
	Failing []string // names of the sinks that take nothing now; told to IT
}

// Nothing tells whether there is nothing that the owner has to hear.
func (d Day) Nothing() bool {
	return len(d.Open)+d.Quiet+d.Unheard+d.Unclear+len(d.Failing) == 0
}

// AnswerMeaning says of each answer what it does, in plain words.
var AnswerMeaning = map[AnswerName]string{
	AnswerAcceptPayable:   "pay what TikTok can pay instead of the authorised value",
	AnswerSetAmount:       "this is the authorised value (--amount, --currency)",
	AnswerHandledManually: "a person has dealt with it (--reference: what was done, and where)",
	AnswerDoNotRefund:     "pay nothing",
	AnswerSkipRestock:     "leave it out of this program's stock writes",
	AnswerRetry:           "try once more",
	AnswerNotOurs:         "it is no return from TikTok",
	AnswerAcknowledge:     "it is known; nothing more is to be done",
	AnswerPayRest:         "pay what is missing up to the authorised value",
	AnswerRestockNow:      "it is not in stock: put it there",
	AnswerGoByRead:        "go on with what the platform shows",
	AnswerLiftToday:       "let refunds go on until the day (UTC) is over",
	AnswerPay:             "pay exactly the amount shown",
}
