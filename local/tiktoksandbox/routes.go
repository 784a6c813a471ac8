package tiktoksandbox

import (
	"regexp"
	"slices"
	"strings"
)

// route is one endpoint of contract section 2.
type route struct {
	name     string // short and stable, used by counters and fault switches
	method   string
	category string
	resource string // below the version; {x} matches one segment
	versions []string
	scope    string
	also     string // a second scope
	noCipher bool
	keyed    bool // takes an idempotency_key (2.5)
	handle   func(*Sandbox, *call) (any, *apiError)
}

// routes pins the versions that the contract documents; others do not exist.
var routes = []route{
	{name: "shops", method: "GET", category: "authorization", resource: "shops", versions: v("202309"), scope: "seller.authorization.info", noCipher: true, handle: (*Sandbox).authorizedShops},

	{name: "orders/search", method: "POST", category: "order", resource: "orders/search", versions: v("202309"), scope: "seller.order.info", handle: (*Sandbox).searchOrders},
	{name: "orders/detail", method: "GET", category: "order", resource: "orders", versions: v("202507", "202309"), scope: "seller.order.info", handle: (*Sandbox).orderDetail},
	{name: "orders/price_detail", method: "GET", category: "order", resource: "orders/{id}/price_detail", versions: v("202407"), scope: "seller.order.info", handle: (*Sandbox).priceDetail},

	{name: "packages/get", method: "GET", category: "fulfillment", resource: "packages/{id}", versions: v("202309"), scope: "seller.fulfillment.basic", handle: (*Sandbox).packageDetail},

	{name: "returns/search", method: "POST", category: "return_refund", resource: "returns/search", versions: v("202602", "202309"), scope: scopeReturns, handle: (*Sandbox).searchReturns},
	{name: "returns/records", method: "GET", category: "return_refund", resource: "returns/{id}/records", versions: v("202309"), scope: scopeReturns, handle: (*Sandbox).returnRecords},
	{name: "returns/create", method: "POST", category: "return_refund", resource: "returns", versions: v("202602", "202309"), scope: scopeReturns, also: "seller.fulfillment.basic", keyed: true, handle: (*Sandbox).createReturn},
	{name: "returns/approve", method: "POST", category: "return_refund", resource: "returns/{id}/approve", versions: v("202309"), scope: scopeReturns, keyed: true, handle: (*Sandbox).approveReturn},
	{name: "returns/reject", method: "POST", category: "return_refund", resource: "returns/{id}/reject", versions: v("202309"), scope: scopeReturns, keyed: true, handle: (*Sandbox).rejectReturn},
	{name: "returns/reject_reasons", method: "GET", category: "return_refund", resource: "reject_reasons", versions: v("202309"), scope: scopeReturns, handle: (*Sandbox).rejectReasons},
	{name: "returns/shipping_documents", method: "POST", category: "return_refund", resource: "returns/shipping_documents", versions: v("202405"), scope: scopeReturns, handle: (*Sandbox).uploadLabel},
	{name: "refunds/calculate", method: "POST", category: "return_refund", resource: "refunds/calculate", versions: v("202602", "202309"), scope: scopeReturns, handle: (*Sandbox).calculateRefund},
	{name: "orders/aftersale_eligibility", method: "GET", category: "return_refund", resource: "orders/{id}/aftersale_eligibility", versions: v("202602", "202512", "202309"), scope: scopeReturns, handle: (*Sandbox).aftersaleEligibility},
	{name: "returns/decision_eligibility", method: "GET", category: "return_refund", resource: "decision_eligibility", versions: v("202601"), scope: scopeReturns, handle: (*Sandbox).decisionEligibility},

	{name: "cancellations/create", method: "POST", category: "return_refund", resource: "cancellations", versions: v("202602", "202309"), scope: scopeReturns, handle: (*Sandbox).cancelOrder},
	{name: "cancellations/search", method: "POST", category: "return_refund", resource: "cancellations/search", versions: v("202602", "202309"), scope: scopeReturns, handle: (*Sandbox).searchCancellations},
	{name: "cancellations/approve", method: "POST", category: "return_refund", resource: "cancellations/{id}/approve", versions: v("202309"), scope: scopeReturns, keyed: true, handle: (*Sandbox).approveCancellation},
	{name: "cancellations/reject", method: "POST", category: "return_refund", resource: "cancellations/{id}/reject", versions: v("202309"), scope: scopeReturns, keyed: true, handle: (*Sandbox).rejectCancellation},

	{name: "products/get", method: "GET", category: "product", resource: "products/{id}", versions: v("202309"), scope: "seller.product.basic", handle: (*Sandbox).getProduct},
	{name: "products/search", method: "POST", category: "product", resource: "products/search", versions: v("202502"), scope: "seller.product.basic", handle: (*Sandbox).searchProducts},
	{name: "images/upload", method: "POST", category: "product", resource: "images/upload", versions: v("202309"), scope: "seller.product.basic", noCipher: true, handle: (*Sandbox).uploadImage},
	{name: "inventory/search", method: "POST", category: "product", resource: "inventory/search", versions: v("202309"), scope: "seller.product.basic", handle: (*Sandbox).searchInventory},
	{name: "inventory/update", method: "POST", category: "product", resource: "products/{id}/inventory/update", versions: v("202309"), scope: "seller.product.write", handle: (*Sandbox).updateInventory},
	{name: "inventory/settings", method: "POST", category: "product", resource: "inventory/operation/settings", versions: v("202604"), scope: "seller.product.write", handle: (*Sandbox).stockSettings},

	{name: "warehouses", method: "GET", category: "logistics", resource: "warehouses", versions: v("202309"), scope: "seller.logistics", handle: (*Sandbox).listWarehouses},

	{name: "webhooks/get", method: "GET", category: "event", resource: "webhooks", versions: v("202309"), scope: "seller.authorization.info", handle: (*Sandbox).getWebhooks},
	{name: "webhooks/put", method: "PUT", category: "event", resource: "webhooks", versions: v("202309"), scope: "seller.authorization.info", handle: (*Sandbox).putWebhook},
	{name: "webhooks/delete", method: "DELETE", category: "event", resource: "webhooks", versions: v("202309"), scope: "seller.authorization.info", handle: (*Sandbox).deleteWebhook},

	{name: "finance/statements", method: "GET", category: "finance", resource: "statements", versions: v("202309"), scope: "seller.finance.info", handle: (*Sandbox).listStatements},
	{name: "finance/statement_transactions", method: "GET", category: "finance", resource: "statements/{id}/statement_transactions", versions: v("202501"), scope: "seller.finance.info", handle: (*Sandbox).statementTransactions},
	{name: "finance/payments", method: "GET", category: "finance", resource: "payments", versions: v("202605"), scope: "seller.finance.info", handle: (*Sandbox).listPayments},
	{name: "finance/order_transactions", method: "GET", category: "finance", resource: "orders/{id}/statement_transactions", versions: v("202501"), scope: "seller.finance.info", handle: (*Sandbox).orderTransactions},
}

