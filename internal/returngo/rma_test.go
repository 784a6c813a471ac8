package returngo

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
)

func TestExampleRMAIsReadInFull(t *testing.T) {
	t.Parallel()
	b := setup(t, says(200, exampleRMA(t)))
	rma, err := b.shop.RMA(t.Context(), "5000123")
	require.NoError(t, err)

	item := returns.RMAItem{
		ID: "900001", LineID: "8001", SKU: "TEE-BLK-M", Reason: "Does not fit",
		Resolution: returns.ResolutionRefund, PolicyRule: "TikTok refund", ReturnMethod: "Ship with any carrier",
		Paid: gbp(t, "24.99"), PaidTax: gbp(t, "4.17"), TaxIncluded: true, Fees: "0",
		Inspection: returns.Inspection{At: time.Date(2026, 3, 6, 12, 0, 0, 0, time.UTC), Returned: true, Restockable: true, Location: "wh-1"},
	}
	missing := item
	missing.ID = "900002"
	missing.Inspection.Returned, missing.Inspection.Restockable = false, false
	require.Equal(t, returns.RMA{
		ID: "5000123", Status: returns.RMAValidated, OrderID: "7001", OrderName: "577000000000000001",
		Items:     []returns.RMAItem{item, missing},
		Shipments: []returns.Shipment{{ID: "70001", Status: returns.ShipmentValidated}},
		Transactions: []returns.Transaction{{ID: "660001", Type: returns.ResolutionRefund, Status: returns.TransactionRequested,
			Amount: gbp(t, "24.99"), ItemIDs: []string{"900001"}, CreatedAt: time.Date(2026, 3, 6, 12, 5, 0, 0, time.UTC)}},
		CancellationFee: "0",
		CreatedAt:       time.Date(2026, 3, 2, 8, 15, 0, 0, time.UTC),
		UpdatedAt:       time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC),
	}, rma)
}

// changed is the example RMA with some of its text replaced.
func changed(t testing.TB, pairs ...string) string {
	t.Helper()
	s := exampleRMA(t)
	for i := 0; i < len(pairs); i += 2 {
		require.Contains(t, s, pairs[i])
		s = strings.ReplaceAll(s, pairs[i], pairs[i+1])
	}
	return s
}

