package rules

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

const openReason = "seller_return_damaged"

// announced is an RMA just approved, whose label is made and whose parcel the
// buyer has not sent, in a shop that opens returns.
var announced = together(rma(returns.RMAApproved), noTransactions, policy(func(p *Policy) { p.OpenReasons = map[string]string{"*": openReason} }), func(f *Facts) {
	f.Record.RMA.Shipments = []returns.Shipment{{ID: "S1", Status: "LabelCreated", Labelled: true}}
})

// returnable is TikTok's fresh answer to what a return of ours would refund.
func returnable(amount string, units ...returns.UnitID) change {
	return together(payable(amount, units...), func(f *Facts) {
		f.Record.Payable.RequestType, f.Record.Payable.ReasonKey = returns.TypeReturnAndRefund, openReason
	})
}

func parcel(c func(*returns.Shipment)) change {
	return func(f *Facts) { c(&f.Record.RMA.Shipments[0]) }
}

// opened is a return that we opened ten minutes ago; without an id TikTok has
// not told us of it.
func opened(state returns.EffectState, tiktokReturn, amount string, unit returns.UnitID) change {
	return func(f *Facts) {
		e := effectOf(returns.EffectOpen, returns.RouteOpenReturn, string(unit), state, unit)
		e.TikTokReturnID, e.Amount = tiktokReturn, gbp(amount)
		f.Record.Effects = append(f.Record.Effects, e)
		hold(f, unit)
	}
}

// ourReturn is a return that the seller opened nine minutes ago, as TikTok shows it.
func ourReturn(id, status string, line int) change {
	return together(buyerReturn(id, status, line), func(f *Facts) {
		t := &f.Record.TikTokReturns[len(f.Record.TikTokReturns)-1]
		t.Role, t.CreatedAt, t.Actions = "SELLER", noon.Add(-9*time.Minute), nil
	})
}

// differs is a return that is not opened because TikTok would pay another amount.
var differs = want{kinds: []returns.Kind{returns.ReturnNotOpened}}

