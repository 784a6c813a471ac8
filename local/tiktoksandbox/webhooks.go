package tiktoksandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// Topics (contract 3.4).
const (
	topicOrder        = 1
	topicDeauthorized = 6
	topicExpiring     = 7
	topicCancellation = 11
	topicReturn       = 12
	topicAftersales   = 64
	topicRMA          = 65
	topicRefund       = 67
	topicInventory    = 68
	topicStockStatus  = 27
	topicListing      = 42
	topicAppeal       = 66
)

// eventTypes maps topics to the event_type of the webhook settings.
var eventTypes = map[int]string{
	topicOrder: "ORDER_STATUS_CHANGE", topicDeauthorized: "SELLER_DEAUTHORIZATION",
	topicExpiring:     "UPCOMING_AUTHORIZATION_EXPIRATION",
	topicCancellation: "CANCELLATION_STATUS_CHANGE", topicReturn: "RETURN_STATUS_CHANGE",
}

// partnerTopics can only be switched on in Partner Center (T20).
var partnerTopics = []int{27, 42, 64, 65, 66, 67, 68}

// retryAfter are the waits after each failed delivery: five attempts at most (3.1).
var retryAfter = []time.Duration{2 * time.Minute, 30 * time.Minute, 3 * time.Hour, 12 * time.Hour}

// webhookTimeout is how long a receiver may take. It is not scaled: the receiver
// is a real program.
const webhookTimeout = 3 * time.Second

// WebhookWeather makes delivery as unreliable as the real one (T21). Each is a
// probability from 0 to 1.
type WebhookWeather struct {
	Lose      float64
	Duplicate float64
	Delay     float64
	// Reorder holds a notification back until a later one to the same address was
	// delivered, or MaxDelay is over.
	Reorder float64
	// MaxDelay is the platform time a delayed notification may wait. Default 10 minutes.
	MaxDelay time.Duration
	// Topics are the only ones under this weather; none means all.
	Topics []int
}

// SetWebhookWeather changes the reliability of deliveries from now on.
func (s *Sandbox) SetWebhookWeather(weather WebhookWeather) {
	defer s.enter()()
	setDefault(&weather.MaxDelay, 10*time.Minute)
	s.weather = weather
}

// SubscribePartnerCenter sends one of the newer topics (27, 42, 64–68) to a URL.
func (s *Sandbox) SubscribePartnerCenter(topic int, url string) error {
	defer s.enter()()
	if !slices.Contains(partnerTopics, topic) {
		return fmt.Errorf("topic %d is subscribed by the webhook settings call, not in Partner Center", topic)
	}
	if !slices.Contains(s.partner[topic], url) {
		s.partner[topic] = append(s.partner[topic], url)
	}
	return nil
}

// notification is the envelope of contract 3.3.
type notification struct {
	Type      int    `json:"type"`
	ID        string `json:"tts_notification_id"`
	ShopID    string `json:"shop_id"`
	Timestamp int64  `json:"timestamp"`
	Data      object `json:"data"`
}

// delivery is one notification on its way to one address.
type delivery struct {
	Delivery
	body   []byte
	due    time.Time
	held   bool // until a later one was delivered
	forged bool // signed with another secret
}

// Delivery tells what became of a notification.
type Delivery struct {
	NotificationID string
	Topic          int
	ShopID         string
	Address        string
	Body           string
	Lost           bool // never sent, by the weather
	Attempts       []Attempt
	Done           bool // answered, or given up
}

// Attempt is one POST.
type Attempt struct {
	At     time.Time
	Status int
	Error  string
}

