package tiktoksandbox

import (
	"net"
	"net/url"
	"slices"
	"time"
)

type webhookSetting struct {
	event, address string
	created        time.Time
	updated        time.Time
}

// legalEvents is the list of contract 2.10.
var legalEvents = []string{
	"ORDER_STATUS_CHANGE", "RECIPIENT_ADDRESS_UPDATE", "PACKAGE_UPDATE", "PRODUCT_STATUS_CHANGE",
	"SELLER_DEAUTHORIZATION", "UPCOMING_AUTHORIZATION_EXPIRATION", "CANCELLATION_STATUS_CHANGE",
	"RETURN_STATUS_CHANGE", "NEW_CONVERSATION", "NEW_MESSAGE", "PRODUCT_INFORMATION_CHANGE",
	"PRODUCT_CREATION", "PRODUCT_CATEGORY_CHANGE", "NEW_MESSAGE_LISTENER", "INVOICE_STATUS_CHANGE",
	"PRODUCT_AUDIT_STATUS_CHANGE",
}

type webhookRequest struct {
	EventType string `json:"event_type"`
	Address   string `json:"address"`
}

func (s *Sandbox) getWebhooks(c *call) (any, *apiError) {
	list := []object{}
	for _, event := range legalEvents {
		if set := c.shop.settings[event]; set != nil {
			list = append(list, object{"event_type": event, "address": set.address,
				"create_time": set.created.Unix(), "update_time": set.updated.Unix()})
		}
	}
	return object{"webhooks": list, "total_count": len(list)}, nil
}

// putWebhook sets the one address of (shop, event type).
func (s *Sandbox) putWebhook(c *call) (any, *apiError) {
	request, problem := c.webhookRequest()
	if problem != nil {
		return nil, problem
	}
	if !s.addressAllowed(request.Address) {
		return nil, fail(98001004, "Invalid `address`.")
	}
	set := c.shop.settings[request.EventType]
	if set == nil {
		set = &webhookSetting{event: request.EventType, created: s.now()}
		c.shop.settings[request.EventType] = set
	}
	set.address, set.updated = request.Address, s.now()
	return object{}, nil
}

// deleteWebhook answers success even if nothing was set (2.10).
func (s *Sandbox) deleteWebhook(c *call) (any, *apiError) {
	request, problem := c.webhookRequest()
	if problem != nil {
		return nil, problem
	}
	delete(c.shop.settings, request.EventType)
	return object{}, nil
}

func (c *call) webhookRequest() (webhookRequest, *apiError) {
	var request webhookRequest
	if problem := c.decode(&request); problem != nil {
		return request, problem
	}
	if !slices.Contains(legalEvents, request.EventType) {
		return request, fail(98001004, "Invalid `event_type` %q.", request.EventType)
	}
	return request, nil
}

func (s *Sandbox) addressAllowed(address string) bool {
	target, err := url.Parse(address)
	if err != nil || target.Host == "" || len(address) > 255 {
		return false
	}
	if !s.options.StrictWebhookAddress {
		return target.Scheme == "https" || target.Scheme == "http"
	}
	return target.Scheme == "https" && target.Port() == "" && net.ParseIP(target.Hostname()) == nil
}
