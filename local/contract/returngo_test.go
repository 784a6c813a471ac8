package contract

import (
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/platform"
	"returnbridge/internal/returngo"
	"returnbridge/internal/returns"
)

func TestReturnGO(t *testing.T) {
	t.Run("sandbox", func(t *testing.T) { sandboxReturnGO(t).keepsTheContract(t) })
	t.Run("real", func(t *testing.T) { realReturnGO(t).keepsTheContract(t) })
}

func (p *returnGO) keepsTheContract(t *testing.T) {
	t.Helper()
	rmas := p.list(t)
	t.Run("newest last", func(t *testing.T) { p.newestLast(t, rmas) })
	t.Run("RMA", func(t *testing.T) { p.eachRMA(t, rmas) })
	t.Run("transactions", p.transactions)
	t.Run("filters", func(t *testing.T) { p.filters(t, rmas) })
	t.Run("webhooks", p.webhooks)
	t.Run("refusals", p.refusals)
	require.Empty(t, p.wire.anonymous, "every answer has x-amzn-requestid")
	t.Logf("%d calls", p.wire.made)
}

// list is the RMA list to its end (ReturnGO contract 1.4, 2.2, A05).
func (p *returnGO) list(t *testing.T) []returns.RMASummary {
	t.Helper()
	rmas := walk(t, &p.place, func(r returns.RMASummary) string { return r.ID }, func(cursor string) ([]returns.RMASummary, string, error) {
		return p.shop.RMAs(t.Context(), returngo.RMAFilter{}, cursor)
	})
	for _, r := range rmas {
		p.knows(t, "RMA status", r.Status, returns.RMAPending, returns.RMAApproved, returns.RMAReceived, returns.RMAValidated,
			returns.RMADone, returns.RMARejected, returns.RMACanceled)
		require.NotEmpty(t, r.OrderName)
	}
	require.True(t, p.real || len(rmas) > 500, "the sandbox has more than one page")
	if len(rmas) == 0 {
		t.Skip("skipped: the store has no RMA to look at")
	}
	return rmas
}

// newestLast samples the order we ask for: oldest creation first (1.4).
func (p *returnGO) newestLast(t *testing.T, rmas []returns.RMASummary) {
	var sample []returns.RMA
	for _, i := range slices.Compact([]int{0, len(rmas) / 2, len(rmas) - 1}) {
		sample = append(sample, p.rma(t, rmas[i]))
	}
	inOrder(t, sample, func(r returns.RMA) time.Time { return r.CreatedAt })
}

// rma reads the RMA of a row. At a real store it may have moved meanwhile.
func (p *returnGO) rma(t *testing.T, row returns.RMASummary) returns.RMA {
	t.Helper()
	rma, err := p.shop.RMA(t.Context(), row.ID)
	require.NoError(t, err)
	require.Equal(t, row.ID, rma.ID)
	require.Equal(t, row.OrderName, rma.OrderName)
	p.holds(t, row.Status == rma.Status, "RMA %s is %s in the list and %s by itself", row.ID, row.Status, rma.Status)
	return rma
}

// eachRMA reads one RMA of each status (ReturnGO contract 3, A18, A20, A22).
func (p *returnGO) eachRMA(t *testing.T, rmas []returns.RMASummary) {
	read := map[string]bool{}
	for _, row := range rmas {
		if !read[row.Status] {
			read[row.Status] = true
			p.whole(t, p.rma(t, row))
		}
	}
}

func (p *returnGO) whole(t *testing.T, rma returns.RMA) {
	t.Helper()
	require.NotEmpty(t, rma.Items, "RMA %s", rma.ID)
	require.False(t, rma.CreatedAt.IsZero())
	require.False(t, rma.UpdatedAt.Before(rma.CreatedAt), "RMA %s", rma.ID)
	items := map[string]returns.RMAItem{}
	for _, s := range rma.Shipments {
		require.Regexp(t, `^[0-9]+$`, s.ID)
		p.knows(t, "shipment status", s.Status, "Pending", "LabelCreated", returns.ShipmentShipped, returns.ShipmentReceived, returns.ShipmentValidated, "Canceled")
	}
	for _, i := range rma.Items {
		require.Regexp(t, `^[0-9]+$`, i.ID)
		items[i.ID] = i
		require.NotEmpty(t, i.LineID)
		require.True(t, returns.Known(i.Paid), "the price of item %s has a currency that is one", i.ID)
		require.Equal(t, rma.Items[0].Paid.CurrencyCode(), i.Paid.CurrencyCode(), "RMA %s is in one currency", rma.ID)
		require.NotEmpty(t, i.Fees, "the three fees of item %s are numbers", i.ID)
		p.knows(t, "resolution", i.Resolution, returns.ResolutionRefund, "RefundToStoreCredit", "InstantVariantExchange",
			"RefundToBankAccount", "RefundToGiftCard", "VariantExchange", "ProductExchange", "ManualExchange", "OrderCancellation")
		p.knows(t, "return method", i.ReturnMethod, returns.MethodNoShipment, "Ship with any carrier", "Ship with pre-paid label", "Return to drop-off location")
		p.holds(t, rma.Status != returns.RMAValidated || i.Inspection.Done(), "item %s of a Validated RMA has the date of its inspection (A18, A22)", i.ID)
	}
	for _, transaction := range rma.Transactions {
		p.transaction(t, transaction)
		for _, id := range transaction.ItemIDs {
			require.Contains(t, items, id, "transaction %s is for items of its RMA", transaction.ID)
		}
	}
}

