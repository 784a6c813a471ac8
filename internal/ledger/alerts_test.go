package ledger

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

const chat, post = "chat", "post"

// told is a bench with two sinks: one for CX, one for all.
func told() AlertPolicy {
	return AlertPolicy{
		Sinks:            []Sink{{Name: chat, Owners: []returns.Owner{returns.CX}}, {Name: post}},
		DeadlineWarnings: []time.Duration{24 * time.Hour, 6 * time.Hour, time.Hour}, EscalateAfter: 24 * time.Hour,
	}
}

// sending has the day's digests at midnight, before the sinks are known.
var sending = SendPolicy{PerHour: 20, Claim: 2 * time.Minute}

func (b *bench) gather(p AlertPolicy) {
	b.t.Helper()
	b.do(func(tx *Tx) error { return tx.GatherAlerts(b.ctx, p) })
}

func (b *bench) next(sink string, p SendPolicy) (Claim, bool) {
	b.t.Helper()
	var c Claim
	var due bool
	for _, s := range told().Sinks {
		if s.Name == sink {
			b.do(func(tx *Tx) (err error) {
				c, due, err = tx.ClaimMessage(b.ctx, s, p)
				return err
			})
		}
	}
	return c, due
}

func (b *bench) sent(c Claim) {
	b.t.Helper()
	b.do(func(tx *Tx) error { return tx.MessageSent(b.ctx, c) })
}

// events are what a claim tells, as key and event.
func events(c Claim) []string {
	var all []string
	for _, a := range c.Alerts {
		all = append(all, string(a.Key)+" "+string(a.Event))
	}
	return all
}

// drain takes all messages of a sink and gives what they told.
func (b *bench) drain(sink string) []string {
	b.t.Helper()
	var all []string
	for c, due := b.next(sink, sending); due; c, due = b.next(sink, sending) {
		all = append(all, events(c)...)
		b.sent(c)
	}
	return all
}

func open(kinds ...returns.Kind) Decided {
	d := Decided{OrderID: "O1"}
	for _, k := range kinds {
		d.Exceptions = append(d.Exceptions, returns.NewException(k, string(k)+" happened", gbp("12.50")))
	}
	return d
}

func TestAnExceptionIsToldOnceToEachSinkThatItIsFor(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.gather(told())
		require.NoError(b.t, b.decide("RMA1", open(returns.UnlinkedOrder, returns.RefundDiffers)))
		require.NoError(b.t, b.decide("RMA1", open(returns.UnlinkedOrder, returns.RefundDiffers)), "it is kept open")
		b.clock.pass(time.Second)
		b.gather(told())
		b.gather(told())
		require.Equal(b.t, []string{"RMA1 opened"}, b.drain(chat), "of CX alone")
		require.ElementsMatch(b.t, []string{"RMA1 opened", "RMA1 opened"}, b.drain(post), "of each owner")
		b.gather(told())
		require.Empty(b.t, b.drain(post))

		require.NoError(b.t, b.decide("RMA1", Decided{OrderID: "O1"}))
		b.gather(told())
		require.Equal(b.t, []string{"RMA1 healed"}, b.drain(chat))
		require.Zero(b.t, b.count(`SELECT COUNT(*) FROM alert_deliveries d JOIN exceptions e ON e.id = d.exception_id WHERE d.sink = $1 AND e.owner <> 'CX'`, chat),
			"the end of what is another owner's is not even kept for it")
		require.NoError(b.t, b.decide("RMA1", open(returns.UnlinkedOrder)))
		b.gather(told())
		require.Equal(b.t, []string{"RMA1 opened"}, b.drain(chat), "it is another one")
	})
}

