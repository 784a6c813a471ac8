package tiktoksandbox

import (
	"encoding/json"
	"io"
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
		FaultHourlyCap:         {Fault{}, 429, "36009037", false},
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

func TestAFaultAboutOneIDStrikesNoOther(t *testing.T) {
	sc := newScene(t, "GB")
	require.NoError(t, sc.s.AddFault(Fault{Kind: FaultUnavailable, Count: -1, About: sc.mugProduct}))
	update := "/product/202309/products/" + sc.mugProduct + "/inventory/update"
	require.Equal(t, 200, sc.raw("GET", "/product/202309/products/"+sc.setProduct, "").status)
	require.Equal(t, 503, sc.raw("GET", "/product/202309/products/"+sc.mugProduct, "").status, "named in the path")
	require.Equal(t, 503, sc.raw("POST", "/product/202309/inventory/search", `{"product_ids":["`+sc.mugProduct+`"]}`).status, "named in the body")
	sc.s.ClearFaultsAbout("another")
	require.Equal(t, 503, sc.raw("POST", update, sc.mugRows(20, 3)).status)
	sc.s.ClearFaultsAbout(sc.mugProduct)
	require.Equal(t, 200, sc.raw("POST", update, sc.mugRows(20, 3)).status)

	require.NoError(t, sc.s.AddFault(Fault{Kind: FaultUnavailable, Count: -1, About: sc.shop.Cipher}))
	require.Equal(t, 503, sc.raw("GET", "/product/202309/products/"+sc.setProduct, "").status, "named in the query")
}
