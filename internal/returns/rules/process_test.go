package rules

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

func unlinked(name string) change {
	return func(f *Facts) {
		f.Record.OrderID, f.Record.Order, f.Record.TikTokReadAt, f.Record.RMA.OrderName = "", nil, time.Time{}, name
	}
}

func TestLinking(t *testing.T) {
	t.Parallel()
	notOurs := policy(func(p *Policy) { p.TikTokRules = []string{"TikTok UK"} })
	play(t, []scene{
		{"the RMA is not read yet", setup(1, func(f *Facts) { f.Record.RMA = nil }), want{acts: []string{"look-returngo"}}},
		{"by the pattern on the order name", setup(1, unlinked("#TT "+orderID)), want{acts: []string{"look-tiktok"}}},
		{"by the link table, whatever the name says", setup(1, func(f *Facts) { f.Record.RMA.OrderName = "#1001" }), want{}},
		{"two order numbers in the name", setup(1, unlinked(orderID+" and 576000000000000002")), want{kinds: []returns.Kind{returns.UnlinkedOrder}}},
		{"no order number in the name", setup(1, unlinked("#1001")), want{kinds: []returns.Kind{returns.UnlinkedOrder}}},
		{"TikTok knows no such order", setup(1, func(f *Facts) { f.Record.Order = nil }), want{kinds: []returns.Kind{returns.UnlinkedOrder}}},
		{"a person says it is not ours", setup(1, unlinked("#1001"), answer(returns.UnlinkedOrder, returns.AnswerNotOurs)), want{closed: true}},
		{"a person handled it", setup(1, unlinked("#1001"), answer(returns.UnlinkedOrder, returns.AnswerHandledManually)), want{closed: true}},
		{"cancelled before it was linked", setup(1, unlinked("#1001"), rma(returns.RMACanceled)), want{closed: true}},
		{"another sales channel", setup(1, unlinked("#1001"), notOurs), want{closed: true}},
		{"our sales channel", setup(1, unlinked("#1001"), notOurs, item(1, func(i *returns.RMAItem) { i.PolicyRule = "TikTok UK" })), want{kinds: []returns.Kind{returns.UnlinkedOrder}}},
	})
}

func TestPairing(t *testing.T) {
	t.Parallel()
	one := func(f *Facts) {
		f.Record.RMA.Items, f.Record.RMA.Transactions = f.Record.RMA.Items[:1], f.Record.RMA.Transactions[:1]
	}
	tests := []struct {
		name  string
		given Facts
		want  map[string]returns.UnitID
		kinds []returns.Kind
	}{
		{"each item its SKU", setup(2), map[string]returns.UnitID{"I1": "L1", "I2": "L2"}, nil},
		{"a case first", setup(2, oneSKU, one, buyerReturn("R1", returns.TikTokAwaitingShip, 2)), map[string]returns.UnitID{"I1": "L2"}, nil},
		{"then the price", setup(2, oneSKU, one, item(1, func(i *returns.RMAItem) { i.Paid = gbp("20.00") })), map[string]returns.UnitID{"I1": "L2"}, nil},
		{"an ended case counts nothing", setup(2, oneSKU, one, buyerReturn("R1", returns.TikTokCancelled, 2)), map[string]returns.UnitID{"I1": "L1"}, nil},
		{"fixed by an effect, whatever comes later", setup(2, oneSKU, one, passed(1), stock("L1", returns.RestockProven, ""), buyerReturn("R1", returns.TikTokAwaitingShip, 2)),
			map[string]returns.UnitID{"I1": "L1"}, []returns.Kind{returns.UnitMismatch}}, // one came back, and TikTok has a case on the other
		{"not the unit of another RMA", setup(2, oneSKU, one, heldBy("9002", "L1")), map[string]returns.UnitID{"I1": "L2"}, nil},
		{"more items than lines", setup(2, oneSKU, func(f *Facts) { f.Record.Order.Lines = f.Record.Order.Lines[:1] }), map[string]returns.UnitID{"I1": "L1"}, []returns.Kind{returns.UnitMismatch}},
		{"the only line is another RMA's", setup(1, heldBy("9002", "L1")), map[string]returns.UnitID{}, []returns.Kind{returns.UnitMismatch}},
		{"an SKU that was not sold", setup(1, item(1, func(i *returns.RMAItem) { i.SKU = "OTHER" })), map[string]returns.UnitID{}, []returns.Kind{returns.SKUNotInOrder}},
		{"part of a bundle", setup(1, item(1, func(i *returns.RMAItem) { i.SKU = "PART" }), order(func(o *returns.Order) {
			o.Lines[0].Parts = []returns.BundlePart{{SellerSKU: "PART", Count: 2}}
		})), map[string]returns.UnitID{}, []returns.Kind{returns.BundleWithoutRule}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := Decide(tt.given)
			require.Equal(t, tt.want, pairs(d))
			require.Equal(t, tt.kinds, kinds(d))
		})
	}
}

