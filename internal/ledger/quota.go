package ledger

import (
	"context"
	"time"
)

const (
	dayFormat  = "2006-01-02"
	hourFormat = "2006-01-02T15"
)

// SpendCall counts one call of an API key if fewer than upTo were made today.
// The count is one row changed on condition: no two processes spend the same
// call. A call that is not granted is counted as refused, and what it hears is
// how many were made today and how many of its purpose wait before it.
func (t *Tx) SpendCall(ctx context.Context, key, purpose string, upTo int) (granted bool, used, waiting int, err error) {
	day, n := t.now.Format(dayFormat), int64(0)
	if upTo > 0 {
		n, err = t.exec(ctx, "spend a call", `INSERT INTO quota_days (api_key, day, used) VALUES ($1, $2, 1)
			ON CONFLICT (api_key, day) DO UPDATE SET used = quota_days.used + 1 WHERE quota_days.used < $3`, key, day, upTo)
		if err != nil {
			return false, 0, 0, err
		}
	}
	_, err = t.exec(ctx, "count a call", `INSERT INTO quota_hours (api_key, hour, purpose, used, refused) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (api_key, hour, purpose) DO UPDATE SET used = quota_hours.used + excluded.used, refused = quota_hours.refused + excluded.refused`,
		key, t.now.Format(hourFormat), purpose, n, 1-n)
	if err != nil || n == 1 {
		return n == 1, 0, 0, err
	}
	hours, err := t.QuotaUse(ctx, key, t.now)
	for _, h := range hours {
		used += h.Used
		if h.Purpose == purpose {
			waiting += h.Refused
		}
	}
	return false, used, waiting, err
}

// HourUse is how many calls of a key were made, and refused by us, in one hour
// for one purpose.
type HourUse struct {
	Hour    time.Time
	Purpose string
	Used    int
	Refused int
}

// QuotaUse is the use of a key in a day (UTC, A03), hour by hour.
func (t *Tx) QuotaUse(ctx context.Context, key string, day time.Time) ([]HourUse, error) {
	return query(ctx, t, "read quota use", func(scan func(...any) error) (HourUse, error) {
		var u HourUse
		var hour string
		if err := scan(&hour, &u.Purpose, &u.Used, &u.Refused); err != nil {
			return u, err
		}
		var err error
		u.Hour, err = time.Parse(hourFormat, hour)
		return u, err //nolint:wrapcheck // the caller names the read
	}, `SELECT hour, purpose, used, refused FROM quota_hours WHERE api_key = $1 AND hour >= $2 AND hour < $3 ORDER BY hour, purpose`,
		key, day.UTC().Format(dayFormat), day.UTC().AddDate(0, 0, 1).Format(dayFormat))
}
