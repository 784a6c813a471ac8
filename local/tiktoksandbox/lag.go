package tiktoksandbox

import (
	"slices"
	"time"
)

// versions are the earlier forms of one case or order, for searches that lag.
type versions[T any] []version[T]

// version is a form that was true until a moment.
type version[T any] struct {
	until time.Time
	was   T
}

// keep notes the present form before it changes.
func (v *versions[T]) keep(now time.Time, present T) {
	*v = append(*v, version[T]{until: now, was: present})
}

// asOf is the form at an earlier moment, and nil where the present one is it.
func (v versions[T]) asOf(at time.Time) *T {
	for i := range v {
		if v[i].until.After(at) {
			return &v[i].was
		}
	}
	return nil
}

// ReadsBehind makes every read show the platform as it was d ago, as a cache in
// front of it would, until it is called with 0. Writes act on the present and
// events come at once. It is the sandbox's own time, not a platform period.
func (s *Sandbox) ReadsBehind(d time.Duration) {
	defer s.enter()()
	s.behind = max(d, 0)
}

// SetSearchLag changes Options.SearchLag from now on.
func (s *Sandbox) SetSearchLag(lag time.Duration) {
	defer s.enter()()
	s.options.SearchLag = max(lag, 0)
}

// searchMoment is what a search shows: the lag does not touch those who ask by id.
// Returns asked for by return_ids and cancellations by cancel_ids show the present;
// by order, by status or by time, and every search for orders, show the past.
func (s *Sandbox) searchMoment(c *call, byID bool) time.Time {
	if byID {
		return c.asOf
	}
	return c.asOf.Add(-s.period(s.options.SearchLag))
}

// keepOrder notes what an order looks like before it changes, its lines too. Where
// one change keeps it twice, the first counts. A new order has no earlier form.
func (s *Sandbox) keepOrder(o *order) {
	if o.status == "" {
		return
	}
	was := *o
	was.lines = make([]*line, len(o.lines))
	for i, l := range o.lines {
		copied := *l
		was.lines[i] = &copied
	}
	o.past.keep(s.now(), was)
}

// restThen is what was left to refund on units at an earlier moment, by the books.
func (s *Sandbox) restThen(units []*unit, at time.Time) minor {
	sum := restOf(units)
	if !at.Before(s.now()) {
		return sum
	}
	for _, u := range units {
		paid := u.paid
		for _, p := range s.paidSince(u, at) {
			paid -= p
		}
		sum += max(u.refundable-paid, 0) - u.rest()
	}
	return sum
}

// paidSince lists the amounts of a unit that are younger than a moment.
func (s *Sandbox) paidSince(u *unit, at time.Time) []minor {
	var amounts []minor
	for i := len(s.books.Payments) - 1; i >= 0 && s.books.Payments[i].At.After(at); i-- {
		p := s.books.Payments[i]
		if p.LineID != u.line.id || p.SubLineID != u.subID {
			continue
		}
		if amount, err := parseMoney(p.Amount, p.Currency); err == nil {
			amounts = append(amounts, amount)
		}
	}
	return amounts
}

// busyThen reports whether a case on one of the units was open at an earlier moment.
func (o *order) busyThen(units []*unit, at time.Time) bool {
	for _, present := range o.returns {
		if r := present.then(at); r != nil && r.open() && hasAnyUnit(r.items, units) {
			return true
		}
	}
	for _, present := range o.cancels {
		if c := present.then(at); c != nil && c.open() && hasAnyUnit(c.items, units) {
			return true
		}
	}
	return false
}

func hasAnyUnit(items []*caseItem, units []*unit) bool {
	return slices.ContainsFunc(units, func(u *unit) bool { return hasUnit(items, u) })
}

// then is the return as it was, or nil if there was none.
func (r *returnCase) then(at time.Time) *returnCase {
	if r.created.After(at) {
		return nil
	}
	if earlier := r.past.asOf(at); earlier != nil {
		return earlier
	}
	return r
}

func (c *cancelCase) then(at time.Time) *cancelCase {
	if c.created.After(at) {
		return nil
	}
	if earlier := c.past.asOf(at); earlier != nil {
		return earlier
	}
	return c
}

func (o *order) then(at time.Time) *order {
	if o.createTime.After(at) {
		return nil
	}
	if earlier := o.past.asOf(at); earlier != nil {
		return earlier
	}
	return o
}

// shownReturn is a return of the caller's shop as reads show it, or nil.
func (s *Sandbox) shownReturn(c *call, id string) *returnCase {
	if r := s.returns[id]; r != nil && r.shopID == c.shop.ID {
		return r.then(c.asOf)
	}
	return nil
}

// shownCancel is a cancellation of the caller's shop as reads show it, or nil.
func (s *Sandbox) shownCancel(c *call, id string) *cancelCase {
	if one := s.cancels[id]; one != nil && one.shopID == c.shop.ID {
		return one.then(c.asOf)
	}
	return nil
}

// shownOrder is an order of the caller's shop as reads show it.
func (s *Sandbox) shownOrder(c *call, id string) (*order, *apiError) {
	present, problem := s.ownOrder(c, id)
	if problem != nil {
		return nil, problem
	}
	if o := present.then(c.asOf); o != nil {
		return o, nil
	}
	return nil, fail(25007006, "Order %s not found.", id)
}
