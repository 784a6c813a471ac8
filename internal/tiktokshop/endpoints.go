package tiktokshop

import (
	"net/http"
	"strings"
)

// endpoint is one call of TikTok's API.
type endpoint struct {
	name   string // TikTok's own name of it, as errors show it
	method string
	path   string // with its version; at most one {placeholder}
	cipher bool   // takes shop_cipher, otherwise refuses it (1.3)
	write  bool   // leaves a trace at TikTok: a lost answer is an unknown outcome
}

// The endpoints with their pinned versions (contract 2).
var (
	getAuthorizedShops   = endpoint{"Get Authorized Shops", http.MethodGet, "/authorization/202309/shops", false, false}
	searchOrders         = endpoint{"Search Orders", http.MethodPost, "/order/202309/orders/search", true, false}
	getOrderDetail       = endpoint{"Get Order Detail", http.MethodGet, "/order/202507/orders", true, false}
	getPackage           = endpoint{"Get Package Detail", http.MethodGet, "/fulfillment/202309/packages/{package_id}", true, false}
	searchReturns        = endpoint{"Search Returns", http.MethodPost, "/return_refund/202602/returns/search", true, false}
	getReturnRecords     = endpoint{"Get Return Records", http.MethodGet, "/return_refund/202309/returns/{return_id}/records", true, false}
	createReturn         = endpoint{"Create Return", http.MethodPost, "/return_refund/202602/returns", true, true}
	approveReturn        = endpoint{"Approve Return", http.MethodPost, "/return_refund/202309/returns/{return_id}/approve", true, true}
	rejectReturn         = endpoint{"Reject Return", http.MethodPost, "/return_refund/202309/returns/{return_id}/reject", true, true}
	getRejectReasons     = endpoint{"Get Reject Reasons", http.MethodGet, "/return_refund/202309/reject_reasons", true, false}
	calculateRefund      = endpoint{"Calculate Refund", http.MethodPost, "/return_refund/202602/refunds/calculate", true, false}
	getEligibility       = endpoint{"Get Aftersale Eligibility", http.MethodGet, "/return_refund/202602/orders/{order_id}/aftersale_eligibility", true, false}
	decisionEligibility  = endpoint{"Get Decision Eligibility", http.MethodGet, "/return_refund/202601/decision_eligibility", true, false}
	uploadLabel          = endpoint{"Upload Shipping Document", http.MethodPost, "/return_refund/202405/returns/shipping_documents", true, true}
	cancelOrder          = endpoint{"Cancel Order", http.MethodPost, "/return_refund/202602/cancellations", true, true}
	searchCancellations  = endpoint{"Search Cancellations", http.MethodPost, "/return_refund/202602/cancellations/search", true, false}
	approveCancellation  = endpoint{"Approve Cancellation", http.MethodPost, "/return_refund/202309/cancellations/{cancel_id}/approve", true, true}
	rejectCancellation   = endpoint{"Reject Cancellation", http.MethodPost, "/return_refund/202309/cancellations/{cancel_id}/reject", true, true}
	getProduct           = endpoint{"Get Product", http.MethodGet, "/product/202309/products/{product_id}", true, false}
	searchProducts       = endpoint{"Search Products", http.MethodPost, "/product/202502/products/search", true, false}
	inventorySearch      = endpoint{"Inventory Search", http.MethodPost, "/product/202309/inventory/search", true, false}
	updateInventory      = endpoint{"Update Inventory", http.MethodPost, "/product/202309/products/{product_id}/inventory/update", true, true}
	stockSettings        = endpoint{"Update Stock Operation Settings", http.MethodPost, "/product/202604/inventory/operation/settings", true, true}
	getWarehouses        = endpoint{"Get Warehouse List", http.MethodGet, "/logistics/202309/warehouses", true, false}
	getStatements        = endpoint{"Get Statements", http.MethodGet, "/finance/202309/statements", true, false}
	getOrderTransactions = endpoint{"Get Transactions by Order", http.MethodGet, "/finance/202501/orders/{order_id}/statement_transactions", true, false}
	getWebhooks          = endpoint{"Get Shop Webhooks", http.MethodGet, "/event/202309/webhooks", true, false}
	putWebhook           = endpoint{"Update Shop Webhook", http.MethodPut, "/event/202309/webhooks", true, true}
	deleteWebhook        = endpoint{"Delete Shop Webhook", http.MethodDelete, "/event/202309/webhooks", true, true}
)

// The token calls (contract 1.2): GET, but they spend a code or a refresh
// token, so a lost answer is an unknown outcome.
var (
	tokenGet     = endpoint{"Get Token", http.MethodGet, "/api/v2/token/get", false, true}
	tokenRefresh = endpoint{"Refresh Token", http.MethodGet, "/api/v2/token/refresh", false, true}
)

// pathFor puts the id into the path. Ids are decimal (1.5); anything that could
// change the path is refused.
func (e endpoint) pathFor(id string) (string, bool) {
	before, rest, placeholder := strings.Cut(e.path, "{")
	if !placeholder {
		return e.path, true
	}
	_, after, _ := strings.Cut(rest, "}")
	return before + id + after, decimal(id)
}

func decimal(id string) bool {
	return id != "" && strings.Trim(id, "0123456789") == ""
}
