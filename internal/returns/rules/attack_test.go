package rules

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

// Each test here is an accident that once cost money, stock or a deadline.

func TestRefusedRMAKeepsTheClockOfItsOpenCase(t *testing.T) {
	t.Parallel()
	d := Decide(setup(1, rma(returns.RMARejected), noTransactions, buyerReturn("R1", returns.TikTokPending, 1)))
	require.Equal(t, []returns.Kind{returns.RefusedInReturnGO}, kinds(d))
	require.Equal(t, noon.Add(48*time.Hour), d.Plan.SellerDeadline)
	require.Equal(t, noon.Add(36*time.Hour), d.Plan.Wake.At)
}

func TestSetAmountSpeaksOnlyForTheUnitsAskedAbout(t *testing.T) {
	t.Parallel()
	twice := transaction("T9", returns.TransactionRequested, "10.00", "I1")
	setTo := answer(returns.AuthorisedTwice, returns.AnswerSetAmount, "10.00")

	t.Run("a unit that ReturnGO already paid stays unpaid", func(t *testing.T) {
		t.Parallel()
		d := Decide(setup(2, passed(1, 2), twice, setTo, payable("10.00", "L1"), transactionIs(2, func(t *returns.Transaction) { t.Status = returns.TransactionSuccess })))
		require.Contains(t, acts(d), "exact-seller-refund L1 10.00")
		require.Equal(t, []returns.Kind{returns.PaidInReturnGO}, kinds(d))
	})
	t.Run("a unit promised store credit stays unpaid", func(t *testing.T) {
		t.Parallel()
		d := Decide(setup(2, passed(1, 2), twice, setTo, payable("10.00", "L1"), item(2, func(i *returns.RMAItem) { i.Resolution = "RefundToStoreCredit" })))
		require.Contains(t, acts(d), "exact-seller-refund L1 10.00")
		require.Equal(t, []returns.Kind{returns.ResolutionNotRefund}, kinds(d))
	})
	t.Run("another unit keeps its own authorised value", func(t *testing.T) {
		t.Parallel()
		d := Decide(setup(2, passed(1, 2), twice, setTo, payable("30.00", "L1", "L2")))
		require.Contains(t, acts(d), "exact-seller-refund L1+L2 30.00")
	})
	t.Run("it opens no gate: not inspected", func(t *testing.T) {
		t.Parallel()
		d := Decide(setup(1, twice, setTo, payable("10.00", "L1")))
		require.Empty(t, acts(d))
	})
	t.Run("it opens no gate: not approved", func(t *testing.T) {
		t.Parallel()
		d := Decide(setup(1, rma(returns.RMAPending), twice, setTo, payable("10.00", "L1")))
		require.Empty(t, acts(d))
	})
	t.Run("a person's refusal outlives an amount", func(t *testing.T) {
		t.Parallel()
		d := Decide(setup(1, passed(1), twice, stock("L1", returns.RestockProven, ""), payable("10.00", "L1"),
			answer(returns.AuthorisedTwice, returns.AnswerHandledManually), answer(returns.NoAuthorisedAmount, returns.AnswerSetAmount, "10.00")))
		require.Empty(t, acts(d))
	})
}

func TestDoNotRefundSpeaksOnlyForTheUnitsAskedAbout(t *testing.T) {
	t.Parallel()
	d := Decide(setup(2, passed(1, 2), transaction("T9", returns.TransactionRequested, "10.00", "I1"),
		answer(returns.AuthorisedTwice, returns.AnswerDoNotRefund), payable("20.00", "L2")))
	require.Contains(t, acts(d), "exact-seller-refund L2 20.00")
	require.Empty(t, kinds(d))
}

func TestAcceptedPayableEndsWithTheAuthorisation(t *testing.T) {
	t.Parallel()
	accepted := together(passed(1), buyerReturn("R1", returns.TikTokShipped, 1), tiktokPays(1, "12.00"),
		answer(returns.RefundValueMismatch, returns.AnswerAcceptPayable, "12.00"), stock("L1", returns.RestockProven, ""))

	play(t, []scene{
		{"while it holds", setup(1, accepted), want{acts: []string{"confirm-parcel R1 12.00"}}},
		{"the RMA was cancelled since", setup(1, accepted, rma(returns.RMACanceled), takenBack(1)), want{kinds: []returns.Kind{returns.RefusedInReturnGO}}},
		{"ReturnGO paid since", setup(1, accepted, transactionIs(1, func(t *returns.Transaction) { t.Status = returns.TransactionSuccess })),
			want{kinds: []returns.Kind{returns.PaidInReturnGO}}},
		{"the inspection says nothing came since", setup(1, accepted, notInParcel(1), takenBack(1)),
			want{kinds: []returns.Kind{returns.RefusedInReturnGO, returns.StockOverstated}}},
	})
}

