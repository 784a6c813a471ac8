package rules

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

const (
	rmaID   = "9001"
	orderID = "576000000000000001"
	reason  = "seller_reason_damaged"
)

// noon is when every decision of these tests is made.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// a change is one thing that happened before the decision.
type change = func(*Facts)

// setup is a shop with everything switched on and one RMA of n units over a
// TikTok order of n lines: approved, received yesterday, not inspected, each
// unit of an SKU of its own ("SKU-1", line "L1", item "I1"), paid 10, 20, 30 …
// GBP and authorised by a transaction of its own two hours ago. No TikTok return.
func setup(n int, changes ...change) Facts {
	f := Facts{
		Now: noon, Shop: "uk", Key: returns.RMAKey(rmaID),
		Policy: Policy{
			Gate:             GateValidated,
			Switches:         Switches{Register: true, Refund: true, Reject: true, Restock: true, WriteBack: true},
			OrderPattern:     regexp.MustCompile(`\b\d{18}\b`),
			ReasonKeys:       map[string]string{"*": reason},
			DefaultWarehouse: "WH-1",
			SettleWindow:     time.Minute, MoneyWait: 5 * time.Minute, DeadlineWarning: 12 * time.Hour, RMAWait: 2 * time.Hour,
			NotShippedAfter: 10 * 24 * time.Hour, InspectionOverdue: 3 * 24 * time.Hour, InspectedTooLong: 5 * 24 * time.Hour,
			OrderClosesAfter: 30 * 24 * time.Hour, OrderClosingAlert: 5 * 24 * time.Hour,
			CreateSettle: 2 * time.Minute, KeyLifetime: 24 * time.Hour, TroubleRetry: 15 * time.Minute, NotShownAfter: time.Hour,
		},
		Record: returns.Record{
			RMAReadAt: noon, TikTokReadAt: noon, OrderID: orderID,
			RMAStatusSince: noon.Add(-24 * time.Hour),
			RMA: &returns.RMA{
				ID: rmaID, Status: returns.RMAReceived, OrderName: "TikTok #" + orderID, CancellationFee: "0",
			},
			Order: &returns.Order{
				ID: orderID, Status: returns.OrderDelivered, Currency: "GBP", WarehouseID: "WH-ORDER",
				Fulfillment: returns.FulfilledBySeller, DeliveredAt: noon.Add(-7 * 24 * time.Hour),
			},
			HeldBy: map[returns.UnitID]returns.Key{}, Answers: map[returns.Kind]returns.Answer{},
		},
	}
	for i := 1; i <= n; i++ {
		price := gbp(fmt.Sprintf("%d.00", i*10))
		f.Record.RMA.Items = append(f.Record.RMA.Items, returns.RMAItem{
			ID: fmt.Sprintf("I%d", i), SKU: fmt.Sprintf("SKU-%d", i), Reason: "Does not fit",
			Resolution: returns.ResolutionRefund, ReturnMethod: "Ship with any carrier",
			Paid: price, TaxIncluded: true, Fees: "0",
		})
		f.Record.RMA.Transactions = append(f.Record.RMA.Transactions, returns.Transaction{
			ID: fmt.Sprintf("T%d", i), Type: returns.ResolutionRefund, Status: returns.TransactionRequested,
			Amount: price, ItemIDs: []string{fmt.Sprintf("I%d", i)}, CreatedAt: noon.Add(-2 * time.Hour),
		})
		f.Record.Order.Lines = append(f.Record.Order.Lines, returns.OrderLine{
			ID: fmt.Sprintf("L%d", i), SKUID: fmt.Sprintf("S%d", i), SellerSKU: fmt.Sprintf("SKU-%d", i),
			ProductID: fmt.Sprintf("P%d", i), Price: price,
		})
	}
	for _, c := range changes {
		c(&f)
	}
	nameSubjects(&f)
	return f
}

// nameSubjects has each answer speak for what was asked when it was given: the
// same facts without it ask the question.
func nameSubjects(f *Facts) {
	kinds := slices.Sorted(maps.Keys(f.Record.Answers))
	for _, kind := range kinds {
		a := f.Record.Answers[kind]
		if a.Subject == "" {
			a.Subject = askedAbout(*f, kind)
			f.Record.Answers[kind] = a
		}
		f.Record.Said = append(f.Record.Said, a)
	}
}

