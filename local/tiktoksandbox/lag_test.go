package tiktoksandbox

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// How long a key is honoured is in no source (T12), so every life has to be survived.
func TestLifeOfAnIdempotencyKey(t *testing.T) {
	for name, test := range map[string]struct {
		life     time.Duration
		honoured time.Duration // for how long
	}{
		"ignored":    {0, -1},
		"one hour":   {time.Hour, time.Hour - time.Second},
		"a day":      {24 * time.Hour, 24*time.Hour - time.Second},
		"for ever":   {-1, 300 * 24 * time.Hour},
		"one second": {time.Second, 0},
	} {
		t.Run(name, func(t *testing.T) {
			sc := newScene(t, "GB")
			sc.s.options.ReturnWindow = 1000 * 24 * time.Hour
			sc.s.SetKeyLife(test.life)
			o := sc.mugs(1)
			body := createBody(o.ID, kindRefund, damagedUK, `,"refund_total":"1.00"`)
			again := func() (answer, int) {
				sc.token, _ = sc.s.issue(sc.s.grants[0]) // days may have passed
				return sc.create(body, "k1"), len(sc.s.ReturnsOf(o.ID))
			}
			first, _ := again()
			require.Zero(t, first.Code)
			if test.honoured >= 0 {
				sc.pass(test.honoured)
				got, made := again()
				require.JSONEq(t, string(first.Data), string(got.Data))
				require.Equal(t, 1, made, "no second effect")
			}
			if test.life < 0 {
				return
			}
			if test.life == 0 {
				got, _ := again()
				require.Equal(t, 25001011, got.Code, "the lines do not allow it while the first is open")
			}
			sc.pass(max(test.life-test.honoured, halfHour))
			got, made := again()
			require.Zero(t, got.Code)
			require.Equal(t, 2, made, "a key that is forgotten makes a new return")
		})
	}
}

func TestKeyLifeOfTheOptionsAndBack(t *testing.T) {
	sc := newScene(t, "GB")
	o := sc.mugs(1)
	body := createBody(o.ID, kindRefund, damagedUK, `,"refund_total":"1.00"`)
	require.Zero(t, sc.create(body, "k1").Code)
	sc.s.IgnoreIdempotencyKeys(true)
	require.Equal(t, 25001011, sc.create(body, "k1").Code)
	sc.s.IgnoreIdempotencyKeys(false)
	require.Zero(t, sc.create(body, "k1").Code, "known again, for 24 hours")
	forEver := New(Options{KeyLife: -1, Clock: sc.clock.Now})
	defer forEver.Close()
	require.True(t, forEver.honoured(time.Time{}))
}

// seen is what reads by id and searches show of an order and its only return.
type seen struct {
	Order, Return, ByOrder string
	Packed                 bool
	Approvable             bool
	Eligible               string
	Refundable             string
	Available              int
}

func (sc *scene) seen(orderID, returnID string) seen {
	sc.t.Helper()
	var got seen
	var orders struct {
		Orders []struct {
			Status string `json:"status"`
			Lines  []struct {
				Package string `json:"package_id"`
				Status  string `json:"display_status"`
			} `json:"line_items"`
		} `json:"orders"`
	}
	if a := sc.call("GET", "/order/202507/orders", url.Values{"ids": {orderID}}, ""); a.Code != 21008111 {
		a.into(sc.t, &orders)
		got.Order, got.Packed = orders.Orders[0].Status, orders.Orders[0].Lines[0].Package != ""
	}
	find := func(body string) (status string) {
		var data struct {
			Returns []struct {
				Status string `json:"return_status"`
			} `json:"return_orders"`
		}
		sc.call("POST", "/return_refund/202602/returns/search", nil, body).into(sc.t, &data)
		for _, one := range data.Returns {
			status += one.Status
		}
		return status
	}
	got.Return, got.ByOrder = find(`{"return_ids":["`+returnID+`"]}`), find(`{"order_ids":["`+orderID+`"]}`)
	var decisions struct {
		Decisions []struct {
			Eligible bool `json:"eligible"`
		} `json:"decisions"`
	}
	if a := sc.call("GET", "/return_refund/202601/decision_eligibility",
		url.Values{"return_or_cancel_id": {returnID}, "check_decisions": {"APPROVE_REFUND"}}, ""); a.Code == 0 {
		a.into(sc.t, &decisions)
		got.Approvable = decisions.Decisions[0].Eligible
	}
	var eligibility struct {
		SKUs []struct {
			Rows []struct {
				Type string `json:"request_type"`
				OK   bool   `json:"eligible"`
			} `json:"line_item_eligibility"`
		} `json:"sku_eligibility"`
	}
	if a := sc.call("GET", "/return_refund/202602/orders/"+orderID+"/aftersale_eligibility", nil, ""); a.Code == 0 {
		a.into(sc.t, &eligibility)
		for _, row := range eligibility.SKUs[0].Rows {
			if row.OK {
				got.Eligible += row.Type + " "
			}
		}
	}
	var amount struct {
		Amount struct {
			Total string `json:"refund_total"`
		} `json:"order_refund_amount"`
	}
	if a := sc.call("POST", "/return_refund/202602/refunds/calculate", nil,
		`{"order_id":"`+orderID+`","request_type":"REFUND","reason_name":"`+damagedUK+`"}`); a.Code == 0 {
		a.into(sc.t, &amount)
		got.Refundable = amount.Amount.Total
	}
	var stock struct {
		Inventory []struct {
			SKUs []struct {
				Total int `json:"total_available_quantity"`
			} `json:"skus"`
		} `json:"inventory"`
	}
	sc.call("POST", "/product/202309/inventory/search", nil, `{"sku_ids":["`+sc.mug+`"]}`).into(sc.t, &stock)
	got.Available = stock.Inventory[0].SKUs[0].Total
	return got
}

