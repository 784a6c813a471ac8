package tiktoksandbox

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPagingByOpaqueTokens(t *testing.T) {
	sc := newScene(t, "GB")
	var want []string
	for range 12 {
		o := must(sc.s.DeliveredOrder(OrderSpec{ShopID: sc.shop.ID, KeepStock: true, Lines: []OrderLine{{SKU: sc.mug, Quantity: 2}}}))(t)
		for _, l := range must(sc.s.Order(o))(t).Lines {
			want = append(want, sc.open(ReturnSpec{OrderID: o, LineIDs: []string{l.ID}}))
			sc.pass(time.Second)
		}
	}
	search := func(query url.Values, body string) answer {
		return sc.call("POST", "/return_refund/202602/returns/search", query, body)
	}
	var got []string
	token := ""
	for pages := 0; ; pages++ {
		var data struct {
			Next   string `json:"next_page_token"`
			Total  int    `json:"total_count"`
			Orders []struct {
				ID string `json:"return_id"`
			} `json:"return_orders"`
		}
		search(url.Values{"page_token": {token}}, "{}").into(t, &data)
		require.Equal(t, 24, data.Total)
		for _, r := range data.Orders {
			got = append(got, r.ID)
		}
		if token = data.Next; token == "" {
			require.Equal(t, 2, pages)
			break
		}
		require.Contains(t, token, "+")
		require.Contains(t, token, "/")
		require.Contains(t, token, "=")
		require.Equal(t, 25001001, search(url.Values{"page_token": {token}}, `{"order_ids":["1"]}`).Code, "filters changed while walking")
	}
	require.Equal(t, want, got, "create_time ASC by default")
	for size, code := range map[string]int{"9": 25001001, "10": 0, "50": 0, "51": 25001001, "x": 25001001} {
		require.Equal(t, code, search(url.Values{"page_size": {size}}, "").Code, size)
	}
}

func TestTimeFilters(t *testing.T) {
	sc := newScene(t, "GB")
	id := sc.open(ReturnSpec{OrderID: sc.mugs(1).ID})
	at := sc.clock.Now().Unix()
	count := func(body string) int {
		var data struct {
			Orders []json.RawMessage `json:"return_orders"`
		}
		sc.call("POST", "/return_refund/202602/returns/search", nil, body).into(t, &data)
		return len(data.Orders)
	}
	require.Equal(t, 1, count(fmt.Sprintf(`{"update_time_ge":%d}`, at)), "ge is inclusive")
	require.Equal(t, 0, count(fmt.Sprintf(`{"update_time_lt":%d}`, at)), "lt is exclusive")
	require.Equal(t, 1, count(fmt.Sprintf(`{"return_ids":[%q],"return_status":["RETURN_OR_REFUND_REQUEST_PENDING"]}`, id)))
	require.Equal(t, 0, count(`{"return_status":["AWAITING_BUYER_SHIP"]}`))
}

func TestSearchesLagBehind(t *testing.T) {
	sc := newScene(t, "GB")
	sc.s.SetSearchLag(30 * time.Second)
	find := func(body string) []string {
		var data struct {
			Returns []struct {
				Status string `json:"return_status"`
			} `json:"return_orders"`
		}
		sc.call("POST", "/return_refund/202602/returns/search", nil, body).into(t, &data)
		found := []string{}
		for _, one := range data.Returns {
			found = append(found, one.Status)
		}
		return found
	}
	o := sc.mugs(1)
	id := sc.open(ReturnSpec{OrderID: o.ID})
	byID, byOrder := `{"return_ids":["`+id+`"]}`, `{"order_ids":["`+o.ID+`"]}`
	require.Empty(t, find(byOrder), "created, and not to be found")
	require.Len(t, find(byID), 1, "but by its id")
	sc.pass(30 * time.Second)
	require.Equal(t, []string{returnPending}, find(byOrder))
	require.Zero(t, sc.approve(id, "APPROVE_RETURN"))
	require.Equal(t, []string{returnPending}, find(byOrder), "yesterday's state")
	require.Equal(t, []string{returnAwaitingShip}, find(byID))
	require.Empty(t, find(`{"return_status":["AWAITING_BUYER_SHIP"]}`), "filters are behind as well")
	sc.pass(30 * time.Second)
	require.Equal(t, []string{returnAwaitingShip}, find(byOrder))

	sc.s.SetSearchLag(0)
	require.NoError(t, sc.s.AddFault(Fault{Endpoint: "returns/search", Kind: FaultStale, Delay: time.Minute}))
	require.Equal(t, []string{returnPending}, find(byID), "a stale read knows no ids")

	sc.s.SetSearchLag(time.Minute)
	waiting := sc.buysMugs(1)
	must(sc.s.CancelOrder(waiting))(t)
	list := func(path, query string) string {
		return string(sc.call("POST", path, url.Values{"page_size": {"50"}}, query).Data)
	}
	require.NotContains(t, list("/return_refund/202602/cancellations/search", ""), waiting)
	require.NotContains(t, list("/order/202309/orders/search", ""), waiting)
	sc.pass(time.Minute)
	require.Contains(t, list("/return_refund/202602/cancellations/search", ""), waiting)
	require.Contains(t, list("/order/202309/orders/search", `{"order_status":"CANCELLED"}`), waiting)
}

func TestPageTokensGrowOld(t *testing.T) {
	sc := newScene(t, "GB")
	sc.s.options.PageTokenLife = time.Hour
	for range 11 {
		sc.open(ReturnSpec{OrderID: sc.mugs(1).ID})
		require.NoError(t, sc.s.AdjustStock(sc.mug, sc.sales, 1, CauseManual))
	}
	page := func(token string) answer {
		return sc.call("POST", "/return_refund/202602/returns/search", url.Values{"page_token": {token}}, "")
	}
	var first struct {
		Next string `json:"next_page_token"`
	}
	page("").into(t, &first)
	require.True(t, strings.ContainsAny(first.Next, "+/="))
	sc.pass(time.Hour - time.Second)
	require.Zero(t, page(first.Next).Code)
	sc.pass(time.Second)
	require.Equal(t, 25001001, page(first.Next).Code)
}
