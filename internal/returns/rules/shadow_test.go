package rules

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

// shadowBook keeps what decisions say about switched-off actions, as the ledger
// does.
type shadowBook struct{ rows []returns.Shadow }

func (b *shadowBook) decide(f Facts, changes ...change) Decision {
	for _, c := range changes {
		c(&f)
	}
	f.Record.Shadows = slices.Clone(b.rows)
	d := Decide(f)
	for _, s := range d.Shadows {
		kept := false
		for i := range b.rows {
			if b.rows[i].Same(s) {
				b.rows[i], kept = s, true
			}
		}
		if !kept {
			b.rows = append(b.rows, s)
		}
	}
	return d
}

// told is each row in one line: what, ours, how it ended, theirs.
func (b *shadowBook) told() []string {
	var all []string
	for _, s := range b.rows {
		name := string(s.Kind)
		if s.Route != "" {
			name = string(s.Route)
		}
		end := string(s.End)
		if end == "" {
			end = "nobody yet"
		}
		if s.Wanted.IsZero() {
			end += ", unwanted"
		}
		all = append(all, fmt.Sprintf("%s %s %s: %s %s", name, s.Subject, bare(s.Amount), end, bare(s.DidAmount)))
	}
	return all
}

func bare(m returns.Money) string {
	if !returns.Known(m) {
		return "-"
	}
	return m.Number()
}

func allOff(f *Facts) { f.Policy.Switches = Switches{} }

func awaitingShip(f *Facts) { f.Record.TikTokReturns[0].Status = returns.TikTokAwaitingShip }

// Every action in turn is wanted, and held against what people did.
func TestShadowKeepsWhatASwitchHeldBackAndHowItEnded(t *testing.T) {
	t.Parallel()
	paid := together(passed(1), caseIs(1, func(t *returns.TikTokReturn) { t.Status = returns.TikTokPaid }))
	pending, shipped := buyerReturn("R1", returns.TikTokPending, 1), buyerReturn("R1", returns.TikTokShipped, 1)
	paidCase, setDone := buyerReturn("R1", returns.TikTokPaid, 1), policy(func(p *Policy) { p.SetDone = true })
	succeeded := transactionIs(1, func(t *returns.Transaction) { t.Status, t.Reference = returns.TransactionSuccess, "R1" })
	seller := func(id, amount string) change {
		return together(passed(1), tiktokCase(id, returns.TypeRefund, returns.TikTokPaid, 1), caseIs(1, func(t *returns.TikTokReturn) { t.Role = "SELLER" }), tiktokPays(1, amount))
	}
	for name, c := range map[string]struct {
		first, then []change
		want        []string
		fresh       bool // the second time knows nothing of the first
	}{
		"nobody accepted it yet":        {[]change{pending}, nil, []string{"accept-return R1 -: nobody yet -"}, false},
		"people accepted it":            {[]change{pending}, []change{awaitingShip}, []string{"accept-return R1 -: agreed -"}, false},
		"people rejected the request":   {[]change{pending}, []change{caseIs(1, func(t *returns.TikTokReturn) { t.Status = returns.TikTokRejected })}, []string{"accept-return R1 -: differed -"}, false},
		"people paid without a parcel":  {[]change{pending}, []change{caseIs(1, func(t *returns.TikTokReturn) { t.Status = returns.TikTokPaid })}, []string{"accept-return R1 -: differed -", "refund R1 -: theirs, unwanted 10.00"}, false},
		"the buyer withdrew":            {[]change{pending}, []change{caseIs(1, func(t *returns.TikTokReturn) { t.Status = returns.TikTokCancelled })}, []string{"accept-return R1 -: dropped -"}, false},
		"the same refund":               {[]change{shipped, passed(1)}, []change{paid}, []string{"confirm-parcel R1 10.00: agreed 10.00", "restock L1 -: nobody yet -", "set-transaction T1 10.00: nobody yet -"}, false},
		"a penny less":                  {[]change{shipped, passed(1)}, []change{paid, tiktokPays(1, "9.99")}, []string{"confirm-parcel R1 10.00: differed 9.99", "restock L1 -: nobody yet -", "comment refund-R1 9.99: nobody yet -"}, false},
		"the parcel was rejected":       {[]change{shipped, passed(1)}, []change{caseIs(1, func(t *returns.TikTokReturn) { t.Status = returns.TikTokParcelRejected })}, []string{"confirm-parcel R1 10.00: differed -", "restock L1 -: nobody yet -"}, false},
		"not authorised any more":       {[]change{shipped, passed(1)}, []change{rma(returns.RMACanceled)}, []string{"confirm-parcel R1 10.00: dropped -", "restock L1 -: nobody yet -"}, false},
		"the inspection was taken back": {[]change{shipped, passed(1)}, []change{unsellable(1)}, []string{"confirm-parcel R1 10.00: nobody yet -", "restock L1 -: dropped -"}, false},
		"refunded as the seller, right": {[]change{passed(1), payable("10.00", "L1")}, []change{seller("S1", "10.00")}, []string{"restock L1 -: nobody yet -", "exact-seller-refund L1 10.00: agreed 10.00", "set-transaction T1 10.00: nobody yet -"}, true},
		"refunded as the seller, wrong": {[]change{passed(1), payable("10.00", "L1")}, []change{seller("S1", "7.00")}, []string{"restock L1 -: nobody yet -", "exact-seller-refund L1 10.00: differed 7.00", "comment refund-S1 7.00: nobody yet -"}, true},
		"the switch was turned on":      {[]change{shipped, passed(1)}, []change{policy(func(p *Policy) { p.Switches.Refund = true })}, []string{"confirm-parcel R1 10.00: ours -", "restock L1 -: nobody yet -"}, false},
		"refunded by another way":       {[]change{passed(1), payable("10.00", "L1")}, []change{passed(1), tiktokCase("R1", returns.TypeRefund, returns.TikTokPaid, 1)}, []string{"restock L1 -: nobody yet -", "exact-seller-refund L1 10.00: differed 10.00", "set-transaction T1 10.00: nobody yet -"}, true},
		"the transaction failed":        {[]change{unsellable(1), paidCase}, []change{transactionIs(1, func(t *returns.Transaction) { t.Status = returns.TransactionFailed })}, []string{"refund R1 10.00: agreed, unwanted 10.00", "set-transaction T1 10.00: differed -", "comment refund-R1 10.00: nobody yet -"}, false},
		"people set it to Done":         {[]change{unsellable(1), paidCase, succeeded, setDone}, []change{rma(returns.RMADone)}, []string{"refund R1 10.00: agreed, unwanted 10.00", "set-transaction T1 10.00: agreed, unwanted 10.00", "set-done 9001 -: agreed -"}, false},
		"others opened one":             {[]change{announced, returnable("10.00", "L1")}, []change{announced, ourReturn("R1", returns.TikTokAwaitingShip, 1)}, []string{"open-return L1 10.00: agreed 10.00"}, true},
		"the buyer opened one":          {[]change{announced, returnable("10.00", "L1")}, []change{announced, buyerReturn("R1", returns.TikTokAwaitingShip, 1)}, []string{"open-return L1 10.00: dropped -"}, true},
		"a read is still to come":       {[]change{passed(1), payable("10.00", "L1")}, []change{passed(1)}, []string{"restock L1 -: nobody yet -", "exact-seller-refund L1 10.00: nobody yet -"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b shadowBook
			d := b.decide(setup(1, append([]change{allOff}, c.first...)...))
			require.Empty(t, d.Plan.Acts, "switched off")
			before := append([]change{allOff}, c.first...)
			if c.fresh {
				before = []change{allOff}
			}
			b.decide(setup(1, append(before, c.then...)...))
			require.ElementsMatch(t, c.want, b.told())
			told := b.told()
			for _, s := range b.decide(setup(1, append(before, c.then...)...)).Shadows {
				require.Fail(t, "looked at again, and written again", "%+v", s)
			}
			require.Equal(t, told, b.told())
		})
	}
}