func TestAnAlertIsKeptWithWhatItTellsOf(t *testing.T) {
	onBoth(t, func(b *bench) {
		d := open(returns.UnlinkedOrder)
		d.Deadline = monday.Add(48 * time.Hour)
		d.Holds = []returns.Hold{hold("line-1")}
		require.NoError(b.t, b.decide("RMA1", d))
		require.Equal(b.t, 1, b.count(`SELECT COUNT(*) FROM alerts`))
		require.ErrorIs(b.t, b.Do(b.ctx, func(tx *Tx) error {
			was, err := tx.Load(b.ctx, shop, "RMA2")
			require.NoError(b.t, err)
			require.NoError(b.t, tx.SaveDecision(b.ctx, shop, "RMA2", was, open(returns.UnlinkedOrder)))
			return ErrOvertaken
		}), ErrOvertaken)
		require.Equal(b.t, 1, b.count(`SELECT COUNT(*) FROM alerts`), "what is not kept is not told")
		b.clock.pass(time.Second)
		b.gather(told())
		require.Empty(b.t, b.drain(chat), "it was before there was the sink")
		require.NoError(b.t, b.decide("RMA3", d2(d, "line-3")))
		b.gather(told())
		c, due := b.next(chat, sending)
		require.True(b.t, due)
		a := c.Alerts[0]
		require.Equal(b.t, []any{shop, returns.Key("RMA3"), "O1", "case-line-3", "12.50 GBP", monday.Add(48 * time.Hour), returns.CX},
			[]any{a.Shop, a.Key, a.OrderID, a.TikTokReturnID, a.Amount.String(), a.Deadline, a.Owner})
	})
}

func d2(d Decided, unit returns.UnitID) Decided {
	d.Holds = []returns.Hold{hold(unit)}
	return d
}

func TestWhatHealsBeforeItWasToldIsNotTold(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.gather(told())
		require.NoError(b.t, b.decide("RMA1", open(returns.UnlinkedOrder)))
		b.gather(told())
		require.Equal(b.t, []string{"RMA1 opened"}, b.drain(post))
		require.NoError(b.t, b.decide("RMA1", Decided{OrderID: "O1"}))
		b.gather(told())
		require.Empty(b.t, b.drain(chat), "it has not told that it began")
		require.Equal(b.t, []string{"RMA1 healed"}, b.drain(post))
		b.clock.pass(24 * time.Hour)
		c, due := b.next(chat, sending)
		require.True(b.t, due)
		require.Equal(b.t, MessageDay, c.Sort)
		require.Equal(b.t, 1, c.Day.Unheard, "the digest counts it")
	})
}

func TestABackfillIsSilent(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.gather(told())
		d := open(returns.UnlinkedOrder)
		d.Quiet, d.Deadline = true, monday.Add(48*time.Hour)
		require.NoError(b.t, b.decide("RMA1", d))
		require.NoError(b.t, b.decide("RMA2", func() Decided { d := open(returns.UnlinkedOrder); d.Quiet = true; return d }()))
		require.NoError(b.t, b.decide("RMA2", Decided{OrderID: "O1"}))
		b.gather(told())
		require.Empty(b.t, b.drain(chat))
		b.clock.pass(23 * time.Hour)
		b.gather(told())
		c, due := b.next(chat, sending)
		require.True(b.t, due)
		require.Equal(b.t, []any{MessageDay, 2, 1}, []any{c.Sort, c.Day.Quiet, len(c.Day.Open)})
		b.sent(c)
		require.Empty(b.t, b.drain(chat), "nobody was told, so nobody has left it unanswered")
		b.clock.pass(2 * time.Hour)
		b.gather(told())
		require.Equal(b.t, []string{"RMA1 deadline"}, b.drain(chat), "a deadline is news all the same")
	})
}

func TestDeadlinesAreToldAtEachDistance(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.gather(told())
		late, early := open(returns.UnlinkedOrder), open(returns.UnlinkedOrder)
		late.Deadline, early.Deadline = monday.Add(5*time.Hour), monday.Add(30*time.Hour)
		require.NoError(b.t, b.decide("RMA1", late))
		require.NoError(b.t, b.decide("RMA2", early))
		b.gather(told())
		require.Equal(b.t, []string{"RMA1 opened", "RMA2 opened"}, b.drain(chat), "the opening says the deadline")
		for _, step := range []struct {
			pass time.Duration
			want []string
		}{
			{3*time.Hour + 59*time.Minute, nil},                                             // 1h01 and 26h01 left
			{time.Minute, []string{"RMA1 deadline"}},                                        // 1h
			{2 * time.Hour, []string{"RMA2 deadline"}},                                      // passed, and 24h left
			{19 * time.Hour, []string{"RMA1 escalated", "RMA2 escalated", "RMA2 deadline"}}, // 5h left, and open for over a day
			{4*time.Hour + 30*time.Minute, []string{"RMA2 deadline"}},                       // half an hour
			{time.Minute, nil},
		} {
			b.clock.pass(step.pass)
			b.gather(told())
			require.ElementsMatch(b.t, step.want, b.drain(chat), step.pass.String())
		}
	})
}