// emit sends an event to whoever subscribed to it.
func (s *Sandbox) emit(shopID string, topic int, data object) {
	if s.grantOf(s.shops[shopID].SellerID).revoked && topic != topicDeauthorized {
		return // the app has nothing to do with this shop any more
	}
	addresses := slices.Clone(s.partner[topic])
	if event, ok := eventTypes[topic]; ok {
		if set := s.shops[shopID].settings[event]; set != nil {
			addresses = append(addresses, set.address)
		}
	}
	if len(addresses) == 0 {
		return
	}
	note := notification{Type: topic, ID: s.newID("notification"), ShopID: shopID, Timestamp: s.now().Unix(), Data: data}
	content := any(note)
	if topic == topicInventory && s.readings.BareInventoryEvents {
		content = withNumberIDs(data)
	}
	body, err := json.Marshal(content)
	if err != nil {
		panic(fmt.Sprintf("tiktoksandbox: unencodable notification: %v", err))
	}
	weather := s.weatherOf(topic)
	for _, address := range addresses {
		s.post(note, address, body, weather)
		if s.random.Float64() < weather.Duplicate {
			s.post(note, address, body, weather)
		}
	}
}

func (s *Sandbox) weatherOf(topic int) WebhookWeather {
	if len(s.weather.Topics) > 0 && !slices.Contains(s.weather.Topics, topic) {
		return WebhookWeather{}
	}
	return s.weather
}

func (s *Sandbox) post(note notification, address string, body []byte, weather WebhookWeather) *delivery {
	d := &delivery{Delivery: Delivery{NotificationID: note.ID, Topic: note.Type, ShopID: note.ShopID,
		Address: address, Body: string(body)}, body: body, due: s.now()}
	s.sent = append(s.sent, d)
	if s.random.Float64() < weather.Lose {
		d.Lost, d.Done = true, true
		return d
	}
	if s.random.Float64() < weather.Delay {
		d.due = d.due.Add(time.Duration(s.random.Float64() * float64(s.period(weather.MaxDelay))))
	}
	if s.random.Float64() < weather.Reorder {
		d.held, d.due = true, s.now().Add(s.period(weather.MaxDelay))
	}
	s.mailbox = append(s.mailbox, d)
	return d
}

// takeDueDeliveries removes what is to be posted now from the mailbox.
func (s *Sandbox) takeDueDeliveries() []*delivery {
	now := s.clock()
	var due, later []*delivery
	for _, d := range s.mailbox {
		if d.due.After(now) {
			later = append(later, d)
		} else {
			due = append(due, d)
		}
	}
	s.mailbox = later
	slices.SortStableFunc(due, func(a, b *delivery) int { return a.due.Compare(b.due) })
	return due
}

// deliver makes one attempt. A retry repeats the id and the body (T22).
func (s *Sandbox) deliver(d *delivery) {
	status, err := s.attempt(d)
	defer s.enter()()
	attempt := Attempt{At: s.clock(), Status: status}
	if err != nil {
		attempt.Error = err.Error()
	}
	d.Attempts = append(d.Attempts, attempt)
	s.releaseHeld(d)
	// 401 means "wrong signature" and counts as answered (3.1).
	if status == http.StatusOK || status == http.StatusUnauthorized || len(d.Attempts) > len(retryAfter) {
		d.Done = true
		return
	}
	d.due = s.clock().Add(s.period(retryAfter[len(d.Attempts)-1]))
	s.mailbox = append(s.mailbox, d)
}

// releaseHeld lets what was held back follow the delivery that overtook it.
func (s *Sandbox) releaseHeld(overtaker *delivery) {
	for _, d := range s.mailbox {
		if d.held && d.Address == overtaker.Address {
			d.held, d.due = false, s.clock()
		}
	}
}

func (s *Sandbox) attempt(d *delivery) (int, error) {
	request, err := http.NewRequestWithContext(s.running, http.MethodPost, d.Address, bytes.NewReader(d.body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	secret := s.options.AppSecret
	if d.forged {
		secret += "?"
	}
	request.Header.Set("Authorization", webhookSignature(s.options.AppKey, secret, d.body))
	response, err := s.http.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16))
	return response.StatusCode, nil
}

// Deliveries returns a copy of everything sent, lost or waiting.
func (s *Sandbox) Deliveries() []Delivery {
	defer s.enter()()
	list := make([]Delivery, len(s.sent))
	for i, d := range s.sent {
		list[i] = d.Delivery
		list[i].Attempts = slices.Clone(d.Attempts)
	}
	return list
}
