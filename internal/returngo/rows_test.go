package returngo

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/platform"
)

// One row that cannot be read hides none of its page, and is named if it can be.
func TestUnreadableRowsBesideOthers(t *testing.T) {
	t.Parallel()
	b := setup(t, says(200, `{"rmas":[{"rmaId":"1"},{"rmaId":"2","status":"\uZZZZ"},7,{"rmaId":"3"}],"next_cursor":"n"}`))
	_, _, err := b.shop.RMAs(t.Context(), RMAFilter{}, "")
	require.Equal(t, platform.Retry, platformError(t, err).Class, "no JSON at all")

	b = setup(t, says(200, `{"rmas":[{"rmaId":"1"},7,{"rmaId":{"Jane":1}},{"rmaId":"3"}],"next_cursor":"n"}`))
	rmas, next, err := b.shop.RMAs(t.Context(), RMAFilter{}, "")
	bad, named := errors.AsType[*platform.UnreadableError](err)
	require.True(t, named)
	require.Equal(t, []string{"", ""}, bad.IDs)
	require.NotContains(t, err.Error()+bad.Error(), "Jane")
	require.Equal(t, "n", next)
	require.Len(t, rmas, 2)

	b = setup(t, says(200, `{"transactions":[{"id":660001,"createdAt":"tomorrow"},{"id":660002,"returnItemIds":["1"]},{"id":"x1","createdAt":7}]}`))
	transactions, _, err := b.shop.Transactions(t.Context(), TransactionFilter{}, "")
	bad, named = errors.AsType[*platform.UnreadableError](err)
	require.True(t, named)
	require.Equal(t, []string{"660001", ""}, bad.IDs)
	require.Len(t, transactions, 1)
	require.Equal(t, "660002", transactions[0].ID)
}
