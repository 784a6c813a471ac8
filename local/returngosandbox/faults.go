package returngosandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fault kinds; beside them any status code as text ("500", "503", …) is a kind.
const (
	FaultBurst          = "429_burst"        // API Gateway's burst answer (A04)
	FaultDayQuota       = "429_day"          // API Gateway's quota answer (A04)
	FaultSlow           = "slow"             // the right answer, Delay late
	FaultHTML           = "html"             // a page instead of JSON, with Status
	FaultEmpty          = "empty"            // no body at all, with Status
	FaultCutOff         = "cut_off"          // the connection closes in mid body
	FaultDropBefore     = "drop_before"      // closed before anything happened
	FaultDropAfterWrite = "drop_after_write" // closed after the effect, without an answer
	FaultUnknownEnum    = "unknown_enum"     // every Field says Quarantined
)

// UnknownValue is the word that FaultUnknownEnum makes up.
const UnknownValue = "Quarantined"

// Fault is a misfortune for the next Count calls of an endpoint.
type Fault struct {
	// Endpoint is a name such as rma/get; "*" or empty means any.
	Endpoint string
	Kind     string
	// Status goes with an html or empty answer; 0 means 200.
	Status int
	// AfterWrite lets the operation take effect before a status, html or empty
	// answer hides it: a gateway that timed out on a write that went through.
	AfterWrite bool
	// Echo makes the body of a status or html answer repeat the request's line,
	// headers and body, as careless proxies do: keys and free text included.
	Echo bool
	// Field is what unknown_enum replaces wherever it holds a text; empty means "status".
	Field string
	// About strikes only calls that name this in their path, headers or body, such as
	// an id or a shop; empty means all.
	About string
	// Count 0 means once, below 0 until ClearFaults.
	Count int
	// Delay holds the answer back, whatever the kind.
	Delay time.Duration
	// RetryAfter is sent as a Retry-After header when set.
	RetryAfter string
}

var namedFaults = []string{FaultBurst, FaultDayQuota, FaultSlow, FaultHTML, FaultEmpty, FaultCutOff, FaultDropBefore, FaultDropAfterWrite, FaultUnknownEnum}

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
	if f.Status != 0 && (f.Status < 200 || f.Status > 599) {
		return fmt.Errorf("no answer has status %d", f.Status)
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

// ClearFaultsAbout takes back those that strike only calls that name this.
func (s *Sandbox) ClearFaultsAbout(about string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = slices.DeleteFunc(s.faults, func(f Fault) bool { return f.About == about })
}

func (s *Sandbox) takeFault(c *call) Fault {
	i := slices.IndexFunc(s.faults, func(f Fault) bool {
		here := f.Endpoint == c.endpoint || f.Endpoint == "" || f.Endpoint == "*"
		return here && (strings.Contains(c.requestLine+" "+c.headers, f.About) || bytes.Contains(c.body, []byte(f.About)))
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

// stands says whether the fault's own answer goes out in place of the operation's.
func (f Fault) stands() bool {
	switch f.Kind {
	case "", FaultSlow, FaultCutOff, FaultDropAfterWrite, FaultUnknownEnum:
		return false
	}
	return true
}

// answer is what a fault that stands says to a request.
func (f Fault) answer(c *call) answer {
	status := f.Status
	if status == 0 {
		status = http.StatusOK
	}
	switch f.Kind {
	case FaultBurst:
		return gateway("Too Many Requests")
	case FaultDayQuota:
		return gateway("Limit Exceeded")
	case FaultHTML:
		return html(status, "<html><body><h1>Maintenance</h1><pre>"+f.echo(c)+"</pre></body></html>")
	case FaultEmpty:
		return answer{status: status, contentType: "application/json"}
	case FaultDropBefore:
		return answer{}
	}
	status, _ = strconv.Atoi(f.Kind) // check let nothing else in
	return failure(status, http.StatusText(status)+f.echo(c))
}

func (f Fault) echo(c *call) string {
	if !f.Echo {
		return ""
	}
	return fmt.Sprintf("\nyour request: %s\n%s\n%s", c.requestLine, c.headers, c.body)
}

// deliver sends an answer the way the fault wants it.
func (f Fault) deliver(w http.ResponseWriter, a answer) {
	switch f.Kind {
	case FaultDropBefore, FaultDropAfterWrite:
		panic(http.ErrAbortHandler) // net/http's way of closing the connection without an answer
	case FaultUnknownEnum:
		a.body = withUnknown(a.body, orElse(f.Field, "status"))
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

func withUnknown(body []byte, field string) []byte {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var tree any
	if decoder.Decode(&tree) != nil {
		return body
	}
	replaceText(tree, field)
	changed, _ := json.Marshal(tree)
	return changed
}

func replaceText(node any, field string) {
	switch v := node.(type) {
	case map[string]any:
		if _, ok := v[field].(string); ok {
			v[field] = UnknownValue
		}
		for _, child := range v {
			replaceText(child, field)
		}
	case []any:
		for _, child := range v {
			replaceText(child, field)
		}
	}
}
