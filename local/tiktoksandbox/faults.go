package tiktoksandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Kinds of faults (contract section 5 item 7).
const (
	FaultRateLimited       = "rate_limited"                // 429 + 36009002, Retry-After if RetryAfter is set
	FaultUnavailable       = "unavailable"                 // 503
	FaultInternal          = "internal"                    // 36009003, nothing done
	FaultGatewayAfterWrite = "gateway_timeout_after_write" // 36009007 although the write took effect
	FaultDropAfterWrite    = "drop_after_write"            // connection cut after the write took effect
	FaultDropBefore        = "drop_before"                 // connection cut, nothing done
	FaultSlow              = "slow"                        // right answer after Delay
	FaultHTML              = "html"                        // an error page instead of JSON, nothing done
	FaultExpiredToken      = "expired_token"               // 401 + 105002
	FaultCode0Errors       = "code0_errors"                // code 0 with data.errors, nothing done
	FaultUnknownEnum       = "unknown_enum"                // right answer with a state nobody knows
	FaultLateWrite         = "late_write"                  // 36009007 at once, the write takes effect Delay later
	FaultDuplicatePageItem = "duplicate_page_item"         // a page begins with the last element of the one before
	FaultExpiredPageToken  = "expired_page_token"          // the page token is refused (T05)
)

var faultKinds = []string{FaultRateLimited, FaultUnavailable, FaultInternal, FaultGatewayAfterWrite,
	FaultDropAfterWrite, FaultDropBefore, FaultSlow, FaultHTML, FaultExpiredToken, FaultCode0Errors,
	FaultUnknownEnum, FaultLateWrite, FaultDuplicatePageItem, FaultExpiredPageToken}

// Fault strikes the next Count calls (default 1) of an endpoint; "*" means any.
type Fault struct {
	Endpoint   string
	Kind       string
	Count      int
	Delay      time.Duration // real time, not scaled
	RetryAfter time.Duration
}

// AddFault queues a fault behind those already waiting for the endpoint.
func (s *Sandbox) AddFault(fault Fault) error {
	defer s.enter()()
	if !slices.Contains(faultKinds, fault.Kind) {
		return errors.New("add fault: unknown kind " + fault.Kind)
	}
	setDefault(&fault.Count, 1)
	setDefault(&fault.Endpoint, "*")
	s.faults = append(s.faults, &fault)
	return nil
}

// ClearFaults removes all waiting faults.
func (s *Sandbox) ClearFaults() {
	defer s.enter()()
	s.faults = nil
}

func (s *Sandbox) takeFault(endpoint string) *Fault {
	for i, fault := range s.faults {
		if fault.Endpoint != endpoint && fault.Endpoint != "*" {
			continue
		}
		fault.Count--
		if fault.Count <= 0 {
			s.faults = slices.Delete(s.faults, i, i+1)
		}
		return fault
	}
	return nil
}

func (s *Sandbox) answerWithFault(c *call, fault *Fault) (reply, time.Duration) {
	c.fault = fault.Kind
	switch fault.Kind {
	case FaultRateLimited:
		answer := failure(c.requestID, fail(36009002, "Too many requests. You've made too many requests in a short period of time."))
		if fault.RetryAfter > 0 {
			seconds := int((fault.RetryAfter + time.Second - 1) / time.Second)
			answer.header.Set("Retry-After", strconv.Itoa(seconds))
		}
		return answer, 0
	case FaultUnavailable:
		return reply{status: http.StatusServiceUnavailable, body: []byte("upstream overloaded")}, 0
	case FaultInternal:
		return failure(c.requestID, fail(36009003, "Internal error. Please try again.")), 0
	case FaultGatewayAfterWrite:
		s.perform(c)
		return failure(c.requestID, gatewayTimeout()), fault.Delay
	case FaultLateWrite:
		s.plan(s.now().Add(fault.Delay), func() { s.perform(c) })
		return failure(c.requestID, gatewayTimeout()), 0
	case FaultDropAfterWrite:
		s.perform(c)
		return reply{hangUp: true}, fault.Delay
	case FaultDropBefore:
		return reply{hangUp: true}, fault.Delay
	case FaultHTML:
		return reply{status: http.StatusBadGateway, header: http.Header{"Content-Type": {"text/html"}},
			body: []byte("<html><body><h1>502 Bad Gateway</h1></body></html>")}, 0
	case FaultExpiredToken:
		return failure(c.requestID, fail(105002, "Expired credentials. The `access_token` or `x-tts-access-token` header has expired.")), 0
	case FaultCode0Errors:
		return success(c.requestID, object{"errors": s.inventedErrors(c)}), 0
	case FaultUnknownEnum:
		return unknownEnum(s.perform(c)), 0
	}
	return s.perform(c), fault.Delay
}

func gatewayTimeout() *apiError {
	return fail(36009007, "Timeout. The request timed out at the gateway.")
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

var enumFields = []string{"return_status", "cancel_status", "status", "display_status", "return_type"}

// unknownEnum replaces every state by one from the future (T02).
func unknownEnum(answer reply) reply {
	var content any
	decoder := json.NewDecoder(bytes.NewReader(answer.body))
	decoder.UseNumber()
	if decoder.Decode(&content) != nil {
		return answer
	}
	replaceEnums(content)
	answer.body, _ = json.Marshal(content)
	return answer
}

func replaceEnums(node any) {
	switch typed := node.(type) {
	case object:
		for key, value := range typed {
			if _, isText := value.(string); isText && slices.Contains(enumFields, key) {
				typed[key] = "STATE_OF_A_LATER_VERSION"
				continue
			}
			replaceEnums(value)
		}
	case []any:
		for _, element := range typed {
			replaceEnums(element)
		}
	}
}
