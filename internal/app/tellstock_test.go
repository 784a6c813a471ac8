package app

import (
	"testing"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
)

// What is wrong with a product's stock belongs to no return: people find it in the
// list, with the way to answer it, and answer it there.
func TestAPersonAnswersAboutAProductsStock(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	open := func(kind returns.Kind) {
		d.do(func(tx *ledger.Tx) error {
			return tx.SaveStockExceptions(t.Context(), demo, "1729", []returns.Exception{returns.NewException(kind, "SKU 17 in warehouse 7000, a correction by -1: not proven", returns.Money{})})
		})
	}
	open(returns.StockUnproven)
	require.NoError(t, d.list(t.Context(), ledger.ExceptionFilter{}, d.out()))
	text := d.text()
	require.Contains(t, text, "SKU 17 in warehouse 7000, a correction by -1: not proven")
	require.Contains(t, text, "See what can be answered to one, and how: starter resolve stock/1729 --shop demo-gb\n")
	require.NoError(t, d.show(t.Context(), "", "stock/1729", d.out()))
	require.Equal(t, `Stock of product 1729 of shop demo-gb

OPEN EXCEPTIONS
  stock-unproven, for Operations, open for 0m
    what happened   SKU 17 in warehouse 7000, a correction by -1: not proven
    what it means   Stock was written, but TikTok's own account of the change has not come; or a restored ledger no longer tells whether it was.
    if nobody acts  The number shown to shoppers may be wrong by these units.
    answers         handled-manually
    to answer       starter resolve stock/1729 --shop demo-gb --answer handled-manually --reference WHAT_WAS_DONE --who YOU --why REASON

WHAT HAPPENED, IN ORDER (UTC)
  2026-03-04 12:00:00  the program  opened the exception stock-unproven    SKU 17 in warehouse 7000, a correction by -1: not proven
`, d.text())

	c := returns.Command{Name: returns.CommandResolve, Exception: returns.StockUnproven, Answer: returns.AnswerHandledManually, Reference: "counted", Who: "Ada", Why: "the shelf was counted"}
	require.NoError(t, d.tell(t.Context(), demo, "stock/1729", c, d.out()))
	require.Equal(t, "stock/1729 of demo-gb: stock-unproven: handled-manually.\n", d.text())
	require.Empty(t, d.temporal.signals)
	require.EqualError(t, d.tell(t.Context(), demo, "stock/1729", c, d.out()), "stock/1729 has no open exception")
	require.Error(t, d.tell(t.Context(), demo, "stock/1729", returns.Command{Name: returns.CommandPause, Who: "Ada", Why: "w"}, d.out()))

	open(returns.StockRefused)
	c.Exception, c.Answer = returns.StockRefused, returns.AnswerRetry
	require.NoError(t, d.tell(t.Context(), demo, "stock/1729", c, d.out()))
	require.Len(t, d.temporal.signals, 1)
	require.Equal(t, "stock/demo-gb/1729", d.temporal.signals[0].id)
}
