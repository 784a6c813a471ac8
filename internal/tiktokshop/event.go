package tiktokshop

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"time"

	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
)

// The topics we act on, by TikTok's names; where it has none (64–68) by ours
// (contract 3.4).
const (
	OrderStatusChange               = "ORDER_STATUS_CHANGE"
	SellerDeauthorization           = "SELLER_DEAUTHORIZATION"
	UpcomingAuthorizationExpiration = "UPCOMING_AUTHORIZATION_EXPIRATION"
	CancellationStatusChange        = "CANCELLATION_STATUS_CHANGE"
	ReturnStatusChange              = "RETURN_STATUS_CHANGE"
	AftersalesStatus                = "AFTERSALES_STATUS"
	RMAStatus                       = "RMA_STATUS"
	RefundSuccess                   = "REFUND_SUCCESS"
	InventoryChanged                = "INVENTORY_CHANGED"
)

const inventoryChangedNumber = 68

// topics maps numbers to names at the edge; what is missing is unknown, to be
// answered 200 and ignored (T25).
var topics = map[int]string{
	1: OrderStatusChange, 6: SellerDeauthorization, 7: UpcomingAuthorizationExpiration,
	11: CancellationStatusChange, 12: ReturnStatusChange, 64: AftersalesStatus, 65: RMAStatus,
	67: RefundSuccess, inventoryChangedNumber: InventoryChanged,
}

// Event is a hint that something changed (contract 3): go and read. It comes at
// least once and in any order (T21).
type Event struct {
	ID     string // tts_notification_id, or a hash of the body
	Topic  string // empty: unknown
	Number int    // TikTok's number of the topic
	ShopID string // may be empty: topic 68 without envelope, FBT topics
	At     time.Time

	OrderID, ReturnID, CancelID string
	AftersalesID, RMAID         string // topics 64, 65, 67
	Status                      string // of the order, return, cancellation, request, RMA or refund

	ExpiresAt time.Time               // topic 7: end of the authorisation
	Movements []returns.StockMovement // topic 68
	Refund    returns.Money           // topic 67
	ReturnIDs []string                // topic 67: each return once (T24)
	OrderIDs  []string                // topic 67: each order once
}

// VerifyWebhook tells whether the body comes from TikTok: the Authorization
// header is the HMAC-SHA256 of app key and raw body, in hex (contract 3.2), under the
// app's secret or the one before it. It takes constant time. Deliveries never expire:
// deduplicate by Event.ID.
func (c *Client) VerifyWebhook(rawBody []byte, authorization string) bool {
	signedWith := func(secret string) bool {
		return secret != "" && hmac.Equal([]byte(hexMAC(secret, c.appKey+string(rawBody))), []byte(authorization))
	}
	now, before := signedWith(c.appSecret()), signedWith(c.previous())
	return now || before
}

type wireEvent struct {
	Type      count           `json:"type"`
	ID        text            `json:"tts_notification_id"`
	ShopID    text            `json:"shop_id"`
	Timestamp pushTime        `json:"timestamp"`
	Data      json.RawMessage `json:"data"`
}

// ParseEvent reads a webhook body. Of an unknown topic only the envelope is
// looked at. Its errors are Permanent: the same body will never be readable; so
// is one that names something else than digits as an order, return or SKU.
func ParseEvent(rawBody []byte) (Event, error) {
	var w wireEvent
	if err := decode(rawBody, &w); err != nil {
		return Event{}, unreadableEvent(err)
	}
	var stock wireStockChange
	if !w.Type.told && len(w.Data) == 0 && json.Unmarshal(rawBody, &stock) == nil && stock.recognised() {
		w.Type, w.Data = count{n: inventoryChangedNumber, told: true}, rawBody // without its envelope
	}
	e := Event{
		ID: eventID(w.ID, rawBody), Topic: topics[w.Type.n], Number: w.Type.n, ShopID: string(w.ShopID), At: w.Timestamp.Time,
	}
	if e.Topic == "" || empty(w.Data) {
		return e, nil
	}
	if e.Topic == InventoryChanged {
		if err := decode(w.Data, &stock); err != nil {
			return Event{}, unreadableEvent(err)
		}
		if err := allIDs(stock.ProductID, stock.SKUID); err != nil {
			return Event{}, err
		}
		stock.fill(&e)
		return e, nil
	}
	var d wireEventData
	if err := decode(w.Data, &d); err != nil {
		return Event{}, unreadableEvent(err)
	}
	if err := d.namesOnlyIDs(); err != nil {
		return Event{}, err
	}
	d.fill(&e)
	return e, nil
}