func (p *returnGO) transaction(t *testing.T, one returns.Transaction) {
	t.Helper()
	require.Regexp(t, `^[0-9]+$`, one.ID)
	require.True(t, returns.Known(one.Amount), "the amount of transaction %s", one.ID)
	require.False(t, one.CreatedAt.IsZero())
	p.knows(t, "transaction type", one.Type, returns.ResolutionRefund, "RefundToStoreCredit", "InvoicePayment",
		"RefundToGiftCard", "RefundToBankAccount", "PaymentAuthorization", "PaymentCapture")
	p.knows(t, "transaction status", one.Status, returns.TransactionRequested, returns.TransactionSuccess, returns.TransactionFailed, "Pending", returns.TransactionCanceled)
	p.holds(t, one.Status != returns.TransactionRequested || one.Reference == "", "the Requested transaction %s has no reference yet (A16)", one.ID)
}

// transactions is the list to its end, and the same by RMA as the RMA has inside
// (ReturnGO contract 2.10, A16).
func (p *returnGO) transactions(t *testing.T) {
	all := walk(t, &p.place, func(one returns.Transaction) string { return one.ID }, func(cursor string) ([]returns.Transaction, string, error) {
		return p.shop.Transactions(t.Context(), returngo.TransactionFilter{}, cursor)
	})
	require.True(t, p.real || len(all) > 100, "the sandbox has transactions")
	for _, one := range all {
		p.transaction(t, one)
	}
	page, _, err := p.shop.RMAs(t.Context(), returngo.RMAFilter{Statuses: []string{returns.RMADone}}, "")
	require.NoError(t, err)
	for _, row := range first(page, 3) {
		rma := p.rma(t, row)
		byRMA, _, err := p.shop.Transactions(t.Context(), returngo.TransactionFilter{RMAIDs: []string{rma.ID}}, "")
		require.NoError(t, err)
		require.ElementsMatch(t, rma.Transactions, byRMA, "RMA %s", rma.ID)
	}
}

// filters narrow and do nothing else (ReturnGO contract 1.5, 2.2).
func (p *returnGO) filters(t *testing.T, rmas []returns.RMASummary) {
	ctx := t.Context()
	status, row := rmas[len(rmas)-1].Status, rmas[0]
	page, _, err := p.shop.RMAs(ctx, returngo.RMAFilter{Statuses: []string{status}}, "")
	require.NoError(t, err)
	for _, r := range page {
		require.Equal(t, status, r.Status)
	}
	page, _, err = p.shop.RMAs(ctx, returngo.RMAFilter{OrderNames: []string{row.OrderName}}, "")
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(page, func(r returns.RMASummary) bool { return r.ID == row.ID }))
	for _, r := range page {
		require.Equal(t, row.OrderName, r.OrderName)
	}
	p.filtersByTime(t, row)
}

// filtersByTime tells whether filter times mean UTC and include the bound (A06):
// an hour off, an RMA would be missed or come too often. The bound is the RMA's
// lastUpdated (A24).
func (p *returnGO) filtersByTime(t *testing.T, row returns.RMASummary) {
	t.Helper()
	rma := p.rma(t, row)
	for _, tt := range []struct {
		from time.Time
		in   bool
	}{{rma.UpdatedAt, true}, {rma.UpdatedAt.Add(time.Second), false}} {
		page, _, err := p.shop.RMAs(t.Context(), returngo.RMAFilter{UpdatedFrom: tt.from, OrderNames: []string{row.OrderName}}, "")
		require.NoError(t, err)
		in := slices.ContainsFunc(page, func(r returns.RMASummary) bool { return r.ID == row.ID })
		p.holds(t, in == tt.in, "RMA %s, updated %s, is among those updated from %s: %t (A06, A24)", row.ID, rma.UpdatedAt, tt.from, tt.in)
	}
}

// webhooks shows only what is registered for which event, never the address.
func (p *returnGO) webhooks(t *testing.T) {
	all, err := p.shop.Webhooks(t.Context())
	require.NoError(t, err)
	require.True(t, p.real || len(all) == 2)
	for _, w := range all {
		require.Regexp(t, `^[0-9]+$`, w.ID)
		p.knows(t, "webhook event", w.EventName, "RMA_CREATED", "RMA_STATUS_UPDATED", "SHIPMENT_CREATED", "SHIPMENT_STATUS_UPDATED",
			"SHIPMENT_TRACKER_STATUS_UPDATED", "TRANSACTION_CREATED", "REFUND_CREATED")
		address, err := url.Parse(w.URL)
		require.True(t, err == nil && address.Host != "", "webhook %s has an address", w.ID)
	}
}

// refusals are those of ReturnGO contract 1.6 that a read can provoke (A07).
func (p *returnGO) refusals(t *testing.T) {
	ctx := t.Context()
	for name, tt := range map[string]struct {
		ask    func() error
		class  platform.Class
		status int
	}{
		"unknown RMA": {func() error { _, err := p.shop.RMA(ctx, "999999999999"); return err }, platform.Permanent, 404},
		"no RMA id":   {func() error { _, err := p.shop.RMA(ctx, "abc"); return err }, platform.Permanent, 400},
		"wrong key":   {func() error { _, err := p.client(t, "wrong-key").Shop("x").Webhooks(ctx); return err }, platform.Human, 401},
		"other store": {func() error {
			_, err := p.client(t, p.options.APIKey).Shop("no-such-store.example").Webhooks(ctx)
			return err
		}, platform.Human, 403},
	} {
		t.Run(name, func(t *testing.T) {
			e := refused(t, tt.ask(), tt.class)
			p.holds(t, e.HTTPStatus == tt.status, "the status is %d, not %d", tt.status, e.HTTPStatus)
		})
	}
}
