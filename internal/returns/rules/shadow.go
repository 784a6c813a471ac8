package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"returnbridge/internal/returns"
)

// deed is something that stands at a platform on this return's units and that
// we did not do. The platforms do not say who did: a person, or TikTok's clock.
type deed struct {
	kind    returns.ActKind
	route   returns.Route
	id      string // the TikTok return or transaction that shows it
	units   []returns.UnitID
	amount  returns.Money
	at      time.Time
	words   string
	due     returns.Money // what is authorised for the same, if anything
	decided bool          // by now we would have done something of the kind as well
	alone   bool          // it counts though we never wanted it
}

// shadows are the actions that switches keep us from, as they stand beside what
// others did: those that are new, and those that changed.
func (d *desk) shadows() []returns.Shadow {
	wanted := d.wantedNow()
	var rows []returns.Shadow
	for _, w := range wanted {
		old := d.shadowOf(w)
		if old != nil && !old.Wanted.IsZero() {
			w.Wanted = old.Wanted
			if old.End == "" && slices.Equal(old.Units, w.Units) && old.Reason == w.Reason && sameOrNone(old.Amount, w.Amount) {
				continue
			}
		}
		rows = append(rows, w)
	}
	if !d.seesAll() {
		return rows
	}
	deeds := d.deeds()
	var explained []returns.Shadow
	for _, old := range d.Record.Shadows {
		if slices.ContainsFunc(wanted, old.Same) {
			continue
		}
		now := d.cameOut(old, deeds)
		explained = append(explained, now)
		if now.End != old.End || now.Did != old.Did || !sameOrNone(now.DidAmount, old.DidAmount) || !sameOrNone(now.Amount, old.Amount) {
			now.EndedAt = d.Now
			rows = append(rows, now)
		}
	}
	for _, e := range deeds {
		if e.alone && !slices.ContainsFunc(explained, e.ended) && !d.switchOf(e.kind) {
			row := returns.Shadow{Kind: e.kind, Route: e.route, Subject: e.id, OrderID: d.orderID, Units: e.units, Reason: d.summary(), EndedAt: d.Now}
			rows = append(rows, d.judgeDeed(row, e))
		}
	}
	return rows
}

// seesAll tells whether the decision rests on everything it wants to know: what
// it does not name is then not due.
func (d *desk) seesAll() bool {
	looks := slices.ContainsFunc(d.plan.Acts, func(a returns.Act) bool { return a.Kind == returns.ActLookReturnGO || a.Kind == returns.ActLookTikTok })
	return len(d.units) > 0 && !looks && d.ask == nil && len(d.Trouble) == 0
}

// wantedNow are the actions that this decision would plan if they were on. Each
// unit to be restocked stands for itself.
func (d *desk) wantedNow() []returns.Shadow {
	var rows []returns.Shadow
	add := func(s returns.Shadow) {
		if !slices.ContainsFunc(rows, s.Same) {
			s.OrderID, s.Wanted = d.orderID, d.Now
			rows = append(rows, s)
		}
	}
	for _, a := range d.wanted {
		if a.Kind != returns.ActRestock {
			add(returns.Shadow{Kind: a.Kind, Route: a.Route, Subject: a.Subject, Units: a.Units, Amount: a.Amount, Reason: a.Reason})
		}
		for _, r := range a.Restocks {
			add(returns.Shadow{Kind: a.Kind, Subject: string(r.Unit), Units: []returns.UnitID{r.Unit}, Reason: "the inspection passed: put it into stock in warehouse " + r.WarehouseID})
		}
	}
	return rows
}

func (d *desk) shadowOf(s returns.Shadow) *returns.Shadow {
	if i := slices.IndexFunc(d.Record.Shadows, s.Same); i >= 0 {
		return &d.Record.Shadows[i]
	}
	return nil
}