func TestOpeningAReturn(t *testing.T) {
	t.Parallel()
	const open = "open-return L1"
	ask := returnable("10.00", "L1")
	nothing := want{}
	play(t, []scene{
		{"TikTok is asked first", setup(1, announced), want{acts: []string{"look-tiktok"}}},
		{"the answer about a refund is none about a return", setup(1, announced, payable("10.00", "L1")), want{acts: []string{"look-tiktok"}}},
		{"open", setup(1, announced, ask), want{acts: []string{open}}},
		{"the amount authorised in advance", setup(1, announced, ask, transaction("T1", returns.TransactionRequested, "10.00", "I1")), want{acts: []string{open}}},
		{"no reason for it, which is the default", setup(1, announced, ask, policy(func(p *Policy) { p.OpenReasons = nil })), nothing},
		{"a reason for others only", setup(1, announced, ask, policy(func(p *Policy) { p.OpenReasons = map[string]string{"Damaged": openReason} })), nothing},
		{"switched off", setup(1, announced, ask, policy(func(p *Policy) { p.Switches.Register = false })), nothing},
		{"paused", setup(1, announced, ask, paused), nothing},
		{"market or order does not allow it", setup(1, announced, ask, func(f *Facts) { f.Record.Payable.Eligible = false }), nothing},
		{"less than the full value is authorised", setup(1, announced, ask, transaction("T1", returns.TransactionRequested, "9.99", "I1")), differs},
		{"a fee makes it less", setup(1, announced, ask, item(1, func(i *returns.RMAItem) { i.Fees = "1.00" })), differs},
		{"more than TikTok would pay", setup(1, announced, returnable("9.99", "L1")), differs},
		{"nothing to pay", setup(1, announced, returnable("0.00", "L1"), item(1, func(i *returns.RMAItem) { i.Paid = gbp("0.00") })), nothing},
		{"the RMA waits for approval", setup(1, announced, ask, rma(returns.RMAPending)), nothing},
		{"no label", setup(1, announced, ask, parcel(func(s *returns.Shipment) { s.Labelled = false })), nothing},
		{"the label is for the way out", setup(1, announced, ask, parcel(func(s *returns.Shipment) { s.Outbound = true })), nothing},
		{"the label is called off", setup(1, announced, ask, parcel(func(s *returns.Shipment) { s.Status = returns.ShipmentCanceled })), nothing},
		{"two labels", setup(1, announced, ask, func(f *Facts) {
			f.Record.RMA.Shipments = append(f.Record.RMA.Shipments, f.Record.RMA.Shipments...)
		}), nothing},
		{"the parcel is on its way", setup(1, announced, ask, parcel(func(s *returns.Shipment) { s.Status = returns.ShipmentShipped })), nothing},
		{"nothing is to come back", setup(1, announced, ask, noShipment(1), gate(GateDone)), nothing},
		{"the parcel is here", setup(1, announced, ask, passed(1), gate(GateDone), stock("L1", returns.RestockProven, "")), nothing},
		{"the buyer has opened one", setup(1, announced, ask, buyerReturn("R1", returns.TikTokAwaitingShip, 1)), nothing},
		{"the order is completed", setup(1, announced, ask, order(func(o *returns.Order) { o.Status = returns.OrderCompleted })), nothing},
		{"fulfilled by TikTok", setup(1, announced, ask, order(func(o *returns.Order) { o.Fulfillment = returns.FulfilledByTikTok })), nothing},
		{"promised store credit", setup(1, announced, ask, item(1, func(i *returns.RMAItem) { i.Resolution = "RefundToStoreCredit" })), want{kinds: []returns.Kind{returns.ResolutionNotRefund}}},
		{"received, not inspected", setup(1, announced, ask, rma(returns.RMAReceived)), nothing},
		{"a case on another unit of its kind, and only one comes back", setup(2, oneSKU, announced, ask, opened(returns.EffectIntent, "", "10.00", "L1"),
			buyerReturn("R2", returns.TikTokAwaitingShip, 2), func(f *Facts) { f.Record.RMA.Items = f.Record.RMA.Items[:1] }), nothing},
		{"a seller refund is on its way", setup(1, announced, ask, sellerRefund(returns.EffectApplied, "10.00", "L1")), nothing},
		{"another return's refund on the order is under way", setup(1, announced, ask, sellerRefund(returns.EffectClaimed, "5.00", "L9"),
			effectIs(1, func(e *returns.Effect) { e.Key, e.ClaimUntil = "9002", noon.Add(time.Second) })), nothing},
		{"another return's opening on the order is under way", setup(1, announced, ask, opened(returns.EffectClaimed, "", "5.00", "L9"),
			effectIs(1, func(e *returns.Effect) { e.Key, e.ClaimUntil = "9002", noon.Add(time.Second) })), nothing},

		{"two units, one after the other", setup(2, announced, returnable("30.00", "L1", "L2")), want{acts: []string{open}}},
		{"CX has seen that it is not opened", setup(1, announced, returnable("9.99", "L1"), answer(returns.ReturnNotOpened, returns.AnswerAcknowledge)), nothing},
		{"the refund follows though it was not opened", setup(1, announced, transaction("T1", returns.TransactionRequested, "9.00", "I1"), passed(1), stock("L1", returns.RestockProven, ""), payable("10.00", "L1")),
			want{acts: []string{"exact-seller-refund L1 9.00"}}},
		{"two units, the sum does not fit", setup(2, announced, returnable("29.00", "L1", "L2")), differs},
		{"two units of two reasons are asked about apart", setup(2, announced, ask, item(2, func(i *returns.RMAItem) { i.Reason = "Too late" }),
			policy(func(p *Policy) { p.OpenReasons["Too late"] = "another" })), want{acts: []string{open}}},
		{"one is sent, the other waits", setup(2, announced, returnable("20.00", "L2"), opened(returns.EffectApplied, "R1", "10.00", "L1")), nothing},
		{"one is not to be refunded, the other is opened", setup(2, announced, ask, item(2, func(i *returns.RMAItem) { i.Resolution = "RefundToStoreCredit" }),
			answer(returns.ResolutionNotRefund, returns.AnswerDoNotRefund)), want{acts: []string{open}}},
		{"one is open already, the other follows", setup(2, announced, ask, buyerReturn("R2", returns.TikTokAwaitingShip, 2)), want{acts: []string{open}}},
		{"a unit that is to be refunded now goes first", setup(2, announced, noShipment(2), transaction("T2", returns.TransactionRequested, "20.00", "I2")), want{acts: []string{"look-tiktok"}}},

		{"decided, not sent", setup(1, announced, ask, opened(returns.EffectIntent, "", "10.00", "L1")), want{acts: []string{open}}},
		{"sent", setup(1, announced, ask, opened(returns.EffectClaimed, "", "10.00", "L1"), effectIs(1, func(e *returns.Effect) { e.ClaimUntil = noon.Add(time.Second) })), nothing},
		{"taken, not seen yet", setup(1, announced, ask, opened(returns.EffectApplied, "R1", "10.00", "L1")), nothing},
		{"sent, two quiet minutes: once more", setup(1, announced, ask, opened(returns.EffectClaimed, "", "10.00", "L1")), want{acts: []string{open}}},
		{"lost, and the value has changed since", setup(1, announced, ask, opened(returns.EffectClaimed, "", "8.00", "L1")), nothing},
		{"sent, and a day of silence", setup(1, announced, ask, opened(returns.EffectClaimed, "", "10.00", "L1"), effectIs(1, func(e *returns.Effect) { e.IntentAt = noon.Add(-25 * time.Hour) })), nothing},
		{"refused: the seller refund remains", setup(1, announced, ask, opened(returns.EffectVoid, "", "10.00", "L1")), nothing},
		{"not possible for long: the same", setup(1, announced, ask, opened(returns.EffectIntent, "", "10.00", "L1"),
			effectIs(1, func(e *returns.Effect) {
				e.IntentAt, e.Reason, e.Note = noon.Add(-16*time.Minute), returns.ReasonUnavailable, "25001011"
			})), nothing},
		{"opened and ended: never again", setup(1, announced, ask, opened(returns.EffectVerified, "R1", "10.00", "L1"), ourReturn("R1", returns.TikTokCancelled, 1)), nothing},
		{"while it is sent, nothing else is paid", setup(1, announced, passed(1), stock("L1", returns.RestockProven, ""), rma(returns.RMAValidated), payable("10.00", "L1"),
			opened(returns.EffectApplied, "R1", "10.00", "L1")), nothing},
		{"opened and ended, the parcel came: as the seller", setup(1, announced, passed(1), stock("L1", returns.RestockProven, ""), rma(returns.RMAValidated), payable("10.00", "L1"),
			opened(returns.EffectVerified, "R1", "10.00", "L1"), ourReturn("R1", returns.TikTokCancelled, 1)), want{acts: []string{"exact-seller-refund L1 10.00"}}},
		{"cancelled in ReturnGO while it is sent", setup(1, announced, rma(returns.RMACanceled), opened(returns.EffectApplied, "R1", "10.00", "L1")), nothing},
	})
}

