package rules

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"returnbridge/internal/returns"
)

// life is one return lived through: a TikTok that does what it is told, loses
// answers, refuses and shows late what it has, and people on all sides who do what
// they like.
type life struct {
	f       Facts
	made    int                     // TikTok returns so far
	ours    map[returns.UnitID]bool // units that we made TikTok pay
	granted []string                // TikTok returns that are approved, and do not show it yet
	unseen  []returns.TikTokReturn  // not in any search yet
	shows   time.Time               // when they are
	keyLife time.Duration           // how long TikTok honours a key, whatever we assume (T12)
	sent    map[string]time.Time    // when a create was first made under a key
}

// How long TikTok may honour an idempotency key, and how late its search may show
// what was made: where keys may be forgotten before we think so, within create_settle
// (T34); else within the lifetime that we assume.
var keyLives = map[time.Duration]time.Duration{
	0: 110 * time.Second, time.Hour: 110 * time.Second, 24 * time.Hour: 23 * time.Hour, 1e6 * time.Hour: 23 * time.Hour,
}

// Promise 1 over whole lives: whatever happens between our steps, we never make
// TikTok pay a unit that is paid, or that we made it pay before.
func TestNoUnitIsPaidTwiceInItsLife(t *testing.T) {
	t.Parallel()
	paying := 0
	rapid.Check(t, func(t *rapid.T) {
		for range 20 {
			paying += len(live(t).ours)
		}
	})
	require.Positive(t, paying, "nothing was ever paid: this proves nothing")
}

// live is one life of 25 steps.
func live(t *rapid.T) *life {
	l := &life{f: setup(2, rma(returns.RMAApproved), noTransactions), ours: map[returns.UnitID]bool{}, sent: map[string]time.Time{}}
	l.keyLife = rapid.SampledFrom(slices.Sorted(maps.Keys(keyLives))).Draw(t, "key lifetime")
	l.f.Policy.Gate = rapid.SampledFrom([]Gate{GateValidated, GateApproved, GateTransaction, GateDone}).Draw(t, "gate")
	for range 25 {
		l.something(t)
		l.reads()
		for _, a := range l.decides(t).Plan.Acts {
			switch a.Kind {
			case returns.ActRefund:
				l.pays(t, a)
			case returns.ActAccept:
				l.at(a.TikTokReturnID).Status = returns.TikTokAwaitingShip
			}
		}
	}
	return l
}

// reads is a fresh read of both platforms.
func (l *life) reads() {
	r := &l.f.Record
	r.RMAReadAt, r.TikTokReadAt = l.f.Now, l.f.Now
	if !l.f.Now.Before(l.shows) {
		r.TikTokReturns, l.unseen = append(r.TikTokReturns, l.unseen...), nil
	}
}

// decides keeps a decision as the ledger does, and asks TikTok what it asks.
func (l *life) decides(t *rapid.T) Decision {
	var d Decision
	for range 2 {
		d = Decide(l.f)
		r := &l.f.Record
		for _, c := range d.Changes {
			i := slices.IndexFunc(r.Effects, func(e returns.Effect) bool { return e.ID == c.Effect.ID })
			e := &r.Effects[i]
			if e.State == returns.EffectVerified || !e.Live() {
				continue
			}
			e.State, e.Reason, e.Note = c.State, c.Reason, c.Note
			if c.TikTokReturnID != "" {
				e.TikTokReturnID = c.TikTokReturnID
			}
		}
		r.Holds, r.Open = d.Holds, openSince(l.f.Now, d.Plan.Exceptions...)
		if d.Ask == nil {
			return d
		}
		worth := map[returns.UnitID]string{"L1": "10.00", "L2": "20.00"}
		var amounts []returns.Money
		for _, u := range d.Ask.Units {
			amounts = append(amounts, gbp(worth[u]))
		}
		total, err := returns.Sum(amounts...)
		require.NoError(t, err)
		r.Payable = &returns.Payable{Units: d.Ask.Units, RequestType: d.Ask.RequestType, ReasonKey: d.Ask.ReasonKey, Eligible: true, Amount: total, At: l.f.Now}
	}
	return d
}

