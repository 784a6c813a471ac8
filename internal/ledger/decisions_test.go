package ledger

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

func hold(u returns.UnitID) returns.Hold {
	return returns.Hold{Unit: u, ItemID: "item-" + string(u), OrderID: "O1", SKUID: sku, ProductID: product, TikTokReturnID: "case-" + string(u)}
}

// decide saves a decision made on what the ledger holds now.
func (b *bench) decide(key returns.Key, d Decided) error {
	return b.Do(b.ctx, func(tx *Tx) error {
		was, err := tx.Load(b.ctx, shop, key)
		if err != nil {
			return err
		}
		return tx.SaveDecision(b.ctx, shop, key, was, d)
	})
}

func TestOneReturnHoldsAUnit(t *testing.T) {
	onBoth(t, func(b *bench) {
		holds := func(units ...returns.UnitID) Decided {
			d := Decided{OrderID: "O1"}
			for _, u := range units {
				d.Holds = append(d.Holds, hold(u))
			}
			return d
		}
		require.NoError(b.t, b.decide("RMA1", holds("line-1", "line-2")))
		require.ErrorIs(b.t, b.decide("RMA2", holds("line-3", "line-2")), ErrUnitTaken)
		require.Empty(b.t, b.load("RMA2").Holds, "all of a decision, or nothing")

		require.NoError(b.t, b.decide("RMA1", holds("line-1")), "released")
		require.NoError(b.t, b.decide("RMA2", holds("line-2")))
		one := b.load("RMA1")
		require.Equal(b.t, []returns.Hold{hold("line-1")}, one.Holds)
		require.Equal(b.t, map[returns.UnitID]returns.Key{"line-2": "RMA2"}, one.HeldBy)

		changed := hold("line-1")
		changed.TikTokReturnID = "case-new"
		require.NoError(b.t, b.decide("RMA1", Decided{OrderID: "O1", Holds: []returns.Hold{changed}}))
		require.Equal(b.t, []returns.Hold{changed}, b.load("RMA1").Holds)
		require.NoError(b.t, b.decide("RMA1", Decided{OrderID: "O1"}))
		require.Empty(b.t, b.load("RMA1").Holds)
	})
}

func TestManyHoldOneUnit(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.oneWins(b.race(func(i int, tx *Tx) error {
			units := []returns.Hold{hold("line-1"), hold("line-2")}
			if i%2 == 1 {
				units[0], units[1] = units[1], units[0]
			}
			key := returns.Key(fmt.Sprint("RMA", i))
			if err := tx.enterReturn(b.ctx, shop, key); err != nil {
				return err
			}
			return tx.SaveDecision(b.ctx, shop, key, returns.Record{}, Decided{Holds: units})
		}), ErrUnitTaken)
		require.Equal(b.t, 1, b.count(`SELECT count(DISTINCT key) FROM holds`))
		require.Equal(b.t, 2, b.count(`SELECT count(*) FROM holds`))
	})
}

func TestExceptionsOpenChangeHealAndReopen(t *testing.T) {
	onBoth(t, func(b *bench) {
		differs := returns.NewException(returns.RefundDiffers, "paid 10", gbp("2.50"))
		unlinked := returns.NewException(returns.UnlinkedOrder, "no order #7", returns.Money{})
		save := func(all ...returns.Exception) {
			b.t.Helper()
			require.NoError(b.t, b.decide("RMA1", Decided{Exceptions: all}))
		}
		save(differs, unlinked)
		r := b.load("RMA1")
		require.Equal(b.t, []returns.OpenException{{Exception: differs, OpenedAt: monday}, {Exception: unlinked, OpenedAt: monday}}, r.Open)

		b.clock.pass(time.Hour)
		differs.Sentence, differs.Amount = "paid 11", gbp("1.50")
		save(differs)
		r = b.load("RMA1")
		require.Equal(b.t, []returns.OpenException{{Exception: differs, OpenedAt: monday}}, r.Open, "the same one, with new words")
		require.Equal(b.t, []string{"healed"}, b.column(`SELECT closed_by FROM exceptions WHERE kind = $1`, string(returns.UnlinkedOrder)))

		reopened := b.clock.pass(time.Hour)
		save(differs, unlinked)
		again := b.load("RMA1")
		require.Equal(b.t, reopened, again.OpenSince(returns.UnlinkedOrder, ""))
		require.Equal(b.t, 2, b.count(`SELECT count(*) FROM exceptions WHERE kind = $1`, string(returns.UnlinkedOrder)), "the first is history")
		require.Equal(b.t, 3, b.count(`SELECT count(*) FROM audit WHERE what LIKE 'opened the exception %' AND decided_by = 'the program'`), "each opening once")

		save(differs, differs)
		require.Equal(b.t, 1, b.count(`SELECT count(*) FROM exceptions WHERE kind = $1`, string(returns.RefundDiffers)))
		require.Error(b.t, b.Do(b.ctx, func(tx *Tx) error {
			_, err := tx.exec(b.ctx, "second", `INSERT INTO exceptions (id, shop, key, kind, owner, sentence, opened_at) VALUES ('x', $1, 'RMA1', $2, '', '', '')`, shop, string(returns.RefundDiffers))
			return err
		}), "one open for a kind and a subject")
	})
}

