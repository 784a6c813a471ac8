package returngo

import (
	"testing"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
)

func TestEligiblePolicies(t *testing.T) {
	t.Parallel()
	b := setup(t, says(200, `{"items":[
	  {"shopLineItemId":8001,"policies":[
	    {"policyRuleId":31,"policyRuleName":"TikTok refund","resolutionName":"Refund","resolutionType":"RefundToPaymentMethod",
	     "returnMethod":{"type":"No shipment required","name":"Handled by marketplace"},"restockingFee":1.1,"returnFee":0,"shipmentFee":"0.90","isAutoApprove":1},
	    {"policyRuleId":"32","returnMethod":null,"restockingFee":null}]},
	  {"shopLineItemId":"8002","policies":[]}]}`))
	policies, err := b.shop.EligiblePolicies(t.Context(), "7001", []ToReturn{
		{LineID: "8001", Quantity: 2, Reason: "Does not fit", PolicyID: "30"}, {LineID: "8002", Quantity: 1, Reason: "Changed <mind>"}})
	require.NoError(t, err)
	require.Equal(t, []Policy{
		{LineID: "8001", ID: "31", Name: "TikTok refund", Resolution: returns.ResolutionRefund, ReturnMethod: returns.MethodNoShipment, Fees: "2", AutoApprove: true},
		{LineID: "8001", ID: "32"},
	}, policies)
	sent := b.only(t)
	require.Equal(t, "POST /rma/getEligiblePolicies", sent.method+" "+sent.path)
	require.JSONEq(t, `{"orderId":"7001","items":[{"shopLineItemId":"8001","quantity":2,"returnReason":"Does not fit"},{"shopLineItemId":"8002","quantity":1,"returnReason":"Changed <mind>"}]}`, sent.body)

	for body, class := range map[string]platform.Class{
		`{"message":"busy"}`: platform.Retry, `null`: platform.Retry, ``: platform.Retry,
		`{"items":[{"policies":[{"policyRuleId":"31"}]}]}`:                       platform.Retry,
		`{"items":[{"shopLineItemId":"8001","policies":[{}]}]}`:                  platform.Retry,
		`{"items":[{"shopLineItemId":"8001","policies":"none"}]}`:                platform.Permanent,
		`{"items":[{"shopLineItemId":"8001","policies":[{"policyRuleId":{}}]}]}`: platform.Permanent,
	} {
		b := setup(t, says(200, body))
		_, err := b.shop.EligiblePolicies(t.Context(), "7001", []ToReturn{{LineID: "8001", Quantity: 1, Reason: "x"}})
		require.Equal(t, class, platformError(t, err).Class, body)
	}
}

func TestCreateRMA(t *testing.T) {
	t.Parallel()
	items := []ToReturn{{LineID: "8001", Quantity: 1, Reason: "Does not fit", PolicyID: "31"}}
	b := setup(t, says(201, `{"rmaSummary":{"rmaId":5000124,"status":"Approved","order_name":"#TT-1001","events":[]}}`))
	rma, receipt, err := b.shop.CreateRMA(t.Context(), "7001", items, "created "+Marker("9"))
	require.NoError(t, err)
	require.Equal(t, returns.RMASummary{ID: "5000124", Status: returns.RMAApproved, OrderName: "#TT-1001"}, rma)
	require.Equal(t, Receipt{RequestID: "req-1", At: testNow}, receipt)
	sent := b.only(t)
	require.Equal(t, "POST /rma/createByPolicy", sent.method+" "+sent.path)
	require.JSONEq(t, `{"orderId":"7001","items":[{"shopLineItemId":"8001","quantity":1,"returnReason":"Does not fit","policyRuleId":"31"}],"comment":"created [sync:ttr-9]"}`, sent.body)

	for _, body := range []string{``, `OK`, `{}`, `{"rmaSummary":null}`, `{"rmaSummary":{"status":"Approved"}}`, `{"rmaSummary":{"rmaId":{}}}`} {
		b := setup(t, says(200, body))
		_, _, err := b.shop.CreateRMA(t.Context(), "7001", items, "")
		require.Equal(t, platform.OutcomeUnknown, platformError(t, err).Class, "%s: an RMA may have been made", body)
	}
}

func TestWhatCannotBeReturnedIsNotSent(t *testing.T) {
	t.Parallel()
	b := setup(t, says(200, `{}`))
	good := ToReturn{LineID: "8001", Quantity: 1, Reason: "x", PolicyID: "31"}
	spoiled := func(spoil func(*ToReturn)) []ToReturn {
		i := good
		spoil(&i)
		return []ToReturn{good, i}
	}
	for name, tt := range map[string]struct {
		order string
		items []ToReturn
	}{
		"no order":      {"", []ToReturn{good}},
		"order name":    {"#TT-1001", []ToReturn{good}},
		"nothing":       {"7001", nil},
		"no line":       {"7001", spoiled(func(i *ToReturn) { i.LineID = "" })},
		"no quantity":   {"7001", spoiled(func(i *ToReturn) { i.Quantity = 0 })},
		"no reason":     {"7001", spoiled(func(i *ToReturn) { i.Reason = "" })},
		"policy's name": {"7001", spoiled(func(i *ToReturn) { i.PolicyID = "TikTok refund" })},
		"no policy":     {"7001", spoiled(func(i *ToReturn) { i.PolicyID = "" })},
	} {
		_, _, err := b.shop.CreateRMA(t.Context(), tt.order, tt.items, "")
		require.Equal(t, platform.Permanent, platformError(t, err).Class, name)
	}
	require.Empty(t, b.seen)
}
