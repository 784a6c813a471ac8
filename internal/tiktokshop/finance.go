package tiktokshop

import (
	"context"
	"strconv"
	"time"

	"returnbridge/internal/returns"
)

// Statement is one day's settlement with the seller, cut at 00:00 UTC (contract
// 2.9). Amounts are in major units and carry TikTok's sign: what the seller pays
// is negative.
type Statement struct {
	ID            string
	At            time.Time // statement_time
	Settlement    returns.Money
	PaymentID     string
	PaymentStatus string // PAID, FAILED, PROCESSING
}

// Statements walks the statements cut from (inclusive) to (not) the times given,
// oldest first; zero times do not narrow. There is none before 2023-07-01.
func (s *Shop) Statements(ctx context.Context, from, to time.Time, p Page) ([]Statement, string, error) {
	query := p.query("statement_time") // the only legal sort field, and mandatory (1.9)
	for key, at := range map[string]time.Time{"statement_time_ge": from, "statement_time_lt": to} {
		if !at.IsZero() {
			query.Set(key, strconv.FormatInt(at.Unix(), 10))
		}
	}
	var w struct {
		Statements list[struct {
			ID            text `json:"id"`
			Time          unix `json:"statement_time"`
			Currency      text `json:"currency"`
			Settlement    text `json:"settlement_amount"`
			PaymentID     text `json:"payment_id"`
			PaymentStatus text `json:"payment_status"`
		}] `json:"statements"`
		Next text `json:"next_page_token"`
	}
	if _, err := s.do(ctx, call{endpoint: getStatements, query: query}, &w); err != nil {
		return nil, "", err
	}
	var found []Statement
	for _, t := range w.Statements {
		found = append(found, Statement{
			ID: string(t.ID), At: t.Time.Time, Settlement: money(t.Settlement, t.Currency),
			PaymentID: string(t.PaymentID), PaymentStatus: string(t.PaymentStatus),
		})
	}
	return found, string(w.Next), nil
}

// SettledSKU is what one statement settled for one SKU of an order. A refund is
// a negative inside Revenue, days after the event and without a return id: this
// proves totals per order and SKU, not a single refund (contract 2.9). An amount
// TikTok does not give is the unknown Money.
type SettledSKU struct {
	SKUID, StatementID string
	Quantity           int
	Settlement         returns.Money // what reaches the seller
	Revenue            returns.Money // after refunds
	// The parts of Revenue and of the fees that a refund leaves behind.
	RefundedSubtotal        returns.Money // before discounts
	RefundedSellerDiscount  returns.Money
	RefundAdministrationFee returns.Money
	ReturnShippingFee       returns.Money
	ReturnLabelFee          returns.Money
}

// SettledOrder reads what has been settled for the order so far; nothing, as
// long as no statement names it.
func (s *Shop) SettledOrder(ctx context.Context, orderID string) ([]SettledSKU, error) {
	var w struct {
		Currency text              `json:"currency"`
		SKUs     list[wireSettled] `json:"sku_transactions"`
	}
	if _, err := s.do(ctx, call{endpoint: getOrderTransactions, id: orderID}, &w); err != nil {
		return nil, err
	}
	var settled []SettledSKU
	for _, t := range w.SKUs {
		settled = append(settled, t.settled(w.Currency))
	}
	return settled, nil
}

type wireSettled struct {
	SKUID       text  `json:"sku_id"`
	StatementID text  `json:"statement_id"`
	Quantity    count `json:"quantity"`
	Settlement  text  `json:"settlement_amount"`
	Revenue     text  `json:"revenue_amount"`
	OfRevenue   object[struct {
		RefundedSubtotal text `json:"refund_subtotal_before_discount_amount"`
		RefundedDiscount text `json:"seller_discount_refund_amount"`
	}] `json:"revenue_breakdown"`
	OfShipping object[struct {
		ReturnFee      text `json:"return_shipping_fee_amount"`
		ReturnLabelFee text `json:"return_shipping_label_fee_amount"`
	}] `json:"shipping_cost_breakdown"`
	OfFees object[struct {
		Fee object[struct {
			RefundAdministration text `json:"refund_administration_fee_amount"`
		}] `json:"fee"`
	}] `json:"fee_tax_breakdown"`
}

func (w wireSettled) settled(currency text) SettledSKU {
	return SettledSKU{
		SKUID: string(w.SKUID), StatementID: string(w.StatementID), Quantity: w.Quantity.n,
		Settlement: money(w.Settlement, currency), Revenue: money(w.Revenue, currency),
		RefundedSubtotal:        money(w.OfRevenue.v.RefundedSubtotal, currency),
		RefundedSellerDiscount:  money(w.OfRevenue.v.RefundedDiscount, currency),
		RefundAdministrationFee: money(w.OfFees.v.Fee.v.RefundAdministration, currency),
		ReturnShippingFee:       money(w.OfShipping.v.ReturnFee, currency),
		ReturnLabelFee:          money(w.OfShipping.v.ReturnLabelFee, currency),
	}
}