// Behind a cache every read is the answer that the present gave so long ago, and a
// write is of the present.
func TestReadsBehind(t *testing.T) {
	for name, behind := range map[string]func(*scene, bool){
		"by the sandbox": func(sc *scene, on bool) {
			sc.s.ReadsBehind(map[bool]time.Duration{true: time.Minute}[on])
		},
		"by faults": func(sc *scene, on bool) {
			sc.s.ClearFaults()
			if on {
				require.NoError(sc.t, sc.s.AddFault(Fault{Kind: FaultStale, Delay: time.Minute, Count: -1}))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			sc := newScene(t, "GB")
			refund := sc.received(67)
			var orderID, returnID string
			steps := []func(){
				func() { orderID = sc.buysMugs(1) },
				func() { require.NoError(t, sc.s.ShipOrder(orderID)) },
				func() { require.NoError(t, sc.s.DeliverOrder(orderID)) },
				func() {
					returnID = sc.open(ReturnSpec{OrderID: orderID, Type: kindRefund, Amount: "4.00"})
				},
				func() { require.Zero(t, sc.approve(returnID, "APPROVE_REFUND")) },
				func() { sc.pass(sc.s.options.CompleteAfter) },
			}
			last := seen{}
			for _, step := range steps {
				step()
				last = sc.seen(orderID, returnID)
				behind(sc, true)
				sc.pass(time.Minute)
				require.Equal(t, last, sc.seen(orderID, returnID), "a minute later nothing is old")
				behind(sc, false)
			}
			require.Equal(t, "5.00", last.Refundable)
			require.Len(t, refund(), 1)
		})
	}
}

// What just changed is not seen yet, by no read; events and writes are of the present.
func TestReadsBehindShowWhatWas(t *testing.T) {
	sc := newScene(t, "GB")
	told := sc.received(67)
	events := func() int { return len(told()) }
	sc.s.ReadsBehind(time.Minute)
	orderID := sc.buysMugs(1)
	require.Equal(t, seen{Available: 13}, sc.seen(orderID, ""), "not even the order")
	require.NoError(t, sc.s.ShipOrder(orderID))
	require.NoError(t, sc.s.DeliverOrder(orderID))
	sc.pass(time.Minute)
	id := sc.open(ReturnSpec{OrderID: orderID, Type: kindRefund, Amount: "4.00"})
	untouched := seen{Order: orderDelivered, Packed: true, Eligible: "REFUND RETURN_AND_REFUND ", Refundable: "9.00", Available: 12}
	require.Equal(t, untouched, sc.seen(orderID, id))
	sc.pass(time.Minute)
	pending := untouched
	pending.Return, pending.ByOrder, pending.Approvable, pending.Eligible = returnPending, returnPending, true, ""
	require.Equal(t, pending, sc.seen(orderID, id))
	require.Zero(t, sc.approve(id, "APPROVE_REFUND"))
	require.Equal(t, 25011012, sc.approve(id, "APPROVE_REFUND"), "a write knows better")
	require.Equal(t, pending, sc.seen(orderID, id))
	before := events()
	sc.pass(sc.s.options.CompleteAfter)
	require.Equal(t, before+1, events(), "told at once")
	require.Equal(t, returnSuccess, sc.seen(orderID, id).Return)
	require.Equal(t, "9.00", sc.seen(orderID, id).Refundable, "and the money is not missing yet")
	sc.s.ReadsBehind(0)
	now := sc.seen(orderID, id)
	require.Equal(t, []string{returnComplete, "5.00"}, []string{now.Return, now.Refundable})
}

// A read that is behind shows a cancelled line, a label and an offer as they were.
func TestReadsBehindKeepWhatCasesAndLinesWere(t *testing.T) {
	sc := newScene(t, "GB")
	orderID := sc.buysMugs(2)
	line := must(sc.s.Order(orderID))(t).Lines[0].ID
	sc.pass(time.Minute)
	must(sc.s.CancelOrder(orderID, line))(t)
	detail := func() string {
		return string(sc.call("GET", "/order/202507/orders", url.Values{"ids": {orderID}}, "").Data)
	}
	require.Contains(t, detail(), `"display_status":"CANCELLED"`)
	sc.s.ReadsBehind(30 * time.Second)
	require.NotContains(t, detail(), "CANCELLED")
	sc.s.ReadsBehind(0)

	id := sc.open(ReturnSpec{OrderID: sc.mugs(1).ID})
	sc.pass(time.Second)
	require.Zero(t, sc.call("POST", "/return_refund/202309/returns/"+id+"/approve", nil,
		`{"decision":"OFFER_PARTIAL_REFUND","partial_refund":{"amount":"2.00","currency":"GBP"}}`).Code)
	sc.pass(time.Minute)
	require.NoError(t, sc.s.BuyerAnswersOffer(id, true))
	search := func() string {
		return string(sc.call("POST", "/return_refund/202602/returns/search", nil, `{"return_ids":["`+id+`"]}`).Data)
	}
	require.Contains(t, search(), `"refund_total":"2.00"`)
	sc.s.ReadsBehind(30 * time.Second)
	require.Contains(t, search(), returnOffered)
	require.NotContains(t, search(), `"refund_total":"2.00"`)
}
