package rules

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"returnbridge/internal/returns"
)

// The promises of the design, over facts that nobody would think of. A question
// of the rules to TikTok is answered once, so that seller refunds are reached.
func TestPromisesHoldForAnyFacts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := anyFacts(t)
		before := asJSON(t, f.Record)
		d := Decide(f)
		if d.Ask != nil {
			f.Record.Payable = &returns.Payable{
				Units: d.Ask.Units, RequestType: d.Ask.RequestType, ReasonKey: d.Ask.ReasonKey, Eligible: rapid.IntRange(0, 5).Draw(t, "eligible") > 0,
				Amount: anyPrice(t, "payable"), At: noon,
			}
			before, d = asJSON(t, f.Record), Decide(f)
		}
		require.Equal(t, before, asJSON(t, f.Record), "the facts were changed")
		require.Equal(t, asJSON(t, d), asJSON(t, Decide(f)), "the same facts gave another plan")

		for _, a := range d.Plan.Acts {
			switch a.Kind {
			case returns.ActRefund:
				neverPaidAlready(t, f, d, a)
				neverAnotherValue(t, f, d, a)
				onlyWhatIsHeldAndDecided(t, f, d, a)
			case returns.ActOpenReturn:
				onlyWhereNothingWas(t, f, d, a)
			case returns.ActAccept:
				onlyWhatIsHeldAndDecided(t, f, d, a)
			case returns.ActRestock:
				onlyWhatPassed(t, f, d, a)
			}
		}
		onlyOneRefundOfAUnit(t, d)
		neverClosedTooEarly(t, f, d)
		noDeadlineUnseen(t, f, d)
		noDeadEnd(t, f, d)
	})
}

func neverPaidAlready(t *rapid.T, f Facts, d Decision, a returns.Act) {
	for _, u := range a.Units {
		for _, r := range f.Record.TikTokReturns {
			if restOrdered(f, a) {
				break // only what is missing: neverAnotherValue adds it up
			}
			require.False(t, r.Pays() && covers(r, u), "%s is paid by %s and would be again", u, r.ID)
			require.False(t, a.Route == returns.RouteSellerRefund && r.Live() && covers(r, u), "%s is open in %s", u, r.ID)
		}
		for _, e := range f.Record.Effects {
			inFlight := e.Kind == returns.EffectRefund && (e.State == returns.EffectApplied || e.State == returns.EffectVerified || e.State == returns.EffectClaimed && noon.Before(e.ClaimUntil))
			require.False(t, inFlight && e.Covers(u) && !endedByTikTok(f, e), "%s is already being paid by %s", u, e.ID)
		}
		item := itemOf(f, d, u)
		for _, tx := range f.Record.RMA.Transactions {
			if item != nil && slices.Contains(tx.ItemIDs, item.ID) && tx.Status == returns.TransactionSuccess && tx.Reference == "" {
				require.Fail(t, "paid in ReturnGO", "%s by %s", u, tx.ID)
			}
		}
	}
}

// onlyWhereNothingWas: a return is opened over the full value of one unit that is
// still to come, on which no case, payment, refund or other return of ours is.
func onlyWhereNothingWas(t *rapid.T, f Facts, d Decision, a returns.Act) {
	require.Equal(t, returns.RMAApproved, f.Record.RMA.Status)
	require.True(t, f.Policy.Switches.Register && !f.Record.Paused)
	require.Len(t, a.Units, 1)
	require.True(t, f.Record.Payable.Eligible)
	require.Equal(t, returns.TypeReturnAndRefund, f.Record.Payable.RequestType)
	require.Contains(t, f.Record.Payable.Units, a.Units[0])
	require.True(t, a.Amount.IsPositive() && !returns.Exceeds(a.Amount, f.Record.Payable.Amount))
	require.NotContains(t, f.Record.HeldBy, a.Units[0])
	require.False(t, itemOf(f, d, a.Units[0]).Inspection.Done())
	for _, r := range f.Record.TikTokReturns {
		require.False(t, (r.Live() || r.Pays()) && covers(r, a.Units[0]), "%s is on %s", r.ID, a.Units[0])
	}
	for _, e := range f.Record.Effects {
		sent := e.State == returns.EffectApplied || e.State == returns.EffectVerified || e.State == returns.EffectClaimed && noon.Before(e.ClaimUntil)
		require.False(t, sent && e.Covers(a.Units[0]) && (e.Kind == returns.EffectOpen || e.Kind == returns.EffectRefund) && !endedByTikTok(f, e), "%s is under way", e.ID)
	}
	for _, b := range d.Plan.Acts {
		require.False(t, b.Kind == returns.ActRefund && b.Units[0] == a.Units[0], "opened and paid in one plan")
	}
}

