package app

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

// tiktokSigns is the header TikTok sends (TikTok contract 3.2).
func tiktokSigns(body string) string { return signedWith("demo_secret", body) }

func signedWith(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("demo_key" + body))
	return hex.EncodeToString(mac.Sum(nil))
}

func (b *bench) send(method, path, signature, body string) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(b.ctx, method, path, strings.NewReader(body))
	if signature != "" {
		req.Header.Set("Authorization", signature)
	}
	w := httptest.NewRecorder()
	newReceiver(b.house, b.relay).ServeHTTP(w, req)
	return w
}

func (b *bench) tiktokSends(body string) *httptest.ResponseRecorder {
	return b.send(http.MethodPost, PathTikTok, tiktokSigns(body), body)
}

func (b *bench) returnGOSends(shop, token, body string) *httptest.ResponseRecorder {
	return b.send(http.MethodPost, ReturnGOAddress("", shop, token), "", body)
}

// notification is a TikTok event of the UK shop.
func notification(id string, topic int, data string) string {
	return fmt.Sprintf(`{"type":%d,"tts_notification_id":"%s","shop_id":"%s","timestamp":%d,"data":%s}`, topic, id, ukShop, noon.Unix(), data)
}

func caseEvent(id, status string) string {
	return notification(id, 12, fmt.Sprintf(`{"order_id":"%s","return_id":"%s","return_role":"BUYER","return_status":"%s","buyer":"Jane Roe"}`, orderID, caseID, status))
}

// logged is everything in the log, fields and all.
func (b *bench) logged(t testing.TB) string {
	t.Helper()
	var all strings.Builder
	for _, e := range b.logs.All() {
		fields, err := json.Marshal(e.ContextMap())
		require.NoError(t, err)
		fmt.Fprintf(&all, "%s %s\n", e.Message, fields)
	}
	return all.String()
}

func TestTikTokEventIsKeptOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	body := caseEvent("n1", returns.TikTokPending)
	for range 3 {
		w := b.tiktokSends(body)
		require.Equal(t, http.StatusOK, w.Code)
		require.Empty(t, w.Body.String())
	}
	require.Equal(t, []ledger.Event{{
		Shop: "uk", Platform: returns.TikTok, ID: "n1", Topic: tiktokshop.ReturnStatusChange, OrderID: orderID, TikTokReturnID: caseID,
		Status: returns.TikTokPending, HappenedAt: noon, ReceivedAt: noon,
	}}, b.inbox(t))
	require.Len(t, b.relay.events, 1, "a repeat is not relayed again")
}

// The example of the contract, signed by TikTok's own rule and not by ours.
func TestTheContractsExampleSignature(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const body = `{"type":12,"tts_notification_id":"7300000000000000012","shop_id":"7490000000000000001","timestamp":1760000005,"data":{"order_id":"576000000000000001","return_role":"BUYER","return_type":"RETURN_AND_REFUND","return_status":"RETURN_OR_REFUND_REQUEST_PENDING","return_id":"4030000000000000001","create_time":1760000000,"update_time":1760000004}}`
	require.Equal(t, http.StatusOK, b.send(http.MethodPost, PathTikTok, "fe86c023a9af3f5d78c29f06354cb44e397a88c45420c6a7dd44be5f8c2b06dc", body).Code)
	require.Len(t, b.inbox(t), 1)
}

func TestAWrongSignatureIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	body := caseEvent("n1", returns.TikTokPending)
	right := tiktokSigns(body)
	for name, signature := range map[string]string{
		"none": "", "other": tiktokSigns(body + " "), "cut": right[:63], "long": right + "0", "upper case": strings.ToUpper(right), "with a scheme": "Bearer " + right,
	} {
		w := b.send(http.MethodPost, PathTikTok, signature, body)
		require.Equal(t, http.StatusUnauthorized, w.Code, name)
		require.Empty(t, w.Body.String(), name)
	}
	require.Empty(t, b.inbox(t))
}

