package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"returnbridge/config"
	"returnbridge/internal/app"
	"returnbridge/internal/returns"
	"returnbridge/local/demo"
	"returnbridge/local/returngosandbox"
	"returnbridge/local/tiktoksandbox"
)

// Promise 8: no personal data or secret outlives its use.

// Invented people. What the ReturnGO sandbox answers by itself is in its README.
const (
	recipient  = "Robin Buyer-PII"
	phone      = "(+44)7700900456"
	street     = "5 Hidden-PII Road"
	email      = "robin.pii@example.invalid"
	message    = "Leave it with Neighbour-PII"
	buyerID    = "7490000000000000987"
	inspector  = "Ina Inspector-PII"
	remark     = "Smells of the dog of Customer-PII"
	cancelled  = "moved to Secret-PII Street"
	creditCode = "CREDIT-PII-7788"
	paper      = "Lena Label-PII" // on a parcel's label
	signature  = "sig-pii-0123"   // of the address where the label lies

	operator = "Olga Operator"
	grounds  = "agreed with Accounting on the phone"
	byHand   = "sent past the starter" // such a command says itself who and why
)

// personal are needles: texts that must be found nowhere.
var personal = []string{
	recipient, phone, street, email, message, buyerID, inspector, remark, cancelled, creditCode, paper, signature,
	"Pat Sample-PII", "1 Privacy-PII Lane", "pat.pii@example.invalid", "+44 0000 PII", "Answer-PII", "GB00PII00000000000000",
	"Branch-PII", "Morgan Staff-PII", "morgan.staff-pii@example.invalid",
}

var tokens = regexp.MustCompile(`TT[PR]_\w{8,}`)

// secrets are what opens something: those configured, and every token that TikTok ever gave.
func (h *house) secrets(w *wire) []string {
	all := []string{h.Config.SealKey, h.Config.TikTok.AppSecret, "GCP_demo0001"}
	for _, k := range h.Config.ReturnGO {
		all = append(all, k.APIKey)
	}
	for _, s := range h.Config.Shops {
		all = append(all, s.AccessToken, s.RefreshToken, s.WebhookToken)
	}
	all = append(all, tokens.FindAllString(w.heard(), -1)...)
	slices.Sort(all)
	return slices.Compact(all)
}

// needle is how a text could look where it was written.
func needle(text string) []string {
	return []string{strings.ToLower(text), strings.ToLower(url.QueryEscape(text)), strings.ToLower(base64.StdEncoding.EncodeToString([]byte(text)))}
}

// find tells where a text stands.
func find(all []written, text string) (places []string) {
	forms := needle(text)
	for _, w := range all {
		low := strings.ToLower(w.text)
		if slices.ContainsFunc(forms, func(form string) bool { return strings.Contains(low, form) }) {
			places = append(places, w.where)
		}
	}
	slices.Sort(places)
	return slices.Compact(places)
}

