// Package messages is the vocabulary that starter, workflows and activities
// share: names, ids, task queues, and the structs that pass between them. Every
// message is a struct, so that fields can be added.
package messages

import (
	"strings"
	"time"

	"returnbridge/internal/returns"
)

// Names of the workflows.
const (
	Return        = "Return"
	Stock         = "Stock"
	SweepReturnGO = "SweepReturnGO"
	SweepTikTok   = "SweepTikTok"
	RefreshToken  = "RefreshToken"
	Notify        = "Notify"
)

// ReturnID is the workflow id of a return: business ids only.
func ReturnID(shop string, key returns.Key) string { return "return/" + shop + "/" + string(key) }

// StockID is the workflow id of the one writer of a product's stock.
func StockID(shop, productID string) string { return "stock/" + shop + "/" + productID }

// ReturnOf takes shop and key out of the workflow id of a return, or of the writer of a
// product's stock; false if it is neither.
func ReturnOf(workflowID string) (shop string, key returns.Key, ok bool) {
	kind, rest, _ := strings.Cut(workflowID, "/")
	shop, id, ok := strings.Cut(rest, "/")
	switch {
	case ok && kind == "return":
		return shop, returns.Key(id), true
	case ok && kind == "stock":
		return shop, returns.StockKey(id), true
	}
	return "", "", false
}

// Task queues (design section 4).
const (
	QueueReturns = "returns" // workflow tasks
	QueueControl = "control" // what touches the ledger only, and the tokens
)

// QueueTikTok is the queue of all TikTok calls of a shop but those for stock.
func QueueTikTok(shop string) string { return "tiktok/" + shop }

// QueueStock is the queue of a shop's stock writes: its rate is the pace of restocking.
func QueueStock(shop string) string { return "tiktok-stock/" + shop }

// QueueReturnGO is the queue of all calls under one ReturnGO key.
func QueueReturnGO(key string) string { return "returngo/" + key }

// SignalNews tells a return, or a product's stock, to look again. It carries no state.
const SignalNews = "news"

// LedgerOnly is news that the ledger already holds: it asks for a decision, not
// for a read.
const LedgerOnly returns.Platform = "ledger"

// News says where something happened.
type News struct {
	Platforms []returns.Platform `json:"platforms"` // none: look everywhere
	// History: nothing happened, a backfill takes the return up.
	History bool `json:"history,omitempty"`
}

// ReturnInput starts a return.
type ReturnInput struct {
	Shop        string      `json:"shop"`
	Key         returns.Key `json:"key"`
	ReturnGOKey string      `json:"returngo_key"` // which ReturnGO key's queue to use
}

// LookInput asks for one look; people's commands ride with it.
type LookInput struct {
	Shop     string            `json:"shop"`
	Key      returns.Key       `json:"key"`
	Commands []returns.Command `json:"commands,omitempty"`
	Refused  Refused           `json:"refused,omitzero"` // commands beyond those
	Trouble  []returns.Trouble `json:"trouble,omitempty"`
	History  bool              `json:"history,omitempty"` // a backfill asks for it, and nothing else since
	AtOnce   bool              `json:"at_once,omitempty"` // no act is under way: what one call can do is done with the look
}

// Refused counts commands that were refused unread, because too many came at once.
type Refused struct {
	ID    string `json:"id"` // of the first of them; makes a repeat harmless
	Count int    `json:"count"`
}

// ActInput asks for one effect.
type ActInput struct {
	Shop string      `json:"shop"`
	Key  returns.Key `json:"key"`
	Act  returns.Act `json:"act"`
}

// PlanResult is what every activity of a return answers: what to do next.
type PlanResult struct {
	Plan     returns.Plan `json:"plan"`
	Outcomes []Outcome    `json:"outcomes,omitempty"`
	// Later is what could not be read now, and from when it can: it holds whatever
	// is decided meanwhile.
	Later returns.Wake `json:"later,omitzero"`
}

// Outcome is what became of a person's command.
type Outcome struct {
	CommandID string `json:"command_id"`
	Accepted  bool   `json:"accepted"`
	Sentence  string `json:"sentence"`
}

// StockInput starts the writer of a product's stock.
type StockInput struct {
	Shop      string `json:"shop"`
	ProductID string `json:"product_id"`
}

// RoundResult is what a round of stock writing answers.
type RoundResult struct {
	Done    bool      `json:"done"`            // nothing is owed and nothing to be proven
	Again   time.Time `json:"again,omitzero"`  // look again then, or on news
	Summary string    `json:"summary"`         // where it stands, for people
	Units   int       `json:"units,omitempty"` // units not proven yet
}

// ShopInput starts a job that concerns one shop.
type ShopInput struct {
	Shop        string `json:"shop"`
	ReturnGOKey string `json:"returngo_key,omitempty"`
}

// SweepResult is what a sweep found.
type SweepResult struct {
	Read     int `json:"read"`     // records looked through
	Changed  int `json:"changed"`  // differences from the ledger
	Signaled int `json:"signaled"` // returns told to look
	// Unreadable are records that could not be read; the others were.
	Unreadable int `json:"unreadable,omitempty"`
	// PutOff: today's calls are kept for what is more urgent; nothing was swept.
	PutOff bool `json:"put_off,omitempty"`
	// SweptAt is when a completed sweep began, in UTC and to the second, as the
	// ledger's cursor says: a ledger that stands further back was restored.
	SweptAt time.Time `json:"swept_at,omitzero"`
}

// NotifyInput asks for one round of telling people.
type NotifyInput struct{}

// NotifyResult is what a round came to.
type NotifyResult struct {
	Sent   int `json:"sent"`             // messages that were taken
	Failed int `json:"failed,omitempty"` // messages that were not; tried again later
}
