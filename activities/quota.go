package activities

import (
	"context"
	"time"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
)

// purpose is what a call to ReturnGO is for. The day's calls are not enough for
// everything on a bad day; what is less urgent leaves a reserve to what is more.
type purpose struct {
	name string
	// reserve is the share of the day's calls that this purpose leaves alone at
	// midnight. It shrinks with the day: what nobody needed is used in the end.
	reserve float64
}

// The purposes, most urgent first (ReturnGO contract 8.1).
var (
	forMoney    = purpose{"money", 0}       // the deciding read, the write-back
	forNews     = purpose{"news", 0.30}     // reads that an event or a clock asks for
	forSweep    = purpose{"sweep", 0.45}    // what heals lost events
	forBackfill = purpose{"backfill", 0.60} // history
)

// sweepShare is how much of the day's calls sweeps may take, spread evenly: when
// it is used up they come less often (ReturnGO contract 8.1).
const sweepShare = 0.20

type purposeKey struct{}

func withPurpose(ctx context.Context, p purpose) context.Context {
	return context.WithValue(ctx, purposeKey{}, p)
}

func purposeOf(ctx context.Context) purpose {
	if p, ok := ctx.Value(purposeKey{}).(purpose); ok {
		return p
	}
	return forNews
}

// charged says what the calls of a look are for: an RMA that a backfill brings is
// history until it was read once (ReturnGO contract 8.1).
func (d *desk) charged(ctx context.Context, in messages.LookInput) (context.Context, error) {
	if !in.History {
		return ctx, nil
	}
	f, err := d.facts(ctx)
	if err == nil && f.Record.RMA == nil {
		return withPurpose(ctx, forBackfill), nil
	}
	return ctx, err
}

// Quota grants the calls of each ReturnGO key, counted in the ledger for all
// workers together, from 00:00 to 24:00 UTC (A03).
type Quota struct {
	Ledger *ledger.Ledger
	Now    func() time.Time
	PerDay map[string]int // by our name of the key
}

// Allow asks for one call of a key. What cannot be granted is told how long to
// wait for its own place: nobody asks in between.
func (q *Quota) Allow(key string) func(context.Context) (time.Duration, error) {
	return func(ctx context.Context) (wait time.Duration, err error) {
		p, now := purposeOf(ctx), q.Now().UTC()
		err = q.Ledger.Do(ctx, func(tx *ledger.Tx) error {
			granted, used, before, err := tx.SpendCall(ctx, key, p.name, p.upTo(q.PerDay[key], now))
			if err == nil && !granted {
				wait = p.opens(q.PerDay[key], used+before, now).Sub(now)
			}
			return err
		})
		return wait, err
	}
}

// upTo is how many calls may have been made today when this purpose makes one more.
func (p purpose) upTo(perDay int, now time.Time) int {
	return perDay - int(float64(perDay)*p.reserve*(1-ofDay(now)))
}

// opens is when the day has room for one more call beyond so many, or the next
// day begins.
func (p purpose) opens(perDay, taken int, now time.Time) time.Time {
	midnight := now.Truncate(24 * time.Hour)
	tomorrow := midnight.Add(24 * time.Hour)
	if p.reserve == 0 || taken >= perDay {
		return tomorrow
	}
	share := 1 - float64(perDay-taken-1)/(float64(perDay)*p.reserve)
	at := midnight.Add(time.Duration(share * float64(24*time.Hour)))
	if soon := now.Add(time.Minute); at.Before(soon) {
		at = soon
	}
	if at.After(tomorrow) {
		at = tomorrow
	}
	return at
}

// ReadsEnd is when the reads that events ask for come to their end, at so many
// calls an hour for everything: what is left then is kept for money. Zero if they
// last until midnight.
func ReadsEnd(perDay, used int, perHour float64, now time.Time) time.Time {
	room := float64(forNews.upTo(perDay, now) - used)
	opening := float64(perDay) * forNews.reserve / 24 // calls an hour that the reserve lets go
	if room <= 0 {
		return now
	}
	if perHour <= opening {
		return time.Time{}
	}
	at := now.Add(time.Duration(room / (perHour - opening) * float64(time.Hour)))
	if !at.Before(now.Truncate(24 * time.Hour).Add(24 * time.Hour)) {
		return time.Time{}
	}
	return at
}

// ofDay is how much of the UTC day has passed, from 0 to 1.
func ofDay(now time.Time) float64 {
	return float64(now.Sub(now.Truncate(24*time.Hour))) / float64(24*time.Hour)
}

// sweepPutOff tells whether the sweeps of a key have used what they may have
// used by now.
func (q *Quota) sweepPutOff(ctx context.Context, key string) (bool, error) {
	now, used := q.Now().UTC(), 0
	err := q.Ledger.Read(ctx, func(tx *ledger.Tx) error {
		hours, err := tx.QuotaUse(ctx, key, now)
		for _, h := range hours {
			if h.Purpose == forSweep.name {
				used += h.Used
			}
		}
		return err
	})
	ahead := float64(time.Hour) / float64(24*time.Hour)
	return float64(used) >= float64(q.PerDay[key])*sweepShare*min(1, ofDay(now)+ahead), err
}