func TestAcceptedPayableIsUsedOnce(t *testing.T) {
	t.Parallel()
	both := together(passed(1, 2), buyerReturn("R1", returns.TikTokShipped, 1), buyerReturn("R2", returns.TikTokShipped, 2),
		tiktokPays(1, "25.00"), tiktokPays(2, "25.00"), stock("L1", returns.RestockProven, ""), stock("L2", returns.RestockProven, ""),
		answer(returns.RefundValueMismatch, returns.AnswerAcceptPayable, "25.00"), about("R1", returns.RefundValueMismatch))

	t.Run("in one plan", func(t *testing.T) {
		t.Parallel()
		d := Decide(setup(2, both))
		require.Equal(t, []string{"confirm-parcel R1 25.00"}, acts(d))
		require.Equal(t, []returns.Kind{returns.RefundValueMismatch}, kinds(d))
	})
	paidFirst := together(both, caseIs(1, func(t *returns.TikTokReturn) { t.Status, t.Actions = returns.TikTokPaid, nil }),
		decision(returns.EffectRefund, returns.RouteConfirmParcel, "R1", returns.EffectVerified, "25.00", "L1"),
		effectIs(1, func(e *returns.Effect) { e.IntentAt = noon.Add(-30 * time.Second) }))
	t.Run("after the first was paid", func(t *testing.T) {
		t.Parallel()
		d := Decide(setup(2, paidFirst))
		require.Empty(t, acts(d))
		require.Equal(t, []returns.Kind{returns.RefundValueMismatch}, kinds(d))
	})
	t.Run("answered again", func(t *testing.T) {
		t.Parallel()
		d := Decide(setup(2, paidFirst, func(f *Facts) {
			f.Record.Said = append(f.Record.Said, returns.Answer{Kind: returns.RefundValueMismatch, Answer: returns.AnswerAcceptPayable, Subject: "R2", Amount: gbp("25.00"), At: noon})
		}))
		require.Equal(t, []string{"confirm-parcel R2 25.00"}, acts(d))
		require.Empty(t, kinds(d))
	})
}

func TestNobodyAcceptsAParcelThatIsNotToBeRefunded(t *testing.T) {
	t.Parallel()
	pending := buyerReturn("R1", returns.TikTokPending, 1)
	play(t, []scene{
		{"store credit was promised", setup(1, rma(returns.RMAApproved), pending, item(1, func(i *returns.RMAItem) { i.Resolution = "RefundToStoreCredit" })),
			want{kinds: []returns.Kind{returns.ResolutionNotRefund}}},
		{"a person said no refund", setup(1, rma(returns.RMAApproved), pending, item(1, func(i *returns.RMAItem) { i.Resolution = "RefundToStoreCredit" }),
			answer(returns.ResolutionNotRefund, returns.AnswerDoNotRefund)), want{kinds: []returns.Kind{returns.RefusedByPeople}}},
		{"the goods were not in the parcel", setup(1, notInParcel(1), takenBack(1), pending), want{kinds: []returns.Kind{returns.RefusedInReturnGO}}},
	})
}

func TestKeepingTheGoodsIsAskedPerTikTokReturn(t *testing.T) {
	t.Parallel()
	d := Decide(setup(2, rma(returns.RMAApproved), noShipment(1), buyerReturn("R1", returns.TikTokPending, 1)))
	require.Contains(t, acts(d), "buyer-keeps-goods R1 10.00")
	require.NotContains(t, acts(d), "accept-return R1")
}

func TestGateHoldsForUnitsWithoutParcelToo(t *testing.T) {
	t.Parallel()
	play(t, []scene{
		{"transaction", setup(1, gate(GateTransaction), noTransactions, noShipment(1), payable("10.00", "L1")), want{}},
		{"done", setup(1, gate(GateDone), noShipment(1), payable("10.00", "L1")), want{}},
	})
}

