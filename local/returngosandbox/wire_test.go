package returngosandbox

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestQuirksOfTheWire(t *testing.T) {
	b := newBench(t, Options{})
	id, items, err := b.CreateRMA(testShop, RMASpec{OrderID: "7001", Items: []ItemSpec{{LineID: "8001", Quantity: 2}, {LineID: "8002"}}})
	b.must(err)
	_, err = b.RequestRefund(id, items[:1], "")
	b.must(err)
	_, raw, err := b.try("GET", "/rma/"+id, nil, nil)
	b.must(err)
	_, got := b.call("GET", "/rma/"+id, nil)

	require.EqualValues(t, 0, got["isOutOfPolicy"])
	require.EqualValues(t, 0, dig(got, "items", 0, "isAutoApprove"))
	require.IsType(t, float64(0), dig(got, "transactions", 0, "id"))
	require.IsType(t, "", dig(got, "items", 0, "returnedItemId"))
	require.Nil(t, dig(got, "shipments", 0, "carrierName"))
	require.Nil(t, dig(got, "transactions", 0, "externalReferenceId"))
	require.Contains(t, dig(got, "items", 0), "barcode")
	require.NotContains(t, dig(got, "items", 2), "barcode")
	require.NotContains(t, dig(got, "items", 2), "variantName")
	require.Len(t, got["items"], 3, "one entry per unit")
	require.Contains(t, string(raw), `"amount":24.99,`)
	require.Contains(t, string(raw), `"amount":12,`)
	require.Equal(t, "2026-03-02T08:15:00+00:00", got["createdAt"])
	require.Equal(t, map[string]any{}, dig(got, "items", 0, "followUpQuestions", 2, "answer"), "media is left out")

	block := dig(got, "items", 0, "itemValidationStatusResponse").(map[string]any)
	require.NotContains(t, block, "returnedItemId")
	require.Equal(t, false, block["isReturned"])
	require.Nil(t, block["lastValidationDate"])
	for _, marker := range []string{sampleName, sampleStreet, sampleAnswer, sampleIBAN} {
		require.Contains(t, string(raw), marker)
	}
}

func TestStrictSchema(t *testing.T) {
	b := newBench(t, Options{StrictSchema: true})
	id, items := b.tees(AnyCarrier)
	_, err := b.RequestRefund(id, items, "30.5")
	b.must(err)
	_, got := b.call("GET", "/rma/"+id, nil)
	require.Equal(t, false, got["isOutOfPolicy"])
	require.IsType(t, "", dig(got, "transactions", 0, "id"))
	require.Empty(t, dig(got, "shipments", 0, "carrierName"))
	require.Equal(t, items[0], dig(got, "items", 0, "itemValidationStatusResponse", "returnedItemId"))
}

func TestExchange(t *testing.T) {
	b := newBench(t, Options{})
	id, _, err := b.CreateRMA(testShop, RMASpec{OrderID: "7001", Items: []ItemSpec{{LineID: "8001", Resolution: "InstantVariantExchange"}, {LineID: "8002"}}})
	b.must(err)
	_, got := b.call("GET", "/rma/"+id, nil)
	require.Empty(t, got["exchangeOrders"])
	require.Equal(t, "TEE", dig(got, "items", 0, "exchangeItems", 0, "sku"))
	require.Empty(t, dig(got, "items", 1, "exchangeItems"))
	b.must(b.Approve(id))
	_, got = b.call("GET", "/rma/"+id, nil)
	require.Equal(t, map[string]any{"draftOrderId": "draft-" + id, "orderId": "", "orderName": "", "type": "Exchange"}, dig(got, "exchangeOrders", 0))
}

// TestInspectorsDetails: a person at the dashboard leaves name and e-mail, a warehouse system its name.
func TestInspectorsDetails(t *testing.T) {
	b := newBench(t, Options{})
	id, items := b.at(Received)
	b.must(b.Validate(id, []ItemValidation{{ItemID: items[0]}, {ItemID: items[1], By: "Acme WMS", ThirdParty: "Acme WMS"}}))
	_, got := b.call("GET", "/rma/"+id, nil)
	require.Equal(t, staffEmail, dig(got, "items", 0, "itemValidationStatusResponse", "userDetails", "userEmailAddress"))
	require.Nil(t, dig(got, "items", 1, "itemValidationStatusResponse", "userDetails"))
}

func TestIncludeMedia(t *testing.T) {
	b := newBench(t, Options{})
	id, _ := b.tees(AnyCarrier)
	_, got := b.call("GET", "/rma/"+id+"?includeMedia=true", nil)
	require.NotEmpty(t, dig(got, "items", 0, "followUpQuestions", 2, "answer", "mediaAnswer", 0, "tempDownloadUrl"))
	status, _ := b.call("GET", "/rma/"+id+"?includeMedia=yes", nil)
	require.Equal(t, 400, status)
}

func TestAmounts(t *testing.T) {
	for text, want := range map[string]Amount{"24.99": "24.99", "12.00": "12", "24.90": "24.9", "": "0", "100": "100", "0.0001": "0.0001"} {
		got, err := ParseAmount(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"1e3", "1/2", "-1", "abc", "1.23456"} {
		_, err := ParseAmount(text)
		require.Error(t, err, text)
	}
	require.Equal(t, Amount("0.3"), sum("0.1", "0.2"))
}