func TestGates(t *testing.T) {
	t.Parallel()
	const pay = "exact-seller-refund L1 10.00"
	ask := payable("10.00", "L1")
	inStock := stock("L1", returns.RestockProven, "")
	play(t, []scene{
		{"validated: not inspected", setup(1, ask), want{}},
		{"validated: passed", setup(1, ask, passed(1), inStock), want{acts: []string{pay}}},
		{"validated: back, but not to be sold", setup(1, ask, unsellable(1)), want{acts: []string{pay}}},
		{"validated: not in the parcel", setup(1, ask, notInParcel(1), takenBack(1)), want{closed: true}},
		{"validated: nothing to send back", setup(1, ask, rma(returns.RMAApproved), noShipment(1)), want{acts: []string{pay}}},
		{"validated: RMA pending", setup(1, ask, rma(returns.RMAPending), passed(1), inStock), want{}},
		{"approved: before the parcel", setup(1, ask, gate(GateApproved), rma(returns.RMAApproved)), want{acts: []string{pay}}},
		{"approved: RMA pending", setup(1, ask, gate(GateApproved), rma(returns.RMAPending)), want{}},
		{"transaction: there is one", setup(1, ask, gate(GateTransaction)), want{acts: []string{pay}}},
		{"transaction: there is none", setup(1, ask, gate(GateTransaction), noTransactions, passed(1), inStock), want{}},
		{"done: not yet", setup(1, ask, gate(GateDone), passed(1), inStock), want{}},
		{"done", setup(1, ask, gate(GateDone), rma(returns.RMADone), passed(1), inStock), want{acts: []string{pay}}},
		{"one lost unit does not block the other", setup(2, ask, passed(1), inStock, notInParcel(2)), want{acts: []string{pay}, kinds: []returns.Kind{returns.RefundContradicted}}},
		{"one unit still to inspect does not block the other", setup(2, ask, passed(1), inStock), want{acts: []string{pay}}},
	})
}

