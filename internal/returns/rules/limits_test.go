package rules

import (
	"testing"
	"time"

	"returnbridge/internal/returns"
)

// A unit that came back not fit to be sold, with no transaction (issue 9, number 9).
func TestAUnitThatCannotBeSoldAgain(t *testing.T) {
	t.Parallel()
	unsold := together(noTransactions, unsellable(1), payable("10.00", "L1"))
	by := func(n NotRestockable, above string) change {
		return policy(func(p *Policy) { p.NotRestockable = n; p.NotRestockableAbove = gbp(above) })
	}
	asks, pays := want{kinds: []returns.Kind{returns.NotRestockable}}, want{acts: []string{"exact-seller-refund L1 10.00"}}
	shipped := buyerReturn("R1", returns.TikTokShipped, 1)
	play(t, []scene{
		{"asked by default", setup(1, unsold), asks},
		{"ask", setup(1, unsold, by(NotRestockableAsk, "0.01")), asks},
		{"pay", setup(1, unsold, by(NotRestockablePay, "0.01")), pays},
		{"ask above, and it is not", setup(1, unsold, by(NotRestockableAskAbove, "10.00")), pays},
		{"ask above, and it is", setup(1, unsold, by(NotRestockableAskAbove, "9.99")), asks},
		{"ask above, in another currency", setup(1, unsold, policy(func(p *Policy) {
			p.NotRestockable, p.NotRestockableAbove = NotRestockableAskAbove, money("99.00", "EUR")
		})), asks},
		{"a transaction authorises it", setup(1, unsellable(1), payable("10.00", "L1")), pays},
		{"fit to be sold", setup(1, noTransactions, passed(1), stock("L1", returns.RestockProven, ""), payable("10.00", "L1")), pays},
		{"another gate decides by itself", setup(1, unsold, gate(GateApproved)), pays},
		{"with a TikTok return", setup(1, unsold, shipped), asks},
		{"Finance pays it", setup(1, unsold, answer(returns.NotRestockable, returns.AnswerPay, "10.00")), pays},
		{"Finance pays it, by a TikTok return", setup(1, unsold, shipped, answer(returns.NotRestockable, returns.AnswerPay, "10.00")), want{acts: []string{"confirm-parcel R1 10.00"}}},
		{"Finance saw another amount", setup(1, unsold, answer(returns.NotRestockable, returns.AnswerPay, "9.00")), asks},
		{"Finance saw an earlier inspection", setup(1, unsold, answer(returns.NotRestockable, returns.AnswerPay, "10.00"), answeredAt(returns.NotRestockable, noon.Add(-2*time.Hour))), asks},
		{"Finance sets another amount", setup(1, unsold, answer(returns.NotRestockable, returns.AnswerSetAmount, "4.00")), want{acts: []string{"exact-seller-refund L1 4.00"}}},
		{"Finance pays nothing", setup(1, unsold, answer(returns.NotRestockable, returns.AnswerDoNotRefund)), want{closed: true}},
		{"the other unit is paid", setup(2, unsold, passed(2), stock("L2", returns.RestockProven, ""), payable("20.00", "L2")), want{acts: []string{"exact-seller-refund L2 20.00"}, kinds: asks.kinds}},
	})
}

// A single refund above the merchant's amount (issue 9, number 9).
func TestALargeRefundIsAskedAboutOnce(t *testing.T) {
	t.Parallel()
	above := func(amount string) change { return policy(func(p *Policy) { p.AskAbove = gbp(amount) }) }
	free := together(passed(1), stock("L1", returns.RestockProven, ""), payable("10.00", "L1"))
	parcel := together(passed(1), stock("L1", returns.RestockProven, ""), buyerReturn("R1", returns.TikTokShipped, 1))
	asks, pays := want{kinds: []returns.Kind{returns.LargeRefund}}, want{acts: []string{"exact-seller-refund L1 10.00"}}
	confirms := want{acts: []string{"confirm-parcel R1 10.00"}}
	agreed := answer(returns.LargeRefund, returns.AnswerPay, "10.00")
	play(t, []scene{
		{"unset", setup(1, free), pays},
		{"not above", setup(1, free, above("10.00")), pays},
		{"above", setup(1, free, above("9.99")), asks},
		{"another currency", setup(1, free, policy(func(p *Policy) { p.AskAbove = money("99.00", "EUR") })), asks},
		{"by a TikTok return", setup(1, parcel, above("9.99")), asks},
		{"agreed", setup(1, free, above("9.99"), agreed), pays},
		{"agreed, by a TikTok return", setup(1, parcel, above("9.99"), agreed), confirms},
		{"agreed to another amount", setup(1, free, above("5.00"), answer(returns.LargeRefund, returns.AnswerPay, "9.00")), asks},
		{"another transaction since", setup(1, free, above("5.00"), agreed, authorisedAt(1, noon.Add(-61*time.Second)), answeredAt(returns.LargeRefund, noon.Add(-2*time.Minute))), asks},
		{"Finance said so to another question", setup(1, parcel, above("9.99"), transactionIs(1, func(t *returns.Transaction) { t.Amount = gbp("9.00") }), answer(returns.RefundValueMismatch, returns.AnswerAcceptPayable, "10.00")), confirms},
		{"CX said so to another question", setup(1, free, above("5.00"), payable("9.00", "L1"), answer(returns.NotPayable, returns.AnswerAcceptPayable, "9.00")), asks},
		{"do not refund", setup(1, free, above("9.99"), answer(returns.LargeRefund, returns.AnswerDoNotRefund)), want{closed: true}},
		{"the rest of a refund", say(setup(1, buyerReturn("R1", returns.TikTokPaid, 1), tiktokPays(1, "4.00"), passed(1), stock("L1", returns.RestockProven, ""), payable("10.00", "L1"), above("5.00")),
			said(1, "R1", returns.RefundDiffers, returns.AnswerPayRest)), asks},
	})
}
