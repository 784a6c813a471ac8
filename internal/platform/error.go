// Package platform holds what a failed call to either platform means. The
// clients produce these errors, activities turn them into Temporal's; nobody
// else needs to know that HTTP exists.
package platform

import (
	"errors"
	"fmt"
	"time"
)

// Class says what a failed call means for the one who made it.
type Class string

// The classes, in the words of the contracts (TikTok contract 1.7, ReturnGO
// contract 1.6).
const (
	// Retry: nothing happened, the same call may be made again later.
	Retry Class = "retry"
	// RefreshToken: the access token is no longer taken; refresh it, then once more.
	RefreshToken Class = "refresh-token"
	// OutcomeUnknown: a write may have taken effect; read before writing again.
	OutcomeUnknown Class = "outcome-unknown"
	// StateChanged: the platform's state is not what the call needs; read and decide again.
	StateChanged Class = "state-changed"
	// Human: a person or the configuration must act (scope, shop disabled, credentials).
	Human Class = "human"
	// Permanent: our bug or bad input; the same call will never work.
	Permanent Class = "permanent"
)

// Error is a failed call to a platform. It never holds a secret, a request
// body or personal data: only what a person needs to find the call again.
type Error struct {
	Platform   string        // "tiktok" or "returngo"
	Endpoint   string        // short name of the call, such as "Create Return"
	Class      Class         //
	Code       string        // the platform's own code, empty if there was none
	HTTPStatus int           // 0 if no answer came
	NoAnswer   bool          // the call was sent, or was to be, and no answer came
	Message    string        // the platform's words, shortened
	RequestID  string        // the platform's id of the call, empty if no answer came
	RetryAfter time.Duration // what the platform asked for; 0 if it did not
	Cause      error         // transport or decoding error, may be nil
}

// Error implements error.
func (e *Error) Error() string {
	s := fmt.Sprintf("%s %s: %s", e.Platform, e.Endpoint, e.Class)
	if e.Code != "" {
		s += " code " + e.Code
	}
	if e.HTTPStatus != 0 {
		s += fmt.Sprintf(" http %d", e.HTTPStatus)
	}
	if e.Message != "" {
		s += ": " + e.Message
	}
	if e.RequestID != "" {
		s += " (request " + e.RequestID + ")"
	}
	return s
}

// Unwrap gives the transport or decoding error.
func (e *Error) Unwrap() error { return e.Cause }

// ClassOf tells the class of err; an error that is no platform error has none.
func ClassOf(err error) Class {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Class
	}
	return ""
}
