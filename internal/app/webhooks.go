package app

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"returnbridge/activities"
	"returnbridge/config"
	"returnbridge/internal/returngo"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

// What wakes a return, or warns of an authorisation that ends: nothing else is
// registered, for each event costs a row in the inbox. Shipments are left out, as
// the RMA's own status follows them (relay.go).
var (
	tiktokTopics = []string{
		tiktokshop.ReturnStatusChange, tiktokshop.OrderStatusChange,
		tiktokshop.SellerDeauthorization, tiktokshop.UpcomingAuthorizationExpiration,
	}
	returnGOEvents = []string{"RMA_CREATED", "RMA_STATUS_UPDATED", "TRANSACTION_CREATED", "REFUND_CREATED"}
)

// partnerCenterTopics cannot be registered by a program (T20), nor be listed:
// only what has arrived tells whether they are on.
var partnerCenterTopics = []struct {
	number      int
	name, costs string
}{
	{67, tiktokshop.RefundSuccess, "without it money that moved is noticed by the next look or sweep only"},
	{68, tiktokshop.InventoryChanged, "without it a stock write is proven by reading alone: slower, and where another program or person writes too, not at all"},
}

// What is to be done about a registration.
const (
	webhookRight   = "right"
	webhookAdd     = "add"
	webhookMove    = "move"       // to our address, from an old one of ours
	webhookRemove  = "remove"     // ours, and of no use any more
	webhookForeign = "left alone" // somebody else's, in the place of ours
)

// registration is one event of one shop at one platform. Addresses are told by
// their host: ReturnGO's hold a secret.
type registration struct {
	Shop     string           `json:"shop"`
	Platform returns.Platform `json:"platform"`
	Event    string           `json:"event"`
	Do       string           `json:"do"`
	Why      string           `json:"why,omitempty"`
	Done     bool             `json:"done"`

	apply func(context.Context) error
}

// addresses tells our webhooks from those of others.
type addresses struct {
	base  string // webhook_url
	moved string // an earlier one, empty if there was none
}

// registrations compares what is registered for a shop at both platforms with
// what should be. Nothing is changed.
func (a addresses) registrations(ctx context.Context, s config.Shop, shop *activities.Shop) ([]registration, error) {
	tiktok, err := a.atTikTok(ctx, shop.TikTok)
	if err != nil {
		return nil, fmt.Errorf("list the webhooks at TikTok: %w", err)
	}
	returnGO, err := a.atReturnGO(ctx, s, shop.ReturnGO)
	if err != nil {
		return nil, fmt.Errorf("list the webhooks at ReturnGO: %w", err)
	}
	all := slices.Concat(tiktok, returnGO)
	for i := range all {
		all[i].Shop = s.Name
	}
	return all, nil
}

// atTikTok: there is one address for each event type, of one app (TikTok contract
// 2.10), so somebody else's stands in the way of ours.
func (a addresses) atTikTok(ctx context.Context, shop *tiktokshop.Shop) ([]registration, error) {
	have, err := shop.Webhooks(ctx)
	if err != nil {
		return nil, err //nolint:wrapcheck // the caller says what it was for
	}
	address := strings.TrimSuffix(a.base, "/") + PathTikTok
	var all []registration
	note := func(event, do, why string, apply func(context.Context) error) {
		all = append(all, registration{Platform: returns.TikTok, Event: event, Do: do, Why: why, apply: apply})
	}
	for _, topic := range tiktokTopics {
		set := func(ctx context.Context) error { return shop.SetWebhook(ctx, topic, address) }
		i := slices.IndexFunc(have, func(w tiktokshop.Webhook) bool { return w.EventType == topic })
		switch {
		case i < 0:
			note(topic, webhookAdd, "", set)
		case have[i].Address == address:
			note(topic, webhookRight, "", nil)
		case a.moved != "" && have[i].Address == strings.TrimSuffix(a.moved, "/")+PathTikTok:
			note(topic, webhookMove, "from "+hostOf(a.moved), set)
		default:
			note(topic, webhookForeign, "it goes to "+hostOf(have[i].Address)+"; if that is an earlier address of this program, name it with --moved-from", nil)
		}
	}
	for _, w := range have {
		if !slices.Contains(tiktokTopics, w.EventType) && w.Address == address {
			note(w.EventType, webhookRemove, "nothing looks at this event", func(ctx context.Context) error { return shop.DeleteWebhook(ctx, w.EventType) })
		}
	}
	return all, nil
}

// atReturnGO: an event may be registered many times, each a delivery of its own
// (A17). What is new comes before what goes, so that no event falls between.
func (a addresses) atReturnGO(ctx context.Context, s config.Shop, shop *returngo.Shop) ([]registration, error) {
	have, err := shop.Webhooks(ctx)
	if err != nil {
		return nil, err //nolint:wrapcheck // the caller says what it was for
	}
	address := ReturnGOAddress(a.base, s.Name, s.WebhookToken)
	var all, gone []registration
	right := map[string]bool{}
	for _, w := range have {
		if !a.ours(w.URL, s.Name) {
			continue
		}
		var why string
		switch {
		case !slices.Contains(returnGOEvents, w.EventName):
			why = "nothing looks at this event"
		case w.URL != address && hostOf(w.URL) != hostOf(address):
			why = "it goes to " + hostOf(w.URL)
		case w.URL != address:
			why = "its token is an old one"
		case right[w.EventName]:
			why = "it is registered twice"
		default:
			right[w.EventName] = true
			continue
		}
		gone = append(gone, registration{Platform: returns.ReturnGO, Event: w.EventName, Do: webhookRemove, Why: why, apply: func(ctx context.Context) error { return shop.DeleteWebhook(ctx, w.ID) }})
	}
	for _, event := range returnGOEvents {
		r := registration{Platform: returns.ReturnGO, Event: event, Do: webhookRight}
		if !right[event] {
			r.Do = webhookAdd
			r.apply = func(ctx context.Context) error { _, err := shop.AddWebhook(ctx, event, address); return err } //nolint:wrapcheck // the caller says what it was for
		}
		all = append(all, r)
	}
	return append(all, gone...), nil
}

// ours tells whether a ReturnGO webhook was registered for this shop under
// webhook_url, or the earlier one: with any token. Two shops of ours may share a
// store, and another installation may serve it too.
func (a addresses) ours(address, shop string) bool {
	for _, base := range []string{a.base, a.moved} {
		if base != "" && strings.HasPrefix(address, ReturnGOAddress(base, shop, "")) {
			return true
		}
	}
	return false
}

func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		return u.Host
	}
	return "an address that cannot be read"
}
