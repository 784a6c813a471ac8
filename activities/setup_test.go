package activities

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/platform"
	"returnbridge/internal/returngo"
	"returnbridge/internal/returns"
	"returnbridge/internal/returns/rules"
	"returnbridge/internal/tiktokshop"
)

const (
	shopName = "uk"
	mainKey  = "main" // our name of the ReturnGO key
	rmaID    = "9001"
	orderID  = "576000000000000001"
	caseID   = "4030000000000000001"
	product  = "1728000000000000001"
	skuID    = "1729000000000000001"
	wh1, wh2 = "7000000000000000010", "7000000000000000011"
	access   = "AT-secret-access"
	refresh  = "RT-secret-refresh"
	secret   = "app-secret-word"
	apiKey   = "returngo-secret-key"
)

var (
	noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	key  = returns.RMAKey(rmaID)
)

// clock goes only when a test says so.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// bench is one shop between two scripted platforms and a real ledger. What a
// platform says to a call stands under the call's name; every call is noted.
type bench struct {
	*Activities
	t      *testing.T
	ctx    context.Context
	clock  *clock
	waker  *waker
	url    string
	dsn    string
	tiktok *tiktokshop.Client

	mu     sync.Mutex
	calls  []string
	bodies map[string][]string
	keys   map[string][]string // idempotency keys
	says   map[string]http.HandlerFunc
	rma    map[string]any
	order  map[string]any
	cases  []map[string]any // TikTok returns of the order
	stock  map[string][2]int
}

// names are the calls, the first that fits.
var names = []struct{ method, path, name string }{
	{http.MethodGet, `^/rma/\d+$`, "rma"},
	{http.MethodPost, `^/rma/\d+/comment$`, "comment"},
	{http.MethodPut, `^/rma/\d+/status$`, "set-status"},
	{http.MethodPut, `^/transaction/\d+$`, "set-transaction"},
	{http.MethodGet, `^/rmas$`, "rmas"},
	{http.MethodGet, `^/transactions$`, "transactions"},
	{http.MethodGet, `/order/\d+/orders$`, "order"},
	{http.MethodPost, `/orders/search$`, "orders-search"},
	{http.MethodPost, `/returns/search$`, "returns"},
	{http.MethodPost, `/return_refund/\d+/returns$`, "create"},
	{http.MethodPost, `/returns/\d+/approve$`, "approve"},
	{http.MethodPost, `/returns/shipping_documents$`, "label"},
	{http.MethodGet, `/aftersale_eligibility$`, "eligibility"},
	{http.MethodGet, `/decision_eligibility$`, "may-decide"},
	{http.MethodPost, `/refunds/calculate$`, "calculate"},
	{http.MethodPost, `/inventory/search$`, "stock"},
	{http.MethodPost, `/inventory/update$`, "set-stock"},
	{http.MethodGet, `/authorization/\d+/shops$`, "shops"},
	{http.MethodGet, `/token/refresh$`, "refresh"},
	{http.MethodGet, `/logistics/\d+/warehouses$`, "warehouses"},
	{http.MethodGet, `/fulfillment/\d+/packages/\d+$`, "package"},
}

func newBench(t *testing.T) *bench {
	t.Helper()
	return newBenchOn(t, ledgerFile(t))
}

// migrated is an empty ledger with its schema, made once: to make it anew for each
// test takes longer than the tests.
var migrated = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "ledger")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "ledger.db")
	l, err := ledger.Open(context.Background(), path, func() time.Time { return noon })
	if err != nil {
		return nil, err
	}
	if err := l.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// ledgerFile is the path of a new, empty ledger.
func ledgerFile(t testing.TB) string {
	t.Helper()
	empty, err := migrated()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "ledger.db")
	require.NoError(t, os.WriteFile(path, empty, 0o600))
	return path
}

func newBenchOn(t *testing.T, dsn string) *bench {
	t.Helper()
	b := &bench{t: t, ctx: t.Context(), clock: &clock{at: noon}, waker: &waker{}, dsn: dsn, bodies: map[string][]string{}, keys: map[string][]string{}, says: map[string]http.HandlerFunc{}}
	b.world()
	server := httptest.NewServer(http.HandlerFunc(b.answer))
	t.Cleanup(server.Close)
	b.url = server.URL
	b.Activities = b.process()
	return b
}

