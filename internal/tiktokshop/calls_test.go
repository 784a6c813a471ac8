package tiktokshop_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

// canned is a client that gets the same answer to everything, without a network.
func canned(t testing.TB, status int, body []byte) *tiktokshop.Client {
	t.Helper()
	return newClient(t, "http://tiktok.invalid", &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body))}, nil
	})})
}

// calls is every call that reads something out of an answer, by its sample.
var calls = map[string]func(context.Context, *tiktokshop.Client) (any, error){
	"authorized-shops": func(ctx context.Context, c *tiktokshop.Client) (any, error) {
		shops, err := c.AuthorizedShops(ctx, token)
		var plain [][]string // AuthorizedShop does not print its cipher
		for _, s := range shops {
			plain = append(plain, []string{s.ID, s.Name, s.Region, s.SellerType, s.Code, s.Cipher})
		}
		return plain, err
	},
	"order-detail-202507-bundle": func(ctx context.Context, c *tiktokshop.Client) (any, error) {
		return c.Shop(access).Orders(ctx, "1")
	},
	"order-list-202309": func(ctx context.Context, c *tiktokshop.Client) (any, error) {
		return paged(c.Shop(access).SearchOrders(ctx, tiktokshop.OrderFilter{}, tiktokshop.Page{}))
	},
	"returns-search-202602": func(ctx context.Context, c *tiktokshop.Client) (any, error) {
		return paged(c.Shop(access).SearchReturns(ctx, tiktokshop.ReturnFilter{}, ""))
	},
	"return-records": func(ctx context.Context, c *tiktokshop.Client) (any, error) {
		return c.Shop(access).ReturnRecords(ctx, "1")
	},
	"return-create-202602": func(ctx context.Context, c *tiktokshop.Client) (any, error) {
		created, _, err := c.Shop(access).CreateReturn(ctx, tiktokshop.CreateReturn{
			Type: returns.TypeReturnAndRefund, Lines: []tiktokshop.LineRef{{OrderLineID: "1"}},
		}, "k")
		return created, err
	},
	"reject-reasons": func(ctx context.Context, c *tiktokshop.Client) (any, error) {
		return c.Shop(access).RejectReasons(ctx, "1")
	},
	"refund-calculate-202602": func(ctx context.Context, c *tiktokshop.Client) (any, error) {
		return c.Shop(access).CalculateRefund(ctx, tiktokshop.CalculateRefund{Lines: []tiktokshop.LineRef{{OrderLineID: "1"}}})
	},
	"aftersale-eligibility-202602": func(ctx context.Context, c *tiktokshop.Client) (any, error) {
		return c.Shop(access).Eligibility(ctx, "1")
	},
	"decision-eligibility-202601": func(ctx context.Context, c *tiktokshop.Client) (any, error) {
		return c.Shop(access).DecisionEligibility(ctx, "1")
	},
	"cancellations-search-202602": func(ctx context.Context, c *tiktokshop.Client) (any, error) {
		return paged(c.Shop(access).SearchCancellations(ctx, tiktokshop.CancellationFilter{}, ""))
	},
	"cancel-order-202602": func(ctx context.Context, c *tiktokshop.Client) (any, error) {
		cancelled, _, err := c.Shop(access).CancelOrder(ctx, tiktokshop.CancelOrder{OrderID: "1", WholeOrder: true})
		return cancelled, err
	},
	"inventory-search": func(ctx context.Context, c *tiktokshop.Client) (any, error) {
		return c.Shop(access).Inventory(ctx, tiktokshop.InventoryFilter{SKUIDs: []string{"1"}})
	},
	"stock-operation-settings": func(ctx context.Context, c *tiktokshop.Client) (any, error) {
		return c.Shop(access).SetAutoRestock(ctx, "1", true, "640980552219687")
	},
	"warehouses": func(ctx context.Context, c *tiktokshop.Client) (any, error) { return c.Shop(access).Warehouses(ctx) },
	"statements": func(ctx context.Context, c *tiktokshop.Client) (any, error) {
		return paged(c.Shop(access).Statements(ctx, time.Time{}, time.Time{}, tiktokshop.Page{}))
	},
	"order-statement-transactions-202501": func(ctx context.Context, c *tiktokshop.Client) (any, error) {
		return c.Shop(access).SettledOrder(ctx, "1")
	},
	"webhooks-list": func(ctx context.Context, c *tiktokshop.Client) (any, error) { return c.Shop(access).Webhooks(ctx) },
	"product":       func(ctx context.Context, c *tiktokshop.Client) (any, error) { return c.Shop(access).Product(ctx, "1") },
	"products": func(ctx context.Context, c *tiktokshop.Client) (any, error) {
		return paged(c.Shop(access).SearchProducts(ctx, tiktokshop.ProductFilter{}, tiktokshop.Page{}))
	},
	"token": func(ctx context.Context, c *tiktokshop.Client) (any, error) {
		g, err := c.Refresh(ctx, "RT-0")
		return []any{g.AccessToken, g.RefreshToken, g.AccessExpires, g.RefreshExpires, g.OpenID, g.Region, g.UserType, g.Scopes}, err
	},
	"inventory-update-partial-failure": func(ctx context.Context, c *tiktokshop.Client) (any, error) {
		return c.Shop(access).UpdateInventory(ctx, "1", oneLevel, time.Time{})
	},
}

