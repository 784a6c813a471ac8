package tiktoksandbox

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	damagedUK = "ecom_order_delivered_refund_reason_damaged_seller_uk"
	damagedUS = "ecom_order_delivered_refund_reason_damaged_seller"
	halfHour  = 30 * time.Minute
)

func TestRefundIsMoneyOnlyAtComplete(t *testing.T) {
	sc := newScene(t, "GB")
	o := sc.mugs(1)
	id := sc.open(ReturnSpec{OrderID: o.ID, Type: kindRefund})
	require.Zero(t, sc.approve(id, "APPROVE_REFUND"))
	require.Equal(t, returnSuccess, sc.status(id))
	sc.pass(halfHour - time.Nanosecond)
	require.Empty(t, sc.s.Books().Payments)
	sc.pass(time.Nanosecond)
	require.Equal(t, returnComplete, sc.status(id))
	require.Equal(t, []Payment{{ReturnID: id, OrderID: o.ID, LineID: o.Lines[0].ID, SKU: sc.mug, Amount: "9.00",
		Currency: "GBP", At: sc.clock.Now(), Initiator: BySellerAPI}}, sc.s.Books().Payments)
}

func TestSilenceIsConsent(t *testing.T) {
	tests := map[string]struct {
		kind, action, after string
		deadline            time.Duration
		paid                bool
	}{
		"refund":      {kindRefund, "SELLER_RESPOND_REFUND", returnComplete, 48 * time.Hour, true},
		"return":      {kindReturn, "SELLER_RESPOND_RETURN", returnAwaitingShip, 48 * time.Hour, false},
		"replacement": {kindReplacement, "SELLER_RESPOND_REPLACEMENT", replacementComplete, 24 * time.Hour, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			sc := newScene(t, "GB")
			id := sc.open(ReturnSpec{OrderID: sc.mugs(1).ID, Type: test.kind})
			start := must(sc.s.Return(id))(t)
			require.Equal(t, test.action, start.Action)
			require.Equal(t, sc.clock.Now().Add(test.deadline), start.Deadline)
			sc.pass(test.deadline - time.Millisecond)
			require.Equal(t, start.Status, sc.status(id))
			sc.pass(time.Millisecond + halfHour)
			require.Equal(t, test.after, sc.status(id))
			payments := sc.s.Books().Payments
			require.Equal(t, test.paid, len(payments) == 1)
			if test.paid {
				require.Equal(t, BySystemDeadline, payments[0].Initiator)
				require.Equal(t, start.Deadline.Add(halfHour), payments[0].At, "booked at its own moment, not at the tick")
			}
		})
	}
}

func TestReturnedParcelPaysAfterItsDeadline(t *testing.T) {
	sc := newScene(t, "GB")
	id := sc.open(ReturnSpec{OrderID: sc.mugs(1).ID})
	require.Zero(t, sc.approve(id, "APPROVE_RETURN"))
	require.NoError(t, sc.s.BuyerShips(id, "TRK1"))
	sc.pass(90 * time.Hour)
	require.Equal(t, returnShipped, sc.status(id), "no clock before the parcel arrives")
	require.NoError(t, sc.s.ParcelDelivered(id))
	require.Equal(t, "SELLER_RESPOND_RECEIVE_PACKAGE", must(sc.s.Return(id))(t).Action)
	sc.pass(48 * time.Hour)
	require.Equal(t, returnSuccess, sc.status(id))
}

func TestUnshippedReturnIsClosed(t *testing.T) {
	sc := newScene(t, "GB")
	id := sc.open(ReturnSpec{OrderID: sc.mugs(1).ID})
	require.Zero(t, sc.approve(id, "APPROVE_RETURN"))
	sc.pass(5 * 24 * time.Hour)
	require.Equal(t, returnCancel, sc.status(id))
}

func TestRejectionIsNotTheEnd(t *testing.T) {
	for forBuyer, want := range map[bool]string{true: returnAwaitingShip, false: returnCancel} {
		sc := newScene(t, "GB")
		id := sc.open(ReturnSpec{OrderID: sc.mugs(1).ID})
		require.Equal(t, 25001016, sc.reject(id, "REJECT_RETURN", "reverse_reject_return_parcel_reason_1_uk"))
		require.Equal(t, 25001014, sc.reject(id, "REJECT_RETURN", "because"))
		require.Zero(t, sc.reject(id, "REJECT_RETURN", "reverse_reject_request_reason_1_uk"))
		require.NoError(t, sc.s.BuyerDisputes(id))
		sc.pass(72 * time.Hour)
		require.Equal(t, returnRejected, sc.status(id), "an arbitration stops the clock")
		require.Equal(t, 25011010, sc.approve(id, "APPROVE_RETURN"))
		require.NoError(t, sc.s.OperatorDecides(id, forBuyer))
		require.Equal(t, want, sc.status(id))
	}
}

