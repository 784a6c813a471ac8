package ledger

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

// What was dealt with goes after its time, in batches, the oldest first. What waits, what
// an open return is held against, and the newest of each topic stays.
func TestTheInboxIsPrunedByAge(t *testing.T) {
	onBoth(t, func(b *bench) {
		receive := func(id string, change func(*Event)) {
			b.clock.pass(time.Second)
			b.do(func(tx *Tx) error {
				e := Event{Shop: shop, Platform: returns.TikTok, ID: id, Topic: "ORDER", OrderID: "O9"}
				if change != nil {
					change(&e)
				}
				if _, err := tx.Receive(b.ctx, e); err != nil || e.Status == "waits" {
					return err
				}
				return tx.Relayed(b.ctx, e, "relayed")
			})
		}
		for key, closed := range map[returns.Key]bool{"RMA1": false, "RMA2": true} {
			b.do(func(tx *Tx) error {
				was, err := tx.Load(b.ctx, shop, key)
				if err != nil {
					return err
				}
				return tx.SaveDecision(b.ctx, shop, key, was, Decided{OrderID: "O" + string(key), Closed: closed})
			})
		}
		receive("waits", func(e *Event) { e.Status = "waits" })
		receive("only of its topic", func(e *Event) { e.Topic = "rare" })
		receive("rma of open", func(e *Event) { e.RMAID, e.Tells = "RMA1", returns.ToldRMA })
		receive("order of open", func(e *Event) { e.OrderID, e.Tells = "ORMA1", returns.ToldReturn })
		receive("hint about open", func(e *Event) { e.RMAID = "RMA1" })
		receive("rma of closed", func(e *Event) { e.RMAID, e.Tells = "RMA2", returns.ToldRMA })
		receive("order of closed", func(e *Event) { e.OrderID, e.Tells = "ORMA2", returns.ToldReturn })
		receive("told of no return", func(e *Event) { e.Tells = returns.ToldReturn })
		receive("another shop's", func(e *Event) { e.Shop = "glow-de" })
		receive("another platform's", func(e *Event) { e.Platform = returns.ReturnGO })
		before := b.clock.pass(time.Second)
		receive("young", nil)
		prune := func(most int) int {
			return get(b, func(tx *Tx) (int, error) { return tx.PruneInbox(b.ctx, shop, returns.TikTok, before, most) })
		}
		left := func() []string { return b.column(`SELECT event_id FROM inbox ORDER BY received_at, event_id`) }
		require.Equal(b.t, 1, prune(1))
		require.NotContains(b.t, left(), "hint about open", "the oldest first")
		require.Equal(b.t, 3, prune(100))
		require.Zero(b.t, prune(100))
		require.Equal(b.t, []string{"waits", "only of its topic", "rma of open", "order of open", "another shop's", "another platform's", "young"}, left())
		require.NotZero(b.t, get(b, func(tx *Tx) (time.Time, error) { return tx.LastEvent(b.ctx, shop, returns.TikTok) }))
	})
}

func TestRefusalsAreCountedByTheHourAndPruned(t *testing.T) {
	onBoth(t, func(b *bench) {
		refused := func(name string, n int) {
			b.do(func(tx *Tx) error { return tx.Refused(b.ctx, name, returns.TikTok, n) })
		}
		since := func(at time.Time) string {
			r := get(b, func(tx *Tx) (Refusals, error) { return tx.RefusedSince(b.ctx, shop, returns.TikTok, at) })
			return fmt.Sprint(r.Count, " ", r.Last.Sub(monday))
		}
		require.Equal(b.t, fmt.Sprint("0 ", time.Time{}.Sub(monday)), since(monday))
		refused(shop, 2)
		refused("glow-de", 5)
		b.clock.pass(20 * time.Minute)
		refused(shop, 3)
		next := b.clock.pass(time.Hour)
		refused(shop, 1)
		require.Equal(b.t, "6 1h20m0s", since(monday.Add(50*time.Minute)), "from the beginning of the hour")
		require.Equal(b.t, "1 1h20m0s", since(next))
		b.do(func(tx *Tx) error { return tx.PruneCounts(b.ctx, shop, returns.TikTok, next) })
		require.Equal(b.t, "1 1h20m0s", since(monday))
	})
}

