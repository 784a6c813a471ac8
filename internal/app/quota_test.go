package app

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
)

func TestQuotaLooksAheadAtThePresentPace(t *testing.T) {
	t.Parallel()
	midnight := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	hour := func(h, used, refused int, purpose string) ledger.HourUse {
		return ledger.HourUse{Hour: midnight.Add(time.Duration(h) * time.Hour), Purpose: purpose, Used: used, Refused: refused}
	}
	for name, c := range map[string]struct {
		at    time.Duration
		hours []ledger.HourUse
		want  keyQuota
		says  string
	}{
		"a calm day": {
			12 * time.Hour, []ledger.HourUse{hour(2, 100, 0, "news"), hour(9, 30, 0, "news"), hour(11, 30, 0, "money")},
			keyQuota{Key: "main", PerDay: 2000, Used: 160, For: map[string]int{"news": 130, "money": 30}, PerHour: 20, ByMidnight: 400},
			"main: the day's calls last.\n",
		},
		"a peak": {
			12 * time.Hour, []ledger.HourUse{hour(9, 300, 0, "news"), hour(10, 300, 0, "news"), hour(11, 300, 0, "news")},
			keyQuota{Key: "main", PerDay: 2000, Used: 900, For: map[string]int{"news": 900}, PerHour: 300, ByMidnight: 4500, RunsOut: midnight.Add(15*time.Hour + 40*time.Minute)},
			"main: at this pace today's calls end at 15:40 UTC. Refunds go first, the rest waits. Ask ReturnGO for more than 2000 a day.\n",
		},
		"all used": {
			20 * time.Hour, []ledger.HourUse{hour(9, 2000, 7, "news")},
			keyQuota{Key: "main", PerDay: 2000, Used: 2000, PutOff: 7, For: map[string]int{"news": 2000}, ByMidnight: 2000, RunsOut: midnight.Add(20 * time.Hour)},
			"main: all calls of today are used. Nothing is lost: what waits goes on after 00:00 UTC.\n",
		},
		"something waited": {
			20 * time.Hour, []ledger.HourUse{hour(9, 100, 7, "sweep")},
			keyQuota{Key: "main", PerDay: 2000, Used: 100, PutOff: 7, For: map[string]int{"sweep": 100}, ByMidnight: 100},
			"main: some reads had to wait for more urgent ones; at this pace the day's calls last.\n",
		},
		"midnight": {0, nil, keyQuota{Key: "main", PerDay: 2000, For: map[string]int{}}, "main: the day's calls last.\n"},
	} {
		got := quotaOf("main", 2000, c.hours, midnight.Add(c.at))
		require.Equal(t, c.want, got, name)
		require.Equal(t, c.says, got.sentence(midnight.Add(c.at)), name)
	}
}
