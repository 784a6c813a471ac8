package returngosandbox

import (
	"fmt"
	"slices"
	"time"
)

// actor is who made a change, as the timeline and the events show it (contract 3.7).
type actor struct{ by, via string }

var (
	customer   = actor{by: "", via: "Return Portal"}
	staff      = actor{by: "Morgan Staff-PII", via: "Dashboard"}
	automation = actor{by: "Automation", via: "Automation"}
	api        = actor{by: "ReturnGO API", via: "API"}
)

// rmaMoves are the moves of contract 3.2; Reopen has its own rule.
var rmaMoves = map[string][]string{
	Pending:   {Approved, Rejected, Canceled},
	Approved:  {Canceled, Received, Validated, Done},
	Received:  {Validated, Done},
	Validated: {Done},
}

// shipmentMoves are the documented moves of contract 2.7.
var shipmentMoves = map[string][]string{
	Pending:      {LabelCreated, Shipped, Received, Canceled, Validated},
	LabelCreated: {Shipped, Received, Canceled, Validated},
	Shipped:      {Received, Canceled, Validated},
	Canceled:     {Received, Validated},
	Received:     {Validated},
	Validated:    {},
}

// lastUpdatedSees are the statuses whose arrival moves lastUpdated; receipt,
// inspection and completion do not (contract 3.8, A24).
var lastUpdatedSees = []string{Approved, Canceled, Rejected}

func (s *Sandbox) note(r *RMA, kind, by, html string) {
	r.Comments = slices.Insert(r.Comments, 0, Comment{Type: kind, TriggeredBy: by, HTML: html, At: s.stamp()})
	s.touch(r, false)
}

func (s *Sandbox) touch(r *RMA, seen bool) {
	if seen || s.options.LastUpdatedFull {
		r.LastUpdated = s.stamp()
	}
}

// mayMove says why an RMA cannot take a status, or nil.
func (s *Sandbox) mayMove(r *RMA, to string) error {
	if !slices.Contains(rmaMoves[r.Status], to) {
		return fmt.Errorf("RMA %s cannot go from %s to %s", r.ID, r.Status, to)
	}
	if to != Done {
		return nil
	}
	if r.Status == Approved && r.travels() {
		return fmt.Errorf("RMA %s has not been received", r.ID)
	}
	if s.shops[r.Shop].inspectionMandatory && !r.fullyValidated() {
		return fmt.Errorf("RMA %s has units without the mandatory inspection", r.ID)
	}
	return nil
}

// move takes an RMA to a status that mayMove allows, with all that follows from it.
func (s *Sandbox) move(r *RMA, to string, who actor, remark string) {
	r.StatusBefore, r.Status = r.Status, to
	s.note(r, "system", who.by, "Return request <strong>"+to+"</strong>"+remark)
	s.touch(r, slices.Contains(lastUpdatedSees, to))
	if to == Approved {
		r.Events = append(r.Events, Event{Name: "RMA_APPROVED", TriggeredVia: who.via, At: s.stamp()})
	}
	s.announceStatus(r)
	switch to {
	case Approved:
		s.createLabels(r)
	case Received, Validated:
		s.bringShipmentsTo(r, to, who)
	}
}

// createLabels is what approval triggers for pre-paid methods (contract 3.2).
func (s *Sandbox) createLabels(r *RMA) {
	prepaid := slices.ContainsFunc(r.Items, func(i Item) bool { return i.ReturnMethod == PrepaidLabel })
	for i := range r.Shipments {
		if sh := &r.Shipments[i]; prepaid && sh.Status == Pending {
			sh.LabelURL = "https://labels.example/" + sh.ID
			s.shipmentStatus(r, sh, LabelCreated, automation)
		}
	}
}

func (s *Sandbox) bringShipmentsTo(r *RMA, to string, who actor) {
	for i := range r.Shipments {
		if sh := &r.Shipments[i]; !sh.Outbound && slices.Contains(shipmentMoves[sh.Status], to) {
			s.shipmentStatus(r, sh, to, who)
		}
	}
}

func (s *Sandbox) shipmentStatus(r *RMA, sh *Shipment, to string, who actor) {
	sh.Status = to
	s.note(r, "system", who.by, "Shipment <strong>"+to+"</strong>")
	s.announceShipment("SHIPMENT_STATUS_UPDATED", r, sh)
}

// shipmentArrived is the pull of a parcel's status on its RMA, whoever set it
// (contract 2.7, A13). An RMA that 3.2 does not let move stays where it is.
func (s *Sandbox) shipmentArrived(r *RMA, sh *Shipment, who actor) {
	if sh.Outbound || (sh.Status != Received && sh.Status != Validated) {
		return
	}
	if s.mayMove(r, sh.Status) == nil {
		s.move(r, sh.Status, who, "")
	}
}

// reopen leads a closed RMA back to the status it had (contract 3.2, A18).
func (s *Sandbox) reopen(r *RMA, who actor) error {
	if !slices.Contains([]string{Canceled, Rejected, Done}, r.Status) {
		return fmt.Errorf("RMA %s is %s, not closed", r.ID, r.Status)
	}
	r.Status, r.StatusBefore = r.StatusBefore, ""
	s.note(r, "system", who.by, "Return request <strong>reopened</strong>")
	s.touch(r, true)
	s.announceStatus(r)
	return nil
}

// ItemValidation is the inspection of one unit as the warehouse enters it.
type ItemValidation struct {
	ItemID                string
	Returned, Restockable bool
	// Reason explains whichever of the two is a no.
	Reason, Location, By, ThirdParty string
}

// inspect records inspections, all or none of them. It does not move the RMA.
func (s *Sandbox) inspect(r *RMA, results []ItemValidation, who actor) error {
	for _, v := range results {
		item := r.item(v.ItemID)
		if item == nil {
			return fmt.Errorf("RMA %s has no unit %s", r.ID, v.ItemID)
		}
		if !item.inspectable() {
			return fmt.Errorf("unit %s needs no shipment, so there is nothing to inspect", v.ItemID)
		}
	}
	for _, v := range results {
		r.item(v.ItemID).Validation = v.recorded(s.stamp())
	}
	if len(results) > 0 {
		s.note(r, "system", who.by, fmt.Sprintf("Items validated: %d", len(results)))
	}
	return nil
}

func (v ItemValidation) recorded(at time.Time) *Validation {
	result := &Validation{Returned: v.Returned, Restockable: v.Returned && v.Restockable,
		Location: v.Location, By: v.By, ThirdParty: v.ThirdParty, At: at}
	switch {
	case !v.Returned:
		result.NotReturnedReason = v.Reason
	case !v.Restockable:
		result.NotRestockableReason = v.Reason
	}
	return result
}
