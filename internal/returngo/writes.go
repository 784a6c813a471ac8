package returngo

import (
	"context"
	"net/http"
	"time"

	"returnbridge/internal/platform"
)

// Receipt is the proof of a write, for the audit.
type Receipt struct {
	RequestID string    // x-amzn-requestid, what ReturnGO's support asks for
	At        time.Time // when the answer came, UTC
}

// Comment adds an entry to the RMA's timeline (ReturnGO contract 2.4). ReturnGO
// does not deduplicate: put a Marker into the text and look for it first.
// The field's name, and that the answer's body means nothing, is A09.
//
// Classes: retry (429, or never sent), outcome-unknown (5xx, no or no whole
// answer), human (key or shop refused), permanent (bad id or text, no such RMA).
func (s *Shop) Comment(ctx context.Context, rmaID, htmlText string) (Receipt, error) {
	body := struct {
		HTML string `json:"htmlText"`
	}{htmlText}
	return s.write(ctx, htmlText, call{endpoint: "Post Comment", nature: adds, method: http.MethodPost,
		path: []string{"rma", rmaID, "comment"}, body: body})
}

// SetStatus sets the RMA's status (ReturnGO contract 2.5); setting the present
// one changes nothing. The body, and that the answer means nothing, is A10:
// read the RMA again. Per-item validation is never written (A11).
//
// Classes as for Comment, and state-changed (400: transition refused).
func (s *Shop) SetStatus(ctx context.Context, rmaID, status string) (Receipt, error) {
	body := struct {
		Status string `json:"status"`
	}{status}
	return s.write(ctx, status, call{endpoint: "Set RMA Status", nature: moves, method: http.MethodPut,
		path: []string{"rma", rmaID, "status"}, body: body})
}

// TransactionUpdate is the outcome of a refund made elsewhere. The fields, and
// that Reference stays null until then, are A16; empty references are not sent.
type TransactionUpdate struct {
	Status        string `json:"status"` // Success or Failed
	Reference     string `json:"externalReferenceId,omitempty"`
	ReferenceType string `json:"externalReferenceType,omitempty"` // such as "PlatformRefundId"
}

// SetTransaction tells ReturnGO the outcome of a transaction that it made; a
// new one cannot be created, and the amount cannot be written (ReturnGO
// contract 2.11).
//
// Classes as for SetStatus. An answer with nothing in it is not ReturnGO's, which
// gives the transaction (A16): outcome-unknown.
func (s *Shop) SetTransaction(ctx context.Context, id string, u TransactionUpdate) (Receipt, error) {
	return s.write(ctx, u.Status, call{endpoint: "Update Transaction", nature: moves, method: http.MethodPut,
		path: []string{"transaction", id}, body: u, answers: true})
}

// write makes a call whose answer only matters as a receipt; without its main
// value there is nothing to write.
func (s *Shop) write(ctx context.Context, value string, c call) (Receipt, error) {
	if value == "" {
		return Receipt{}, c.fails(platform.Permanent, "nothing to write")
	}
	a, err := s.do(ctx, c)
	if err != nil {
		return Receipt{}, err
	}
	return a.receipt(), nil
}