func about(subject string, e returns.Exception) returns.Exception {
	e.Subject = subject
	return e
}

// Two questions of one kind about two subjects stand beside each other, and each is
// answered and healed by itself (11).
func TestEachSubjectHasItsOwnException(t *testing.T) {
	onBoth(t, func(b *bench) {
		one := about("L1", returns.NewException(returns.AuthorisedTwice, "L1 is authorised twice", gbp("10.00")))
		two := about("L2", returns.NewException(returns.AuthorisedTwice, "L2 is authorised twice", gbp("20.00")))
		require.NoError(b.t, b.decide("RMA1", Decided{Exceptions: []returns.Exception{one, two}}))
		opened := b.clock.now()
		answer := returns.Command{
			ID: "c1", Name: returns.CommandResolve, Exception: returns.AuthorisedTwice, Answer: returns.AnswerDoNotRefund, Who: "Ada", Why: "once is enough",
		}
		out := b.command(answer)
		require.False(b.t, out.Accepted)
		require.Contains(b.t, out.Sentence, "L1, L2", "it says which there are")

		answer.ID, answer.Subject = "c2", "L3"
		require.Contains(b.t, b.command(answer).Sentence, "no authorised-twice about L3 is open here")
		answer.ID, answer.Subject = "c3", "L2"
		require.True(b.t, b.command(answer).Accepted)
		r := b.load("RMA1")
		require.Equal(b.t, []returns.OpenException{{Exception: one, OpenedAt: opened}}, r.Open)
		require.Equal(b.t, "L2", r.Said[0].Subject)
		answer.ID, answer.Subject = "c4", ""
		require.True(b.t, b.command(answer).Accepted, "one is left: it is meant")
		require.Equal(b.t, "L1", get(b, func(tx *Tx) (returns.Record, error) { return tx.Record(b.ctx, shop, "RMA1") }).Said[1].Subject)
	})
}

// A question about more or fewer units than before is the same question, and keeps its
// age; one about others is another (11).
func TestAQuestionThatGrowsKeepsItsAge(t *testing.T) {
	onBoth(t, func(b *bench) {
		question := returns.NewException(returns.InspectedWhileOff, "in stock by hand?", returns.Money{})
		save := func(subjects ...string) {
			b.t.Helper()
			var all []returns.Exception
			for _, s := range subjects {
				all = append(all, about(s, question))
			}
			require.NoError(b.t, b.decide("RMA1", Decided{Exceptions: all}))
		}
		open := func() map[string]time.Time {
			since := map[string]time.Time{}
			for _, e := range b.load("RMA1").Open {
				since[e.Subject] = e.OpenedAt
			}
			return since
		}
		save("L1")
		first := b.clock.now()
		later := b.clock.pass(time.Hour)
		save("L1+L2")
		require.Equal(b.t, map[string]time.Time{"L1+L2": first}, open())
		save("L1", "L2")
		require.Equal(b.t, map[string]time.Time{"L1": first, "L2": later}, open())
		last := b.clock.pass(time.Hour)
		save("L2", "L3")
		require.Equal(b.t, map[string]time.Time{"L2": later, "L3": last}, open())
		require.Equal(b.t, []string{"healed"}, b.column(`SELECT closed_by FROM exceptions WHERE closed_at <> ''`))
	})
}

func TestADecisionIsKeptAndClosed(t *testing.T) {
	onBoth(t, func(b *bench) {
		require.Zero(b.t, b.load("RMA1").Decisions)
		closed := b.clock.pass(time.Hour)
		require.NoError(b.t, b.decide("RMA1", Decided{OrderID: "O1", Stage: returns.StageClosed, Summary: "all done", Rules: "v7", Closed: true}))
		r := b.load("RMA1")
		require.Equal(b.t, closed, r.ClosedAt)
		require.Equal(b.t, "O1", r.OrderID)
		require.Equal(b.t, []string{"closed all done v7 " + text(closed)}, b.column(`SELECT stage || ' ' || summary || ' ' || rules || ' ' || decided_at FROM returns`))
		require.NoError(b.t, b.decide("RMA1", Decided{OrderID: "O1"}))
		require.True(b.t, b.load("RMA1").ClosedAt.IsZero(), "late news opens it again")
		require.EqualValues(b.t, 2, b.load("RMA1").Decisions)
	})
}