// anID is what TikTok's ids look like in all samples: a whole number of 64 bits.
var anID = regexp.MustCompile(`^[0-9]{1,20}$`)

// allIDs refuses an event of which an id is none: ids become names of ours and
// parts of addresses, whoever signed them.
func allIDs(ids ...text) error {
	for _, id := range ids {
		if id != "" && !anID.MatchString(string(id)) {
			return unreadableEvent(errors.New("an id is no number"))
		}
	}
	return nil
}

func unreadableEvent(cause error) error {
	return &platform.Error{
		Platform: platformName, Endpoint: "Webhook", Class: platform.Permanent,
		Message: "the event is not of the documented form", Cause: cause,
	}
}

// eventID: a retry repeats id and body (T22), so either tells it again.
func eventID(id text, rawBody []byte) string {
	if id != "" {
		return string(id)
	}
	sum := sha256.Sum256(rawBody)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// wireEventData is the union of the topics that speak of orders and returns.
type wireEventData struct {
	OrderID      text `json:"order_id"`
	ReturnID     text `json:"return_id"`
	CancelID     text `json:"cancel_id"`
	AftersalesID text `json:"aftersales_request_id"`
	RMAID        text `json:"rma_id"`

	OrderStatus      text `json:"order_status"`
	ReturnStatus     text `json:"return_status"`
	CancelStatus     text `json:"cancel_status"`
	AftersalesStatus text `json:"aftersales_request_status"`
	RMAStatus        text `json:"rma_status"`
	RefundStatus     text `json:"refund_status"`

	UpdateTime     unix `json:"update_time"`
	ExpirationTime unix `json:"expiration_time"`
	RefundTotal    text `json:"refund_total"`
	RefundCurrency text `json:"refund_currency"`
	Lines          list[struct {
		OrderID  text `json:"main_order_id"`
		ReturnID text `json:"sku_return_request_id"`
	}] `json:"line_items"`
}

func (d wireEventData) fill(e *Event) {
	e.OrderID, e.ReturnID, e.CancelID = string(d.OrderID), string(d.ReturnID), string(d.CancelID)
	e.AftersalesID, e.RMAID = string(d.AftersalesID), string(d.RMAID)
	e.ExpiresAt = d.ExpirationTime.Time
	e.Refund = money(d.RefundTotal, d.RefundCurrency)
	e.Status = d.status(e.Topic)
	if e.Topic == ReturnStatusChange && !d.UpdateTime.IsZero() {
		e.At = d.UpdateTime.Time // when it changed, not when it was told
	}
	for _, l := range d.Lines {
		e.OrderIDs = appendOnce(e.OrderIDs, string(l.OrderID))
		e.ReturnIDs = appendOnce(e.ReturnIDs, string(l.ReturnID))
	}
}

func (d wireEventData) namesOnlyIDs() error {
	ids := []text{d.OrderID, d.ReturnID, d.CancelID}
	for _, l := range d.Lines {
		ids = append(ids, l.OrderID, l.ReturnID)
	}
	return allIDs(ids...)
}

func (d wireEventData) status(topic string) string {
	switch topic {
	case OrderStatusChange:
		return orderStatus(d.OrderStatus)
	case ReturnStatusChange:
		return returnStatus(d.ReturnStatus)
	case CancellationStatusChange:
		return cancellationStatus(d.CancelStatus)
	case AftersalesStatus:
		return string(d.AftersalesStatus)
	case RMAStatus:
		return string(d.RMAStatus)
	case RefundSuccess:
		return string(d.RefundStatus)
	}
	return ""
}

func appendOnce(ids []string, id string) []string {
	if id == "" || slices.Contains(ids, id) {
		return ids
	}
	return append(ids, id)
}
