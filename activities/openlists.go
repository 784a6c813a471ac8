package activities

import (
	"context"
	"time"

	"returnbridge/internal/returngo"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

// longestCase is far longer than any of TikTok's timers (TikTok contract 4.3): a
// case that stood still for so long is decided, whatever its status says. A
// rejected one keeps its status for ever.
const longestCase = 90 * 24 * time.Hour

// OpenRMAs are all RMAs in which something is still to be done; one call of the
// day's quota for each 500. It is for a backfill, which everything else goes before.
func (s *Shop) OpenRMAs(ctx context.Context) ([]returns.RMASummary, error) {
	ctx = withPurpose(ctx, forBackfill)
	return searchAll(func(cursor string) ([]returns.RMASummary, string, error) {
		return s.ReturnGO.RMAs(ctx, returngo.RMAFilter{Statuses: openStatuses}, cursor)
	})
}

// OpenTikTokReturns are all TikTok returns in which something may still happen;
// one that its buyer edited is another one now.
func (s *Shop) OpenTikTokReturns(ctx context.Context, now time.Time) ([]returns.TikTokReturn, error) {
	all, err := searchAll(func(token string) ([]returns.TikTokReturn, string, error) {
		return s.TikTok.SearchReturns(ctx, tiktokshop.ReturnFilter{Statuses: openAtTikTok, UpdatedFrom: now.Add(-longestCase)}, token)
	})
	var open []returns.TikTokReturn
	for _, t := range all {
		if t.Live() {
			open = append(open, t)
		}
	}
	return open, err
}
