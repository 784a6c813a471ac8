package returns

import (
	"slices"
	"time"
)

// RMA is what we keep of a ReturnGO RMA: no address, tracking number, answer,
// comment, inspector or bank detail is ever read into it (ReturnGO contract 3, 8.12).
type RMA struct {
	ID           string        `json:"id"`
	Status       string        `json:"status"`
	OrderID      string        `json:"order_id"`   // the commerce platform's internal id, not TikTok's
	OrderName    string        `json:"order_name"` // what people see
	Items        []RMAItem     `json:"items"`
	Shipments    []Shipment    `json:"shipments,omitempty"`
	Transactions []Transaction `json:"transactions,omitempty"`
	// CancellationFee is a decimal string without a currency of its own (A19).
	CancellationFee string    `json:"cancellation_fee,omitempty"`
	Markers         []string  `json:"markers,omitempty"` // ids of our own "[sync:ttr-…]" markers found in comments
	CreatedAt       time.Time `json:"created_at"`
	UpdatedAt       time.Time `json:"updated_at"` // has blind spots (ReturnGO contract 3.8)
}

// RMA statuses (ReturnGO contract 3.2). The set is open: an unknown one decides nothing.
const (
	RMAPending   = "Pending"
	RMAApproved  = "Approved"
	RMAReceived  = "Received"
	RMAValidated = "Validated"
	RMADone      = "Done"
	RMARejected  = "Rejected"
	RMACanceled  = "Canceled"

	// RMAGone is our own word, not ReturnGO's: it answers that there is no such RMA
	// (404, ReturnGO contract 2.3). What it said before is kept beside.
	RMAGone = "gone"
)

// RMAItem is one returned unit; two units of one line are two items
// (ReturnGO contract 3.3).
type RMAItem struct {
	ID           string `json:"id"` // returnedItemId
	LineID       string `json:"line_id"`
	SKU          string `json:"sku"`
	Reason       string `json:"reason"`
	Resolution   string `json:"resolution"` // resolutionType
	PolicyRule   string `json:"policy_rule"`
	ReturnMethod string `json:"return_method"`
	Paid         Money  `json:"paid"`
	PaidTax      Money  `json:"paid_tax"`
	TaxIncluded  bool   `json:"tax_included"`
	// Fees are restocking, return and shipment fee together, as a decimal
	// string in the currency of Paid (A19).
	Fees       string     `json:"fees,omitempty"`
	Inspection Inspection `json:"inspection"`
}

// What a customer gets (ReturnGO contract 3.3). Only the first means money back
// to the buyer (A20).
const (
	ResolutionRefund = "RefundToPaymentMethod"
	MethodNoShipment = "No shipment required"
)

// Inspection is what the warehouse found. It happened if and only if At is set
// (A22): an uninspected unit looks like a double no. Who inspected, and the
// words about the unit, stay in ReturnGO.
type Inspection struct {
	At          time.Time `json:"at,omitzero"`
	Returned    bool      `json:"returned"`
	Restockable bool      `json:"restockable"`
	Location    string    `json:"location,omitempty"` // storeLocationId
}

// Done tells whether somebody looked at the unit.
func (i Inspection) Done() bool { return !i.At.IsZero() }

// Shipment is the parcel of an RMA, without its addresses and its tracking
// number, by which carriers tell them.
type Shipment struct {
	ID       string `json:"id"`
	Status   string `json:"status"`
	Outbound bool   `json:"outbound,omitempty"`
	Labelled bool   `json:"labelled,omitempty"` // it has a label and a tracking number; neither is kept
}

// Label is the one parcel that comes back with a label of ReturnGO's; none if
// there are several, or it is called off.
func (r RMA) Label() (Shipment, bool) {
	var found []Shipment
	for _, s := range r.Shipments {
		if s.Labelled && !s.Outbound && s.Status != ShipmentCanceled {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		return Shipment{}, false
	}
	return found[0], true
}

// ShipmentLabelCreated is a shipment whose label is there (ReturnGO contract 3.5).
const ShipmentLabelCreated = "LabelCreated"

// Shipment statuses that mean the parcel is on its way or here (ReturnGO contract 2.7).
const (
	ShipmentShipped   = "Shipped"
	ShipmentReceived  = "Received"
	ShipmentValidated = "Validated"
	// ShipmentCanceled is a parcel that was called off.
	ShipmentCanceled = "Canceled"
)

// Transaction is money ReturnGO authorised (ReturnGO contract 2.10, 3.4).
type Transaction struct {
	ID        string    `json:"id"`
	Type      string    `json:"type"`
	Status    string    `json:"status"`
	Amount    Money     `json:"amount"`
	ItemIDs   []string  `json:"item_ids"`
	Reference string    `json:"reference,omitempty"` // externalReferenceId, of a refund by a platform only
	CreatedAt time.Time `json:"created_at"`
}

// Version names a transaction with its amount: another amount is another authorisation.
func (t Transaction) Version() string {
	if !Known(t.Amount) {
		return t.ID
	}
	return t.ID + "=" + t.Amount.Number() + t.Amount.CurrencyCode()
}

// Transaction statuses (ReturnGO contract 3.4). Unknown means not finished (A20).
const (
	TransactionRequested = "Requested"
	TransactionSuccess   = "Success"
	TransactionFailed    = "Failed"
	TransactionCanceled  = "Canceled"
	TransactionPending   = "Pending"
)

// KnownStatus tells whether the contract names this status, if only as expected.
func (t Transaction) KnownStatus() bool {
	return slices.Contains([]string{TransactionRequested, TransactionSuccess, TransactionFailed, TransactionCanceled, TransactionPending}, t.Status)
}

// RMASummary is a row of the RMA list: a status and no more (ReturnGO contract 2.2).
type RMASummary struct {
	ID        string
	Status    string
	OrderName string
}
