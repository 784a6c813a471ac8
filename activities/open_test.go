package activities

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// announced is an approved RMA with ReturnGO's label and nothing sent, in a shop
// that opens returns at TikTok.
func announced(t *testing.T) *bench {
	t.Helper()
	b := newBench(t)
	b.Shops[shopName].Policy.OpenReasons = map[string]string{"*": "return_reason"}
	b.rma["rmaSummary"].(map[string]any)["status"] = "Approved"
	b.rma["items"].([]any)[0].(map[string]any)["itemValidationStatusResponse"] = map[string]any{}
	b.rma["transactions"] = []any{}
	b.rma["shipments"] = []any{map[string]any{
		"shipmentId": "70001", "status": "LabelCreated", "trackingNumber": "TRK-1", "labelURL": b.url + "/labels/1?sig=SECRET", "isOutbound": false,
	}}
	b.answers("eligibility", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"code":0,"data":{"sku_eligibility":[{"sku_id":"` + skuID + `","line_item_eligibility":[` +
			`{"request_type":"REFUND","eligible":false},{"request_type":"RETURN_AND_REFUND","eligible":true,"available_reason_names":["return_reason"]}]}]}}`))
	})
	b.answers("create", func(w http.ResponseWriter, _ *http.Request) {
		b.change(func() {
			made := tiktokReturn(caseID, returns.TikTokAwaitingShip, "24.99")
			made["role"], made["create_time"] = "SELLER", b.clock.now().Unix()
			b.cases = append(b.cases, made)
		})
		_, _ = w.Write([]byte(`{"code":0,"data":{"return_id":"` + caseID + `","return_status":"` + returns.TikTokPending + `"}}`))
	})
	b.answers("GET /labels/1", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("%PDF-1.4 Jane Buyer")) })
	b.answers("label", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"code":0,"data":{},"request_id":"req-label"}`))
	})
	return b
}

func (b *bench) open(act returns.Act) returns.Plan {
	b.t.Helper()
	return must[messages.PlanResult](b, b.OpenReturn, messages.ActInput{Shop: shopName, Key: key, Act: act}).Plan
}

func TestAReturnIsOpenedOnceAndGetsItsLabelOnce(t *testing.T) {
	t.Parallel()
	b := announced(t)
	act := actOf(t, b.look(), returns.ActOpenReturn)
	b.forget()
	b.clock.pass(time.Second)
	plan := b.open(act)
	require.Subset(t, b.made(), []string{"rma", "order", "returns", "create"}, "the deciding read comes before")
	require.JSONEq(t, `{"order_id":"`+orderID+`","return_type":"RETURN_AND_REFUND","return_reason":"return_reason","order_line_item_ids":["577000000000000001"],"refund_total":"24.99","currency":"GBP"}`, b.last("create"))
	opened := b.effectOf(returns.EffectOpen)
	require.Equal(t, returns.EffectVerified, opened.State)
	require.Equal(t, caseID, opened.TikTokReturnID)
	b.open(act) // once more, as after a lost completion
	require.Equal(t, 1, b.count("create"))

	act = actOf(t, plan, returns.ActUploadLabel)
	upload := messages.ActInput{Shop: shopName, Key: key, Act: act}
	plan = must[messages.PlanResult](b, b.UploadLabel, upload).Plan
	require.Contains(t, b.last("label"), "%PDF-1.4")
	require.Contains(t, b.last("label"), "TRK-1")
	require.Equal(t, returns.EffectApplied, b.effectOf(returns.EffectLabel).State)
	require.Empty(t, plan.Acts)
	must[messages.PlanResult](b, b.UploadLabel, upload)
	require.Equal(t, 1, b.count("label"))

	kept := ""
	for _, file := range []string{b.dsn, b.dsn + "-wal"} {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		kept += string(content)
	}
	require.Positive(t, strings.Count(kept, caseID), "the ledger is not read")
	for _, passedThrough := range []string{"SECRET", "Jane Buyer", "TRK-1"} {
		require.Zero(t, strings.Count(kept, passedThrough), "%s is kept: a label leads to the buyer", passedThrough)
	}
}

func TestALostAnswerOpensNoSecondReturn(t *testing.T) {
	t.Parallel()
	for name, seen := range map[string]bool{"it was opened": true, "it was not": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := announced(t)
			usual := b.says["create"]
			act := actOf(t, b.look(), returns.ActOpenReturn)
			b.answers("create", func(w http.ResponseWriter, r *http.Request) {
				if seen {
					usual(w, r)
				}
				panic(http.ErrAbortHandler)
			})
			plan := b.open(act)
			b.answers("create", usual)
			if seen {
				require.Equal(t, returns.EffectVerified, b.effectOf(returns.EffectOpen).State)
				require.True(t, hasAct(plan, returns.ActUploadLabel))
				return
			}
			require.False(t, hasAct(plan, returns.ActOpenReturn))
			require.Equal(t, returns.EffectClaimed, b.effectOf(returns.EffectOpen).State)
			b.clock.pass(time.Minute)
			require.False(t, hasAct(b.look(), returns.ActOpenReturn), "not quiet for long enough")
			b.clock.pass(2 * time.Minute) // the settle time, and as far as two clocks may be apart
			b.open(actOf(t, b.look(), returns.ActOpenReturn))
			require.Equal(t, 2, b.count("create"))
			require.Equal(t, b.keys["create"][0], b.keys["create"][1], "the same key")
			require.Equal(t, b.bodies["create"][0], b.bodies["create"][1], "and the same bytes")
		})
	}
}

// What TikTok will not open stays a seller refund, without a question to anybody.
func TestAReturnThatTikTokRefusesIsLeftToTheSellerRefund(t *testing.T) {
	t.Parallel()
	b := announced(t)
	act := actOf(t, b.look(), returns.ActOpenReturn)
	b.answers("create", code(25001046)) // stopped by risk control
	plan := b.open(act)
	require.Equal(t, returns.EffectVoid, b.effectOf(returns.EffectOpen).State)
	require.Empty(t, plan.Acts)
	require.Empty(t, plan.Exceptions)
	b.answers("eligibility", nil)
	b.answers("create", nil)
	b.change(b.world)
	b.clock.pass(2 * time.Minute)
	require.Equal(t, returns.RouteSellerRefund, actOf(t, b.look(), returns.ActRefund).Route)
}

func TestALabelThatCannotBeHadIsCX(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		call string
		says http.HandlerFunc
	}{
		"gone":              {"GET /labels/1", status(http.StatusNotFound)},
		"no PDF":            {"GET /labels/1", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }},
		"refused by TikTok": {"label", code(25021023)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := announced(t)
			plan := b.open(actOf(t, b.look(), returns.ActOpenReturn))
			b.answers(c.call, c.says)
			plan = must[messages.PlanResult](b, b.UploadLabel, messages.ActInput{Shop: shopName, Key: key, Act: actOf(t, plan, returns.ActUploadLabel)}).Plan
			require.True(t, raised(plan, returns.EffectRefused))
			require.NotContains(t, plan.Summary, "SECRET", "the address is as secret as the label")
			require.NotContains(t, b.effectOf(returns.EffectLabel).Note, "SECRET")
		})
	}
}
