package activities

import (
	"cmp"
	"context"

	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
	"returnbridge/internal/returns/rules"
	"returnbridge/internal/tiktokshop"
)

// decisions are the routes that answer a TikTok return (TikTok contract 2.5).
var decisions = map[returns.Route]tiktokshop.Decision{
	returns.RouteAcceptReturn:  {Name: tiktokshop.ApproveReturn},
	returns.RouteKeepGoods:     {Name: tiktokshop.ApproveReturn, BuyerKeepsItem: true},
	returns.RouteApproveRefund: {Name: tiktokshop.ApproveRefund},
	returns.RouteConfirmParcel: {Name: tiktokshop.ApproveReceivedPackage},
}

// decideAtTikTok approves a TikTok return, or confirms its parcel. The effect's
// id is the idempotency key: the same decision always bears the same.
func (d *desk) decideAtTikTok(ctx context.Context, act returns.Act, key string) (string, string, error) {
	receipt, err := d.shop.TikTok.Decide(ctx, act.TikTokReturnID, decisions[act.Route], key)
	return act.TikTokReturnID, receipt.RequestID, err //nolint:wrapcheck // a platform error already says which call
}

// ineligibleError is TikTok saying beforehand that it would not take a decision.
type ineligibleError struct{ why string }

func (e *ineligibleError) Error() string { return "TikTok would not take " + e.why }

// ineligible asks right before a decision that is still wanted whether TikTok would
// take it, and gives why not (TikTok contract 6.8): no refused write then tells nothing of it. There is
// no reason if it would, if it does not speak of this decision, and if the question
// itself is refused: then the decision is the question. Other acts ask nothing.
func (d *desk) ineligible(ctx context.Context, act returns.Act) (why string, err error) {
	decision, asks := decisions[act.Route]
	if !asks {
		return "", nil
	}
	f, err := d.facts(ctx)
	if err != nil {
		return "", retryable(ctx, err)
	}
	if _, wanted := find(rules.Decide(f).Plan, act); !wanted {
		return "", nil
	}
	answers, err := d.shop.TikTok.DecisionEligibility(ctx, act.TikTokReturnID, decision.Name)
	switch platform.ClassOf(err) {
	case "", platform.Human, platform.Permanent, platform.StateChanged:
	default:
		return "", d.refusedByTikTok(ctx, d.shop.Key, err)
	}
	if answer, told := answers[decision.Name]; told && !answer.Yes {
		return decision.Name + ": " + cmp.Or(answer.Why, "no reason given"), nil
	}
	return "", nil
}
