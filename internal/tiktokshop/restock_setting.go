package tiktokshop

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"returnbridge/internal/platform"
)

// mostSettings is how many SKUs one setting call takes (contract 2.7).
const mostSettings = 500

// SetAutoRestock says whether TikTok puts the units of cancelled orders of up to
// 500 SKUs back to stock by itself; returns never restock by themselves, and the
// setting is for orders that the seller fulfils (contract 2.7). Human: TikTok
// names SKUs that it did not set, the others are set. OutcomeUnknown also for a
// success that does not name every SKU. A repeat changes nothing.
func (s *Shop) SetAutoRestock(ctx context.Context, sellerID string, on bool, skuIDs ...string) (Receipt, error) {
	if len(skuIDs) == 0 || len(skuIDs) > mostSettings {
		return Receipt{}, stockSettings.refused("1 to 500 SKUs")
	}
	type setting struct {
		AutoRestock bool `json:"enable_auto_restock"`
	}
	body := struct {
		SellerID string   `json:"seller_id"`
		SKUIDs   []string `json:"sku_ids"`
		Setting  setting  `json:"stock_operation_setting"`
	}{sellerID, skuIDs, setting{on}}
	type result struct {
		Failed list[text] `json:"failed_sku_ids"`
		Done   list[text] `json:"success_sku_ids"`
	}
	var w struct {
		result                // as the field list has it
		Nested object[result] `json:"stock_operation"` // as the sample prints it
	}
	receipt, err := s.do(ctx, call{endpoint: stockSettings, body: body}, &w)
	if err != nil {
		return receipt, err
	}
	if failed := strs(slices.Concat(w.Failed, w.Nested.v.Failed)); len(failed) > 0 {
		return receipt, stockSettings.lacking(platform.Human, receipt, "SKUs "+strings.Join(failed, " "))
	}
	done := strs(slices.Concat(w.Done, w.Nested.v.Done))
	for _, id := range skuIDs {
		if !slices.Contains(done, id) {
			return receipt, stockSettings.lacking(platform.OutcomeUnknown, receipt, fmt.Sprintf("a word on SKU %s", id))
		}
	}
	return receipt, nil
}
