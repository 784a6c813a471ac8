package app

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"returnbridge/activities"
	"returnbridge/config"
	"returnbridge/internal/ledger"
)

// quotaReport is how far today's calls to ReturnGO go.
type quotaReport struct {
	At   time.Time  `json:"at"`
	Keys []keyQuota `json:"keys"`
}

// keyQuota is one ReturnGO key's day, from 00:00 to 24:00 UTC (A03).
type keyQuota struct {
	Key     string         `json:"key"`
	PerDay  int            `json:"per_day"`
	Used    int            `json:"used"`
	For     map[string]int `json:"for"`      // calls made, by purpose
	PutOff  int            `json:"put_off"`  // calls that had to wait, because others are more urgent
	Waiting int            `json:"waiting"`  // of them, about those that wait still
	PerHour float64        `json:"per_hour"` // calls asked for lately: made and put off
	// ByMidnight is what the day will have needed at the present pace, with what
	// waits. RunsOut is the hour at which the calls end for what events ask for;
	// it has passed if such reads wait already. MoneyUntil is when they end for
	// refunds too. Zero: they last.
	ByMidnight int       `json:"by_midnight"`
	RunsOut    time.Time `json:"runs_out,omitzero"`
	MoneyUntil time.Time `json:"money_until,omitzero"`
}

// paceOver is the time over which the present pace is taken.
const paceOver = 3 * time.Hour

func quotaCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "quota", Short: "Show how far today's calls to ReturnGO go",
		Long: "Show how many of today's calls to ReturnGO are used and for what, and whether they\nlast until midnight UTC. When they run short refunds go first, then reads that an\nevent asks for, then sweeps, then the backfill.",
		Args: cobra.NoArgs,
	}
	v := newVisitor(cmd, false)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return v.run(cmd, func(ctx context.Context, h *house, out Output) error { return h.quota(ctx, out) })
	}
	return cmd
}

// Quota shows how far today's calls go, as the command of that name does, for a
// program that has its configuration already.
func Quota(ctx context.Context, cfg *config.Config, deps Deps, out Output) error {
	h, err := visit(ctx, cfg, deps, false)
	if err != nil {
		return err
	}
	defer h.close()
	return h.quota(ctx, out)
}

func (h *house) quota(ctx context.Context, out Output) error {
	now := h.now().UTC()
	report := quotaReport{At: now, Keys: []keyQuota{}}
	err := h.ledger.Read(ctx, func(tx *ledger.Tx) error {
		for _, k := range h.cfg.ReturnGO {
			hours, err := tx.QuotaUse(ctx, k.Name, now)
			if err != nil {
				return err
			}
			report.Keys = append(report.Keys, quotaOf(k.Name, k.CallsPerDay, hours, now))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return out.say(report, report.text())
}

// quotaOf adds up a key's hours and looks ahead at the pace of the last ones.
// What was put off is asked for like what was made: a day that is kept short by
// the reserves would look calm without it.
func quotaOf(key string, perDay int, hours []ledger.HourUse, now time.Time) keyQuota {
	k := keyQuota{Key: key, PerDay: perDay, For: map[string]int{}}
	midnight := now.Truncate(24 * time.Hour)
	from := now.Add(-paceOver).Truncate(time.Hour)
	if from.Before(midnight) {
		from = midnight
	}
	lately, money := 0, 0
	for _, h := range hours {
		k.Used += h.Used
		k.PutOff += h.Refused
		k.For[h.Purpose] += h.Used
		if !h.Hour.Before(from) {
			lately += h.Used + h.Refused
		}
		if !h.Hour.Before(from) && h.Purpose == "money" {
			money += h.Used + h.Refused
		}
	}
	still, since := waiting(hours, now)
	k.Waiting = still
	left := midnight.Add(24 * time.Hour).Sub(now)
	k.ByMidnight = k.Used + k.Waiting
	moneyAnHour := 0.0
	if over := now.Sub(from).Hours(); over > 0 {
		k.PerHour, moneyAnHour = float64(lately)/over, float64(money)/over
		k.ByMidnight += int(k.PerHour * left.Hours())
	}
	switch free := perDay - k.Used; {
	case free <= 0:
		k.RunsOut, k.MoneyUntil = now, now
	case !since.IsZero():
		k.RunsOut = since
		if moneyAnHour*left.Hours() > float64(free) {
			k.MoneyUntil = now.Add(time.Duration(float64(free) / moneyAnHour * float64(time.Hour)))
		}
	default:
		k.RunsOut = activities.ReadsEnd(perDay, k.Used, k.PerHour, now)
	}
	return k
}

// waiting is about how many calls still wait, and since which hour reads that
// events ask for do; zero if none do. In an hour in which a purpose got all that
// it asked for, what had waited got its turn too. A call that was put off twice is
// counted twice.
func waiting(hours []ledger.HourUse, now time.Time) (n int, since time.Time) {
	each, first := map[string]int{}, map[string]time.Time{}
	for _, h := range hours {
		switch {
		case h.Refused > 0:
			if each[h.Purpose] == 0 {
				first[h.Purpose] = h.Hour
			}
			each[h.Purpose] += h.Refused
		case h.Used > 0 && h.Hour.Before(now.Truncate(time.Hour)):
			delete(each, h.Purpose)
			delete(first, h.Purpose)
		}
	}
	for _, some := range each {
		n += some
	}
	return n, first["news"]
}

func (r quotaReport) text() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "KEY\tUSED TODAY\tMONEY\tNEWS\tSWEEPS\tBACKFILL\tPUT OFF\tAN HOUR\tBY MIDNIGHT\n")
	for _, k := range r.Keys {
		fmt.Fprintf(w, "%s\t%d of %d\t%d\t%d\t%d\t%d\t%d\t%.0f\t%d\n", k.Key, k.Used, k.PerDay,
			k.For["money"], k.For["news"], k.For["sweep"], k.For["backfill"], k.PutOff, k.PerHour, k.ByMidnight)
	}
	_ = w.Flush() // into memory
	b.WriteString("\n")
	for _, k := range r.Keys {
		b.WriteString(k.sentence(r.At))
	}
	return b.String()
}

func (k keyQuota) sentence(now time.Time) string {
	switch {
	case k.Used >= k.PerDay:
		return fmt.Sprintf("%s: all calls of today are used. Nothing is lost: what waits goes on after 00:00 UTC.\n", k.Key)
	case !k.RunsOut.IsZero() && !k.RunsOut.After(now):
		refunds := fmt.Sprintf("the %d that are left last for refunds until midnight", k.PerDay-k.Used)
		if !k.MoneyUntil.IsZero() {
			refunds = fmt.Sprintf("the %d that are left last for refunds until about %s UTC", k.PerDay-k.Used, k.MoneyUntil.Format("15:04"))
		}
		return fmt.Sprintf("%s: for what events ask for today's calls came to their end after %s UTC: about %d calls wait, and %s. Ask ReturnGO for more than %d a day; this one would need %d.\n",
			k.Key, k.RunsOut.Format("15:04"), k.Waiting, refunds, k.PerDay, k.ByMidnight)
	case !k.RunsOut.IsZero():
		return fmt.Sprintf("%s: at this pace today's calls end at %s UTC. Refunds go first, the rest waits. Ask ReturnGO for more than %d a day.\n", k.Key, k.RunsOut.Format("15:04"), k.PerDay)
	case k.PutOff > 0:
		return fmt.Sprintf("%s: some reads had to wait for more urgent ones; at this pace the day's calls last.\n", k.Key)
	}
	return fmt.Sprintf("%s: the day's calls last.\n", k.Key)
}
