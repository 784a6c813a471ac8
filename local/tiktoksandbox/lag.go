package tiktoksandbox

import "time"

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

// searchMoment is what a search shows: the lag does not touch those who ask by id.
func (s *Sandbox) searchMoment(c *call, byID bool) time.Time {
	if byID {
		return c.asOf
	}
	return c.asOf.Add(-s.period(s.options.SearchLag))
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