func TestAnotherDeadlineIsAnotherCause(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.gather(told())
		d := open(returns.UnlinkedOrder)
		d.Deadline = monday.Add(8 * time.Hour)
		require.NoError(b.t, b.decide("RMA1", d))
		b.gather(told())
		b.drain(chat)
		b.clock.pass(2 * time.Hour)
		b.gather(told())
		require.Equal(b.t, []string{"RMA1 deadline"}, b.drain(chat))
		d.Deadline = monday.Add(12 * time.Hour)
		require.NoError(b.t, b.decide("RMA1", d))
		b.gather(told())
		require.Empty(b.t, b.drain(chat))
		b.clock.pass(4 * time.Hour)
		b.gather(told())
		require.Equal(b.t, []string{"RMA1 deadline"}, b.drain(chat))
	})
}

func TestWhatNobodyAnswersIsEscalated(t *testing.T) {
	onBoth(t, func(b *bench) {
		p := told()
		p.EscalateTo = post
		b.gather(p)
		require.NoError(b.t, b.decide("RMA1", open(returns.UnlinkedOrder)))
		b.gather(p)
		b.drain(chat)
		b.drain(post)
		b.clock.pass(24 * time.Hour)
		b.gather(p)
		require.Empty(b.t, b.drain(chat))
		require.Equal(b.t, []string{"RMA1 escalated"}, b.drain(post))
	})
}

func TestAlertsOfOneCauseAreOneMessage(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.gather(told())
		for i := range 5 {
			require.NoError(b.t, b.decide(returns.Key(fmt.Sprint("RMA", i)), open(returns.UnlinkedOrder, returns.NotPayable)))
		}
		b.gather(told())
		one, _ := b.next(chat, sending)
		require.Len(b.t, one.Alerts, 5)
		_, due := b.next(chat, sending)
		require.False(b.t, due, "one message of a sink is under way at a time")
		b.sent(one)
		two, _ := b.next(chat, sending)
		require.Len(b.t, two.Alerts, 5)
		require.NotEqual(b.t, one.Alerts[0].Kind, two.Alerts[0].Kind)
	})
}

func TestASinkIsForItsShops(t *testing.T) {
	t.Parallel()
	s := Sink{Name: chat, Owners: []returns.Owner{returns.IT}, Shops: []string{shop}}
	require.True(t, s.Hears(returns.IT, shop))
	require.False(t, s.Hears(returns.IT, "other"))
	require.False(t, s.Hears(returns.CX, shop))
	require.True(t, s.Hears(returns.IT, ""), "what concerns no single shop is for each")
	require.True(t, Sink{}.Hears(returns.CX, "other"))
}

// A sink that was taken out is forgotten: back again it is not told the past.
func TestASinkThatWasTakenOut(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.gather(told())
		require.NoError(b.t, b.decide("RMA1", open(returns.UnlinkedOrder)))
		b.gather(told())
		b.gather(AlertPolicy{Sinks: told().Sinks[1:], EscalateAfter: time.Hour})
		require.Len(b.t, get(b, func(tx *Tx) ([]SinkState, error) { return tx.SinkStates(b.ctx) }), 1, "nobody is told how it does")
		b.clock.pass(time.Minute)
		b.gather(told())
		require.Empty(b.t, b.drain(chat))
		require.NotEmpty(b.t, b.drain(post))
	})
}

func TestTheEndOfADaysLimitIsTold(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.gather(told())
		b.do(func(tx *Tx) error {
			return tx.RaiseForShop(b.ctx, shop, returns.TikTok, returns.NewException(returns.RefundLimit, "reached", returns.Money{}))
		})
		b.gather(told())
		require.Equal(b.t, []string{"shop/tiktok opened"}, b.drain(post))
		b.clock.pass(16 * time.Hour)
		b.do(func(tx *Tx) error { return tx.HealRefundLimit(b.ctx, shop) })
		b.gather(told())
		require.Equal(b.t, []string{"shop/tiktok healed"}, b.drain(post))
	})
}
