package returngosandbox

import (
	"slices"
	"time"
)

// Order is an order of the connected e-commerce platform; ReturnGO never receives one by API.
type Order struct {
	ID, Name, CustomerID, Currency string
	Fulfilled                      bool
	Lines                          []Line
}

// Line is one order line with its price per unit.
type Line struct {
	ID, ProductID, VariantID, SKU, Barcode, ProductName, VariantName string
	Quantity                                                         int
	UnitPrice, UnitTax                                               string
	TaxIncluded                                                      bool
}

// RMA statuses (contract 3.2).
const (
	Pending   = "Pending"
	Approved  = "Approved"
	Received  = "Received"
	Validated = "Validated"
	Done      = "Done"
	Rejected  = "Rejected"
	Canceled  = "Canceled"
)

// Shipment statuses that RMAs do not share (contract 3.5).
const (
	LabelCreated = "LabelCreated"
	Shipped      = "Shipped"
)

// Transaction statuses (contract 3.4, A20).
const (
	Requested = "Requested"
	Success   = "Success"
	Failed    = "Failed"
)

// Return methods and the resolution that pays the buyer back (contract 3.3, A20).
const (
	NoShipment            = "No shipment required"
	AnyCarrier            = "Ship with any carrier"
	PrepaidLabel          = "Ship with pre-paid label"
	RefundToPaymentMethod = "RefundToPaymentMethod"
)

// RMA is one return request with everything it holds.
type RMA struct {
	ID, Shop, OrderID, OrderName, CustomerID, Status string
	// StatusBefore is where Reopen leads.
	StatusBefore           string
	Items                  []Item
	Shipments              []Shipment
	Transactions           []Transaction
	Comments               []Comment // newest first
	Events                 []Event   // oldest first; creation and approval only
	CancellationFee        Amount
	OutOfPolicy            bool
	CreatedAt, LastUpdated time.Time
}

// Item is one returned unit; quantity is the number of entries (contract 3.3).
type Item struct {
	ID                                         string
	Line                                       Line
	Price, Tax                                 Amount
	Currency                                   string
	Reason, ResolutionType, ResolutionName     string
	PolicyRule, ReturnMethod, ReturnMethodName string
	RestockingFee, ReturnFee, ShipmentFee      Amount
	AutoApprove                                bool
	ShipmentID                                 string
	Validation                                 *Validation
}

// Validation is the inspection of one unit; absent until somebody inspected it (A22).
type Validation struct {
	Returned, Restockable                   bool
	NotReturnedReason, NotRestockableReason string
	Location, By, ThirdParty                string
	At                                      time.Time
}

// Shipment is a parcel, as a rule the one coming back.
type Shipment struct {
	ID, Status, Carrier, TrackingNumber, TrackingURL, LabelURL string
	Outbound                                                   bool
}

// Transaction is money ReturnGO initiated; its id is a number on the wire.
type Transaction struct {
	ID, RMAID, OrderID, Type, Status, Processor string
	Reference, ReferenceType                    string
	Amount                                      Amount
	Currency                                    string
	ItemIDs                                     []string
	CreatedAt, LastUpdated                      time.Time
}

// Comment is a timeline entry.
type Comment struct {
	Type, TriggeredBy, HTML string
	At                      time.Time
}

// Event is one of the two milestones ReturnGO lists (contract 3.7).
type Event struct {
	Name, TriggeredVia string
	At                 time.Time
}

// Webhook is one registration: one URL for one event name.
type Webhook struct{ ID, URL, EventName string }

type tracker struct{ carrier, trackingNumber string }

func (r *RMA) clone() RMA {
	c := *r
	c.Items = slices.Clone(r.Items)
	for i := range c.Items {
		if v := c.Items[i].Validation; v != nil {
			copied := *v
			c.Items[i].Validation = &copied
		}
	}
	c.Shipments = slices.Clone(r.Shipments)
	c.Transactions = slices.Clone(r.Transactions)
	for i := range c.Transactions {
		c.Transactions[i].ItemIDs = slices.Clone(c.Transactions[i].ItemIDs)
	}
	c.Comments = slices.Clone(r.Comments)
	c.Events = slices.Clone(r.Events)
	return c
}

func (r *RMA) item(id string) *Item {
	for i := range r.Items {
		if r.Items[i].ID == id {
			return &r.Items[i]
		}
	}
	return nil
}

// inspectable units are those that travel; inspection does not apply to the rest (contract 3.6).
func (i *Item) inspectable() bool { return i.ReturnMethod != NoShipment }

func (r *RMA) travels() bool {
	return slices.ContainsFunc(r.Items, func(i Item) bool { return i.inspectable() })
}

func (r *RMA) fullyValidated() bool {
	return !slices.ContainsFunc(r.Items, func(i Item) bool { return i.inspectable() && i.Validation == nil })
}