func TestRejectedThenCancelledCaseKeepsThePersonsWord(t *testing.T) {
	t.Parallel()
	for _, said := range []returns.AnswerName{returns.AnswerDoNotRefund, returns.AnswerHandledManually} {
		t.Run(string(said), func(t *testing.T) {
			t.Parallel()
			d := Decide(setup(1, passed(1), buyerReturn("R1", returns.TikTokCancelled, 1), stock("L1", returns.RestockProven, ""), payable("10.00", "L1"),
				answer(returns.RejectedOnTikTok, said)))
			require.Empty(t, acts(d))
			require.True(t, d.Plan.Close)
		})
	}
}

func TestARefundInFlightKeepsTheReturnOpen(t *testing.T) {
	t.Parallel()
	sent := sellerRefund(returns.EffectClaimed, "10.00", "L1")
	play(t, []scene{
		{"cancelled in ReturnGO meanwhile", setup(1, rma(returns.RMACanceled), sent, effectIs(1, func(e *returns.Effect) { e.ClaimUntil = noon.Add(time.Minute) })), want{}},
		{"found not in the parcel meanwhile", setup(1, notInParcel(1), sent, effectIs(1, func(e *returns.Effect) { e.ClaimUntil = noon.Add(time.Minute) })), want{}},
		{"missing items do not end it", setup(1, rma(returns.RMACanceled), sent, effectIs(1, func(e *returns.Effect) { e.ClaimUntil = noon.Add(time.Minute) }),
			func(f *Facts) {
				f.Record.RMA.Items = append(f.Record.RMA.Items, returns.RMAItem{ID: "I9", SKU: "OTHER", Resolution: returns.ResolutionRefund})
			}), want{}},
	})
}

func TestAnOpenSecondCaseKeepsAPaidReturnOpen(t *testing.T) {
	t.Parallel()
	d := Decide(setup(1, settled("R1", 1), tiktokCase("R2", returns.TypeRefund, returns.TikTokPending, 1)))
	require.False(t, d.Plan.Close)
	require.Equal(t, noon.Add(48*time.Hour), d.Plan.SellerDeadline)
	require.Equal(t, noon.Add(36*time.Hour), d.Plan.Wake.At)
}

func TestASeenDeadlineDoesNotHideTheNext(t *testing.T) {
	t.Parallel()
	parcel := together(buyerReturn("R1", returns.TikTokShipped, 1), deadline(1, noon.Add(6*time.Hour)))
	play(t, []scene{
		{"seen for this one", setup(1, parcel, answer(returns.SellerDeadline, returns.AnswerAcknowledge)), want{}},
		{"seen for the one before", setup(1, parcel, answer(returns.SellerDeadline, returns.AnswerAcknowledge), answeredAt(returns.SellerDeadline, noon.Add(-72*time.Hour))),
			want{kinds: []returns.Kind{returns.SellerDeadline}}},
	})
}

func TestOnlyReturnedUnitsAddUp(t *testing.T) {
	t.Parallel()
	// Two of one article: one came back, and one was already refunded. Which
	// line TikTok refunded says nothing about which article is here.
	d := Decide(setup(2, oneSKU, notInParcel(1), passed(2), buyerReturn("R1", returns.TikTokPaid, 1), payable("20.00", "L2"),
		answer(returns.RefundDiffers, returns.AnswerAcknowledge), stock("L2", returns.RestockProven, "")))
	require.Empty(t, acts(d))
	require.Equal(t, []returns.Kind{returns.UnitMismatch}, kinds(d))
}