// restOrdered tells whether Finance said to pay what a refund left open.
func restOrdered(f Facts, a returns.Act) bool {
	return a.Route == returns.RouteSellerRefund && slices.ContainsFunc(f.Record.Said, func(s returns.Answer) bool {
		return s.Answer == returns.AnswerPayRest && slices.ContainsFunc(f.Record.TikTokReturns, func(r returns.TikTokReturn) bool {
			return (s.Subject == "" || r.ID == s.Subject) && r.Paid() && covers(r, a.Units[0])
		})
	})
}

// linesOf is what a TikTok return pays for some units.
func (f Facts) linesOf(r returns.TikTokReturn, units []returns.UnitID) returns.Money {
	var paid []returns.Money
	for _, l := range r.Lines {
		if slices.Contains(units, returns.UnitID(l.OrderLineID)) {
			paid = append(paid, l.Refund)
		}
	}
	if len(r.Lines) == 1 && len(paid) == 1 {
		return r.Refund
	}
	total, _ := returns.Sum(paid...)
	return total
}

func endedByTikTok(f Facts, e returns.Effect) bool {
	return slices.ContainsFunc(f.Record.TikTokReturns, func(r returns.TikTokReturn) bool {
		return r.ID == e.TikTokReturnID && (r.Status == returns.TikTokCancelled || r.NextID != "")
	})
}

// neverAnotherValue checks amounts against a reckoning of its own: what TikTok
// pays on this route, and what one transaction per unit authorises, or a person.
func neverAnotherValue(t *rapid.T, f Facts, d Decision, a returns.Act) {
	if a.Route == returns.RouteSellerRefund {
		require.True(t, f.Record.Payable.Eligible)
		require.False(t, returns.Exceeds(a.Amount, f.Record.Payable.Amount))
		require.Equal(t, a.Units, f.Record.Payable.Units)
		for _, u := range a.Units {
			item := itemOf(f, d, u)
			require.NotNil(t, item)
			key, mapped := f.Policy.ReasonKeys[item.Reason]
			require.True(t, a.ReasonKey == key || !mapped && a.ReasonKey == f.Policy.ReasonKeys["*"], "%s goes out under the reason %s", u, a.ReasonKey)
		}
	} else {
		require.True(t, returns.SameMoney(a.Amount, caseOf(f, a.TikTokReturnID).Refund))
	}
	require.True(t, a.Amount.IsPositive())
	if above := f.Policy.AskAbove; returns.Known(above) && returns.Exceeds(a.Amount, above) {
		require.True(t, slices.ContainsFunc(f.Record.Said, func(s returns.Answer) bool {
			return returns.Catalogue[s.Kind].Owner == returns.Finance && returns.SameMoney(s.Amount, a.Amount)
		}), "%s is above %s, and Finance was not asked", a.Amount, above)
	}
	require.Equal(t, f.Record.Order.Currency, a.Amount.CurrencyCode())
	for _, answered := range f.Record.Answers {
		if answered.Answer == returns.AnswerAcceptPayable && returns.SameMoney(answered.Amount, a.Amount) || answered.Answer == returns.AnswerSetAmount {
			return
		}
	}
	var authorised []returns.Money
	for _, u := range a.Units {
		item := itemOf(f, d, u)
		require.NotNil(t, item, "%s is not of this RMA", u)
		var own []returns.Transaction
		for _, tx := range f.Record.RMA.Transactions {
			if tx.Type == returns.ResolutionRefund && tx.Status != returns.TransactionFailed && tx.Status != returns.TransactionCanceled && slices.Contains(tx.ItemIDs, item.ID) {
				own = append(own, tx)
			}
		}
		require.LessOrEqual(t, len(own), 1, "%s is authorised twice", u)
		switch {
		case len(own) == 0 && f.Policy.Gate == GateValidated && item.Inspection.Returned && !item.Inspection.Restockable && f.Policy.NotRestockable == NotRestockableAsk:
			require.True(t, slices.ContainsFunc(f.Record.Said, func(s returns.Answer) bool { return s.Kind == returns.NotRestockable }) || returns.Known(item.Paid) && accepted(f, a.Amount), "%s cannot be sold again, and nobody was asked", u)
			return
		case len(own) == 0: // only expected: to the penny what TikTok reckons, or Finance agreed
			if !f.Policy.PayExpected && a.Route == returns.RouteSellerRefund {
				require.True(t, returns.SameMoney(a.Amount, f.Record.Payable.Amount))
			}
			return
		case len(own[0].ItemIDs) > 1:
			return // shared: Share has its own property
		}
		authorised = append(authorised, own[0].Amount)
	}
	for _, r := range f.Record.TikTokReturns {
		if paid := f.linesOf(r, a.Units); r.Pays() && returns.Known(paid) {
			minus, err := gbp("0.00").Sub(paid)
			require.NoError(t, err)
			authorised = append(authorised, minus)
		}
	}
	for _, l := range caseOfOrNone(f, a.TikTokReturnID).Lines {
		if other, shared := f.Record.Others[returns.UnitID(l.OrderLineID)]; shared {
			authorised = append(authorised, other.Value)
		}
	}
	total, err := returns.Sum(authorised...)
	require.NoError(t, err)
	require.True(t, returns.SameMoney(total, a.Amount), "%s is authorised, %s would be paid", total, a.Amount)
}

