package rules

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

// toldBy adds an event that came a moment ago.
func toldBy(e returns.Told) change {
	return func(f *Facts) {
		e.Dated = !e.At.IsZero()
		if !e.Dated {
			e.At = noon.Add(-10 * time.Second)
		}
		e.ReceivedAt = noon.Add(-10 * time.Second)
		f.Record.Told = append(f.Record.Told, e)
	}
}

func rmaTold(status string, ago time.Duration) change {
	return toldBy(returns.Told{Platform: returns.ReturnGO, What: returns.ToldRMA, Status: status, At: noon.Add(-ago)})
}

func returnTold(id, status string, ago time.Duration) change {
	return toldBy(returns.Told{Platform: returns.TikTok, What: returns.ToldReturn, TikTokReturnID: id, Status: status, At: noon.Add(-ago)})
}

// Which reads are as new as an event: only then may anything rest on them.
func TestWhatAReadMustShow(t *testing.T) {
	t.Parallel()
	rmaUpdated := func(ago time.Duration) change {
		return func(f *Facts) { f.Record.RMA.UpdatedAt = noon.Add(-ago) }
	}
	shipped := buyerReturn("R1", returns.TikTokShipped, 1)
	caseUpdated := func(ago time.Duration) change {
		return caseIs(1, func(t *returns.TikTokReturn) { t.UpdatedAt = noon.Add(-ago) })
	}
	for name, c := range map[string]struct {
		given Facts
		lags  bool
	}{
		"nothing told":                                  {setup(1), false},
		"the same status":                               {setup(1, rma(returns.RMAValidated), rmaTold(returns.RMAValidated, 0)), false},
		"an earlier stage, told late":                   {setup(1, rma(returns.RMAValidated), rmaTold(returns.RMAReceived, 0)), false},
		"a later stage":                                 {setup(1, rma(returns.RMAValidated), rmaTold(returns.RMADone, 0)), true},
		"cancelled":                                     {setup(1, rma(returns.RMAValidated), rmaTold(returns.RMACanceled, 0)), true},
		"cancelled, and changed since":                  {setup(1, rma(returns.RMAValidated), rmaTold(returns.RMACanceled, time.Minute), rmaUpdated(time.Second)), false},
		"cancelled, and opened again by event":          {setup(1, rma(returns.RMAApproved), rmaTold(returns.RMACanceled, time.Minute), rmaTold(returns.RMAApproved, time.Second)), false},
		"the events come in the wrong order":            {setup(1, rma(returns.RMAValidated), rmaTold(returns.RMAReceived, time.Hour), rmaTold(returns.RMACanceled, time.Minute)), true},
		"validated, and the read says it is over":       {setup(1, rma(returns.RMACanceled), rmaTold(returns.RMAValidated, 0)), false},
		"a word that is no status":                      {setup(1, rma(returns.RMAValidated), rmaTold("Odd", 0)), false},
		"a word that is no status of a return":          {setup(1, shipped, returnTold("R1", "ODD", 0)), false},
		"an event without a status":                     {setup(1, rmaTold("", 0)), false},
		"a transaction that is there":                   {setup(1, toldBy(returns.Told{Platform: returns.ReturnGO, What: returns.ToldTransaction, TransactionID: "T1"})), false},
		"a transaction that is not":                     {setup(1, toldBy(returns.Told{Platform: returns.ReturnGO, What: returns.ToldTransaction, TransactionID: "T2"})), true},
		"a return as told":                              {setup(1, shipped, returnTold("R1", returns.TikTokShipped, 0)), false},
		"a return that changed since":                   {setup(1, shipped, returnTold("R1", returns.TikTokAwaitingShip, time.Hour), caseUpdated(time.Minute)), false},
		"two moves in one second, the first told last":  {setup(1, shipped, returnTold("R1", returns.TikTokAwaitingShip, time.Minute), caseUpdated(time.Minute)), false},
		"two moves in one second, the last not shown":   {setup(1, shipped, returnTold("R1", returns.TikTokApproved, time.Minute), caseUpdated(time.Minute)), true},
		"a return before it changed":                    {setup(1, shipped, returnTold("R1", returns.TikTokPaid, time.Minute), caseUpdated(time.Hour)), true},
		"a return that nobody knows":                    {setup(1, returnTold("R9", returns.TikTokPending, 0)), true},
		"paid as told":                                  {setup(1, buyerReturn("R1", returns.TikTokPaid, 1), toldBy(returns.Told{Platform: returns.TikTok, What: returns.ToldPaid, TikTokReturnID: "R1"})), false},
		"told to be paid, and shown before":             {setup(1, shipped, caseUpdated(0), toldBy(returns.Told{Platform: returns.TikTok, What: returns.ToldPaid, TikTokReturnID: "R1", At: noon.Add(-time.Hour)})), true},
		"a person goes by the read, since the event":    {setup(1, rma(returns.RMAValidated), rmaTold(returns.RMACanceled, 0), answer(returns.EventNotShown, returns.AnswerGoByRead), answeredAt(returns.EventNotShown, noon), about("rma  Canceled", returns.EventNotShown)), false},
		"a person goes by the read about another event": {setup(1, rma(returns.RMAValidated), rmaTold(returns.RMACanceled, 0), answer(returns.EventNotShown, returns.AnswerGoByRead), answeredAt(returns.EventNotShown, noon), about("transaction T9 ", returns.EventNotShown)), true},
		"an undated event hides no cancellation":        {setup(1, rma(returns.RMAValidated), rmaTold(returns.RMACanceled, time.Minute), toldBy(returns.Told{Platform: returns.ReturnGO, What: returns.ToldRMA, Status: returns.RMAApproved})), true},
		"a person went by the read before the event":    {setup(1, rma(returns.RMAValidated), rmaTold(returns.RMACanceled, 0), answer(returns.EventNotShown, returns.AnswerGoByRead), answeredAt(returns.EventNotShown, noon.Add(-time.Minute)), about("rma  Canceled", returns.EventNotShown)), true},
	} {
		require.Equal(t, c.lags, len(lagging(c.given.Record)) > 0, name)
	}
}

