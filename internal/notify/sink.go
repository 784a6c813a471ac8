package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"returnbridge/internal/returns"
)

// Sink sends a message on its way. An error means that it was not taken, or that nobody
// knows; its text has neither a secret nor an address in it.
type Sink interface {
	Send(ctx context.Context, m Message) error
}

// SendTimeout bounds one sending.
const SendTimeout = 15 * time.Second

// posts carries the webhooks. A redirect is no delivery, and is not followed: the
// address is a secret.
var posts = &http.Client{
	Timeout:       SendTimeout,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func post(ctx context.Context, to string, body []byte, headers map[string]string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return errors.New("the address cannot be used") // the error would name it
	}
	req.Header.Set("Content-Type", "application/json")
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	answer, err := posts.Do(req)
	if failed, ok := errors.AsType[*url.Error](err); ok {
		err = failed.Err // without the address
	}
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return fmt.Errorf("answered with http %d", answer.StatusCode)
	}
	return nil
}

// Slack is an incoming webhook of Slack, or of a chat that takes the same.
type Slack struct{ URL string }

// slackLength is what Slack takes of a text; it cuts longer ones without a word.
const slackLength = 39000

var slackEscape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// Send implements Sink.
func (s Slack) Send(ctx context.Context, m Message) error {
	text := "*" + slackEscape.Replace(m.Subject) + "*\n" + slackEscape.Replace(m.Text)
	if runes := []rune(text); len(runes) > slackLength {
		text = string(runes[:slackLength]) + "\n(cut here: starter list shows all)"
	}
	body, err := json.Marshal(map[string]string{"text": text})
	if err != nil {
		return fmt.Errorf("write the message: %w", err)
	}
	return post(ctx, s.URL, body, nil)
}

// Headers of a signed webhook.
const (
	HeaderID        = "Returnbridge-Id"        // the same when a message is sent again
	HeaderTimestamp = "Returnbridge-Timestamp" // when it was sent, in seconds since 1970
	HeaderSignature = "Returnbridge-Signature" // see Sign
)

// Webhook is an address of the merchant's own; what it is sent is signed.
type Webhook struct {
	URL    string
	Secret string
	Links  Links
	Now    func() time.Time
}

// Sign is "sha256=" and the HMAC-SHA256, in hexadecimal, of timestamp, a full stop and
// the body.
func Sign(secret, timestamp string, body []byte) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(timestamp + "."))
	h.Write(body)
	return "sha256=" + hex.EncodeToString(h.Sum(nil))
}

// mostInBody is how many exceptions a webhook's body lists; its count is of all.
const mostInBody = 200

// Body is what a signed webhook is sent.
type Body struct {
	ID         string      `json:"id"`
	Sort       string      `json:"sort"` // alerts, digest, day, outage, test
	SentAt     time.Time   `json:"sent_at"`
	Subject    string      `json:"subject"`
	Text       string      `json:"text"`
	Count      int         `json:"count"` // exceptions that it tells of
	Exceptions []Exception `json:"exceptions"`
}

// Exception is one of them; of many only the first are listed.
type Exception struct {
	Event    returns.AlertEvent   `json:"event,omitempty"` // none in a day's digest
	Shop     string               `json:"shop,omitempty"`
	Return   returns.Key          `json:"return"`
	OrderID  string               `json:"order_id,omitempty"`
	Kind     returns.Kind         `json:"kind"`
	Owner    returns.Owner        `json:"owner"`
	Sentence string               `json:"sentence"`
	Amount   returns.Money        `json:"amount"`
	OpenedAt time.Time            `json:"opened_at"`
	ClosedAt time.Time            `json:"closed_at,omitzero"`
	ClosedBy string               `json:"closed_by,omitempty"`
	Deadline time.Time            `json:"deadline,omitzero"`
	Answers  []returns.AnswerName `json:"answers"`
	Silence  string               `json:"silence"`
	Links    []Link               `json:"links"`
}

// Send implements Sink.
func (s Webhook) Send(ctx context.Context, m Message) error {
	b := Body{ID: m.ID, Sort: m.Sort, SentAt: m.At, Subject: m.Subject, Text: m.Text, Count: len(m.Alerts), Exceptions: []Exception{}}
	for _, a := range m.Alerts[:min(len(m.Alerts), mostInBody)] {
		entry := returns.Catalogue[a.Kind]
		b.Exceptions = append(b.Exceptions, Exception{
			Event: a.Event, Shop: a.Shop, Return: a.Key, OrderID: a.OrderID, Kind: a.Kind, Owner: a.Owner, Sentence: line(a.Sentence), Amount: a.Amount,
			OpenedAt: a.OpenedAt, ClosedAt: a.ClosedAt, ClosedBy: line(a.ClosedBy), Deadline: a.Deadline, Answers: entry.Answers, Silence: entry.Silence, Links: s.Links.of(a),
		})
	}
	body, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("write the message: %w", err)
	}
	timestamp := strconv.FormatInt(s.Now().Unix(), 10)
	return post(ctx, s.URL, body, map[string]string{HeaderID: m.ID, HeaderTimestamp: timestamp, HeaderSignature: Sign(s.Secret, timestamp, body)})
}
