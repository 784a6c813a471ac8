package returngosandbox

import (
	"fmt"
	"slices"
)

// RMASpec is a return request as a customer fills it in on the portal.
type RMASpec struct {
	OrderID         string
	Items           []ItemSpec
	AutoApprove     bool
	OutOfPolicy     bool
	CancellationFee string
	// LabelFails makes the carrier refuse the label of an automatic approval:
	// the request stays Pending, with an error in its timeline (contract 3.2).
	LabelFails bool
}

// ItemSpec asks for units of one order line; every unit becomes an item of its own.
type ItemSpec struct {
	LineID   string
	Quantity int // 0 means 1
	// Resolution is the resolution type; default RefundToPaymentMethod.
	Resolution, ResolutionName, Reason string
	// ReturnMethod is the method's type; default "Ship with any carrier".
	ReturnMethod, ReturnMethodName, PolicyRule string
	// The fees are charged per unit.
	RestockingFee, ReturnFee, ShipmentFee string
}

func (i ItemSpec) withDefaults() ItemSpec {
	fill := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	if i.Quantity == 0 {
		i.Quantity = 1
	}
	fill(&i.Resolution, RefundToPaymentMethod)
	fill(&i.ResolutionName, "Marketplace refund")
	fill(&i.Reason, "Does not fit")
	fill(&i.ReturnMethod, AnyCarrier)
	fill(&i.ReturnMethodName, "Post")
	fill(&i.PolicyRule, "TikTok refund")
	return i
}

// create makes an RMA of an order's units, or says why that is not allowed.
func (s *Sandbox) create(sh *shop, spec RMASpec, who actor) (*RMA, error) {
	order := sh.orders[spec.OrderID]
	if order == nil {
		return nil, fmt.Errorf("shop %s has no order %q", sh.name, spec.OrderID)
	}
	if err := returnable(sh, order, spec.Items); err != nil {
		return nil, err
	}
	units, err := unitsOf(order, spec)
	if err != nil {
		return nil, err
	}
	fee, err := ParseAmount(spec.CancellationFee)
	if err != nil {
		return nil, err
	}
	r := &RMA{ID: next(&s.counters.rma), Shop: sh.name, OrderID: order.ID, OrderName: order.Name,
		CustomerID: order.CustomerID, Status: Pending, Items: units, CancellationFee: fee,
		OutOfPolicy: spec.OutOfPolicy, CreatedAt: s.stamp(), LastUpdated: s.stamp()}
	s.rmas[r.ID] = r
	s.past.add(r.ID, version{until: s.now()}) // before, there was none
	sh.returns[order.ID] = append(sh.returns[order.ID], r)
	s.begin(r, spec.AutoApprove && !spec.LabelFails, who)
	if spec.AutoApprove && spec.LabelFails {
		s.note(r, "error", automation.by, `Label failed: {"statusCode":500,"message":"Internal server error"}`)
	}
	return r, nil
}

// begin gives a new RMA its ids, parcel and first timeline entries. An
// automatic approval is part of the creation: one RMA_CREATED says it all.
func (s *Sandbox) begin(r *RMA, approved bool, who actor) {
	for i := range r.Items {
		r.Items[i].ID = next(&s.counters.item)
		r.Items[i].AutoApprove = approved
	}
	r.Events = []Event{{Name: "RMA_CREATED", TriggeredVia: who.via, At: s.stamp()}}
	s.note(r, "system", who.by, "Return requested by "+sampleName)
	if approved {
		r.StatusBefore, r.Status = Pending, Approved
		r.Events = append(r.Events, Event{Name: "RMA_APPROVED", TriggeredVia: automation.via, At: s.stamp()})
		s.note(r, "system", automation.by, "Return request <strong>Approved</strong>")
	}
	s.announceRMA("RMA_CREATED", r)
	s.addParcel(r)
	if approved {
		s.createLabels(r)
	}
}

// addParcel opens the one shipment an RMA has in practice (contract 3.1).
func (s *Sandbox) addParcel(r *RMA) {
	if !r.travels() {
		return
	}
	parcel := Shipment{ID: next(&s.counters.shipment), Status: Pending}
	r.Shipments = append(r.Shipments, parcel)
	for i := range r.Items {
		if r.Items[i].inspectable() {
			r.Items[i].ShipmentID = parcel.ID
		}
	}
	s.announceShipment("SHIPMENT_CREATED", r, &parcel)
}

func unitsOf(order *Order, spec RMASpec) ([]Item, error) {
	var units []Item
	for _, asked := range spec.Items {
		asked = asked.withDefaults()
		unit, err := unitOf(order, asked)
		if err != nil {
			return nil, fmt.Errorf("line %s: %w", asked.LineID, err)
		}
		for range asked.Quantity {
			units = append(units, unit)
		}
	}
	return units, nil
}

func unitOf(order *Order, asked ItemSpec) (Item, error) {
	line := order.line(asked.LineID)
	unit := Item{Line: *line, Currency: order.Currency, Reason: asked.Reason,
		ResolutionType: asked.Resolution, ResolutionName: asked.ResolutionName, PolicyRule: asked.PolicyRule,
		ReturnMethod: asked.ReturnMethod, ReturnMethodName: asked.ReturnMethodName}
	amounts := []struct {
		target *Amount
		text   string
	}{
		{&unit.Price, line.UnitPrice}, {&unit.Tax, line.UnitTax}, {&unit.RestockingFee, asked.RestockingFee},
		{&unit.ReturnFee, asked.ReturnFee}, {&unit.ShipmentFee, asked.ShipmentFee},
	}
	for _, a := range amounts {
		parsed, err := ParseAmount(a.text)
		if err != nil {
			return Item{}, err
		}
		*a.target = parsed
	}
	return unit, nil
}

// returnable checks what contract 2.6 asks of the units: fulfilled, known, and not returned already.
func returnable(sh *shop, order *Order, items []ItemSpec) error {
	if len(items) == 0 {
		return fmt.Errorf("no items given")
	}
	if !order.Fulfilled {
		return fmt.Errorf("order %s is not fulfilled", order.ID)
	}
	asked := map[string]int{}
	for _, item := range items {
		item = item.withDefaults()
		line := order.line(item.LineID)
		if line == nil {
			return fmt.Errorf("order %s has no line %q", order.ID, item.LineID)
		}
		asked[line.ID] += item.Quantity
		left := line.Quantity - sh.unitsInReturn(order.ID, line.ID)
		if item.Quantity < 1 || asked[line.ID] > left {
			return fmt.Errorf("line %s: quantity %d is not returnable, %d left", line.ID, asked[line.ID], left)
		}
	}
	return nil
}

// unitsInReturn counts units taken up by RMAs that were not turned down.
func (sh *shop) unitsInReturn(orderID, lineID string) int {
	count := 0
	for _, r := range sh.returns[orderID] {
		if r.Status == Rejected || r.Status == Canceled {
			continue
		}
		for _, item := range r.Items {
			if item.Line.ID == lineID {
				count++
			}
		}
	}
	return count
}

func (o *Order) line(id string) *Line {
	i := slices.IndexFunc(o.Lines, func(l Line) bool { return l.ID == id })
	if i < 0 {
		return nil
	}
	return &o.Lines[i]
}
