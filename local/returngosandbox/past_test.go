package returngosandbox

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// cached is what the three reads say of one RMA.
type cached struct {
	found                        int
	status, inspected, shipment  any
	listed                       bool
	transactions                 []any
	transaction, comment, parcel any
}

func (b *bench) cached(id string) cached {
	b.t.Helper()
	var got cached
	status, rma := b.call("GET", "/rma/"+id, nil)
	got.found = status
	if status == 200 {
		got.status = dig(rma, "rmaSummary", "status")
		got.inspected = dig(rma, "items", 0, "itemValidationStatusResponse", "lastValidationDate")
		got.shipment = dig(rma, "shipments", 0, "status")
		got.parcel = dig(rma, "shipments", 0, "trackingNumber")
		got.comment = dig(rma, "comments", 0, "htmlText")
		for _, one := range rma["transactions"].([]any) {
			got.transactions = append(got.transactions, dig(one, "status"))
		}
	}
	_, list := b.call("GET", "/rmas?pagesize=500&status=Approved,Received,Validated,Done", nil)
	got.listed = len(listedIDs(list)) > 0
	_, list = b.call("GET", "/transactions?pagesize=500", nil)
	if rows := list["transactions"].([]any); len(rows) > 0 {
		got.transaction = dig(rows[0], "status")
	}
	return got
}

// Every change that people or the API make is unseen for as long as reads are
// behind, and then seen as it was.
func TestReadsBehind(t *testing.T) {
	b := newBench(t, Options{})
	var id, transaction string
	var items []string
	put := func(path string, body any) {
		status, _ := b.call("PUT", path, body)
		require.Equal(t, 200, status)
	}
	steps := []func(){
		func() { id, items = b.tees(AnyCarrier) },
		func() { b.must(b.Approve(id)) },
		func() { b.must(b.Label(id, "https://labels.example/1.pdf", "T1")) },
		func() { put("/shipment/"+b.rma(id).Shipments[0].ID, obj{"status": Shipped, "trackingNumber": "T2"}) },
		func() { b.must(b.Receive(id)) },
		func() {
			b.must(b.Validate(id, []ItemValidation{{ItemID: items[0], Returned: true}, {ItemID: items[1]}}))
		},
		func() {
			var err error
			transaction, err = b.RequestRefund(id, items[:1], "")
			b.must(err)
		},
		func() { b.must(b.SettleRefund(transaction, false, "")) },
		func() { put("/transaction/"+transaction, obj{"status": Success, "externalReferenceId": "ours"}) },
		func() { put("/rma/"+id+"/status", obj{"status": Done}) },
		func() {
			status, _ := b.call("POST", "/rma/"+id+"/comment", obj{"htmlText": "[sync:1]"})
			require.Equal(t, 201, status)
		},
	}
	before := cached{found: 404}
	for i, step := range steps {
		b.ReadsBehind(30 * time.Second)
		step()
		if i > 0 {
			require.Equal(t, before, b.cached(id), "step %d is not seen", i)
		} else {
			require.Equal(t, 404, b.cached(id).found, "the RMA is not there yet")
		}
		b.pass(30 * time.Second)
		old := b.cached(id)
		b.ReadsBehind(0)
		before = b.cached(id)
		require.Equal(t, before, old, "step %d is seen after its time", i)
	}
	require.Equal(t, cached{found: 200, status: Done, inspected: before.inspected, shipment: Validated, listed: true,
		transactions: []any{Success}, transaction: Success, comment: "[sync:1]", parcel: "T2"}, before)
}

// A write acts on what is, not on what reads show.
func TestWritesAreNotBehind(t *testing.T) {
	b := newBench(t, Options{})
	id, items := b.at(Received)
	transaction, err := b.RequestRefund(id, items, "")
	b.must(err)
	b.pass(time.Minute)
	b.ReadsBehind(time.Minute)
	b.must(b.SettleRefund(transaction, true, "theirs"))
	require.Equal(t, Requested, dig(b.read(id), "transactions", 0, "status"))
	status, _ := b.call("PUT", "/transaction/"+transaction, obj{"status": Failed})
	require.Equal(t, 400, status)
}

// Only so many earlier forms are kept; the youngest of them stay.
func TestEarlierFormsAreLimited(t *testing.T) {
	b := newBench(t, Options{})
	id, _ := b.at(Approved)
	for range pastLimit + 10 {
		b.keep(b.rmas[id])
	}
	require.Len(t, b.past.owners, pastLimit)
	require.Len(t, b.past.of[id], pastLimit)
}

// Events and reads that disagree: ReturnGO has no event for a transaction that
// failed, nor for an inspection (contract 4), so somebody has to send it.
func TestEventsThatDisagreeWithReads(t *testing.T) {
	b := newBench(t, Options{})
	r := newReceiver(t)
	id, items := b.at(Done)
	b.listen(r.URL, eventNames...)
	last := func() map[string]any {
		b.Tick()
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.got[len(r.got)-1]
	}
	inspect := func(restockable bool) {
		b.must(b.Validate(id, []ItemValidation{{ItemID: items[0], Returned: true, Restockable: restockable}, {ItemID: items[1]}}))
	}
	inspect(true)
	b.pass(time.Hour)

	// A transaction newer than the inspection, which says "not returned".
	transaction, err := b.RequestRefund(id, items[1:], "")
	b.must(err)
	require.Equal(t, "REFUND_CREATED", last()["eventName"])
	unit, paid := b.rma(id).Items[1].Validation, b.rma(id).Transactions[0]
	require.False(t, unit.Returned)
	require.True(t, paid.CreatedAt.After(unit.At))

	// It fails after it was requested: reads do not show it yet, the event does.
	b.pass(time.Minute)
	b.ReadsBehind(30 * time.Second)
	b.must(b.Notify(Notice{Event: "TRANSACTION_CREATED", TransactionID: transaction, Status: Failed}))
	require.Equal(t, Failed, last()["status"])
	b.must(b.SettleRefund(transaction, false, ""))
	require.Equal(t, Requested, b.cached(id).transaction)
	b.ReadsBehind(0)

	// An inspection changed after Done, and the event of Done once more.
	sent := len(r.names())
	inspect(false)
	b.Tick()
	require.Len(t, r.names(), sent, "by itself nothing tells of it")
	b.must(b.Notify(Notice{Event: "RMA_STATUS_UPDATED", RMAID: id}))
	require.Equal(t, []any{"RMA_STATUS_UPDATED", Done, id}, []any{last()["eventName"], last()["status"], last()["rmaId"]})
	require.False(t, b.rma(id).Items[0].Validation.Restockable)

	b.must(b.Notify(Notice{Event: "RMA_STATUS_UPDATED", RMAID: id, Status: Canceled}))
	require.Equal(t, Canceled, last()["status"])
	require.Equal(t, Done, b.rma(id).Status, "an event changes nothing")
	b.must(b.Notify(Notice{Event: "SHIPMENT_STATUS_UPDATED", RMAID: id, Status: Shipped}))
	require.Equal(t, Shipped, last()["status"])
	b.must(b.Notify(Notice{Event: "REFUND_CREATED", TransactionID: transaction}))
	require.Equal(t, id, last()["rmaId"])
	require.Error(t, b.Notify(Notice{Event: "ITEM_VALIDATED", RMAID: id}))
	require.Error(t, b.Notify(Notice{Event: "TRANSACTION_CREATED", RMAID: id}))
	require.Error(t, b.Notify(Notice{Event: "RMA_CREATED", RMAID: "1"}))
}
