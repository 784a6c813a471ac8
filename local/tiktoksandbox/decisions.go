package tiktoksandbox

import (
	"slices"
)

type decisionRequest struct {
	Decision     string  `json:"decision"`
	KeepItem     bool    `json:"buyer_keep_item"`
	RejectReason string  `json:"reject_reason"`
	Comment      string  `json:"comment"`
	Images       []image `json:"images"`
	Partial      *struct {
		Amount   string `json:"amount"`
		Currency string `json:"currency"`
	} `json:"partial_refund"`
}

// decisionKind says which return types a decision is for and where it leads.
type decisionKind struct {
	kinds []string
	from  string
	to    string
}

var approvals = map[string]decisionKind{
	"APPROVE_REFUND":           {[]string{kindRefund}, returnPending, returnSuccess},
	"APPROVE_RETURN":           {[]string{kindReturn}, returnPending, returnAwaitingShip},
	"DIRECT_REFUND":            {[]string{kindReturn}, returnPending, returnSuccess},
	"APPROVE_RECEIVED_PACKAGE": {[]string{kindReturn}, returnShipped, returnSuccess},
	"OFFER_PARTIAL_REFUND":     {[]string{kindRefund, kindReturn}, returnPending, returnOffered},
	"APPROVE_REPLACEMENT":      {[]string{kindReplacement}, replacementPending, replacementComplete},
	"ISSUE_REPLACEMENT_REFUND": {[]string{kindReplacement}, replacementPending, replacementRefunded},
}

var rejections = map[string]decisionKind{
	"REJECT_REFUND":           {[]string{kindRefund}, returnPending, returnRejected},
	"REJECT_RETURN":           {[]string{kindReturn}, returnPending, returnRejected},
	"REJECT_RECEIVED_PACKAGE": {[]string{kindReturn}, returnShipped, returnParcelRefused},
	"REJECT_REPLACEMENT":      {[]string{kindReplacement}, replacementPending, replacementRejected},
}

// checkDecision is section 5 item 9 (T31), in the order: whose case is it, is it
// of this type, is it in the right state.
func checkDecision(r *returnCase, name string) *apiError {
	decision, approves := approvals[name]
	if !approves {
		var rejects bool
		if decision, rejects = rejections[name]; !rejects {
			return fail(25001001, "Unknown decision %q.", name)
		}
	}
	switch {
	case r.arbitration == arbitrationOpen:
		return fail(25011010, "The case is with the platform's operator.")
	case r.order.byTikTok:
		return fail(25011026, "Fulfilled by TikTok: the seller may not act.")
	case !slices.Contains(decision.kinds, r.kind):
		return fail(25020004, "The decision does not fit the type %s.", r.kind)
	case r.nextID != "" || r.status == returnCancel || r.status == replacementCancel:
		return fail(25020009, "The case is already cancelled.")
	case name == "REJECT_RECEIVED_PACKAGE" && r.quick:
		return fail(25011025, "Quick refund: the received package cannot be rejected.")
	case r.status == decision.from:
		return nil
	}
	return fail(outOfState(name, r.status), "The state %s does not allow %s.", r.status, name)
}

// outOfState picks the code for a decision that comes too late or too early.
func outOfState(name, status string) int {
	decided := oneOf([]string{returnSuccess, returnComplete}, status)
	approved := decided || oneOf([]string{returnAwaitingShip, returnShipped, returnParcelRefused}, status)
	switch name {
	case "APPROVE_REFUND", "APPROVE_RETURN", "DIRECT_REFUND":
		return 25011012
	case "OFFER_PARTIAL_REFUND":
		return 25011032
	case "APPROVE_RECEIVED_PACKAGE":
		return 25011013
	case "REJECT_RECEIVED_PACKAGE":
		if decided {
			return 25020011
		}
		return 25020012
	case "REJECT_REFUND", "REJECT_RETURN":
		switch {
		case approved:
			return 25020010
		case status == returnOffered:
			return 25007007 // a negotiation is open
		}
		return 25011011
	}
	return 25020003
}

func (s *Sandbox) approveReturn(c *call) (any, *apiError) {
	return s.decideByAPI(c, approvals)
}

func (s *Sandbox) rejectReturn(c *call) (any, *apiError) {
	return s.decideByAPI(c, rejections)
}

// decideByAPI answers {} and no new status (2.5).
func (s *Sandbox) decideByAPI(c *call, known map[string]decisionKind) (any, *apiError) {
	var request decisionRequest
	if problem := c.decode(&request); problem != nil {
		return nil, problem
	}
	r, problem := s.ownReturn(c, c.id)
	if problem != nil {
		return nil, problem
	}
	if _, ok := known[request.Decision]; !ok {
		return nil, fail(25001001, "Unknown decision %q.", request.Decision)
	}
	if problem := s.decide(r, request, BySellerAPI, c.requestID); problem != nil {
		return nil, problem
	}
	return object{}, nil
}

