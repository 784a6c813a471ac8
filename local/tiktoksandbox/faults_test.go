package tiktoksandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// raw is an answer before anybody decoded it.
type raw struct {
	status int
	body   string
	err    error
}

func (sc *scene) raw(method, path, body string) raw {
	sc.t.Helper()
	response, err := sc.server.Client().Do(sc.request(method, path, nil, body))
	if err != nil {
		return raw{err: err}
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return raw{response.StatusCode, string(content), err}
}

// Every fault on a write: what the caller hears, and whether it was done.
func TestEveryFaultOnAWrite(t *testing.T) {
	tests := map[string]struct {
		fault  Fault
		status int
		heard  string
		done   bool
	}{
		FaultRateLimited:       {Fault{}, 429, "36009002", false},
		FaultModuleLimited:     {Fault{}, 200, "12052109", false},
		FaultServerError:       {Fault{}, 500, "<html>", false},
		FaultUnavailable:       {Fault{}, 503, "<html>", false},
		FaultUnavailableAfter:  {Fault{}, 503, "<html>", true},
		FaultInternal:          {Fault{}, 200, "36009003", false},
		FaultInternalAfter:     {Fault{}, 200, "36009003", true},
		FaultGatewayAfterWrite: {Fault{}, 200, "36009007", true},
		FaultHTTP504:           {Fault{}, 504, "<html>", false},
		FaultHTTP504After:      {Fault{}, 504, "<html>", true},
		FaultDropBefore:        {Fault{}, 0, "", false},
		FaultDropAfterWrite:    {Fault{}, 0, "", true},
		FaultLateWrite:         {Fault{Delay: time.Second}, 200, "36009007", false},
		FaultHTML:              {Fault{}, 502, "<html>", false},
		FaultEmptyBody:         {Fault{}, 200, "", true},
		FaultCutJSON:           {Fault{}, 200, `{"code":0`, true},
		FaultExpiredToken:      {Fault{}, 401, "105002", false},
		FaultCode0Errors:       {Fault{}, 200, `"code":0,"data":{"errors"`, false},
		FaultCode:              {Fault{Code: 12052921, Message: "shared"}, 200, `"code":12052921`, false},
		FaultCodeAfter:         {Fault{Code: 36009003, Message: "late"}, 200, `"message":"late"`, true},
	}
	for kind, test := range tests {
		t.Run(kind, func(t *testing.T) {
			sc := newScene(t, "GB")
			test.fault.Kind, test.fault.Endpoint = kind, "inventory/update"
			require.NoError(t, sc.s.AddFault(test.fault))
			path := "/product/202309/products/" + sc.mugProduct + "/inventory/update"
			got := sc.raw("POST", path, sc.mugRows(20, 3))
			require.Equal(t, test.status, got.status)
			require.Equal(t, test.status == 0, got.err != nil)
			require.Contains(t, got.body, test.heard)
			require.Equal(t, test.done, must(sc.s.Stock(sc.mug, sc.sales))(t).Available == 20)
			var envelope struct{ Code *int }
			intact := json.Unmarshal([]byte(got.body), &envelope) == nil && envelope.Code != nil
			broken := oneOf([]string{FaultEmptyBody, FaultCutJSON}, kind) || test.heard == "<html>" || test.status == 0
			require.Equal(t, broken, !intact)
			require.Contains(t, sc.raw("POST", path, sc.mugRows(20, 3)).body, `"data":{}`, "a fault strikes once")
		})
	}
	covered := []string{FaultSlow, FaultUnknownEnum, FaultLaterVersion, FaultStale, FaultDuplicatePageItem, FaultExpiredPageToken}
	require.Len(t, faultKinds, len(tests)+len(covered), "the others are read faults, tested on their own")
}

func TestFaultsAreCountedSkippedAndChanced(t *testing.T) {
	sc := newScene(t, "GB")
	search := func() int { return sc.call("POST", "/return_refund/202602/returns/search", nil, "").Status }
	require.NoError(t, sc.s.AddFault(Fault{Endpoint: "returns/search", Kind: FaultUnavailable, Skip: 1, Count: 2}))
	require.Equal(t, []int{200, 503, 503, 200}, []int{search(), search(), search(), search()})

	require.NoError(t, sc.s.AddFault(Fault{Kind: FaultUnavailable, Count: -1, Chance: 0.5}))
	struck := 0
	for range 100 {
		if search() == 503 {
			struck++
		}
	}
	require.InDelta(t, 50, struck, 30)
	sc.s.ClearFaults()
	require.Equal(t, 200, search())
	require.Error(t, sc.s.AddFault(Fault{Endpoint: "returns/serch", Kind: FaultSlow}), "a misspelt endpoint would never strike")
	require.Error(t, sc.s.AddFault(Fault{Kind: FaultCode}), "no code")
}

func TestSlowAnswersAreRight(t *testing.T) {
	sc := newScene(t, "GB")
	require.NoError(t, sc.s.AddFault(Fault{Kind: FaultSlow, Delay: 20 * time.Millisecond}))
	start := time.Now()
	require.Zero(t, sc.call("POST", "/return_refund/202602/returns/search", nil, "").Code)
	require.GreaterOrEqual(t, time.Since(start), 20*time.Millisecond)
}

func TestAnswersOfALaterVersion(t *testing.T) {
	sc := newScene(t, "GB")
	sc.open(ReturnSpec{OrderID: sc.mugs(1).ID})
	search := func() map[string]any {
		var data struct {
			Orders []map[string]any `json:"return_orders"`
		}
		sc.call("POST", "/return_refund/202602/returns/search", nil, "").into(t, &data)
		return data.Orders[0]
	}
	require.NoError(t, sc.s.AddFault(Fault{Endpoint: "returns/search", Kind: FaultUnknownEnum}))
	got := search()
	require.Equal(t, []any{unknownState, "BUYER", nil}, []any{got["return_status"], got["role"], got["field_of_a_later_version"]})
	require.NoError(t, sc.s.AddFault(Fault{Endpoint: "returns/search", Kind: FaultLaterVersion}))
	got = search()
	require.Equal(t, []any{unknownState, unknownState}, []any{got["role"], got["shipment_type"]})
	require.NotNil(t, got["field_of_a_later_version"])
	action := got["seller_next_action_response"].([]any)[0].(map[string]any)["action"]
	require.Equal(t, unknownState, action)
	amount := got["refund_amount"].(map[string]any)
	require.Equal(t, []any{"GBP", "9.00"}, []any{amount["currency"], amount["refund_total"]}, "money stays money")
}

// The worst that can happen to a refresh: the old token is dead and nobody heard
// the new one (T01).
func TestARefreshWhoseAnswerIsLost(t *testing.T) {
	sc := newScene(t, "GB")
	path := sc.server.URL + tokenPath + "refresh?" + url.Values{"app_key": {"demo_key"}, "app_secret": {"demo_secret"},
		"refresh_token": {sc.refresh}, "grant_type": {"refresh_token"}}.Encode()
	refresh := func() (answer, error) {
		request, err := http.NewRequest(http.MethodGet, path, nil)
		require.NoError(t, err)
		return sc.send(request)
	}
	require.NoError(t, sc.s.AddFault(Fault{Endpoint: "auth/refresh", Kind: FaultUnavailable}))
	got, err := refresh()
	require.NoError(t, err)
	require.Equal(t, 503, got.Status)
	require.NoError(t, sc.s.AddFault(Fault{Endpoint: "auth/refresh", Kind: FaultDropAfterWrite}))
	// On a connection used before, net/http itself would send a lost GET again.
	sc.server.Client().CloseIdleConnections()
	_, err = refresh()
	require.Error(t, err)
	got, err = refresh()
	require.NoError(t, err)
	require.Equal(t, 36004001, got.Code, "a person has to authorise again")
}

func TestAuthorisationEndsAndIsWarnedOf(t *testing.T) {
	sc := newScene(t, "GB")
	var notes []map[string]any
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var note map[string]any
		_ = json.NewDecoder(r.Body).Decode(&note)
		notes = append(notes, note)
	}))
	defer receiver.Close()
	for _, event := range []string{"UPCOMING_AUTHORIZATION_EXPIRATION", "SELLER_DEAUTHORIZATION", "ORDER_STATUS_CHANGE"} {
		require.Zero(t, sc.call("PUT", "/event/202309/webhooks", nil,
			fmt.Sprintf(`{"event_type":%q,"address":%q}`, event, receiver.URL)).Code)
	}
	end := sc.s.grants[0].expires
	sc.pass(end.Sub(sc.clock.Now()) - 31*24*time.Hour)
	require.Empty(t, notes)
	sc.pass(3 * 24 * time.Hour)
	require.Len(t, notes, 2, "daily at 0:00 from 30 days before")
	data := notes[0]["data"].(map[string]any)
	require.Equal(t, fmt.Sprint(end.Unix()), data["expiration_time"], "a string")
	require.Contains(t, data["message"], "expiring in {30} days")

	code := must(sc.s.Authorize(sc.shop.ID))(t)
	request, err := http.NewRequest(http.MethodGet, sc.server.URL+tokenPath+"get?"+url.Values{"app_key": {"demo_key"},
		"app_secret": {"demo_secret"}, "auth_code": {code}, "grant_type": {"authorized_code"}}.Encode(), nil)
	require.NoError(t, err)
	var tokens struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		Expires int64  `json:"refresh_token_expire_in"`
	}
	must(sc.send(request))(t).into(t, &tokens)
	require.Equal(t, sc.clock.Now().Add(365*24*time.Hour).Unix(), tokens.Expires)
	sc.pass(5 * 24 * time.Hour)
	require.Len(t, notes, 2, "renewed")

	sc.token = tokens.Access
	notes = nil
	require.NoError(t, sc.s.Deauthorize(sc.shop.ID))
	sc.mugs(1)
	sc.s.Tick()
	require.Len(t, notes, 1, "the last event")
	require.EqualValues(t, 6, notes[0]["type"])
	must(sc.s.Authorize(sc.shop.ID))(t)
	require.Equal(t, 105001, sc.call("GET", "/authorization/202309/shops", nil, "").Code, "old tokens stay dead")
}

