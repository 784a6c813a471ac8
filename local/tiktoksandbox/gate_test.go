package tiktoksandbox

import (
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRequestSignatureMatchesTheContractsExamples(t *testing.T) {
	base := func(extra url.Values) url.Values {
		query := url.Values{"app_key": {"demo_key"}, "timestamp": {"1760000000"}, "sign": {"ignored"}, "access_token": {"ignored"}}
		maps.Copy(query, extra)
		return query
	}
	tests := map[string]struct {
		path, contentType, body, want string
		query                         url.Values
	}{
		"get shops": {"/authorization/202309/shops", "", "",
			"87bcee63359a93d3c802e96e8f9176e3a2e196e52e5e505fd4539b363c2444ec", base(nil)},
		"page token with + / =": {"/return_refund/202602/returns/search", "Application/JSON; charset=utf-8", `{"update_time_ge":1759990000}`,
			"763142f435103a1b0b4566756010f3976664cfa04da7951f9622a5d16cefea17",
			base(url.Values{"page_size": {"50"}, "page_token": {"a+b/c=="}, "shop_cipher": {"GCP_demo0001"}, "sort_field": {"update_time"}, "sort_order": {"ASC"}})},
		"multipart leaves the body out": {"/return_refund/202405/returns/shipping_documents", `Multipart/Form-Data; boundary=x`, "ignored",
			"87217f6fca94f4526c53c08484543534b97faf013ea0a54f05cc03c4912670f2",
			base(url.Values{"return_ids": {"4030000000000000001"}, "shop_cipher": {"GCP_demo0001"}})},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, requestSignature("demo_secret", test.path, test.query, test.contentType, []byte(test.body)))
		})
	}
}

func TestWebhookSignatureMatchesTheContractsExample(t *testing.T) {
	body := `{"type":12,"tts_notification_id":"7300000000000000012","shop_id":"7490000000000000001","timestamp":1760000005,"data":{"order_id":"576000000000000001","return_role":"BUYER","return_type":"RETURN_AND_REFUND","return_status":"RETURN_OR_REFUND_REQUEST_PENDING","return_id":"4030000000000000001","create_time":1760000000,"update_time":1760000004}}`
	require.Equal(t, "fe86c023a9af3f5d78c29f06354cb44e397a88c45420c6a7dd44be5f8c2b06dc",
		webhookSignature("demo_key", "demo_secret", []byte(body)))
}

// Each row spoils one thing more of the ones that follow, so that only the order
// of section 5 item 1 gives the wanted code.
func TestGateOrder(t *testing.T) {
	search := "/return_refund/202602/returns/search"
	tests := map[string]struct {
		method, path string
		spoil        func(*scene, *http.Request)
		code, status int
	}{
		"unknown path":                      {"POST", "/return_refund/202602/nothing", dropSign, 36009009, 200},
		"version this endpoint never had":   {"POST", "/return_refund/202699/returns/search", dropSign, 36009009, 200},
		"retired version":                   {"POST", "/return_refund/202212/returns/search", dropSign, 36009014, 200},
		"method before sign":                {"GET", search, dropSign, 36009010, 200},
		"sign missing before old timestamp": {"POST", search, both(oldTimestamp, dropSign), 36009004, 200},
		"old timestamp before signature":    {"POST", search, oldTimestamp, 36009004, 200},
		"signature before token":            {"POST", search, both(wrongSign, noToken), 106001, 401},
		"token before cipher":               {"POST", search, both(noToken, noCipher), 36009004, 200},
		"cipher missing":                    {"POST", search, noCipher, 106013, 200},
		"cipher of nobody":                  {"POST", search, otherCipher, 101000, 200},
		"cipher refused":                    {"GET", "/authorization/202309/shops", otherCipher, 36009004, 200},
		"all right":                         {"POST", search, func(*scene, *http.Request) {}, 0, 200},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			sc := newScene(t, "GB")
			request := sc.request(test.method, test.path, nil, "")
			test.spoil(sc, request)
			got, err := sc.send(request)
			require.NoError(t, err)
			require.Equal(t, []int{test.code, test.status}, []int{got.Code, got.Status}, got.Message)
		})
	}
}

type spoiler = func(*scene, *http.Request)

func both(a, b spoiler) spoiler {
	return func(sc *scene, r *http.Request) { a(sc, r); b(sc, r) }
}