func TestAReturnThatWeOpened(t *testing.T) {
	t.Parallel()
	ours := together(announced, opened(returns.EffectVerified, "R1", "10.00", "L1"))
	waits := together(ours, ourReturn("R1", returns.TikTokAwaitingShip, 1))
	labelled := func(state returns.EffectState) change {
		return decision(returns.EffectLabel, returns.RouteUploadLabel, "R1", state, "10.00")
	}
	const label = "upload-label R1"
	play(t, []scene{
		{"it gets ReturnGO's label", setup(1, waits), want{acts: []string{label}}},
		{"not the buyer's own", setup(1, announced, buyerReturn("R1", returns.TikTokAwaitingShip, 1)), want{}},
		{"not if it has one", setup(1, waits, caseIs(1, func(t *returns.TikTokReturn) { t.Tracked = true })), want{}},
		{"not if it was taken, though it does not show", setup(1, waits, labelled(returns.EffectApplied)), want{}},
		{"sent: wait", setup(1, waits, labelled(returns.EffectClaimed), effectIs(2, func(e *returns.Effect) { e.ClaimUntil = noon.Add(time.Second) })), want{}},
		{"sent, and nothing shows: again", setup(1, waits, labelled(returns.EffectClaimed)), want{acts: []string{label}}},
		{"refused", setup(1, waits, labelled(returns.EffectVoid)), want{kinds: []returns.Kind{returns.EffectRefused}}},
		{"refused, and done by hand", setup(1, waits, labelled(returns.EffectVoid), answer(returns.EffectRefused, returns.AnswerHandledManually)), want{}},
		{"in dispute", setup(1, waits, caseIs(1, func(t *returns.TikTokReturn) { t.Arbitration = returns.ArbitrationInProgress })), want{}},
		{"switched off", setup(1, waits, policy(func(p *Policy) { p.Switches.Register = false })), want{}},
		{"pending, and TikTok asks us", setup(1, ours, ourReturn("R1", returns.TikTokPending, 1), deadline(1, noon.Add(48*time.Hour))), want{acts: []string{"accept-return R1"}}},
		{"pending, and TikTok asks nothing", setup(1, ours, ourReturn("R1", returns.TikTokPending, 1)), want{}},
		{"pending for long", setup(1, ours, ourReturn("R1", returns.TikTokPending, 1), caseIs(1, func(t *returns.TikTokReturn) { t.CreatedAt = noon.Add(-16 * time.Minute) })),
			want{kinds: []returns.Kind{returns.UnknownStatus}}},
		{"shipped, received and passed: confirm", setup(1, ours, ourReturn("R1", returns.TikTokShipped, 1), rma(returns.RMAValidated), passed(1), stock("L1", returns.RestockProven, "")),
			want{acts: []string{"confirm-parcel R1 10.00"}}},
		{"the parcel is here, TikTok does not know", setup(1, ours, ourReturn("R1", returns.TikTokAwaitingShip, 1), rma(returns.RMAValidated), passed(1), stock("L1", returns.RestockProven, "")),
			want{kinds: []returns.Kind{returns.ParcelNotShipped}}},
		{"less is authorised in the end", setup(1, ours, ourReturn("R1", returns.TikTokShipped, 1), rma(returns.RMAValidated), passed(1), stock("L1", returns.RestockProven, ""), transaction("T1", returns.TransactionRequested, "7.00", "I1")),
			want{kinds: []returns.Kind{returns.RefundValueMismatch}}},
	})
}

