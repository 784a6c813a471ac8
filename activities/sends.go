package activities

import (
	"context"
	"fmt"

	"returnbridge/internal/returngo"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

// createReturn makes a return as the seller, of the exact amount: one that is
// paid at once, or one for which the goods come back first.
func (d *desk) createReturn(ctx context.Context, act returns.Act, key string) (string, string, error) {
	kind := returns.TypeRefund
	if act.Route == returns.RouteOpenReturn {
		kind = returns.TypeReturnAndRefund
	}
	created, receipt, err := d.shop.TikTok.CreateReturn(ctx, tiktokshop.CreateReturn{
		OrderID: act.OrderID, Type: kind, Reason: act.ReasonKey, Lines: lines(act.Units), RefundTotal: act.Amount,
	}, key)
	return created.ID, receipt.RequestID, err //nolint:wrapcheck // a platform error already says which call
}

// uploadLabel hands ReturnGO's label through to TikTok: neither it nor its
// address, which leads to the buyer's, is kept.
func (d *desk) uploadLabel(ctx context.Context, act returns.Act, _ string) (string, string, error) {
	label, err := d.shop.ReturnGO.Label(ctx, d.key.RMAID())
	if err != nil {
		return act.TikTokReturnID, "", err //nolint:wrapcheck // a platform error already says which call
	}
	receipt, err := d.shop.TikTok.UploadLabel(ctx, tiktokshop.ReturnLabel{
		ReturnIDs: []string{act.TikTokReturnID}, TrackingNumber: label.TrackingNumber, Label: label.Document,
	})
	return act.TikTokReturnID, receipt.RequestID, err //nolint:wrapcheck // a platform error already says which call
}

// writeReturnGO makes one write to ReturnGO.
func (d *desk) writeReturnGO(ctx context.Context, act returns.Act, _ string) (string, string, error) {
	var receipt returngo.Receipt
	var err error
	switch act.Route {
	case returns.RouteSetTransaction:
		receipt, err = d.shop.ReturnGO.SetTransaction(ctx, act.Subject, returngo.TransactionUpdate{
			Status: returns.TransactionSuccess, Reference: act.TikTokReturnID, ReferenceType: referenceType,
		})
	case returns.RouteComment:
		receipt, err = d.shop.ReturnGO.Comment(ctx, d.key.RMAID(), comment(act))
	case returns.RouteSetDone:
		receipt, err = d.shop.ReturnGO.SetStatus(ctx, d.key.RMAID(), returns.RMADone)
	}
	return act.TikTokReturnID, receipt.RequestID, err //nolint:wrapcheck // a platform error already says which call
}

// comment is what people read in ReturnGO of money that was paid.
func comment(act returns.Act) string {
	said := fmt.Sprintf("TikTok Shop refunded %s on its return %s.", act.Amount, act.TikTokReturnID)
	if act.Note != "" {
		said += " " + act.Note
	}
	return said + " " + returngo.Marker(act.Subject)
}

// referenceType is what ReturnGO calls an outside refund's reference (A16).
const referenceType = "PlatformRefundId"
