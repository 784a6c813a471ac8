package returngosandbox

import "time"

// budget is what one key may still call: a token bucket and a day counter
// that starts again at 00:00 UTC (contract 1.3, A03).
type budget struct {
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
func (b *budget) admit(now time.Time, perSecond, perDay int) verdict {
	b.refill(now, perSecond)
	if day := now.UTC().Format(time.DateOnly); day != b.day {
		b.day, b.used = day, 0
	}
	if perDay >= 0 && b.used >= perDay {
		return dayExceeded
	}
	if perSecond >= 0 && b.tokens < 1 {
		return burstExceeded
	}
	b.tokens--
	b.used++
	return admitted
}

func (b *budget) refill(now time.Time, perSecond int) {
	if b.filledAt.IsZero() {
		b.tokens = float64(perSecond)
	} else if gone := now.Sub(b.filledAt).Seconds(); gone > 0 {
		b.tokens = min(float64(perSecond), b.tokens+gone*float64(perSecond))
	}
	b.filledAt = now
}