func TestNothingPersonalAndNoSecretOutlivesItsUse(t *testing.T) {
	log, w := &notebook{}, &wire{}
	h := openHouse(t, log.as, w.between, func(o *demo.HouseOptions) {
		o.Configure = func(c *config.Config) {
			soon(c)
			c.Periods.TroubleRetry = 2 * time.Second
			c.WebhookURL = "http://" + c.Listen
		}
	})
	t.Setenv("TEMPORAL_ADDRESS", h.Server.Address())
	t.Setenv("TEMPORAL_NAMESPACE", h.Server.Namespace())
	file := h.configFile()
	var shown []written
	starter := func(args ...string) {
		t.Helper()
		said, err := h.types(append(args, "--config", file)...)
		if err != nil {
			t.Fatalf("starter %s: %v\n%s", strings.Join(args, " "), err, said)
		}
		shown = append(shown, written{"starter " + args[0], said})
	}

	differs, paid, byPost, off, credit := h.buys(1), h.buys(1), h.buys(2), h.buys(1), h.buys(1)
	differs.returnsByTikTok(differs.price("2.00"))
	differs.untilAsked(returns.RefundValueMismatch)

	off.opensRMA()
	h.must(h.ReturnGO.Cancel(off.rmaID, cancelled))
	off.untilClosed()

	credit.opensRMA()
	h.must(h.ReturnGO.Receive(credit.rmaID))
	code, err := h.ReturnGO.RequestTransaction(credit.rmaID, returngosandbox.TransactionSpec{ItemIDs: credit.itemIDs, Type: "RefundToStoreCredit"})
	h.must(err)
	h.must(h.ReturnGO.SettleRefund(code, true, creditCode))

	labelled := h.labelled(w)
	signed := []string{"--who", operator, "--why", grounds}
	unlinked, declined := h.buys(1), h.buys(1)
	h.must(h.ReturnGO.AddOrder(demo.Store, returngosandbox.Order{ID: "odd", Name: "#S-1001", Currency: "GBP", Fulfilled: true,
		Lines: []returngosandbox.Line{{ID: "line", SKU: unlinked.product.SellerSKU, Quantity: 1, UnitPrice: unlinked.product.Price, UnitTax: "0"}}}))
	unlinked.opensRMAOn("odd")
	unlinked.untilAsked(returns.UnlinkedOrder)
	starter(append([]string{"link", "#S-1001", unlinked.orderID}, signed...)...)
	starter(append([]string{"pause", unlinked.rmaID}, signed...)...)
	starter(append([]string{"resume", unlinked.rmaID}, signed...)...)
	declined.returnsByTikTok(declined.price("2.00"))
	declined.untilAsked(returns.RefundValueMismatch)
	starter(append([]string{"resolve", declined.rmaID, "--exception", string(returns.RefundValueMismatch), "--answer", string(returns.AnswerDoNotRefund)}, signed...)...)

	paid.opensTikTokReturn()
	paid.opensRMA()
	paid.ships()
	byPost.opensRMA()
	byPost.ships()
	h.storm(w, differs, paid, byPost)
	for _, s := range []*shopper{paid, byPost} {
		s.arrives()
		s.authorised(s.price("0"))
		var found []returngosandbox.ItemValidation
		for _, id := range s.itemIDs {
			found = append(found, returngosandbox.ItemValidation{ItemID: id, Returned: true, Location: demo.Location, By: inspector, Reason: remark})
		}
		h.must(h.ReturnGO.Validate(s.rmaID, found))
	}
	h.strangers(paid)
	starter("list")
	starter("show", differs.rmaID)
	accept := append([]string{"resolve", differs.rmaID, "--config", file, "--exception", string(returns.RefundValueMismatch), "--answer", string(returns.AnswerAcceptPayable)}, signed...)
	h.until("the answer is taken", func() bool { // the storm may hide the question until the next look
		said, err := h.types(accept...)
		shown = append(shown, written{"starter resolve", said})
		return err == nil
	})
	for _, s := range []*shopper{differs, paid, byPost} {
		asked := time.Time{}
		s.until("return "+s.rmaID+" closed", func() bool {
			if s.shows(s.id(), returns.PlatformRefused) && time.Since(asked) > 5*time.Second { // asked again by itself ever more rarely
				asked = time.Now()
				_ = h.Client.SignalWorkflow(t.Context(), s.id(), "", string(returns.CommandRecheck), returns.Command{Name: returns.CommandRecheck, Who: byHand, Why: byHand})
			}
			return s.closed()
		})
		s.wantPaid(s.price("0"))
		starter("show", s.rmaID)
		starter("show", s.orderID, "--json")
	}
	h.until("the misfortunes are over", w.recovered)
	starter("list", "--json")
	starter("quota")
	starter("backfill")
	starter("webhooks", "sync", "--json")
	starter("webhooks", "sync", "--yes")
	verdict, _ := h.types("check", "--config", file) // what it thinks of the sandboxes' short lives is not asked here
	if !strings.Contains(verdict, "TikTok takes the token") {
		t.Errorf("the check did not come far:\n%s", verdict)
	}
	shown = append(shown, written{"starter check", verdict})

	kept := h.ledgerTexts()
	running := h.workflowTexts()
	everything := slices.Concat(kept, running, log.lines(), shown)
	t.Logf("searched %d texts: %d of the ledger, %d of the server, %d of the log", len(everything), len(kept), len(running), len(everything)-len(kept)-len(running)-len(shown))

	said := w.heard()
	tracking := []string{"TRK" + paid.orderID, "TRK" + byPost.orderID, "TRK" + labelled.orderID}
	for _, text := range slices.Concat(personal, tracking) {
		if !strings.Contains(said, text) {
			t.Errorf("no platform said %q: the search would prove nothing", text)
		}
		if places := find(everything, text); len(places) > 0 {
			t.Errorf("%q stands in %v", text, places)
		}
	}
	secrets := h.secrets(w)
	if n := len(tokens.FindAllString(strings.Join(secrets, " "), -1)); n < 4 {
		t.Errorf("%d tokens of TikTok were seen, want the first two and two renewed ones", n)
	}
	for _, text := range secrets {
		if places := find(everything, text); len(places) > 0 {
			t.Errorf("the secret %q stands in %v", text, places)
		}
	}
	h.wantSigned(everything)
	if len(find(everything, paid.orderID)) == 0 || len(find(log.lines(), h.Config.Shops[0].Name)) == 0 {
		t.Error("not even an order is found: the search looks in the wrong places")
	}
}

