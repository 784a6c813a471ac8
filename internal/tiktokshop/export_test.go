package tiktokshop

import (
	"encoding/json"

	"returnbridge/internal/returns"
)

// Sign is checked against the worked examples of the contract.
var Sign = sign

// Presentable is fuzzed; Redacted is what it prints for a secret.
var (
	Presentable = presentable
	Redacted    = redacted
)

// TakesCipher tells of each call of the API, by its path, whether it takes
// shop_cipher.
func TakesCipher() map[string]bool {
	takes := map[string]bool{}
	for _, e := range []endpoint{
		getAuthorizedShops, searchOrders, getOrderDetail, searchReturns, getReturnRecords, createReturn, approveReturn,
		rejectReturn, getRejectReasons, calculateRefund, getEligibility, decisionEligibility, uploadLabel, cancelOrder,
		searchCancellations, approveCancellation, rejectCancellation, getProduct, searchProducts, inventorySearch,
		updateInventory, stockSettings, getWarehouses, getStatements, getOrderTransactions, getWebhooks, putWebhook, deleteWebhook,
	} {
		takes[e.path] = e.cipher
	}
	return takes
}

// ReadAnswer reads an answer as every call does.
func ReadAnswer(raw []byte, write bool, out any) (string, error) {
	return answer{endpoint: endpoint{name: "Test", write: write}, raw: raw, status: 200}.read(out)
}

// TextOf reads one JSON value as an id.
func TextOf(raw string) (string, error) {
	var t text
	err := json.Unmarshal([]byte(raw), &t)
	return string(t), err
}

// MoneyOf reads an amount printed as raw JSON.
func MoneyOf(raw, currency string) returns.Money {
	number, _ := TextOf(raw)
	return money(text(number), text(currency))
}