func TestDecisionsOutOfState(t *testing.T) {
	reject, pack := "reverse_reject_request_reason_1_uk", "reverse_reject_return_parcel_reason_1_uk"
	tests := map[string]struct {
		kind     string
		steps    func(*scene, string)
		decision string
		reason   string
		code     int
	}{
		"approve refund twice":       {kindRefund, approved("APPROVE_REFUND"), "APPROVE_REFUND", "", 25011012},
		"receive before shipping":    {kindReturn, approved("APPROVE_RETURN"), "APPROVE_RECEIVED_PACKAGE", "", 25011013},
		"approve withdrawn":          {kindRefund, withdrawn, "APPROVE_REFUND", "", 25020009},
		"decision of another type":   {kindRefund, nothing, "APPROVE_RETURN", "", 25020004},
		"reject approved refund":     {kindRefund, approved("APPROVE_REFUND"), "REJECT_REFUND", reject, 25020010},
		"reject parcel not shipped":  {kindReturn, approved("APPROVE_RETURN"), "REJECT_RECEIVED_PACKAGE", pack, 25020012},
		"reject parcel after accept": {kindReturn, received, "REJECT_RECEIVED_PACKAGE", pack, 25020011},
		"reject parcel quick refund": {kindReturn, quick, "REJECT_RECEIVED_PACKAGE", pack, 25011025},
		"reject parcel":              {kindReturn, shipped, "REJECT_RECEIVED_PACKAGE", pack, 0},
		"offer late":                 {kindRefund, approved("APPROVE_REFUND"), "OFFER_PARTIAL_REFUND", "", 25011032},
		"unknown":                    {kindRefund, nothing, "APPROVE_SOMETHING", "", 25001001},
		"returnless":                 {kindReturn, nothing, "DIRECT_REFUND", "", 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			sc := newScene(t, "GB")
			id := sc.open(ReturnSpec{OrderID: sc.mugs(1).ID, Type: test.kind})
			test.steps(sc, id)
			if test.reason != "" {
				require.Equal(t, test.code, sc.reject(id, test.decision, test.reason))
				return
			}
			require.Equal(t, test.code, sc.approve(id, test.decision))
		})
	}
}

func nothing(*scene, string) {}
func approved(decision string) func(*scene, string) {
	return func(sc *scene, id string) { require.Zero(sc.t, sc.approve(id, decision)) }
}
func withdrawn(sc *scene, id string) { require.NoError(sc.t, sc.s.BuyerWithdraws(id)) }
func shipped(sc *scene, id string) {
	approved("APPROVE_RETURN")(sc, id)
	require.NoError(sc.t, sc.s.BuyerShips(id, "TRK"))
}
func received(sc *scene, id string) {
	shipped(sc, id)
	approved("APPROVE_RECEIVED_PACKAGE")(sc, id)
}
func quick(sc *scene, id string) {
	shipped(sc, id)
	require.NoError(sc.t, sc.s.QuickRefund(id))
}

func TestQuickRefundPaysBeforeTheParcel(t *testing.T) {
	sc := newScene(t, "GB")
	id := sc.open(ReturnSpec{OrderID: sc.mugs(1).ID})
	quick(sc, id)
	sc.pass(halfHour)
	require.Equal(t, returnComplete, sc.status(id))
	require.NoError(t, sc.s.ParcelDelivered(id))
	view := must(sc.s.Return(id))(t)
	require.Equal(t, returnComplete, view.Status)
	require.Empty(t, view.Action)
	require.Len(t, sc.s.Books().Payments, 1)
}

func TestEditedRequestIsDead(t *testing.T) {
	sc := newScene(t, "GB")
	o := sc.mugs(2)
	old := sc.open(ReturnSpec{OrderID: o.ID, LineIDs: []string{o.Lines[0].ID}})
	next := must(sc.s.BuyerEdits(old, ReturnSpec{Type: kindRefund}))(t)
	require.Equal(t, next, must(sc.s.Return(old))(t).NextID)
	require.Equal(t, old, must(sc.s.Return(next))(t).PreID)
	require.Equal(t, 25020009, sc.approve(old, "APPROVE_RETURN"))
	require.Zero(t, sc.approve(next, "APPROVE_REFUND"))
	sc.pass(halfHour)
	require.Len(t, sc.s.Books().Payments, 2)
}

func TestPartialOffer(t *testing.T) {
	sc := newScene(t, "GB")
	id := sc.open(ReturnSpec{OrderID: sc.mugs(1).ID, Type: kindRefund})
	offer := func(amount string) int {
		return sc.call("POST", "/return_refund/202309/returns/"+id+"/approve", nil,
			`{"decision":"OFFER_PARTIAL_REFUND","partial_refund":{"amount":"`+amount+`","currency":"GBP"}}`).Code
	}
	require.Equal(t, 25005005, offer("9.01"))
	require.Zero(t, offer("3.00"))
	require.Equal(t, returnOffered, sc.status(id))
	require.NoError(t, sc.s.BuyerAnswersOffer(id, false))
	require.Equal(t, returnPending, sc.status(id))
	require.Zero(t, offer("4.00"))
	require.NoError(t, sc.s.BuyerAnswersOffer(id, true))
	sc.pass(halfHour)
	require.Equal(t, "4.00", sc.s.Books().Payments[0].Amount)
	require.Equal(t, ByBuyer, sc.s.Books().Payments[0].Initiator)
}
