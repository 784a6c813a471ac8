package tiktoksandbox

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestControlSurface(t *testing.T) {
	sc := newScene(t, "GB")
	control := sc.s.ControlHandler()
	post := func(path, body string) (int, map[string]json.RawMessage) {
		recorder := httptest.NewRecorder()
		control.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/_sandbox/"+path, strings.NewReader(body)))
		var content map[string]json.RawMessage
		_ = json.Unmarshal(recorder.Body.Bytes(), &content)
		return recorder.Code, content
	}
	id := func(content map[string]json.RawMessage) string {
		var result struct {
			ID string `json:"id"`
		}
		require.NoError(t, json.Unmarshal(content["result"], &result))
		return result.ID
	}
	code, content := post("order/delivered", `{"ShopID":"`+sc.shop.ID+`","Lines":[{"SKU":"`+sc.mug+`"}]}`)
	require.Equal(t, 200, code)
	code, content = post("return", `{"OrderID":"`+id(content)+`"}`)
	require.Equal(t, 200, code)
	returnID := id(content)
	code, _ = post("return/approve", `{"id":"`+returnID+`","decision":"APPROVE_RETURN"}`)
	require.Equal(t, 200, code)
	require.Equal(t, returnAwaitingShip, sc.status(returnID))
	code, content = post("return/deliver", `{"id":"`+returnID+`"}`)
	require.Equal(t, 400, code)
	require.Contains(t, string(content["error"]), returnAwaitingShip)
	code, _ = post("return/ship", `{"misspelt":"x"}`)
	require.Equal(t, 400, code)
	recorder := httptest.NewRecorder()
	control.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/authorization/202309/shops", nil))
	require.Equal(t, 404, recorder.Code, "never mixed with the API")
}

func TestDecisionEligibilityMeansItsBooleanOnly(t *testing.T) {
	sc := newScene(t, "GB")
	id := sc.open(ReturnSpec{OrderID: sc.mugs(1).ID})
	var data struct {
		Decisions []struct {
			Decision string            `json:"decision"`
			Eligible bool              `json:"eligible"`
			Code     int               `json:"ineligible_code"`
			Reasons  []json.RawMessage `json:"available_reject_reasons"`
		} `json:"decisions"`
	}
	sc.call("GET", "/return_refund/202601/decision_eligibility",
		map[string][]string{"return_or_cancel_id": {id}, "check_decisions": {"APPROVE_RETURN,REJECT_RETURN,APPROVE_REFUND"}}, "").into(t, &data)
	require.Len(t, data.Decisions, 3)
	eligible := map[string]bool{}
	for _, d := range data.Decisions {
		eligible[d.Decision] = d.Eligible
		require.NotZero(t, d.Code, "filled even when eligible")
		require.Equal(t, d.Decision == "REJECT_RETURN", len(d.Reasons) > 0)
	}
	require.Equal(t, map[string]bool{"APPROVE_RETURN": true, "REJECT_RETURN": true, "APPROVE_REFUND": false}, eligible)
}

func TestEligibilityAndCalculationFollowTheMarket(t *testing.T) {
	for region, want := range map[string]bool{"GB": true, "MY": false} {
		sc := newScene(t, region)
		o := sc.mugs(2)
		var data struct {
			SKUs []struct {
				Rows []struct {
					Type     string   `json:"request_type"`
					Eligible bool     `json:"eligible"`
					Lines    []string `json:"order_line_items_ids"`
				} `json:"line_item_eligibility"`
			} `json:"sku_eligibility"`
		}
		sc.call("GET", "/return_refund/202602/orders/"+o.ID+"/aftersale_eligibility",
			map[string][]string{"request_types": {"REFUND"}}, "").into(t, &data)
		require.Len(t, data.SKUs[0].Rows, 1)
		require.Equal(t, want, data.SKUs[0].Rows[0].Eligible, region)
		require.Len(t, data.SKUs[0].Rows[0].Lines, 2)
	}
	sc := newScene(t, "GB")
	o := sc.mugs(2)
	require.NoError(t, sc.s.SetRefundable(o.ID, o.Lines[0].ID, "7.77"))
	var data struct {
		Amount struct {
			Total string `json:"refund_total"`
		} `json:"order_refund_amount"`
	}
	sc.call("POST", "/return_refund/202602/refunds/calculate", nil,
		`{"order_id":"`+o.ID+`","request_type":"REFUND","reason_name":"`+damagedUK+`"}`).into(t, &data)
	require.Equal(t, "16.77", data.Amount.Total)
}

// With the wall clock everything happens in the background; the test waits for
// the event, not for time.
func TestWallClockDeliversByItself(t *testing.T) {
	s := New(Options{PeriodFactor: 1e-7})
	defer s.Close()
	topics := make(chan string, 100)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var note struct {
			Data struct {
				Status string `json:"refund_status"`
			} `json:"data"`
		}
		_ = json.NewDecoder(r.Body).Decode(&note)
		topics <- note.Data.Status
	}))
	defer receiver.Close()
	s.AddShop(Shop{ID: "7490000000000000001"})
	warehouse := must(s.AddWarehouse(Warehouse{ShopID: "7490000000000000001"}))(t)
	_, skus, err := s.AddProduct(Product{ShopID: "7490000000000000001", SKUs: []SKU{{Price: "1.00", Stock: map[string]int{warehouse: 1}}}})
	require.NoError(t, err)
	require.NoError(t, s.SubscribePartnerCenter(67, receiver.URL))
	o := must(s.DeliveredOrder(OrderSpec{ShopID: "7490000000000000001", Lines: []OrderLine{{SKU: skus[0]}}}))(t)
	must(s.SellerCenterRefunds(o, nil, ""))(t)
	select {
	case status := <-topics:
		require.Equal(t, "REFUND_SUCCESS", status)
	case <-time.After(10 * time.Second):
		t.Fatal("no refund notification")
	}
}
