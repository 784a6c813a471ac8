package rules

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

// Exceptions that stay put (11): one that is open is not joined by another that says
// the same, its words do not age, and what is only late can be acknowledged.

func inspectedAgo(age time.Duration, units ...int) change {
	return func(f *Facts) {
		for _, i := range units {
			f.Record.RMA.Items[i-1].Inspection.At = noon.Add(-age)
		}
	}
}

func TestTooLongIsNotSaidBesideWhatHoldsItUp(t *testing.T) {
	t.Parallel()
	late := together(passed(1, 2), inspectedAgo(9*day, 1, 2), stock("L1", returns.RestockProven, ""), stock("L2", returns.RestockProven, ""), policy(func(p *Policy) { p.Switches.Refund = false }))
	euros := transactionIs(1, func(t *returns.Transaction) { t.Amount = money("9.00", "EUR") })
	tooLong := returns.InspectedTooLong
	play(t, []scene{
		{"nothing else is asked", setup(2, late, payable("30.00", "L1", "L2")), want{kinds: []returns.Kind{tooLong}}},
		{"one unit is asked about, the other is not", setup(2, late, euros, payable("20.00", "L2")), want{kinds: []returns.Kind{returns.CurrencyMismatch, tooLong}}},
		{"the only unit is asked about", setup(1, passed(1), inspectedAgo(9*day, 1), stock("L1", returns.RestockProven, ""), euros), want{kinds: []returns.Kind{returns.CurrencyMismatch}}},
		{"a platform does not answer", setup(1, passed(1), inspectedAgo(9*day, 1), stock("L1", returns.RestockProven, ""), policy(func(p *Policy) { p.Switches.Refund = false }), payable("10.00", "L1"),
			func(f *Facts) {
				f.Trouble = []returns.Trouble{{Platform: returns.ReturnGO, Class: returns.TroubleUnreachable}}
			}),
			want{kinds: []returns.Kind{returns.PlatformUnreachable}}},
	})
	d := Decide(setup(2, late, euros, payable("20.00", "L2")))
	require.Equal(t, "20.00 GBP", d.Plan.Exceptions[1].Amount.String(), "of the unit that nothing else is asked about")
}

func TestLatenessCanBeAcknowledgedUntilSomethingNewIsLate(t *testing.T) {
	t.Parallel()
	late := together(passed(1), inspectedAgo(9*day, 1), stock("L1", returns.RestockProven, ""), payable("10.00", "L1"), policy(func(p *Policy) { p.Switches.Refund = false }))
	seen := func(kind returns.Kind, at time.Time) change {
		return together(answer(kind, returns.AnswerAcknowledge), answeredAt(kind, at))
	}
	uninspected := func(f *Facts) { f.Record.RMAStatusSince = noon.Add(-4 * day) }
	play(t, []scene{
		{"inspected too long", setup(1, late), want{kinds: []returns.Kind{returns.InspectedTooLong}}},
		{"acknowledged", setup(1, late, seen(returns.InspectedTooLong, noon.Add(-day))), want{}},
		{"of an inspection before this one", setup(1, late, seen(returns.InspectedTooLong, noon.Add(-10*day))), want{kinds: []returns.Kind{returns.InspectedTooLong}}},
		{"not inspected", setup(1, uninspected), want{kinds: []returns.Kind{returns.InspectionOverdue}}},
		{"acknowledged, not inspected", setup(1, uninspected, seen(returns.InspectionOverdue, noon.Add(-time.Hour))), want{}},
		{"received anew since", setup(1, uninspected, seen(returns.InspectionOverdue, noon.Add(-5*day))), want{kinds: []returns.Kind{returns.InspectionOverdue}}},
	})
}