// cameOut is how an action that is not wanted now came out. Each deed ends what
// was wanted when it was seen; what had ended before has nothing to do with it.
func (d *desk) cameOut(s returns.Shadow, deeds []deed) returns.Shadow {
	var mine []deed
	for _, e := range deeds {
		if e.ended(s) || s.End == "" && e.ends(s) {
			mine = append(mine, e)
		}
	}
	switch {
	case len(mine) > 0 && s.Wanted.IsZero() && !mine[0].decided:
		return s // a question that came up since changes nothing about it
	case len(mine) > 0 && s.Wanted.IsZero():
		return d.judgeDeed(s, mine[0])
	case len(mine) > 0:
		return compareDeeds(s, mine)
	case s.End != "":
		return s
	case s.Kind == returns.ActRestock && d.Policy.Switches.Restock:
		s.End, s.Did = d.restockCameOut(s)
	case d.switchOf(s.Kind):
		s.End, s.Did = returns.ShadowOurs, "the switch was turned on"
	default:
		s.End, s.Did = d.instead(s)
	}
	return s
}

// ends tells whether a deed is about what a shadow would have done.
func (e deed) ends(s returns.Shadow) bool {
	switch {
	case e.kind != s.Kind:
		return false
	case e.kind == returns.ActRefund || e.kind == returns.ActOpenReturn:
		return slices.ContainsFunc(e.units, func(u returns.UnitID) bool { return slices.Contains(s.Units, u) })
	}
	return e.route == s.Route && e.id == s.Subject
}

// ended tells whether a shadow came out by this deed.
func (e deed) ended(s returns.Shadow) bool {
	return e.kind == s.Kind && slices.Contains(s.DidBy, e.id)
}

// compareDeeds holds what we would have done against what others did about it.
func compareDeeds(s returns.Shadow, mine []deed) returns.Shadow {
	var amounts []returns.Money
	var words []string
	s.DidBy, s.DidAt, s.End = nil, mine[0].at, returns.ShadowAgreed
	for _, e := range mine {
		amounts, words, s.DidBy = append(amounts, e.amount), append(words, e.words), append(s.DidBy, e.id)
		if e.kind == returns.ActRefund && (e.route == returns.RouteSellerRefund) != (s.Route == returns.RouteSellerRefund) {
			s.End = returns.ShadowDiffered // another way, be it the same amount
		}
	}
	s.Did = strings.Join(words, "; ")
	total, err := returns.Sum(amounts...)
	if s.DidAmount = total; err != nil || !sameOrNone(total, s.Amount) {
		s.End = returns.ShadowDiffered
	}
	return s
}

// judgeDeed judges what others did before we wanted it, by what is due by now:
// we may come to the same later.
func (d *desk) judgeDeed(s returns.Shadow, e deed) returns.Shadow {
	s.Did, s.DidBy, s.DidAmount, s.DidAt, s.Amount = e.words, []string{e.id}, e.amount, e.at, e.due
	again := slices.ContainsFunc(d.Record.Shadows, func(o returns.Shadow) bool {
		return e.kind == returns.ActRefund && !o.Same(s) && len(o.DidBy) > 0 && e.ends(o)
	})
	switch {
	case !e.decided || again:
		s.End = returns.ShadowTheirs
	case sameOrNone(e.due, e.amount):
		s.End = returns.ShadowAgreed
	default:
		s.End = returns.ShadowDiffered
	}
	return s
}

// instead is how an action ended that nobody did.
func (d *desk) instead(s returns.Shadow) (returns.ShadowEnd, string) {
	t := d.tiktokReturn(s.Subject)
	switch {
	case t == nil:
	case t.Status == returns.TikTokRejected || t.Status == returns.TikTokParcelRejected:
		return returns.ShadowDiffered, "TikTok return " + t.ID + " was rejected"
	case s.Kind == returns.ActAccept && t.Pays():
		return returns.ShadowDiffered, fmt.Sprintf("TikTok return %s pays %s without a parcel", t.ID, words(t.Refund))
	}
	for _, r := range d.Record.RMA.Transactions {
		if s.Route == returns.RouteSetTransaction && r.ID == s.Subject && (r.Status == returns.TransactionFailed || r.Status == returns.TransactionCanceled) {
			return returns.ShadowDiffered, "ReturnGO's transaction " + r.ID + " is " + r.Status
		}
	}
	return returns.ShadowDropped, "not due any more: " + d.summary()
}

