package rules

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

// What platforms may say beyond what is known of them: nothing is guessed.

func TestAnUnknownArbitrationIsForAPerson(t *testing.T) {
	t.Parallel()
	strange := caseIs(1, func(r *returns.TikTokReturn) { r.Arbitration = "HUMAN_REVIEW" })
	play(t, []scene{
		{"the parcel is not confirmed", setup(1, passed(1), stock("L1", returns.RestockProven, ""), buyerReturn("R1", returns.TikTokShipped, 1), strange),
			want{kinds: []returns.Kind{returns.UnknownStatus}}},
		{"the return is not accepted", setup(1, rma(returns.RMAApproved), buyerReturn("R1", returns.TikTokPending, 1), strange),
			want{kinds: []returns.Kind{returns.UnknownStatus}}},
		{"a decided one bars nothing", setup(1, passed(1), stock("L1", returns.RestockProven, ""), buyerReturn("R1", returns.TikTokShipped, 1),
			caseIs(1, func(r *returns.TikTokReturn) { r.Arbitration = "SUPPORT_SELLER" })), want{acts: []string{"confirm-parcel R1 10.00"}}},
	})
}

func TestATransactionInAnUnknownStatusPaysNothing(t *testing.T) {
	t.Parallel()
	strange := transactionIs(1, func(t *returns.Transaction) { t.Status = "Cancelled" })
	free := together(passed(1), stock("L1", returns.RestockProven, ""))
	play(t, []scene{
		{"as the seller", setup(1, free, payable("10.00", "L1"), strange), want{kinds: []returns.Kind{returns.UnknownStatus}}},
		{"by the case", setup(1, free, buyerReturn("R1", returns.TikTokShipped, 1), strange), want{kinds: []returns.Kind{returns.UnknownStatus}}},
		{"a person took note", setup(1, free, payable("10.00", "L1"), strange, answer(returns.UnknownStatus, returns.AnswerHandledManually)), want{}},
		{"one that is pending", setup(1, free, payable("10.00", "L1"), transactionIs(1, func(t *returns.Transaction) { t.Status = returns.TransactionPending })),
			want{acts: []string{"exact-seller-refund L1 10.00"}}},
	})
}

func TestANegativeTransactionIsNoRefund(t *testing.T) {
	t.Parallel()
	negative := transactionIs(1, func(t *returns.Transaction) { t.Amount = gbp("-5.00") })
	play(t, []scene{
		{"a person says how much", setup(1, passed(1), stock("L1", returns.RestockProven, ""), payable("10.00", "L1"), negative), want{kinds: []returns.Kind{returns.AmountUnusable}}},
	})
}

func TestAnOrderThatIsNotThereIsLookedForEverMoreSeldom(t *testing.T) {
	t.Parallel()
	missing := together(func(f *Facts) { f.Record.Order = nil }, func(f *Facts) { f.Record.OrderID = "576" }, policy(func(p *Policy) { p.TroubleRetry = 15 * time.Minute }))
	require.Equal(t, noon.Add(15*time.Minute), Decide(setup(1, missing)).Plan.Wake.At)
	old := Decide(setup(1, missing, func(f *Facts) {
		f.Record.Open = openSince(noon.Add(-8*time.Hour), returns.NewException(returns.UnlinkedOrder, "", returns.Money{}))
	}))
	require.Equal(t, []returns.Kind{returns.UnlinkedOrder}, kinds(old))
	require.Equal(t, noon.Add(8*time.Hour), old.Plan.Wake.At)
}

func TestAnAmountThatTikTokDoesNotSay(t *testing.T) {
	t.Parallel()
	d := Decide(setup(1, passed(1), stock("L1", returns.RestockProven, ""), buyerReturn("R1", returns.TikTokPaid, 1), caseIs(1, func(r *returns.TikTokReturn) {
		r.Refund, r.Lines[0].Refund = returns.Money{}, returns.Money{}
	})))
	require.Equal(t, []returns.Kind{returns.RefundDiffers}, kinds(d))
	require.Equal(t, "TikTok paid an unknown amount on return R1, ReturnGO authorised 10.00 GBP", d.Plan.Exceptions[0].Sentence)
}