func TestAuthorisedValue(t *testing.T) {
	t.Parallel()
	ready := together(passed(1), stock("L1", returns.RestockProven, ""), payable("10.00", "L1"))
	tx := func(c func(*returns.Transaction)) change { return transactionIs(1, c) }
	play(t, []scene{
		{"less than payable is paid exactly", setup(1, ready, tx(func(x *returns.Transaction) { x.Amount = gbp("7.35") })), want{acts: []string{"exact-seller-refund L1 7.35"}}},
		{"more than payable", setup(1, ready, tx(func(x *returns.Transaction) { x.Amount = gbp("10.01") })), want{kinds: []returns.Kind{returns.NotPayable}}},
		{"two live transactions", setup(1, ready, transaction("T9", returns.TransactionRequested, "10.00", "I1")), want{kinds: []returns.Kind{returns.AuthorisedTwice}}},
		{"failed, then a new one", setup(1, ready, tx(func(x *returns.Transaction) { x.Status = returns.TransactionFailed }), transaction("T9", returns.TransactionRequested, "8.00", "I1")),
			want{acts: []string{"exact-seller-refund L1 8.00"}}},
		{"settled by somebody else", setup(1, ready, tx(func(x *returns.Transaction) { x.Status = returns.TransactionSuccess })), want{kinds: []returns.Kind{returns.PaidInReturnGO}}},
		{"settled with a reference that is not TikTok's", setup(1, ready, tx(func(x *returns.Transaction) { x.Status, x.Reference = returns.TransactionSuccess, "re_1" })),
			want{kinds: []returns.Kind{returns.PaidInReturnGO}}},
		{"in another currency, and a case is open", setup(1, ready, buyerReturn("R1", returns.TikTokShipped, 1), tx(func(x *returns.Transaction) { x.Amount = money("10.00", "USD") })), want{kinds: []returns.Kind{returns.CurrencyMismatch}}},
		{"in another currency", setup(1, ready, tx(func(x *returns.Transaction) { x.Amount = money("10.00", "USD") })), want{kinds: []returns.Kind{returns.CurrencyMismatch}}},
		{"another may follow within the settle window", setup(1, ready, tx(func(x *returns.Transaction) { x.CreatedAt = noon.Add(-59 * time.Second) })), want{}},
		{"store credit is no authorisation", setup(1, ready, tx(func(x *returns.Transaction) { x.Type = "RefundToStoreCredit" }), item(1, func(i *returns.RMAItem) { i.Fees = "1.00" })),
			want{kinds: []returns.Kind{returns.NoAuthorisedAmount}}},
		{"foreseen and payable agree", setup(1, ready, noTransactions), want{acts: []string{"exact-seller-refund L1 10.00"}}},
		{"foreseen with tax on top", setup(1, ready, noTransactions, item(1, func(i *returns.RMAItem) { i.Paid, i.PaidTax, i.TaxIncluded = gbp("8.00"), gbp("2.00"), false })),
			want{acts: []string{"exact-seller-refund L1 10.00"}}},
		{"foreseen less a fee", setup(1, ready, noTransactions, item(1, func(i *returns.RMAItem) { i.Fees = "1.00" })), want{kinds: []returns.Kind{returns.NoAuthorisedAmount}}},
		{"foreseen less a fee, Finance agreed", setup(1, ready, noTransactions, item(1, func(i *returns.RMAItem) { i.Fees = "1.00" }), policy(func(p *Policy) { p.PayExpected = true })),
			want{acts: []string{"exact-seller-refund L1 9.00"}}},
		{"foreseen less the cancellation fee", setup(1, ready, noTransactions, func(f *Facts) { f.Record.RMA.CancellationFee = "2.50" }, policy(func(p *Policy) { p.PayExpected = true })),
			want{acts: []string{"exact-seller-refund L1 7.50"}}},
		{"an unreadable fee", setup(1, ready, noTransactions, item(1, func(i *returns.RMAItem) { i.Fees = "one" }), policy(func(p *Policy) { p.PayExpected = true })),
			want{kinds: []returns.Kind{returns.NoAuthorisedAmount}}},
		{"one transaction over two units, only one came back", setup(2, ready, notInParcel(2), noTransactions, transaction("T9", returns.TransactionRequested, "15.00", "I1", "I2")),
			want{acts: []string{"exact-seller-refund L1 5.00"}, kinds: []returns.Kind{returns.RefundContradicted}}},
	})
}

func TestRefundsOfOneOrderGoOneByOne(t *testing.T) {
	t.Parallel()
	two := together(passed(1, 2), stock("L1", returns.RestockProven, ""), stock("L2", returns.RestockProven, ""), buyerReturn("R1", returns.TikTokShipped, 1), buyerReturn("R2", returns.TikTokShipped, 2))
	first := func(state returns.EffectState) change {
		return decision(returns.EffectRefund, returns.RouteConfirmParcel, "R1", state, "10.00", "L1")
	}
	const one, other = "confirm-parcel R1 10.00", "confirm-parcel R2 20.00"
	play(t, []scene{
		{"the first", setup(2, two), want{acts: []string{one}}},
		{"then the second, though the money has not moved", setup(2, two, first(returns.EffectApplied), caseIs(1, func(t *returns.TikTokReturn) { t.Status = returns.TikTokApproved })), want{acts: []string{other}}},
		{"not while the first may still be answered", setup(2, two, first(returns.EffectClaimed), effectIs(1, func(e *returns.Effect) { e.ClaimUntil = noon.Add(time.Second) })), want{}},
		{"one that keeps being impossible holds nobody up", setup(2, two, first(returns.EffectIntent), effectIs(1, func(e *returns.Effect) { e.Reason, e.Note = returns.ReasonUnavailable, "25001028" })), want{acts: []string{one, other}}},
	})
}

