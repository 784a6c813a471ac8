package returngosandbox

import (
	"fmt"
	"time"
)

// budget is what one key may still call: a token bucket and a day counter that
// starts again at 00:00 UTC (contract 1.3, A03). A limit below 0 is none.
type budget struct {
	perSecond, perDay int

	tokens   float64
	filledAt time.Time
	day      string
	used     int
}

type verdict int

const (
	admitted verdict = iota
	burstExceeded
	dayExceeded
)

// admit takes one call out of the budget; a refused call costs nothing.
func (b *budget) admit(now time.Time) verdict {
	b.refill(now)
	if day := now.UTC().Format(time.DateOnly); day != b.day {
		b.day, b.used = day, 0
	}
	if b.perDay >= 0 && b.used >= b.perDay {
		return dayExceeded
	}
	if b.perSecond >= 0 && b.tokens < 1 {
		return burstExceeded
	}
	b.tokens--
	b.used++
	return admitted
}

func (b *budget) refill(now time.Time) {
	perSecond := float64(b.perSecond)
	if b.filledAt.IsZero() {
		b.tokens = perSecond
	} else if gone := now.Sub(b.filledAt).Seconds(); gone > 0 {
		b.tokens = min(perSecond, b.tokens+gone*perSecond)
	}
	b.filledAt = now
}

// SetLimits changes the limits of every key, also of keys to come; below 0 no limit.
func (s *Sandbox) SetLimits(perSecond, perDay int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options.PerSecond, s.options.PerDay = perSecond, perDay
	for _, k := range s.keys {
		k.budget.limit(perSecond, perDay)
	}
}

// SetKeyLimits changes the limits of one key, such as the bulk key that
// support can issue for a first load (contract 1.3).
func (s *Sandbox) SetKeyLimits(key string, perSecond, perDay int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.keys[key]
	if k == nil {
		return fmt.Errorf("no such key") // the key itself is not repeated
	}
	k.budget.limit(perSecond, perDay)
	return nil
}

// limit sets the limits and fills the bucket; what the day has used stays used.
func (b *budget) limit(perSecond, perDay int) {
	b.perSecond, b.perDay, b.tokens = perSecond, perDay, float64(perSecond)
}