func TestOneTransactionOverTwoTikTokReturns(t *testing.T) {
	t.Parallel()
	shared := together(passed(1, 2), noTransactions, transaction("T9", returns.TransactionRequested, "30.00", "I1", "I2"),
		buyerReturn("R1", returns.TikTokPaid, 1), buyerReturn("R2", returns.TikTokPaid, 2),
		stock("L1", returns.RestockProven, ""), stock("L2", returns.RestockProven, ""))
	play(t, []scene{
		{"is settled once", setup(2, shared), want{acts: []string{"set-transaction T9"}}},
		{"is not settled while one of them differs", setup(2, shared, tiktokPays(2, "15.00"), answer(returns.RefundDiffers, returns.AnswerAcknowledge)),
			want{acts: []string{"comment refund-R1", "comment refund-R2"}}},
		{"is not settled if it names a unit that is not paid", setup(2, shared, caseIs(2, func(t *returns.TikTokReturn) { t.Status = returns.TikTokCancelled }), notInParcel(2),
			func(f *Facts) { f.Record.Restocks = f.Record.Restocks[:1] }), want{acts: []string{"comment refund-R1"}, kinds: []returns.Kind{returns.RefundContradicted}}},
	})
}

func TestDoneIsNotSetWhileGoodsAreOnTheirWay(t *testing.T) {
	t.Parallel()
	d := Decide(setup(1, gate(GateApproved), rma(returns.RMAApproved), policy(func(p *Policy) { p.SetDone = true }), buyerReturn("R1", returns.TikTokPaid, 1),
		transactionIs(1, func(t *returns.Transaction) { t.Status, t.Reference = returns.TransactionSuccess, "R1" })))
	require.Empty(t, acts(d))
	require.False(t, d.Plan.Close)
}

func TestAReplacementIsNotRefundedAsWell(t *testing.T) {
	t.Parallel()
	replaced := together(passed(1), tiktokCase("R1", returns.TypeReplacement, returns.TikTokReplaceDone, 1), payable("10.00", "L1"), stock("L1", returns.RestockProven, ""))
	play(t, []scene{
		{"CX is asked", setup(1, replaced), want{kinds: []returns.Kind{returns.NotPayable}}},
		{"CX wants it", setup(1, replaced, answer(returns.NotPayable, returns.AnswerAcceptPayable, "10.00")), want{acts: []string{"exact-seller-refund L1 10.00"}}},
		{"CX does not", setup(1, replaced, answer(returns.NotPayable, returns.AnswerDoNotRefund)), want{closed: true}},
	})
}

func TestUninspectedUnitsOfAFinishedRMAAreNotForgotten(t *testing.T) {
	t.Parallel()
	one := Decide(setup(2, passed(1), stock("L1", returns.RestockProven, "")))
	require.Contains(t, one.Plan.Wake.Read, returns.ReturnGO, "the inspection of one unit of several moves no status")
	for _, status := range []string{returns.RMAReceived, returns.RMAValidated, returns.RMADone} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			d := Decide(setup(1, rma(status)))
			require.False(t, d.Plan.Wake.At.IsZero() || d.Plan.Wake.At.After(noon.Add(48*time.Hour)))
			if status != returns.RMAReceived { // there the last inspection moves the status
				require.Contains(t, d.Plan.Wake.Read, returns.ReturnGO, "no event tells of the inspection")
			}
			d = Decide(setup(1, rma(status), func(f *Facts) { f.Record.RMAStatusSince = noon.Add(-73 * time.Hour) }))
			require.Equal(t, []returns.Kind{returns.InspectionOverdue}, kinds(d))
		})
	}
}

func TestPausedReturnWithAnOpenWriteBackStaysOpen(t *testing.T) {
	t.Parallel()
	d := Decide(setup(1, settled("R1", 1), transactionIs(1, func(t *returns.Transaction) { t.Status, t.Reference = returns.TransactionRequested, "" }), paused))
	require.False(t, d.Plan.Close)
	require.Equal(t, returns.StagePaused, d.Plan.Stage)
}

func TestAReturnWithAStoppedWriteBackStaysOpen(t *testing.T) {
	t.Parallel()
	stopped := func(f *Facts) {
		f.Record.Stops = []returns.Stop{{Action: returns.ActionWriteBack, By: "Ada", Why: "odd amounts", At: noon}}
	}
	d := Decide(setup(1, settled("R1", 1), transactionIs(1, func(t *returns.Transaction) { t.Status, t.Reference = returns.TransactionRequested, "" }), stopped))
	require.Empty(t, d.Plan.Acts)
	require.False(t, d.Plan.Close)
}

