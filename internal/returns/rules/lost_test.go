package rules

import (
	"testing"
	"time"

	"returnbridge/internal/returns"
)

// A refund of two units was sent and its answer lost; now only one of them is to be
// refunded. It would go out under another key: a person is asked first.
func TestALostRefundUnderAnotherName(t *testing.T) {
	t.Parallel()
	ready := together(rma(returns.RMAValidated), passed(1, 2), gate(GateApproved), policy(func(p *Policy) { p.Switches.Restock = false }))
	both := sellerRefund(returns.EffectIntent, "30.00", "L1", "L2")
	lostOne := effectIs(1, func(e *returns.Effect) { e.ClaimedAt, e.Reason = e.IntentAt, returns.ReasonLost })
	onlyOne := item(2, func(i *returns.RMAItem) { i.Resolution = "RefundToStoreCredit" })
	credit := together(answer(returns.ResolutionNotRefund, returns.AnswerDoNotRefund), answeredAt(returns.ResolutionNotRefund, noon.Add(-time.Hour)))
	given := together(ready, both, lostOne, onlyOne, credit, payable("10.00", "L1"))
	play(t, []scene{
		{"it is asked", setup(2, given), want{kinds: []returns.Kind{returns.OutcomeUnclear}}},
		{"a person looked", setup(2, given, answer(returns.OutcomeUnclear, returns.AnswerRetry), about("L1+L2", returns.OutcomeUnclear)), want{acts: []string{"exact-seller-refund L1 10.00"}}},
		{"it was never sent", setup(2, ready, both, onlyOne, credit, payable("10.00", "L1")), want{acts: []string{"exact-seller-refund L1 10.00"}}},
	})
}
