package app

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

const store = "example.myshopify.com"

func (p *platforms) sync(moved string, yes bool) (string, error) {
	p.t.Helper()
	err := p.syncWebhooks(p.t.Context(), "", moved, yes, p.out())
	return p.text(), err
}

// registered is what both platforms hold, as event and address.
func (p *platforms) registered() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []string
	for event, address := range p.tiktok {
		all = append(all, event+" "+address)
	}
	all = slices.AppendSeq(all, maps.Values(p.returnGO[store]))
	slices.Sort(all)
	return all
}

// allRight is what should be registered for a shop.
func (p *platforms) allRight(shops ...string) []string {
	var all []string
	for _, topic := range tiktokTopics {
		all = append(all, topic+" https://returns.example.com/webhooks/tiktok")
	}
	for _, s := range p.cfg.Shops {
		for _, event := range returnGOEvents {
			if slices.Contains(shops, s.Name) {
				all = append(all, event+" "+ReturnGOAddress("https://returns.example.com", s.Name, s.WebhookToken))
			}
		}
	}
	slices.Sort(all)
	return all
}

func TestASyncRegistersWhatIsMissingOnceAllowed(t *testing.T) {
	t.Parallel()
	p := newPlatforms(t, demo)
	said, err := p.sync("", false)
	require.NoError(t, err)
	require.Empty(t, p.wrote(), "a preview writes nothing")
	require.Contains(t, said, "demo-gb  ReturnGO  RMA_CREATED                        add")
	require.Contains(t, said, "8 changes to be made. Nothing was changed: add --yes to do it.")
	require.Contains(t, said, "To be switched on by a person in TikTok's Partner Center, with the address https://returns.example.com/webhooks/tiktok:\n  topic 67 (REFUND_SUCCESS)")
	said, err = p.sync("", true)
	require.NoError(t, err)
	require.Len(t, p.wrote(), 8)
	require.Contains(t, said, "demo-gb  TikTok    RETURN_STATUS_CHANGE               add, done")
	require.Equal(t, p.allRight(demo), p.registered())
	said, err = p.sync("", true)
	require.NoError(t, err)
	require.Empty(t, p.wrote(), "what is right stays")
	require.Contains(t, said, "RETURN_STATUS_CHANGE               right")
}

// What others registered is theirs, and where it stands in the way of ours a
// person hears of it.
func TestASyncRemovesOnlyItsOwn(t *testing.T) {
	t.Parallel()
	p := newPlatforms(t, demo, "demo-de")
	both := p.cfg.Shops
	p.cfg.Shops = both[:1]
	address := ReturnGOAddress("https://returns.example.com", demo, both[0].WebhookToken)
	others := map[string]string{
		"a": "RMA_CREATED https://erp.example.com/hook", "b": "RMA_CREATED " + ReturnGOAddress("https://staging.example.com", demo, "their-token"),
		"c": "RMA_CREATED " + ReturnGOAddress("https://returns.example.com", "demo-de", both[1].WebhookToken),
		"d": "RMA_CREATED https://returns.example.com/other/path", "e": "RMA_CREATED https://returns.example.com.evil.example/webhooks/returngo/demo-gb/x",
	}
	p.returnGO[store] = maps.Clone(others)
	p.returnGO[store]["1"] = "RMA_CREATED " + address
	p.returnGO[store]["2"] = "RMA_CREATED " + address                                                       // twice
	p.returnGO[store]["3"] = "RMA_CREATED " + ReturnGOAddress("https://returns.example.com", demo, "older") // an old token
	p.returnGO[store]["4"] = "SHIPMENT_CREATED " + address                                                  // of no use
	p.tiktok["NEW_MESSAGE"] = "https://chat.example.com/"
	p.tiktok["PACKAGE_UPDATE"] = "https://returns.example.com/webhooks/tiktok" // of no use
	p.tiktok[tiktokshop.OrderStatusChange] = "https://erp.example.com/orders"
	said, err := p.sync("", true)
	require.EqualError(t, err, "shop demo-gb: ORDER_STATUS_CHANGE at TikTok: it goes to erp.example.com; if that is an earlier address of this program, name it with --moved-from")
	require.Contains(t, said, "ORDER_STATUS_CHANGE                left alone")
	want := slices.DeleteFunc(p.allRight(demo), func(s string) bool { return s == "ORDER_STATUS_CHANGE https://returns.example.com/webhooks/tiktok" })
	want = append(want, "NEW_MESSAGE https://chat.example.com/", "ORDER_STATUS_CHANGE https://erp.example.com/orders")
	want = slices.AppendSeq(want, maps.Values(others))
	slices.Sort(want)
	require.Equal(t, want, p.registered())
	_, err = p.sync("", true)
	require.Error(t, err, "until somebody decides")
	p.wrote()
	p.cfg.Shops = both
	_, err = p.sync("", true)
	require.Error(t, err)
	require.Equal(t, []string{"add RMA_STATUS_UPDATED", "add TRANSACTION_CREATED", "add REFUND_CREATED"}, p.wrote(), "two shops in one store keep their own")
}