// askedAbout is the subject of the question of a kind that is open if nobody has
// answered it; none if there is no such question.
func askedAbout(f Facts, kind returns.Kind) string {
	f.Record.Answers = maps.Clone(f.Record.Answers)
	delete(f.Record.Answers, kind)
	for _, e := range Decide(f).Plan.Exceptions {
		if e.Kind == kind {
			return e.Subject
		}
	}
	return ""
}

func gbp(number string) returns.Money { return money(number, "GBP") }

func money(number, code string) returns.Money {
	m, err := returns.NewMoney(number, code)
	if err != nil {
		panic(err)
	}
	return m
}

// together makes several changes one.
func together(changes ...change) change {
	return func(f *Facts) {
		for _, c := range changes {
			c(f)
		}
	}
}

func rma(status string) change {
	return func(f *Facts) { f.Record.RMA.Status = status }
}

func policy(c func(*Policy)) change { return func(f *Facts) { c(&f.Policy) } }

func gate(g Gate) change { return policy(func(p *Policy) { p.Gate = g }) }

func item(i int, c func(*returns.RMAItem)) change {
	return func(f *Facts) { c(&f.Record.RMA.Items[i-1]) }
}

func order(c func(*returns.Order)) change { return func(f *Facts) { c(f.Record.Order) } }

// The three findings of an inspection, an hour ago.
func passed(units ...int) change      { return inspected(true, true, units...) }
func unsellable(units ...int) change  { return inspected(true, false, units...) }
func notInParcel(units ...int) change { return inspected(false, false, units...) }

func inspected(returned, restockable bool, units ...int) change {
	return func(f *Facts) {
		for _, i := range units {
			f.Record.RMA.Items[i-1].Inspection = returns.Inspection{At: noon.Add(-time.Hour), Returned: returned, Restockable: restockable}
		}
	}
}

func noShipment(units ...int) change {
	return func(f *Facts) {
		for _, i := range units {
			f.Record.RMA.Items[i-1].ReturnMethod = returns.MethodNoShipment
		}
	}
}

// oneSKU makes all units the same article, sold at their own prices.
func oneSKU(f *Facts) {
	for i := range f.Record.Order.Lines {
		l := &f.Record.Order.Lines[i]
		l.SKUID, l.SellerSKU, l.ProductID = "S1", "SKU-1", "P1"
	}
	for i := range f.Record.RMA.Items {
		f.Record.RMA.Items[i].SKU = "SKU-1"
	}
}

// takenBack cancels the transactions of some units: they are refused, and ReturnGO
// says so throughout.
func takenBack(units ...int) change {
	return func(f *Facts) {
		for _, i := range units {
			f.Record.RMA.Transactions[i-1].Status = returns.TransactionCanceled
		}
	}
}

func noTransactions(f *Facts) { f.Record.RMA.Transactions = nil }

func transaction(id, status, amount string, items ...string) change {
	return func(f *Facts) {
		f.Record.RMA.Transactions = append(f.Record.RMA.Transactions, returns.Transaction{
			ID: id, Type: returns.ResolutionRefund, Status: status, Amount: gbp(amount), ItemIDs: items, CreatedAt: noon.Add(-time.Hour),
		})
	}
}

func transactionIs(i int, c func(*returns.Transaction)) change {
	return func(f *Facts) { c(&f.Record.RMA.Transactions[i-1]) }
}

// tiktokCase is a TikTok return of the buyer over these lines, with a deadline
// in two days wherever TikTok waits for the seller.
func tiktokCase(id, kind, status string, lines ...int) change {
	return func(f *Facts) {
		t := returns.TikTokReturn{
			ID: id, OrderID: orderID, Type: kind, Status: status, Role: "BUYER",
			CreatedAt: noon.Add(-48 * time.Hour), UpdatedAt: noon.Add(-3 * time.Hour), Refund: gbp("0.00"),
		}
		for _, i := range lines {
			price := gbp(fmt.Sprintf("%d.00", i*10))
			t.Refund, _ = t.Refund.Add(price)
			t.Lines = append(t.Lines, returns.TikTokReturnLine{
				ID: fmt.Sprintf("%s-%d", id, i), OrderLineID: fmt.Sprintf("L%d", i), SKUID: fmt.Sprintf("S%d", i), Refund: price,
			})
		}
		switch status {
		case returns.TikTokPending, returns.TikTokShipped, returns.TikTokReplacePending:
			t.Actions = []returns.SellerAction{{Action: "SELLER_RESPOND", Deadline: noon.Add(48 * time.Hour)}}
		}
		f.Record.TikTokReturns = append(f.Record.TikTokReturns, t)
	}
}