func (b *bench) command(c returns.Command) Outcome {
	b.t.Helper()
	return get(b, func(tx *Tx) (Outcome, error) { return tx.Command(b.ctx, shop, "RMA1", c) })
}

func TestPauseAndResume(t *testing.T) {
	onBoth(t, func(b *bench) {
		pause := returns.Command{Name: returns.CommandPause, ID: "c1", Who: "Ada", Why: "lawyer"}
		require.Equal(b.t, Outcome{Accepted: true, Sentence: "paused"}, b.command(pause), "also before the return was ever loaded")
		require.True(b.t, b.load("RMA1").Paused)
		require.Equal(b.t, Outcome{Accepted: true, Sentence: "resumed"}, b.command(returns.Command{Name: returns.CommandResume, ID: "c2", Who: "Ada", Why: "done"}))
		require.False(b.t, b.load("RMA1").Paused)
		require.True(b.t, b.command(pause).Accepted)
		require.False(b.t, b.load("RMA1").Paused, "the same command counts once")
		require.True(b.t, b.command(returns.Command{Name: returns.CommandRecheck, ID: "c3", Who: "Ada", Why: "now"}).Accepted)
		require.Equal(b.t, []string{"told the return to go on", "told the return to pause", "told the return to read both platforms again"}, b.column(`SELECT what FROM audit WHERE decided_by = 'Ada' ORDER BY what`))
	})
}

func TestAnAnswerClosesItsException(t *testing.T) {
	onBoth(t, func(b *bench) {
		shown := returns.NewException(returns.NoAuthorisedAmount, "TikTok can pay 9.90", gbp("9.90"))
		open := func() { require.NoError(b.t, b.decide("RMA1", Decided{Exceptions: []returns.Exception{shown}})) }
		answer := func(id string, a returns.AnswerName, amount returns.Money, reference string) returns.Command {
			return returns.Command{Name: returns.CommandResolve, ID: id, Exception: shown.Kind, Answer: a, Amount: amount, Reference: reference, Who: "Fin", Why: "agreed"}
		}
		open()
		at := b.clock.pass(time.Minute)
		require.Equal(b.t, Outcome{Accepted: true, Sentence: "no-authorised-amount: accept-payable"},
			b.command(answer("c1", returns.AnswerAcceptPayable, gbp("99.00"), "")))
		r := b.load("RMA1")
		require.Empty(b.t, r.Open)
		require.Equal(b.t, map[returns.Kind]returns.Answer{shown.Kind: {
			Kind: shown.Kind, Answer: returns.AnswerAcceptPayable, Amount: gbp("9.90"), Who: "Fin", At: at, Seen: []string{knownThen}}}, r.Answers, "what was shown is what was agreed to")
		require.Equal(b.t, []string{"accept-payable by Fin"}, b.column(`SELECT closed_by FROM exceptions`))

		none := b.command(answer("c2", returns.AnswerDoNotRefund, returns.Money{}, ""))
		require.Equal(b.t, Outcome{Sentence: "no no-authorised-amount is open here"}, none)
		open()
		require.Equal(b.t, none, b.command(answer("c2", returns.AnswerDoNotRefund, returns.Money{}, "")), "a repeat hears what the first heard")
		require.Len(b.t, b.load("RMA1").Open, 1)

		b.clock.pass(time.Minute)
		require.True(b.t, b.command(answer("c3", returns.AnswerSetAmount, gbp("5.00"), "")).Accepted)
		require.Equal(b.t, gbp("5.00"), b.load("RMA1").Answers[shown.Kind].Amount, "the newest answer counts")
		open()
		b.clock.pass(time.Minute)
		require.True(b.t, b.command(answer("c4", returns.AnswerHandledManually, returns.Money{}, "SC-77")).Accepted)
		require.True(b.t, b.command(answer("c4", returns.AnswerHandledManually, returns.Money{}, "SC-77")).Accepted)
		last := b.load("RMA1").Answers[shown.Kind]
		require.Equal(b.t, "SC-77", last.Reference)
		require.False(b.t, returns.Known(last.Amount))
		said := b.load("RMA1").Said
		require.Len(b.t, said, 3, "each stays, the oldest first")
		require.Equal(b.t, gbp("5.00"), said[1].Amount)
	})
}

