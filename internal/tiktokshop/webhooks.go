package tiktokshop

import (
	"context"
	"time"
)

// Webhook is one subscription: one address per shop and event type (contract 2.10).
type Webhook struct {
	EventType, Address   string
	CreatedAt, UpdatedAt time.Time
}

// Webhooks lists the shop's subscriptions. Newer topics (27, 42, 64–68) are
// switched on in Partner Center and are not in it (T20).
func (s *Shop) Webhooks(ctx context.Context) ([]Webhook, error) {
	var w struct {
		Webhooks list[struct {
			EventType  text `json:"event_type"`
			Address    text `json:"address"`
			CreateTime unix `json:"create_time"`
			UpdateTime unix `json:"update_time"`
		}] `json:"webhooks"`
	}
	if _, err := s.do(ctx, call{endpoint: getWebhooks}, &w); err != nil {
		return nil, err
	}
	var all []Webhook
	for _, h := range w.Webhooks {
		all = append(all, Webhook{string(h.EventType), string(h.Address), h.CreateTime.Time, h.UpdateTime.Time})
	}
	return all, nil
}

// SetWebhook has events of the type sent to the address: https with a domain
// name and no port, 255 characters at most (contract 2.10, 3.1). Repeating it
// changes nothing, also after OutcomeUnknown.
func (s *Shop) SetWebhook(ctx context.Context, eventType, address string) error {
	body := struct {
		EventType string `json:"event_type"`
		Address   string `json:"address"`
	}{eventType, address}
	_, err := s.do(ctx, call{endpoint: putWebhook, body: body}, nil)
	return err
}

// DeleteWebhook ends the subscription; it succeeds also if there was none.
func (s *Shop) DeleteWebhook(ctx context.Context, eventType string) error {
	body := struct {
		EventType string `json:"event_type"`
	}{eventType}
	_, err := s.do(ctx, call{endpoint: deleteWebhook, body: body}, nil)
	return err
}
