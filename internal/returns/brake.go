package returns

import (
	"fmt"
	"slices"
	"time"
)

// Action is a sort of act that a merchant switches on, and that people can stop.
type Action string

// The actions, by the names that switches have in the configuration.
const (
	ActionRegister  Action = "register"
	ActionRefund    Action = "refund"
	ActionReject    Action = "reject"
	ActionRestock   Action = "restock"
	ActionWriteBack Action = "writeback"
	ActionAll       Action = "all"
)

// Actions lists what can be stopped.
var Actions = []Action{ActionRegister, ActionRefund, ActionReject, ActionRestock, ActionWriteBack, ActionAll}

// Action is the sort that an act belongs to; a look belongs to none.
func (k ActKind) Action() Action {
	switch k {
	case ActAccept, ActOpenReturn, ActUploadLabel:
		return ActionRegister
	case ActRefund:
		return ActionRefund
	case ActRestock:
		return ActionRestock
	case ActWriteBack:
		return ActionWriteBack
	}
	return ""
}

// Stop is an action that a person has stopped for a shop.
type Stop struct {
	Action Action    `json:"action"`
	By     string    `json:"by"`
	Why    string    `json:"why"`
	At     time.Time `json:"at"`
}

// String says it for people.
func (s Stop) String() string {
	return fmt.Sprintf("%s was stopped at %s by %s: %s", s.Action, s.At.UTC().Format(time.RFC3339), s.By, s.Why)
}

// StopOf is the stop that holds an action, if one does.
func StopOf(stops []Stop, a Action) (Stop, bool) {
	i := slices.IndexFunc(stops, func(s Stop) bool { return s.Action == a || s.Action == ActionAll })
	if i < 0 {
		return Stop{}, false
	}
	return stops[i], true
}

// DayRefund is one refund of a day.
type DayRefund struct {
	Subject string // of its effect
	Amount  Money
}

// RefundDay is what a shop has refunded through us on a day (UTC).
type RefundDay struct {
	Refunds  []DayRefund // each that was sent and not refused
	LiftedBy string      // who lifted the day's limit, if anybody did
}