// What only others did counts too: by what is authorised by now, and not if it
// was before our time, ours, or switched on.
func TestShadowNamesWhatPeopleDidFirst(t *testing.T) {
	t.Parallel()
	paid := buyerReturn("R1", returns.TikTokPaid, 1)
	none := []string(nil)
	for name, c := range map[string]struct {
		given []change
		want  []string
	}{
		"not inspected":           {[]change{paid}, []string{"refund R1 -: theirs, unwanted 10.00"}},
		"inspected since":         {[]change{paid, unsellable(1)}, []string{"refund R1 10.00: agreed, unwanted 10.00", "set-transaction T1 10.00: nobody yet -"}},
		"inspected since, not so": {[]change{paid, unsellable(1), tiktokPays(1, "8.00")}, []string{"refund R1 10.00: differed, unwanted 8.00", "comment refund-R1 8.00: nobody yet -"}},
		"refused":                 {[]change{paid, notInParcel(1)}, []string{"refund R1 -: theirs, unwanted 10.00", "set-transaction T1 10.00: nobody yet -"}},
		"before our time":         {[]change{paid, func(f *Facts) { f.Record.CreatedAt = noon.Add(time.Hour) }}, none},
		"the switch is on":        {[]change{paid, policy(func(p *Policy) { p.Switches.Refund = true })}, none},
		"it was ours":             {[]change{paid, decision(returns.EffectRefund, returns.RouteConfirmParcel, "R1", returns.EffectVerified, "10.00", "L1")}, none},
		"settled before our time": {[]change{transactionIs(1, func(t *returns.Transaction) { t.Status = returns.TransactionSuccess }), func(f *Facts) { f.Record.CreatedAt = noon }}, none},
		"accepted by us":          {[]change{rma(returns.RMAPending), buyerReturn("R1", returns.TikTokAwaitingShip, 1), decision(returns.EffectAccept, returns.RouteAcceptReturn, "R1", returns.EffectVerified, "10.00", "L1")}, none},
		"accepted, not approved":  {[]change{rma(returns.RMAPending), buyerReturn("R1", returns.TikTokAwaitingShip, 1)}, []string{"accept-return R1 -: theirs, unwanted -"}},
		"settled, not paid":       {[]change{transactionIs(1, func(t *returns.Transaction) { t.Status = returns.TransactionSuccess })}, []string{"set-transaction T1 10.00: theirs, unwanted 10.00"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b shadowBook
			b.decide(setup(1, append([]change{allOff}, c.given...)...))
			require.ElementsMatch(t, c.want, b.told())
		})
	}
	var b shadowBook
	b.decide(setup(1, allOff, paid))
	b.decide(setup(1, allOff, paid, unsellable(1)))
	require.Equal(t, "refund R1 10.00: agreed, unwanted 10.00", b.told()[0], "they were first, and right")
	b.decide(setup(1, allOff, paid, unsellable(1), transactionIs(1, func(t *returns.Transaction) { t.Status = returns.TransactionSuccess })))
	require.Equal(t, "refund R1 10.00: agreed, unwanted 10.00", b.told()[0], "ReturnGO now says that it paid as well: a person is asked")
}

