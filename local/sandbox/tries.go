package sandbox

import (
	"encoding/json"
	"fmt"
	"strings"
)

// try is one thing to do through the controls. Words in capitals stand for what
// an earlier answer gave.
type try struct {
	what     string
	platform string // tiktok or returngo
	name     string // of the control
	body     map[string]any
	gives    []string // paths into the answer, each as PLACEHOLDER=path
}

type m = map[string]any

// tries are a return's story, then what can go wrong. They need one seeded order.
func (p *platforms) tries() []try {
	o := p.orders[0]
	sku, warehouse := o.sku, p.warehouse
	story := []try{
		{"a buyer asks for a return in the TikTok app", "tiktok", "return", m{"OrderID": o.id}, []string{"RETURN_ID=result.id"}},
		{"and on the returns portal", "returngo", "create-rma", m{"shop": store, "rma": m{"orderId": "shop-" + o.id, "items": []m{
			{"lineId": "line-" + o.id, "quantity": 1, "reason": "Not as described", "policyRule": "TikTok refund", "resolutionName": "Marketplace refund"}}}},
			[]string{"RMA_ID=rmaId", "ITEM_ID=itemIds.0"}},
		{"the merchant approves it", "returngo", "approve", m{"rmaId": "RMA_ID"}, nil},
		{"only without a worker: somebody approves it in Seller Center", "tiktok", "return/approve", m{"id": "RETURN_ID", "decision": "APPROVE_RETURN"}, nil},
		{"the buyer sends the parcel", "tiktok", "return/ship", m{"id": "RETURN_ID", "tracking": "TRK1"}, nil},
		{"which the portal sees too", "returngo", "ship", m{"rmaId": "RMA_ID", "tracking": "TRK1", "carrier": "Demo Post"}, nil},
		{"the parcel is back: TikTok's 48 hours start", "tiktok", "return/deliver", m{"id": "RETURN_ID"}, nil},
		{"and is booked in", "returngo", "receive", m{"rmaId": "RMA_ID"}, nil},
		{"the unit goes on the shelf", "tiktok", "stock/receive", m{"sku": sku, "warehouse": warehouse, "units": 1}, nil},
		{"its inspection passes", "returngo", "validate", m{"rmaId": "RMA_ID", "items": []m{{"itemId": "ITEM_ID", "returned": true, "restockable": true, "location": location}}}, nil},
		{"the refund is authorised", "returngo", "request-refund", m{"rmaId": "RMA_ID", "itemIds": []string{"ITEM_ID"}, "amount": o.price}, nil},
		{"what TikTok says of the return", "tiktok", "return/show", m{"id": "RETURN_ID"}, nil},
		{"and what really happened: payments, stock, every write", "tiktok", "books", m{}, nil},
	}
	trouble := []try{
		{"the next approval takes effect, but its answer is lost", "tiktok", "fault", m{"Endpoint": "returns/approve", "Kind": "drop_after_write"}, nil},
		{"TikTok is down for ten calls", "tiktok", "fault", m{"Kind": "unavailable", "Count": 10}, nil},
		{"ReturnGO is down for ten calls", "returngo", "fault", m{"kind": "503", "count": 10}, nil},
		{"both are well again", "tiktok", "faults/clear", m{}, nil},
		{"", "returngo", "clear-faults", m{}, nil},
		{"half of TikTok's webhooks are lost, half of the others come twice", "tiktok", "weather", m{"Lose": 0.5, "Duplicate": 0.5}, nil},
		{"two are sold between our next stock read and our write", "tiktok", "stock/window", m{"SKU": sku, "Steps": []m{{"Do": "sell", "Warehouse": warehouse, "Units": 2}}}, nil},
		{"another program writes the stock", "tiktok", "stock/adjust", m{"sku": sku, "warehouse": warehouse, "units": 5, "cause": "api_sync"}, nil},
		{"the access token runs out", "tiktok", "expiretokens", m{"id": shopID}, nil},
		{"somebody buys, and pays", "tiktok", "order", m{"ShopID": shopID, "Lines": []m{{"SKU": sku, "Quantity": 2}}}, []string{"ORDER_ID=result.id"}},
		{"and asks to cancel: silence for 48 hours is consent", "tiktok", "order/buyercancel", m{"id": "ORDER_ID"}, nil},
		{"what became of every webhook", "tiktok", "deliveries", m{}, nil},
		{"the seller removes the app", "tiktok", "deauthorize", m{"id": shopID}, nil},
	}
	return append(story, trouble...)
}

func (p *platforms) address(t try) string {
	return p.controlURL + "/" + t.platform + "/_sandbox/" + t.name
}

// line is the try as somebody would type it.
func (p *platforms) line(t try) string {
	body, err := json.Marshal(t.body)
	if err != nil {
		panic(fmt.Sprintf("sandbox: %s: %v", t.name, err))
	}
	return fmt.Sprintf("curl -d '%s' %s", body, p.address(t))
}

// guide is what the command prints.
func (p *platforms) guide() string {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	say("TikTok Shop   %s   app key %s, app secret %s, shop %s, cipher %s", p.tiktokURL, appKey, appSecret, shopID, cipher)
	say("              access token %s, refresh token %s", p.accessToken, p.refreshToken)
	say("ReturnGO      %s   API key %s, store %s", p.returngoURL, apiKey, store)
	say("Controls      %s/tiktok/_sandbox/… and /returngo/_sandbox/…: see local/tiktoksandbox/README.md and local/returngosandbox/README.md", p.controlURL)
	if p.temporal != "" {
		say("Temporal      %s   Web UI %s", p.temporal, p.temporalUI)
	}
	say("Periods pass %g times faster: TikTok's 48 hours are %s.", p.options.Speed, p.deadline())
	say("\nProducts (SKU, seller SKU, price); stock is kept in warehouse %s and a second one", p.warehouse)
	for _, one := range p.products {
		say("  %s  %-8s %s", one.sku, one.sellerSKU, one.price)
	}
	say("\nDelivered orders; ReturnGO knows each as shop-<number>, named #TT-<number>")
	for _, one := range p.orders {
		say("  %s  %s", one.id, one.sellerSKU)
	}
	say("\n# config.yaml, for worker and starter. Each start of this command is a new world: delete the ledger.\n%s", p.config())
	say("Then, each with --config: starter check, starter webhooks sync --yes, worker, starter serve.\n")
	if len(p.orders) == 0 {
		say("Nothing to try without an order: give --seed-orders.")
	} else {
		say("Things to try. Words in capitals stand for what an answer before gave.")
		for _, t := range p.tries() {
			if t.what != "" {
				say("# %s%s", t.what, given(t))
			}
			say("%s", p.line(t))
		}
	}
	say("\nCtrl-C ends it.")
	return b.String()
}

func given(t try) string {
	if len(t.gives) == 0 {
		return ""
	}
	return "; the answer gives " + strings.Join(t.gives, " and ")
}
