package returngo

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
)

// pageSize is the most that ReturnGO gives at once (ReturnGO contract 1.4): a
// sweep costs one call of the day's quota per page.
const pageSize = 500

// RMAFilter narrows the RMA list; what is empty does not narrow. It must stay
// the same while a cursor is followed.
type RMAFilter struct {
	Statuses   []string
	OrderNames []string
	// UpdatedFrom is inclusive, in whole seconds (rounded down). It is taken to
	// miss what lastUpdated misses: receipts, refunds and more (A24).
	UpdatedFrom time.Time
}

// RMAs reads one page of the RMA list (ReturnGO contract 2.2); an empty next
// means that there is no further page. Rows come oldest creation first, the one
// order that cannot change while pages are turned: what is created meanwhile
// lands on the last page.
//
// Rows that cannot be read give an error with the cause *platform.UnreadableError,
// beside the others and the next cursor: they must not hide the rest. Classes
// as for RMA; a value with a comma cannot be asked for (permanent).
func (s *Shop) RMAs(ctx context.Context, f RMAFilter, cursor string) (page []returns.RMASummary, next string, err error) {
	c := call{endpoint: "List RMAs", nature: reads, method: http.MethodGet, path: []string{"rmas"}}
	q := query{url.Values{"sort_by": {"+rma_created_at"}}}
	if err := q.page(c, cursor, map[string][]string{"status": f.Statuses, "order_name": f.OrderNames}); err != nil {
		return nil, "", err
	}
	q.from("rma_updated_at", f.UpdatedFrom)
	c.query = q.Values
	a, err := s.do(ctx, c)
	if err != nil {
		return nil, "", err
	}
	page, next, err = decodeRMAs(a.body, cursor)
	return page, next, c.misreadList(a, err)
}

// wireSummary is what a list says of an RMA, and the head of the RMA itself.
type wireSummary struct {
	ID        id   `json:"rmaId"`
	Status    text `json:"status"`
	OrderName text `json:"order_name"`
}

func (w wireSummary) summary() returns.RMASummary {
	return returns.RMASummary{ID: string(w.ID), Status: string(w.Status), OrderName: string(w.OrderName)}
}

func decodeRMAs(body []byte, cursor string) ([]returns.RMASummary, string, error) {
	var w struct {
		RMAs list[json.RawMessage] `json:"rmas"`
		Next text                  `json:"next_cursor"`
	}
	if err := json.Unmarshal(body, &w); err != nil {
		return nil, "", err
	}
	if !w.RMAs.present {
		return nil, "", errIncomplete
	}
	next, err := nextCursor(len(w.RMAs.rows), string(w.Next), cursor)
	if err != nil {
		return nil, "", err
	}
	page, err := eachRow(w.RMAs.rows, "rmaId", func(w wireSummary) (returns.RMASummary, error) {
		return w.summary(), known(w.ID)
	})
	return page, next, err
}

// TransactionFilter narrows the transaction list; what is empty does not
// narrow. It must stay the same while a cursor is followed.
type TransactionFilter struct {
	IDs         []string
	RMAIDs      []string
	UpdatedFrom time.Time // inclusive, in whole seconds (rounded down)
}

// Transactions reads one page of the transaction list (ReturnGO contract 2.10);
// an empty next means that there is no further page. A transaction does not
// name its RMA: place it by its ItemIDs, or ask for one RMA at a time.
//
// Unreadable rows and classes as for RMAs.
func (s *Shop) Transactions(ctx context.Context, f TransactionFilter, cursor string) (page []returns.Transaction, next string, err error) {
	c := call{endpoint: "List Transactions", nature: reads, method: http.MethodGet, path: []string{"transactions"}}
	q := query{url.Values{}}
	if err := q.page(c, cursor, map[string][]string{"ids": f.IDs, "rma_ids": f.RMAIDs}); err != nil {
		return nil, "", err
	}
	q.from("updated_at", f.UpdatedFrom)
	c.query = q.Values
	a, err := s.do(ctx, c)
	if err != nil {
		return nil, "", err
	}
	page, next, err = decodeTransactions(a.body, cursor)
	return page, next, c.misreadList(a, err)
}