func TestSellerRefund(t *testing.T) {
	t.Parallel()
	ready := together(passed(1), stock("L1", returns.RestockProven, ""))
	ask := payable("10.00", "L1")
	const pay = "exact-seller-refund L1 10.00"
	aged := func(d time.Duration) change {
		return effectIs(1, func(e *returns.Effect) {
			e.IntentAt = noon.Add(-d)
			e.ClaimedAt, e.ClaimUntil = e.IntentAt, e.IntentAt.Add(time.Minute)
		})
	}
	play(t, []scene{
		{"TikTok is asked first", setup(1, ready), want{acts: []string{"look-tiktok"}}},
		{"an old answer is asked again", setup(1, ready, ask, func(f *Facts) { f.Record.Payable.At = noon.Add(-2 * time.Minute) }), want{acts: []string{"look-tiktok"}}},
		{"an answer from the future is asked again", setup(1, ready, ask, func(f *Facts) { f.Record.Payable.At = noon.Add(time.Minute) }), want{acts: []string{"look-tiktok"}}},
		{"an answer to the last read counts, whatever its time", setup(1, ready, ask, func(f *Facts) {
			f.Record.Payable.At, f.Record.Payable.Read, f.Record.TikTokRead = noon.Add(-2*time.Minute), 7, 7
		}), want{acts: []string{pay}}},
		{"an answer about other units is asked again", setup(1, ready, payable("10.00", "L2")), want{acts: []string{"look-tiktok"}}},
		{"exact", setup(1, ready, ask), want{acts: []string{pay}}},
		{"payable in another currency", setup(1, ready, ask, func(f *Facts) { f.Record.Payable.Amount = money("10.00", "USD") }), want{kinds: []returns.Kind{returns.CurrencyMismatch}}},
		{"no reason mapped", setup(1, ready, ask, policy(func(p *Policy) { p.ReasonKeys = nil })), want{kinds: []returns.Kind{returns.ReasonUnmapped}}},
		{"not eligible", setup(1, ready, notEligible("closed", "L1")), want{kinds: []returns.Kind{returns.NothingPayable}}},
		{"not eligible after a withdrawal", setup(1, ready, notEligible("closed", "L1"), buyerReturn("R1", returns.TikTokCancelled, 1)), want{kinds: []returns.Kind{returns.ClosedParcelComing}}},
		{"the order is completed", setup(1, ready, ask, order(func(o *returns.Order) { o.Status = returns.OrderCompleted })), want{kinds: []returns.Kind{returns.NothingPayable}}},
		{"switched off", setup(1, ready, ask, policy(func(p *Policy) { p.Switches.Refund = false })), want{}},
		{"paused", setup(1, ready, ask, paused), want{}},
		{"decided, not sent", setup(1, ready, ask, sellerRefund(returns.EffectIntent, "10.00", "L1")), want{acts: []string{pay}}},
		{"sent, the answer may still come", setup(1, ready, ask, sellerRefund(returns.EffectClaimed, "10.00", "L1"), aged(30*time.Second)), want{}},
		{"sent, not quiet long enough", setup(1, ready, ask, sellerRefund(returns.EffectClaimed, "10.00", "L1"), aged(119*time.Second)), want{}},
		{"sent, quiet for two minutes: once more, same key", setup(1, ready, ask, sellerRefund(returns.EffectClaimed, "10.00", "L1"), aged(2*time.Minute)), want{acts: []string{pay}}},
		{"sent, nothing known after a day", setup(1, ready, ask, sellerRefund(returns.EffectClaimed, "10.00", "L1"), aged(24*time.Hour)), want{kinds: []returns.Kind{returns.OutcomeUnclear}}},
		{"lost, and authorised otherwise by now", setup(1, ready, ask, sellerRefund(returns.EffectIntent, "9.00", "L1"), effectIs(1, func(e *returns.Effect) { e.Reason = returns.ReasonLost })),
			want{kinds: []returns.Kind{returns.OutcomeUnclear}}},
		{"taken", setup(1, ready, ask, sellerRefund(returns.EffectApplied, "10.00", "L1")), want{}},
		{"refused", setup(1, ready, ask, sellerRefund(returns.EffectVoid, "10.00", "L1")), want{kinds: []returns.Kind{returns.EffectRefused}}},
		{"refused, retried by a person", setup(1, ready, ask, sellerRefund(returns.EffectVoid, "10.00", "L1"), answer(returns.EffectRefused, returns.AnswerRetry)), want{acts: []string{pay}}},
		{"refused again after that retry", setup(1, ready, ask, sellerRefund(returns.EffectVoid, "10.00", "L1"), answer(returns.EffectRefused, returns.AnswerRetry),
			effectIs(1, func(e *returns.Effect) { e.IntentAt = noon.Add(-time.Second) })), want{kinds: []returns.Kind{returns.EffectRefused}}},
		{"accepted for what was shown", setup(1, ready, payable("9.00", "L1"), answer(returns.NotPayable, returns.AnswerAcceptPayable, "9.00")), want{acts: []string{"exact-seller-refund L1 9.00"}}},
		{"accepted, but TikTok says less by now", setup(1, ready, payable("8.00", "L1"), answer(returns.NotPayable, returns.AnswerAcceptPayable, "9.00")), want{kinds: []returns.Kind{returns.NotPayable}}},
		{"do not refund", setup(1, ready, payable("9.00", "L1"), answer(returns.NotPayable, returns.AnswerDoNotRefund)), want{closed: true}},
		{"an amount for two transactions", setup(1, ready, ask, transaction("T9", returns.TransactionRequested, "9.00", "I1"), answer(returns.AuthorisedTwice, returns.AnswerSetAmount, "9.50")),
			want{acts: []string{"exact-seller-refund L1 9.50"}}},
	})
}