func onlyWhatIsHeldAndDecided(t *rapid.T, f Facts, d Decision, a returns.Act) {
	require.Contains(t, []string{returns.RMAApproved, returns.RMAReceived, returns.RMAValidated, returns.RMADone}, f.Record.RMA.Status)
	for _, u := range a.Units {
		require.NotContains(t, f.Record.HeldBy, u)
		item := itemOf(f, d, u)
		require.NotNil(t, item)
		if a.Kind == returns.ActRefund && !(a.Route != returns.RouteSellerRefund && accepted(f, a.Amount)) {
			require.Equal(t, returns.ResolutionRefund, item.Resolution)
			require.False(t, item.Inspection.Done() && !item.Inspection.Returned && !authorisedThough(f, u, *item), "%s did not come back", u)
			if f.Policy.Gate == GateValidated && item.ReturnMethod != returns.MethodNoShipment {
				require.True(t, item.Inspection.Done(), "%s is not inspected", u)
			}
		}
	}
	if a.TikTokReturnID == "" {
		for _, r := range f.Record.TikTokReturns {
			paid := slices.ContainsFunc(f.Record.Said, func(s returns.Answer) bool {
				return s.Kind == returns.RejectedOnTikTok && s.Answer == returns.AnswerPay && s.Subject == r.ID
			})
			require.False(t, !r.Refused().IsZero() && r.NextID == "" && covers(r, a.Units[0]) && !paid && !restOrdered(f, a), "%s was rejected in %s", a.Units, r.ID)
		}
		return
	}
	r := caseOf(f, a.TikTokReturnID)
	for _, l := range r.Lines {
		u := returns.NewUnitID(l.OrderLineID, "")
		if key, other := f.Record.HeldBy[u]; other {
			standing := f.Record.Others[u].Standing
			decided := standing == returns.StandingAuthorised || a.Kind == returns.ActAccept && standing == returns.StandingApproved || standing == returns.StandingRefused && accepted(f, a.Amount)
			require.True(t, decided && f.Record.Others[u].TikTokReturnID == r.ID && f.Key < key, "%s of %s is %q", u, key, standing)
			continue
		}
		require.Contains(t, a.Units, u, "a line of %s is not decided", r.ID)
	}
	require.NotEqual(t, returns.ArbitrationInProgress, r.Arbitration)
	state := map[returns.Route]string{
		returns.RouteAcceptReturn: returns.TypeReturnAndRefund + returns.TikTokPending, returns.RouteApproveRefund: returns.TypeRefund + returns.TikTokPending,
		returns.RouteKeepGoods: returns.TypeReturnAndRefund + returns.TikTokPending,
	}
	if want, ok := state[a.Route]; ok {
		require.Equal(t, want, r.Type+r.Status, "%s is not allowed there", a.Route)
	} else {
		require.Equal(t, returns.RouteConfirmParcel, a.Route)
		require.Equal(t, returns.TikTokShipped, r.Status)
	}
}

