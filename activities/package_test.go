package activities

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

// TikTok may send an order from another warehouse than it names (T19): goods go back
// to the one that the package left. It is asked once, and not where the merchant does
// not go by it; what TikTok does not say changes nothing.
func TestGoodsGoBackToTheWarehouseThatSentThem(t *testing.T) {
	t.Parallel()
	tells := func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"code":0,"data":{"package_id":"115","warehouse_id":"`+wh2+`"}}`)
	}
	for name, c := range map[string]struct {
		goesBy bool
		says   http.HandlerFunc
		want   string
		asked  int
	}{
		"the package tells":     {true, tells, wh2, 1},
		"no scope for packages": {true, code(105005), wh1, 1},
		"no such call":          {true, code(36009009), wh1, 1},
		"by default":            {false, tells, wh1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.Shops[shopName].Policy.UseOrderWarehouse = c.goesBy
			b.change(func() { b.order["line_items"].([]any)[0].(map[string]any)["package_id"] = "115" })
			b.answers("package", c.says)
			actOf(t, b.look(), returns.ActRestock)
			restocks := b.record().Restocks
			require.Len(t, restocks, 1)
			require.Equal(t, c.want, restocks[0].WarehouseID)
			b.clock.pass(time.Hour)
			b.look()
			require.Equal(t, c.asked, b.count("package"))
		})
	}
}

// A package that TikTok cannot be asked about just now holds up stock, and no money.
func TestAPackageThatCannotBeReadHoldsUpStockAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Shops[shopName].Policy.UseOrderWarehouse = true
	b.change(func() { b.order["line_items"].([]any)[0].(map[string]any)["package_id"] = "115" })
	b.answers("package", status(http.StatusBadGateway))
	plan := b.look()
	require.False(t, hasAct(plan, returns.ActRestock))
	b.refund(actOf(t, plan, returns.ActRefund))
	require.Equal(t, 1, b.count("create"))
	b.answers("package", code(36009009)) // there is no such call: the order's warehouse counts
	b.clock.pass(time.Minute)
	require.True(t, hasAct(b.look(), returns.ActRestock))
	require.Equal(t, wh1, b.record().Restocks[0].WarehouseID)
}