func TestRefundsMadeElsewhere(t *testing.T) {
	t.Parallel()
	paidBy := func(id string) change { return tiktokCase(id, returns.TypeRefund, returns.TikTokPaid, 1) }
	inStock := together(passed(1), stock("L1", returns.RestockProven, ""))
	play(t, []scene{
		{"quick refund, the goods still under way", setup(1, paidBy("R1")), want{}},
		{"same value", setup(1, inStock, paidBy("R1")), want{acts: []string{"set-transaction T1"}}},
		{"same value, and the goods to put back", setup(1, passed(1), paidBy("R1")), want{acts: []string{"restock L1→WH-1", "set-transaction T1"}}},
		{"another value", setup(1, inStock, paidBy("R1"), tiktokPays(1, "8.00")), want{acts: []string{"comment refund-R1"}, kinds: []returns.Kind{returns.RefundDiffers}}},
		{"twice", setup(1, inStock, paidBy("R1"), paidBy("R2")), want{acts: []string{"set-transaction T1"}, kinds: []returns.Kind{returns.PaidTwice}}},
		{"twice, seen by Finance", setup(1, settled("R1", 1), paidBy("R2"), answer(returns.PaidTwice, returns.AnswerAcknowledge)), want{closed: true}},
		{"paid, then cancelled in ReturnGO", setup(1, settled("R1", 1), rma(returns.RMACanceled)), want{kinds: []returns.Kind{returns.ReversedAfterRefund}}},
	})
}

func TestRestock(t *testing.T) {
	t.Parallel()
	where := func(place string) change { return item(1, func(i *returns.RMAItem) { i.Inspection.Location = place }) }
	only := together(gate(GateDone), passed(1))
	play(t, []scene{
		{"not inspected", setup(1, gate(GateDone)), want{}},
		{"each unit by its own inspection", setup(3, gate(GateDone), passed(1), unsellable(2)), want{acts: []string{"restock L1→WH-1"}}},
		{"what did not come back, whatever else is said of it", setup(1, gate(GateDone), notInParcel(1), takenBack(1), item(1, func(i *returns.RMAItem) { i.Inspection.Restockable = true })), want{closed: true}},
		{"by the place of inspection", setup(1, only, where("loc"), policy(func(p *Policy) { p.Warehouses = map[string]string{"loc": "WH-9"} })), want{acts: []string{"restock L1→WH-9"}}},
		{"by the order", setup(1, only, policy(func(p *Policy) { p.UseOrderWarehouse = true })), want{acts: []string{"restock L1→WH-ORDER"}}},
		{"by the package", setup(1, only, policy(func(p *Policy) { p.UseOrderWarehouse = true }), order(func(o *returns.Order) { o.Lines[0].WarehouseID = "WH-SENT" })), want{acts: []string{"restock L1→WH-SENT"}}},
		{"no warehouse", setup(1, only, policy(func(p *Policy) { p.DefaultWarehouse = "" })), want{kinds: []returns.Kind{returns.WarehouseUnmapped}}},
		{"TikTok's own stock", setup(1, only, order(func(o *returns.Order) { o.Fulfillment = returns.FulfilledByTikTok })), want{}},
		{"in the queue", setup(1, only, stock("L1", returns.RestockOwed, "")), want{}},
		{"refused by TikTok", setup(1, only, stock("L1", returns.RestockOwed, returns.StockRefused)), want{kinds: []returns.Kind{returns.StockRefused}}},
		{"not proven", setup(1, only, stock("L1", returns.RestockWritten, returns.StockUnproven)), want{kinds: []returns.Kind{returns.StockUnproven}}},
		{"in stock, and the inspection was changed", setup(1, gate(GateDone), unsellable(1), stock("L1", returns.RestockProven, "")), want{kinds: []returns.Kind{returns.StockOverstated}}},
		{"switched off", setup(1, only, policy(func(p *Policy) { p.Switches.Restock = false })), want{}},
	})
}