// authorisedThough reports whether a unit that did not come back is authorised by a
// newer transaction, or by Finance.
func authorisedThough(f Facts, u returns.UnitID, item returns.RMAItem) bool {
	return slices.ContainsFunc(f.Record.RMA.Transactions, func(tx returns.Transaction) bool {
		return slices.Contains(tx.ItemIDs, item.ID) && tx.CreatedAt.After(item.Inspection.At)
	}) || slices.ContainsFunc(f.Record.Said, func(a returns.Answer) bool {
		return a.Kind == returns.RefundContradicted && a.Answer == returns.AnswerPay && a.Subject == string(u)
	})
}

func accepted(f Facts, amount returns.Money) bool {
	for _, a := range f.Record.Answers {
		if a.Answer == returns.AnswerAcceptPayable && returns.SameMoney(a.Amount, amount) {
			return true
		}
	}
	return false
}

func onlyWhatPassed(t *rapid.T, f Facts, d Decision, a returns.Act) {
	var seen []returns.UnitID
	for _, r := range a.Restocks {
		item := itemOf(f, d, r.Unit)
		require.NotNil(t, item)
		require.True(t, item.Inspection.Done() && item.Inspection.Returned && item.Inspection.Restockable, "%s did not pass", r.Unit)
		require.NotContains(t, seen, r.Unit)
		require.NotEmpty(t, r.WarehouseID)
		seen = append(seen, r.Unit)
		require.False(t, slices.ContainsFunc(f.Record.Restocks, func(o returns.Restock) bool { return o.Unit == r.Unit }), "%s is in stock already", r.Unit)
	}
}

func onlyOneRefundOfAUnit(t *rapid.T, d Decision) {
	var seen []returns.UnitID
	for _, a := range d.Plan.Acts {
		if a.Kind != returns.ActRefund {
			continue
		}
		for _, u := range a.Units {
			require.NotContains(t, seen, u, "one plan pays %s twice", u)
			seen = append(seen, u)
		}
	}
	var written []string
	for _, a := range d.Plan.Acts {
		if a.Kind == returns.ActWriteBack {
			require.NotContains(t, written, a.Subject)
			written = append(written, a.Subject)
		}
	}
}

// neverClosedTooEarly: nothing that people must answer, no money and no stock
// may be open behind a closed return.
func neverClosedTooEarly(t *rapid.T, f Facts, d Decision) {
	if !d.Plan.Close {
		return
	}
	require.Empty(t, d.Plan.Exceptions)
	require.Empty(t, d.Plan.Acts)
	noOpenRefundForgotten(t, f, d)
	for _, row := range d.Plan.Units {
		for _, e := range f.Record.Effects {
			moving := e.Kind == returns.EffectRefund && e.State == returns.EffectClaimed && e.Covers(row.Unit)
			require.False(t, moving && noon.Before(e.ClaimUntil), "closed with %s in flight", e.ID)
		}
		for _, r := range f.Record.TikTokReturns {
			require.False(t, covers(r, row.Unit) && r.Live() && !r.Pays() && !takenAsOver(f, r), "closed with %s open on %s", r.ID, row.Unit)
		}
	}
}

// noOpenRefundForgotten: behind a closed return there is no open refund transaction
// for a unit that TikTok does not pay, unless a person has said something since.
func noOpenRefundForgotten(t *rapid.T, f Facts, d Decision) {
	for _, row := range d.Plan.Units {
		item := itemOf(f, d, row.Unit)
		pays := slices.ContainsFunc(f.Record.TikTokReturns, func(r returns.TikTokReturn) bool { return r.Pays() && covers(r, row.Unit) })
		if item == nil || pays || f.Record.RMA.Status == returns.RMAGone {
			continue
		}
		for _, tx := range f.Record.RMA.Transactions {
			open := tx.Type == returns.ResolutionRefund && tx.Status != returns.TransactionSuccess && tx.Status != returns.TransactionFailed && tx.Status != returns.TransactionCanceled
			answered := slices.ContainsFunc(f.Record.Said, func(a returns.Answer) bool { return !a.At.Before(tx.CreatedAt) })
			require.False(t, open && slices.Contains(tx.ItemIDs, item.ID) && !answered, "closed with %s open for %s", tx.ID, row.Unit)
		}
	}
}

