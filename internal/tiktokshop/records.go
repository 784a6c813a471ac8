package tiktokshop

import (
	"context"
	"time"
)

// ReturnRecord is one line of a return's visible history. What people wrote,
// pictured or filmed stays at TikTok.
type ReturnRecord struct {
	Event string // ORDER_RETURN; the set is open
	Role  string // who did it, upper case
	At    time.Time
}

// ReturnRecords gives the history in TikTok's order (contract 2.3). It is for
// people who ask what happened; decisions rest on SearchReturns.
func (s *Shop) ReturnRecords(ctx context.Context, returnID string) ([]ReturnRecord, error) {
	var w struct {
		Records list[struct {
			Event      text `json:"event"`
			Role       text `json:"role"`
			CreateTime unix `json:"create_time"`
		}] `json:"records"`
	}
	if _, err := s.do(ctx, call{endpoint: getReturnRecords, id: returnID}, &w); err != nil {
		return nil, err
	}
	var records []ReturnRecord
	for _, r := range w.Records {
		records = append(records, ReturnRecord{Event: string(r.Event), Role: role(r.Role), At: r.CreateTime.Time})
	}
	return records, nil
}
