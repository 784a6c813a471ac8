package rules

import (
	"fmt"
	"slices"
	"strings"

	"returnbridge/internal/returns"
)

// This file is about a TikTok return over units of several RMAs. TikTok decides on
// all of its units at once, so one RMA acts for all: the one whose key sorts first,
// once each of the others has said what it wants for its own units.

// partners are the units of a TikTok return that are not the group's own.
type partners struct {
	missing   bool          // units that no RMA holds
	keys      []returns.Key // the RMAs that hold the others, the first to sort in front
	units     int           // how many they hold
	open      int           // of those: not decided on
	waiting   int           // approved, and the goods are still to come
	refused   int
	value     returns.Money // what the others are authorised for together
	elsewhere bool          // a refund by another way is on one of them
}

// partnersOf finds them by what the other RMAs' own decisions said last.
func (d *desk) partnersOf(g group) partners {
	var p partners
	var values []returns.Money
	for _, l := range g.tiktok.Lines {
		if slices.ContainsFunc(g.units, func(u *unit) bool { return u.hold.Unit.LineID() == l.OrderLineID }) {
			continue
		}
		id := returns.NewUnitID(l.OrderLineID, "")
		key, held := d.Record.HeldBy[id]
		if !held || key.RMAID() == "" {
			p.missing = true
			continue
		}
		p.units++
		if !slices.Contains(p.keys, key) {
			p.keys = append(p.keys, key)
		}
		other := d.Record.Others[id]
		switch {
		case other.TikTokReturnID != g.tiktok.ID:
			p.open++ // its RMA has not decided since it is in this return
		case other.Standing == returns.StandingAuthorised && returns.Known(other.Value):
			values = append(values, other.Value)
		case other.Standing == returns.StandingRefused:
			p.refused++
		case other.Standing == returns.StandingApproved:
			p.waiting++
		default:
			p.open++
		}
		p.elsewhere = p.elsewhere || slices.ContainsFunc(d.Record.Effects, func(e returns.Effect) bool {
			return e.Kind == returns.EffectRefund && e.Live() && e.State != returns.EffectIntent && e.Covers(id) && e.Subject != g.tiktok.ID
		})
	}
	slices.Sort(p.keys)
	if total, err := returns.Sum(values...); err == nil {
		p.value = total
	}
	return p
}

// follows reports whether another RMA acts for this one.
func (d *desk) follows(p partners) bool {
	return !p.missing && len(p.keys) > 0 && p.keys[0] < d.Key
}

// undecided reports whether money must wait for one of the other RMAs.
func (p partners) undecided() bool { return p.open+p.waiting > 0 || p.elsewhere }

// allRefused reports whether none of the others wants its units refunded.
func (p partners) allRefused() bool { return p.refused == p.units }

// sumOf adds two amounts; it is not known unless both are.
func sumOf(a, b returns.Money) returns.Money {
	total, err := returns.Sum(a, b)
	if err != nil || !returns.Known(a) || !returns.Known(b) {
		return returns.Money{}
	}
	return total
}

func (p partners) names() string {
	var names []string
	for _, k := range p.keys {
		names = append(names, string(k))
	}
	return "RMA " + strings.Join(names, " and ")
}

// waitForPartners waits for RMAs whose units are in the same TikTok return. They
// wake this return when they have decided; the clock is only a fallback.
func (d *desk) waitForPartners(g group, p partners) {
	what := fmt.Sprintf("TikTok return %s holds units of %s as well: waiting for its decision", g.tiktok.ID, p.names())
	if d.follows(p) {
		what = fmt.Sprintf("RMA %s acts on TikTok return %s, which holds units of both", p.keys[0], g.tiktok.ID)
	}
	g.say(what)
	d.wait(what)
	d.wakeAt(d.growing(d.Policy.MoneyWait, g.tiktok.UpdatedAt), "see what the other RMA of TikTok return "+g.tiktok.ID+" says")
}

// noteStandings keeps what this return says about its units for the other RMAs of
// the same TikTok return.
func (d *desk) noteStandings() {
	for _, u := range d.units {
		i := slices.IndexFunc(d.holds, func(h returns.Hold) bool { return h.Unit == u.hold.Unit })
		if i < 0 || u.tiktok == nil || d.Record.Paused || d.holdsAllOf(d.groupOf(u)) {
			continue
		}
		h := &d.holds[i]
		switch {
		case u.verdict == authorised && returns.Known(u.value):
			h.Standing, h.Value = returns.StandingAuthorised, u.value
		case u.verdict == refused:
			h.Standing = returns.StandingRefused
		case u.verdict == undecided && d.approvedByReturnGO():
			h.Standing = returns.StandingApproved
		}
	}
}

func (d *desk) groupOf(u *unit) group {
	for _, g := range d.groups() {
		if slices.Contains(g.units, u) {
			return g
		}
	}
	return group{tiktok: u.tiktok, units: []*unit{u}}
}

// Partners are the other RMAs that hold units of a TikTok return.
func Partners(r returns.Record, tiktokReturnID string) []returns.Key {
	var keys []returns.Key
	for _, t := range r.TikTokReturns {
		for _, l := range t.Lines {
			if key, held := r.HeldBy[returns.NewUnitID(l.OrderLineID, "")]; t.ID == tiktokReturnID && held && key.RMAID() != "" && !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	slices.Sort(keys)
	return keys
}

// withoutStandings are the holds before anything is decided about them.
func withoutStandings(holds []returns.Hold) []returns.Hold {
	holds = slices.Clone(holds)
	for i := range holds {
		holds[i].Standing, holds[i].Value = "", returns.Money{}
	}
	return holds
}