// process is another process on the same ledger and platforms.
func (b *bench) process() *Activities {
	b.t.Helper()
	l, err := ledger.Open(b.ctx, b.dsn, b.clock.now)
	require.NoError(b.t, err)
	b.t.Cleanup(func() { _ = l.Close() })
	tiktok, err := tiktokshop.New(tiktokshop.Options{BaseURL: b.url, AuthURL: b.url, AppKey: "app-key", AppSecret: secret, Clock: b.clock.now, Timeout: 5 * time.Second})
	require.NoError(b.t, err)
	quota := &Quota{Ledger: l, Now: b.clock.now, PerDay: map[string]int{mainKey: 2000}}
	store, err := returngo.New(returngo.Options{BaseURL: b.url, APIKey: apiKey, Clock: b.clock.now, Timeout: 5 * time.Second, Allow: quota.Allow(mainKey), LoopbackLabels: true})
	require.NoError(b.t, err)
	tokens := &Tokens{
		Ledger: l, Client: tiktok, Seal: sealOf(b.t, 1), Now: b.clock.now, Ahead: 48 * time.Hour,
		Seeds: map[string]Seed{shopName: {ShopID: "7490000000000000001", Cipher: "GCP_demo", AccessToken: access, RefreshToken: refresh}},
	}
	b.tiktok = tiktok
	return &Activities{
		Ledger: l, Waker: b.waker, Tokens: tokens, Quota: quota, Now: b.clock.now, CallTimeout: 5 * time.Second, ClockSkew: 30 * time.Second, OverdueAfter: 40 * time.Minute, InboxKept: 30 * 24 * time.Hour,
		Shops: map[string]*Shop{shopName: {
			Key: shopName, Quota: mainKey, ReturnGO: store.Shop("demo.myshopify.com"), TikTok: tiktok.Shop(tokens.Access(shopName)),
			Stock: StockPolicy{ProofWait: time.Minute, ReadAge: 2 * time.Second},
			Policy: rules.Policy{
				Gate: rules.GateValidated, OrderPattern: regexp.MustCompile(`\d{18}`),
				Switches:   rules.Switches{Register: true, Refund: true, Reject: true, Restock: true, WriteBack: true},
				ReasonKeys: map[string]string{"*": "seller_reason"}, DefaultWarehouse: wh1,
				ClockSkew: 30 * time.Second, SettleWindow: time.Minute, MoneyWait: 15 * time.Minute, DeadlineWarning: 12 * time.Hour, RMAWait: 12 * time.Hour,
				NotShippedAfter: 168 * time.Hour, InspectionOverdue: 24 * time.Hour, InspectedTooLong: 24 * time.Hour,
				OrderClosesAfter: 720 * time.Hour, OrderClosingAlert: 120 * time.Hour,
				CreateSettle: 2 * time.Minute, KeyLifetime: 24 * time.Hour, TroubleRetry: 15 * time.Minute, NotShownAfter: time.Hour,
			},
		}},
	}
}

func sealOf(t *testing.T, fill byte) (sealed interface {
	NonceSize() int
	Overhead() int
	Seal(dst, nonce, plaintext, additionalData []byte) []byte
	Open(dst, nonce, ciphertext, additionalData []byte) ([]byte, error)
}) {
	t.Helper()
	raw := make([]byte, 32)
	for i := range raw {
		raw[i] = fill
	}
	s, err := NewSeal(base64.StdEncoding.EncodeToString(raw))
	require.NoError(t, err)
	return s
}

