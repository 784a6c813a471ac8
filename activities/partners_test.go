package activities

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// One TikTok return over a unit of each of two RMAs: each is told what the other
// says, and nothing is paid on what one of them said before.
func TestTwoRMAsOfOneTikTokReturn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const partner = returns.Key("9002")
	raw, err := json.Marshal(b.rma)
	require.NoError(t, err)
	second := strings.NewReplacer(`"9001"`, `"9002"`, `"900001"`, `"900002"`, `660001`, `660002`).Replace(string(raw))
	b.answers("rma", func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		if strings.HasSuffix(r.URL.Path, "/9002") {
			_, _ = w.Write([]byte(second))
			return
		}
		_, _ = w.Write(raw)
	})
	line := b.order["line_items"].([]any)[0].(map[string]any)
	b.order["line_items"] = []any{line, map[string]any{"id": "577000000000000002", "sku_id": skuID, "seller_sku": "TEE", "product_id": product, "sale_price": "24.99", "currency": "GBP"}}
	shared := tiktokReturn(caseID, returns.TikTokShipped, "49.98")
	each := map[string]any{"currency": "GBP", "refund_total": "24.99"}
	shared["return_line_items"] = []any{
		map[string]any{"return_line_item_id": "1", "order_line_item_id": "577000000000000001", "sku_id": skuID, "refund_amount": each},
		map[string]any{"return_line_item_id": "2", "order_line_item_id": "577000000000000002", "sku_id": skuID, "refund_amount": each},
	}
	b.cases = []map[string]any{shared}
	lookOf := func(k returns.Key) returns.Plan {
		in := messages.LookInput{Shop: shopName, Key: k}
		must[messages.PlanResult](b, b.LookReturnGO, in)
		return must[messages.PlanResult](b, b.LookTikTok, in).Plan
	}

	require.True(t, raised(lookOf(key), returns.UnitsWithoutRMA), "nobody holds the other unit")
	b.waker.returns = nil
	plan := lookOf(partner)
	require.False(t, hasAct(plan, returns.ActRefund), "the first of the two acts")
	require.Contains(t, b.waker.returns, key, "it hears what the other says")
	act := actOf(t, lookOf(key), returns.ActRefund)
	require.Equal(t, "49.98", act.Amount.Number())

	passed := second
	b.change(func() { second = strings.Replace(second, `"Validated"`, `"Canceled"`, 1) })
	b.clock.pass(time.Minute)
	b.waker.returns = nil
	b.carryOut(act)
	require.Zero(t, b.count("approve"), "the other RMA was cancelled meanwhile")
	require.Contains(t, b.waker.returns, partner, "it looks at what was read for it")

	b.change(func() { second = passed })
	b.clock.pass(time.Minute)
	b.answers("rma", func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/9002") {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write(raw)
	})
	_, _ = run[messages.PlanResult](b, b.Refund, messages.ActInput{Shop: shopName, Key: key, Act: act})
	require.Zero(t, b.count("approve"), "the other RMA cannot be read")

	b.answers("rma", func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/9002") {
			_, _ = w.Write([]byte(passed))
			return
		}
		_, _ = w.Write(raw)
	})
	b.clock.pass(time.Minute)
	lookOf(partner)
	b.carryOut(actOf(t, lookOf(key), returns.ActRefund))
	require.Equal(t, 1, b.count("approve"))
}
