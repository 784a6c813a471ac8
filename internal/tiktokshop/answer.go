package tiktokshop

import (
	"encoding/json"
	"time"

	"returnbridge/internal/platform"
)

// answer is what came back for one call.
type answer struct {
	endpoint
	secrets    []string // not to be repeated in a message
	raw        []byte
	status     int
	cutOff     error // why raw is not complete
	retryAfter time.Duration
	now        time.Time // by TikTok's clock, as far as it is known
	walking    bool      // the call asked for a further page
}

// envelope is the frame of each answer (contract 1.6). Without a code it is none.
type envelope struct {
	Code      text            `json:"code"`
	Message   text            `json:"message"`
	RequestID text            `json:"request_id"`
	Data      json.RawMessage `json:"data"`
}

// read looks at the envelope first and at the HTTP status only if there is none
// (T03), and takes code 0 for success only if no data.errors stand below it.
func (a answer) read(out any) (requestID string, err error) {
	var e envelope
	if a.cutOff != nil || len(a.raw) > largestAnswer || json.Unmarshal(a.raw, &e) != nil || e.Code == "" {
		return "", a.unreadable()
	}
	requestID = presentable(string(e.RequestID), a.secrets)
	failures := failuresIn(e.Data)
	if e.Code != "0" && (len(failures) == 0 || classes[string(e.Code)] != inside) {
		failures = append([]failure{{code: string(e.Code), message: string(e.Message)}}, failures...)
	}
	if len(failures) > 0 {
		return requestID, a.failed(requestID, failures)
	}
	if out == nil || empty(e.Data) {
		return requestID, nil
	}
	if err := decode(e.Data, out); err != nil {
		return requestID, a.undecodable(requestID, err)
	}
	return requestID, nil
}

// empty covers the forms of "no data": absent, null and the empty things.
func empty(data json.RawMessage) bool {
	switch string(data) {
	case "", "null", `""`, "[]":
		return true
	}
	return false
}

// unreadable is an answer that is empty, cut off, too long or no envelope.
func (a answer) unreadable() error {
	e := a.fail(classOfStatus(a.status, a.write), "no readable answer")
	if a.cutOff != nil {
		e.Cause = withoutURL(a.cutOff)
	}
	return e
}

// undecodable is a success whose data is not what the contract says. Asking
// again would not help: for a read a person has to look, a write has happened.
func (a answer) undecodable(requestID string, cause error) error {
	class := platform.Human
	if a.write {
		class = platform.OutcomeUnknown
	}
	e := a.fail(class, "the data is not of the documented form")
	e.RequestID, e.Cause = requestID, cause
	return e
}

// failed is what TikTok itself calls a failure: the gravest one decides.
func (a answer) failed(requestID string, failures []failure) error {
	var worst failure
	var class platform.Class
	for i, f := range failures {
		own := a.classOf(f)
		if i == 0 || gravest(own, class) != class {
			worst, class = f, own
		}
	}
	e := a.fail(class, worst.message)
	e.Code, e.RequestID = worst.code, requestID
	if e.Code == CodeHourUsed { // a call before that is refused, and counts against the next hour
		e.RetryAfter = max(e.RetryAfter, a.now.Truncate(time.Hour).Add(time.Hour).Sub(a.now))
		e.Message = "the development shop has used its calls of this hour; they begin again with the next full hour"
	}
	return e
}

func (a answer) fail(class platform.Class, message string) *platform.Error {
	if a.endpoint == tokenGet || a.endpoint == tokenRefresh {
		class = classOfToken(class)
	}
	return &platform.Error{
		Platform: platformName, Endpoint: a.name, Class: class, HTTPStatus: a.status,
		Message: presentable(message, a.secrets), RetryAfter: a.retryAfter,
	}
}

// lacking is a success without what the caller needs of it.
func (e endpoint) lacking(class platform.Class, r Receipt, what string) error {
	return &platform.Error{
		Platform: platformName, Endpoint: e.name, Class: class, RequestID: r.RequestID,
		Message: presentable("success without "+what, nil),
	}
}