func TestAnsweredExceptionsEnd(t *testing.T) {
	t.Parallel()
	inStock := together(passed(1), stock("L1", returns.RestockProven, ""))
	void := sellerRefund(returns.EffectVoid, "10.00", "L1")
	lost := together(sellerRefund(returns.EffectClaimed, "10.00", "L1"), effectIs(1, func(e *returns.Effect) {
		e.IntentAt = noon.Add(-25 * time.Hour)
		e.ClaimedAt, e.ClaimUntil = e.IntentAt, e.IntentAt.Add(time.Minute)
	}))
	play(t, []scene{
		{"paid-in-returngo, and another answer refuses the unit", setup(1, inStock, transactionIs(1, func(t *returns.Transaction) { t.Status = returns.TransactionSuccess }),
			answer(returns.UnitMismatch, returns.AnswerDoNotRefund)), want{closed: true}},
		{"reason-unmapped handled, even if mapped later", setup(1, inStock, payable("10.00", "L1"), answer(returns.ReasonUnmapped, returns.AnswerHandledManually)), want{closed: true}},
		{"effect-refused: do not refund", setup(1, inStock, payable("10.00", "L1"), void, answer(returns.EffectRefused, returns.AnswerDoNotRefund)), want{closed: true}},
		{"effect-refused handled", setup(1, inStock, payable("10.00", "L1"), void, answer(returns.EffectRefused, returns.AnswerHandledManually)), want{closed: true}},
		{"outcome-unclear handled", setup(1, inStock, payable("10.00", "L1"), lost, answer(returns.OutcomeUnclear, returns.AnswerHandledManually)), want{closed: true}},
		{"outcome-unclear: nothing happened, once more", setup(1, inStock, payable("10.00", "L1"), lost, answer(returns.OutcomeUnclear, returns.AnswerRetry)),
			want{acts: []string{"exact-seller-refund L1 10.00"}}},
		{"fulfilled-by-tiktok handled", setup(1, passed(1), payable("10.00", "L1"), order(func(o *returns.Order) { o.Fulfillment = returns.FulfilledByTikTok }),
			answer(returns.FulfilledTikTok, returns.AnswerHandledManually)), want{closed: true}},
		{"unit-mismatch of a seller refund handled", setup(2, oneSKU, func(f *Facts) { f.Record.RMA.Items = f.Record.RMA.Items[:1] }, passed(1), stock("L1", returns.RestockProven, ""),
			sellerRefund(returns.EffectVoid, "1.00", "L1"), buyerReturn("R1", returns.TikTokPaid, 2), payable("10.00", "L1"), answer(returns.UnitMismatch, returns.AnswerHandledManually)),
			want{closed: true}},
		{"parcel-mixed with a line of nobody's, handled", setup(2, func(f *Facts) { f.Record.RMA.Items = f.Record.RMA.Items[:1] }, inStock, buyerReturn("R1", returns.TikTokShipped, 1, 2),
			answer(returns.UnitsWithoutRMA, returns.AnswerHandledManually)), want{}},
		{"unknown-status handled", setup(1, inStock, buyerReturn("R1", "SOMETHING_NEW", 1), answer(returns.UnknownStatus, returns.AnswerHandledManually)), want{}},
		{"second-stock-writer skipped", setup(1, settled("R1", 1), func(f *Facts) {
			f.Record.Restocks[0].State, f.Record.Restocks[0].Problem = returns.RestockOwed, returns.SecondStockWriter
		}, answer(returns.SecondStockWriter, returns.AnswerSkipRestock)), want{closed: true}},
	})
}

func TestSkippedStockIsSkippedForItsUnitOnly(t *testing.T) {
	t.Parallel()
	play(t, []scene{
		{"refused for one, queued for the other", setup(2, settled("R1", 1), settled("R2", 2), answer(returns.StockRefused, returns.AnswerSkipRestock), func(f *Facts) {
			f.Record.Restocks[0].State, f.Record.Restocks[0].Problem = returns.RestockOwed, returns.StockRefused
			f.Record.Restocks[1].State = returns.RestockOwed
		}), want{}},
		{"no warehouse for one, one for the other", setup(2, settled("R1", 1), settled("R2", 2), answer(returns.WarehouseUnmapped, returns.AnswerSkipRestock), func(f *Facts) {
			f.Record.Restocks = nil
			f.Policy.DefaultWarehouse, f.Policy.Warehouses = "", map[string]string{"loc-2": "WH-2"}
			f.Record.RMA.Items[1].Inspection.Location = "loc-2"
		}), want{acts: []string{"restock L2→WH-2"}}},
	})
}

