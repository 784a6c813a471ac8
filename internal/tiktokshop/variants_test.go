package tiktokshop_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

// Every row of contract 7 that we read: each print leads to the same words.
func TestKnownInconsistencies(t *testing.T) {
	t.Parallel()
	type prints []string
	order := func(fields string) string { return `{"orders":[{` + fields + `}]}` }
	returned := func(fields string) string { return `{"return_orders":[{` + fields + `}]}` }
	cancelled := func(fields string) string { return `{"cancellations":[{` + fields + `}]}` }
	eligible := func(fields string) string {
		return `{"sku_eligibility":[{"line_item_eligibility":[{` + fields + `}]}]}`
	}
	for name, c := range map[string]struct {
		call   string
		prints prints
		want   string // what the words must hold, as JSON
	}{
		"cancellation closed": {"cancellations-search-202602", prints{
			cancelled(`"cancel_status":"CANCELLATION_REQUEST_CANCEL"`), cancelled(`"cancel_status":"CANCELLATION_REQUEST_CANCELLED"`),
		}, `"Status":"` + tiktokshop.CancellationClosed + `"`},
		"return closed": {"returns-search-202602", prints{
			returned(`"return_status":"RETURN_OR_REFUND_REQUEST_CANCEL"`), returned(`"return_status":"RETURN_OR_REFUND_REQUEST_CANCELLED"`),
			returned(`"return_status":"RETURN_OR_REFUND__REQUEST_CANCELLED"`),
		}, `"status":"` + returns.TikTokCancelled + `"`},
		"order cancelled": {"order-list-202309", prints{order(`"status":"CANCELLED"`), order(`"status":"CANCEL"`)},
			`"status":"` + returns.OrderCancelled + `"`},
		"line cancelled": {"order-list-202309", prints{
			order(`"line_items":[{"display_status":"CANCELLED"}]`), order(`"line_items":[{"display_status":"CANCEL"}]`),
		}, `"status":"` + returns.OrderCancelled + `"`},
		"cancel type stays": {"cancellations-search-202602", prints{cancelled(`"cancel_type":"REQUEST_CANCEL_REFUND"`)},
			`"Type":"REQUEST_CANCEL_REFUND"`},
		"return method": {"returns-search-202602", prints{
			returned(`"return_id":"1","return_method":"SELLER_SHIPPED"`), returned(`"return_id":"1","return_method":"SELLER_ARRANGE"`),
		}, `"id":"1"`},
		"line id lists": {"aftersale-eligibility-202602", prints{
			eligible(`"order_line_items_ids":["7","8"]`), eligible(`"order_line_item_ids":["7","8"]`), eligible(`"order_line_item_ids":[7,8]`),
		}, `"OrderLineIDs":["7","8"]`},
		"exchange source": {"order-list-202309", prints{
			order(`"is_exchange_order":true,"exchange_source_order_id":"5"`), order(`"is_exchange_order":true,"exchange_order_source_id":"5"`),
		}, `"replaces":"5"`},
		"eligibility request type": {"aftersale-eligibility-202602", prints{
			eligible(`"request_type":"RETURN_AND_REFUND"`), eligible(`"request_type":"RETURN"`),
		}, `"RequestType":"` + returns.TypeReturnAndRefund + `"`},
		"available_reason_names": {"aftersale-eligibility-202602", prints{
			eligible(`"available_reason_names":["a,b"]`), eligible(`"available_reason_names":"a,b"`),
		}, `"Reasons":["a,b"]`},
		"role": {"returns-search-202602", prints{returned(`"role":"BUYER"`), returned(`"role":"Buyer"`)}, `"role":"BUYER"`},
		"next_page_token": {"returns-search-202602", prints{
			`{"return_orders":[],"next_page_token":""}`, `{"return_orders":[]}`, `{"next_page_token":null}`, `{}`,
		}, `null,""`},
		"distict": {"warehouses", prints{
			`{"warehouses":[{"id":"1","address":{"distict":"x"}}]}`, `{"warehouses":[{"id":"1","address":{"district":"x"}}]}`,
		}, `"ID":"1"`},
	} {
		var first any
		for i, data := range c.prints {
			got, err := calls[c.call](t.Context(), canned(t, 200, []byte(`{"code":0,"data":`+data+`}`)))
			require.NoError(t, err, "%s: %s", name, data)
			words, err := json.Marshal(got)
			require.NoError(t, err)
			require.Contains(t, string(words), c.want, "%s: %s", name, data)
			if i == 0 {
				first = got
			}
			require.Equal(t, first, got, "%s: %s", name, data)
		}
	}
}