// A program that has moved takes its registrations along; each new one comes
// before the old one goes.
func TestASyncFollowsAMove(t *testing.T) {
	t.Parallel()
	p := newPlatforms(t, demo)
	p.cfg.WebhookURL = "https://old.example.com"
	_, err := p.sync("", true)
	require.NoError(t, err)
	p.cfg.WebhookURL = "https://returns.example.com"
	_, err = p.sync("", false)
	require.NoError(t, err)
	p.wrote()
	said, err := p.sync("https://old.example.com/", true)
	require.NoError(t, err)
	require.Contains(t, said, "move, done    from old.example.com")
	require.Equal(t, p.allRight(demo), p.registered())
	added := slices.Index(p.calls, "add REFUND_CREATED")
	removed := slices.IndexFunc(p.calls, func(c string) bool { return len(c) > 6 && c[:6] == "remove" })
	require.Positive(t, added)
	require.Greater(t, removed, added)
	for _, wrong := range []string{"returns.example.com", "https://returns.example.com/", "://"} {
		_, err = p.sync(wrong, false)
		require.ErrorContains(t, err, "--moved-from must be an earlier webhook_url", wrong)
	}
}

// What works is not taken away while its successor could not be registered.
func TestASyncKeepsTheOldUntilTheNewIsThere(t *testing.T) {
	t.Parallel()
	p := newPlatforms(t, demo)
	old := "RMA_CREATED " + ReturnGOAddress("https://returns.example.com", demo, "older")
	p.returnGO[store] = map[string]string{"1": old}
	p.refuse = "add RMA_CREATED"
	said, err := p.sync("", true)
	require.ErrorContains(t, err, "RMA_CREATED at ReturnGO: add: ")
	require.Contains(t, said, "remove, NOT DONE")
	require.Contains(t, p.registered(), old)
	p.refuse = ""
	_, err = p.sync("", true)
	require.NoError(t, err)
	require.Equal(t, p.allRight(demo), p.registered())
}

func TestASyncGoesOnAfterARefusal(t *testing.T) {
	t.Parallel()
	p := newPlatforms(t, demo)
	p.refuse, p.expired = "set RETURN_STATUS_CHANGE", true
	said, err := p.sync("", true)
	require.ErrorContains(t, err, "shop demo-gb: RETURN_STATUS_CHANGE at TikTok: add: tiktok Update Shop Webhook")
	require.Contains(t, said, "RETURN_STATUS_CHANGE               add, NOT DONE")
	require.Len(t, p.registered(), 7, "with a token that was renewed")
	p.refuse = ""
	_, err = p.sync("", true)
	require.NoError(t, err)
	require.Equal(t, p.allRight(demo), p.registered())
	p.cfg.WebhookURL = ""
	_, err = p.sync("", true)
	require.ErrorContains(t, err, "webhook_url is not set")
	p.cfg.WebhookURL = "https://returns.example.com"
	require.ErrorContains(t, p.syncWebhooks(t.Context(), "other", "", true, p.out()), "no shop other")
}

// What is registered is what somebody looks at: else it is a row for nothing.
func TestEveryRegisteredEventIsOfUse(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	look := func(e ledger.Event) int {
		n := 0
		b.do(t, func(tx *ledger.Tx) error {
			some, _, err := b.relay.concerned(t.Context(), tx, e)
			n = len(some)
			return err
		})
		return n
	}
	for _, event := range returnGOEvents {
		require.Positive(t, look(ledger.Event{Shop: "uk", Platform: returns.ReturnGO, Topic: event, RMAID: "1", Status: "Received"}), event)
	}
	require.Positive(t, look(ledger.Event{Shop: "uk", Platform: returns.TikTok, Topic: tiktokshop.ReturnStatusChange, TikTokReturnID: "1", Status: "X"}))
	require.Contains(t, tiktokTopics, tiktokshop.ReturnStatusChange)
}
