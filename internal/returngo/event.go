package returngo

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"
)

// Event is a webhook of ReturnGO: a hint that says when to look and at what,
// never what is true (ReturnGO contract 4). It may be lost, doubled, late or out
// of order (A27). Which shop it is about comes from the URL it was sent to. All fields are empty when the body does not tell;
// without any id, sweep the shop early.
type Event struct {
	Name          string // such as "RMA_STATUS_UPDATED"
	RMAID         string
	ShipmentID    string
	TransactionID string // the first, if the event names several
	OrderID       string // the commerce platform's internal id
	Status        string
	At            time.Time // UTC
	// Key is the same for a repeated delivery: event name, main id, and the
	// event's date or, without date or id, a hash of the body. Unique per shop.
	Key string
}

// ParseEvent reads the body of a webhook. It never fails: what cannot be read
// is empty. Field names and places are A25: ids at the top level or one level
// down, as text or number; anything that does not look like an id is dropped,
// so that no personal data can pass for one.
func ParseEvent(rawBody []byte) Event {
	top := objectOf(rawBody)
	levels := []object{top}
	for _, name := range []string{"data", "rma", "rmaSummary", "shipment", "transaction"} {
		levels = append(levels, objectOf(top[name]))
	}
	data, rma, summary, shipment, transaction := levels[1], levels[2], levels[3], levels[4], levels[5]

	e := Event{
		Name:          first(levels, "eventName", label),
		RMAID:         first(levels, "rmaId", eventID),
		ShipmentID:    first(levels, "shipmentId", eventID),
		TransactionID: first(levels, "transactionId", eventID),
		OrderID:       first(levels, "orderId", eventID),
		Status:        first(levels, "status", label),
		At:            eventTime(levels),
	}
	orElse(&e.TransactionID, first(levels, "transactionIds", eventID))
	orElse(&e.RMAID, first([]object{rma, summary}, "id", eventID))
	orElse(&e.ShipmentID, first([]object{shipment}, "id", eventID))
	orElse(&e.TransactionID, first([]object{transaction}, "id", eventID))
	if main := e.bareIDBelongsTo(); main != nil {
		orElse(main, first([]object{top, data}, "id", eventID))
	}
	e.Key = e.key(rawBody)
	return e
}

// bareIDBelongsTo says which id a field named just "id" is, by the event's
// name; a tracker's and a refund's own ids are of no use to us.
func (e *Event) bareIDBelongsTo() *string {
	switch {
	case strings.HasPrefix(e.Name, "RMA_"):
		return &e.RMAID
	case strings.HasPrefix(e.Name, "SHIPMENT_TRACKER_"):
		return nil
	case strings.HasPrefix(e.Name, "SHIPMENT_"):
		return &e.ShipmentID
	case strings.HasPrefix(e.Name, "TRANSACTION_"):
		return &e.TransactionID
	}
	return nil
}

// mainID is the most specific id that the event is about.
func (e *Event) mainID() string {
	switch {
	case strings.HasPrefix(e.Name, "SHIPMENT_") && e.ShipmentID != "":
		return e.ShipmentID
	case strings.HasPrefix(e.Name, "TRANSACTION_") || strings.HasPrefix(e.Name, "REFUND_"):
		if e.TransactionID != "" {
			return e.TransactionID
		}
	}
	for _, id := range []string{e.RMAID, e.ShipmentID, e.TransactionID} {
		if id != "" {
			return id
		}
	}
	return ""
}

// key tells a repeat from another event. The time alone cannot: it has whole
// seconds, and an RMA may be approved and received within one.
func (e *Event) key(rawBody []byte) string {
	sum := sha256.Sum256(rawBody)
	return e.Name + "/" + e.mainID() + "/sha256:" + hex.EncodeToString(sum[:16])
}

// object is a JSON object whose values are read one by one; what is no object
// has no fields.
type object map[string]json.RawMessage

func objectOf(b []byte) object {
	var o object
	if json.Unmarshal(b, &o) != nil {
		return nil
	}
	return o
}

// first finds the first level at which the field can be read.
func first(levels []object, name string, read func(json.RawMessage) string) string {
	for _, level := range levels {
		if v := read(level[name]); v != "" {
			return v
		}
	}
	return ""
}

func orElse(s *string, other string) {
	if *s == "" {
		*s = other
	}
}

// eventID reads an id, or the first of an array of ids.
func eventID(b json.RawMessage) string {
	var several []json.RawMessage
	if json.Unmarshal(b, &several) == nil && len(several) > 0 {
		b = several[0]
	}
	var v id
	if json.Unmarshal(b, &v) != nil || !identifier(string(v)) {
		return ""
	}
	return string(v)
}

// label reads an enum: letters, digits, "_", "-" and blanks, 64 at most.
func label(b json.RawMessage) string {
	var v text
	if json.Unmarshal(b, &v) != nil || !identifier(strings.ReplaceAll(string(v), " ", "_")) {
		return ""
	}
	return string(v)
}

func eventTime(levels []object) time.Time {
	for _, level := range levels {
		var at stamp
		if json.Unmarshal(level["eventDate"], &at) == nil && !at.IsZero() {
			return at.Time
		}
	}
	return time.Time{}
}