// An RMA whose units are not found has the same clocks.
func TestAParkedRMAHasItsClocks(t *testing.T) {
	t.Parallel()
	unlinked := func(f *Facts) {
		f.Record.OrderID, f.Record.Order, f.Record.RMA.OrderName, f.Record.TikTokReadAt = "", nil, "#1001", time.Time{}
	}
	unknown := item(1, func(i *returns.RMAItem) { i.SKU = "ELSE" })
	closing := order(func(o *returns.Order) { o.DeliveredAt = noon.Add(-27 * day) })
	late := together(passed(1), inspectedAgo(9*day, 1))
	play(t, []scene{
		{"unlinked, inspected just now", setup(1, unlinked, passed(1)), want{kinds: []returns.Kind{returns.UnlinkedOrder}}},
		{"unlinked, inspected long ago", setup(1, unlinked, late), want{kinds: []returns.Kind{returns.UnlinkedOrder, returns.InspectedTooLong}}},
		{"acknowledged", setup(1, unlinked, late, answer(returns.InspectedTooLong, returns.AnswerAcknowledge)), want{kinds: []returns.Kind{returns.UnlinkedOrder}}},
		{"no such article, the order closes", setup(1, unknown, closing), want{kinds: []returns.Kind{returns.SKUNotInOrder, returns.OrderClosing}}},
		{"refused in ReturnGO", setup(1, unlinked, late, rma(returns.RMARejected)), want{closed: true}},
	})
	wake := Decide(setup(1, unlinked, passed(1))).Plan.Wake
	require.Equal(t, noon.Add(-time.Hour).Add(5*day), wake.At, "the clock is armed: %s", wake.Why)
}

func TestSeveralItemsWithoutAUnitAreOneQuestionThatNamesThemAll(t *testing.T) {
	t.Parallel()
	d := Decide(setup(2, item(1, func(i *returns.RMAItem) { i.SKU = "ELSE" }), item(2, func(i *returns.RMAItem) { i.SKU = "OTHER" })))
	require.Equal(t, []returns.Kind{returns.SKUNotInOrder}, kinds(d))
	require.Equal(t, "order "+orderID+" has no ELSE; order "+orderID+" has no OTHER", d.Plan.Exceptions[0].Sentence)
	require.Equal(t, "30.00 GBP", d.Plan.Exceptions[0].Amount.String())
}

// Units that one transaction names are asked about each with its own part.
func TestUnitsOfOneTransactionAreAskedAboutWithTheirParts(t *testing.T) {
	t.Parallel()
	inStock := together(passed(1, 2), stock("L1", returns.RestockProven, ""), stock("L2", returns.RestockProven, ""), noTransactions)
	d := Decide(setup(2, inStock, transaction("T9", returns.TransactionSuccess, "27.00", "I1", "I2")))
	require.Equal(t, []returns.Kind{returns.PaidInReturnGO, returns.PaidInReturnGO}, kinds(d))
	require.Equal(t, "9.00 GBP", d.Plan.Exceptions[0].Amount.String())
	require.Equal(t, "18.00 GBP", d.Plan.Exceptions[1].Amount.String())
}

// What is written and not shown for an hour is IT's (11): a write-back, a refund, the
// answer to a request.
func TestWhatIsWrittenAndNotShownIsNamed(t *testing.T) {
	t.Parallel()
	applied := func(age time.Duration) change {
		return effectIs(1, func(e *returns.Effect) {
			e.IntentAt, e.ClaimedAt, e.ClaimUntil = noon.Add(-age), noon.Add(-age), noon.Add(-age)
			e.AppliedAt = noon.Add(-age)
		})
	}
	paid := together(passed(1), stock("L1", returns.RestockProven, ""), buyerReturn("R1", returns.TikTokPaid, 1), written(returns.RouteSetTransaction, "T1", "R1", returns.EffectApplied))
	sent := together(passed(1), stock("L1", returns.RestockProven, ""), sellerRefund(returns.EffectApplied, "10.00", "L1"), effectIs(1, func(e *returns.Effect) { e.TikTokReturnID = "R7" }))
	confirmed := together(passed(1), stock("L1", returns.RestockProven, ""), buyerReturn("R1", returns.TikTokShipped, 1), decision(returns.EffectRefund, returns.RouteConfirmParcel, "R1", returns.EffectApplied, "10.00", "L1"))
	readBefore := func(f *Facts) { f.Record.RMAReadAt = noon.Add(-70 * time.Minute) }
	named := want{kinds: []returns.Kind{returns.WriteNotShown}}
	play(t, []scene{
		{"a transaction, just written", setup(1, paid, applied(59*time.Minute)), want{closed: true}},
		{"a transaction", setup(1, paid, applied(2*time.Hour)), named},
		{"not read since", setup(1, paid, applied(2*time.Hour), readBefore), want{closed: true}},
		{"IT knows", setup(1, paid, applied(2*time.Hour), answer(returns.WriteNotShown, returns.AnswerAcknowledge)), want{closed: true}},
		{"a refund", setup(1, sent, applied(2*time.Hour)), named},
		{"a confirmed parcel", setup(1, confirmed, applied(2*time.Hour)), named},
	})
	wake := Decide(setup(1, sent, applied(59*time.Minute))).Plan.Wake
	require.False(t, wake.At.After(noon.Add(time.Minute)))
	require.Equal(t, []returns.Platform{returns.TikTok}, wake.Read, "it is read when the hour is over")
}