// An upload that TikTok took may never show (TikTok contract 2.5): nobody looks for it.
func TestALabelThatWasTakenIsNotLookedFor(t *testing.T) {
	t.Parallel()
	for state, looks := range map[returns.EffectState]bool{returns.EffectApplied: false, returns.EffectClaimed: true} {
		d := Decide(setup(1, announced, opened(returns.EffectVerified, "R1", "10.00", "L1"), ourReturn("R1", returns.TikTokAwaitingShip, 1),
			decision(returns.EffectLabel, returns.RouteUploadLabel, "R1", state, "10.00"), effectIs(2, func(e *returns.Effect) { e.ClaimUntil = noon.Add(time.Second) })))
		require.Empty(t, d.Plan.Acts)
		require.Equal(t, looks, len(d.Plan.Wake.Read) > 0, "%s: %+v", state, d.Plan.Wake)
	}
}

func TestWhatBecameOfAnOpening(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		given Facts
		want  []EffectChange
	}{
		{"found by its id", setup(1, announced, opened(returns.EffectApplied, "R1", "10.00", "L1"), ourReturn("R1", returns.TikTokPending, 1)), []EffectChange{{State: returns.EffectVerified, TikTokReturnID: "R1"}}},
		{"found by what it is, the answer lost", setup(1, announced, opened(returns.EffectClaimed, "", "10.00", "L1"), ourReturn("R1", returns.TikTokAwaitingShip, 1)), []EffectChange{{State: returns.EffectVerified, TikTokReturnID: "R1"}}},
		{"found late, thought lost", setup(1, announced, opened(returns.EffectIntent, "", "10.00", "L1"), effectIs(1, func(e *returns.Effect) { e.ClaimedAt = e.IntentAt }), ourReturn("R1", returns.TikTokAwaitingShip, 1)),
			[]EffectChange{{State: returns.EffectVerified, TikTokReturnID: "R1"}}},
		{"the buyer's is not ours", setup(1, announced, opened(returns.EffectClaimed, "", "10.00", "L1"), buyerReturn("R1", returns.TikTokAwaitingShip, 1)), []EffectChange{lost(returns.EffectIntent)}},
		{"a refund is none", setup(1, announced, opened(returns.EffectClaimed, "", "10.00", "L1"), ourReturn("R1", returns.TikTokApproved, 1), caseIs(1, func(t *returns.TikTokReturn) { t.Type = returns.TypeRefund })),
			[]EffectChange{lost(returns.EffectIntent)}},
		{"a day of silence", setup(1, announced, opened(returns.EffectClaimed, "", "10.00", "L1"), effectIs(1, func(e *returns.Effect) { e.IntentAt = noon.Add(-25 * time.Hour) })), []EffectChange{lost(returns.EffectVoid)}},
		{"read too early", setup(1, announced, opened(returns.EffectClaimed, "", "10.00", "L1"), func(f *Facts) { f.Record.TikTokReadAt = noon.Add(-10 * time.Minute) }), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := Decide(tt.given)
			for i := range d.Changes {
				d.Changes[i].Effect = returns.Effect{}
			}
			require.Equal(t, tt.want, d.Changes)
		})
	}
}
