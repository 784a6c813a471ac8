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
	require.Contains(t, text, "Answer one about a product's stock: starter resolve stock/1729 --shop demo-gb --exception stock-unproven, with handled-manually as --answer\n")
	require.NotContains(t, text, "starter show")

	c := returns.Command{Name: returns.CommandResolve, Exception: returns.StockUnproven, Answer: returns.AnswerHandledManually, Reference: "counted", Who: "Ada", Why: "the shelf was counted"}
	require.NoError(t, d.tell(t.Context(), demo, "stock/1729", c, d.out()))
	require.Equal(t, "stock/1729 of demo-gb: stock-unproven: handled-manually.\n", d.text())
	require.Empty(t, d.temporal.signals)
	require.EqualError(t, d.tell(t.Context(), demo, "stock/1729", c, d.out()), "stock/1729: no stock-unproven is open here")
	require.Error(t, d.tell(t.Context(), demo, "stock/1729", returns.Command{Name: returns.CommandPause, Who: "Ada", Why: "w"}, d.out()))

	open(returns.StockRefused)
	c.Exception, c.Answer = returns.StockRefused, returns.AnswerRetry
	require.NoError(t, d.tell(t.Context(), demo, "stock/1729", c, d.out()))
	require.Len(t, d.temporal.signals, 1)
	require.Equal(t, "stock/demo-gb/1729", d.temporal.signals[0].id)
}