// change edits the query; resign makes the signature right again.
func change(r *http.Request, resign bool, edit func(url.Values)) {
	query := r.URL.Query()
	edit(query)
	if resign {
		query.Set("sign", requestSignature("demo_secret", r.URL.Path, query, "", nil))
	}
	r.URL.RawQuery = query.Encode()
}

func dropSign(_ *scene, r *http.Request) { change(r, false, func(q url.Values) { q.Del("sign") }) }
func wrongSign(_ *scene, r *http.Request) {
	change(r, false, func(q url.Values) { q.Set("sign", "00") })
}
func noCipher(_ *scene, r *http.Request) {
	change(r, true, func(q url.Values) { q.Del("shop_cipher") })
}
func noToken(_ *scene, r *http.Request) { r.Header.Del("x-tts-access-token") }
func otherCipher(_ *scene, r *http.Request) {
	change(r, true, func(q url.Values) { q.Set("shop_cipher", "GCP_nobody") })
}
func oldTimestamp(sc *scene, r *http.Request) {
	change(r, false, func(q url.Values) { q.Set("timestamp", strconv.FormatInt(sc.clock.Now().Unix()-301, 10)) })
}

func TestTimestampWindow(t *testing.T) {
	for offset, want := range map[int64]int{-301: 36009004, -300: 0, 0: 0, 30: 0, 31: 36009004} {
		sc := newScene(t, "GB")
		got := sc.call("POST", "/return_refund/202602/returns/search",
			url.Values{"timestamp": {strconv.FormatInt(sc.clock.Now().Unix()+offset, 10)}}, "")
		require.Equal(t, want, got.Code, "offset %d", offset)
	}
}

func TestAClockThatGoesWrong(t *testing.T) {
	sc := newScene(t, "GB")
	sc.s.SetClockSkew(10 * time.Minute)
	got := sc.call("POST", "/return_refund/202602/returns/search", nil, "")
	require.Equal(t, 36009004, got.Code)
	date, err := http.ParseTime(got.Header.Get("Date"))
	require.NoError(t, err)
	require.Equal(t, sc.clock.Now().Unix()+600, date.Unix())
	require.Zero(t, sc.call("POST", "/return_refund/202602/returns/search",
		url.Values{"timestamp": {strconv.FormatInt(date.Unix(), 10)}}, "").Code)
}

func TestTokens(t *testing.T) {
	sc := newScene(t, "GB")
	shops := func() int { return sc.call("GET", "/authorization/202309/shops", nil, "").Code }
	refresh := func(token string) answer {
		request, err := http.NewRequest(http.MethodGet, sc.server.URL+"/api/v2/token/refresh?"+url.Values{"app_key": {"demo_key"},
			"app_secret": {"demo_secret"}, "refresh_token": {token}, "grant_type": {"refresh_token"}}.Encode(), nil)
		require.NoError(t, err)
		return must(sc.send(request))(t)
	}
	var renewed struct {
		Access  string `json:"access_token"`
		Expires int64  `json:"access_token_expire_in"`
	}
	refresh(sc.refresh).into(t, &renewed)
	require.Equal(t, sc.clock.Now().Add(7*24*time.Hour).Unix(), renewed.Expires, "absolute, not a duration")
	require.Zero(t, shops(), "the old access token lives on (T01)")
	require.Equal(t, 36004001, refresh(sc.refresh).Code, "the old refresh token stops (T01)")
	sc.pass(7 * 24 * time.Hour)
	require.Equal(t, 105002, shops())
	sc.token = renewed.Access
	require.Equal(t, 105002, shops())
}

func TestScopesAndDeauthorisation(t *testing.T) {
	sc := newScene(t, "GB")
	sc.s.grants[0].scopes = []string{"seller.order.info"}
	require.Equal(t, 105005, sc.call("POST", "/return_refund/202602/returns/search", nil, "").Code)
	require.NoError(t, sc.s.Deauthorize(sc.shop.ID))
	require.Equal(t, 105001, sc.call("POST", "/return_refund/202602/returns/search", nil, "").Code)
}

func TestRateLimitPerShopAndEndpoint(t *testing.T) {
	sc := newScene(t, "GB")
	sc.s.options.RatePerSecond = 2
	search := func() answer { return sc.call("POST", "/return_refund/202602/returns/search", nil, "") }
	require.Zero(t, search().Code)
	require.Zero(t, search().Code)
	got := search()
	require.Equal(t, []int{36009002, 429}, []int{got.Code, got.Status})
	require.Zero(t, sc.call("POST", "/return_refund/202602/cancellations/search", nil, "").Code)
	sc.pass(time.Second)
	require.Zero(t, search().Code)
}
