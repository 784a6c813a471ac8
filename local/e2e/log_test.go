package e2e

import (
	"fmt"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
	"returnbridge/local/demo"
)

// The log tells the story of a return that Finance was asked about: each fact in one
// line, with its ids and its amount, and nobody's name. When it has ended it shows so.
func TestTheLogTellsTheStoryOfAReturn(t *testing.T) {
	t.Parallel()
	core, lines := observer.New(zapcore.InfoLevel)
	h := openHouse(t, func(o *demo.HouseOptions) { o.Log = zap.New(core) })
	s := h.buys(1)
	s.returnsByTikTok(s.price("2.00"))
	s.untilAsked(returns.RefundValueMismatch)
	open := []string{"ExceptionKinds IS NOT NULL", "ExceptionOwners IS NOT NULL", "SellerDeadline IS NOT NULL", "ReturnStage != 'closed'"}
	for _, found := range open {
		h.until("found by "+found, func() bool { return h.count("WorkflowId = '"+s.id()+"' AND "+found) == 1 })
	}
	h.answer(s.id(), returns.RefundValueMismatch, returns.AnswerAcceptPayable)
	s.untilClosed()
	s.wantPaid(s.price("0"))
	h.until("the unit in stock", func() bool { return s.gained() == 1 && lines.FilterMessage("restocked").Len() > 0 })
	h.afterSweep() // all is read once more, and told no more

	amount := s.price("0") + " GBP"
	told := map[string]int{}
	for _, l := range lines.All() {
		f := l.ContextMap()
		if f["return"] == s.rmaID || f["return"] == "tiktok/"+s.tiktokReturnID {
			told[fmt.Sprint(l.Message, " ", f["exception"], " ", f["answer"], " ", f["amount"])]++
		}
		for key, value := range f {
			if text := fmt.Sprint(value); text == "finance" || text == "agreed with the customer" {
				t.Errorf("%s: %s is %q", l.Message, key, text)
			}
		}
	}
	for _, want := range []string{
		"exception opened refund-value-mismatch <nil> " + amount,
		"exception answered refund-value-mismatch accept-payable " + amount,
		"exception closed refund-value-mismatch <nil> " + amount,
		"refund made <nil> <nil> " + amount,
		"TikTok paid <nil> <nil> " + amount,
		"restocked <nil> <nil> <nil>",
	} {
		if told[want] != 1 {
			t.Errorf("%q is told %d times in %v", want, told[want], told)
		}
	}

	h.until("the search attributes of a closed return", func() bool {
		return text(h.attributes(s.id()), messages.AttrStage.GetName()) == string(returns.StageClosed)
	})
	for _, found := range open {
		if n := h.count("WorkflowId = '" + s.id() + "' AND " + found); n != 0 {
			t.Errorf("a list of what has %s finds a return that has ended", found)
		}
	}
}
