package returngosandbox

import (
	"fmt"
	"net/http"
	"slices"
)

func (s *Sandbox) findShipment(shopName, id string) (*RMA, *Shipment) {
	for _, r := range s.rmas {
		if r.Shop != shopName {
			continue
		}
		for i := range r.Shipments {
			if r.Shipments[i].ID == id {
				return r, &r.Shipments[i]
			}
		}
	}
	return nil, nil
}

type shipmentBody struct {
	Status         *string `json:"status"`
	CarrierName    *string `json:"carrierName"`
	TrackingNumber *string `json:"trackingNumber"`
	TrackingURL    *string `json:"trackingURL"`
	LabelURL       *string `json:"labelURL"`
}

// putShipment writes a timeline entry on every call, even when nothing
// changed, as the live API does (contract 2.7).
func (s *Sandbox) putShipment(c *call) answer {
	r, sh := s.findShipment(c.shop.name, c.id)
	if r == nil {
		return failure(http.StatusNotFound, "Shipment not found")
	}
	var body shipmentBody
	if err := read(c, &body); err != nil {
		return badRequest(err)
	}
	moves := body.Status != nil && *body.Status != sh.Status
	if moves && !slices.Contains(shipmentMoves[sh.Status], *body.Status) {
		return badRequest(fmt.Errorf("shipment %s cannot go from %s to %s", sh.ID, sh.Status, *body.Status))
	}
	s.keep(r)
	changed := body.apply(sh) || moves
	s.note(r, "system", api.by, "Shipment <strong>updated</strong>")
	if moves {
		sh.Status = *body.Status
		s.announceShipment("SHIPMENT_STATUS_UPDATED", r, sh)
		s.shipmentArrived(r, sh, api)
	}
	s.wrote(c, r.ID, sh.ID, changed)
	return success(http.StatusOK, s.shipmentView(sh))
}

// apply writes the four descriptive fields and says whether any differed.
func (b shipmentBody) apply(sh *Shipment) bool {
	changed := false
	for _, f := range []struct{ given, target *string }{
		{b.CarrierName, &sh.Carrier}, {b.TrackingNumber, &sh.TrackingNumber},
		{b.TrackingURL, &sh.TrackingURL}, {b.LabelURL, &sh.LabelURL},
	} {
		if f.given != nil && *f.given != *f.target {
			*f.target, changed = *f.given, true
		}
	}
	return changed
}

// deleteShipment is known by its title only (A14).
func (s *Sandbox) deleteShipment(c *call) answer {
	r, sh := s.findShipment(c.shop.name, c.id)
	if r == nil {
		return failure(http.StatusNotFound, "Shipment not found")
	}
	s.keep(r)
	id := sh.ID
	r.Shipments = slices.DeleteFunc(r.Shipments, func(sh Shipment) bool { return sh.ID == id })
	for i := range r.Items {
		if r.Items[i].ShipmentID == id {
			r.Items[i].ShipmentID = ""
		}
	}
	s.note(r, "system", api.by, "Shipment <strong>deleted</strong>")
	s.wrote(c, r.ID, id, true)
	return answer{status: http.StatusNoContent, contentType: "application/json"}
}

// createTracker is known by its title only (A15).
func (s *Sandbox) createTracker(c *call) answer {
	var body struct {
		CarrierName    string `json:"carrierName"`
		TrackingNumber string `json:"trackingNumber"`
	}
	if err := read(c, &body); err != nil {
		return badRequest(err)
	}
	if body.TrackingNumber == "" {
		return failure(http.StatusBadRequest, "trackingNumber is required")
	}
	id := next(&s.counters.tracker)
	c.shop.trackers[id] = tracker{carrier: body.CarrierName, trackingNumber: body.TrackingNumber}
	s.wrote(c, "", id, true)
	return success(http.StatusCreated, obj{"trackerId": id, "status": Pending})
}
