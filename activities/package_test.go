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
		"no scope for packages": {true, code(105005), wh1, 2},
		"no such call":          {true, code(36009009), wh1, 2},
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