func TestWriteBack(t *testing.T) {
	t.Parallel()
	paid := together(passed(1), stock("L1", returns.RestockProven, ""), buyerReturn("R1", returns.TikTokPaid, 1))
	marked := func(f *Facts) { f.Record.RMA.Markers = []string{"refund-R1"} }
	done := policy(func(p *Policy) { p.SetDone = true })
	play(t, []scene{
		{"the transaction", setup(1, paid), want{acts: []string{"set-transaction T1"}}},
		{"sent, not seen yet", setup(1, paid, written(returns.RouteSetTransaction, "T1", "R1", returns.EffectClaimed), func(f *Facts) { f.Record.RMAReadAt = noon.Add(-time.Hour) }), want{}},
		{"read again: not done", setup(1, paid, written(returns.RouteSetTransaction, "T1", "R1", returns.EffectClaimed)), want{acts: []string{"set-transaction T1"}}},
		{"never twice", setup(1, settled("R1", 1)), want{closed: true}},
		{"a comment without a transaction", setup(1, paid, noTransactions), want{acts: []string{"comment refund-R1"}}},
		{"one comment", setup(1, paid, noTransactions, marked), want{closed: true}},
		{"a comment where values differ", setup(1, paid, tiktokPays(1, "9.00"), answer(returns.RefundDiffers, returns.AnswerAcknowledge)), want{acts: []string{"comment refund-R1"}}},
		{"done, if configured", setup(1, settled("R1", 1), done), want{acts: []string{"set-done " + rmaID}}},
		{"switched off keeps nothing open", setup(1, paid, policy(func(p *Policy) { p.Switches.WriteBack = false })), want{closed: true}},
	})
}

func TestClocks(t *testing.T) {
	t.Parallel()
	since := func(d time.Duration) change { return func(f *Facts) { f.Record.RMAStatusSince = noon.Add(-d) } }
	delivered := func(d time.Duration) change { return order(func(o *returns.Order) { o.DeliveredAt = noon.Add(-d) }) }
	day := 24 * time.Hour
	open := buyerReturn("R1", returns.TikTokPending, 1)
	tests := []struct {
		name  string
		given Facts
		wake  time.Time // the clock armed, if it is not due
		kinds []returns.Kind
	}{
		{"not sent yet", setup(1, rma(returns.RMAApproved), since(9*day)), noon.Add(day), nil},
		{"not sent in time", setup(1, rma(returns.RMAApproved), since(10*day)), noon.Add(18 * day), []returns.Kind{returns.NotShipped}},
		{"sent after all", setup(1, rma(returns.RMAApproved), since(10*day), func(f *Facts) {
			f.Record.RMA.Shipments = []returns.Shipment{{Status: returns.ShipmentShipped}}
		}), noon.Add(18 * day), nil},
		{"received, not inspected yet", setup(1, since(2*day)), noon.Add(day), nil},
		{"received, inspection overdue", setup(1, since(3*day)), noon.Add(18 * day), []returns.Kind{returns.InspectionOverdue}},
		{"inspected, not settled yet", setup(1, passed(1), gate(GateDone)), noon.Add(5*day - time.Hour), nil},
		{"inspected for too long", setup(1, passed(1), gate(GateDone), func(f *Facts) { f.Record.RMA.Items[0].Inspection.At = noon.Add(-5 * day) }), noon.Add(18 * day), []returns.Kind{returns.InspectedTooLong}},
		{"the order closes in five days", setup(1, gate(GateDone), delivered(25*day)), noon.Add(2 * day), []returns.Kind{returns.OrderClosing}},
		{"the order closes, but a case is open", setup(1, gate(GateDone), delivered(25*day), buyerReturn("R1", returns.TikTokAwaitingShip, 1)), noon.Add(2 * day), nil},
		{"the seller's deadline is far", setup(1, rma(returns.RMAPending), open), noon.Add(36 * time.Hour), nil},
		{"the seller's deadline is near", setup(1, rma(returns.RMAPending), open, deadline(1, noon.Add(12*time.Hour))), noon.Add(12*time.Hour + deadlineGrace), []returns.Kind{returns.SellerDeadline}},
		{"near and paused", setup(1, rma(returns.RMAPending), open, deadline(1, noon.Add(12*time.Hour)), paused), noon.Add(12*time.Hour + deadlineGrace), []returns.Kind{returns.SellerDeadline}},
		{"near, parked for another reason", setup(1, item(1, func(i *returns.RMAItem) { i.SKU = "OTHER" }), open, deadline(1, noon.Add(time.Hour))), noon.Add(time.Hour + deadlineGrace),
			[]returns.Kind{returns.SKUNotInOrder, returns.SellerDeadline}},
		{"near, but we are accepting", setup(1, open, deadline(1, noon.Add(time.Hour))), noon.Add(time.Hour + deadlineGrace), nil},
		{"passed an hour ago, TikTok has not said", setup(1, rma(returns.RMAPending), open, deadline(1, noon.Add(-time.Hour))), noon.Add(-time.Hour).Add(4096 * time.Second), []returns.Kind{returns.SellerDeadline}},
		{"approved, the money has not moved", setup(1, passed(1), stock("L1", returns.RestockProven, ""), buyerReturn("R1", returns.TikTokApproved, 1)), noon.Add(-3 * time.Hour).Add(5 * time.Minute << 6), nil},
		{"a platform does not answer", setup(1, func(f *Facts) {
			f.Trouble = []returns.Trouble{{Platform: returns.TikTok, Class: returns.TroubleUnreachable}}
		}), noon.Add(15 * time.Minute), []returns.Kind{returns.PlatformUnreachable}},
		{"a platform refuses us", setup(1, func(f *Facts) { f.Trouble = []returns.Trouble{{Platform: returns.ReturnGO, Class: "human"}} }), noon.Add(15 * time.Minute), []returns.Kind{returns.PlatformRefused}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := Decide(tt.given)
			require.Equal(t, tt.kinds, kinds(d))
			require.Equal(t, tt.wake, d.Plan.Wake.At, "wakes to %s", d.Plan.Wake.Why)
		})
	}
}

