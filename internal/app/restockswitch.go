package app

import (
	"context"

	"go.uber.org/zap"

	"returnbridge/internal/ledger"
)

// noteRestockSwitch keeps since when each shop's stock is ours to write, before
// anything is received or done: what passed its inspection earlier may be in stock
// by hand. Whichever program starts first with a changed configuration notes it.
func (h *house) noteRestockSwitch(ctx context.Context) error {
	for name, s := range h.acts.Shops {
		on, changed := s.Policy.Switches.Restock, false
		err := h.ledger.Do(ctx, func(tx *ledger.Tx) (err error) {
			changed, err = tx.RestockSwitched(ctx, name, on)
			return err
		})
		if err != nil {
			return err
		}
		if changed {
			h.log.Info("restocking was switched", zap.String("shop", name), zap.Bool("on", on))
		}
	}
	return nil
}
