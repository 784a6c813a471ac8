package returngosandbox

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTransactionMovesByAPI(t *testing.T) {
	put := map[string]int{ // "from to": status, for what contract 2.11 allows; all else is 400
		"Requested Requested": 200, "Requested Success": 200, "Requested Failed": 200,
		"Failed Failed": 200, "Failed Success": 200, "Success Success": 200, "Canceled Canceled": 200,
	}
	bring := map[string]func(b *bench, id string) error{
		Requested: func(*bench, string) error { return nil },
		Success:   func(b *bench, id string) error { return b.SettleRefund(id, true, "theirs") },
		Failed:    func(b *bench, id string) error { return b.SettleRefund(id, false, "") },
		Canceled:  func(b *bench, id string) error { return b.CancelTransaction(id) },
	}
	for from, act := range bring {
		for _, to := range []string{Requested, Success, Failed, Canceled, "Paid", ""} {
			t.Run(from+" to "+to, func(t *testing.T) {
				b := newBench(t, Options{})
				rmaID, items := b.tees(AnyCarrier)
				id, err := b.RequestRefund(rmaID, items, "")
				b.must(err)
				b.must(act(b, id))
				before := b.rma(rmaID)
				b.pass(time.Minute)
				want := put[from+" "+to]
				if want == 0 {
					want = 400
				}
				status, _ := b.call("PUT", "/transaction/"+id, obj{"status": to, "externalReferenceId": "ours", "externalReferenceType": "PlatformRefundId"})
				require.Equal(t, want, status)
				after := b.rma(rmaID)
				if want == 400 || from == to {
					require.Equal(t, before, after, "nothing moves, the reference included")
					return
				}
				settled := after.Transactions[0]
				require.Equal(t, to, settled.Status)
				require.Equal(t, "ours", settled.Reference)
				require.Equal(t, b.stamp(), settled.LastUpdated)
				require.Equal(t, map[string]string{Success: "system", Failed: "error"}[to], after.Comments[0].Type)
				require.Equal(t, before.LastUpdated, after.LastUpdated)
			})
		}
	}
}

func TestTransactionRefusals(t *testing.T) {
	b := newBench(t, Options{})
	rmaID, items := b.tees(AnyCarrier)
	id, err := b.RequestRefund(rmaID, items, "")
	b.must(err)
	require.Equal(t, Amount("49.98"), b.rma(rmaID).Transactions[0].Amount, "the sum of the units' prices")
	status, _ := b.call("PUT", "/transaction/1", obj{"status": Success})
	require.Equal(t, 404, status)
	status, _ = b.call("PUT", "/transaction/"+id, obj{"status": Success, "amount": 1})
	require.Equal(t, 400, status)
	status, _ = b.call("PUT", "/transaction/"+id, obj{"status": Success, "externalReferenceId": 5})
	require.Equal(t, 400, status)
	resp, _, err := b.try("PUT", "/transaction/"+id, obj{"status": Success}, map[string]string{"x-shop-name": otherShop})
	b.must(err)
	require.Equal(t, 404, resp.StatusCode)
	require.Equal(t, Requested, b.rma(rmaID).Transactions[0].Status)
	_, err = b.RequestRefund(rmaID, []string{"1"}, "")
	require.Error(t, err)
}

func TestKindsOfReferences(t *testing.T) {
	for kind, want := range map[string]string{"": "PlatformRefundId", "RefundToStoreCredit": "StoreCreditCode", "InvoicePayment": "InvoicePaymentId"} {
		b := newBench(t, Options{})
		rmaID, items := b.tees(AnyCarrier)
		id, err := b.RequestTransaction(rmaID, TransactionSpec{ItemIDs: items, Type: kind})
		b.must(err)
		b.must(b.SettleRefund(id, true, "R1"))
		require.Equal(t, want, dig(b.read(rmaID), "transactions", 0, "externalReferenceType"))
	}
}

func TestBooksAreCopies(t *testing.T) {
	b := newBench(t, Options{})
	id, items := b.at(Validated)
	_, err := b.RequestRefund(id, items, "")
	b.must(err)
	r := b.Books().RMAs[id]
	r.Items[0].Validation.Returned = false
	r.Transactions[0].ItemIDs[0] = "x"
	r.Comments[0].HTML = "x"
	fresh := b.rma(id)
	require.True(t, fresh.Items[0].Validation.Returned)
	require.Equal(t, items, fresh.Transactions[0].ItemIDs)
	require.NotEqual(t, "x", fresh.Comments[0].HTML)
}