// pays carries out a refund as TikTok may: taken, taken and the answer lost, lost
// on the way, or refused.
func (l *life) pays(t *rapid.T, a returns.Act) {
	e := l.effect(a)
	if first, made := l.sent[e.ID]; made && l.f.Now.Sub(first) < l.keyLife {
		e.ClaimedAt, e.ClaimUntil, e.State, e.Note = l.f.Now, l.f.Now.Add(12*time.Second), returns.EffectClaimed, ""
		return // TikTok answers as the first time, and that answer is lost as well
	}
	for _, u := range a.Units {
		require.False(t, l.ours[u], "%s was paid by us, and would be again: %s", u, a.Reason)
		for _, r := range l.f.Record.TikTokReturns {
			require.False(t, covers(r, u) && r.Pays(), "%s is paid by %s", u, r.ID)
		}
	}
	e.ClaimedAt, e.ClaimUntil, e.State, e.Note = l.f.Now, l.f.Now.Add(12*time.Second), returns.EffectClaimed, ""
	outcome := rapid.SampledFrom([]string{"taken", "answer lost", "lost", "refused"}).Draw(t, "outcome")
	if outcome == "refused" {
		e.State, e.Note = returns.EffectVoid, "25005005 no"
	}
	if outcome == "refused" || outcome == "lost" {
		return
	}
	for _, u := range a.Units {
		l.ours[u] = true
	}
	id := a.TikTokReturnID
	if a.Route == returns.RouteSellerRefund {
		id = l.newCase(returns.TypeRefund, returns.TikTokApproved, a.Amount, a.Units...)
		l.at(id).Role = "SELLER"
		l.sent[e.ID] = l.f.Now
	}
	if outcome == "taken" {
		e.State, e.TikTokReturnID = returns.EffectApplied, id
		if seldom(t, 2, "shown later") {
			l.granted = append(l.granted, id) // its status still reads as before
			return
		}
	}
	l.at(id).Status, l.at(id).UpdatedAt, l.at(id).Actions = returns.TikTokApproved, l.f.Now, nil
	if lag := time.Duration(rapid.Int64Range(0, int64(keyLives[l.keyLife]/time.Second)).Draw(t, "lag")) * time.Second; a.Route == returns.RouteSellerRefund && lag > 0 {
		all := l.f.Record.TikTokReturns
		l.unseen, l.shows = append(l.unseen, all[len(all)-1]), l.f.Now.Add(lag)
		l.f.Record.TikTokReturns = all[:len(all)-1]
	}
}

// effect is the ledger's row of an act, a new one after a refusal.
func (l *life) effect(a returns.Act) *returns.Effect {
	generation := 1
	for i, e := range l.f.Record.Effects {
		if e.Kind != returns.EffectRefund || e.Subject != a.Subject {
			continue
		}
		if e.State != returns.EffectVoid {
			l.f.Record.Effects[i].Amount, l.f.Record.Effects[i].Units = a.Amount, a.Units
			return &l.f.Record.Effects[i]
		}
		generation = e.Generation + 1
	}
	l.f.Record.Effects = append(l.f.Record.Effects, returns.Effect{
		ID: returns.EffectID("uk", returns.EffectRefund, a.Subject, generation), Key: l.f.Key, Kind: returns.EffectRefund, Route: a.Route, Subject: a.Subject,
		Generation: generation, Units: a.Units, OrderID: orderID, TikTokReturnID: a.TikTokReturnID, Amount: a.Amount, IntentAt: l.f.Now,
	})
	return &l.f.Record.Effects[len(l.f.Record.Effects)-1]
}

func (l *life) newCase(kind, status string, refund returns.Money, units ...returns.UnitID) string {
	l.made++
	r := returns.TikTokReturn{ID: fmt.Sprintf("R%d", l.made), OrderID: orderID, Type: kind, Status: status, Role: "BUYER", Refund: refund, CreatedAt: l.f.Now, UpdatedAt: l.f.Now}
	for _, u := range units {
		r.Lines = append(r.Lines, returns.TikTokReturnLine{OrderLineID: string(u), Refund: gbp(map[returns.UnitID]string{"L1": "10.00", "L2": "20.00"}[u])})
	}
	l.f.Record.TikTokReturns = append(l.f.Record.TikTokReturns, r)
	return r.ID
}

func (l *life) at(id string) *returns.TikTokReturn {
	i := slices.IndexFunc(l.f.Record.TikTokReturns, func(r returns.TikTokReturn) bool { return r.ID == id })
	return &l.f.Record.TikTokReturns[i]
}