func TestBothSpellingsReadTheSame(t *testing.T) {
	t.Parallel()
	want, err := decodeRMA([]byte(exampleRMA(t)))
	require.NoError(t, err)
	for name, pairs := range map[string][]string{
		"booleans as 0 and 1":   {`"isReturned": true`, `"isReturned": 1`, `"isReturned": false`, `"isReturned": 0`, `"isRestockable": true`, `"isRestockable": 1`, `"taxIncluded": true`, `"taxIncluded": 1`, `"isOutbound": false`, `"isOutbound": 0`},
		"null means no":         {`"isReturned": false`, `"isReturned": null`, `"isOutbound": false`, `"isOutbound": null`},
		"0/1 as booleans":       {`"isAutoApprove": 0`, `"isAutoApprove": false`, `"isOutOfPolicy": 0`, `"isOutOfPolicy": true`},
		"transaction id quoted": {`"id": 660001`, `"id": "660001"`},
		"other ids as numbers":  {`"rmaId": "5000123"`, `"rmaId": 5000123`, `"900001"`, `900001`, `"orderId": "7001"`, `"orderId": 7001`, `"shopLineItemId": "8001"`, `"shopLineItemId": 8001`, `"shipmentId": "70001"`, `"shipmentId": 70001`},
		"amounts as strings":    {`"amount": 24.99`, `"amount": "24.99"`, `"restockingFee": 0`, `"restockingFee": "0"`},
		"amounts with exponent": {`"amount": 24.99`, `"amount": 2499e-2`},
		"null texts":            {`"extendedReason": ""`, `"extendedReason": null`},
		"missing keys":          {`"nonRestockableReason": null,`, ``, `"externalReferenceId": null,`, ``},
		"offset":                {`"2026-03-06T12:00:00+00:00"`, `"2026-03-06T14:00:00+02:00"`},
		"unknown fields":        {`"isOutOfPolicy": 0`, `"isOutOfPolicy": 0, "new": {"deep": [1, {"id": 2}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := decodeRMA([]byte(changed(t, pairs...)))
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

func TestFieldsOfTheRMA(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		pairs []string
		check func(*testing.T, returns.RMA)
	}{
		{"nothing is known of the parcel yet", []string{`"T1"`, `null`}, func(t *testing.T, r returns.RMA) { require.Equal(t, "70001", r.Shipments[0].ID) }},
		{"outbound", []string{`"isOutbound": false`, `"isOutbound": 1`}, func(t *testing.T, r returns.RMA) { require.True(t, r.Shipments[0].Outbound) }},
		{"reference", []string{`"externalReferenceId": null`, `"externalReferenceId": "4035312345678901234"`}, func(t *testing.T, r returns.RMA) {
			require.Equal(t, "4035312345678901234", r.Transactions[0].Reference)
		}},
		{"the code of a store credit is not kept", []string{`"externalReferenceId": null`, `"externalReferenceId": "GIFT-77"`, `"externalReferenceType": null`, `"externalReferenceType": "StoreCreditCode"`}, func(t *testing.T, r returns.RMA) {
			require.Empty(t, r.Transactions[0].Reference)
		}},
		{"unknown enums are kept", []string{`"RefundToPaymentMethod"`, `"Donate"`, `"Validated"`, `"Polished"`}, func(t *testing.T, r returns.RMA) {
			require.Equal(t, []string{"Polished", "Donate", "Donate"}, []string{r.Status, r.Items[0].Resolution, r.Transactions[0].Type})
		}},
		{"more decimals than the currency has", []string{`"amount": 24.99`, `"amount": 24.98765432109876543210`}, func(t *testing.T, r returns.RMA) {
			require.Equal(t, "24.98765432109876543210", r.Items[0].Paid.Number())
		}},
		{"more digits than a float has", []string{`"amount": 24.99`, `"amount": 9007199254740993.01`}, func(t *testing.T, r returns.RMA) {
			require.Equal(t, "9007199254740993.01", r.Items[0].Paid.Number())
		}},
		{"fees add up exactly", []string{`"restockingFee": 0`, `"restockingFee": 0.1`, `"returnFee": 0`, `"returnFee": "0.20"`, `"shipmentFee": 0`, `"shipmentFee": 5`}, func(t *testing.T, r returns.RMA) {
			require.Equal(t, "5.3", r.Items[0].Fees)
		}},
		{"a fee that is not there is not zero", []string{`"returnFee": 0,`, ``}, func(t *testing.T, r returns.RMA) { require.Empty(t, r.Items[0].Fees) }},
		{"cancellation fee", []string{`"cancellationFee": 0`, `"cancellationFee": 2.50`}, func(t *testing.T, r returns.RMA) { require.Equal(t, "2.50", r.CancellationFee) }},
		{"not restockable", []string{`"isRestockable": true`, `"isRestockable": false`, `"nonRestockableReason": null`, `"nonRestockableReason": "Stained"`}, func(t *testing.T, r returns.RMA) {
			require.True(t, r.Items[0].Inspection.Returned)
			require.False(t, r.Items[0].Inspection.Restockable)
		}},
		{"double no without a date is not inspected", []string{`"lastValidationDate": "2026-03-06T12:00:00+00:00"`, `"lastValidationDate": null`}, func(t *testing.T, r returns.RMA) {
			require.Zero(t, r.Items[0].Inspection, "also not when it says yes")
			require.Zero(t, r.Items[1].Inspection)
			require.False(t, r.Items[1].Inspection.Done())
		}},
		{"empty date is not inspected", []string{`"lastValidationDate": "2026-03-06T12:00:00+00:00"`, `"lastValidationDate": ""`}, func(t *testing.T, r returns.RMA) {
			require.False(t, r.Items[0].Inspection.Done())
		}},
		{"null block is not inspected", []string{`"itemValidationStatusResponse": {`, `"itemValidationStatusResponse": null, "x": {`}, func(t *testing.T, r returns.RMA) {
			require.False(t, r.Items[0].Inspection.Done())
		}},
		{"null lists are empty", []string{`"exchangeItems": [], "cancellationFee"`, `"transactions": null, "cancellationFee"`, `"transactions": [`, `"x": [`}, func(t *testing.T, r returns.RMA) {
			require.Empty(t, r.Transactions)
		}},
		{"order name of the summary", []string{`"orderId": "7001", "order_name": "577000000000000001"`, `"orderId": "7001"`}, func(t *testing.T, r returns.RMA) {
			require.Equal(t, "577000000000000001", r.OrderName)
		}},
		{"markers", []string{`Shipment <strong>RECEIVED</strong>`, `Dear Jane [sync:ttr-9] &#91;sync:ttr-10] [sync: Jane Doe] [sync:jane@x.example] [sync:ttr-9]`}, func(t *testing.T, r returns.RMA) {
			require.Equal(t, []string{"9", "10"}, r.Markers)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rma, err := decodeRMA([]byte(changed(t, tt.pairs...)))
			require.NoError(t, err)
			tt.check(t, rma)
		})
	}
}

func TestUnreadableMoneyIsUnknownAndFailsNothing(t *testing.T) {
	t.Parallel()
	for _, paid := range []string{
		`null`, `"24.99"`, `[]`, `{}`, `{"amount":24.99}`, `{"amount":24.99,"currency":null}`, `{"amount":24.99,"currency":"ZZZ"}`,
		`{"amount":24.99,"currency":{}}`, `{"amount":null,"currency":"GBP"}`, `{"amount":"NaN","currency":"GBP"}`,
		`{"amount":"Infinity","currency":"GBP"}`, `{"amount":"1,50","currency":"GBP"}`, `{"amount":1e999999,"currency":"GBP"}`,
		`{"amount":"","currency":"GBP"}`, `{"amount":true,"currency":"GBP"}`, `{"currency":"GBP"}`,
	} {
		rma, err := decodeRMA([]byte(changed(t, `"paidPrice": { "amount": 24.99, "currency": "GBP", "shopAmount": 24.99, "shopCurrency": "GBP" }`, `"paidPrice": `+paid)))
		require.NoError(t, err, paid)
		require.False(t, returns.Known(rma.Items[0].Paid), paid)
		require.True(t, returns.Known(rma.Items[0].PaidTax), paid)
	}
}

func TestWhatIsNotTheRMAIsNotTaken(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		body string
		want platform.Class
	}{
		"empty":                {``, platform.Retry},
		"HTML":                 {`<html>busy</html>`, platform.Retry},
		"cut off":              {exampleRMA(t)[:900], platform.Retry},
		"null":                 {`null`, platform.Retry},
		"error object":         {`{"statusCode":500,"message":"Internal server error"}`, platform.Retry},
		"another RMA":          {changed(t, `5000123`, `5000124`), platform.Retry},
		"no transactions":      {changed(t, `"transactions"`, `"x"`), platform.Retry},
		"item without id":      {changed(t, `"returnedItemId": "900001", "shopLineItemId"`, `"shopLineItemId"`), platform.Retry},
		"one unit twice":       {changed(t, `"900002", "shopLineItemId"`, `"900001", "shopLineItemId"`), platform.Permanent},
		"one refund twice":     {changed(t, `"transactions": [`, `"transactions": [ {"id": "660001"},`), platform.Permanent},
		"items is an object":   {`{"rmaSummary":{"rmaId":"5000123"},"items":{}}`, platform.Permanent},
		"id is an object":      {changed(t, `"id": 660001`, `"id": {}`), platform.Permanent},
		"id has a fraction":    {changed(t, `"id": 660001`, `"id": 66.5`), platform.Permanent},
		"time is no time":      {changed(t, `"2026-03-06T12:00:00+00:00"`, `"jane@x.example"`), platform.Permanent},
		"time out of range":    {changed(t, `"2026-03-06T12:00:00+00:00"`, `"9999-12-31T23:59:59-23:59"`), platform.Permanent},
		"boolean is no answer": {changed(t, `"isReturned": true`, `"isReturned": 4477`), platform.Permanent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, says(200, tt.body))
			rma, err := b.shop.RMA(t.Context(), "5000123")
			require.Zero(t, rma)
			e := platformError(t, err)
			require.Equal(t, tt.want, e.Class)
			require.Equal(t, "req-1", e.RequestID)
			for _, secret := range []string{"jane", "4477", "busy"} {
				require.NotContains(t, fmt.Sprintf("%+v", *e), secret)
			}
		})
	}
}