func TestAnInvalidCommandIsRefusedAndAudited(t *testing.T) {
	onBoth(t, func(b *bench) {
		for i, c := range []returns.Command{
			{Name: returns.CommandPause, Why: "x"},
			{Name: returns.CommandPause, Who: "x"},
			{Name: "explode", Who: "x", Why: "x"},
			{Name: returns.CommandResolve, Exception: "nothing", Answer: returns.AnswerRetry, Who: "x", Why: "x"},
			{Name: returns.CommandResolve, Exception: returns.NotPayable, Answer: returns.AnswerRetry, Who: "x", Why: "x"},
			{Name: returns.CommandResolve, Exception: returns.NoAuthorisedAmount, Answer: returns.AnswerSetAmount, Who: "x", Why: "x"},
			{Name: returns.CommandResolve, Exception: returns.NotPayable, Answer: returns.AnswerHandledManually, Who: "x", Why: "x"},
		} {
			c.ID = fmt.Sprint("c", i)
			out := b.command(c)
			require.False(b.t, out.Accepted, c)
			require.EqualError(b.t, c.Validate(), out.Sentence)
			require.Equal(b.t, out, b.command(c), "a repeat hears what the first heard")
			require.Equal(b.t, i+1, b.count(`SELECT count(*) FROM audit WHERE what = 'refused the command' AND decided_by = 'the program'`))
		}
		require.False(b.t, b.load("RMA1").Paused)
		require.Empty(b.t, b.load("RMA1").Answers)
	})
}

// Two people answer at the same moment: one is heard, the other is told.
func TestOneAnswerPerException(t *testing.T) {
	onBoth(t, func(b *bench) {
		require.NoError(b.t, b.decide("RMA1", Decided{Exceptions: []returns.Exception{returns.NewException(returns.NotPayable, "no", gbp("1"))}}))
		answer := func(a returns.AnswerName, out *Outcome) func(*Tx) error {
			return func(tx *Tx) (err error) {
				*out, err = tx.Command(b.ctx, shop, "RMA1", returns.Command{Name: returns.CommandResolve, ID: string(a), Exception: returns.NotPayable, Answer: a, Who: "x", Why: "x"})
				return err
			}
		}
		var pay, stop Outcome
		one, two := b.overlap(answer(returns.AnswerAcceptPayable, &pay), answer(returns.AnswerDoNotRefund, &stop))
		require.NoError(b.t, errors.Join(one, two))
		require.True(b.t, pay.Accepted)
		require.False(b.t, stop.Accepted)
		require.Equal(b.t, []string{"accept-payable"}, b.column(`SELECT answer FROM answers`))
	})
}

func TestAuditHasOneLinePerUnit(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.do(func(tx *Tx) error {
			if err := tx.Audit(b.ctx, shop, "RMA1", []returns.UnitID{"line-1", "line-2"}, Entry{What: "refunded", Why: "agreed", RequestID: "req-1", DecidedBy: "Ada"}); err != nil {
				return err
			}
			return tx.Audit(b.ctx, shop, "RMA1", nil, Entry{What: "looked", DecidedBy: Program})
		})
		require.Equal(b.t, []string{"refunded/line-1/agreed/req-1/Ada/" + text(monday), "refunded/line-2/agreed/req-1/Ada/" + text(monday), "looked////the program/" + text(monday)},
			b.column(`SELECT what || '/' || unit || '/' || why || '/' || request_id || '/' || decided_by || '/' || at FROM audit ORDER BY what DESC, unit`))
	})
}

func TestOwnClocks(t *testing.T) {
	onBoth(t, func(b *bench) {
		open := []returns.TikTokReturn{
			{ID: "running", Status: returns.TikTokPending}, {ID: "ended", Status: returns.TikTokPending},
			{ID: "nobody", Status: returns.TikTokShipped}, {ID: "paid", Status: returns.TikTokPaid}, {ID: "odd", Status: "NEW_STATUS"},
		}
		require.NoError(b.t, b.decide(returns.TikTokKey("running"), Decided{}))
		require.NoError(b.t, b.decide(returns.TikTokKey("ended"), Decided{Closed: true}))
		b.do(func(tx *Tx) error {
			running, missing, err := tx.OwnClocks(b.ctx, shop, open)
			require.Equal(b.t, []returns.Key{returns.TikTokKey("running")}, running)
			require.Equal(b.t, []returns.Key{returns.TikTokKey("nobody"), returns.TikTokKey("odd")}, missing)
			return err
		})
	})
}