func TestRefreshingDoesNotProlongTheAuthorisation(t *testing.T) {
	sc := newScene(t, "GB")
	end := sc.s.grants[0].expires
	sc.pass(300 * 24 * time.Hour)
	_, refresh := sc.s.issue(sc.s.grants[0])
	require.Equal(t, end, sc.s.grants[0].expires)
	sc.pass(66 * 24 * time.Hour)
	_, problem := sc.s.redeemRefresh(refresh, "refresh_token")
	require.Equal(t, 36004001, problem.code)
}

func TestSearchesLagBehind(t *testing.T) {
	sc := newScene(t, "GB")
	sc.s.options.SearchLag = 30 * time.Second
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

	sc.s.options.SearchLag = 0
	require.NoError(t, sc.s.AddFault(Fault{Endpoint: "returns/search", Kind: FaultStale, Delay: time.Minute}))
	require.Equal(t, []string{returnPending}, find(byID), "a stale read knows no ids")

	sc.s.options.SearchLag = time.Minute
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

func TestAnEndpointsOwnLimit(t *testing.T) {
	sc := newScene(t, "GB")
	require.NoError(t, sc.s.SetRateLimit(RateLimit{Endpoint: "returns/search", PerSecond: 1, RetryAfter: 7 * time.Second}))
	search := func() answer { return sc.call("POST", "/return_refund/202602/returns/search", nil, "") }
	require.Zero(t, search().Code)
	got := search()
	require.Equal(t, []any{429, "7"}, []any{got.Status, got.Header.Get("Retry-After")})
	for range 3 {
		require.Zero(t, sc.call("POST", "/return_refund/202602/cancellations/search", nil, "").Code, "others are not limited")
	}
	require.Error(t, sc.s.SetRateLimit(RateLimit{Endpoint: "nothing", PerSecond: 1}))
}

func TestMoneyMayBeHeldAfterTheApproval(t *testing.T) {
	sc := newScene(t, "GB")
	id := sc.open(ReturnSpec{OrderID: sc.mugs(1).ID, Type: kindRefund})
	require.NoError(t, sc.s.HoldMoney(id, true))
	require.Zero(t, sc.approve(id, "APPROVE_REFUND"))
	sc.pass(24 * time.Hour)
	require.Equal(t, returnSuccess, sc.status(id))
	require.Empty(t, sc.s.Books().Payments)
	require.NoError(t, sc.s.HoldMoney(id, false))
	require.Equal(t, returnComplete, sc.status(id))
	require.Len(t, sc.s.Books().Payments, 1)
}

func TestCreateReturnNeedsBothScopes(t *testing.T) {
	sc := newScene(t, "GB")
	sc.s.grants[0].scopes = []string{scopeReturns}
	require.Equal(t, 105005, sc.create(createBody(sc.mugs(1).ID, kindRefund, damagedUK, "")).Code)
}
