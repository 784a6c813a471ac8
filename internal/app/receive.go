package app

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/semaphore"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returngo"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

// Paths of the receiver. ReturnGO's ends with the shop's secret token, because
// its webhooks bear no signature (A26).
const (
	PathTikTok   = "/webhooks/tiktok"
	PathReturnGO = "/webhooks/returngo/{shop}/{token}"
)

// What the receiver takes at once: nobody is asked for a password before his
// connection is held, and a body is held before its signature can be checked. With
// these bounds all of it stays below 32 MiB.
const (
	maxBody        = 64 << 10 // of a webhook's body, in bytes; theirs are below two KiB
	maxRequests    = 64       // webhooks read and kept at once
	maxConnections = 512      // open ones, idle or not; further ones wait to be accepted
	slotPatience   = 2 * time.Second
)

// receiver answers webhooks: verified, bounded, one inbox row, 200. It decides
// nothing: an event is a hint to look.
type receiver struct {
	*house
	relay  *relay
	slots  *semaphore.Weighted
	shops  map[string]string // our name by TikTok's shop id
	tokens map[string][]hash // of each shop: of its present token and, if there is one, the previous
}

type hash [sha256.Size]byte

func newReceiver(h *house, r *relay) http.Handler {
	rc := &receiver{house: h, relay: r, slots: semaphore.NewWeighted(maxRequests), shops: map[string]string{}, tokens: map[string][]hash{}}
	for _, s := range h.cfg.Shops {
		rc.shops[s.TikTokShopID] = s.Name
		for _, token := range []string{s.WebhookToken, s.WebhookTokenPrevious} {
			if token != "" {
				rc.tokens[s.Name] = append(rc.tokens[s.Name], sha256.Sum256([]byte(token)))
			}
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+PathTikTok, rc.tiktokEvent)
	mux.HandleFunc("POST "+PathReturnGO, rc.returnGOEvent)
	mux.HandleFunc("GET /healthz", rc.healthz)
	return mux
}

func (rc *receiver) healthz(w http.ResponseWriter, req *http.Request) {
	if err := rc.ledger.Ping(req.Context()); err != nil {
		http.Error(w, "the ledger does not answer", http.StatusServiceUnavailable)
		return
	}
	_, _ = io.WriteString(w, "ok\n")
}

// tiktokEvent takes an event of TikTok Shop; its signature is checked over the
// raw body (TikTok contract 3.1, 3.2).
func (rc *receiver) tiktokEvent(w http.ResponseWriter, req *http.Request) {
	done, ok := rc.enter(w, req)
	if !ok {
		return
	}
	defer done()
	body, ok := readBody(w, req)
	if !ok {
		return
	}
	if !rc.tiktok.VerifyWebhook(body, req.Header.Get("Authorization")) {
		rc.relay.refused.add(rc.claimed(body), returns.TikTok)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	e, err := tiktokshop.ParseEvent(body)
	if err != nil {
		rc.log.Warn("an event of TikTok could not be read", zap.Error(err))
		rc.count(w, req, body, topicUnreadable)
		return
	}
	shop, ok := rc.shops[e.ShopID]
	if !ok && e.ShopID == "" && len(rc.cfg.Shops) == 1 {
		shop, ok = rc.cfg.Shops[0].Name, true // topic 68 may come without its envelope (T23)
	}
	if !ok {
		rc.log.Warn("an event of a TikTok shop that is not configured", zap.String("tiktok_shop_id", e.ShopID))
		rc.count(w, req, body, topicOtherShop)
		return
	}
	rc.keep(w, req, hints(shop, e), movements(shop, e))
}

// claimed is the shop that an event without a valid signature names; empty if it is
// none of ours.
func (rc *receiver) claimed(body []byte) string {
	e, err := tiktokshop.ParseEvent(body)
	if err != nil {
		return ""
	}
	return rc.shops[e.ShopID]
}

// What TikTok signed and is of no use to us. It is answered with 200, because
// sending it again would not help, and counted under these topics and no shop:
// many of them tell that a form has changed, or a shop was left out.
const (
	topicUnreadable = "unreadable"
	topicOtherShop  = "shop not configured"
)

func (rc *receiver) count(w http.ResponseWriter, req *http.Request, body []byte, topic string) {
	sum := sha256.Sum256(body)
	rc.keep(w, req, []ledger.Event{{Platform: returns.TikTok, ID: "sha256:" + hex.EncodeToString(sum[:]), Topic: topic}}, nothingMore)
}

func nothingMore(context.Context, *ledger.Tx) error { return nil }

// hints turns a TikTok event into inbox rows: one for each TikTok return it
// names, else for each order.
func hints(shop string, e tiktokshop.Event) []ledger.Event {
	base := ledger.Event{
		Shop: shop, Platform: returns.TikTok, ID: e.ID, Topic: e.Topic, OrderID: e.OrderID, TikTokReturnID: e.ReturnID, Status: e.Status, HappenedAt: e.At,
		Tells: map[string]returns.ToldWhat{tiktokshop.ReturnStatusChange: returns.ToldReturn, tiktokshop.RefundSuccess: returns.ToldPaid}[e.Topic],
	}
	if base.Topic == "" {
		base.Topic = "topic " + strconv.Itoa(e.Number)
	}
	if len(e.Movements) > 0 {
		base.ProductID = e.Movements[0].ProductID
		base.Status = e.Movements[0].Source
		if slices.ContainsFunc(e.Movements, func(m returns.StockMovement) bool { return m.Source == returns.MovementAPISync }) {
			base.Status = returns.MovementAPISync // the one that a write waits for
		}
	}
	var all []ledger.Event
	if len(e.ReturnIDs) == 0 {
		for i, id := range e.OrderIDs {
			row := base
			row.OrderID = id
			row.ID += "#" + strconv.Itoa(i)
			all = append(all, row)
		}
		if len(all) == 0 {
			all = append(all, base)
		}
		return all
	}
	for i, id := range e.ReturnIDs {
		row := base
		row.TikTokReturnID = id
		row.ID += "#" + strconv.Itoa(i)
		if len(e.OrderIDs) == 1 {
			row.OrderID = e.OrderIDs[0]
		}
		all = append(all, row)
	}
	return all
}

// movements keeps TikTok's own account of numbers that programs and people set with
// the event: sales and shipments are not judged by.
func movements(shop string, e tiktokshop.Event) func(context.Context, *ledger.Tx) error {
	return func(ctx context.Context, tx *ledger.Tx) error {
		for _, m := range e.Movements {
			if m.Source != returns.MovementAPISync && m.Source != returns.MovementByHand {
				continue
			}
			if err := tx.Moved(ctx, shop, m); err != nil {
				return err
			}
		}
		return nil
	}
}

// returnGOEvent takes an event of ReturnGO. The shop is taken from our own
// address, never from the body (ReturnGO contract 4).
func (rc *receiver) returnGOEvent(w http.ResponseWriter, req *http.Request) {
	shop := req.PathValue("shop")
	got := hash(sha256.Sum256([]byte(req.PathValue("token"))))
	right := 0
	for _, want := range rc.tokens[shop] {
		right |= subtle.ConstantTimeCompare(want[:], got[:])
	}
	if right != 1 {
		if rc.tokens[shop] == nil {
			shop = ""
		}
		rc.relay.refused.add(shop, returns.ReturnGO)
		http.NotFound(w, req)
		return
	}
	done, ok := rc.enter(w, req)
	if !ok {
		return
	}
	defer done()
	body, ok := readBody(w, req)
	if !ok {
		return
	}
	e := returngo.ParseEvent(body)
	rc.keep(w, req, []ledger.Event{{
		Shop: shop, Platform: returns.ReturnGO, ID: e.Key, Topic: e.Name, RMAID: e.RMAID, TransactionID: e.TransactionID, Status: e.Status, HappenedAt: e.At,
		Tells: toldByReturnGO(e),
	}}, nothingMore)
}

// toldByReturnGO is what a read of the RMA must show after an event: the fields of
// its events are assumed (A25), so that one which names nothing tells nothing.
func toldByReturnGO(e returngo.Event) returns.ToldWhat {
	switch {
	case strings.HasPrefix(e.Name, "RMA_") && e.RMAID != "" && e.Status != "":
		return returns.ToldRMA
	case strings.HasPrefix(e.Name, "TRANSACTION_") && e.RMAID != "" && e.TransactionID != "":
		return returns.ToldTransaction
	}
	return returns.ToldNothing
}

// keep stores the hints before it answers: a platform that hears 200 never
// sends them again.
func (rc *receiver) keep(w http.ResponseWriter, req *http.Request, events []ledger.Event, more func(context.Context, *ledger.Tx) error) {
	var fresh []ledger.Event
	err := rc.ledger.Do(req.Context(), func(tx *ledger.Tx) error { //nolint:contextcheck // the request's own context goes along
		for _, e := range events {
			e = hintOnly(e)
			isNew, err := tx.Receive(req.Context(), e)
			if err != nil {
				return err
			}
			if isNew {
				e.ReceivedAt = tx.Now()
				fresh = append(fresh, e)
			}
		}
		return more(req.Context(), tx)
	})
	if err != nil {
		rc.log.Error("an event could not be kept; the platform will send it again", zap.Error(err))
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	rc.relay.offer(fresh)
}

// enter waits a moment for a place among the requests under way. Who finds none is
// told to come again: both platforms do.
func (rc *receiver) enter(w http.ResponseWriter, req *http.Request) (done func(), ok bool) {
	ctx, stop := context.WithTimeout(req.Context(), slotPatience)
	defer stop()
	if rc.slots.Acquire(ctx, 1) != nil {
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(http.StatusServiceUnavailable)
		return nil, false
	}
	return func() { rc.slots.Release(1) }, true
}

// readBody reads a bounded body; of one that says it is larger nothing is read.
func readBody(w http.ResponseWriter, req *http.Request) ([]byte, bool) {
	if req.ContentLength > maxBody {
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return nil, false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
	if err == nil {
		return body, true
	}
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return nil, false
	}
	w.WriteHeader(http.StatusBadRequest)
	return nil, false
}

// ReturnGOAddress is the address to register with ReturnGO for a shop.
func ReturnGOAddress(base, shop, token string) string {
	return strings.TrimSuffix(base, "/") + strings.NewReplacer("{shop}", shop, "{token}", token).Replace(PathReturnGO)
}
