package returngosandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

func webhookView(h Webhook) obj { return obj{"id": h.ID, "url": h.URL, "eventName": h.EventName} }

// listWebhooks is a bare array without paging (contract 2.12).
func (s *Sandbox) listWebhooks(c *call) answer {
	list := []obj{}
	for _, h := range c.shop.webhooks {
		list = append(list, webhookView(h))
	}
	return success(http.StatusOK, list)
}

// createWebhook does not mind a second registration of the same pair (A17).
func (s *Sandbox) createWebhook(c *call) answer {
	h, err := readWebhook(c)
	if err != nil {
		return badRequest(err)
	}
	h.ID = next(&s.counters.webhook)
	c.shop.webhooks = append(c.shop.webhooks, h)
	s.wrote(c, "", h.ID, true)
	return success(http.StatusCreated, webhookView(h))
}

func (s *Sandbox) updateWebhook(c *call) answer {
	at := c.shop.webhookAt(c.id)
	if at < 0 {
		return failure(http.StatusNotFound, "Webhook not found")
	}
	h, err := readWebhook(c)
	if err != nil {
		return badRequest(err)
	}
	h.ID = c.id
	changed := c.shop.webhooks[at] != h
	c.shop.webhooks[at] = h
	s.wrote(c, "", h.ID, changed)
	return success(http.StatusOK, webhookView(h))
}

func (s *Sandbox) deleteWebhook(c *call) answer {
	at := c.shop.webhookAt(c.id)
	if at < 0 {
		return failure(http.StatusNotFound, "Webhook not found")
	}
	c.shop.webhooks = slices.Delete(c.shop.webhooks, at, at+1)
	s.wrote(c, "", c.id, true)
	return answer{status: http.StatusNoContent, contentType: "application/json"}
}

func (sh *shop) webhookAt(id string) int {
	return slices.IndexFunc(sh.webhooks, func(h Webhook) bool { return h.ID == id })
}

func readWebhook(c *call) (Webhook, error) {
	var body struct {
		URL       string `json:"url"`
		EventName string `json:"eventName"`
	}
	if err := read(c, &body); err != nil {
		return Webhook{}, err
	}
	target, err := url.Parse(body.URL)
	if err != nil || target.Host == "" || (target.Scheme != "http" && target.Scheme != "https") {
		return Webhook{}, fmt.Errorf("url must be absolute")
	}
	if !knownEvent(body.EventName) {
		return Webhook{}, fmt.Errorf("unknown eventName %q", body.EventName)
	}
	return Webhook{URL: body.URL, EventName: body.EventName}, nil
}
