package tiktoksandbox

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fakeClock is moved by hand.
type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// scene is one shop with a mug, a pot and a tea set made of both.
type scene struct {
	t            *testing.T
	s            *Sandbox
	clock        *fakeClock
	server       *httptest.Server
	shop         Shop
	token        string
	refresh      string
	sales, other string
	mug, pot     string
	mugProduct   string
	set          string
	setProduct   string
}

func newScene(t *testing.T, region string) *scene {
	t.Helper()
	sc := &scene{t: t, clock: &fakeClock{now: time.Unix(1760000000, 500_000_000)}}
	sc.s = New(Options{AppKey: "demo_key", AppSecret: "demo_secret", Clock: sc.clock.Now, RatePerSecond: -1})
	sc.server = httptest.NewServer(sc.s.Handler())
	t.Cleanup(func() { sc.server.Close(); sc.s.Close() })
	sc.shop = Shop{ID: "7490000000000000001", Region: region, Cipher: "GCP_demo0001"}
	sc.token, sc.refresh = sc.s.AddShop(sc.shop)
	sc.sales = must(sc.s.AddWarehouse(Warehouse{ShopID: sc.shop.ID, Default: true}))(t)
	sc.other = must(sc.s.AddWarehouse(Warehouse{ShopID: sc.shop.ID}))(t)
	stock := func() map[string]int { return map[string]int{sc.sales: 10, sc.other: 3} }
	sc.mugProduct, sc.mug = sc.product("MUG", "9.00", stock(), nil)
	_, sc.pot = sc.product("POT", "12.00", stock(), nil)
	sc.setProduct, sc.set = sc.product("TEA-SET", "25.01", nil, []Part{{sc.mug, 2}, {sc.pot, 1}})
	return sc
}

func (sc *scene) product(sellerSKU, price string, stock map[string]int, parts []Part) (string, string) {
	id, skus, err := sc.s.AddProduct(Product{ShopID: sc.shop.ID, Title: sellerSKU,
		SKUs: []SKU{{SellerSKU: sellerSKU, Price: price, Stock: stock, Parts: parts}}})
	require.NoError(sc.t, err)
	return id, skus[0]
}

func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		require.NoError(t, err)
		return value
	}
}

// pass moves the clock and lets everything due happen.
func (sc *scene) pass(d time.Duration) {
	sc.clock.mu.Lock()
	sc.clock.now = sc.clock.now.Add(d)
	sc.clock.mu.Unlock()
	sc.s.Tick()
}

func (sc *scene) delivered(lines ...OrderLine) OrderView {
	sc.t.Helper()
	id, err := sc.s.DeliveredOrder(OrderSpec{ShopID: sc.shop.ID, Lines: lines})
	require.NoError(sc.t, err)
	return must(sc.s.Order(id))(sc.t)
}

func (sc *scene) mugs(n int) OrderView { return sc.delivered(OrderLine{SKU: sc.mug, Quantity: n}) }

// answer is a decoded envelope.
type answer struct {
	Status  int
	Code    int             `json:"code"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data"`
	Header  http.Header     `json:"-"`
}

func (a answer) into(t *testing.T, target any) {
	t.Helper()
	require.Zero(t, a.Code, a.Message)
	require.NoError(t, json.Unmarshal(a.Data, target))
}

// call signs and sends a request the right way.
func (sc *scene) call(method, path string, query url.Values, body string) answer {
	sc.t.Helper()
	request := sc.request(method, path, query, body)
	got, err := sc.send(request)
	require.NoError(sc.t, err)
	return got
}

func (sc *scene) request(method, path string, query url.Values, body string) *http.Request {
	full := url.Values{"app_key": {"demo_key"}, "timestamp": {strconv.FormatInt(sc.clock.Now().Unix(), 10)},
		"shop_cipher": {sc.shop.Cipher}}
	maps.Copy(full, query)
	if strings.HasPrefix(path, "/authorization/") {
		full.Del("shop_cipher")
	}
	contentType := ""
	if body != "" {
		contentType = "application/json"
	}
	full.Set("sign", requestSignature("demo_secret", path, full, contentType, []byte(body)))
	request, err := http.NewRequest(method, sc.server.URL+path+"?"+full.Encode(), strings.NewReader(body))
	require.NoError(sc.t, err)
	request.Header.Set("x-tts-access-token", sc.token)
	request.Header.Set("Content-Type", contentType)
	return request
}

func (sc *scene) send(request *http.Request) (answer, error) {
	response, err := sc.server.Client().Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, err
	}
	got := answer{Status: response.StatusCode, Header: response.Header, Code: -1}
	_ = json.Unmarshal(raw, &got)
	return got, nil
}

func (sc *scene) approve(returnID, decision string) int {
	sc.t.Helper()
	return sc.call("POST", "/return_refund/202309/returns/"+returnID+"/approve", nil, `{"decision":"`+decision+`"}`).Code
}

func (sc *scene) reject(returnID, decision, reason string) int {
	sc.t.Helper()
	return sc.call("POST", "/return_refund/202309/returns/"+returnID+"/reject", nil,
		`{"decision":"`+decision+`","reject_reason":"`+reason+`"}`).Code
}

func (sc *scene) status(returnID string) string {
	sc.t.Helper()
	return must(sc.s.Return(returnID))(sc.t).Status
}

func (sc *scene) open(spec ReturnSpec) string {
	sc.t.Helper()
	return must(sc.s.OpenReturn(spec))(sc.t)
}
