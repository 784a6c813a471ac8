package returngosandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

// listTransactions searches transactions; a row names neither RMA nor order (contract 2.10).
func (s *Sandbox) listTransactions(c *call) answer {
	filter, err := transactionFilterOf(c.query)
	if err != nil {
		return badRequest(err)
	}
	var found []row
	for _, present := range s.rmas {
		r := s.shown(present)
		if r == nil || r.Shop != c.shop.name {
			continue
		}
		for i := range r.Transactions {
			t := &r.Transactions[i]
			if filter.matches(t) {
				found = append(found, row{id: idNumber(t.ID), created: t.CreatedAt, updated: t.LastUpdated, view: func() obj { return s.transactionView(t) }})
			}
		}
	}
	return page(c.query, "transactions", found, nil)
}

type transactionFilter struct {
	created, updated                                  []timeBound
	rmas, orders, statuses, types, processors, idList []string
}

// transactionFilterOf does not judge enum values: those sets are open (A20).
func transactionFilterOf(q url.Values) (transactionFilter, error) {
	f := transactionFilter{rmas: commaList(q, "rma_ids"), orders: commaList(q, "order_ids"), statuses: commaList(q, "statuses"),
		types: commaList(q, "types"), processors: commaList(q, "processors"), idList: commaList(q, "ids")}
	var err error
	if f.created, err = timeBounds(q, "created_at"); err != nil {
		return f, err
	}
	f.updated, err = timeBounds(q, "updated_at")
	return f, err
}

func (f transactionFilter) matches(t *Transaction) bool {
	return admits(f.rmas, t.RMAID) && admits(f.orders, t.OrderID) && admits(f.statuses, t.Status) && admits(f.types, t.Type) &&
		admits(f.processors, t.Processor) && admits(f.idList, t.ID) && within(f.created, t.CreatedAt) && within(f.updated, t.LastUpdated)
}

// transactionMoves are what the API may report (A16); Success is final.
var transactionMoves = map[string][]string{
	Requested: {Success, Failed},
	Failed:    {Success},
}

type transactionBody struct {
	Status                string  `json:"status"`
	ExternalReferenceID   *string `json:"externalReferenceId"`
	ExternalReferenceType *string `json:"externalReferenceType"`
	Amount                any     `json:"amount"`
}

// putTransaction records the outcome of a refund handled elsewhere. Repeating
// the status held changes nothing at all, the reference included (A16).
func (s *Sandbox) putTransaction(c *call) answer {
	r, t := s.findTransaction(c.id)
	if r == nil || r.Shop != c.shop.name {
		return failure(http.StatusNotFound, "Transaction not found")
	}
	var body transactionBody
	if err := read(c, &body); err != nil {
		return badRequest(err)
	}
	if body.Amount != nil {
		return failure(http.StatusBadRequest, "amount is not writable")
	}
	if body.Status != t.Status {
		if !slices.Contains(transactionMoves[t.Status], body.Status) {
			return badRequest(fmt.Errorf("transaction %s cannot go from %s to %q", t.ID, t.Status, body.Status))
		}
		s.keep(r)
		s.settle(r, t, body, api)
		s.wrote(c, r.ID, t.ID, true)
	} else {
		s.wrote(c, r.ID, t.ID, false)
	}
	return success(http.StatusOK, s.transactionView(t))
}

func (s *Sandbox) findTransaction(id string) (*RMA, *Transaction) {
	for _, r := range s.rmas {
		for i := range r.Transactions {
			if r.Transactions[i].ID == id {
				return r, &r.Transactions[i]
			}
		}
	}
	return nil, nil
}

// settle changes a transaction; no event tells of it, a failure leaves an
// error entry, and the RMA's lastUpdated stays (contract 3.4, 3.8, 4).
func (s *Sandbox) settle(r *RMA, t *Transaction, outcome transactionBody, who actor) {
	t.Status, t.LastUpdated = outcome.Status, s.stamp()
	if outcome.ExternalReferenceID != nil {
		t.Reference = *outcome.ExternalReferenceID
	}
	if outcome.ExternalReferenceType != nil {
		t.ReferenceType = *outcome.ExternalReferenceType
	}
	kind := "system"
	if outcome.Status == Failed {
		kind = "error"
	}
	s.note(r, kind, who.by, fmt.Sprintf("Transaction %s of %s %s <strong>%s</strong>", t.ID, t.Amount, t.Currency, t.Status))
}

// TransactionSpec describes a transaction that ReturnGO initiates.
type TransactionSpec struct {
	ItemIDs []string
	// Amount may be empty: the units' paid prices, as nearly always seen (contract 3.4).
	Amount string
	// Type defaults to RefundToPaymentMethod, Processor to External; with
	// processor Shopify the bank details are null.
	Type, Processor string
	// Currency defaults to that of the RMA's units.
	Currency string
}

func (s *Sandbox) newTransaction(r *RMA, spec TransactionSpec) (*Transaction, error) {
	prices := []Amount{}
	for _, id := range spec.ItemIDs {
		item := r.item(id)
		if item == nil {
			return nil, fmt.Errorf("RMA %s has no unit %s", r.ID, id)
		}
		prices = append(prices, item.Price)
	}
	amount := sum(prices...)
	if spec.Amount != "" {
		var err error
		if amount, err = ParseAmount(spec.Amount); err != nil {
			return nil, err
		}
	}
	t := Transaction{ID: next(&s.counters.transaction), RMAID: r.ID, OrderID: r.OrderID, Status: Requested,
		Type: orElse(spec.Type, RefundToPaymentMethod), Processor: orElse(spec.Processor, "External"),
		Amount: amount, Currency: orElse(spec.Currency, r.Items[0].Currency), ItemIDs: slices.Clone(spec.ItemIDs),
		CreatedAt: s.stamp(), LastUpdated: s.stamp()}
	r.Transactions = append(r.Transactions, t)
	s.note(r, "system", staff.by, fmt.Sprintf("Refund of %s %s <strong>requested</strong>", t.Amount, t.Currency))
	s.announceTransaction(r, &t)
	return &t, nil
}

func orElse(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}