func TestSharesAreCountedByTenMinutes(t *testing.T) {
	onBoth(t, func(b *bench) {
		came := func(byEvent, bySweep int) {
			b.do(func(tx *Tx) error { return tx.Came(b.ctx, shop, returns.TikTok, byEvent, bySweep) })
		}
		share := func(from, to time.Time) Share {
			return get(b, func(tx *Tx) (Share, error) { return tx.ShareBetween(b.ctx, shop, returns.TikTok, from, to) })
		}
		came(3, 1)
		b.clock.pass(9 * time.Minute)
		came(2, 0)
		later := b.clock.pass(10 * time.Minute)
		came(0, 4)
		require.Equal(b.t, Share{5, 5}, share(monday, later), "the present counts")
		require.Equal(b.t, Share{5, 1}, share(monday, later.Add(-time.Minute)))
		require.Equal(b.t, Share{0, 4}, share(later.Add(-time.Minute), later))
		require.Equal(b.t, Share{}, share(monday.Add(-time.Hour), monday))
		require.Equal(b.t, 10, share(monday, later).All())
		b.do(func(tx *Tx) error { return tx.PruneCounts(b.ctx, shop, returns.TikTok, monday.Add(10*time.Minute)) })
		require.Equal(b.t, Share{0, 4}, share(monday, later))
	})
}

// A return that was told to look again and again and decides nothing is known, and
// forgotten as soon as it decides. So is what was told of it.
func TestReturnsThatDoNotMove(t *testing.T) {
	onBoth(t, func(b *bench) {
		decide := func() {
			b.do(func(tx *Tx) error {
				was, err := tx.Load(b.ctx, shop, "RMA1")
				if err != nil {
					return err
				}
				return tx.SaveDecision(b.ctx, shop, "RMA1", was, Decided{LookBy: tx.Now()})
			})
		}
		unmoved := func() []returns.Key {
			return get(b, func(tx *Tx) ([]returns.Key, error) { return tx.Unmoved(b.ctx, shop, tx.Now().Add(-time.Hour)) })
		}
		stuck := func() []returns.Key {
			return get(b, func(tx *Tx) ([]returns.Key, error) { return tx.KnownStuck(b.ctx, shop) })
		}
		told := func() {
			b.do(func(tx *Tx) error { return tx.TakenUp(b.ctx, shop, []returns.Key{"RMA1"}, tx.Now()) })
		}
		decide()
		b.clock.pass(2 * time.Hour)
		require.Empty(b.t, unmoved(), "nobody has told it")
		told()
		b.clock.pass(45 * time.Minute)
		told()
		require.Empty(b.t, unmoved())
		b.clock.pass(16 * time.Minute)
		require.Equal(b.t, []returns.Key{"RMA1"}, unmoved(), "counted from the first time")
		for range 2 {
			b.do(func(tx *Tx) error { return tx.RaiseStuck(b.ctx, shop, "RMA1", "it does not move") })
		}
		b.do(func(tx *Tx) error { return tx.RaiseStuck(b.ctx, shop, "RMA3", "it never began") })
		require.Equal(b.t, []returns.Key{"RMA1", "RMA3"}, stuck())
		require.Equal(b.t, []string{"1", "1"}, b.column(`SELECT CAST(COUNT(*) AS TEXT) FROM exceptions GROUP BY key`), "opened once")
		decide()
		require.Empty(b.t, unmoved())
		require.Equal(b.t, []returns.Key{"RMA3"}, stuck(), "its own decision heals it")
		b.do(func(tx *Tx) error { return tx.HealStuck(b.ctx, shop, "RMA3") })
		require.Empty(b.t, stuck())
		require.True(b.t, get(b, func(tx *Tx) (bool, error) {
			_, known, err := tx.Story(b.ctx, ReturnRef{shop, "RMA3"})
			return known, err
		}), "one of which nothing was ever saved can be shown")
	})
}

// However often a look that was cut off is made again, what it refused unread stands in
// the audit once.
func TestCommandsRefusedUnreadStandInTheAuditOnce(t *testing.T) {
	onBoth(t, func(b *bench) {
		for _, id := range []string{"run-51", "run-51", "run-120"} {
			b.do(func(tx *Tx) error { return tx.CommandsRefused(b.ctx, shop, "RMA1", id, 21) })
		}
		require.Equal(b.t, []string{"commands refused: 21 came at once beyond what one look takes, and were not read: send again what is still meant", "2"},
			b.column(`SELECT DISTINCT what || ': ' || why FROM audit UNION ALL SELECT CAST(COUNT(*) AS TEXT) FROM audit`))
	})
}