// deeds are what others did on this return's units.
func (d *desk) deeds() []deed {
	var all []deed
	for _, t := range d.Record.TikTokReturns {
		g := group{tiktok: &t}
		for _, u := range d.units {
			if covers(t, u.hold.Unit) {
				g.units = append(g.units, u)
			}
		}
		if len(g.units) > 0 {
			all = append(all, d.deedsOn(g)...)
		}
	}
	for _, r := range d.Record.RMA.Transactions {
		if r.Status == returns.TransactionSuccess && !d.did(returns.EffectWriteBack, r.ID) {
			all = append(all, deed{
				kind: returns.ActWriteBack, route: returns.RouteSetTransaction, id: r.ID, amount: r.Amount, due: r.Amount, decided: d.paidInFull(r),
				words: fmt.Sprintf("ReturnGO's transaction over %s was set to Success", words(r.Amount)), alone: !r.CreatedAt.Before(d.Record.CreatedAt),
			})
		}
	}
	if d.Record.RMA.Status == returns.RMADone && !d.did(returns.EffectWriteBack, d.Record.RMA.ID) {
		all = append(all, deed{kind: returns.ActWriteBack, route: returns.RouteSetDone, id: d.Record.RMA.ID, words: "the RMA was set to Done"})
	}
	return all
}

// deedsOn are what others did with one TikTok return: accepted it, opened it as
// the seller, let it pay.
func (d *desk) deedsOn(g group) []deed {
	var all []deed
	t := g.tiktok
	bySeller, parcel := t.Role == "SELLER", t.Type == returns.TypeReturnAndRefund
	accepted := t.Status == returns.TikTokAwaitingShip || t.Status == returns.TikTokShipped || t.Pays() && t.Tracked
	if parcel && !bySeller && accepted && !d.did(returns.EffectAccept, t.ID) {
		all = append(all, deed{
			kind: returns.ActAccept, route: returns.RouteAcceptReturn, id: t.ID, units: g.ids(), at: t.UpdatedAt, words: "TikTok return " + t.ID + " was accepted",
			decided: d.approvedByReturnGO(), alone: d.Record.RMA.Status == returns.RMAPending,
		})
	}
	if parcel && bySeller && !d.openedByUs(t) {
		all = append(all, deed{kind: returns.ActOpenReturn, route: returns.RouteOpenReturn, id: t.ID, units: g.ids(), amount: t.Refund, at: t.CreatedAt, words: "TikTok return " + t.ID + " was opened for the buyer"})
	}
	if t.Pays() && !d.did(returns.EffectRefund, t.ID) {
		e := deed{kind: returns.ActRefund, id: t.ID, units: g.ids(), amount: t.Refund, at: t.UpdatedAt, alone: !t.UpdatedAt.Before(d.Record.CreatedAt)}
		if !d.holdsAllOf(g) {
			e.amount = d.linesRefund(g, *t)
		}
		if bySeller && !parcel {
			e.route = returns.RouteSellerRefund
		}
		e.words = fmt.Sprintf("TikTok return %s pays %s", t.ID, words(e.amount))
		if value, _, err := g.value(); err == nil && g.all(authorised) {
			e.due, e.decided = value, true
		}
		all = append(all, e)
	}
	return all
}

// did tells whether an effect of ours on this TikTok return, transaction or RMA
// was sent: then what stands there counts as ours.
func (d *desk) did(kind returns.EffectKind, id string) bool {
	return slices.ContainsFunc(d.Record.Effects, func(e returns.Effect) bool {
		return e.Kind == kind && (e.Subject == id || e.TikTokReturnID == id && kind != returns.EffectWriteBack) && e.Live() && e.State != returns.EffectIntent
	})
}

// switchOf tells whether an action is switched on.
func (d *desk) switchOf(kind returns.ActKind) bool {
	switch s := d.Policy.Switches; kind {
	case returns.ActRefund:
		return s.Refund
	case returns.ActRestock:
		return s.Restock
	case returns.ActWriteBack:
		return s.WriteBack
	default:
		return s.Register
	}
}

// sameOrNone tells whether two amounts are the same, or both unknown.
func sameOrNone(a, b returns.Money) bool {
	return returns.SameMoney(a, b) || !returns.Known(a) && !returns.Known(b)
}
