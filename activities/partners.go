package activities

import (
	"context"
	"iter"
	"maps"
	"slices"

	"returnbridge/internal/returns"
	"returnbridge/internal/returns/rules"
)

// readPartners reads the other RMAs whose units are in the TikTok return that an act
// decides on: it moves their money too, so what they say must be as fresh as what
// this return says (promise 1). It reports whether one could not be read. Their own
// returns are told to look, because they have not seen what is saved here.
func (d *desk) readPartners(ctx context.Context, act returns.Act) (unread bool, err error) {
	if act.TikTokReturnID == "" || act.Kind != returns.ActRefund && act.Kind != returns.ActAccept {
		return false, nil
	}
	f, err := d.facts(ctx)
	if err != nil {
		return false, retryable(ctx, err)
	}
	keys := rules.Partners(f.Record, act.TikTokReturnID)
	if err := d.wakeForTikTok(ctx, keys); err != nil {
		return false, err
	}
	for _, key := range keys {
		other, err := d.desk(d.shop.Key, key)
		if err != nil {
			return false, err
		}
		trouble, err := other.readRMA(ctx)
		if err != nil {
			return false, err
		}
		if err := other.decideOnce(ctx, nil, trouble, false); err != nil {
			return false, orRetry(ctx, err)
		}
		unread = unread || len(trouble) > 0
	}
	return unread, nil
}

// partnersUnits are the units of other RMAs in the TikTok return that an act decides
// on, in one order, with what those RMAs say of them.
func (d *desk) partnersUnits(act returns.Act) iter.Seq2[returns.UnitID, returns.Hold] {
	return func(yield func(returns.UnitID, returns.Hold) bool) {
		if act.TikTokReturnID == "" || act.Kind != returns.ActRefund && act.Kind != returns.ActAccept {
			return
		}
		for _, unit := range slices.Sorted(maps.Keys(d.record.Others)) {
			h := d.record.Others[unit]
			if h.TikTokReturnID == act.TikTokReturnID && d.record.HeldBy[unit].RMAID() != "" && !yield(unit, h) {
				return
			}
		}
	}
}

// wakePartners tells the other RMAs of a TikTok return what has changed in what this
// one says about its units.
func (d *desk) wakePartners(ctx context.Context, was []returns.Hold) error {
	var keys []returns.Key
	for _, h := range append(slices.Clone(was), d.decision.Holds...) {
		same := func(o returns.Hold) bool { return o.Same(h) }
		if h.TikTokReturnID != "" && h.Standing != "" && !(slices.ContainsFunc(was, same) && slices.ContainsFunc(d.decision.Holds, same)) {
			keys = append(keys, rules.Partners(d.record, h.TikTokReturnID)...)
		}
	}
	slices.Sort(keys)
	return d.wakeForTikTok(ctx, slices.Compact(keys))
}
