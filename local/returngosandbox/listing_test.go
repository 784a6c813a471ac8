package returngosandbox

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// many makes RMAs a minute apart: the third of them approved, the fourth shipped.
func (b *bench) many(n int) []string {
	var ids []string
	for i := range n {
		order := fmt.Sprint(100 + i)
		b.must(b.AddOrder(testShop, Order{ID: order, Name: "#TT-" + order, CustomerID: "cust" + order, Currency: "GBP", Fulfilled: true,
			Lines: []Line{{ID: "l" + order, SKU: "TEE", Quantity: 1, UnitPrice: "10"}}}))
		id, _, err := b.CreateRMA(testShop, RMASpec{OrderID: order, Items: []ItemSpec{{LineID: "l" + order}}})
		b.must(err)
		ids = append(ids, id)
		b.pass(time.Minute)
	}
	if n > 3 {
		b.must(b.Approve(ids[2]))
		b.must(b.Ship(ids[3], "T4", "Carrier A"))
	}
	return ids
}

func listedIDs(got map[string]any) (ids []string) {
	for _, row := range got["rmas"].([]any) {
		ids = append(ids, dig(row, "rmaId").(string))
	}
	return ids
}

func TestRMAFilters(t *testing.T) {
	b := newBench(t, Options{})
	ids := b.many(4) // created 08:15, 08:16, 08:17, 08:18; the third updated 08:19
	pick := func(which ...int) (want []string) {
		for _, i := range which {
			want = append(want, ids[i])
		}
		return want
	}
	cases := []struct {
		query string
		want  []string
	}{
		{"", pick(3, 2, 1, 0)},
		{"status=Approved", pick(2)},
		{"status=Approved,Pending&order_name=%23TT-102,%23TT-103", pick(3, 2)},
		{"status=Done", nil},
		{"customer_ids=cust100,cust101", pick(1, 0)},
		{"tracking_numbers=T4,T5", pick(3)},
		{"rma_created_at=gt:2026-03-02T08:16:00", pick(3, 2)},
		{"rma_created_at=gte:2026-03-02T08:16:00", pick(3, 2, 1)},
		{"rma_created_at=lt:2026-03-02T08:16:00", pick(0)},
		{"rma_created_at=lte:2026-03-02T08:16:00", pick(1, 0)},
		{"rma_created_at=eq:2026-03-02T08:16:00", pick(1)},
		{"rma_created_at=neq:2026-03-02T08:16:00", pick(3, 2, 0)},
		{"rma_created_at=gte:2026-03-02T08:16:00&rma_created_at=lte:2026-03-02T08:17:00", pick(2, 1)},
		{"rma_created_at=eq:2026-03-02T08:16:00%2B00:00", pick(1)},
		{"rma_updated_at=gte:2026-03-02T08:19:00", pick(2)},
		{"sort_by=%2Brma_created_at", pick(0, 1, 2, 3)},
		{"sort_by=-rma_updated_at", pick(2, 3, 1, 0)},
		{"sort_by=-rma_updated_at,%2Brma_created_at", pick(2, 3, 1, 0)},
	}
	for _, c := range cases {
		t.Run(c.query, func(t *testing.T) {
			status, got := b.call("GET", "/rmas?pagesize=500&"+c.query, nil)
			require.Equal(t, 200, status)
			require.Equal(t, c.want, listedIDs(got))
			require.Contains(t, got, "next_cursor")
			require.Nil(t, got["next_cursor"])
			var walked []string
			for cursor := ""; ; {
				_, got := b.call("GET", "/rmas?pagesize=1&"+c.query+"&cursor="+url.QueryEscape(cursor), nil)
				walked = append(walked, listedIDs(got)...)
				if got["next_cursor"] == nil {
					break
				}
				cursor = got["next_cursor"].(string)
			}
			require.Equal(t, c.want, walked, "page by page")
		})
	}
}

func TestListRowsCarryNoContent(t *testing.T) {
	b := newBench(t, Options{})
	b.many(1)
	_, got := b.call("GET", "/rmas?pagesize=1", nil)
	require.Len(t, dig(got, "rmas", 0), 4)
	_, got = b.call("GET", "/rmas?pagesize=1&order_name=nobody", nil)
	require.Equal(t, []any{}, got["rmas"])
}

func TestBadQueries(t *testing.T) {
	b := newBench(t, Options{})
	b.many(3)
	_, got := b.call("GET", "/rmas?pagesize=1&status=Pending", nil)
	cursor := url.QueryEscape(got["next_cursor"].(string))
	for _, query := range []string{
		"rmas", "rmas?pagesize=0", "rmas?pagesize=501", "rmas?pagesize=x", "transactions", "transactions?pagesize=501",
		"rmas?pagesize=1&rma_updated_at=2026-03-02T08:15:00", "rmas?pagesize=1&rma_updated_at=since:2026-03-02T08:15:00",
		"rmas?pagesize=1&rma_updated_at=gte:yesterday", "rmas?pagesize=1&status=Cancelled",
		"rmas?pagesize=1&sort_by=+rma_created_at", "rmas?pagesize=1&sort_by=rma_created_at", "rmas?pagesize=1&sort_by=-status",
		"rmas?pagesize=1&cursor=nonsense", "rmas?pagesize=1&status=Approved&cursor=" + cursor,
		"transactions?pagesize=1&updated_at=gte",
	} {
		status, _ := b.call("GET", "/"+query, nil)
		require.Equal(t, 400, status, query)
	}
}

func TestTransactionFilters(t *testing.T) {
	b := newBench(t, Options{})
	ids := b.many(2)
	first, err := b.RequestRefund(ids[0], nil, "3")
	b.must(err)
	b.pass(time.Minute)
	second, err := b.RequestTransaction(ids[1], TransactionSpec{Amount: "4", Type: "InvoicePayment", Processor: "Shopify"})
	b.must(err)
	b.pass(time.Minute)
	b.must(b.SettleRefund(first, true, "ref")) // created 08:17, updated 08:19
	cases := map[string][]string{
		"": {second, first}, "rma_ids=" + ids[0]: {first}, "order_ids=101": {second}, "order_ids=%23TT-101": nil,
		"statuses=Success,Failed": {first}, "types=InvoicePayment": {second}, "processors=Shopify": {second},
		"ids=" + first: {first}, "created_at=gt:2026-03-02T08:17:00": {second}, "updated_at=gte:2026-03-02T08:19:00": {first},
	}
	for query, want := range cases {
		_, raw, err := b.try("GET", "/transactions?pagesize=9&"+query, nil, nil)
		b.must(err)
		for _, id := range []string{first, second} {
			require.Equal(t, admits(append([]string{"-"}, want...), id), strings.Contains(string(raw), `"id":`+id+`,`), query)
		}
		require.NotContains(t, string(raw), "rmaId")
	}
}
