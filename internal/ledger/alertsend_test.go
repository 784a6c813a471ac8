package ledger

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

// Beyond the number of an hour all waits for one digest, and nothing is missing.
func TestAnHourHasItsNumber(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.gather(told())
		p := SendPolicy{PerHour: 5, Claim: 2 * time.Minute, DigestAt: 23 * time.Hour}
		kinds := []returns.Kind{returns.UnlinkedOrder, returns.UnitMismatch, returns.NotPayable, returns.NothingPayable, returns.NotShipped, returns.EffectRefused, returns.OrderClosing}
		require.NoError(b.t, b.decide("RMA1", open(kinds...)))
		b.gather(told())
		for range 4 {
			c, due := b.next(chat, p)
			require.True(b.t, due)
			require.Equal(b.t, MessageAlerts, c.Sort)
			b.sent(c)
		}
		_, due := b.next(chat, p)
		require.False(b.t, due)
		b.clock.pass(30 * time.Minute)
		require.NoError(b.t, b.decide("RMA2", open(kinds...)))
		b.gather(told())
		_, due = b.next(chat, p)
		require.False(b.t, due)
		b.clock.pass(30 * time.Minute)
		c, due := b.next(chat, p)
		require.True(b.t, due)
		require.Equal(b.t, []any{MessageDigest, 3 + 7}, []any{c.Sort, len(c.Alerts)})
		b.sent(c)
		require.NoError(b.t, b.decide("RMA3", open(returns.UnlinkedOrder)))
		b.gather(told())
		c, due = b.next(chat, p)
		require.True(b.t, due, "the next hour has room for single messages")
		require.Equal(b.t, MessageAlerts, c.Sort)
	})
}

// Whoever sends a message may be killed before it is noted: it goes out once more, and
// no third time.
func TestAKilledSenderIsFollowedOnce(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.gather(told())
		require.NoError(b.t, b.decide("RMA1", open(returns.UnlinkedOrder)))
		b.gather(told())
		one, _ := b.next(chat, sending)
		require.False(b.t, one.Again)
		b.clock.pass(2*time.Minute - time.Second)
		_, due := b.next(chat, sending)
		require.False(b.t, due)
		b.clock.pass(time.Second)
		two, due := b.next(chat, sending)
		require.True(b.t, due)
		require.True(b.t, two.Again)
		require.Equal(b.t, one.ID, two.ID)
		require.Equal(b.t, events(one), events(two))
		b.clock.pass(2 * time.Minute)
		_, due = b.next(chat, sending)
		require.False(b.t, due)
		require.Equal(b.t, []string{"unclear"}, b.column(`SELECT state FROM alert_messages WHERE id = $1`, one.ID))
		require.NoError(b.t, b.decide("RMA1", Decided{OrderID: "O1"}))
		b.gather(told())
		require.Equal(b.t, []string{"RMA1 healed"}, b.drain(chat), "which may have been heard of")
	})
}

func TestManyClaimOneMessage(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.gather(told())
		require.NoError(b.t, b.decide("RMA1", open(returns.UnlinkedOrder, returns.NotPayable)))
		b.gather(told())
		won := make([]int, 32)
		for i, err := range b.race(func(i int, tx *Tx) error {
			_, due, err := tx.ClaimMessage(b.ctx, told().Sinks[0], sending)
			won[i] = flag(due)
			return err
		}) {
			require.NoError(b.t, err, i)
		}
		n := 0
		for _, w := range won {
			n += w
		}
		require.Equal(b.t, 1, n)
	})
}

// A sink that fails keeps all it has to tell, is tried at growing distances, and IT
// hears of it from the others.
func TestASinkThatFailsLosesNothing(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.gather(told())
		tries, asked := 0, b.clock.now()
		for i := range 90 {
			if i < 10 {
				require.NoError(b.t, b.decide(returns.Key(fmt.Sprintf("RMA%02d", i)), open(returns.UnlinkedOrder)))
			}
			b.gather(told())
			if c, due := b.next(chat, sending); due {
				tries++
				b.do(func(tx *Tx) error { return tx.MessageFailed(b.ctx, c, "no answer") })
			}
			b.drain(post)
			b.do(func(tx *Tx) error { return tx.TellOfSinks(b.ctx) })
			b.clock.pass(time.Minute)
		}
		require.LessOrEqual(b.t, tries, 10)
		require.GreaterOrEqual(b.t, tries, 6)
		state := get(b, func(tx *Tx) ([]SinkState, error) { return tx.SinkStates(b.ctx) })
		require.Equal(b.t, []SinkState{{Name: chat, FailingSince: asked, Problem: "no answer", Waiting: 10}, {Name: post}}, state)
		require.Equal(b.t, 1, b.count(`SELECT COUNT(*) FROM exceptions WHERE kind = 'alerts-fail' AND owner = 'IT' AND closed_at = ''`))
		require.Equal(b.t, 1, b.count(`SELECT COUNT(*) FROM alert_deliveries d JOIN alerts a ON a.id = d.alert_id JOIN exceptions e ON e.id = a.exception_id
			WHERE e.kind = 'alerts-fail' AND d.sink = 'post' AND d.state = 'sent'`), "the other sink has told it")
		b.clock.pass(15 * time.Minute)
		require.Len(b.t, b.drain(chat), 10)
		require.Zero(b.t, b.count(`SELECT COUNT(*) FROM exceptions WHERE kind = 'alerts-fail' AND closed_at = ''`))
	})
}

