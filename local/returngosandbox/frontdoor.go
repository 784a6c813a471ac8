package returngosandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// call is one request on its way through the sandbox.
type call struct {
	endpoint, requestID string
	keyText, shopName   string
	shop                *shop
	id                  string // the path's id, if it has one
	query               url.Values
	body                []byte
	// requestLine and headers are what an echoing fault repeats.
	requestLine, headers string
}

// answer is what goes back, faults permitting.
type answer struct {
	status      int
	contentType string
	body        []byte
}

// operation is one row of the contract's index (2.1).
type operation struct {
	endpoint, pattern string
	run               func(*Sandbox, *call) answer
}

// operations lists all fifteen under the short names used in faults and counters.
var operations = []operation{
	{"rmas/list", "GET /rmas", (*Sandbox).listRMAs},
	{"rma/get", "GET /rma/{id}", (*Sandbox).getRMA},
	{"rma/comment", "POST /rma/{id}/comment", (*Sandbox).postComment},
	{"rma/status", "PUT /rma/{id}/status", (*Sandbox).putStatus},
	{"rma/policies", "POST /rma/getEligiblePolicies", (*Sandbox).eligiblePolicies},
	{"rma/create", "POST /rma/createByPolicy", (*Sandbox).createByPolicy},
	{"shipment/update", "PUT /shipment/{id}", (*Sandbox).putShipment},
	{"shipment/delete", "DELETE /shipment/{id}", (*Sandbox).deleteShipment},
	{"webhooks/list", "GET /webhooks", (*Sandbox).listWebhooks},
	{"webhook/create", "POST /webhook", (*Sandbox).createWebhook},
	{"webhook/update", "PUT /webhook/{id}", (*Sandbox).updateWebhook},
	{"webhook/delete", "DELETE /webhook/{id}", (*Sandbox).deleteWebhook},
	{"shipment-tracker/create", "POST /shipment-tracker", (*Sandbox).createTracker},
	{"transactions/list", "GET /transactions", (*Sandbox).listTransactions},
	{"transaction/update", "PUT /transaction/{id}", (*Sandbox).putTransaction},
}

func (s *Sandbox) frontDoor() http.Handler {
	mux := http.NewServeMux()
	for _, op := range operations {
		mux.HandleFunc(op.pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, op) })
	}
	unknown := operation{endpoint: "unknown", run: func(*Sandbox, *call) answer { return failure(http.StatusNotFound, "Not Found") }}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, unknown) })
	return mux
}

func (s *Sandbox) serve(w http.ResponseWriter, r *http.Request, op operation) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return
	}
	c := &call{endpoint: op.endpoint, keyText: r.Header.Get("x-api-key"), shopName: r.Header.Get("x-shop-name"),
		id: r.PathValue("id"), query: r.URL.Query(), body: body,
		requestLine: r.Method + " " + r.RequestURI, headers: fmt.Sprint(r.Header)}
	a, fault := s.handle(c, op)
	w.Header().Set("x-amzn-requestid", c.requestID)
	w.Header().Set("x-amz-apigw-id", "sandbox-"+c.requestID[:8])
	w.Header().Set("x-amzn-trace-id", "Root=1-"+c.requestID)
	if !s.wait(r, fault.Delay) {
		panic(http.ErrAbortHandler)
	}
	fault.deliver(w, a)
}

// handle does the gateway's checks in the gateway's order (key, limits, shop)
// and then the operation, unless a fault strikes first.
func (s *Sandbox) handle(c *call, op operation) (answer, Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.requestID = s.newRequestID()
	s.calls[c.endpoint]++
	key := s.keys[c.keyText]
	if key == nil {
		return failure(http.StatusUnauthorized, "Unauthorized"), Fault{}
	}
	key.calls[c.endpoint]++
	switch key.budget.admit(s.now()) {
	case burstExceeded:
		key.throttled++
		return gateway("Too Many Requests"), Fault{}
	case dayExceeded:
		key.throttled++
		return gateway("Limit Exceeded"), Fault{}
	}
	if !key.shops[c.shopName] {
		return failure(http.StatusForbidden, "No such shop for this user"), Fault{}
	}
	c.shop = s.shops[c.shopName]
	fault := s.takeFault(c)
	if fault.stands() && !fault.AfterWrite {
		return fault.answer(c), fault
	}
	done := op.run(s, c)
	if fault.stands() {
		return fault.answer(c), fault
	}
	return done, fault
}

func (s *Sandbox) newRequestID() string {
	a, b := s.rand.Uint64(), s.rand.Uint64()
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", uint32(a>>32), uint16(a>>16), uint16(a), uint16(b>>48), b&0xffffffffffff)
}

// wait holds an answer back; false when the caller or the sandbox has gone.
func (s *Sandbox) wait(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
	case <-s.closing:
	}
	return false
}

func success(status int, content any) answer {
	body, err := json.Marshal(content)
	if err != nil {
		return failure(http.StatusInternalServerError, "Internal server error")
	}
	return answer{status: status, contentType: "application/json", body: body}
}

// failure is the error body of A07.
func failure(status int, message string) answer {
	body, _ := json.Marshal(obj{"statusCode": status, "message": message})
	return answer{status: status, contentType: "application/json", body: body}
}

func html(status int, text string) answer {
	return answer{status: status, contentType: "text/html", body: []byte(text)}
}

func badRequest(err error) answer { return failure(http.StatusBadRequest, err.Error()) }

// gateway is a 429 as API Gateway words it (A04).
func gateway(message string) answer {
	body, _ := json.Marshal(obj{"message": message})
	return answer{status: http.StatusTooManyRequests, contentType: "application/json", body: body}
}

// Write is a write the sandbox accepted, whether or not its answer arrived.
type Write struct {
	At                                       time.Time
	Endpoint, Shop, RMAID, Target, RequestID string
	// Changed is false when the wanted state already held.
	Changed bool
}

// wrote enters an accepted write in the journal; target is the id in the path or of the new thing.
func (s *Sandbox) wrote(c *call, rmaID, target string, changed bool) {
	s.writes = append(s.writes, Write{At: s.now(), Endpoint: c.endpoint, Shop: c.shop.name,
		RMAID: rmaID, Target: target, RequestID: c.requestID, Changed: changed})
}
