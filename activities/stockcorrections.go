package activities

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
)

// tellOfCorrections keeps the exceptions of the product's corrections, if one of
// these entries is one: it makes up for an earlier write's error and belongs to no
// return, so no return asks about it. One that is written and proven has healed.
func (r *round) tellOfCorrections(ctx context.Context, tx *ledger.Tx, entries []ledger.StockEntry) error {
	if !slices.ContainsFunc(entries, ledger.StockEntry.Correction) {
		return nil
	}
	troubled, err := tx.TroubledCorrections(ctx, r.shop.Key, r.product)
	if err != nil {
		return err
	}
	var open []returns.Exception
	for _, kind := range []returns.Kind{returns.StockUnproven, returns.StockRefused} {
		var of []string
		for _, e := range troubled {
			if e.Problem == kind {
				of = append(of, fmt.Sprintf("SKU %s in warehouse %s, a correction by %+d: %s", e.SKUID, e.WarehouseID, e.Quantity, e.Note))
			}
		}
		if len(of) == 0 {
			continue
		}
		e := returns.NewException(kind, strings.Join(of, "; "), returns.Money{})
		e.Subject = r.product
		open = append(open, e)
	}
	return tx.SaveStockExceptions(ctx, r.shop.Key, r.product, open)
}
