package sandbox

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"returnbridge/config"
)

// config is what a merchant's file would say for these platforms. Everything is
// switched on, for nothing here is real.
func (p *platforms) config() string {
	var b strings.Builder
	fmt.Fprintf(&b, `ledger: rehearsal.db
seal_key: %s
tiktok:
  base_url: %s
  auth_url: %[2]s
  app_key: %s
  app_secret: %s
returngo:
  - name: main
    base_url: %s
    api_key: %s
shops:
  - name: %s
    tiktok_shop_id: "%s"
    region: GB
    refresh_token: %s
    access_token: %s
    returngo_key: main
    returngo_store: %s
    webhook_token: %s
    refund:
      reasons:
        - returngo: "*"
          tiktok: ecom_order_delivered_refund_reason_not_match_description_seller_uk
    restock:
      writer: us
      warehouses:
        - location: %s
          tiktok: "%s"
    switches:
      register: true
      refund: true
      restock: true
      writeback: true
`, p.sealKey, p.tiktokURL, appKey, appSecret, p.returngoURL, apiKey, shopName, shopID, p.refreshToken, p.accessToken,
		store, p.webhookToken, location, p.warehouse)
	if host, found := strings.CutPrefix(p.options.Receiver, "http://"); found {
		fmt.Fprintf(&b, "listen: %s\nwebhook_url: %s\n", host, p.options.Receiver)
	}
	b.WriteString("periods:\n")
	p.writePeriods(&b)
	return b.String()
}

// shortest is what worker and starter can keep on a real clock; what is shorter by
// default stays as it is.
const shortest = 20 * time.Second

// inboxKept is the key of how long events are kept. It costs nothing, and its shortest
// time is real.
const inboxKept = "inbox_kept"

// writePeriods writes the defaults of the configuration, as much faster as the
// platforms.
func (p *platforms) writePeriods(b *strings.Builder) {
	for _, field := range reflect.VisibleFields(reflect.TypeFor[config.Periods]()) {
		key := field.Tag.Get("key")
		period, err := time.ParseDuration(field.Tag.Get("default"))
		if err != nil || key == inboxKept {
			continue
		}
		faster := time.Duration(float64(period) / p.options.Speed).Round(time.Second)
		fmt.Fprintf(b, "  %s: %s\n", key, max(faster, min(period, shortest)))
	}
}

// deadline is TikTok's most important period as it passes here.
func (p *platforms) deadline() time.Duration {
	return time.Duration(float64(48*time.Hour) / p.options.Speed).Round(time.Second)
}
