package tiktokshop_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/platform"
)

// clockOf is a TikTok with a clock of its own: it refuses what the contract's
// window does not cover (1.3), and prints its Date if it is asked to.
func clockOf(t *testing.T, theirs *time.Time, prints bool) *fake {
	t.Helper()
	return newFake(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"] = nil
		if prints {
			w.Header().Set("Date", theirs.UTC().Format(http.TimeFormat))
		}
		stamp, _ := strconv.ParseInt(r.URL.Query().Get("timestamp"), 10, 64)
		if off := theirs.Unix() - stamp; off > 300 || off < -30 {
			_, _ = fmt.Fprint(w, `{"code":36009004,"message":"Invalid credentials. Invalid `+"`timestamp`"+` query parameter.","request_id":"r"}`)
			return
		}
		_, _ = fmt.Fprint(w, `{"code":0}`)
	})
}

// A clock that is off costs one refusal, in either direction, and again when
// somebody puts it right.
func TestClockThatIsOff(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{time.Minute, time.Hour, -10 * time.Minute, -48 * time.Hour} {
		theirs := now.Add(-off)
		f := clockOf(t, &theirs, true)
		e := failed(t, write(f.shop))
		require.Equal(t, platform.Retry, e.Class, off)
		require.Equal(t, "r", e.RequestID)
		require.NoError(t, write(f.shop), off)
		require.NoError(t, read(f.shop), off)
		require.Len(t, f.all(), 3, "nothing is repeated within a call")
		require.Equal(t, strconv.FormatInt(theirs.Unix(), 10), f.all()[1].Query["timestamp"][0])

		if off.Abs() < 5*time.Minute {
			continue // what was learnt is still within the window
		}
		theirs = now.Add(time.Second) // mended: ours was wrong, and so is what was learnt
		require.Equal(t, platform.Retry, failed(t, write(f.shop)).Class, off)
		require.NoError(t, write(f.shop), off)
	}
}

// Once: refused again with their own time, it is not our clock; and what was
// learnt is forgotten.
func TestTimestampRefusedAgain(t *testing.T) {
	t.Parallel()
	theirs := now.Add(time.Hour)
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", theirs.Format(http.TimeFormat))
		_, _ = fmt.Fprint(w, `{"code":36009004,"message":"Invalid timestamp"}`)
	})
	require.Equal(t, platform.Retry, failed(t, read(f.shop)).Class)
	require.Equal(t, platform.Human, failed(t, read(f.shop)).Class)
	require.Equal(t, platform.Retry, failed(t, read(f.shop)).Class)
	require.Equal(t, []string{"1760000000"}, f.all()[2].Query["timestamp"])
}

// Without a Date there is nothing to learn; the clock may be mended meanwhile.
func TestTimestampRefusedWithoutDate(t *testing.T) {
	t.Parallel()
	theirs := now.Add(time.Hour)
	f := clockOf(t, &theirs, false)
	require.Equal(t, platform.Retry, failed(t, write(f.shop)).Class)
	require.Equal(t, platform.Retry, failed(t, read(f.shop)).Class)
	require.Equal(t, []string{"1760000000"}, f.all()[1].Query["timestamp"])
}

// Other refusals under the same code, and other codes, teach nothing.
func TestOnlyTheTimestampTeaches(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"code":36009004,"message":"Invalid app_key"}`, `{"code":106001,"message":"timestamp in sign"}`, `<html>timestamp`} {
		f := newFake(t, says(body)) // its Date is that of today, years after now
		for range 2 {
			require.Error(t, write(f.shop))
		}
		require.Equal(t, []string{"1760000000"}, f.all()[1].Query["timestamp"], body)
	}
}