// tokenRoutes are unsigned (1.2).
var tokenRoutes = map[string]*route{
	tokenPath + "get":     {name: "auth/get", handle: (*Sandbox).exchangeCode},
	tokenPath + "refresh": {name: "auth/refresh", handle: (*Sandbox).refreshToken},
}

const tokenPath = "/api/v2/token/" //nolint:gosec // a path, no credential

// endpointNames are what counters, faults and limits call the endpoints.
func endpointNames() []string {
	var names []string
	for _, one := range routes {
		names = append(names, one.name)
	}
	for _, one := range tokenRoutes {
		names = append(names, one.name)
	}
	return names
}

const scopeReturns = "seller.return_refund.basic"

func v(versions ...string) []string { return versions }

var versionForm = regexp.MustCompile(`^\d{6}$`)

// match finds the endpoint of a path. A version that an endpoint never had is
// "path not found" (1.1); one below 202309 is "retired" (36009014).
func match(method, path string) (*route, string, string, *apiError) {
	parts := strings.SplitN(strings.TrimPrefix(path, "/"), "/", 3)
	if len(parts) < 3 {
		return nil, "", "", fail(36009009, "Invalid path.")
	}
	category, version, resource := parts[0], parts[1], parts[2]
	pathKnown, versionKnown := false, false
	for i := range routes {
		candidate := &routes[i]
		id, ok := matchResource(candidate.resource, resource)
		if candidate.category != category || !ok {
			continue
		}
		pathKnown = true
		if !slices.Contains(candidate.versions, version) {
			continue
		}
		versionKnown = true
		if candidate.method == method {
			return candidate, id, version, nil
		}
	}
	switch {
	case !pathKnown:
		return nil, "", "", fail(36009009, "Invalid path.")
	case !versionKnown && (!versionForm.MatchString(version) || version < "202309"):
		return nil, "", "", fail(36009014, "Invalid or retired API version.")
	case !versionKnown:
		return nil, "", "", fail(36009009, "Invalid path. The version does not exist for this endpoint.")
	}
	return nil, "", "", fail(36009010, "Invalid method. %s is not supported.", method)
}

func matchResource(pattern, resource string) (id string, ok bool) {
	want, got := strings.Split(pattern, "/"), strings.Split(resource, "/")
	if len(want) != len(got) {
		return "", false
	}
	for i := range want {
		switch {
		case want[i] == "{id}" && isID(got[i]):
			id = got[i]
		case want[i] != got[i]:
			return "", false
		}
	}
	return id, true
}

func isID(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}