// No event is followed that says that a parcel was sent: before people are told
// that none was, ReturnGO is asked, once.
func TestNobodyIsToldOfAParcelThatWasNotLookedFor(t *testing.T) {
	t.Parallel()
	readAt := func(at time.Time) change {
		return together(rma(returns.RMAApproved), payable("10.00", "L1"), func(f *Facts) {
			f.Record.RMAStatusSince, f.Record.RMAReadAt = noon.Add(-10*24*time.Hour), at
		})
	}
	seen := answer(returns.NotShipped, returns.AnswerAcknowledge)
	play(t, []scene{
		{"last read before", setup(1, readAt(noon.Add(-time.Second))), want{acts: []string{"look-returngo"}}},
		{"read since", setup(1, readAt(noon)), want{kinds: []returns.Kind{returns.NotShipped}}},
		{"a person knows", setup(1, readAt(noon.Add(-time.Second)), seen), want{}},
	})
}

func TestTikTokReturnWithoutRMA(t *testing.T) {
	t.Parallel()
	alone := func(status string, changes ...change) Facts {
		return setup(1, append([]change{buyerReturn("R1", status, 1), func(f *Facts) {
			f.Key = returns.TikTokKey("R1")
			f.Record.RMA, f.Record.Order, f.Record.OrderID = nil, nil, ""
			f.Record.TikTokReturns[0].CreatedAt = noon.Add(-time.Hour)
		}}, changes...)...)
	}
	late := caseIs(1, func(r *returns.TikTokReturn) { r.CreatedAt = noon.Add(-2 * time.Hour) })
	play(t, []scene{
		{"not read yet", alone(returns.TikTokPending, func(f *Facts) { f.Record.TikTokReturns, f.Record.TikTokReadAt = nil, time.Time{} }), want{acts: []string{"look-tiktok"}}},
		{"waits for its RMA", alone(returns.TikTokPending), want{}},
		{"no RMA came", alone(returns.TikTokPending, late), want{kinds: []returns.Kind{returns.ReturnWithoutRMA}}},
		{"no RMA came, a person knows", alone(returns.TikTokPending, late, answer(returns.ReturnWithoutRMA, returns.AnswerHandledManually)), want{}},
		{"the deadline is near", alone(returns.TikTokPending, deadline(1, noon.Add(time.Hour))), want{kinds: []returns.Kind{returns.SellerDeadline}}},
		{"handed over to an RMA", alone(returns.TikTokPending, heldBy(returns.RMAKey(rmaID), "L1")), want{closed: true}},
		{"ended at TikTok", alone(returns.TikTokCancelled), want{closed: true}},
		{"edited by the buyer", alone(returns.TikTokPending, caseIs(1, func(r *returns.TikTokReturn) { r.NextID = "R2" })), want{closed: true}},
		{"gone from TikTok", alone(returns.TikTokPending, func(f *Facts) { f.Record.TikTokReturns = nil }), want{kinds: []returns.Kind{returns.TikTokVanished}}},
	})
	d := Decide(alone(returns.TikTokPending))
	require.Equal(t, noon.Add(time.Hour), d.Plan.Wake.At, "the RMA's wait is up before the deadline's warning")
}

