package app

import (
	"testing"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
)

// twoAsked is a return with two exceptions that take one answer alike, and others
// that only one takes.
func (d *desk) twoAsked() {
	d.decided(demo, "4711", ledger.Decided{Stage: returns.StageException, Exceptions: []returns.Exception{
		returns.NewException(returns.NotPayable, "15.00 GBP is authorised, TikTok would refund at most 12.00 GBP", amount(d.t, "12", "GBP")),
		returns.NewException(returns.StockRefused, "MUG in warehouse 7000: refused", returns.Money{}),
		returns.NewException(returns.SecondStockWriter, "another program wrote MUG", returns.Money{}),
		returns.NewException(returns.PlatformUnreachable, "no answer", returns.Money{}),
	}})
}

func TestResolveAloneListsWhatCanBeAnswered(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.waits("4710", "#1001")
	require.NoError(t, d.resolvable(t.Context(), "", "#1001", returns.Command{}, "", d.out()))
	require.Equal(t, `unlinked-order of return 4710, for CX
  order name #1001 leads to no TikTok order

  not-ours: this return has nothing to do with TikTok Shop: leave it alone
    starter resolve 4710 --shop demo-gb --answer not-ours --who YOU --why REASON

  handled-manually: a person has dealt with it outside of the program; the reference says how
    starter resolve 4710 --shop demo-gb --answer handled-manually --reference WHAT_WAS_DONE --who YOU --why REASON
`, d.text())

	d.twoAsked()
	all := answer[[]answerable](d, func(o Output) error {
		return d.resolvable(t.Context(), "", "4711", returns.Command{}, " --config other.yaml", o)
	})
	require.Len(t, all, 4)
	for _, a := range all {
		require.Len(t, a.Answers, len(returns.Catalogue[a.Kind].Answers))
		for _, one := range a.Answers {
			require.NotEmpty(t, one.Meaning)
			require.Contains(t, one.Command, "starter resolve 4711 --shop demo-gb --exception "+string(a.Kind)+" --answer "+string(one.Answer))
			require.Contains(t, one.Command, " --who YOU --why REASON --config other.yaml")
		}
	}
	require.NoError(t, d.resolvable(t.Context(), "", "4711", returns.Command{Exception: returns.PlatformUnreachable}, "", d.out()))
	require.Equal(t, "platform-unreachable of return 4711, for IT\n  no answer\n  It takes no answer: it closes by itself once it is mended.\n", d.text())

	d.decided(demo, "4712", ledger.Decided{})
	require.NoError(t, d.resolvable(t.Context(), "", "4712", returns.Command{}, "", d.out()))
	require.Equal(t, "Return 4712 has no open exception.\n", d.text())
	require.EqualError(t, d.resolvable(t.Context(), "", "4711", returns.Command{Subject: "R9"}, "", d.out()),
		"return 4711 has no open exception about R9; open are: not-payable, platform-unreachable, second-stock-writer, stock-refused")
	require.Empty(t, d.temporal.updates)
}

// An exception is named only where several take the answer.
func TestAnAnswerFindsItsException(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.twoAsked()
	say := func(kind returns.Kind, answer returns.AnswerName) error {
		return d.resolve(t.Context(), "", "4711", returns.Command{Name: returns.CommandResolve, Exception: kind, Answer: answer, Who: "Ada", Why: "w"}, d.out())
	}
	require.EqualError(t, say("", returns.AnswerRetry),
		"several exceptions of return 4711 take the answer retry: say which with --exception, one of second-stock-writer, stock-refused")
	require.EqualError(t, say("", returns.AnswerNotOurs), "nothing that is open at return 4711 takes the answer not-ours; open are: "+
		"not-payable (takes accept-payable, do-not-refund, handled-manually), platform-unreachable (takes none), second-stock-writer (takes retry, skip-restock), stock-refused (takes retry, skip-restock)")
	require.EqualError(t, say(returns.RefundDiffers, returns.AnswerAcknowledge), "return 4711 has no open refund-differs; open are: not-payable, platform-unreachable, second-stock-writer, stock-refused")
	require.Empty(t, d.temporal.updates)

	require.NoError(t, say("", returns.AnswerAcceptPayable))
	require.NoError(t, say(returns.StockRefused, returns.AnswerRetry))
	var sent []returns.Kind
	for _, u := range d.temporal.updates {
		c, ok := u.Args[0].(returns.Command)
		require.True(t, ok)
		sent = append(sent, c.Exception)
	}
	require.Equal(t, []returns.Kind{returns.NotPayable, returns.StockRefused}, sent)
}

