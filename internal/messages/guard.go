package messages

import "time"

// Guard is the name of the workflow that watches over a task queue while its
// platform is ill.
const Guard = "Guard"

// GuardID is the workflow id of a queue's guard: one at a time.
func GuardID(queue string) string { return "guard/" + queue }

// SignalIll tells a guard that calls on its queue keep failing.
const SignalIll = "ill"

// Illness is how a platform fails us.
type Illness string

// The ways in which a platform can be ill.
const (
	Down      Illness = "down"      // it does not answer, or with its own failure
	Throttled Illness = "throttled" // it answers that we ask too much
	// Unauthorised: it no longer takes the shop's authorisation.
	Unauthorised Illness = "unauthorised"
)

// Ill is what a worker has seen of a platform.
type Ill struct {
	Illness Illness   `json:"illness"`
	What    string    `json:"what"`           // the last failure, in the platform's words
	Until   time.Time `json:"until,omitzero"` // when the platform asked to be asked again
}

// GuardInput starts the guard of a queue. What follows the queue is for a run
// that goes on from another.
type GuardInput struct {
	Queue string        `json:"queue"`
	Ill   Ill           `json:"ill,omitzero"`
	Since time.Time     `json:"since,omitzero"` // stopped since then; in UTC
	Wait  time.Duration `json:"wait,omitempty"` // before the next question
}

// GuardStep is what a guard does to its queue.
type GuardStep struct {
	Queue string `json:"queue"`
	// Ask makes one call to the platform first; without an answer the queue stays
	// as it is.
	Ask bool `json:"ask,omitempty"`
	// Open takes every limit of ours off the queue; else PerSecond is its new
	// limit, and 0 stops it.
	Open      bool    `json:"open,omitempty"`
	Illness   Illness `json:"illness,omitempty"` // why it is stopped
	PerSecond float64 `json:"per_second,omitempty"`
	Reason    string  `json:"reason"`
}

// GuardResult is what came of a step.
type GuardResult struct {
	Ill Ill `json:"ill,omitzero"` // what the platform answered, if it is ill still
	// Unable: this Temporal lets us set no limit; the queue runs as it did.
	Unable bool `json:"unable,omitempty"`
}
