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
			keyQuota{Key: "main", PerDay: 2000, Used: 900, For: map[string]int{"news": 900}, PerHour: 300, ByMidnight: 4500, RunsOut: midnight.Add(14*time.Hour + 54*time.Minute)},
			"main: at this pace today's calls end at 14:54 UTC. Refunds go first, the rest waits. Ask ReturnGO for more than 2000 a day.\n",
		},
		"all used": {
			20 * time.Hour, []ledger.HourUse{hour(9, 2000, 7, "news")},
			keyQuota{Key: "main", PerDay: 2000, Used: 2000, PutOff: 7, For: map[string]int{"news": 2000}, Waiting: 7, ByMidnight: 2007, RunsOut: midnight.Add(20 * time.Hour), MoneyUntil: midnight.Add(20 * time.Hour)},
			"main: all calls of today are used. Nothing is lost: what waits goes on after 00:00 UTC.\n",
		},
		"something waited": {
			20 * time.Hour, []ledger.HourUse{hour(9, 100, 7, "sweep")},
			keyQuota{Key: "main", PerDay: 2000, Used: 100, PutOff: 7, For: map[string]int{"sweep": 100}, Waiting: 7, ByMidnight: 107},
			"main: some reads had to wait for more urgent ones; at this pace the day's calls last.\n",
		},
		"reads wait since seven": {
			12 * time.Hour, []ledger.HourUse{hour(5, 300, 2, "news"), hour(6, 1000, 0, "news"), hour(7, 200, 30, "news"), hour(9, 60, 0, "money"), hour(9, 20, 300, "news"), hour(11, 20, 300, "news")},
			keyQuota{
				Key: "main", PerDay: 2000, Used: 1600, PutOff: 632, Waiting: 630, For: map[string]int{"news": 1540, "money": 60},
				PerHour: 700.0 / 3, ByMidnight: 5030, RunsOut: midnight.Add(7 * time.Hour),
			},
			"main: for what events ask for today's calls came to their end after 07:00 UTC: about 630 calls wait, and the 400 that are left last for refunds until midnight. Ask ReturnGO for more than 2000 a day; this one would need 5030.\n",
		},
		"and money ends too": {
			12 * time.Hour, []ledger.HourUse{hour(9, 1600, 0, "money"), hour(11, 20, 0, "money"), hour(11, 80, 300, "news")},
			keyQuota{
				Key: "main", PerDay: 2000, Used: 1700, PutOff: 300, Waiting: 300, For: map[string]int{"news": 80, "money": 1620},
				PerHour: 2000.0 / 3, ByMidnight: 10000, RunsOut: midnight.Add(11 * time.Hour), MoneyUntil: midnight.Add(12*time.Hour + 33*time.Minute),
			},
			"main: for what events ask for today's calls came to their end after 11:00 UTC: about 300 calls wait, and the 300 that are left last for refunds until about 12:33 UTC. Ask ReturnGO for more than 2000 a day; this one would need 10000.\n",
		},
		"what waited got its turn": {
			20 * time.Hour, []ledger.HourUse{hour(8, 900, 100, "news"), hour(9, 200, 0, "news"), hour(18, 20, 0, "news")},
			keyQuota{Key: "main", PerDay: 2000, Used: 1120, PutOff: 100, For: map[string]int{"news": 1120}, PerHour: 20.0 / 3, ByMidnight: 1146},
			"main: some reads had to wait for more urgent ones; at this pace the day's calls last.\n",
		},
		"midnight": {0, nil, keyQuota{Key: "main", PerDay: 2000, For: map[string]int{}}, "main: the day's calls last.\n"},
	} {
		got := quotaOf("main", 2000, c.hours, midnight.Add(c.at))
		got.RunsOut, got.MoneyUntil = got.RunsOut.Truncate(time.Minute), got.MoneyUntil.Truncate(time.Minute)
		require.Equal(t, c.want, got, name)
		require.Equal(t, c.says, got.sentence(midnight.Add(c.at)), name)
	}
}