// A second payment on top of one that agreed is nothing that we would have done.
func TestShadowNamesASecondPayment(t *testing.T) {
	t.Parallel()
	var b shadowBook
	first := []change{allOff, unsellable(1), buyerReturn("R1", returns.TikTokShipped, 1)}
	b.decide(setup(1, first...))
	paid := append(slices.Clone(first), caseIs(1, func(t *returns.TikTokReturn) { t.Status = returns.TikTokPaid }))
	b.decide(setup(1, paid...))
	again := append(slices.Clone(paid), tiktokCase("S2", returns.TypeRefund, returns.TikTokPaid, 1), caseIs(2, func(t *returns.TikTokReturn) { t.Role = "SELLER" }))
	b.decide(setup(1, again...))
	b.decide(setup(1, again...))
	require.Subset(t, b.told(), []string{"confirm-parcel R1 10.00: agreed 10.00", "exact-seller-refund S2 10.00: theirs, unwanted 10.00"})
}

// Of a TikTok return over units of others too only our own count.
func TestShadowCountsOnlyItsOwnUnits(t *testing.T) {
	t.Parallel()
	var b shadowBook
	b.decide(setup(2, allOff, hold1, unsellable(1), buyerReturn("R1", returns.TikTokPaid, 1, 2)))
	require.Contains(t, b.told(), "refund R1 10.00: agreed, unwanted 10.00")
}

// hold1 leaves the RMA its first unit only; another return holds the second.
func hold1(f *Facts) {
	f.Record.RMA.Items, f.Record.RMA.Transactions = f.Record.RMA.Items[:1], f.Record.RMA.Transactions[:1]
	heldBy("9002", "L2")(f)
}

// One TikTok return is accepted first and paid later: two deeds, each by itself.
func TestShadowTellsTheDeedsOnOneReturnApart(t *testing.T) {
	t.Parallel()
	var b shadowBook
	first := []change{allOff, unsellable(1), tiktokPays(1, "9.99"), noTransactions, policy(func(p *Policy) { p.NotRestockable = NotRestockablePay })}
	f := func(status string) Facts {
		return setup(1, append([]change{buyerReturn("R1", status, 1)}, first...)...)
	}
	for _, status := range []string{returns.TikTokPending, returns.TikTokAwaitingShip, returns.TikTokShipped, returns.TikTokPaid, returns.TikTokPaid} {
		b.decide(f(status))
	}
	require.ElementsMatch(t, []string{"accept-return R1 -: agreed -", "refund R1 10.00: differed, unwanted 9.99", "comment refund-R1 9.99: nobody yet -"}, b.told())
}

// Since when something is wanted stays, whatever is read in between; what it
// would be is the newest.
func TestShadowKeepsSinceWhenItIsWanted(t *testing.T) {
	t.Parallel()
	var b shadowBook
	f := setup(1, allOff, passed(1), buyerReturn("R1", returns.TikTokShipped, 1))
	b.decide(f)
	later := func(f *Facts) { f.Now = noon.Add(time.Hour) }
	b.decide(f, later, rma(returns.RMACanceled))
	f = setup(1, allOff, passed(1), buyerReturn("R1", returns.TikTokShipped, 1), later, tiktokPays(1, "12.00"), transactionIs(1, func(t *returns.Transaction) { t.Amount = gbp("12.00") }))
	b.decide(f)
	require.Contains(t, b.told(), "confirm-parcel R1 12.00: nobody yet -")
	for _, s := range b.rows {
		require.True(t, s.Wanted.Equal(noon), "%s is wanted since %s", s.Route, s.Wanted)
	}
	b.decide(f, paused)
	require.Contains(t, b.told(), "confirm-parcel R1 12.00: nobody yet -", "a pause ends nothing")
}