func paged[T any](found []T, next string, err error) (any, error) { return []any{found, next}, err }

// printed is an answer per call: the sample, or where there is none the form of
// the contract.
func printed(t testing.TB) map[string][]byte {
	t.Helper()
	const product = `{"id":"1728","title":"Tea set","status":"LIVE","product_status":"ACTIVATE","product_types":["COMBINED_PRODUCT"],
		"skus":[{"id":"1729","seller_sku":"TEA-SET","inventory":[{"warehouse_id":"70","quantity":4}],
		"combined_skus":[{"product_id":"1","sku_id":"2","seller_sku":"MUG","sku_count":2}]}]}`
	forms := map[string]string{
		"product":  `{"code":0,"data":` + product + `}`,
		"products": `{"code":0,"data":{"total_count":1,"next_page_token":"n","products":[` + product + `]}}`,
		"token": `{"code":0,"message":"success","request_id":"r","data":{"access_token":"AT-1","access_token_expire_in":1760604800,
			"refresh_token":"RT-1","refresh_token_expire_in":1791536000,"open_id":"7010000000000000001","seller_name":"Demo seller",
			"seller_base_region":"GB","user_type":0,"granted_scopes":["seller.order.info"]}}`,
	}
	all := samples(t)
	answers := map[string][]byte{}
	for name := range calls {
		if form, ok := forms[name]; ok {
			answers[name] = []byte(form)
			continue
		}
		s, ok := all[name]
		require.True(t, ok, name)
		answers[name] = s.Payload
	}
	return answers
}

// reprint gives the answer with every value changed by f.
func reprint(t *testing.T, answer []byte, f func(any) any) []byte {
	t.Helper()
	var walk func(any) any
	walk = func(v any) any {
		switch v := v.(type) {
		case map[string]any:
			for key, inner := range v {
				v[key] = walk(inner)
			}
		case []any:
			for i, inner := range v {
				v[i] = walk(inner)
			}
		}
		return f(v)
	}
	out, err := json.Marshal(walk(parsed(t, answer)))
	require.NoError(t, err)
	return out
}

func parsed(t *testing.T, answer []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(answer))
	d.UseNumber() // ids must keep their digits here as well
	var v any
	require.NoError(t, d.Decode(&v))
	return v
}

// Numbers as strings, ids and amounts as numbers, unknown fields anywhere, lone
// elements without their brackets: the same is read (contract 1.5, 7, T02).
func TestOtherPrintsReadTheSame(t *testing.T) {
	t.Parallel()
	prints := map[string]func(any) any{
		"numbers as strings": func(v any) any {
			if n, ok := v.(json.Number); ok {
				return n.String()
			}
			return v
		},
		"strings as numbers": func(v any) any {
			var n json.Number
			if s, ok := v.(string); ok && json.Unmarshal([]byte(s), &n) == nil && n != "" {
				return n
			}
			return v
		},
		"flags as words": func(v any) any {
			if yes, ok := v.(bool); ok {
				return map[bool]string{true: "true", false: "false"}[yes]
			}
			return v
		},
		"unknown fields": func(v any) any {
			if fields, ok := v.(map[string]any); ok {
				fields["new_in_2027"] = map[string]any{"a": []any{1, "x", nil}}
			}
			return v
		},
		"one without brackets": func(v any) any {
			if elements, ok := v.([]any); ok && len(elements) == 1 {
				return elements[0]
			}
			return v
		},
		"nulls among them": func(v any) any {
			if elements, ok := v.([]any); ok {
				return append(elements, nil)
			}
			return v
		},
	}
	for name, answer := range printed(t) {
		want, wantErr := calls[name](t.Context(), canned(t, 200, answer))
		for how, f := range prints {
			changed := reprint(t, answer, f)
			got, err := calls[name](t.Context(), canned(t, 200, changed))
			require.Equal(t, want, got, "%s, %s", name, how)
			require.Equal(t, wantErr, err, "%s, %s", name, how)
		}
	}
}