func TestPersonalDataNeverComesIn(t *testing.T) {
	t.Parallel()
	const person = "PERSONAL"
	address := `"name": "PERSONAL", "street1": "PERSONAL", "city": "PERSONAL", "phone": "PERSONAL", "email": "PERSONAL@x.example"`
	user := `{"userFirstName":"PERSONAL","userLastName":"PERSONAL","userEmailAddress":"PERSONAL","userRole":"Owner"}`
	body := changed(t,
		`"city": "Leeds"`, address, `"city": "Hull"`, address,
		`"userDetails": null`, `"userDetails": `+user,
		`"lastValidatedBy": "A. Staff"`, `"lastValidatedBy": "PERSONAL"`,
		`"extendedReason": ""`, `"extendedReason": "PERSONAL<br />"`,
		`"followUpQuestions": []`, `"followUpQuestions": [{"type":"Text","name":"PERSONAL","answer":{"textAnswer":"PERSONAL"}}]`,
		`"triggeredBy": "Automation"`, `"triggeredBy": "PERSONAL"`,
		`Shipment <strong>RECEIVED</strong>`, `PERSONAL wrote [sync:ttr-9] PERSONAL`,
		`"bankAccountDetails": null`, `"bankAccountDetails": {"iban":"PERSONAL","firstName":"PERSONAL"}`,
		`"labelURL": null`, `"labelURL": "https://x.example/PERSONAL"`,
		`carrier.example/T1`, `carrier.example/PERSONAL`, `"T1"`, `"PERSONAL"`,
		`"Not in parcel"`, `"PERSONAL"`,
	)
	rma, err := decodeRMA([]byte(body))
	require.NoError(t, err)
	written, err := json.Marshal(rma)
	require.NoError(t, err)
	require.NotContains(t, string(written), person)
	require.NotContains(t, fmt.Sprintf("%+v", rma), person)
	require.Equal(t, []string{"9"}, rma.Markers)
}

func FuzzDecodeRMA(f *testing.F) {
	f.Add([]byte(exampleRMA(f)))
	f.Add([]byte(changed(f, `"amount": 24.99`, `"amount": "1e9"`, `"id": 660001`, `"id": "x"`)))
	f.Add([]byte(`{"rmaSummary":{"rmaId":1},"items":[null],"transactions":null,"comments":[],"shipments":[]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		rma, err := decodeRMA(body)
		if err != nil {
			require.Empty(t, rma.ID)
			return
		}
		require.NotEmpty(t, rma.ID)
		_, err = json.Marshal(rma)
		require.NoError(t, err, "what was read can be kept")
		for _, i := range rma.Items {
			require.NotEmpty(t, i.ID)
			if !i.Inspection.Done() {
				require.Zero(t, i.Inspection)
			}
			if i.Fees != "" {
				require.Equal(t, i.Fees, exact(i.Fees))
			}
		}
	})
}
