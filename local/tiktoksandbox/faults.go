package tiktoksandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Kinds of faults (contract section 5 item 7). The ones that say "done" happen
// after the call took effect: whoever hears nothing does not know the outcome.
const (
	FaultRateLimited       = "rate_limited"                // 429 + 36009002, Retry-After if RetryAfter is set; nothing done
	FaultModuleLimited     = "module_limited"              // 12052109 with HTTP 200, the inventory module's own limit; nothing done
	FaultHourlyCap         = "hourly_cap"                  // 429 + 36009037, as beyond HourlyCap; nothing done
	FaultServerError       = "server_error"                // HTTP 500 without an envelope, nothing done
	FaultUnavailable       = "unavailable"                 // HTTP 503 without an envelope, nothing done
	FaultUnavailableAfter  = "unavailable_after_write"     // the same, done
	FaultInternal          = "internal"                    // 36009003, nothing done
	FaultInternalAfter     = "internal_after_write"        // 36009003, done
	FaultGatewayAfterWrite = "gateway_timeout_after_write" // 36009007, done
	FaultHTTP504           = "http_504"                    // HTTP 504 page, nothing done
	FaultHTTP504After      = "http_504_after_write"        // HTTP 504 page, done
	FaultDropBefore        = "drop_before"                 // connection cut, nothing done
	FaultDropAfterWrite    = "drop_after_write"            // connection cut, done
	FaultLateWrite         = "late_write"                  // 36009007 at once, done Delay later
	FaultSlow              = "slow"                        // right answer after Delay
	FaultHTML              = "html"                        // an error page instead of JSON, nothing done
	FaultEmptyBody         = "empty_body"                  // HTTP 200 without a body, done
	FaultCutJSON           = "cut_json"                    // HTTP 200 with half of the JSON, done
	FaultExpiredToken      = "expired_token"               // 401 + 105002, nothing done
	FaultCode0Errors       = "code0_errors"                // code 0 with data.errors, nothing done
	FaultCode              = "code"                        // Code and Message as given, nothing done
	FaultCodeAfter         = "code_after_write"            // Code and Message as given, done
	FaultUnknownEnum       = "unknown_enum"                // right answer with states nobody knows
	FaultLaterVersion      = "later_version"               // right answer with every enum unknown and unknown fields everywhere
	FaultStale             = "stale"                       // a read shows the platform as it was Delay ago
	FaultDuplicatePageItem = "duplicate_page_item"         // a page begins with the last element of the one before
	FaultExpiredPageToken  = "expired_page_token"          // the page token is refused (T05)
)

var faultKinds = []string{FaultRateLimited, FaultModuleLimited, FaultHourlyCap, FaultServerError, FaultUnavailable, FaultUnavailableAfter,
	FaultInternal, FaultInternalAfter, FaultGatewayAfterWrite, FaultHTTP504, FaultHTTP504After, FaultDropBefore,
	FaultDropAfterWrite, FaultLateWrite, FaultSlow, FaultHTML, FaultEmptyBody, FaultCutJSON, FaultExpiredToken,
	FaultCode0Errors, FaultCode, FaultCodeAfter, FaultUnknownEnum, FaultLaterVersion, FaultStale,
	FaultDuplicatePageItem, FaultExpiredPageToken}

// Fault strikes calls of an endpoint; "*" means any. Token calls are the
// endpoints auth/get and auth/refresh.
type Fault struct {
	Endpoint   string
	Kind       string
	Count      int           // how many calls; default 1, negative until cleared
	Skip       int           // calls that pass before the first strike
	Chance     float64       // 0 to 1 that a call is struck; 0 means always
	Delay      time.Duration // real time, not scaled
	RetryAfter time.Duration
	Code       int    // of the kinds code and code_after_write
	Message    string // likewise
	// About strikes only calls that name this: an id, or a shop's cipher, in the
	// path, the query or the body. Empty: all.
	About string
}

// AddFault queues a fault behind those already waiting for the endpoint.
func (s *Sandbox) AddFault(fault Fault) error {
	defer s.enter()()
	setDefault(&fault.Count, 1)
	setDefault(&fault.Endpoint, "*")
	byCode := fault.Kind == FaultCode || fault.Kind == FaultCodeAfter
	switch {
	case !slices.Contains(faultKinds, fault.Kind):
		return errors.New("add fault: unknown kind " + fault.Kind)
	case fault.Endpoint != "*" && !slices.Contains(endpointNames(), fault.Endpoint):
		return errors.New("add fault: unknown endpoint " + fault.Endpoint)
	case byCode && fault.Code == 0:
		return errors.New("add fault: " + fault.Kind + " needs a code")
	}
	s.faults = append(s.faults, &fault)
	return nil
}

// ClearFaults removes all waiting faults.
func (s *Sandbox) ClearFaults() {
	defer s.enter()()
	s.faults = nil
}

// ClearFaultsAbout removes those that strike only calls that name this.
func (s *Sandbox) ClearFaultsAbout(about string) {
	defer s.enter()()
	s.faults = slices.DeleteFunc(s.faults, func(f *Fault) bool { return f.About == about })
}

