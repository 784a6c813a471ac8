package tiktoksandbox

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// moneyRow is what the finance calls say of an order, a SKU or a day.
type moneyRow struct {
	SKU        string `json:"sku_id"`
	Statement  string `json:"statement_id"`
	ID         string `json:"id"`
	OrderID    string `json:"order_id"`
	Type       string `json:"type"`
	Quantity   string `json:"quantity"`
	Revenue    string `json:"revenue_amount"`
	Settlement string `json:"settlement_amount"`
	Payment    string `json:"payment_status"`
	Breakdown  struct {
		Subtotal       string `json:"subtotal_before_discount_amount"`
		Refund         string `json:"refund_subtotal_before_discount_amount"`
		RefundDiscount string `json:"seller_discount_refund_amount"`
	} `json:"revenue_breakdown"`
}

func (sc *scene) finance(orderID string) (total moneyRow, rows []moneyRow) {
	sc.t.Helper()
	var data struct {
		moneyRow
		Rows []moneyRow `json:"sku_transactions"`
	}
	sc.token, _ = sc.s.issue(sc.s.grants[0]) // days have passed
	sc.call("GET", "/finance/202501/orders/"+orderID+"/statement_transactions", nil, "").into(sc.t, &data)
	return data.moneyRow, data.Rows
}

// A refund shows in finance days later, as a negative of the SKU, without a
// return id.
func TestFinanceShowsARefundDaysLater(t *testing.T) {
	sc := newScene(t, "GB")
	o := sc.delivered(OrderLine{SKU: sc.mug, Quantity: 2, Price: "10.00", SellerDiscount: "1.00"})
	sc.pass(4 * 24 * time.Hour)
	total, rows := sc.finance(o.ID)
	require.Equal(t, "18.00", total.Revenue)
	require.Equal(t, []string{"2", "20.00"}, []string{rows[0].Quantity, rows[0].Breakdown.Subtotal})

	id := sc.open(ReturnSpec{OrderID: o.ID, Type: kindRefund, LineIDs: []string{o.Lines[0].ID}})
	require.Zero(t, sc.approve(id, "APPROVE_REFUND"))
	sc.pass(halfHour)
	require.Equal(t, returnComplete, sc.status(id))
	total, _ = sc.finance(o.ID)
	require.Equal(t, "18.00", total.Revenue, "paid, and finance says nothing yet")
	sc.pass(3 * 24 * time.Hour)
	total, rows = sc.finance(o.ID)
	require.Equal(t, "9.00", total.Revenue)
	require.Len(t, rows, 2)
	require.Equal(t, []string{sc.mug, "-9.00", "-10.00", "1.00"},
		[]string{rows[1].SKU, rows[1].Revenue, rows[1].Breakdown.Refund, rows[1].Breakdown.RefundDiscount})
	require.NotEqual(t, rows[0].Statement, rows[1].Statement)
	require.Equal(t, "-8.35", rows[1].Settlement, "the referral fee comes back, less what is kept of it")
}

// Partial refunds of one line add up to what it cost, to the penny.
func TestPartialRefundsAddUpInFinance(t *testing.T) {
	sc := newScene(t, "GB")
	o := sc.delivered(OrderLine{SKU: sc.mug, Price: "10.00", SellerDiscount: "1.01", PlatformDiscount: "2.00"})
	for _, amount := range []string{"2.33", "2.33", "2.33"} {
		require.Zero(t, sc.create(createBody(o.ID, kindRefund, damagedUK, `,"refund_total":"`+amount+`"`)).Code)
		sc.pass(24 * time.Hour)
	}
	sc.pass(3 * 24 * time.Hour)
	total, rows := sc.finance(o.ID)
	require.Equal(t, "0.00", total.Revenue)
	require.Len(t, rows, 3, "the first on the day of the sale")
}

func TestStatementsAndPayments(t *testing.T) {
	sc := newScene(t, "GB")
	first := sc.mugs(1)
	sc.pass(24 * time.Hour)
	second := sc.mugs(2)
	sc.pass(2*24*time.Hour + 8*time.Hour)
	list := func(path, field string, more url.Values) (rows []moneyRow) {
		var data struct {
			Statements []moneyRow `json:"statements"`
			Payments   []struct {
				ID string `json:"id"`
			} `json:"payments"`
			Transactions []moneyRow `json:"transactions"`
		}
		query := url.Values{"sort_field": {field}}
		for key := range more {
			query.Set(key, more.Get(key))
		}
		sc.call("GET", path, query, "").into(t, &data)
		for _, one := range data.Payments {
			rows = append(rows, moneyRow{ID: one.ID})
		}
		return append(append(rows, data.Statements...), data.Transactions...)
	}
	require.Equal(t, 36009004, sc.call("GET", "/finance/202309/statements", nil, "").Code, "sort_field is mandatory")
	require.Equal(t, 36009009, sc.call("GET", "/finance/202309/payments", nil, "").Code, "switched off")
	require.Len(t, list("/finance/202309/statements", "statement_time", nil), 1)
	sc.pass(24 * time.Hour)
	statements := list("/finance/202309/statements", "statement_time", nil)
	require.Equal(t, []string{"9.00", "PAID", "18.00", "PROCESSING"},
		[]string{statements[0].Revenue, statements[0].Payment, statements[1].Revenue, statements[1].Payment})
	require.Len(t, list("/finance/202309/statements", "statement_time", url.Values{"payment_status": {"PAID"}}), 1)
	require.Empty(t, list("/finance/202309/statements", "statement_time", url.Values{"statement_time_ge": {"9999999999"}}))
	require.Len(t, list("/finance/202605/payments", "create_time", nil), 2)
	rows := list("/finance/202501/statements/"+statements[1].ID+"/statement_transactions", "order_create_time", nil)
	require.Equal(t, []moneyRow{{ID: rows[0].ID, OrderID: second.ID, Type: "ORDER", Revenue: "18.00", Settlement: "16.38",
		Breakdown: rows[0].Breakdown}}, rows)
	require.NotEqual(t, first.ID, rows[0].OrderID)
}