// takenAsOver tells whether TikTok no longer shows a return, and a person knows.
func takenAsOver(f Facts, r returns.TikTokReturn) bool {
	a, answered := f.Record.Answers[returns.TikTokVanished]
	_, notShown := f.Record.TikTokSeenAt[r.ID]
	return notShown && answered && a.Answer != returns.AnswerRetry
}

func noDeadlineUnseen(t *rapid.T, f Facts, d Decision) {
	if d.Plan.Close {
		return // checked above: no case is open then
	}
	for _, r := range f.Record.TikTokReturns {
		ours := slices.ContainsFunc(d.Plan.Units, func(row returns.UnitRow) bool { return covers(r, row.Unit) })
		if !ours || !r.Live() || r.Pays() || r.Deadline().IsZero() || takenAsOver(f, r) {
			continue
		}
		require.False(t, d.Plan.Wake.At.IsZero(), "nothing wakes for the deadline of %s", r.ID)
		require.False(t, d.Plan.SellerDeadline.IsZero())
		if latest := r.Deadline().Add(deadlineGrace); noon.Before(r.Deadline()) {
			require.False(t, d.Plan.Wake.At.After(latest), "wakes at %s, after the deadline of %s", d.Plan.Wake.At, r.ID)
		}
		warned := !noon.Before(r.Deadline().Add(-f.Policy.DeadlineWarning))
		acting := slices.ContainsFunc(d.Plan.Acts, func(a returns.Act) bool { return a.TikTokReturnID == r.ID }) ||
			slices.ContainsFunc(f.Record.Effects, func(e returns.Effect) bool { return e.TikTokReturnID == r.ID && e.Kind == returns.EffectRefund })
		_, answered := f.Record.Answers[returns.SellerDeadline]
		require.False(t, warned && !acting && !answered && !slices.Contains(kinds(d), returns.SellerDeadline), "the deadline of %s is near and nobody knows", r.ID)
	}
}

// noDeadEnd: an open return with nothing to do, nobody asked and no clock is one
// that only an event can move: then there must be somebody who could still act.
func noDeadEnd(t *rapid.T, f Facts, d Decision) {
	require.NotEmpty(t, d.Plan.Summary)
	if !d.Plan.Wake.At.IsZero() {
		require.True(t, d.Plan.Wake.At.After(noon), "a wake in the past")
	}
	if d.Plan.Close || len(d.Plan.Acts) > 0 || len(d.Plan.Exceptions) > 0 || !d.Plan.Wake.At.IsZero() {
		return
	}
	s := f.Policy.Switches
	switchedOff := !(s.Refund && s.Restock && s.WriteBack && s.Register)
	atTikTok := slices.ContainsFunc(f.Record.TikTokReturns, func(r returns.TikTokReturn) bool { return r.Live() })
	inReturnGO := f.Record.RMA.Status == returns.RMAPending || f.Record.RMA.Status == returns.RMAApproved ||
		f.Policy.Gate == GateDone && f.Record.RMA.Status != returns.RMADone || f.Policy.Gate == GateTransaction
	inStockQueue := len(f.Record.Restocks) > 0
	_, handled := f.Record.Answers[returns.UnknownStatus]
	require.True(t, f.Record.Paused || switchedOff || atTikTok || inReturnGO || inStockQueue || handled, "a dead end: %s", d.Plan.Summary)
}