func TestAnItemThatMayBeSeveralProductsIsForAPerson(t *testing.T) {
	t.Parallel()
	alike := order(func(o *returns.Order) {
		for i := range o.Lines {
			o.Lines[i].SellerSKU, o.Lines[i].Price = "SKU-1", gbp("10.00")
		}
	})
	one := together(func(f *Facts) { f.Record.RMA.Items = f.Record.RMA.Items[:1] }, passed(1), alike)
	require.Equal(t, []returns.Kind{returns.SKUNotInOrder}, kinds(Decide(setup(2, one))))
	for name, telling := range map[string]change{
		"the price":         order(func(o *returns.Order) { o.Lines[0].Price = gbp("9.00") }),
		"the TikTok return": buyerReturn("R1", returns.TikTokShipped, 2),
	} {
		require.Equal(t, returns.UnitID("L2"), pairs(Decide(setup(2, one, telling)))["I1"], name)
	}
	nameless := together(passed(1), item(1, func(i *returns.RMAItem) { i.SKU = "" }), order(func(o *returns.Order) { o.Lines[0].SellerSKU = "" }))
	require.Equal(t, []returns.Kind{returns.SKUNotInOrder}, kinds(Decide(setup(1, nameless))))
	require.Len(t, pairs(Decide(setup(2, alike, item(2, func(i *returns.RMAItem) { i.SKU = "SKU-1" })))), 2, "all come back")
}

func TestUnitsThatTikTokPaidAndNoRMAReturnsAreNamed(t *testing.T) {
	t.Parallel()
	one := together(func(f *Facts) {
		f.Record.RMA.Items, f.Record.RMA.Transactions = f.Record.RMA.Items[:1], f.Record.RMA.Transactions[:1]
	},
		passed(1), stock("L1", returns.RestockProven, ""), buyerReturn("R1", returns.TikTokPaid, 1, 2))
	d := Decide(setup(2, one))
	require.Equal(t, []returns.Kind{returns.RefundDiffers}, kinds(d))
	require.Equal(t, "TikTok paid 30.00 GBP on return R1, which has 1 unit beyond those of any RMA; ReturnGO authorised 10.00 GBP", d.Plan.Exceptions[0].Sentence)
	require.Empty(t, kinds(Decide(setup(2, one, heldBy("9002", "L2")))), "another RMA returns it")
	seen := Decide(setup(2, one, answer(returns.RefundDiffers, returns.AnswerAcknowledge), func(f *Facts) {
		f.Record.RMA.Transactions[0].Status, f.Record.RMA.Transactions[0].Reference = returns.TransactionSuccess, "R1"
	}))
	require.Empty(t, kinds(seen))
	require.Contains(t, seen.Plan.Summary, "10.00 GBP refunded")
}

func TestAReturnHeldByASwitchIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	since := func(d time.Duration) change { return func(f *Facts) { f.Record.RMAStatusSince = noon.Add(-d) } }
	off := policy(func(p *Policy) { p.Switches = Switches{} })
	for name, facts := range map[string]change{
		"accept":     together(rma(returns.RMAApproved), buyerReturn("R1", returns.TikTokPending, 1)),
		"refund":     together(passed(1), stock("L1", returns.RestockProven, ""), payable("10.00", "L1")),
		"write-back": together(passed(1), stock("L1", returns.RestockProven, ""), buyerReturn("R1", returns.TikTokPaid, 1)),
	} {
		for held, wait := range map[time.Duration]time.Duration{time.Minute: 15 * time.Minute, time.Hour: time.Hour, 72 * time.Hour: 2 * time.Hour} {
			d := Decide(setup(1, facts, off, since(held)))
			require.Empty(t, acts(d), name)
			require.Equal(t, noon.Add(wait), d.Plan.Wake.At, "%s held for %s: %s", name, held, d.Plan.Wake.Why)
			require.Empty(t, d.Plan.Wake.Read, name)
		}
	}
}

func TestAPaidReturnSaysThatItsGoodsAreAwaited(t *testing.T) {
	t.Parallel()
	d := Decide(setup(1, rma(returns.RMAApproved), gate(GateTransaction), buyerReturn("R1", returns.TikTokPaid, 1),
		transactionIs(1, func(t *returns.Transaction) { t.Status, t.Reference = returns.TransactionSuccess, "R1" })))
	require.Empty(t, acts(d))
	require.Equal(t, "the goods are yet to be inspected", d.Plan.Summary)
}
