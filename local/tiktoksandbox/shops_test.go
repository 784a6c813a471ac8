package tiktoksandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

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

func TestCreateReturnNeedsBothScopes(t *testing.T) {
	sc := newScene(t, "GB")
	sc.s.grants[0].scopes = []string{scopeReturns}
	require.Equal(t, 105005, sc.create(createBody(sc.mugs(1).ID, kindRefund, damagedUK, "")).Code)
}