// A platform that is away has refused nothing: IT hears of it, not CX, and where the
// whole shop is stopped one exception says so.
func TestAnOutageIsNoRefusal(t *testing.T) {
	t.Parallel()
	failing := func(reason returns.Reason) change {
		return together(passed(1), stock("L1", returns.RestockProven, ""), buyerReturn("R1", returns.TikTokShipped, 1),
			decision(returns.EffectRefund, returns.RouteConfirmParcel, "R1", returns.EffectIntent, "10.00", "L1"),
			effectIs(1, func(e *returns.Effect) {
				e.Reason, e.Note, e.IntentAt = reason, "503", noon.Add(-time.Hour)
			}))
	}
	tries := []string{"confirm-parcel R1 10.00"}
	play(t, []scene{
		{"not possible for an hour", setup(1, failing(returns.ReasonUnavailable)), want{acts: tries, kinds: []returns.Kind{returns.PlatformUnreachable}}},
		{"sent, and not done, for an hour", setup(1, failing(returns.ReasonNotDone)), want{acts: tries, kinds: []returns.Kind{returns.PlatformUnreachable}}},
		{"refused for an hour", setup(1, failing(returns.ReasonChanged)), want{acts: tries, kinds: []returns.Kind{returns.EffectRefused}}},
		{"the whole shop is stopped", setup(1, failing(returns.ReasonUnavailable), func(f *Facts) { f.Record.Stopped = []returns.Platform{returns.TikTok} }), want{acts: tries}},
	})
}

// What is asked stays as it was asked: no sentence counts the hours.
func TestSentencesDoNotAge(t *testing.T) {
	t.Parallel()
	for _, f := range []Facts{
		setup(1, passed(1), inspectedAgo(9*day, 1), stock("L1", returns.RestockProven, ""), payable("10.00", "L1"), policy(func(p *Policy) { p.Switches.Refund = false })),
		setup(1, func(f *Facts) { f.Record.RMAStatusSince = noon.Add(-4 * day) }),
		setup(1, rma(returns.RMAApproved), func(f *Facts) { f.Record.RMAStatusSince = noon.Add(-20 * day) }),
		setup(1, approvedSince(9*day), buyerReturn("R1", returns.TikTokShipped, 1), updated(4*day)),
		setup(2, approvedSince(20*day), buyerReturn("R1", returns.TikTokPaid, 1, 2), updated(12*day)),
		setup(1, approvedSince(3*time.Hour), notEligible("market", "L1")),
	} {
		before := Decide(f).Plan.Exceptions
		require.NotEmpty(t, before)
		f.Now = f.Now.Add(26 * time.Hour)
		for _, e := range before {
			require.Contains(t, Decide(f).Plan.Exceptions, e)
		}
	}
}

// What a person knew of when they answered is told by the ledger, not by two machines'
// clocks: a transaction that it did not know then is a new authorisation, also where its
// time is earlier, and one that it knew is none, also where its time is later (9.1).
func TestAnAnswerKnowsOfWhatTheLedgerKnewThen(t *testing.T) {
	t.Parallel()
	f := func(created time.Time, seen ...string) Facts {
		return setup(1, passed(1), stock("L1", returns.RestockProven, ""), buyerReturn("R1", returns.TikTokShipped, 1), tiktokPays(1, "12.00"),
			transactionIs(1, func(t *returns.Transaction) { t.CreatedAt = created }), answer(returns.RefundValueMismatch, returns.AnswerAcceptPayable, "12.00"),
			func(f *Facts) {
				a := f.Record.Answers[returns.RefundValueMismatch]
				a.Seen, a.Subject = seen, "R1"
				f.Record.Answers[returns.RefundValueMismatch] = a
			})
	}
	before, after := noon.Add(-2*time.Minute), noon.Add(-30*time.Second) // the answer is a minute old
	pays, asks := want{acts: []string{"confirm-parcel R1 12.00"}}, want{kinds: []returns.Kind{returns.RefundValueMismatch}}
	late := func(f Facts) Facts { f.Policy.SettleWindow = time.Second; return f }
	play(t, []scene{
		{"known, whatever its time", late(f(after, "known", "T1=10.00GBP")), pays},
		{"not known, whatever its time", late(f(before, "known")), asks},
		{"known with another amount", late(f(before, "known", "T1=11.00GBP")), asks},
		{"not kept: by its time", late(f(before)), pays},
	})
}