// decide checks and carries out a seller's decision, whoever clicked it.
func (s *Sandbox) decide(r *returnCase, request decisionRequest, by, requestID string) *apiError {
	if problem := checkDecision(r, request.Decision); problem != nil {
		return problem
	}
	why := step{name: request.Decision, by: by, requestID: requestID}
	if rejection, ok := rejections[request.Decision]; ok {
		if problem := checkRejectReason(s.rejectKeys(r), s.shops[r.shopID], request.RejectReason); problem != nil {
			return problem
		}
		if problem := s.checkImages(request.Images); problem != nil {
			return problem
		}
		s.moveReturn(r, rejection.to, why)
		return nil
	}
	to := approvals[request.Decision].to
	switch request.Decision {
	case "OFFER_PARTIAL_REFUND":
		if problem := takeOffer(r, request); problem != nil {
			return problem
		}
	case "APPROVE_RETURN":
		if request.KeepItem { // a returnless refund
			r.keepItem, to = true, returnSuccess
		}
	case "DIRECT_REFUND":
		r.keepItem = true
	case "ISSUE_REPLACEMENT_REFUND": // this state itself means that the buyer was paid (6.11)
		r.payer = by
		s.payBuyer(r)
	}
	s.moveReturn(r, to, why)
	return nil
}

// takeOffer notes a partial offer: one SKU, at most what was asked.
func takeOffer(r *returnCase, request decisionRequest) *apiError {
	for _, item := range r.items {
		if item.line.skuID != r.items[0].line.skuID {
			return fail(25005021, "A partial refund needs a single SKU.")
		}
	}
	if request.Partial == nil || request.Partial.Currency != r.order.currency {
		return fail(25001001, "`partial_refund` needs an amount in %s.", r.order.currency)
	}
	amount, err := parseMoney(request.Partial.Amount, r.order.currency)
	switch {
	case err != nil:
		return fail(25001001, "`partial_refund` %s.", err)
	case amount <= 0:
		return fail(25005020, "The amount is not allowed for a partial refund.")
	case amount > r.total():
		return fail(25005005, "The offer is above the refundable amount.")
	}
	r.partial, r.offered, r.offerDeclined = amount, true, false
	return nil
}

// SellerCenterApproves is a person clicking an approval in Seller Center.
func (s *Sandbox) SellerCenterApproves(returnID, decision string) error {
	return s.act("seller center approves", returnID, nil, func(r *returnCase) error {
		return asError(s.decide(r, decisionRequest{Decision: decision}, BySellerCenter, ""))
	})
}

// SellerCenterRejects is a person clicking a rejection; an empty reason takes the first offered.
func (s *Sandbox) SellerCenterRejects(returnID, decision, reason string) error {
	return s.act("seller center rejects", returnID, nil, func(r *returnCase) error {
		if keys := s.rejectKeys(r); reason == "" && len(keys) > 0 {
			reason = keys[0]
		}
		return asError(s.decide(r, decisionRequest{Decision: decision, RejectReason: reason}, BySellerCenter, ""))
	})
}

// asError keeps a nil *apiError from becoming a non-nil error.
func asError(problem *apiError) error {
	if problem == nil {
		return nil
	}
	return problem
}

// SellerCenterRefunds is a person paying lines of an order out of their own will;
// an empty amount means everything left. It returns the return id.
func (s *Sandbox) SellerCenterRefunds(orderID string, lineIDs []string, amount string) (string, error) {
	defer s.enter()()
	o := s.orders[orderID]
	if o == nil {
		return "", asError(fail(25007006, "Order %s not found.", orderID))
	}
	if o.status == orderCompleted || o.status == orderCancelled {
		return "", asError(fail(25001051, "The order is %s.", o.status))
	}
	units, problem := o.unitsOfLines(lineIDs)
	if problem != nil {
		return "", problem
	}
	if slices.ContainsFunc(units, unitBusy) {
		return "", asError(fail(25001011, "Another request on the line is in progress."))
	}
	var total *string
	if amount != "" {
		total = &amount
	}
	asked, problem := refundAsked(o, units, total, "")
	if problem != nil {
		return "", problem
	}
	r := s.newReturn(o, kindRefund, "SELLER", "seller_center", units, asked)
	s.moveReturn(r, returnSuccess, step{name: "CREATE", by: BySellerCenter})
	return r.id, nil
}
