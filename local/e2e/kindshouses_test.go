package e2e

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"returnbridge/config"
	"returnbridge/internal/messages"
	"returnbridge/local/demo"
	"returnbridge/local/returngosandbox"
	"returnbridge/local/tiktoksandbox"
)

// The houses in which the stories are told. What one needs must not disturb the
// others: clocks, faults and weather are a house's, faults about an id are not.

// The houses by their names.
const (
	calm     = "calm"     // nothing is late
	hasty    = "hasty"    // people's limits are seconds
	many     = "many"     // a shop of its own for each story
	quiet    = "quiet"    // events do not come, and deadlines are near
	slow     = "slow"     // TikTok's search lags far behind
	switched = "switched" // restocking is switched on later
	strange  = "strange"  // another program's worker was here
)

var kindHouses = map[string]func(*testing.T) *kindHouse{
	calm:     openCalm,
	hasty:    openHasty,
	many:     openMany,
	quiet:    openQuiet,
	slow:     openSlow,
	switched: openSwitched,
	strange:  openStrange,
}

// kindHouse is a house with the shops beside its own, and what its people are told.
type kindHouse struct {
	*house
	shops map[string]*otherShop
	heard *heard
}

// unhurried puts everything that only time brings beyond the stories.
func unhurried(c *config.Config) {
	soon(c)
	p := &c.Periods
	p.RMAWait, p.NotShipped, p.InspectionOverdue, p.InspectedTooLong, p.NotShown = time.Hour, time.Hour, time.Hour, time.Hour, time.Hour
	p.OrderCloses, p.OrderClosingAlert = 2*time.Hour, time.Second
	p.DeadlineWarning = time.Second
}

// openKinds runs a house for stories. TikTok's 48 hours are 288 seconds.
func openKinds(t *testing.T, change func(*config.Config), shops ...*otherShop) *kindHouse {
	t.Helper()
	k := &kindHouse{shops: map[string]*otherShop{}, heard: &heard{}}
	for _, s := range shops {
		k.shops[s.name] = s
	}
	server := httptest.NewServer(k.heard)
	t.Cleanup(server.Close)
	k.house = openShops(t, func(o *demo.HouseOptions) {
		o.PeriodFactor = 1.0 / 600
		o.Configure = func(c *config.Config) {
			unhurried(c)
			for _, owner := range config.Owners {
				c.Notify.Sinks = append(c.Notify.Sinks, config.Sink{Name: strings.ToLower(owner), Kind: "webhook", Owners: []string{owner}, URL: server.URL + "/" + owner, SigningSecret: signingSecret})
			}
			c.Notify.PerHour = 10_000 // each cause has a message of its own
			if change != nil {
				change(c)
			}
		}
	}, shops...)
	k.keepTelling()
	return k
}

// keepTelling has a round of alerts each second instead of each minute, and waits for
// the first one: what was before it is told to nobody.
func (k *kindHouse) keepTelling() {
	k.t.Helper()
	ctx, cancel := context.WithCancel(k.t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			// One that fails is made up for by the next.
			_ = k.Client.ScheduleClient().GetHandle(ctx, messages.Notify).Trigger(ctx, client.ScheduleTriggerOptions{})
			_ = demo.Pause(ctx, time.Second)
		}
	}()
	k.t.Cleanup(func() { cancel(); <-ended })
	k.until("a first round of alerts", func() bool { return k.count("WorkflowType = 'Notify' AND ExecutionStatus = 'Completed'") > 0 })
}

func openCalm(t *testing.T) *kindHouse {
	t.Helper()
	return openKinds(t, func(c *config.Config) {
		c.Shops[0].Refund.Reasons = append(c.Shops[0].Refund.Reasons, config.Reason{ReturnGO: damaged, TikTok: c.Shops[0].Refund.Reasons[0].TikTok})
		c.Periods.KeyLifetime = 12 * time.Second // longer than create_settle
	})
}

func openHasty(t *testing.T) *kindHouse {
	t.Helper()
	return openKinds(t, func(c *config.Config) {
		p := &c.Periods
		p.RMAWait, p.NotShipped, p.InspectionOverdue, p.InspectedTooLong = 3*time.Second, 3*time.Second, 3*time.Second, 3*time.Second
	}, malaysian())
}

// malaysian is a shop whose market lets sellers start nothing (TikTok contract 4.1).
func malaysian() *otherShop {
	return &otherShop{place: place{name: "demo-my", tiktok: "7490000000000000004", store: "demo-my.myshopify.com", currency: "MYR"},
		region: "MY", cipher: "GCP_demo0004", key: "demo", price: "59.90"}
}

// openMany has a shop for each story about a whole shop.
func openMany(t *testing.T) *kindHouse {
	t.Helper()
	shops := []*otherShop{malaysian()}
	for i, name := range []string{"large", "limited", "stopped", "down", "withdrawn", "short", "unread", "forged"} {
		n := string(rune('1' + i))
		s := &otherShop{place: place{name: name, tiktok: "749000000000000010" + n, store: name + ".myshopify.com", currency: "EUR"},
			region: "DE", cipher: "GCP_kinds000" + n, key: "demo", price: "24.90"}
		switch name {
		case "large":
			s.adjust = func(_ *config.Config, s *config.Shop) { s.Refund.Currency, s.Refund.AskAbove = "EUR", "20.00" }
		case "limited":
			s.adjust = func(_ *config.Config, s *config.Shop) { s.Refund.DayLimit.Count = 1 }
		case "short":
			s.key = "short"
			s.adjust = func(c *config.Config, _ *config.Shop) { c.ReturnGO[len(c.ReturnGO)-1].CallsPerDay = 100 }
		}
		shops = append(shops, s)
	}
	return openKinds(t, nil, shops...)
}

// openQuiet loses the events of ReturnGO, and TikTok's about stock.
func openQuiet(t *testing.T) *kindHouse {
	t.Helper()
	h := openKinds(t, func(c *config.Config) {
		p := &c.Periods
		p.EventsQuiet = 5 * time.Second
		p.DeadlineWarning = 280 * time.Second
		p.OrderClosingAlert = p.OrderCloses - 10*time.Second
	})
	h.ReturnGO.SetWebhookFaults(returngosandbox.WebhookFaults{Loss: 1})
	h.TikTok.SetWebhookWeather(tiktoksandbox.WebhookWeather{Lose: 1, Topics: []int{68}})
	return h
}

// openSlow has a search that shows nothing new for minutes, and no event of TikTok's.
func openSlow(t *testing.T) *kindHouse {
	t.Helper()
	h := openKinds(t, func(c *config.Config) { c.Periods.NotShown = 4 * time.Second })
	h.TikTok.SetWebhookWeather(tiktoksandbox.WebhookWeather{Lose: 1})
	h.TikTok.SetSearchLag(100 * time.Hour) // ten minutes
	return h
}

func openSwitched(t *testing.T) *kindHouse {
	t.Helper()
	return openKinds(t, func(c *config.Config) { c.Shops[0].Switches.Restock = false })
}

func openStrange(t *testing.T) *kindHouse {
	t.Helper()
	return openKinds(t, nil)
}