func asJSON(t *rapid.T, v any) string {
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

// itemOf is the item that a decision paired with a unit.
func itemOf(f Facts, d Decision, u returns.UnitID) *returns.RMAItem {
	for _, h := range d.Holds {
		for i, item := range f.Record.RMA.Items {
			if h.Unit == u && h.ItemID == item.ID {
				return &f.Record.RMA.Items[i]
			}
		}
	}
	return nil
}

func caseOf(f Facts, id string) returns.TikTokReturn {
	i := slices.IndexFunc(f.Record.TikTokReturns, func(r returns.TikTokReturn) bool { return r.ID == id })
	return f.Record.TikTokReturns[i]
}

func caseOfOrNone(f Facts, id string) returns.TikTokReturn {
	if id == "" {
		return returns.TikTokReturn{}
	}
	return caseOf(f, id)
}

// anyPartner puts a unit of another RMA into a TikTok return.
func anyPartner(t *rapid.T, f *Facts) {
	if len(f.Record.TikTokReturns) == 0 || !seldom(t, 3, "shared") {
		return
	}
	r := &f.Record.TikTokReturns[0]
	f.Record.Order.Lines = append(f.Record.Order.Lines, returns.OrderLine{ID: "L9", SKUID: "S9", SellerSKU: "SKU-9", ProductID: "P9", Price: gbp("7.00")})
	r.Lines = append(r.Lines, returns.TikTokReturnLine{ID: "R-9", OrderLineID: "L9", SKUID: "S9", Refund: gbp("7.00")})
	r.Refund, _ = r.Refund.Add(gbp("7.00"))
	heldBy(returns.Key(rapid.SampledFrom([]string{"9002", "9002", "8999"}).Draw(t, "partner")), "L9")(f)
	h := returns.Hold{Unit: "L9", TikTokReturnID: r.ID, Standing: rapid.SampledFrom([]returns.Standing{returns.StandingAuthorised, returns.StandingAuthorised, returns.StandingApproved, returns.StandingRefused, ""}).Draw(t, "standing")}
	if h.Standing == returns.StandingAuthorised {
		h.Value = gbp(rapid.SampledFrom([]string{"7.00", "7.00", "6.99"}).Draw(t, "partner's value"))
	}
	f.Record.Others = map[returns.UnitID]returns.Hold{"L9": h}
}

var tiktokStatuses = []string{
	returns.TikTokPending, returns.TikTokAwaitingShip, returns.TikTokAwaitingBuyer, returns.TikTokShipped, returns.TikTokApproved, returns.TikTokPaid,
	returns.TikTokCancelled, returns.TikTokRejected, returns.TikTokParcelRejected, returns.TikTokReplaceRefunded, returns.TikTokReplacePending,
	returns.TikTokReplaceDone, returns.TikTokReplaceRejected, returns.TikTokReplaceCancel,
}

func anyPrice(t *rapid.T, label string) returns.Money {
	return gbp(rapid.SampledFrom([]string{"10.00", "20.00", "30.00", "9.99", "50.00", "60.00"}).Draw(t, label))
}

// seldom is true once in so many times.
func seldom(t *rapid.T, in int, label string) bool { return rapid.IntRange(1, in).Draw(t, label) == in }

func anyFacts(t *rapid.T) Facts {
	n := rapid.IntRange(1, 3).Draw(t, "items")
	f := setup(n)
	if seldom(t, 3, "one sku") {
		oneSKU(&f)
	}
	s := &f.Policy.Switches
	s.Register, s.Refund, s.Restock, s.WriteBack = !seldom(t, 8, "no register"), !seldom(t, 8, "no refund"), !seldom(t, 8, "no restock"), !seldom(t, 8, "no write-back")
	f.Policy.Gate = rapid.SampledFrom([]Gate{GateValidated, GateValidated, GateApproved, GateTransaction, GateDone}).Draw(t, "gate")
	f.Policy.PayExpected, f.Policy.SetDone = seldom(t, 4, "pay expected"), rapid.Bool().Draw(t, "set done")
	f.Policy.NotRestockable = rapid.SampledFrom([]NotRestockable{NotRestockablePay, NotRestockableAsk, NotRestockableAskAbove}).Draw(t, "not restockable")
	f.Policy.NotRestockableAbove = gbp("20.00")
	if seldom(t, 4, "ask above") {
		f.Policy.AskAbove = anyPrice(t, "above")
	}
	if seldom(t, 8, "no reason") {
		f.Policy.ReasonKeys = map[string]string{}
	}
	if rapid.Bool().Draw(t, "opens returns") {
		f.Policy.OpenReasons = map[string]string{"*": openReason}
		f.Record.RMA.Shipments = []returns.Shipment{{ID: "S1", Status: rapid.SampledFrom([]string{"LabelCreated", "LabelCreated", returns.ShipmentShipped}).Draw(t, "shipment"), Labelled: true}}
	}
	if seldom(t, 8, "no warehouse") {
		f.Policy.DefaultWarehouse = ""
	}
	f.Record.Paused = seldom(t, 8, "paused")
	if seldom(t, 10, "trouble") {
		f.Trouble = []returns.Trouble{{Platform: returns.TikTok, Class: returns.TroubleUnreachable, Message: "no answer"}}
	}
	f.Record.RMA.Status = rapid.SampledFrom([]string{
		returns.RMAPending, returns.RMAApproved, returns.RMAReceived, returns.RMAReceived, returns.RMAValidated, returns.RMAValidated, returns.RMADone,
		returns.RMARejected, returns.RMACanceled, returns.RMAGone, "Brand new",
	}).Draw(t, "rma")
	f.Record.Order.Status = rapid.SampledFrom([]string{returns.OrderDelivered, returns.OrderDelivered, returns.OrderDelivered, returns.OrderCompleted}).Draw(t, "order")
	if seldom(t, 15, "fbt") {
		f.Record.Order.Fulfillment = returns.FulfilledByTikTok
	}
	anyItems(t, &f, n)
	anyCases(t, &f, n)
	anyPartner(t, &f)
	anyPast(t, &f, n)
	nameSubjects(&f)
	return f
}

func anyItems(t *rapid.T, f *Facts, n int) {
	for i := range n {
		it, tx := &f.Record.RMA.Items[i], &f.Record.RMA.Transactions[i]
		if finding := rapid.IntRange(0, 4).Draw(t, "inspection"); finding > 0 {
			it.Inspection = returns.Inspection{
				At: noon.Add(-time.Duration(rapid.IntRange(1, 200).Draw(t, "hours ago")) * time.Hour), Returned: finding > 1, Restockable: finding > 2,
			}
		}
		if seldom(t, 8, "no shipment") {
			it.ReturnMethod = returns.MethodNoShipment
		}
		if seldom(t, 4, "other reason") {
			it.Reason = "Arrived damaged"
			f.Policy.ReasonKeys["Arrived damaged"] = "seller_reason_broken"
		}
		if seldom(t, 10, "exchange") {
			it.Resolution = "InstantVariantExchange"
		}
		if seldom(t, 10, "unknown price") {
			it.Paid = returns.Money{}
		}
		if seldom(t, 12, "other sku") {
			it.SKU = "NOT-SOLD"
		}
		tx.Status = rapid.SampledFrom([]string{
			returns.TransactionRequested, returns.TransactionRequested, returns.TransactionRequested, returns.TransactionSuccess, returns.TransactionFailed, "Odd",
		}).Draw(t, "transaction")
		if seldom(t, 8, "own amount") {
			tx.Amount = anyPrice(t, "amount")
		}
		if seldom(t, 15, "negative") {
			tx.Amount = gbp("-0.05")
		}
		if seldom(t, 10, "dollars") {
			tx.Amount = money("10.00", "USD")
		}
		if seldom(t, 5, "after the inspection") {
			tx.CreatedAt = noon.Add(-30 * time.Minute)
		}
		if seldom(t, 8, "fresh transaction") {
			tx.CreatedAt = noon.Add(-time.Second)
		}
		if seldom(t, 6, "second item") {
			tx.ItemIDs = append(tx.ItemIDs, fmt.Sprintf("I%d", rapid.IntRange(1, 3).Draw(t, "also")))
		}
	}
	f.Record.RMA.Transactions = f.Record.RMA.Transactions[:rapid.IntRange(0, n).Draw(t, "transactions")]
	if seldom(t, 6, "fee") {
		f.Record.RMA.CancellationFee = "0.01"
	}
}

func anyCases(t *rapid.T, f *Facts, n int) {
	for c := range rapid.IntRange(0, 3).Draw(t, "cases") {
		var lines []int
		for i := 1; i <= n; i++ {
			if rapid.Bool().Draw(t, "covered") {
				lines = append(lines, i)
			}
		}
		kind := rapid.SampledFrom([]string{returns.TypeReturnAndRefund, returns.TypeReturnAndRefund, returns.TypeRefund, returns.TypeReplacement}).Draw(t, "type")
		status := rapid.SampledFrom(append([]string{returns.TikTokShipped, returns.TikTokShipped, returns.TikTokPending, "SOMETHING_NEW"}, tiktokStatuses...)).Draw(t, "status")
		tiktokCase(fmt.Sprintf("R%d", c+1), kind, status, lines...)(f)
		r := &f.Record.TikTokReturns[c]
		for i := range r.Actions {
			r.Actions[i].Deadline = noon.Add(time.Duration(rapid.IntRange(-30, 60).Draw(t, "deadline")) * time.Hour)
		}
		if seldom(t, 6, "pays otherwise") {
			r.Refund = anyPrice(t, "refund")
		}
		if seldom(t, 12, "dispute") {
			r.Arbitration = returns.ArbitrationInProgress
		}
		if seldom(t, 12, "edited") {
			r.NextID = "R99"
		}
		if seldom(t, 5, "rejected before") {
			r.RefusedAt = r.UpdatedAt
		}
		if seldom(t, 12, "no longer shown") {
			f.Record.TikTokSeenAt = map[string]time.Time{r.ID: noon.Add(-time.Hour)}
		}
	}
}

func anyPast(t *rapid.T, f *Facts, n int) {
	for i := 1; i <= n; i++ {
		u := returns.UnitID(fmt.Sprintf("L%d", i))
		if seldom(t, 5, "effect") {
			state := rapid.SampledFrom([]returns.EffectState{returns.EffectIntent, returns.EffectClaimed, returns.EffectApplied, returns.EffectVerified, returns.EffectVoid}).Draw(t, "state")
			if len(f.Record.TikTokReturns) > 0 && rapid.Bool().Draw(t, "on a case") {
				r := f.Record.TikTokReturns[0]
				if covers(r, u) && len(f.Record.Effects) == 0 {
					var units []returns.UnitID
					for _, l := range r.Lines {
						units = append(units, returns.UnitID(l.OrderLineID))
					}
					decision(returns.EffectRefund, returns.RouteConfirmParcel, r.ID, state, r.Refund.Number(), units...)(f)
				}
			} else {
				sellerRefund(state, "10.00", u)(f)
			}
			if len(f.Record.Effects) > 0 {
				e := &f.Record.Effects[len(f.Record.Effects)-1]
				e.IntentAt = noon.Add(-time.Duration(rapid.IntRange(0, 3000).Draw(t, "minutes ago")) * time.Minute)
				if state == returns.EffectClaimed {
					e.ClaimedAt, e.ClaimUntil = e.IntentAt, e.IntentAt.Add(time.Minute)
				}
			}
		}
		if seldom(t, 6, "opened") {
			opened(rapid.SampledFrom([]returns.EffectState{returns.EffectIntent, returns.EffectClaimed, returns.EffectApplied, returns.EffectVerified, returns.EffectVoid}).Draw(t, "open state"),
				rapid.SampledFrom([]string{"", "R1", "R2"}).Draw(t, "open id"), "10.00", u)(f)
		}
		if seldom(t, 4, "stocked") {
			state := rapid.SampledFrom([]returns.RestockState{returns.RestockOwed, returns.RestockWritten, returns.RestockProven}).Draw(t, "stock")
			stock(u, state, rapid.SampledFrom([]returns.Kind{"", "", returns.StockRefused, returns.StockUnproven, returns.SecondStockWriter}).Draw(t, "problem"))(f)
		}
		if seldom(t, 15, "held by another") && !slices.ContainsFunc(f.Record.Holds, func(h returns.Hold) bool { return h.Unit == u }) {
			heldBy("9002", u)(f)
		}
	}
	for _, h := range f.Record.Holds {
		delete(f.Record.HeldBy, h.Unit) // one return holds a unit
	}
	all := make([]returns.Kind, 0, len(returns.Catalogue))
	for k := range returns.Catalogue {
		all = append(all, k)
	}
	slices.Sort(all)
	for range rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "answers") {
		kind := rapid.SampledFrom(all).Draw(t, "answered")
		if takes := returns.Catalogue[kind].Answers; len(takes) > 0 && kind != returns.UnlinkedOrder {
			answer(kind, rapid.SampledFrom(takes).Draw(t, "answer"), rapid.SampledFrom([]string{"10.00", "20.00", "30.00"}).Draw(t, "answered amount"))(f)
		}
	}
}