func (s *Sandbox) takeFault(endpoint string, said []byte) *Fault {
	for i, fault := range s.faults {
		switch {
		case fault.Endpoint != endpoint && fault.Endpoint != "*", !bytes.Contains(said, []byte(fault.About)):
			continue
		case fault.Skip > 0:
			fault.Skip--
			continue
		case fault.Chance > 0 && s.random.Float64() >= fault.Chance:
			continue
		}
		fault.Count--
		if fault.Count == 0 {
			s.faults = slices.Delete(s.faults, i, i+1)
		}
		return fault
	}
	return nil
}

func (s *Sandbox) answerWithFault(c *call, fault *Fault) (answer reply, pause time.Duration) {
	c.fault = fault.Kind
	if instead, known := s.insteadOf(c, fault); known {
		if strings.HasSuffix(fault.Kind, afterWrite) {
			instead = s.hidden(c, instead)
		}
		return instead, fault.Delay
	}
	switch fault.Kind {
	case FaultLateWrite:
		s.plan(s.now().Add(fault.Delay), func() { s.perform(c) })
		return failure(c.requestID, gatewayTimeout()), 0
	case FaultStale:
		c.asOf = c.asOf.Add(-fault.Delay)
		return s.perform(c), 0
	}
	answer = s.perform(c)
	switch fault.Kind {
	case FaultEmptyBody:
		answer.body = nil
	case FaultCutJSON:
		answer.body = answer.body[:len(answer.body)/2]
	case FaultUnknownEnum:
		answer = ofLaterVersion(answer, false)
	case FaultLaterVersion:
		answer = ofLaterVersion(answer, true)
	}
	return answer, fault.Delay
}

// afterWrite marks the kinds whose answer hides that the call was carried out.
const afterWrite = "_after_write"

// insteadOf is the answer of faults that give another one than the right one,
// whether the call is carried out or not.
func (s *Sandbox) insteadOf(c *call, fault *Fault) (answer reply, known bool) {
	switch fault.Kind {
	case FaultRateLimited:
		return failure(c.requestID, tooManyRequests(fault.RetryAfter)), true
	case FaultModuleLimited:
		return failure(c.requestID, fail(12052109, "Too many requests.")), true
	case FaultHourlyCap:
		return failure(c.requestID, hourIsFull()), true
	case FaultServerError:
		return plainPage(http.StatusInternalServerError), true
	case FaultUnavailable, FaultUnavailableAfter:
		return plainPage(http.StatusServiceUnavailable), true
	case FaultHTTP504, FaultHTTP504After:
		return plainPage(http.StatusGatewayTimeout), true
	case FaultHTML:
		return plainPage(http.StatusBadGateway), true
	case FaultInternal, FaultInternalAfter:
		return failure(c.requestID, fail(36009003, "Internal error. Please try again.")), true
	case FaultGatewayAfterWrite:
		return failure(c.requestID, gatewayTimeout()), true
	case FaultDropBefore, FaultDropAfterWrite:
		return reply{hangUp: true}, true
	case FaultExpiredToken:
		return failure(c.requestID, expiredToken()), true
	case FaultCode0Errors:
		return success(c.requestID, object{"errors": s.inventedErrors(c)}), true
	case FaultCode, FaultCodeAfter:
		return failure(c.requestID, fail(fault.Code, "%s", fault.Message)), true
	}
	return reply{}, false
}

// hidden does the work and gives another answer. A hook waiting for the read
// still runs.
func (s *Sandbox) hidden(c *call, instead reply) reply {
	instead.then = s.perform(c).then
	return instead
}

func plainPage(status int) reply {
	return reply{status: status, header: http.Header{"Content-Type": {"text/html"}},
		body: []byte("<html><body><h1>" + http.StatusText(status) + "</h1></body></html>")}
}

func gatewayTimeout() *apiError {
	return fail(36009007, "Timeout. The request timed out at the gateway.")
}

func tooManyRequests(retryAfter time.Duration) *apiError {
	e := fail(36009002, "Too many requests. You've made too many requests in a short period of time.")
	e.retryAfter = retryAfter
	return e
}

// hourIsFull is a development shop's hourly cap: nothing passes before the next full
// hour, however short the pause (1.8).
func hourIsFull() *apiError {
	return fail(36009037, "The hourly request limit of the sandbox shop is reached.")
}

func expiredToken() *apiError {
	return fail(105002, "Expired credentials. The `access_token` or `x-tts-access-token` header has expired.")
}

// inventedErrors are failures below code 0: numbers for inventory, strings for
// aftersales (1.6).
func (s *Sandbox) inventedErrors(c *call) []object {
	if c.route.name != "inventory/update" {
		return []object{{"code": "25020008", "message": "Internal error"}}
	}
	var request inventoryUpdate
	_ = json.Unmarshal(c.body, &request)
	list := []object{}
	for _, one := range request.SKUs {
		list = append(list, skuProblem(one.ID, fail(12052990, "Check failed"),
			object{"warehouse_id": "", "code": 12052097, "message": "The warehouse does not exist"}))
	}
	return list
}