// buyerReturn is the usual TikTok return: goods back, money back.
func buyerReturn(id, status string, lines ...int) change {
	return tiktokCase(id, returns.TypeReturnAndRefund, status, lines...)
}

func caseIs(i int, c func(*returns.TikTokReturn)) change {
	return func(f *Facts) { c(&f.Record.TikTokReturns[i-1]) }
}

// tiktokPays sets what a TikTok return pays, over all its lines.
func tiktokPays(i int, amount string) change {
	return caseIs(i, func(t *returns.TikTokReturn) {
		t.Refund = gbp(amount)
		if len(t.Lines) == 1 {
			t.Lines[0].Refund = gbp(amount)
		}
	})
}

func deadline(i int, at time.Time) change {
	return caseIs(i, func(t *returns.TikTokReturn) {
		t.Actions = []returns.SellerAction{{Action: "SELLER_RESPOND", Deadline: at}}
	})
}

// payable is TikTok's fresh answer to what a seller could refund.
func payable(amount string, units ...returns.UnitID) change {
	return func(f *Facts) {
		f.Record.Payable = &returns.Payable{Units: units, RequestType: returns.TypeRefund, ReasonKey: reason, Eligible: true, Amount: gbp(amount), At: noon}
	}
}

func notEligible(why string, units ...returns.UnitID) change {
	return together(payable("0.00", units...), func(f *Facts) { f.Record.Payable.Eligible, f.Record.Payable.Why = false, why })
}

func answer(kind returns.Kind, a returns.AnswerName, amount ...string) change {
	return func(f *Facts) {
		given := returns.Answer{Kind: kind, Answer: a, Who: "Ann", Reference: "bank transfer 7", At: noon.Add(-time.Minute)}
		if len(amount) > 0 {
			given.Amount = gbp(amount[0])
		}
		f.Record.Answers[kind] = given
	}
}

// about says which question of a kind was answered.
func about(subject string, kind returns.Kind) change {
	return func(f *Facts) {
		a := f.Record.Answers[kind]
		a.Subject = subject
		f.Record.Answers[kind] = a
	}
}

func answeredAt(kind returns.Kind, at time.Time) change {
	return func(f *Facts) {
		a := f.Record.Answers[kind]
		a.At = at
		f.Record.Answers[kind] = a
	}
}

// sellerRefund is a refund of ours as the seller, sent ten minutes ago.
func sellerRefund(state returns.EffectState, amount string, units ...returns.UnitID) change {
	return func(f *Facts) {
		e := effectOf(returns.EffectRefund, returns.RouteSellerRefund, subjectOf(units), state, units...)
		e.Amount = gbp(amount)
		f.Record.Effects = append(f.Record.Effects, e)
		hold(f, units...)
	}
}

// decision is a decision of ours on a TikTok return, sent ten minutes ago.
func decision(kind returns.EffectKind, route returns.Route, tiktokReturn string, state returns.EffectState, amount string, units ...returns.UnitID) change {
	return func(f *Facts) {
		e := effectOf(kind, route, tiktokReturn, state, units...)
		e.TikTokReturnID, e.Amount = tiktokReturn, gbp(amount)
		f.Record.Effects = append(f.Record.Effects, e)
		hold(f, units...)
	}
}

// written is a write of ours to ReturnGO, sent ten minutes ago.
func written(route returns.Route, subject, tiktokReturn string, state returns.EffectState) change {
	return func(f *Facts) {
		e := effectOf(returns.EffectWriteBack, route, subject, state)
		e.TikTokReturnID = tiktokReturn
		f.Record.Effects = append(f.Record.Effects, e)
	}
}

func effectOf(kind returns.EffectKind, route returns.Route, subject string, state returns.EffectState, units ...returns.UnitID) returns.Effect {
	e := returns.Effect{
		ID: returns.EffectID("uk", kind, subject, 1), Key: returns.RMAKey(rmaID), Kind: kind, Route: route, Subject: subject, Generation: 1,
		Units: units, OrderID: orderID, State: state, IntentAt: noon.Add(-10 * time.Minute),
	}
	if state != returns.EffectIntent {
		e.ClaimedAt, e.ClaimUntil = e.IntentAt, e.IntentAt.Add(time.Minute)
	}
	if state == returns.EffectVoid {
		e.Note = "25005005 too much"
	}
	return e
}