type wireTransaction struct {
	ID            id    `json:"id"`
	Type          text  `json:"type"`
	Status        text  `json:"status"`
	Amount        money `json:"amount"`
	ItemIDs       []id  `json:"returnItemIds"`
	Reference     text  `json:"externalReferenceId"`
	ReferenceType text  `json:"externalReferenceType"`
	CreatedAt     stamp `json:"createdAt"`
}

// reference is empty if it is of another kind than a platform's refund: a store
// credit's code is as good as money (ReturnGO contract 3.4), and kinds are open (A20).
func (w wireTransaction) reference() string {
	if w.ReferenceType != "" && w.ReferenceType != "PlatformRefundId" {
		return ""
	}
	return string(w.Reference)
}

func decodeTransactions(body []byte, cursor string) ([]returns.Transaction, string, error) {
	var w struct {
		Transactions list[json.RawMessage] `json:"transactions"`
		Next         text                  `json:"next_cursor"`
	}
	if err := json.Unmarshal(body, &w); err != nil {
		return nil, "", err
	}
	if !w.Transactions.present {
		return nil, "", errIncomplete
	}
	next, err := nextCursor(len(w.Transactions.rows), string(w.Next), cursor)
	if err != nil {
		return nil, "", err
	}
	page, err := eachRow(w.Transactions.rows, "id", func(w wireTransaction) (returns.Transaction, error) {
		return w.transaction(), known(w.ID)
	})
	return page, next, err
}

func transactionsOf(rows []wireTransaction) ([]returns.Transaction, error) {
	all := make([]returns.Transaction, 0, len(rows))
	for _, w := range rows {
		if err := known(w.ID); err != nil {
			return nil, err
		}
		all = append(all, w.transaction())
	}
	return all, nil
}

func (w wireTransaction) transaction() returns.Transaction {
	t := returns.Transaction{
		ID:        string(w.ID),
		Type:      string(w.Type),
		Status:    string(w.Status),
		Amount:    w.Amount.Money,
		ItemIDs:   make([]string, 0, len(w.ItemIDs)),
		Reference: w.reference(),
		CreatedAt: w.CreatedAt.Time,
	}
	for _, item := range w.ItemIDs {
		t.ItemIDs = append(t.ItemIDs, string(item))
	}
	return t
}

// nextCursor tells where the next page begins. The last page has an absent,
// null or empty next_cursor, or no rows, and a cursor belongs to the filters it
// was got with (A05). One that stands still would turn the same page for ever.
func nextCursor(rows int, next, sent string) (string, error) {
	if rows == 0 {
		return "", nil
	}
	if next != "" && next == sent {
		return "", errIncomplete
	}
	return next, nil
}

// query builds the parameters of a list call.
type query struct{ url.Values }

// page sets the page and the comma lists. The cursor is opaque.
func (q query) page(c call, cursor string, lists map[string][]string) error {
	q.Set("pagesize", strconv.Itoa(pageSize))
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	for name, values := range lists {
		for _, v := range values {
			if v == "" || strings.Contains(v, ",") {
				return c.fails(platform.Permanent, "a value of "+name+" is empty or has a comma, which the list form cannot carry")
			}
		}
		if len(values) > 0 {
			q.Set(name, strings.Join(values, ","))
		}
	}
	return nil
}

// from sets a lower bound. Filter times have no zone and mean UTC; a range
// would repeat the parameter, so one bound is all we send (A06).
func (q query) from(name string, t time.Time) {
	if !t.IsZero() {
		q.Set(name, "gte:"+t.UTC().Format("2006-01-02T15:04:05"))
	}
}