// Of several exceptions of one kind the one is named by what it is about.
func TestAnAnswerFindsItsSubject(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	about := func(subject string) returns.Exception {
		e := returns.NewException(returns.NotPayable, "TikTok would refund less on "+subject, amount(t, "12", "GBP"))
		e.Subject = subject
		return e
	}
	d.decided(demo, "4711", ledger.Decided{Stage: returns.StageException, Exceptions: []returns.Exception{about("R1"), about("R2")}})
	require.NoError(t, d.resolvable(t.Context(), "", "4711", returns.Command{}, "", d.out()))
	require.Contains(t, d.text(), `
  do-not-refund: do not refund it
    starter resolve 4711 --shop demo-gb --exception not-payable --subject "R2" --answer do-not-refund --who YOU --why REASON
`)
	c := returns.Command{Name: returns.CommandResolve, Answer: returns.AnswerDoNotRefund, Who: "Ada", Why: "w"}
	require.EqualError(t, d.resolve(t.Context(), "", "4711", c, d.out()), "several not-payable are open at return 4711: say which with --subject, one of R1, R2")
	c.Subject = "R9"
	require.EqualError(t, d.resolve(t.Context(), "", "4711", c, d.out()), "return 4711 has no open exception about R9; open are: not-payable")
	require.Empty(t, d.temporal.updates)
	c.Subject = "R2"
	require.NoError(t, d.resolve(t.Context(), "", "4711", c, d.out()))
	sent, ok := d.temporal.updates[0].Args[0].(returns.Command)
	require.True(t, ok)
	require.Equal(t, []string{"not-payable", "R2"}, []string{string(sent.Exception), sent.Subject})
}

// What concerns a whole shop is answered under its name, or as the list prints it.
func TestAShopIsAnsweredByItsName(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	asked := func() {
		d.do(func(tx *ledger.Tx) error {
			return tx.RaiseForShop(t.Context(), demo, returns.TikTok, returns.NewException(returns.RefundLimit, "the limit is reached", returns.Money{}))
		})
	}
	asked()
	require.NoError(t, d.resolvable(t.Context(), "", demo, returns.Command{}, "", d.out()))
	require.Contains(t, d.text(), "\n    starter resolve demo-gb --answer lift-for-today --who YOU --why REASON\n")
	require.NoError(t, d.show(t.Context(), "", "shop/tiktok", d.out()))
	require.Contains(t, d.text(), "shop/tiktok, which concerns all of shop demo-gb\n\nOPEN EXCEPTIONS\n  refund-limit, for Finance")
	for _, target := range []string{demo, "shop/tiktok"} {
		asked()
		c := returns.Command{Name: returns.CommandResolve, Answer: returns.AnswerLiftToday, Who: "Fin", Why: "sale"}
		require.NoError(t, d.resolve(t.Context(), "", target, c, d.out()))
		require.Contains(t, d.text(), "the limit of refunds is lifted for demo-gb until midnight (UTC)")
	}
	require.ErrorContains(t, d.tell(t.Context(), "", "shop/tiktok", returns.Command{Name: returns.CommandPause, Who: "Ada", Why: "w"}, d.out()), "is no return")
}

func TestEveryAnswerHasAMeaning(t *testing.T) {
	t.Parallel()
	for kind, entry := range returns.Catalogue {
		for _, a := range entry.Answers {
			require.NotEmpty(t, a.Meaning(), "%s of %s", a, kind)
		}
	}
}
