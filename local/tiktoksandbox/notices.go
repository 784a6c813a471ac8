package tiktoksandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// expiryWarning is how long before the end topic 7 begins; then it comes daily at
// 0:00 (3.4).
const expiryWarning = 30 * 24 * time.Hour

// warnOfExpiry plans topic 7 for a grant. A renewed authorisation is not warned of.
func (s *Sandbox) warnOfExpiry(g *grant) {
	day := s.period(24 * time.Hour)
	end := g.expires
	var warn func()
	warn = func() {
		if !g.expires.Equal(end) || !s.now().Before(end) {
			return
		}
		days := int((end.Sub(s.now()) + day - 1) / day)
		for _, one := range s.shopsOf(g) {
			s.emit(one.ID, topicExpiring, object{
				"message":         fmt.Sprintf("Authorization of shop_id {%s} is expiring in {%d} days. Please direct the merchant to re-authorize.", one.ID, days),
				"expiration_time": strconv.FormatInt(end.Unix(), 10)}) // a string (1.5)
		}
		s.plan(nextMidnight(s.now(), day), warn)
	}
	s.plan(nextMidnight(end.Add(-s.period(expiryWarning)), day), warn)
}

// nextMidnight is the next beginning of a day, which may be a short one.
func nextMidnight(after time.Time, day time.Duration) time.Time {
	return after.Truncate(day).Add(day)
}

// tellAppeal sends topic 66. Only its meaning is known, not its fields (3.4).
func (s *Sandbox) tellAppeal(r *returnCase) {
	notice := object{"aftersales_request_id": r.aftersalesID, "appeal_result": r.arbitration}
	putText(notice, "rma_id", r.rmaID)
	s.emit(r.shopID, topicAppeal, notice)
}

// CombineListing groups products on one page, which is no bundle (2.7), and sends
// topic 42. It returns the listing's id.
func (s *Sandbox) CombineListing(listingID string, productIDs ...string) (string, error) {
	defer s.enter()()
	shopID, products := "", []object{}
	for _, id := range productIDs {
		p := s.products[id]
		if p == nil || shopID != "" && p.ShopID != shopID {
			return "", fmt.Errorf("combine listing: no product %q in shop %q", id, shopID)
		}
		shopID = p.ShopID
		products = append(products, object{"id": id})
	}
	if shopID == "" {
		return "", fmt.Errorf("combine listing: no products")
	}
	change := "UPDATE"
	if listingID == "" {
		listingID, change = s.newID("listing"), "CREATE"
	}
	s.emit(shopID, topicListing, object{"combined_listing_id": listingID, "products": products, "status": "LIVE",
		"change_type": change, "added_product_ids": productIDs, "removed_product_ids": []string{}})
	return listingID, nil
}

// Notice is a notification of one's own making, to rehearse what no story brings.
type Notice struct {
	ShopID, URL string
	Topic       int // unknown ones too
	Data        object
	// WrongSignature signs with another secret, as a stranger would.
	WrongSignature bool
}

// Notify sends a notice, whoever subscribed to what.
func (s *Sandbox) Notify(n Notice) error {
	defer s.enter()()
	if s.shops[n.ShopID] == nil || n.URL == "" {
		return fmt.Errorf("notify: no shop %q, or no url", n.ShopID)
	}
	note := notification{Type: n.Topic, ID: s.newID("notification"), ShopID: n.ShopID, Timestamp: s.now().Unix(), Data: n.Data}
	body, err := json.Marshal(note)
	if err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	d := s.post(note, n.URL, body, WebhookWeather{})
	d.forged = n.WrongSignature
	return nil
}

// withNumberIDs prints ids as numbers, as some webhooks do (1.5).
func withNumberIDs(data object) object {
	copied := object{}
	for key, value := range data {
		if id, isText := value.(string); isText && slices.Contains([]string{"seller_id", "product_id", "sku_id"}, key) && isID(id) {
			value = json.Number(id)
		}
		copied[key] = value
	}
	return copied
}
