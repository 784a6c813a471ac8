package returngo

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
)

// RMA reads one RMA in full (ReturnGO contract 2.3, 3); media are never asked
// for. The id is the bare number.
//
// Classes: retry (busy, ill, or no whole answer), human (key or shop refused),
// permanent (no such RMA, bad id, or an answer of another shape).
func (s *Shop) RMA(ctx context.Context, id string) (returns.RMA, error) {
	c := call{endpoint: "Get RMA", nature: reads, method: http.MethodGet, path: []string{"rma", id}}
	a, err := s.do(ctx, c)
	if err != nil {
		return returns.RMA{}, err
	}
	rma, err := decodeRMA(a.body)
	if err == nil && rma.ID != id {
		err = errIncomplete
	}
	if err != nil {
		return returns.RMA{}, c.misread(a, err)
	}
	return rma, nil
}

// errIncomplete is valid JSON under 200 that lacks what every answer has
// (ReturnGO contract 3.1), such as an error object.
var errIncomplete = errors.New("the answer is not what was asked for")

// errTwice is an id that stands twice in one RMA, where it is unique (ReturnGO
// contract 3.3): counted twice, a unit or a refund would be paid twice.
var errTwice = errors.New("an item or a transaction is there twice")

// misread tells content that may be whole next time (HTML, empty, cut off, an
// error object) from a shape that the contract does not know.
func (c call) misread(a answer, err error) *platform.Error {
	if errors.Is(err, errIncomplete) {
		return c.unreadable(a, platform.Retry, err.Error(), nil)
	}
	if _, ok := errors.AsType[*json.SyntaxError](err); ok {
		return c.unreadable(a, platform.Retry, "the answer is no JSON, or cut off", nil)
	}
	reason := err.Error()
	if shape, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		reason = "field " + shape.Field + " has another type" // its own words quote the value
	}
	return c.unreadable(a, platform.Permanent, "the answer has an unknown shape: "+reason, nil)
}

type wireRMA struct {
	Summary wireSummary `json:"rmaSummary"`
	Order   struct {
		ID   id   `json:"orderId"`
		Name text `json:"order_name"`
	} `json:"orderDetails"`
	Shipments       list[wireShipment]    `json:"shipments"`
	Items           list[wireItem]        `json:"items"`
	Comments        list[comment]         `json:"comments"`
	Transactions    list[wireTransaction] `json:"transactions"`
	CancellationFee decimal               `json:"cancellationFee"`
	CreatedAt       stamp                 `json:"createdAt"`
	UpdatedAt       stamp                 `json:"lastUpdated"`
}

type wireShipment struct {
	ID             id   `json:"shipmentId"`
	Status         text `json:"status"`
	Outbound       flag `json:"isOutbound"`
	TrackingNumber text `json:"trackingNumber"`
	LabelURL       text `json:"labelURL"`
}

// wireItem is one unit. Nothing marks a bundle or its parts: what is a line of
// the order is an item (A23).
type wireItem struct {
	ID            id      `json:"returnedItemId"`
	LineID        id      `json:"shopLineItemId"`
	SKU           text    `json:"sku"`
	Reason        text    `json:"returnReason"`
	Resolution    text    `json:"resolutionType"`
	PolicyRule    text    `json:"policyRuleName"`
	Paid          money   `json:"paidPrice"`
	PaidTax       money   `json:"paidTax"`
	TaxIncluded   flag    `json:"taxIncluded"`
	RestockingFee decimal `json:"restockingFee"`
	ReturnFee     decimal `json:"returnFee"`
	ShipmentFee   decimal `json:"shipmentFee"`
	ReturnMethod  struct {
		Type text `json:"type"`
	} `json:"returnMethod"`
	Inspection wireInspection `json:"itemValidationStatusResponse"`
}

type wireInspection struct {
	At          stamp `json:"lastValidationDate"`
	Returned    flag  `json:"isReturned"`
	Restockable flag  `json:"isRestockable"`
	Location    text  `json:"storeLocationId"`
}

// decodeRMA reads an RMA. A missing list is an error, not an empty list: an RMA
// without its transactions would look unpaid.
func decodeRMA(body []byte) (returns.RMA, error) {
	var w wireRMA
	if err := json.Unmarshal(body, &w); err != nil {
		return returns.RMA{}, err
	}
	whole := w.Items.present && w.Transactions.present && w.Shipments.present && w.Comments.present
	if w.Summary.ID == "" || !whole {
		return returns.RMA{}, errIncomplete
	}
	rma := returns.RMA{
		ID:              string(w.Summary.ID),
		Status:          string(w.Summary.Status),
		OrderID:         string(w.Order.ID),
		OrderName:       string(w.Order.Name),
		Items:           make([]returns.RMAItem, 0, len(w.Items.rows)),
		CancellationFee: string(w.CancellationFee),
		Markers:         markersOf(w.Comments.rows),
		CreatedAt:       w.CreatedAt.Time,
		UpdatedAt:       w.UpdatedAt.Time,
	}
	if rma.OrderName == "" {
		rma.OrderName = string(w.Summary.OrderName)
	}
	seen := map[id]bool{}
	for _, i := range w.Items.rows {
		if i.ID == "" {
			return returns.RMA{}, errIncomplete
		}
		if seen["item "+i.ID] {
			return returns.RMA{}, errTwice
		}
		seen["item "+i.ID] = true
		rma.Items = append(rma.Items, i.item())
	}
	for _, s := range w.Shipments.rows {
		rma.Shipments = append(rma.Shipments, s.shipment())
	}
	var err error
	if rma.Transactions, err = transactionsOf(w.Transactions.rows); err != nil {
		return returns.RMA{}, err
	}
	for _, t := range w.Transactions.rows {
		if seen["transaction "+t.ID] {
			return returns.RMA{}, errTwice
		}
		seen["transaction "+t.ID] = true
	}
	return rma, nil
}

func (w wireItem) item() returns.RMAItem {
	return returns.RMAItem{
		ID:           string(w.ID),
		LineID:       string(w.LineID),
		SKU:          string(w.SKU),
		Reason:       string(w.Reason),
		Resolution:   string(w.Resolution),
		PolicyRule:   string(w.PolicyRule),
		ReturnMethod: string(w.ReturnMethod.Type),
		Paid:         w.Paid.Money,
		PaidTax:      w.PaidTax.Money,
		TaxIncluded:  bool(w.TaxIncluded),
		Fees:         together(w.RestockingFee, w.ReturnFee, w.ShipmentFee),
		Inspection:   w.Inspection.inspection(),
	}
}

// inspection is empty unless lastValidationDate is set: an uninspected unit
// reads as a double no (A22).
func (w wireInspection) inspection() returns.Inspection {
	if w.At.IsZero() {
		return returns.Inspection{}
	}
	return returns.Inspection{
		At:          w.At.Time,
		Returned:    bool(w.Returned),
		Restockable: bool(w.Restockable),
		Location:    string(w.Location),
	}
}

func (w wireShipment) shipment() returns.Shipment {
	return returns.Shipment{
		ID:       string(w.ID),
		Status:   string(w.Status),
		Outbound: bool(w.Outbound),
		Labelled: w.LabelURL != "" && w.TrackingNumber != "",
	}
}
