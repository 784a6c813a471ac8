package returngo

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Webhook is one registration: one event name to one URL of ours (ReturnGO
// contract 2.12). The URL holds our token: it is a secret, kept out of prints
// and JSON.
type Webhook struct {
	ID        string
	EventName string
	URL       string `json:"-"`
}

// String shows of the URL only the host.
func (w Webhook) String() string {
	host := "?"
	if u, err := url.Parse(w.URL); err == nil {
		host = u.Host
	}
	return fmt.Sprintf("webhook %s: %s to %s", w.ID, w.EventName, host)
}

// Format prints String, whatever the verb.
func (w Webhook) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, w.String()) }

type wireWebhook struct {
	ID        id   `json:"id"`
	URL       text `json:"url"`
	EventName text `json:"eventName"`
}

// Webhooks reads all registrations of the shop, also those of others; there is
// no paging. Classes as for RMA.
func (s *Shop) Webhooks(ctx context.Context) ([]Webhook, error) {
	c := call{endpoint: "List Webhooks", nature: reads, method: http.MethodGet, path: []string{"webhooks"}}
	a, err := s.do(ctx, c)
	if err != nil {
		return nil, err
	}
	all, err := decodeWebhooks(a.body)
	if err != nil {
		return nil, c.misread(a, err)
	}
	return all, nil
}

// decodeWebhooks reads the bare array. Without it, or without ids that a change
// could name, nobody may conclude that something is not registered yet.
func decodeWebhooks(body []byte) ([]Webhook, error) {
	var wire []wireWebhook
	if err := json.Unmarshal(body, &wire); err != nil {
		return nil, err
	}
	if wire == nil {
		return nil, errIncomplete
	}
	all := make([]Webhook, 0, len(wire))
	for _, w := range wire {
		if w.ID == "" {
			return nil, errIncomplete
		}
		if !identifier(string(w.ID)) {
			return nil, errID
		}
		all = append(all, Webhook{ID: string(w.ID), URL: string(w.URL), EventName: string(w.EventName)})
	}
	return all, nil
}

// registration is what POST and PUT send: the read object without its id, and
// the answer to POST is the object (A17).
type registration struct {
	URL       string `json:"url"`
	EventName string `json:"eventName"`
}

// AddWebhook registers address (an https URL) for an event. Registering the
// same twice makes two registrations and double deliveries, so list first.
//
// Classes as for Comment; an answer without an id is outcome-unknown.
func (s *Shop) AddWebhook(ctx context.Context, eventName, address string) (Webhook, error) {
	c := call{endpoint: "Add Webhook", nature: adds, method: http.MethodPost, path: []string{"webhook"},
		body: registration{address, eventName}}
	a, err := s.do(ctx, c)
	if err != nil {
		return Webhook{}, err
	}
	var w wireWebhook
	if err := json.Unmarshal(a.body, &w); err != nil || w.ID == "" {
		return Webhook{}, c.unreadable(a, c.lost(), "the answer names no webhook", nil)
	}
	return Webhook{ID: string(w.ID), EventName: eventName, URL: address}, nil
}

// ChangeWebhook gives a registration another event or address; to give it what
// it has changes nothing.
//
// Classes as for Comment; an unknown id is permanent with HTTPStatus 404.
func (s *Shop) ChangeWebhook(ctx context.Context, id, eventName, address string) error {
	_, err := s.do(ctx, call{endpoint: "Change Webhook", nature: adds, method: http.MethodPut, path: []string{"webhook", id},
		body: registration{address, eventName}})
	return err
}

// DeleteWebhook removes a registration. Classes as for Comment; an unknown id
// is permanent with HTTPStatus 404.
func (s *Shop) DeleteWebhook(ctx context.Context, id string) error {
	_, err := s.do(ctx, call{endpoint: "Delete Webhook", nature: adds, method: http.MethodDelete, path: []string{"webhook", id}})
	return err
}
