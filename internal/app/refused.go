package app

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
)

// refusedEvery is how often what was refused is written to the ledger and the log:
// strangers must not be able to make the receiver write for each request.
const refusedEvery = time.Minute

// refused counts requests with a wrong signature or token since they were last noted.
type refused struct {
	mu     sync.Mutex
	counts map[way]int
}

func (r *refused) add(shop string, p returns.Platform) { r.addAll(map[way]int{{shop, p}: 1}) }

func (r *refused) addAll(counts map[way]int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts == nil {
		r.counts = map[way]int{}
	}
	for w, n := range counts {
		r.counts[w] += n
	}
}

// take gives all counts and begins anew.
func (r *refused) take() map[way]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	counts := r.counts
	r.counts = nil
	return counts
}

// noteRefused writes to the ledger and the log what was refused. What the ledger does
// not take is written the next time.
func (r *relay) noteRefused(ctx context.Context) {
	counts := r.refused.take()
	if len(counts) == 0 {
		return
	}
	err := r.ledger.Do(ctx, func(tx *ledger.Tx) error {
		for _, w := range inOrder(counts) {
			if err := tx.Refused(ctx, w.shop, w.platform, counts[w]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		r.refused.addAll(counts)
		r.log.Warn("refused webhooks could not be counted; trying again", zap.Error(err))
		return
	}
	for _, w := range inOrder(counts) {
		r.log.Warn("webhooks were refused: wrong signature or token",
			zap.String("shop", w.shop), zap.String("platform", string(w.platform)), zap.Int("requests", counts[w]))
	}
}