func TestHandledByAPersonDoesNotStopTheClock(t *testing.T) {
	t.Parallel()
	d := Decide(setup(1, buyerReturn("R1", returns.TikTokPending, 1), answer(returns.SKUNotInOrder, returns.AnswerHandledManually), func(f *Facts) {
		f.Record.RMA.Items = append(f.Record.RMA.Items, returns.RMAItem{ID: "I9", SKU: "OTHER", Resolution: returns.ResolutionRefund})
	}))
	require.Empty(t, acts(d))
	require.False(t, d.Plan.Close)
	require.Equal(t, noon.Add(36*time.Hour), d.Plan.Wake.At)
}

func TestADecidedCaseThatTikTokCancelledIsNotAwaitedForEver(t *testing.T) {
	t.Parallel()
	d := Decide(setup(1, passed(1), stock("L1", returns.RestockProven, ""), buyerReturn("R1", returns.TikTokCancelled, 1), payable("10.00", "L1"),
		decision(returns.EffectRefund, returns.RouteConfirmParcel, "R1", returns.EffectApplied, "10.00", "L1")))
	require.Equal(t, []string{"exact-seller-refund L1 10.00"}, acts(d))
	require.Equal(t, returns.EffectVoid, d.Changes[0].State)
}

func TestUnknownPricesAreNeverGuessed(t *testing.T) {
	t.Parallel()
	unknown := item(2, func(i *returns.RMAItem) { i.Paid = returns.Money{} })
	payExpected := policy(func(p *Policy) { p.PayExpected = true })
	inStock := together(passed(1, 2), stock("L1", returns.RestockProven, ""), stock("L2", returns.RestockProven, ""))
	play(t, []scene{
		{"one of two has no price", setup(2, inStock, noTransactions, unknown, payExpected, payable("30.00", "L1", "L2")),
			want{kinds: []returns.Kind{returns.NoAuthorisedAmount}}},
		{"nor with a fee over both", setup(2, inStock, noTransactions, unknown, payExpected, func(f *Facts) { f.Record.RMA.CancellationFee = "1.00" }, payable("30.00", "L1", "L2")),
			want{kinds: []returns.Kind{returns.NoAuthorisedAmount}}},
		{"nor shared out of one transaction", setup(2, inStock, noTransactions, unknown, transaction("T9", returns.TransactionRequested, "30.00", "I1", "I2"), payable("30.00", "L1", "L2")),
			want{kinds: []returns.Kind{returns.AmountUnusable, returns.AmountUnusable}}},
	})
}

func TestTwoPartsOfOneAuthorisedValue(t *testing.T) {
	t.Parallel()
	d := Decide(setup(1, settled("R1", 1), tiktokPays(1, "4.00"), tiktokCase("R2", returns.TypeRefund, returns.TikTokPaid, 1), tiktokPays(2, "6.00")))
	require.Empty(t, kinds(d))
	require.True(t, d.Plan.Close)
}

func TestTwoRMAsOfOnePaidTikTokReturn(t *testing.T) {
	t.Parallel()
	d := Decide(setup(2, func(f *Facts) {
		f.Record.RMA.Items, f.Record.RMA.Transactions = f.Record.RMA.Items[:1], f.Record.RMA.Transactions[:1]
	}, heldBy("9002", "L2"),
		passed(1), stock("L1", returns.RestockProven, ""), buyerReturn("R1", returns.TikTokPaid, 1, 2)))
	require.Empty(t, kinds(d))
	require.Equal(t, []string{"set-transaction T1"}, acts(d))
}

func TestLooksForTheMoneyNeverGrowTooRare(t *testing.T) {
	t.Parallel()
	d := Decide(setup(1, passed(1), stock("L1", returns.RestockProven, ""), buyerReturn("R1", returns.TikTokApproved, 1), caseIs(1, func(t *returns.TikTokReturn) { t.UpdatedAt = time.Time{} })))
	require.Equal(t, noon.Add(24*time.Hour), d.Plan.Wake.At)
}