// labelled is a return that we open, and whose label we hand on to TikTok.
func (h *house) labelled(w *wire) *shopper {
	h.t.Helper()
	page := "%PDF-1.4 " + paper
	var first atomic.Bool
	printer := httptest.NewServer(http.HandlerFunc(func(to http.ResponseWriter, r *http.Request) {
		w.hears(r.URL.String() + page)
		if first.CompareAndSwap(false, true) {
			to.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = to.Write([]byte(page))
	}))
	h.t.Cleanup(printer.Close)
	s := h.buys(1)
	var err error
	s.rmaID, s.itemIDs, err = h.ReturnGO.CreateRMA(demo.Store, returngosandbox.RMASpec{OrderID: "shop-" + s.orderID, Items: []returngosandbox.ItemSpec{
		{LineID: "line", Reason: h.Config.Shops[0].OpenReturns[0].ReturnGO},
	}})
	h.must(err)
	h.must(h.ReturnGO.Approve(s.rmaID))
	h.must(h.ReturnGO.Label(s.rmaID, printer.URL+"/"+s.rmaID+".pdf?sig="+signature, "TRK"+s.orderID))
	h.until("TikTok has the label", func() bool {
		return slices.ContainsFunc(h.TikTok.Books().Labels, func(l tiktoksandbox.Label) bool { return l.Tracking == "TRK"+s.orderID })
	})
	return s
}

// storm lets both platforms fail in ways that repeat what they were asked or
// know, secrets and buyers included, and waits until all was lived through.
func (h *house) storm(w *wire, shoppers ...*shopper) {
	h.t.Helper()
	before := h.ReturnGO.Books().Calls["rma/get"]
	faults := []returngosandbox.Fault{
		{Kind: "401", Echo: true}, {Kind: "500", Echo: true}, {Kind: returngosandbox.FaultHTML, Status: http.StatusBadGateway, Echo: true},
		{Kind: returngosandbox.FaultHTML, Echo: true}, {Kind: returngosandbox.FaultCutOff}, {Kind: returngosandbox.FaultEmpty}, {Kind: returngosandbox.FaultUnknownEnum},
	}
	for _, f := range faults {
		f.Endpoint = "rma/get"
		h.must(h.ReturnGO.AddFault(f))
	}
	h.must(h.ReturnGO.AddFault(returngosandbox.Fault{Endpoint: "transaction/update", Kind: "504", AfterWrite: true, Echo: true}))
	const orders, cases = "/orders", "/returns/search"
	w.suffers(
		misfortune{orders, http.StatusBadGateway, func(request string) string { return "<html><pre>" + request + "</pre></html>" }},
		// Once only: a token refused again within 90 s of its renewal stays refused.
		misfortune{cases, http.StatusUnauthorized, func(request string) string { return envelope(105002, "The access token is expired: "+request, "{}") }},
		misfortune{cases, http.StatusInternalServerError, func(request string) string { return envelope(36009003, "Internal error at "+request, "{}") }},
		misfortune{cases, http.StatusInternalServerError, func(string) string { return envelope(36009003, "Internal error, told "+email, "{}") }},
		misfortune{orders, http.StatusOK, func(string) string {
			return envelope(0, "Success", `{"orders":[{"id":"1","line_items":"`+recipient+`"}]}`)
		}},
		misfortune{orders, http.StatusOK, func(string) string {
			return envelope(0, "Success", `{"orders":[{"id":"1","create_time":"`+recipient+`"}]}`)
		}},
	)
	recheck := func() {
		for _, s := range shoppers {
			h.until("a return to tell", func() bool { return h.status(s.id()) == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING })
			h.signal(s.id(), returns.Command{Name: returns.CommandRecheck, Who: byHand, Why: byHand})
		}
	}
	recheck()
	h.until("ReturnGO failed in all ways", func() bool { return h.ReturnGO.Books().Calls["rma/get"] >= before+len(faults) })
	h.until("TikTok failed in all ways", w.recovered)
	recheck() // a platform that refused is asked again ever more rarely
}

func envelope(code int, message, data string) string {
	text, _ := json.Marshal(map[string]any{"code": code, "message": message, "request_id": "R", "data": json.RawMessage(data)})
	return string(text)
}

// strangers send events that are not theirs to send, that cannot be read, or
// that say more than they should.
func (h *house) strangers(s *shopper) {
	h.t.Helper()
	shop := h.Config.Shops[0]
	receiver := "http://" + h.Config.Listen
	returnGO := func(token string) string { return app.ReturnGOAddress(receiver, shop.Name, token) }
	buyer := fmt.Sprintf(`"customer":{"name":%q,"email":%q,"phone":%q},"note":%q`, recipient, email, phone, message)
	sign := func(body string) string {
		mac := hmac.New(sha256.New, []byte(h.Config.TikTok.AppSecret))
		mac.Write([]byte(h.Config.TikTok.AppKey + body))
		return hex.EncodeToString(mac.Sum(nil))
	}
	event := fmt.Sprintf(`{"type":12,"tts_notification_id":"n-1","shop_id":%q,"timestamp":1772000000,"data":{"order_id":%q,"return_id":%q,"return_status":"X",%s}}`, shop.TikTokShopID, s.orderID, s.tiktokReturnID, buyer)
	broken := fmt.Sprintf(`{"type":%q,"shop_id":%q}`, recipient, shop.TikTokShopID)
	named := fmt.Sprintf(`{"type":12,"tts_notification_id":%q,"shop_id":%q,"data":{"order_id":%q,"return_status":%q}}`, recipient, shop.TikTokShopID, email, message)
	for _, sent := range []struct {
		address, signature, body string
		want                     int
	}{
		{receiver + app.PathTikTok, sign("another body"), event, http.StatusUnauthorized},
		{receiver + app.PathTikTok, shop.AccessToken, event, http.StatusUnauthorized},
		{receiver + app.PathTikTok, sign(event), event, http.StatusOK},
		{receiver + app.PathTikTok, sign(broken), broken, http.StatusOK},
		{receiver + app.PathTikTok, sign(named), named, http.StatusOK},
		{returnGO(shop.AccessToken), "", fmt.Sprintf(`{"eventName":"RMA_CREATED",%s}`, buyer), http.StatusNotFound},
		{returnGO(shop.WebhookToken), "", fmt.Sprintf(`{"eventName":"RMA_STATUS_UPDATED","rmaId":%q,%s}`, s.rmaID, buyer), http.StatusOK},
		{returnGO(shop.WebhookToken), "", fmt.Sprintf(`{"eventName":%q,"rmaId":%q,"status":%q}`, email, email, message), http.StatusOK},
		{returnGO(shop.WebhookToken), "", recipient + " is no JSON", http.StatusOK},
	} {
		req, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, sent.address, strings.NewReader(sent.body))
		h.must(err)
		req.Header.Set("Authorization", sent.signature)
		resp, err := http.DefaultClient.Do(req)
		h.must(err)
		h.must(resp.Body.Close())
		if resp.StatusCode != sent.want {
			h.t.Errorf("%s was answered %d, want %d", sent.body, resp.StatusCode, sent.want)
		}
	}
}

// wantSigned expects who answered, and why, in the audit (promise 7), where
// people ask for it, and in the commands' notes, but nowhere else: in no history.
func (h *house) wantSigned(everything []written) {
	h.t.Helper()
	for _, text := range []string{operator, grounds} {
		places := find(everything, text)
		if !slices.ContainsFunc(places, func(p string) bool { return strings.HasPrefix(p, "ledger audit.") }) {
			h.t.Errorf("%q is not in the audit, only in %v", text, places)
		}
		for _, p := range places {
			if !allowed(p) {
				h.t.Errorf("%q stands in %s", text, p)
			}
		}
	}
}

func allowed(place string) bool {
	for _, prefix := range []string{"ledger answers.", "ledger audit.", "ledger command_notes.", "ledger exceptions.closed_by", "file ledger.db", "starter "} {
		if strings.HasPrefix(place, prefix) {
			return true
		}
	}
	return false
}

// types runs the starter as a person would.
func (h *house) types(args ...string) (string, error) {
	var said strings.Builder
	root := app.StarterCommand()
	root.SetArgs(args)
	root.SetOut(&said)
	root.SetErr(&said)
	err := root.ExecuteContext(h.t.Context())
	return said.String(), err
}