func TestTheDaysDigestComesOnce(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.gather(told())
		p := SendPolicy{PerHour: 20, Claim: 2 * time.Minute, DigestAt: 7 * time.Hour}
		_, due := b.next(post, p)
		require.False(b.t, due, "seven o'clock was before there was the sink")
		b.clock.pass(22*time.Hour - time.Minute)
		_, due = b.next(post, p)
		require.False(b.t, due)
		b.clock.pass(time.Minute)
		c, due := b.next(post, p)
		require.True(b.t, due)
		require.Equal(b.t, []any{MessageDay, returns.IT}, []any{c.Sort, c.Day.Owner})
		b.do(func(tx *Tx) error { return tx.MessageFailed(b.ctx, c, "no answer") })
		b.clock.pass(time.Hour)
		c, due = b.next(post, p)
		require.True(b.t, due, "one that was not taken is due still")
		require.Equal(b.t, returns.IT, c.Day.Owner)
		b.sent(c)
		_, due = b.next(post, p)
		require.False(b.t, due, "the others have nothing to hear")
		_, due = b.next(chat, p)
		require.False(b.t, due, "IT is not told there")
		require.NoError(b.t, b.decide("RMA1", open(returns.RefundDiffers)))
		_, due = b.next(post, p)
		require.False(b.t, due, "nor later in the day")
		b.clock.pass(23 * time.Hour)
		owners := map[returns.Owner]int{}
		for c, due := b.next(post, p); due; c, due = b.next(post, p) {
			owners[c.Day.Owner] = len(c.Day.Open)
			b.sent(c)
		}
		require.Equal(b.t, map[returns.Owner]int{returns.IT: 0, returns.Finance: 1}, owners)
	})
}

func TestAnOutageIsToldOnce(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.gather(told())
		began := b.clock.now()
		lasts := func() { b.do(func(tx *Tx) error { return tx.OutageLasts(b.ctx, OutageWorker, b.clock.now()) }) }
		tell := func() []Outage {
			return get(b, func(tx *Tx) ([]Outage, error) { return tx.OutagesToTell(b.ctx, 10*time.Minute) })
		}
		claim := func(o Outage) (c Claim, due bool) {
			b.do(func(tx *Tx) (err error) {
				c, due, err = tx.ClaimOutage(b.ctx, post, o, 2*time.Minute)
				return err
			})
			return c, due
		}
		lasts()
		b.clock.pass(10*time.Minute - time.Second)
		lasts()
		require.Empty(b.t, tell())
		b.clock.pass(time.Second)
		require.Len(b.t, tell(), 1)
		require.Equal(b.t, began, tell()[0].Since)
		c, due := claim(tell()[0])
		require.True(b.t, due)
		_, due = claim(tell()[0])
		require.False(b.t, due, "another starter tells it")
		b.do(func(tx *Tx) error { return tx.MessageFailed(b.ctx, c, "no answer") })
		c, due = claim(tell()[0])
		require.True(b.t, due, "it was not taken")
		b.clock.pass(2 * time.Minute)
		again, due := claim(tell()[0])
		require.True(b.t, due)
		require.True(b.t, again.Again)
		require.Equal(b.t, c.ID, again.ID)
		b.clock.pass(2 * time.Minute)
		_, due = claim(tell()[0])
		require.False(b.t, due, "no third time")
		b.do(func(tx *Tx) error { return tx.OutageOver(b.ctx, OutageWorker) })
		c, due = claim(tell()[0])
		require.True(b.t, due)
		b.sent(c)
		_, due = claim(tell()[0])
		require.False(b.t, due)

		lasts()
		b.do(func(tx *Tx) error { return tx.OutageOver(b.ctx, OutageWorker) })
		for _, o := range tell() {
			_, due = claim(o)
			require.False(b.t, due, "nobody was told that it began")
		}
	})
}
