package tiktoksandbox

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestReorderedNotificationsComeAfterALaterOne(t *testing.T) {
	sc := newScene(t, "GB")
	told := sc.received(68)
	causes := func() (all []any) {
		for _, note := range told() {
			all = append(all, note["data"].(map[string]any)["change_detail"].([]any)[0].(map[string]any)["trigger_source"])
		}
		return all
	}
	sc.s.SetWebhookWeather(WebhookWeather{Reorder: 1})
	require.NoError(t, sc.s.AdjustStock(sc.mug, sc.sales, 1, CauseManual))
	require.Empty(t, causes())
	sc.s.SetWebhookWeather(WebhookWeather{})
	require.NoError(t, sc.s.AdjustStock(sc.mug, sc.sales, 1, CauseAPISync))
	require.Equal(t, []any{CauseAPISync, CauseManual}, causes())

	sc.s.SetWebhookWeather(WebhookWeather{Reorder: 1})
	require.NoError(t, sc.s.AdjustStock(sc.mug, sc.sales, 1, CauseManual))
	require.Empty(t, causes())
	sc.pass(10 * time.Minute)
	require.Equal(t, []any{CauseManual}, causes(), "with nothing to overtake it, when the delay is over")
}

func TestWeatherOfOneTopic(t *testing.T) {
	sc := newScene(t, "GB")
	told := sc.received(67, 68)
	sc.s.SetWebhookWeather(WebhookWeather{Lose: 1, Topics: []int{68}})
	must(sc.s.SellerCenterRefunds(sc.mugs(1).ID, nil, ""))(t)
	sc.pass(halfHour)
	notes := told()
	require.Len(t, notes, 1)
	require.EqualValues(t, 67, notes[0]["type"])
}

func TestCombinedListingsAndAppealsAreTold(t *testing.T) {
	sc := newScene(t, "GB")
	told := sc.received(42, 66)
	id := must(sc.s.CombineListing("", sc.mugProduct, sc.setProduct))(t)
	note := told()[0]
	require.EqualValues(t, 42, note["type"])
	data := note["data"].(map[string]any)
	require.Equal(t, []any{id, "CREATE"}, []any{data["combined_listing_id"], data["change_type"]})
	require.Len(t, data["products"], 2)
	_, err := sc.s.CombineListing("", "1728000000000009999")
	require.Error(t, err)

	returnID := sc.open(ReturnSpec{OrderID: sc.mugs(1).ID})
	require.Zero(t, sc.reject(returnID, "REJECT_RETURN", "reverse_reject_request_reason_1_uk"))
	require.NoError(t, sc.s.BuyerDisputes(returnID))
	require.NoError(t, sc.s.OperatorDecides(returnID, false))
	require.EqualValues(t, 66, told()[0]["type"])
}

func TestNoticesOfOnesOwnMaking(t *testing.T) {
	sc := newScene(t, "GB")
	right := map[string]bool{}
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		right[string(body[:10])] = r.Header.Get("Authorization") == webhookSignature("demo_key", "demo_secret", body)
	}))
	defer receiver.Close()
	require.NoError(t, sc.s.Notify(Notice{ShopID: sc.shop.ID, URL: receiver.URL, Topic: 99, Data: object{"a": 1}}))
	require.NoError(t, sc.s.Notify(Notice{ShopID: sc.shop.ID, URL: receiver.URL, Topic: 12, WrongSignature: true}))
	require.Error(t, sc.s.Notify(Notice{ShopID: "nobody", URL: receiver.URL}))
	sc.s.Tick()
	require.Equal(t, map[string]bool{`{"type":99`: true, `{"type":12`: false}, right)
}