func TestTheBestPairingIsFoundForAllItemsTogether(t *testing.T) {
	t.Parallel()
	// The first item would take the second one's line, because a case is on it.
	d := Decide(setup(2, oneSKU, passed(1, 2), buyerReturn("R1", returns.TikTokShipped, 2), payable("10.00", "L1")))
	require.Equal(t, map[string]returns.UnitID{"I1": "L1", "I2": "L2"}, pairs(d))
}

func TestACaseIsNotPaidBesideARefundInFlight(t *testing.T) {
	t.Parallel()
	opened := together(passed(1), stock("L1", returns.RestockProven, ""), buyerReturn("R1", returns.TikTokShipped, 1), sellerRefund(returns.EffectClaimed, "10.00", "L1"))
	inFlight := effectIs(1, func(e *returns.Effect) { e.ClaimUntil = noon.Add(time.Minute) })
	sentOnce := effectIs(1, func(e *returns.Effect) { e.State = returns.EffectIntent })

	d := Decide(setup(1, opened, inFlight))
	require.Empty(t, acts(d))
	require.Equal(t, noon.Add(time.Minute), d.Plan.Wake.At)

	d = Decide(setup(1, opened, sentOnce))
	require.Equal(t, []string{"confirm-parcel R1 10.00"}, acts(d))
}

func TestGoodsOfARefusedRMAAreHeldUntilTheyAreInStock(t *testing.T) {
	t.Parallel()
	d := Decide(setup(1, rma(returns.RMACanceled), passed(1), noTransactions))
	require.Equal(t, []string{"restock L1→WH-1"}, acts(d))
	require.Len(t, d.Holds, 1)
}

func TestAnAmountDoesNotPayWhatReturnGOPaid(t *testing.T) {
	t.Parallel()
	d := Decide(setup(1, passed(1), stock("L1", returns.RestockProven, ""), payable("10.00", "L1"), transaction("T9", returns.TransactionSuccess, "10.00", "I1"),
		answer(returns.AuthorisedTwice, returns.AnswerSetAmount, "10.00")))
	require.Empty(t, acts(d))
	require.Equal(t, []returns.Kind{returns.PaidInReturnGO}, kinds(d))
}

func TestPaidByOthersWhileOurRefundIsInFlight(t *testing.T) {
	t.Parallel()
	d := Decide(setup(1, settled("R1", 1), sellerRefund(returns.EffectClaimed, "10.00", "L1"), effectIs(1, func(e *returns.Effect) { e.ClaimUntil = noon.Add(time.Minute) })))
	require.False(t, d.Plan.Close)
	require.Equal(t, noon.Add(time.Minute), d.Plan.Wake.At)
}

// Without a transaction the expected value is paid, but people first get the
// settle window to authorise another.
func TestTheExpectedValueWaitsForATransaction(t *testing.T) {
	t.Parallel()
	inspectedAt := func(at time.Time) change {
		return together(passed(1), buyerReturn("R1", returns.TikTokShipped, 1), item(1, func(i *returns.RMAItem) { i.Inspection.At = at }),
			func(f *Facts) { f.Record.RMA.Transactions = nil })
	}
	d := Decide(setup(1, inspectedAt(noon.Add(-30*time.Second))))
	require.NotContains(t, acts(d), "confirm-parcel R1 10.00")
	require.Equal(t, noon.Add(30*time.Second), d.Plan.Wake.At)
	require.Contains(t, d.Plan.Wake.Read, returns.ReturnGO)
	require.Contains(t, acts(Decide(setup(1, inspectedAt(noon.Add(-time.Minute))))), "confirm-parcel R1 10.00")
}

// A decision made for another reason puts no look off: else a return that is told
// of something every hour would never see whether its money has moved.
func TestNoDecisionPutsALookOff(t *testing.T) {
	t.Parallel()
	f := setup(1, passed(1), stock("L1", returns.RestockProven, ""), buyerReturn("R1", returns.TikTokApproved, 1))
	due := Decide(f).Plan.Wake.At
	for f.Now = f.Now.Add(time.Minute); f.Now.Before(due); f.Now = f.Now.Add(7 * time.Minute) {
		require.Equal(t, due, Decide(f).Plan.Wake.At)
	}
	f.Now = due
	require.True(t, Decide(f).Plan.Wake.At.After(due), "and then the next is later")
}