// world is one RMA over one unit of one order: it passed its inspection, a
// transaction authorises 24.99 GBP, and no TikTok return is open.
func (b *bench) world() {
	b.rma = map[string]any{
		"rmaSummary":   map[string]any{"rmaId": rmaID, "status": "Validated", "order_name": orderID},
		"orderDetails": map[string]any{"orderId": "7001", "order_name": orderID},
		"shipments":    []any{}, "comments": []any{}, "cancellationFee": 0,
		"items": []any{map[string]any{
			"returnedItemId": "900001", "shopLineItemId": "8001", "sku": "TEE", "returnReason": "Does not fit", "resolutionType": "RefundToPaymentMethod",
			"paidPrice": gbpWire("24.99"), "paidTax": gbpWire("0"), "taxIncluded": true, "restockingFee": 0, "returnFee": 0, "shipmentFee": 0,
			"returnMethod": map[string]any{"type": "Ship with any carrier"},
			"itemValidationStatusResponse": map[string]any{
				"isReturned": true, "isRestockable": true, "storeLocationId": "hull", "lastValidationDate": noon.Add(-time.Hour).Format(time.RFC3339),
			},
		}},
		"transactions": []any{transaction("Requested", "24.99")},
		"createdAt":    noon.Add(-72 * time.Hour).Format(time.RFC3339), "lastUpdated": noon.Add(-time.Hour).Format(time.RFC3339),
	}
	b.order = map[string]any{
		"id": orderID, "status": "DELIVERED", "payment": map[string]any{"currency": "GBP"}, "warehouse_id": wh1, "fulfillment_type": "FULFILLMENT_BY_SELLER",
		"create_time": noon.Add(-240 * time.Hour).Unix(), "update_time": noon.Add(-240 * time.Hour).Unix(), "delivery_time": noon.Add(-120 * time.Hour).Unix(),
		"line_items": []any{map[string]any{"id": "577000000000000001", "sku_id": skuID, "seller_sku": "TEE", "product_id": product, "sale_price": "24.99", "currency": "GBP"}},
	}
	b.stock = map[string][2]int{wh1: {10, 2}}
}

func gbpWire(amount string) map[string]any {
	return map[string]any{"amount": json.Number(amount), "currency": "GBP", "shopAmount": json.Number(amount), "shopCurrency": "GBP"}
}

func transaction(status, amount string) map[string]any {
	return map[string]any{
		"id": 660001, "type": "RefundToPaymentMethod", "status": status, "amount": gbpWire(amount), "returnItemIds": []string{"900001"},
		"externalReferenceId": nil, "createdAt": noon.Add(-30 * time.Minute).Format(time.RFC3339),
	}
}

// tiktokReturn is a return of the order's unit as TikTok prints it.
func tiktokReturn(id, status, amount string) map[string]any {
	money := map[string]any{"currency": "GBP", "refund_total": amount}
	return map[string]any{
		"return_id": id, "order_id": orderID, "return_type": returns.TypeReturnAndRefund, "return_status": status, "role": "BUYER", "refund_amount": money,
		"return_line_items": []any{map[string]any{"return_line_item_id": "1", "order_line_item_id": "577000000000000001", "sku_id": skuID, "refund_amount": money}},
		"create_time":       noon.Add(-48 * time.Hour).Unix(), "update_time": noon.Add(-2 * time.Hour).Unix(),
	}
}

