package returngosandbox

import (
	"encoding/json"
	"slices"
	"strings"
)

// eventNames are the events one can register for (contract 4). There is none
// for inspections, comments or later changes of a transaction.
var eventNames = []string{
	"RMA_CREATED", "RMA_STATUS_UPDATED", "SHIPMENT_CREATED", "SHIPMENT_STATUS_UPDATED",
	"SHIPMENT_TRACKER_STATUS_UPDATED", "TRANSACTION_CREATED", "REFUND_CREATED",
}

// announce queues one flat payload (A25) for every registration of the event:
// two registrations of one URL mean two deliveries (A17).
func (s *Sandbox) announce(shopName, event string, fields obj) {
	fields["eventName"] = event
	fields["eventDate"] = wireTime(s.stamp())
	fields["shopName"] = shopName
	body, _ := json.Marshal(fields)
	for _, hook := range s.shops[shopName].webhooks {
		if hook.EventName == event {
			s.post(shopName, hook, body)
		}
	}
}

func (s *Sandbox) announceStatus(r *RMA) { s.announceRMA("RMA_STATUS_UPDATED", r) }

func (s *Sandbox) announceRMA(event string, r *RMA) {
	s.announce(r.Shop, event, obj{"rmaId": r.ID, "order_name": r.OrderName, "status": r.Status})
}

func (s *Sandbox) announceShipment(event string, r *RMA, sh *Shipment) {
	s.announce(r.Shop, event, obj{"shipmentId": sh.ID, "rmaId": r.ID, "status": sh.Status,
		"trackingNumber": s.orNull(sh.TrackingNumber)})
}

func (s *Sandbox) announceTransaction(r *RMA, t *Transaction) {
	s.announceOfTransaction("TRANSACTION_CREATED", r, t)
	if strings.HasPrefix(t.Type, "RefundTo") {
		s.announceOfTransaction("REFUND_CREATED", r, t)
	}
}

func (s *Sandbox) announceOfTransaction(event string, r *RMA, t *Transaction) {
	if event == "REFUND_CREATED" {
		s.announce(r.Shop, event, obj{"rmaId": r.ID, "orderId": r.OrderID,
			"transactionIds": []any{s.transactionID(t.ID)}})
		return
	}
	s.announce(r.Shop, event, obj{"transactionId": s.transactionID(t.ID), "rmaId": r.ID,
		"orderId": r.OrderID, "type": t.Type, "status": t.Status})
}

func (s *Sandbox) announceTracker(shopName, id string, t tracker, status string) {
	s.announce(shopName, "SHIPMENT_TRACKER_STATUS_UPDATED", obj{"trackerId": id,
		"trackingNumber": t.trackingNumber, "status": status})
}

func knownEvent(name string) bool { return slices.Contains(eventNames, name) }