func effectIs(i int, c func(*returns.Effect)) change {
	return func(f *Facts) { c(&f.Record.Effects[i-1]) }
}

// hold remembers a pairing of line Ln with item In.
func hold(f *Facts, units ...returns.UnitID) {
	for _, u := range units {
		h := returns.Hold{Unit: u, ItemID: "I" + string(u)[1:], OrderID: orderID}
		for _, l := range f.Record.Order.Lines {
			if l.ID == u.LineID() {
				h.SKUID, h.ProductID = l.SKUID, l.ProductID
			}
		}
		if !slices.ContainsFunc(f.Record.Holds, func(o returns.Hold) bool { return o.Unit == u }) {
			f.Record.Holds = append(f.Record.Holds, h)
		}
	}
}

func heldBy(key returns.Key, units ...returns.UnitID) change {
	return func(f *Facts) {
		for _, u := range units {
			f.Record.HeldBy[u] = key
		}
	}
}

// stock is a unit's entry in the stock queue.
func stock(u returns.UnitID, state returns.RestockState, problem returns.Kind) change {
	return func(f *Facts) {
		n := string(u)[1:]
		f.Record.Restocks = append(f.Record.Restocks, returns.Restock{
			Unit: u, ProductID: "P" + n, SKUID: "S" + n, WarehouseID: "WH-1", State: state, Problem: problem, At: noon.Add(-time.Minute), ProblemAt: noon.Add(-time.Minute), WokenAt: noon.Add(-time.Minute), Note: "as TikTok says",
		})
		hold(f, u)
	}
}

func paused(f *Facts) { f.Record.Paused = true }

// settled lets everything behind a unit be done: paid by its case, in stock,
// written back.
func settled(id string, unit int) change {
	line := returns.UnitID(fmt.Sprintf("L%d", unit))
	return together(passed(unit), buyerReturn(id, returns.TikTokPaid, unit), stock(line, returns.RestockProven, ""), transactionIs(unit, func(t *returns.Transaction) {
		t.Status, t.Reference = returns.TransactionSuccess, id
	}))
}

// What a decision says.

func acts(d Decision) []string {
	var names []string
	for _, a := range d.Plan.Acts {
		name := string(a.Kind)
		if a.Route != "" {
			name = string(a.Route)
		}
		if a.Subject != "" && a.Kind != returns.ActRestock {
			name += " " + a.Subject
		}
		if returns.Known(a.Amount) && a.Kind == returns.ActRefund {
			name += " " + a.Amount.Number()
		}
		for _, r := range a.Restocks {
			name += " " + string(r.Unit) + "→" + r.WarehouseID
		}
		names = append(names, name)
	}
	return names
}

func kinds(d Decision) []returns.Kind {
	var all []returns.Kind
	for _, e := range d.Plan.Exceptions {
		all = append(all, e.Kind)
	}
	return all
}

func pairs(d Decision) map[string]returns.UnitID {
	all := map[string]returns.UnitID{}
	for _, h := range d.Holds {
		all[h.ItemID] = h.Unit
	}
	return all
}

// want is what a decision must say: acts, exceptions, and whether it ends.
type want struct {
	acts   []string
	kinds  []returns.Kind
	closed bool
}

func (w want) check(t *testing.T, d Decision) {
	t.Helper()
	require.Equal(t, w.acts, acts(d), "acts; summary: %s", d.Plan.Summary)
	require.Equal(t, w.kinds, kinds(d), "exceptions")
	require.Equal(t, w.closed, d.Plan.Close, "closed; summary: %s", d.Plan.Summary)
}

type scene struct {
	name  string
	given Facts
	want  want
}

func play(t *testing.T, scenes []scene) {
	t.Helper()
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.want.check(t, Decide(s.given))
		})
	}
}

// openSince are exceptions that have been open since a time.
func openSince(since time.Time, all ...returns.Exception) []returns.OpenException {
	var open []returns.OpenException
	for _, e := range all {
		open = append(open, returns.OpenException{Exception: e, OpenedAt: since})
	}
	return open
}

// exceptionAbout is an exception with a subject.
func exceptionAbout(subject string, kind returns.Kind) returns.Exception {
	e := returns.NewException(kind, "", returns.Money{})
	e.Subject = subject
	return e
}