// Nothing that cannot be undone rests on a read that lags behind; goods that are here
// are put back.
func TestNothingRestsOnAReadThatLags(t *testing.T) {
	t.Parallel()
	ready := together(rma(returns.RMAValidated), passed(1))
	pending := buyerReturn("R1", returns.TikTokPending, 1)
	play(t, []scene{
		{"a refund", setup(1, ready, payable("10.00", "L1"), rmaTold(returns.RMACanceled, 0)), want{acts: []string{"restock L1→WH-1"}}},
		{"a decision on a case", setup(1, ready, buyerReturn("R1", returns.TikTokShipped, 1), rmaTold(returns.RMACanceled, 0)), want{acts: []string{"restock L1→WH-1"}}},
		{"an acceptance", setup(1, rma(returns.RMAApproved), pending, rmaTold(returns.RMACanceled, 0)), want{}},
		{"a write-back", setup(1, ready, stock("L1", returns.RestockProven, ""), buyerReturn("R1", returns.TikTokPaid, 1), rmaTold(returns.RMACanceled, 0)), want{}},
		{"a refund, for money of a return that nobody knows", setup(1, ready, payable("10.00", "L1"), toldBy(returns.Told{Platform: returns.TikTok, What: returns.ToldPaid, TikTokReturnID: "R9"})), want{acts: []string{"restock L1→WH-1"}}},
		{"a decision on a case, for money of a return that nobody knows", setup(1, ready, buyerReturn("R1", returns.TikTokShipped, 1), toldBy(returns.Told{Platform: returns.TikTok, What: returns.ToldPaid, TikTokReturnID: "R9"})), want{acts: []string{"confirm-parcel R1 10.00", "restock L1→WH-1"}}},
		{"a refund, for a return that nobody knows", setup(1, ready, payable("10.00", "L1"), returnTold("R9", returns.TikTokPending, 0)), want{acts: []string{"restock L1→WH-1"}}},
	})
}

// ReturnGO no longer stands by a refund that was paid: Finance hears of it, whatever
// the gate.
func TestATransactionThatFailsAfterItWasPaid(t *testing.T) {
	t.Parallel()
	for _, g := range []Gate{GateValidated, GateApproved, GateTransaction, GateDone} {
		for _, status := range []string{returns.TransactionFailed, returns.TransactionCanceled} {
			given := []change{rma(returns.RMADone), passed(1), gate(g), stock("L1", returns.RestockProven, ""), buyerReturn("R1", returns.TikTokPaid, 1),
				transactionIs(1, func(x *returns.Transaction) { x.Status = status })}
			d := Decide(setup(1, given...))
			require.Equal(t, []returns.Kind{returns.ReversedAfterRefund}, kindsOf(d), "%s %s: %s", g, status, d.Plan.Summary)
			d = Decide(setup(1, append(slices.Clone(given), answer(returns.ReversedAfterRefund, returns.AnswerAcknowledge), about("R1", returns.ReversedAfterRefund))...))
			require.Empty(t, kindsOf(d))
			again := append(slices.Clone(given), transaction("T2", returns.TransactionRequested, "10.00", "I1"))
			require.NotContains(t, kindsOf(Decide(setup(1, again...))), returns.ReversedAfterRefund, "another one authorises it")
		}
	}
}

func kindsOf(d Decision) (kinds []returns.Kind) {
	for _, e := range d.Plan.Exceptions {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}