func (b *bench) answer(w http.ResponseWriter, r *http.Request) {
	name := r.Method + " " + r.URL.Path
	for _, n := range names {
		if n.method == r.Method && regexp.MustCompile(n.path).MatchString(r.URL.Path) {
			name = n.name
			break
		}
	}
	body, _ := io.ReadAll(r.Body)
	b.mu.Lock()
	b.calls = append(b.calls, name)
	b.bodies[name] = append(b.bodies[name], string(body))
	b.keys[name] = append(b.keys[name], r.URL.Query().Get("idempotency_key"))
	own := b.says[name]
	b.mu.Unlock()
	if own != nil {
		own(w, r)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.usual(w, name, string(body))
}

// usual is what a healthy platform says.
func (b *bench) usual(w http.ResponseWriter, name, body string) {
	say := func(v any) { require.NoError(b.t, json.NewEncoder(w).Encode(v)) }
	tiktok := func(data any) {
		say(map[string]any{"code": 0, "message": "Success", "request_id": "req-" + name, "data": data})
	}
	switch name {
	case "rma":
		say(b.rma)
	case "rmas":
		say(map[string]any{"rmas": []any{b.rma["rmaSummary"]}, "next_cursor": nil})
	case "transactions":
		say(map[string]any{"transactions": []any{}, "next_cursor": nil})
	case "comment", "set-status", "set-transaction":
		w.Header().Set("x-amzn-requestid", "amzn-1")
		say(map[string]any{})
	case "order":
		tiktok(map[string]any{"orders": []any{b.order}})
	case "orders-search":
		tiktok(map[string]any{"orders": []any{}})
	case "returns":
		tiktok(map[string]any{"return_orders": b.cases})
	case "eligibility":
		tiktok(map[string]any{"sku_eligibility": []any{map[string]any{"sku_id": skuID, "line_item_eligibility": []any{map[string]any{"request_type": "REFUND", "eligible": true}}}}})
	case "may-decide":
		tiktok(map[string]any{"decisions": []any{}}) // a TikTok that does not speak of it
	case "calculate":
		tiktok(map[string]any{"order_refund_amount": map[string]any{"currency": "GBP", "refund_total": "24.99"}})
	case "create":
		made := tiktokReturn(caseID, returns.TikTokApproved, "24.99")
		made["return_type"], made["role"] = returns.TypeRefund, "SELLER"
		made["create_time"] = b.clock.now().Unix()
		b.cases = append(b.cases, made)
		tiktok(map[string]any{"return_id": caseID, "return_status": returns.TikTokApproved})
	case "approve":
		for _, c := range b.cases {
			c["return_status"] = returns.TikTokApproved
			if strings.Contains(body, "APPROVE_RETURN") {
				c["return_status"] = returns.TikTokAwaitingShip
			}
		}
		tiktok(nil)
	case "stock":
		tiktok(map[string]any{"inventory": []any{map[string]any{"product_id": product, "skus": []any{b.levels()}}}})
	case "set-stock":
		for wh, n := range b.written(body) {
			b.stock[wh] = [2]int{n, b.stock[wh][1]}
		}
		tiktok(map[string]any{})
	case "shops":
		tiktok(map[string]any{"shops": []any{map[string]any{"id": "7490000000000000001", "cipher": "GCP_found"}, map[string]any{"id": "8", "cipher": "GCP_other"}}})
	case "refresh":
		tiktok(grantOf(access+"-2", refresh+"-2", b.clock.now().Add(7*24*time.Hour)))
	default:
		http.NotFound(w, nil)
	}
}

func grantOf(at, rt string, until time.Time) map[string]any {
	return map[string]any{
		"access_token": at, "access_token_expire_in": until.Unix(), "refresh_token": rt, "refresh_token_expire_in": until.Add(300 * 24 * time.Hour).Unix(), "user_type": 0,
	}
}

func (b *bench) levels() map[string]any {
	var all []any
	for _, wh := range []string{wh1, wh2} {
		if l, ok := b.stock[wh]; ok {
			all = append(all, map[string]any{"warehouse_id": wh, "available_quantity": l[0], "committed_quantity": l[1]})
		}
	}
	return map[string]any{"id": skuID, "warehouse_inventory": all}
}

func (b *bench) written(body string) map[string]int {
	var w struct {
		SKUs []struct {
			Inventory []struct {
				WarehouseID string `json:"warehouse_id"`
				Quantity    int    `json:"quantity"`
			} `json:"inventory"`
		} `json:"skus"`
	}
	require.NoError(b.t, json.Unmarshal([]byte(body), &w))
	set := map[string]int{}
	for _, s := range w.SKUs {
		for _, i := range s.Inventory {
			set[i.WarehouseID] = i.Quantity
		}
	}
	return set
}

// change changes the platforms between two calls.
func (b *bench) change(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

// answers sets what a platform says to a call from now on; nil is the usual.
func (b *bench) answers(name string, h http.HandlerFunc) { b.change(func() { b.says[name] = h }) }

// code is TikTok refusing a call, with HTTP 200.
func code(number int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"code":%d,"message":"no","request_id":"r"}`, number)
	}
}

func status(number int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(number) }
}

// cutOff takes the call and loses the answer.
func (b *bench) cutOff(name string) http.HandlerFunc {
	return func(http.ResponseWriter, *http.Request) {
		if name != "" {
			body := b.last(name)
			b.change(func() { b.usual(httptest.NewRecorder(), name, body) })
		}
		panic(http.ErrAbortHandler)
	}
}

func (b *bench) last(name string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.bodies[name]
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1]
}

func (b *bench) count(name string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, c := range b.calls {
		if c == name {
			n++
		}
	}
	return n
}

// forget empties the list of calls.
func (b *bench) forget() { b.change(func() { b.calls = nil }) }

func (b *bench) made() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string{}, b.calls...)
}

// run executes one activity as a worker would.
func run[Out any](b *bench, activity any, in any) (Out, error) {
	b.t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(activity)
	var out Out
	value, err := env.ExecuteActivity(activity, in)
	if err == nil && value.HasValue() {
		require.NoError(b.t, value.Get(&out))
	}
	return out, err
}

// must is run where nothing may fail.
func must[Out any](b *bench, activity any, in any) Out {
	b.t.Helper()
	out, err := run[Out](b, activity, in)
	require.NoError(b.t, err)
	return out
}

func (b *bench) look() returns.Plan {
	b.t.Helper()
	must[messages.PlanResult](b, b.LookReturnGO, messages.LookInput{Shop: shopName, Key: key})
	return must[messages.PlanResult](b, b.LookTikTok, messages.LookInput{Shop: shopName, Key: key}).Plan
}

func (b *bench) record() returns.Record {
	b.t.Helper()
	return get(b, func(tx *ledger.Tx) (returns.Record, error) { return tx.Load(b.ctx, shopName, key) })
}

func get[T any](b *bench, read func(*ledger.Tx) (T, error)) T {
	b.t.Helper()
	var v T
	require.NoError(b.t, b.Ledger.Do(b.ctx, func(tx *ledger.Tx) (err error) {
		v, err = read(tx)
		return err
	}))
	return v
}

// actOf finds the one act of a kind.
func actOf(t *testing.T, p returns.Plan, kind returns.ActKind) returns.Act {
	t.Helper()
	for _, a := range p.Acts {
		if a.Kind == kind {
			return a
		}
	}
	require.Failf(t, "no such act", "%s in %+v", kind, p)
	return returns.Act{}
}

func hasAct(p returns.Plan, kind returns.ActKind) bool {
	for _, a := range p.Acts {
		if a.Kind == kind {
			return true
		}
	}
	return false
}

func raised(p returns.Plan, kind returns.Kind) bool {
	for _, e := range p.Exceptions {
		if e.Kind == kind {
			return true
		}
	}
	return false
}

// waker notes whom it was asked to wake, and can be told to fail.
type waker struct {
	mu      sync.Mutex
	returns []returns.Key
	stock   []string
	ill     []string // guards told, and of what
	running map[string]bool
	broken  bool

	failing        map[string]string
	failingErr     error
	ended, waiting []returns.Key // the workflow does not run; waits for an activity
}

var errNoTemporal = errors.New("Temporal does not answer") //nolint:staticcheck // a name

func (w *waker) WakeReturn(_ context.Context, _ string, key returns.Key, _ messages.News) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken {
		return errNoTemporal
	}
	w.returns = append(w.returns, key)
	return nil
}

func (w *waker) WakeStock(_ context.Context, _, productID string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken {
		return errNoTemporal
	}
	w.stock = append(w.stock, productID)
	return nil
}

func (w *waker) Failing(context.Context, string) (map[string]string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failing, w.failingErr
}

func (w *waker) Waits(_ context.Context, _ string, key returns.Key) (runs, waits bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !slices.Contains(w.ended, key), slices.Contains(w.waiting, key), nil
}

func (w *waker) Running(context.Context, string) (map[string]bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken {
		return nil, errNoTemporal
	}
	return w.running, nil
}

func (w *waker) WakeGuard(_ context.Context, queue string, ill messages.Ill) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ill = append(w.ill, queue+" "+string(ill.Illness))
	return nil
}

func (w *waker) breaks(yes bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = yes
}

func (w *waker) woken() (keys []returns.Key, products []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	keys, products = w.returns, w.stock
	w.returns, w.stock = nil, nil
	return keys, products
}

func gbp(number string) returns.Money {
	m, err := returns.NewMoney(number, "GBP")
	if err != nil {
		panic(err)
	}
	return m
}

func failure(class platform.Class, after time.Duration) *platform.Error {
	return &platform.Error{Platform: "tiktok", Endpoint: "Create Return", Class: class, RetryAfter: after}
}
