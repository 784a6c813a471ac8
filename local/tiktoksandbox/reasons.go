package tiktoksandbox

import (
	"slices"
	"strings"
)

// market holds the reason keys a seller may use (4.5) and, by leaving lists
// empty, what a seller may not start at all (4.1, T26).
type market struct {
	refundTransit, refundDelivered, returnDelivered []string
	cancel                                          []string
	rejectRequest, rejectPackage, rejectCancel      []string
}

var (
	refundX = []string{"missing_product", "not_received", "not_match_description", "damaged", "wrong_product", "missed_delivery_date"}
	returnY = []string{"not_match_description", "missing_product", "damaged", "defective", "wrong_product"}
	// proxyApp is listed for MX, BR and JP; nothing explains it (4.5).
	proxyApp = "ecom_seller_order_delivered_refund_reason_return_proxy_app"
)

const outOfStock = "seller_cancel_reason_out_of_stock"

func refundKeys(suffix string, xs ...string) []string {
	return eachKey("ecom_order_delivered_refund_reason_", xs, "_seller"+suffix)
}

func eachKey(prefix string, middles []string, suffix string) []string {
	var keys []string
	for _, m := range middles {
		keys = append(keys, prefix+m+suffix)
	}
	return keys
}

func ukMarket() market {
	return market{
		refundTransit: []string{"seller_package_lost_uk", "ecom_order_shipped_refund_reason_not_arrive_on_time_seller_uk"},
		refundDelivered: append(refundKeys("_uk", append(slices.Clone(refundX), "defective")...),
			"buyer_refund_suspected_counterfeit_seller_uk"),
		returnDelivered: append(eachKey("ecom_order_delivered_refund_and_return_reason_", returnY, "_seller_uk"),
			"seller_ecom_delivered_return_refund_reason1_uk", "buyer_return_and_refund_suspected_counterfeit_seller_uk"),
		cancel:        []string{outOfStock + "_uk", "seller_cancel_reason_wrong_price_uk", "seller_cancel_paid_reason_address_not_deliver_uk"},
		rejectRequest: append(eachKey("reverse_reject_request_reason_", numbers(5), "_uk"), agreementReached),
		rejectPackage: eachKey("reverse_reject_return_parcel_reason_", numbers(5), "_uk"),
		rejectCancel:  []string{alreadyPacked},
	}
}

const (
	agreementReached = "seller_reject_apply_you_have_reached_an_agreement_with_the_buyer"
	alreadyPacked    = "seller_reject_apply_product_has_been_packed"
	wrongUse         = "seller_reject_apply_product_functions_well/buyer_use_in_wrong_way"
)

func usMarket() market {
	return market{
		refundTransit:   []string{"seller_shipped_refund_package_lost", "seller_shipped_refund_package_delivery_failed", "seller_shipped_refund_miss_estimated_delivery_date"},
		refundDelivered: refundKeys("", refundX...),
		returnDelivered: []string{"seller_ecom_delivered_return_refund_reason1"},
		cancel: []string{outOfStock, "seller_cancel_reason_wrong_price", "seller_cancel_paid_reason_address_not_deliver",
			"seller_cancel_paid_reason_buyer_requested_cancellation"},
		rejectRequest: []string{agreementReached, wrongUse},
		rejectPackage: eachKey("reverse_reject_return_parcel_reason_", numbers(5), ""),
		rejectCancel:  []string{alreadyPacked},
	}
}

func numbers(n int) []string { return []string{"1", "2", "3", "4", "5"}[:n] }

// marketOf follows the Reasons table. Where the appendices print no keys, the
// spelling of the US is used with that market's restrictions.
func marketOf(one *shop) market {
	m := usMarket()
	allReturns := append(eachKey("ecom_order_delivered_refund_and_return_reason_", returnY, "_seller"), m.returnDelivered...)
	switch one.Region {
	case "GB":
		return ukMarket()
	case "US":
	case "MX", "BR":
		m.returnDelivered = allReturns
		m.refundDelivered = append(m.refundDelivered, proxyApp)
	case "ID":
		m.refundTransit, m.refundDelivered = nil, refundKeys("", "missing_product")
		m.returnDelivered = []string{"ecom_order_delivered_refund_and_return_reason_wrong_product_seller"}
	case "JP":
		m.refundTransit, m.returnDelivered = nil, nil
		m.refundDelivered = append(m.refundDelivered, proxyApp)
	case "MY", "PH", "SG", "TH": // marked "Unsupported"
		if !one.NoReturnRules {
			m.refundTransit, m.refundDelivered, m.returnDelivered = nil, nil, nil
		}
	default: // VN and the EU
		m.returnDelivered = allReturns
	}
	return m
}

// sellerKeys are the reasons for a request type in an order state.
func (m market) sellerKeys(requestType, orderStatus string) []string {
	switch {
	case requestType == kindRefund && orderStatus == orderDelivered:
		return m.refundDelivered
	case requestType == kindRefund && (orderStatus == orderInTransit || orderStatus == orderAwaitingCollection):
		return m.refundTransit
	case requestType == kindReturn && orderStatus == orderDelivered:
		return m.returnDelivered
	case requestType == kindCancel && oneOf([]string{orderOnHold, orderAwaitingShipment, orderAwaitingCollection}, orderStatus):
		return m.cancel
	}
	return nil
}

func (m market) ofType(requestType string) []string {
	switch requestType {
	case kindRefund:
		return slices.Concat(m.refundTransit, m.refundDelivered)
	case kindReturn:
		return m.returnDelivered
	}
	return m.cancel
}

func (m market) all() []string {
	return slices.Concat(m.refundTransit, m.refundDelivered, m.returnDelivered, m.cancel, m.rejectRequest, m.rejectPackage, m.rejectCancel)
}

// checkSellerReason tells why a seller may not use a key here.
func checkSellerReason(one *shop, requestType, orderStatus, key string) *apiError {
	m := marketOf(one)
	switch {
	case key == "":
		return fail(25001001, "The reason is missing.")
	case slices.Contains(m.sellerKeys(requestType, orderStatus), key):
		return nil
	case slices.Contains(m.ofType(requestType), key):
		return fail(25001021, "The reason does not fit the order state %s.", orderStatus)
	case slices.Contains(m.all(), key):
		return fail(25001016, "The reason does not fit a %s.", requestType)
	case slices.Contains(ukMarket().all(), key), slices.Contains(usMarket().all(), key), slices.Contains(fullMarket().all(), key):
		return fail(25001021, "The reason belongs to another market.")
	case strings.HasPrefix(key, "ecom_order_"), strings.HasPrefix(key, "buyer_"):
		return fail(25001015, "The reason may not be used by a seller.")
	}
	return fail(25001014, "Unknown reason.")
}

func fullMarket() market { return marketOf(&shop{Shop: Shop{Region: "MX"}}) }

// checkRejectReason accepts only reasons fetched for this case (2.5).
func checkRejectReason(allowed []string, one *shop, key string) *apiError {
	switch {
	case key == "":
		return fail(25001001, "`reject_reason` is missing.")
	case slices.Contains(allowed, key):
		return nil
	case slices.Contains(marketOf(one).all(), key):
		return fail(25001016, "The reason does not fit this decision.")
	}
	return fail(25001014, "Unknown reason.")
}

func reasonList(keys []string) []object {
	list := []object{}
	for _, key := range keys {
		list = append(list, object{"name": key, "text": strings.ReplaceAll(key, "_", " ")})
	}
	return list
}