func TestSwitchedOffSaysWhatItWouldDo(t *testing.T) {
	t.Parallel()
	d := Decide(setup(1, passed(1), stock("L1", returns.RestockProven, ""), payable("10.00", "L1"), policy(func(p *Policy) { p.Switches = Switches{} })))
	require.Empty(t, acts(d))
	require.Equal(t, "refund is switched off; would now: no TikTok return is open on 1 unit: refund exactly 10.00 GBP as the seller", d.Plan.Summary)
}

func TestDecidingOnACase(t *testing.T) {
	t.Parallel()
	ready := together(passed(1), stock("L1", returns.RestockProven, ""))
	half := together(func(f *Facts) {
		f.Record.RMA.Items, f.Record.RMA.Transactions = f.Record.RMA.Items[:1], f.Record.RMA.Transactions[:1]
	}, ready,
		buyerReturn("R1", returns.TikTokShipped, 1, 2), tiktokPays(1, "10.00"))
	shipped := together(ready, buyerReturn("R1", returns.TikTokShipped, 1))
	confirmed := func(state returns.EffectState) change {
		return decision(returns.EffectRefund, returns.RouteConfirmParcel, "R1", state, "10.00", "L1")
	}
	play(t, []scene{
		{"a line that nobody holds, though the value agrees", setup(2, half), want{kinds: []returns.Kind{returns.UnitsWithoutRMA}}},
		{"a line of another RMA that has not decided, though the value agrees", setup(2, half, heldBy("9002", "L2")), want{}},
		{"not even if a person accepts the amount", setup(2, half, answer(returns.UnitsWithoutRMA, returns.AnswerAcceptPayable, "10.00")), want{kinds: []returns.Kind{returns.UnitsWithoutRMA}}},
		{"one refused, accepted by a person", setup(2, passed(1), notInParcel(2), stock("L1", returns.RestockProven, ""), buyerReturn("R1", returns.TikTokShipped, 1, 2),
			answer(returns.ParcelMixed, returns.AnswerAcceptPayable, "30.00")), want{acts: []string{"confirm-parcel R1 30.00"}}},
		{"confirmed, TikTok took it", setup(1, shipped, confirmed(returns.EffectApplied)), want{}},
		{"confirmed, the answer was lost, and it is not done", setup(1, shipped, confirmed(returns.EffectClaimed)), want{acts: []string{"confirm-parcel R1 10.00"}}},
		{"confirmed, the answer was lost, not read since", setup(1, shipped, confirmed(returns.EffectClaimed), func(f *Facts) { f.Record.TikTokReadAt = noon.Add(-time.Hour) }), want{}},
		{"refused", setup(1, shipped, confirmed(returns.EffectVoid)), want{kinds: []returns.Kind{returns.EffectRefused}}},
		{"in dispute", setup(1, shipped, caseIs(1, func(r *returns.TikTokReturn) { r.Arbitration = returns.ArbitrationInProgress })), want{}},
		{"fulfilled by TikTok", setup(1, shipped, order(func(o *returns.Order) { o.Fulfillment = returns.FulfilledByTikTok })), want{kinds: []returns.Kind{returns.FulfilledTikTok}}},
		{"fulfilled by TikTok, which accepts its return itself", setup(1, buyerReturn("R1", returns.TikTokPending, 1), order(func(o *returns.Order) { o.Fulfillment = returns.FulfilledByTikTok })), want{kinds: []returns.Kind{returns.FulfilledTikTok}}},
		{"switched off", setup(1, shipped, policy(func(p *Policy) { p.Switches.Refund = false })), want{}},
	})
}
