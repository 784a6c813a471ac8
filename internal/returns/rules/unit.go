package rules

import (
	"time"

	"returnbridge/internal/returns"
)

// unit is one unit of the RMA with everything that bears on it.
type unit struct {
	item     returns.RMAItem
	hold     returns.Hold
	tiktok   *returns.TikTokReturn // the case that counts, nil if the line is free
	verdict  verdict
	gate     verdict       // what the gate alone says, before any question of value
	askedBy  returns.Kind  // the exception that asks about this unit, if one does
	why      string        // the verdict in plain words
	value    returns.Money // the authorised value, or the expected one
	expected bool          // value is only expected: ReturnGO has authorised none
	paid     returns.Money // what TikTok paid for it (its share, if paid together)
	refund   side
	stock    side

	refusedAt    time.Time // when a person refused it, zero if none did
	refusedSince time.Time // since when a finding has spoken against it: nothing came, or the buyer withdrew
}

// nothingCame reports whether the inspection says that the unit did not come back.
func (u *unit) nothingCame() bool { return u.item.Inspection.Done() && !u.item.Inspection.Returned }

// verdict is what ReturnGO says about refunding a unit.
type verdict int

const (
	undecided verdict = iota
	authorised
	refused
	asked // a person has to say
)

// side is how far one half of the return is for a unit.
type side struct {
	done bool
	off  bool   // not done, because it is switched off: nobody is late
	say  string // for people: "paid 24.99 GBP", "waiting for the inspection"
}

func (d *desk) newUnit(item returns.RMAItem, hold returns.Hold) *unit {
	return &unit{item: item, hold: hold, tiktok: d.caseOn(hold.Unit)}
}

// rows is the table of units that people see.
func (d *desk) rows() []returns.UnitRow {
	var rows []returns.UnitRow
	for _, u := range d.units {
		row := returns.UnitRow{SKU: u.item.SKU, Unit: u.hold.Unit, Inspection: inspectionWords(u.item.Inspection), Refund: u.refund.say, Stock: u.stock.say}
		if returns.Known(u.value) {
			row.Authorised = u.value.String()
			if u.expected {
				row.Authorised += " (expected)"
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func inspectionWords(i returns.Inspection) string {
	switch {
	case !i.Done():
		return "not inspected"
	case !i.Returned:
		return "not in the parcel"
	case !i.Restockable:
		return "returned, not restockable"
	}
	return "returned, restockable"
}

// group is units whose refund is one act: those of one TikTok return, or the
// free ones together.
type group struct {
	tiktok *returns.TikTokReturn
	units  []*unit
}

// groups keeps the order of the units.
func (d *desk) groups() []group {
	var groups []group
	byID := map[string]int{}
	for _, u := range d.units {
		id := ""
		if u.tiktok != nil {
			id = u.tiktok.ID
		}
		i, ok := byID[id]
		if !ok {
			i = len(groups)
			byID[id] = i
			groups = append(groups, group{tiktok: u.tiktok})
		}
		groups[i].units = append(groups[i].units, u)
	}
	return groups
}

func (g group) all(v verdict) bool {
	for _, u := range g.units {
		if u.verdict != v {
			return false
		}
	}
	return true
}

func (g group) any(v verdict) bool {
	for _, u := range g.units {
		if u.verdict == v {
			return true
		}
	}
	return false
}

func (g group) ids() []returns.UnitID {
	var ids []returns.UnitID
	for _, u := range g.units {
		ids = append(ids, u.hold.Unit)
	}
	return ids
}

// value is the authorised value of all units together, and whether any of it is
// only expected. One unit of unknown value makes the whole unknown.
func (g group) value() (total returns.Money, expected bool, err error) {
	var values []returns.Money
	known := true
	for _, u := range g.units {
		values = append(values, u.value)
		expected = expected || u.expected
		known = known && returns.Known(u.value)
	}
	if !known {
		return returns.Money{}, expected, nil
	}
	total, err = returns.Sum(values...)
	return total, expected, err
}

// stake is the money that a question about the group is about: its value, or what
// the customer paid for the units where none can be made out.
func (g group) stake() returns.Money {
	if value, _, err := g.value(); err == nil && returns.Known(value) {
		return value
	}
	var paid []returns.Money
	for _, u := range g.units {
		paid = append(paid, u.item.Paid)
	}
	total, err := returns.Sum(paid...)
	if err != nil {
		return returns.Money{}
	}
	return total
}

// with is the group's units of one verdict.
func (g group) with(v verdict) group {
	sub := group{tiktok: g.tiktok}
	for _, u := range g.units {
		if u.verdict == v {
			sub.units = append(sub.units, u)
		}
	}
	return sub
}

// subject names what a question about the group is about: its TikTok return, or
// its units.
func (g group) subject() string {
	if g.tiktok != nil {
		return g.tiktok.ID
	}
	return joined(g.ids())
}

func (g group) say(words string) {
	for _, u := range g.units {
		u.refund.say = words
	}
}

func (g group) done(words string) {
	for _, u := range g.units {
		u.refund = side{done: true, say: words}
	}
}
