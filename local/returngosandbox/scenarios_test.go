package returngosandbox

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The scenario checks at the end of contract section 6, told over the wire.
// Those told elsewhere: validation after Done and cancel, then reopen
// (lifecycle_test.go); 429 by day quota (access_test.go).

func (b *bench) read(id string) map[string]any {
	b.t.Helper()
	status, got := b.call("GET", "/rma/"+id, nil)
	require.Equal(b.t, 200, status)
	return got
}

func TestTwoUnitLineHalfReturned(t *testing.T) {
	b := newBench(t, Options{})
	id, items := b.at(Received)
	b.must(b.Validate(id, []ItemValidation{{ItemID: items[0], Returned: true, Restockable: true}, {ItemID: items[1], Reason: "Not in parcel"}}))
	got := b.read(id)
	require.Equal(t, dig(got, "items", 0, "shopLineItemId"), dig(got, "items", 1, "shopLineItemId"), "one line, two entries")
	require.Equal(t, true, dig(got, "items", 0, "itemValidationStatusResponse", "isReturned"))
	require.Equal(t, false, dig(got, "items", 1, "itemValidationStatusResponse", "isReturned"))
	require.NotNil(t, dig(got, "items", 1, "itemValidationStatusResponse", "lastValidationDate"))
	require.Equal(t, Validated, dig(got, "rmaSummary", "status"))
}

func TestRefundBelowItemTotal(t *testing.T) {
	b := newBench(t, Options{})
	id, items := b.at(Received)
	_, err := b.RequestRefund(id, items, "40.01")
	b.must(err)
	got := b.read(id)
	require.InDelta(t, 40.01, dig(got, "transactions", 0, "amount", "amount"), 0)
	require.InDelta(t, 24.99, dig(got, "items", 0, "paidPrice", "amount"), 0, "the units keep their price")
}

func TestFailedThenNewTransaction(t *testing.T) {
	b := newBench(t, Options{})
	id, items := b.at(Received)
	first, err := b.RequestRefund(id, items[:1], "")
	b.must(err)
	b.must(b.SettleRefund(first, false, ""))
	second, err := b.RequestRefund(id, items[:1], "")
	b.must(err)
	status, _ := b.call("PUT", "/transaction/"+second, obj{"status": Success, "externalReferenceId": "4035"})
	require.Equal(t, 200, status)
	got := b.read(id)
	require.Equal(t, Failed, dig(got, "transactions", 0, "status"))
	require.Nil(t, dig(got, "transactions", 0, "externalReferenceId"))
	require.Equal(t, "4035", dig(got, "transactions", 1, "externalReferenceId"))
	require.Equal(t, dig(got, "transactions", 0, "returnItemIds"), dig(got, "transactions", 1, "returnItemIds"))
}

func TestLostWebhookIsFoundBySweep(t *testing.T) {
	b := newBench(t, Options{})
	r := newReceiver(t)
	id, _ := b.at(Approved)
	b.listen(r.URL, eventNames...)
	b.SetWebhookFaults(WebhookFaults{Loss: 1})
	b.pass(time.Hour)
	since := b.stamp().Format("2006-01-02T15:04:05")
	b.must(b.Receive(id))
	b.Tick()
	require.Empty(t, r.names())
	_, got := b.call("GET", "/rmas?pagesize=500&status=Received,Validated", nil)
	require.Equal(t, []string{id}, listedIDs(got), "by status")
	_, got = b.call("GET", "/rmas?pagesize=500&rma_updated_at=gte:"+since, nil)
	require.Empty(t, listedIDs(got), "but not by time (contract 3.8)")
}

func TestWriteWhoseAnswerIsLost(t *testing.T) {
	b := newBench(t, Options{})
	id, items := b.at(Received)
	refund, err := b.RequestRefund(id, items, "")
	b.must(err)
	b.must(b.AddFault(Fault{Endpoint: "transaction/update", Kind: FaultDropAfterWrite}))
	report := obj{"status": Success, "externalReferenceId": "ours"}
	_, _, err = b.try("PUT", "/transaction/"+refund, report, nil)
	require.Error(t, err)
	require.Equal(t, Success, dig(b.read(id), "transactions", 0, "status"), "a read tells")
	status, _ := b.call("PUT", "/transaction/"+refund, report)
	require.Equal(t, 200, status, "and a repeat does no harm")
	writes := b.Books().Writes
	require.Equal(t, []bool{true, false}, []bool{writes[0].Changed, writes[1].Changed})
}

func TestUnlinkedOrder(t *testing.T) {
	b := newBench(t, Options{})
	b.must(b.AddOrder(testShop, Order{ID: "9001", Name: "#1001", Currency: "GBP", Fulfilled: true, Lines: []Line{{ID: "1", SKU: "TEE", Quantity: 1, UnitPrice: "5"}}}))
	id, _, err := b.CreateRMA(testShop, RMASpec{OrderID: "9001", Items: []ItemSpec{{LineID: "1"}}})
	b.must(err)
	require.Equal(t, map[string]any{"orderId": "9001", "order_name": "#1001"}, b.read(id)["orderDetails"], "nothing else names an order (contract 5)")
}

func TestCurrencyMismatch(t *testing.T) {
	b := newBench(t, Options{})
	id, items := b.at(Received)
	_, err := b.RequestTransaction(id, TransactionSpec{ItemIDs: items, Currency: "EUR"})
	b.must(err)
	got := b.read(id)
	require.Equal(t, "EUR", dig(got, "transactions", 0, "amount", "currency"))
	require.Equal(t, "GBP", dig(got, "items", 0, "paidPrice", "currency"))
}