// something happens outside of us.
func (l *life) something(t *rapid.T) {
	f, r := &l.f, &l.f.Record
	f.Now = f.Now.Add(rapid.SampledFrom([]time.Duration{time.Second, time.Minute, 3 * time.Minute, 20 * time.Minute, 26 * time.Hour}).Draw(t, "later"))
	unit := rapid.SampledFrom([]int{1, 2}).Draw(t, "unit")
	status := func(s string) { r.RMA.Status, r.RMAStatusSince = s, f.Now }
	var live []*returns.TikTokReturn
	for i := range r.TikTokReturns {
		if r.TikTokReturns[i].Live() {
			live = append(live, &r.TikTokReturns[i])
		}
	}
	free := func(units ...returns.UnitID) bool {
		on := func(c returns.TikTokReturn) bool {
			return slices.ContainsFunc(units, func(u returns.UnitID) bool { return covers(c, u) })
		}
		return !slices.ContainsFunc(live, func(c *returns.TikTokReturn) bool { return on(*c) }) && !slices.ContainsFunc(l.unseen, on) // TikTok knows what it has made
	}
	switch rapid.SampledFrom([]string{"", "inspected", "inspected", "authorised", "authorised", "status", "buyer opens", "both opened", "moves", "moves", "answer", "answer", "switch"}).Draw(t, "what") {
	case "inspected":
		r.RMA.Items[unit-1].Inspection = returns.Inspection{At: f.Now, Returned: !seldom(t, 4, "not in the parcel"), Restockable: true}
	case "authorised":
		amount := rapid.SampledFrom([]string{"10.00", "20.00", "9.00"}).Draw(t, "amount")
		if rapid.Bool().Draw(t, "as expected") {
			amount = fmt.Sprintf("%d.00", unit*10)
		}
		r.RMA.Transactions = []returns.Transaction{{ID: fmt.Sprintf("T%d", f.Now.Unix()), Type: returns.ResolutionRefund, Status: returns.TransactionRequested, Amount: gbp(amount), ItemIDs: []string{fmt.Sprintf("I%d", unit)}, CreatedAt: f.Now}}
	case "status":
		status(rapid.SampledFrom([]string{returns.RMAApproved, returns.RMAReceived, returns.RMAValidated, returns.RMADone, returns.RMACanceled, returns.RMAGone}).Draw(t, "rma"))
	case "buyer opens":
		if u := returns.UnitID(fmt.Sprintf("L%d", unit)); free(u) {
			l.newCase(rapid.SampledFrom([]string{returns.TypeReturnAndRefund, returns.TypeRefund}).Draw(t, "type"), returns.TikTokPending, gbp(fmt.Sprintf("%d.00", unit*10)), u)
		}
	case "both opened":
		if free("L1", "L2") {
			l.newCase(returns.TypeReturnAndRefund, returns.TikTokPending, gbp("30.00"), "L1", "L2")
		}
	case "moves":
		if len(live) == 0 {
			return
		}
		c := live[rapid.IntRange(0, len(live)-1).Draw(t, "which")]
		next := []string{returns.TikTokApproved, returns.TikTokCancelled, returns.TikTokRejected, returns.TikTokAwaitingShip, returns.TikTokShipped}
		switch {
		case c.Status == returns.TikTokApproved:
			next = []string{returns.TikTokPaid}
		case slices.Contains(l.granted, c.ID):
			next = []string{returns.TikTokApproved}
		}
		c.Status, c.UpdatedAt = rapid.SampledFrom(next).Draw(t, "to"), f.Now
	case "answer":
		if open := Decide(*f).Plan.Exceptions; len(open) > 0 {
			e := open[rapid.IntRange(0, len(open)-1).Draw(t, "question")]
			answers := slices.DeleteFunc(slices.Clone(returns.Catalogue[e.Kind].Answers), func(a returns.AnswerName) bool {
				return a == returns.AnswerPayRest || // pays a unit that is paid, as it should
					(a == returns.AnswerRetry || a == returns.AnswerPay) && len(l.unseen) > 0 // who looks in Seller Center sees it
			})
			if len(answers) == 0 {
				return
			}
			a := returns.Answer{Kind: e.Kind, Subject: e.Subject, Amount: e.Amount, Answer: rapid.SampledFrom(answers).Draw(t, "answer"), Reference: "ticket 7", Who: "Ann", At: f.Now}
			if a.Answer == returns.AnswerSetAmount {
				a.Amount = gbp("10.00")
			}
			r.Answers[e.Kind], r.Said = a, append(r.Said, a)
		}
	case "switch":
		f.Policy.Switches.Refund = !f.Policy.Switches.Refund
	}
}