func TestOnlyBoundedBodiesAreRead(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	large := strings.Repeat(" ", maxBody+1)
	require.Equal(t, http.StatusRequestEntityTooLarge, b.tiktokSends(large).Code)
	require.Equal(t, http.StatusRequestEntityTooLarge, b.returnGOSends("uk", ukToken, large).Code)
	require.Empty(t, b.inbox(t))
	require.Equal(t, http.StatusOK, b.tiktokSends(strings.Repeat(" ", maxBody)).Code, "of the largest size, and garbage")
	require.Len(t, b.inbox(t), 1)
	padded := caseEvent("n1", returns.TikTokPending)
	require.Equal(t, http.StatusOK, b.tiktokSends(padded+strings.Repeat(" ", maxBody-len(padded))).Code)
	require.Len(t, b.inbox(t), 2)
	said := httptest.NewRequestWithContext(b.ctx, http.MethodPost, PathTikTok, unread{t})
	said.ContentLength = maxBody + 1
	w := httptest.NewRecorder()
	newReceiver(b.house, b.relay).ServeHTTP(w, said)
	require.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
	require.Equal(t, "close", w.Header().Get("Connection"), "what comes is not read to be thrown away")
}

// unread is a body that must not be touched.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("a body that says it is too large was read")
	return 0, io.EOF
}

// What can never be read is not sent again, and leaves nothing but a line and a
// count.
func TestWhatIsOfNoUseIsTaken(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body string
		log  string
		rows int
	}{
		"garbage":       {`{"type":12,"data":{"order_id":{"Jane":"Roe"}`, "could not be read", 1},
		"no JSON":       {"Jane Roe, 1 Dock Rd", "could not be read", 1},
		"wrong form":    {notification("n1", 12, `{"order_id":["Jane Roe"]}`), "could not be read", 1},
		"empty":         {"", "could not be read", 1},
		"unknown shop":  {strings.ReplaceAll(caseEvent("n1", "X"), ukShop, "7499999999999999999"), "not configured", 1},
		"no shop":       {strings.ReplaceAll(caseEvent("n1", "X"), ukShop, ""), "not configured", 1},
		"unknown topic": {notification("n1", 9999, `{"buyer":"Jane Roe"}`), "", 1},
		"topic 14":      {notification("n1", 14, `{"content":"Jane Roe"}`), "", 1},
		"unauthorised":  {notification("n1", 6, `{"message":"Jane Roe"}`), "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			w := b.tiktokSends(c.body)
			require.Equal(t, http.StatusOK, w.Code)
			require.Empty(t, w.Body.String())
			require.Len(t, b.inbox(t), c.rows)
			require.Contains(t, b.logged(t), c.log)
			for _, private := range []string{"Jane", "Roe", "Dock"} {
				require.NotContains(t, b.logged(t), private)
				require.NotContains(t, fmt.Sprint(b.inbox(t)), private)
			}
		})
	}
}

func TestTheMoneyEventNamesReturns(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	line := func(ret, order string) string {
		return fmt.Sprintf(`{"main_order_id":"%s","sku_return_request_id":"%s"}`, order, ret)
	}
	data := `{"refund_status":"REFUND_SUCCESS","refund_total":"5.00","refund_currency":"GBP","line_items":[` + line("41", orderID) + "," + line("42", orderID) + "," + line("41", orderID) + `]}`
	for range 2 {
		require.Equal(t, http.StatusOK, b.tiktokSends(notification("n67", 67, data)).Code)
	}
	rows := b.inbox(t)
	require.Len(t, rows, 2)
	for i, id := range []string{"41", "42"} {
		require.Equal(t, id, rows[i].TikTokReturnID)
		require.Equal(t, orderID, rows[i].OrderID)
	}
	// Without the returns, the orders have to do: this is the event that says money moved.
	b.tiktokSends(notification("n68", 67, `{"refund_status":"REFUND_SUCCESS","line_items":[{"main_order_id":"51"},{"main_order_id":"52"}]}`))
	rows = b.inbox(t)[2:]
	require.Len(t, rows, 2)
	require.Equal(t, []string{"51", "52"}, []string{rows[0].OrderID, rows[1].OrderID})
}

const stockChange = `{"event_id":"e1","occurred_at":"2026-03-04T12:00:00Z","seller_id":"1","product_id":"` + product + `","sku_id":"99",
	"quantity_snapshot_after_change":{"total_available_quantity":11},
	"change_detail":[{"idempotency_key":"k1","trigger_source":"order_created","available_quantity_delta":-1,"committed_quantity_delta":1},
	{"idempotency_key":"k2","trigger_source":"api_sync","available_quantity_delta":2}]}`

func TestStockMovementsAreKeptOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, id := range []string{"n1", "n1", "n2"} { // a repeat, and the same under another id
		require.Equal(t, http.StatusOK, b.tiktokSends(notification(id, 68, stockChange)).Code)
	}
	syncs := b.syncs(t, "99")
	require.Len(t, syncs, 1)
	require.Equal(t, 2, syncs[0].AvailableDelta)
	rows := b.inbox(t)
	require.Len(t, rows, 2)
	require.Equal(t, product, rows[0].ProductID)
	require.Equal(t, returns.MovementAPISync, rows[0].Status, "the movement a write waits for is not hidden by another")
}

func TestAStockMovementWithoutItsEnvelope(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	require.Equal(t, http.StatusOK, b.tiktokSends(stockChange).Code)
	require.Empty(t, b.syncs(t, "99"), "of two shops nobody knows which")
	b.cfg.Shops = b.cfg.Shops[:1]
	require.Equal(t, http.StatusOK, b.tiktokSends(stockChange).Code)
	require.Len(t, b.syncs(t, "99"), 1)
}

// What could not be kept is to be sent again.
func TestWithoutTheLedgerThePlatformSendsAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	require.Equal(t, http.StatusOK, b.send(http.MethodGet, "/healthz", "", "").Code)
	require.NoError(t, b.ledger.Close())
	require.Equal(t, http.StatusServiceUnavailable, b.tiktokSends(caseEvent("n1", returns.TikTokPending)).Code)
	require.Equal(t, http.StatusServiceUnavailable, b.returnGOSends("uk", ukToken, rmaEvent("RMA_CREATED", "9001", "Pending")).Code)
	require.Equal(t, http.StatusServiceUnavailable, b.send(http.MethodGet, "/healthz", "", "").Code)
	require.Empty(t, b.relay.events)
	require.NotContains(t, b.logged(t), ukToken)
}

func rmaEvent(name, rma, status string) string {
	return fmt.Sprintf(`{"eventName":"%s","eventDate":"2026-03-04T11:59:00+00:00","shopName":"other.myshopify.com","rmaId":"%s","order_name":"Jane Roe","status":"%s"}`, name, rma, status)
}

// What an event tells is kept with it: reads are held against it.
func TestWhatAnEventTellsIsKept(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.returnGOSends("uk", ukToken, rmaEvent("RMA_STATUS_UPDATED", "9001", returns.RMACanceled))
	b.returnGOSends("uk", ukToken, `{"eventName":"TRANSACTION_CREATED","eventDate":"2026-03-04T11:59:00+00:00","rmaId":"9001","transactionId":"660001","status":"Requested"}`)
	b.returnGOSends("uk", ukToken, rmaEvent("SHIPMENT_UPDATED", "9001", "Shipped"))
	b.tiktokSends(caseEvent("n1", returns.TikTokPending))
	b.tiktokSends(notification("n67", 67, `{"refund_status":"REFUND_SUCCESS","line_items":[{"main_order_id":"`+orderID+`","sku_return_request_id":"42"}]}`))
	var told []string
	b.do(t, func(tx *ledger.Tx) error {
		was, err := tx.Load(b.ctx, "uk", returns.RMAKey("9001"))
		if err != nil {
			return err
		}
		if err := tx.SaveDecision(b.ctx, "uk", returns.RMAKey("9001"), was, ledger.Decided{OrderID: orderID}); err != nil {
			return err
		}
		r, err := tx.Load(b.ctx, "uk", returns.RMAKey("9001"))
		for _, e := range r.Told {
			told = append(told, strings.TrimSpace(fmt.Sprint(e.What, " ", e.Status, " ", e.TransactionID, e.TikTokReturnID)))
		}
		return err
	})
	require.ElementsMatch(t, []string{
		fmt.Sprint(returns.ToldRMA, " ", returns.RMACanceled), fmt.Sprint(returns.ToldTransaction, " Requested 660001"),
		fmt.Sprint(returns.ToldReturn, " ", returns.TikTokPending, " ", caseID), fmt.Sprint(returns.ToldPaid, " REFUND_SUCCESS 42"),
	}, told)
}

func TestReturnGOEventIsKeptOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for range 3 {
		w := b.returnGOSends("uk", ukToken, rmaEvent("RMA_STATUS_UPDATED", "9001", "Received"))
		require.Equal(t, http.StatusOK, w.Code)
		require.Empty(t, w.Body.String())
	}
	rows := b.inbox(t)
	require.Len(t, rows, 1)
	require.Equal(t, ledger.Event{
		Shop: "uk", Platform: returns.ReturnGO, ID: rows[0].ID, Topic: "RMA_STATUS_UPDATED", RMAID: "9001", Status: "Received",
		HappenedAt: noon.Add(-time.Minute), ReceivedAt: noon,
	}, rows[0], "the shop is that of the address")
	b.returnGOSends("de", deToken, rmaEvent("RMA_STATUS_UPDATED", "9001", "Received"))
	require.Len(t, b.inbox(t), 2, "each shop has events of its own")
}

// Whoever does not know the whole address learns nothing: not which shops there
// are, not by the method either.
func TestReturnGOsAddressIsSecret(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	answers := map[string]bool{}
	for _, c := range [][2]string{
		{"uk", "wrong"}, {"uk", deToken}, {"uk", ukToken[:len(ukToken)-1]}, {"uk", ukToken + "x"}, {"uk", strings.ToUpper(ukToken)},
		{"fr", ukToken}, {"fr", "wrong"}, {"UK", ukToken}, {"%00", ukToken},
	} {
		w := b.returnGOSends(c[0], c[1], rmaEvent("RMA_CREATED", "9001", "Pending"))
		require.Equal(t, http.StatusNotFound, w.Code, "%v", c)
		answers[fmt.Sprint(w.Body, w.Header())] = true
	}
	require.Len(t, answers, 1, "one answer to all of them")
	require.Empty(t, b.inbox(t))
	for _, path := range []string{PathTikTok, ReturnGOAddress("", "uk", ukToken), ReturnGOAddress("", "fr", "wrong")} {
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete, http.MethodHead} {
			require.Equal(t, http.StatusMethodNotAllowed, b.send(method, path, "", "").Code, "%s %s", method, path)
		}
	}
	require.Empty(t, b.logged(t))
}

func TestNothingPersonalIsLoggedOrKept(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.returnGOSends("uk", ukToken, rmaEvent("RMA_CREATED", "9001", "Jane Roe, 1 Dock Rd, Hull"))
	b.returnGOSends("uk", ukToken, `Jane Roe {`)
	b.returnGOSends("uk", ukToken, `{"rmaId":"jane.roe@example.com","eventName":"Jane, Roe!"}`)
	b.returnGOSends("uk", "wrong-"+ukToken, `{}`)
	b.tiktokSends(caseEvent("n1", returns.TikTokPending))
	require.Len(t, b.inbox(t), 4)
	for _, private := range []string{"Jane", "Roe", "Dock", "example.com", ukToken, "demo_secret"} {
		require.NotContains(t, b.logged(t), private)
		require.NotContains(t, fmt.Sprint(b.inbox(t)), private)
	}
}

// FuzzReceiver sends anything to both doors: neither panics, neither blames
// itself, and what is refused leaves no row.
func FuzzReceiver(f *testing.F) {
	for _, body := range []string{
		"", "{}", "[]", "null", "0", `{"type":"12"}`, `{"type":1e9,"data":[]}`, caseEvent("n1", returns.TikTokPending), notification("n2", 68, stockChange), stockChange,
		notification("n3", 67, `{"line_items":[null,{"sku_return_request_id":1}]}`), rmaEvent("RMA_CREATED", "9001", "Pending"),
		`{"eventName":"SHIPMENT_TRACKER_STATUS_UPDATED","trackerId":81}`, `{"transactionIds":[[[]]]}`, "\x00\xff{", `{"shop_id":"` + ukShop + `","tts_notification_id":"\u0000"}`,
	} {
		f.Add([]byte(body))
	}
	b := newBench(f)
	door := newReceiver(b.house, b.relay)
	f.Fuzz(func(t *testing.T, body []byte) {
		for path, signature := range map[string]string{
			PathTikTok: tiktokSigns(string(body)), ReturnGOAddress("", "uk", ukToken): "", PathTikTok + "?": "0", ReturnGOAddress("", "de", ukToken): "",
		} {
			req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, bytes.NewReader(body))
			req.Header.Set("Authorization", signature)
			w := httptest.NewRecorder()
			door.ServeHTTP(w, req)
			require.Less(t, w.Code, 500)
			if w.Code == http.StatusOK {
				require.Empty(t, w.Body.String())
			}
		}
	})
}