// places lists the ways to every field of the answer's data.
func places(v any, at []string) [][]string {
	var all [][]string
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			here := append(slices.Clone(at), key)
			all = append(append(all, here), places(v[key], here)...)
		}
	case []any:
		for _, inner := range v[:min(len(v), 1)] {
			all = append(all, places(inner, at)...)
		}
	}
	return all
}

// change puts something else into a place of a parsed answer, in the first
// element of each list on the way; nothing: the field is taken out.
func change(v any, place []string, to any, remove bool) {
	if elements, ok := v.([]any); ok {
		v = elements[0]
	}
	fields, ok := v.(map[string]any)
	switch {
	case !ok:
	case len(place) > 1:
		change(fields[place[0]], place[1:], to, remove)
	case remove:
		delete(fields, place[0])
	default:
		fields[place[0]] = to
	}
}

// Absent, null and empty are the same (contract 1.5), and none of them makes an
// answer unreadable: what is missing is either unknown or named as missing.
func TestAbsentNullAndEmptyAreTheSame(t *testing.T) {
	t.Parallel()
	for name, answer := range printed(t) {
		data := parsed(t, answer).(map[string]any)["data"]
		for _, place := range append(places(data, []string{"data"}), []string{"data"}) {
			read := func(to any, remove bool) (any, error) {
				v := parsed(t, answer)
				change(v, place, to, remove)
				raw, err := json.Marshal(v)
				require.NoError(t, err)
				return calls[name](t.Context(), canned(t, 200, raw))
			}
			want, wantErr := read(nil, true)
			if wantErr != nil {
				require.NotContains(t, wantErr.Error(), "documented form", "%s without %v", name, place)
			}
			for _, empty := range []any{nil, ""} {
				got, err := read(empty, false)
				require.Equal(t, want, got, "%s with empty %v", name, place)
				require.Equal(t, platform.ClassOf(wantErr), platform.ClassOf(err), "%s with empty %v", name, place)
			}
		}
	}
}

// A word nobody has heard of comes out as it is, wherever one stands (T02).
func TestUnknownWordsAreKept(t *testing.T) {
	t.Parallel()
	for name, fields := range map[string][]string{
		"order-detail-202507-bundle":   {"status", "fulfillment_type", "display_status"},
		"returns-search-202602":        {"return_type", "return_status", "arbitration_status", "role", "return_reason", "action"},
		"cancellations-search-202602":  {"cancel_type", "cancel_status", "role", "cancel_reason", "action"},
		"aftersale-eligibility-202602": {"request_type"},
		"decision-eligibility-202601":  {"decision"},
		"return-create-202602":         {"return_status"},
		"cancel-order-202602":          {"cancel_status"},
		"return-records":               {"event", "role"},
		"warehouses":                   {"type", "sub_type", "effect_status"},
		"product":                      {"product_status", "product_types"},
		"statements":                   {"payment_status"},
		"webhooks-list":                {"event_type"},
	} {
		for _, field := range fields {
			v := parsed(t, printed(t)[name])
			for _, place := range places(v, nil) {
				if place[len(place)-1] == field {
					change(v, place, "NEW_IN_2027", false)
				}
			}
			raw, err := json.Marshal(v)
			require.NoError(t, err)
			got, err := calls[name](t.Context(), canned(t, 200, raw))
			require.NoError(t, err, name)
			kept, err := json.Marshal(got)
			require.NoError(t, err)
			require.Contains(t, string(kept), "NEW_IN_2027", "%s %s", name, field)
		}
	}
}