// The code in data.errors is a number or a string (contract 7), for every call.
func TestErrorsBelowCodeZeroAreNeverSuccess(t *testing.T) {
	t.Parallel()
	for name, call := range calls {
		for _, code := range []string{`12052109`, `"12052109"`} {
			_, err := call(t.Context(), canned(t, 200, []byte(`{"code":0,"request_id":"r","data":{"errors":[{"code":`+code+`}]}}`)))
			e := failed(t, err)
			require.Equal(t, platform.Retry, e.Class, name)
			require.Equal(t, "12052109", e.Code, name)
			require.Equal(t, "r", e.RequestID, name)
		}
	}
}

// The times of topic 65 have two names; the event's own time is read.
func TestTimesOfAnRMA(t *testing.T) {
	t.Parallel()
	for _, times := range []string{`"rma_create_time":1,"rma_update_time":2`, `"rma_request_create_time":1,"rma_request_update_time":2`} {
		e, err := tiktokshop.ParseEvent(fmt.Appendf(nil, `{"type":65,"timestamp":1760000005,"tts_notification_id":"1","data":{"rma_id":"7",%s}}`, times))
		require.NoError(t, err)
		require.Equal(t, tiktokshop.Event{ID: "1", Topic: tiktokshop.RMAStatus, Number: 65, At: at(1760000005), RMAID: "7"}, e)
	}
}

// Two pages of a moving list: the client gives what TikTok prints, duplicates
// too, and sends token, filter and sort unchanged; the caller counts by id.
func TestWalk(t *testing.T) {
	t.Parallel()
	for name, walk := range map[string]func(s shop, token string) ([]string, string, error){
		"returns": func(s shop, token string) (ids []string, _ string, _ error) {
			found, next, err := s.SearchReturns(t.Context(), tiktokshop.ReturnFilter{UpdatedFrom: at(1)}, token)
			for _, r := range found {
				ids = append(ids, r.ID)
			}
			return ids, next, err
		},
		"cancellations": func(s shop, token string) (ids []string, _ string, _ error) {
			found, next, err := s.SearchCancellations(t.Context(), tiktokshop.CancellationFilter{UpdatedFrom: at(1)}, token)
			for _, c := range found {
				ids = append(ids, c.ID)
			}
			return ids, next, err
		},
		"orders": func(s shop, token string) (ids []string, _ string, _ error) {
			found, next, err := s.SearchOrders(t.Context(), tiktokshop.OrderFilter{UpdatedFrom: at(1)}, tiktokshop.Page{Token: token})
			for _, o := range found {
				ids = append(ids, o.ID)
			}
			return ids, next, err
		},
	} {
		f := newFake(t, pages)
		var ids []string
		for token, more := "", true; more; more = token != "" {
			some, next, err := walk(f.shop, token)
			require.NoError(t, err, name)
			ids, token = append(ids, some...), next
			require.LessOrEqual(t, len(f.all()), 2, "%s: a walk without an end", name)
		}
		require.Equal(t, []string{"1", "2", "2", "3"}, ids, name)
		require.Len(t, f.all(), 2, name)
		require.Equal(t, f.all()[0].Body, f.all()[1].Body, name)
		require.Equal(t, []string{"p+/=2"}, f.all()[1].Query["page_token"], name)
		for _, fixed := range []string{"page_size", "sort_field", "sort_order"} {
			require.NotEmpty(t, f.all()[0].Query[fixed], name)
			require.Equal(t, f.all()[0].Query[fixed], f.all()[1].Query[fixed], name)
		}
	}
}
