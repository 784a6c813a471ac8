package tiktokshop

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"returnbridge/internal/platform"
)

// invalidCredential is one code for a dozen things, told apart by TikTok's
// words; only a wrong timestamp can be healed by signing again (contract 1.7).
const invalidCredential = "36009004"

func aboutTime(code, message string) bool {
	return code == invalidCredential && strings.Contains(strings.ToLower(message), "timestamp")
}

// tolerance is the smaller side of what TikTok accepts: 30 s of future, 5
// minutes of past (contract 1.3).
const tolerance = 30 * time.Second

// now is our clock, put right by what TikTok said of it.
func (c *Client) now() time.Time { return c.clock().Add(time.Duration(c.skew.Load())) }

// putClockRight learns how far our clock is off from the Date of the answer that
// refused our timestamp; the next attempt is signed with it, so the refusal is
// Retry. It does so once: refused again by a clock that agrees with ours, it
// forgets and leaves it to a person. Without a Date it changes nothing.
func (c *Client) putClockRight(refused error, stamped time.Time, date string) error {
	e, ok := errors.AsType[*platform.Error](refused)
	if !ok || !aboutTime(e.Code, e.Message) {
		return refused
	}
	theirs, err := http.ParseTime(date)
	switch {
	case err != nil:
	case theirs.Sub(stamped).Abs() <= tolerance:
		c.skew.Store(0)
		e.Class = platform.Human
	default:
		c.skew.Store(int64(theirs.Sub(c.clock())))
	}
	return refused
}

// farthestClock is beyond what a clock is ever off: such a Date is not believed.
const farthestClock = 24 * time.Hour

// noteDate keeps how far TikTok's clock is from ours. Calls pass with one that is
// minutes off (contract 1.3), but the times in its events are by that clock.
func (c *Client) noteDate(date string) {
	if theirs, err := http.ParseTime(date); err == nil {
		if off := theirs.Sub(c.clock()); off.Abs() <= farthestClock {
			c.ahead.Store(int64(off))
		}
	}
}

// ClockAhead is how far TikTok's clock was ahead of ours at its last answer, to
// about a second; below zero if it was behind, zero if it never said.
func (s *Shop) ClockAhead() time.Duration { return time.Duration(s.client.ahead.Load()) }
