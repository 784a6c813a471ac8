package activities

import (
	"cmp"
	"slices"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
	"returnbridge/internal/returns/rules"
)

// The audit in words: what was done and by whom, in the past tense.

// tried says what became of an effect's call; words are why it is not done, or
// nothing.
func tried(e returns.Effect, tiktokReturnID, words string) string {
	e.TikTokReturnID = cmp.Or(tiktokReturnID, e.TikTokReturnID)
	if words == "" {
		return e.Did()
	}
	return "tried to " + e.Wanted() + ": " + words
}

// found says what a decision found to have become of an effect.
func found(c rules.EffectChange) string {
	e := c.Effect
	e.TikTokReturnID = cmp.Or(c.TikTokReturnID, e.TikTokReturnID)
	switch c.State {
	case returns.EffectApplied, returns.EffectVerified:
		return "saw that it is done: " + e.Did()
	case returns.EffectIntent:
		return "saw that it is not done: " + e.Wanted()
	default:
		return "gave up to " + e.Wanted()
	}
}

// byRules names the program in the audit, with the version of its rules.
func byRules(version string) string { return ledger.Program + " (rules " + version + ")" }

// decider names who decided: the program, or with it the person whose answer it follows.
func (d *desk) decider(act returns.Act) string {
	for _, a := range slices.Backward(d.record.Said) {
		if a.Answer == returns.AnswerPayRest && act.Route == returns.RouteSellerRefund && d.covers(a.Subject, act.Units) {
			return asDecidedBy(a)
		}
		if (a.Answer == returns.AnswerAcceptPayable || a.Answer == returns.AnswerSetAmount || a.Answer == returns.AnswerPay) && returns.SameMoney(a.Amount, act.Amount) {
			return asDecidedBy(a)
		}
	}
	return byRules(d.decision.Plan.Rules)
}

func asDecidedBy(a returns.Answer) string { return ledger.Program + ", as " + a.Who + " decided" }

// covers tells whether a TikTok return is about these units.
func (d *desk) covers(tiktokReturnID string, units []returns.UnitID) bool {
	return slices.ContainsFunc(d.record.TikTokReturns, func(t returns.TikTokReturn) bool {
		return t.ID == tiktokReturnID && slices.ContainsFunc(t.Lines, func(l returns.TikTokReturnLine) bool {
			return slices.ContainsFunc(units, func(u returns.UnitID) bool { return u.LineID() == l.OrderLineID })
		})
	})
}
