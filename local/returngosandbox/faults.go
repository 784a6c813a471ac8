package returngosandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Fault kinds; beside them any status code as text ("500", "503", …) is a kind.
const (
	FaultBurst          = "429_burst"        // API Gateway's burst answer (A04)
	FaultDayQuota       = "429_day"          // API Gateway's quota answer (A04)
	FaultSlow           = "slow"             // the right answer, Delay late
	FaultHTML           = "html"             // 200 with a page instead of JSON
	FaultCutOff         = "cut_off"          // the connection closes in mid body
	FaultDropBefore     = "drop_before"      // closed before anything happened
	FaultDropAfterWrite = "drop_after_write" // closed after the effect, without an answer
	FaultUnknownEnum    = "unknown_enum"     // every "status" says Quarantined
)

// UnknownStatus is the status that FaultUnknownEnum makes up.
const UnknownStatus = "Quarantined"

// Fault is a misfortune for the next Count calls of an endpoint.
type Fault struct {
	// Endpoint is a name such as rma/get; "*" or empty means any.
	Endpoint string
	Kind     string
	// Count 0 means once, below 0 until ClearFaults.
	Count int
	// Delay holds the answer back, whatever the kind.
	Delay time.Duration
	// RetryAfter is sent as a Retry-After header when set.
	RetryAfter string
}

var namedFaults = []string{FaultBurst, FaultDayQuota, FaultSlow, FaultHTML, FaultCutOff, FaultDropBefore, FaultDropAfterWrite, FaultUnknownEnum}

// AddFault queues a fault; faults of one endpoint are used up in order. A
// misspelt endpoint or kind is an error, so that no test passes for lack of it.
func (s *Sandbox) AddFault(f Fault) error {
	if err := f.check(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Count == 0 {
		f.Count = 1
	}
	s.faults = append(s.faults, f)
	return nil
}

func (f Fault) check() error {
	everywhere := f.Endpoint == "" || f.Endpoint == "*"
	if !everywhere && !slices.ContainsFunc(operations, func(op operation) bool { return op.endpoint == f.Endpoint }) {
		return fmt.Errorf("no endpoint %q", f.Endpoint)
	}
	if status, err := strconv.Atoi(f.Kind); err == nil && status >= 400 && status <= 599 {
		return nil
	}
	if !slices.Contains(namedFaults, f.Kind) {
		return fmt.Errorf("no fault kind %q", f.Kind)
	}
	return nil
}

// ClearFaults takes back all faults not yet used up.
func (s *Sandbox) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

func (s *Sandbox) takeFault(endpoint string) Fault {
	i := slices.IndexFunc(s.faults, func(f Fault) bool {
		return f.Endpoint == endpoint || f.Endpoint == "" || f.Endpoint == "*"
	})
	if i < 0 {
		return Fault{}
	}
	taken := s.faults[i]
	if s.faults[i].Count--; s.faults[i].Count == 0 {
		s.faults = slices.Delete(s.faults, i, i+1)
	}
	return taken
}

// instead is the answer of a fault that strikes before the operation runs.
func (f Fault) instead() (answer, bool) {
	switch f.Kind {
	case FaultBurst:
		return gateway("Too Many Requests"), true
	case FaultDayQuota:
		return gateway("Limit Exceeded"), true
	case FaultHTML:
		return answer{status: http.StatusOK, contentType: "text/html", body: []byte("<html><body>Maintenance</body></html>")}, true
	case FaultDropBefore:
		return answer{}, true
	}
	status, err := strconv.Atoi(f.Kind)
	if err != nil {
		return answer{}, false
	}
	return failure(status, http.StatusText(status)), true
}

// deliver sends an answer the way the fault wants it.
func (f Fault) deliver(w http.ResponseWriter, a answer) {
	switch f.Kind {
	case FaultDropBefore, FaultDropAfterWrite:
		panic(http.ErrAbortHandler) // net/http's way of closing the connection without an answer
	case FaultUnknownEnum:
		a.body = withUnknownStatus(a.body)
	}
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	w.Header().Set("content-type", a.contentType)
	w.Header().Set("content-length", strconv.Itoa(len(a.body)))
	if a.status == http.StatusNoContent {
		w.Header().Del("content-length")
	}
	w.WriteHeader(a.status)
	if f.Kind != FaultCutOff {
		_, _ = w.Write(a.body)
		return
	}
	_, _ = w.Write(a.body[:len(a.body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

func withUnknownStatus(body []byte) []byte {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var tree any
	if decoder.Decode(&tree) != nil {
		return body
	}
	replaceStatus(tree)
	changed, _ := json.Marshal(tree)
	return changed
}

func replaceStatus(node any) {
	switch v := node.(type) {
	case map[string]any:
		if _, ok := v["status"].(string); ok {
			v["status"] = UnknownStatus
		}
		for _, child := range v {
			replaceStatus(child)
		}
	case []any:
		for _, child := range v {
			replaceStatus(child)
		}
	}
}
