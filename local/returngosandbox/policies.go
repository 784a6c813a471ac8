package returngosandbox

import (
	"fmt"
	"net/http"
	"slices"
)

// PolicyRule decides how a unit may be returned (contract 2.6).
type PolicyRule struct {
	ID, Name, ResolutionName, ResolutionType, ReturnMethod, ReturnMethodName string
	RestockingFee, ReturnFee, ShipmentFee                                    Amount
	AutoApprove                                                              bool
	// OnlySKUs limits the rule to these; empty means every unit.
	OnlySKUs []string
}

// defaultPolicies are the rules of a new shop: one for marketplace returns that
// need no parcel, one for parcels, and one that pays in another way.
func defaultPolicies() []PolicyRule {
	return []PolicyRule{
		{ID: "31", Name: "TikTok refund", ResolutionName: "Refund to payment method", ResolutionType: RefundToPaymentMethod,
			ReturnMethod: NoShipment, ReturnMethodName: "Handled by marketplace", AutoApprove: true},
		{ID: "32", Name: "Refund by post", ResolutionName: "Refund to payment method", ResolutionType: RefundToPaymentMethod,
			ReturnMethod: AnyCarrier, ReturnMethodName: "Post"},
		{ID: "33", Name: "Store credit", ResolutionName: "Store credit", ResolutionType: "RefundToStoreCredit",
			ReturnMethod: PrepaidLabel, ReturnMethodName: "Label"},
	}
}

// SetPolicies replaces a shop's policy rules.
func (s *Sandbox) SetPolicies(shopName string, rules []PolicyRule) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	sh, err := s.shopNamed(shopName)
	if err == nil {
		sh.policies = slices.Clone(rules)
	}
	return err
}

func (p PolicyRule) fits(l *Line) bool {
	return len(p.OnlySKUs) == 0 || slices.Contains(p.OnlySKUs, l.SKU)
}

func (p PolicyRule) view(*Sandbox) obj {
	return obj{"policyRuleId": p.ID, "policyRuleName": p.Name, "resolutionName": p.ResolutionName, "resolutionType": p.ResolutionType,
		"returnMethod":  obj{"type": p.ReturnMethod, "name": p.ReturnMethodName},
		"restockingFee": p.RestockingFee, "returnFee": p.ReturnFee, "shipmentFee": p.ShipmentFee, "isAutoApprove": p.AutoApprove}
}

// policyBody is the invented request of A12, shared by both operations.
type policyBody struct {
	OrderID string       `json:"orderId"`
	Items   []policyItem `json:"items"`
	Comment string       `json:"comment"`
}

type policyItem struct {
	ShopLineItemID string `json:"shopLineItemId"`
	Quantity       int    `json:"quantity"`
	ReturnReason   string `json:"returnReason"`
	PolicyRuleID   string `json:"policyRuleId"`
}

// readPolicyRequest does what both operations share: order, lines and quantities.
func (s *Sandbox) readPolicyRequest(c *call) (body policyBody, order *Order, specs []ItemSpec, refused *answer) {
	refuse := func(a answer) (policyBody, *Order, []ItemSpec, *answer) { return body, nil, nil, &a }
	if err := read(c, &body); err != nil {
		return refuse(badRequest(err))
	}
	if order = c.shop.orders[body.OrderID]; order == nil {
		return refuse(failure(http.StatusNotFound, "Order not found"))
	}
	for _, item := range body.Items {
		if item.Quantity < 1 {
			return refuse(failure(http.StatusBadRequest, "quantity must be at least 1"))
		}
		specs = append(specs, ItemSpec{LineID: item.ShopLineItemID, Quantity: item.Quantity, Reason: item.ReturnReason})
	}
	if err := returnable(c.shop, order, specs); err != nil {
		return refuse(badRequest(err))
	}
	return body, order, specs, nil
}

func (s *Sandbox) eligiblePolicies(c *call) answer {
	body, order, _, refused := s.readPolicyRequest(c)
	if refused != nil {
		return *refused
	}
	items := []obj{}
	for _, asked := range body.Items {
		policies := []obj{}
		for _, p := range c.shop.policies {
			if p.fits(order.line(asked.ShopLineItemID)) {
				policies = append(policies, p.view(s))
			}
		}
		items = append(items, obj{"shopLineItemId": asked.ShopLineItemID, "policies": policies})
	}
	return success(http.StatusOK, obj{"items": items})
}

// createByPolicy is not idempotent: a second request makes a second RMA (contract 2.6).
func (s *Sandbox) createByPolicy(c *call) answer {
	body, order, specs, refused := s.readPolicyRequest(c)
	if refused != nil {
		return *refused
	}
	rules, err := chosenRules(c.shop, order, body.Items)
	if err != nil {
		return badRequest(err)
	}
	approve := true
	for i, p := range rules {
		specs[i].PolicyRule, specs[i].Resolution, specs[i].ResolutionName = p.Name, p.ResolutionType, p.ResolutionName
		specs[i].ReturnMethod, specs[i].ReturnMethodName = p.ReturnMethod, p.ReturnMethodName
		specs[i].RestockingFee, specs[i].ReturnFee, specs[i].ShipmentFee = string(p.RestockingFee), string(p.ReturnFee), string(p.ShipmentFee)
		approve = approve && p.AutoApprove
	}
	r, err := s.create(c.shop, RMASpec{OrderID: order.ID, Items: specs, AutoApprove: approve}, api)
	if err != nil {
		return badRequest(err)
	}
	if body.Comment != "" {
		s.note(r, "merchant", api.by, body.Comment)
	}
	s.wrote(c, r.ID, r.ID, true)
	return success(http.StatusCreated, obj{"rmaSummary": s.summaryView(r)})
}

// chosenRules refuses unknown and unfit rules, and combinations of more than
// one parcel method or more than one way to pay (contract 2.6, A12).
func chosenRules(sh *shop, order *Order, items []policyItem) ([]PolicyRule, error) {
	methods, resolutions := map[string]bool{}, map[string]bool{}
	var rules []PolicyRule
	for _, item := range items {
		at := slices.IndexFunc(sh.policies, func(p PolicyRule) bool { return p.ID == item.PolicyRuleID })
		if at < 0 || !sh.policies[at].fits(order.line(item.ShopLineItemID)) {
			return nil, fmt.Errorf("policy %q is not eligible for line %s", item.PolicyRuleID, item.ShopLineItemID)
		}
		p := sh.policies[at]
		if p.ReturnMethod != NoShipment {
			methods[p.ReturnMethod+"/"+p.ReturnMethodName] = true
		}
		resolutions[p.ResolutionType] = true
		rules = append(rules, p)
	}
	if len(methods) > 1 || len(resolutions) > 1 {
		return nil, fmt.Errorf("unsupported combination of policies")
	}
	return rules, nil
}
