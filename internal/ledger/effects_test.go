package ledger

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger/ledgertest"
	"returnbridge/internal/returns"
)

// refund is an intent to pay some units, under a subject of its own.
func refund(subject string, units ...returns.UnitID) returns.Effect {
	return returns.Effect{
		ID: returns.EffectID(shop, returns.EffectRefund, subject, 0), Key: "RMA1", Kind: returns.EffectRefund, Route: returns.RouteSellerRefund,
		Subject: subject, Units: units, OrderID: "order-" + subject, Amount: gbp("12.50"),
	}
}

func (b *bench) claim(e returns.Effect) error {
	return b.Do(b.ctx, func(tx *Tx) error { return tx.Claim(b.ctx, shop, "RMA1", e, tx.Now().Add(30*time.Second)) })
}

func (b *bench) set(e returns.Effect, s returns.EffectState) {
	b.t.Helper()
	b.move(e.ID, EffectChange{State: s})
}

// move moves an effect on from where it stands; what is at its end stays.
func (b *bench) move(id string, c EffectChange) {
	b.t.Helper()
	b.do(func(tx *Tx) error {
		was, found, err := first(query(b.ctx, tx, "read effect", scanEffect, `SELECT `+effectColumns+` FROM effects WHERE id = $1`, id))
		if err != nil || !found {
			return err
		}
		if err = tx.MoveEffect(b.ctx, was, c); errors.Is(err, ErrOvertaken) && !slices.Contains([]returns.EffectState{returns.EffectIntent, returns.EffectClaimed, returns.EffectApplied}, was.State) {
			return nil
		}
		return err
	})
}

func (b *bench) stateOf(e returns.Effect) returns.EffectState {
	b.t.Helper()
	rows := b.column(`SELECT state FROM effects WHERE id = $1`, e.ID)
	require.LessOrEqual(b.t, len(rows), 1)
	if len(rows) == 0 {
		return ""
	}
	return returns.EffectState(rows[0])
}

func TestAnEffectsLife(t *testing.T) {
	onBoth(t, func(b *bench) {
		e := refund("S1", "line-2", "line-1")
		e.Generation = 3
		require.NoError(b.t, b.claim(e))
		want := e
		want.Units, want.State = []returns.UnitID{"line-1", "line-2"}, returns.EffectClaimed
		want.IntentAt, want.ClaimedAt, want.ClaimUntil = monday, monday, monday.Add(30*time.Second)
		require.Equal(b.t, []returns.Effect{want}, b.load("RMA1").Effects)

		require.ErrorIs(b.t, b.claim(e), ErrClaimed, "it may still be answered")
		b.clock.pass(time.Hour)
		require.ErrorIs(b.t, b.claim(e), ErrClaimed, "a read must tell first what became of it")

		b.move(e.ID, EffectChange{State: returns.EffectIntent, Reason: returns.ReasonNotDone, Note: "not there"})
		b.clock.pass(time.Minute)
		again := e
		again.Amount, again.Route = gbp("10.00"), returns.RouteKeepGoods
		require.NoError(b.t, b.claim(again), "the same effect under the same id")
		want.Amount, want.Route = again.Amount, again.Route
		want.ClaimedAt = monday.Add(time.Hour + time.Minute)
		want.ClaimUntil = want.ClaimedAt.Add(30 * time.Second)
		require.Equal(b.t, []returns.Effect{want}, b.load("RMA1").Effects)

		applied := b.clock.pass(time.Second)
		b.move(e.ID, EffectChange{State: returns.EffectApplied, TikTokReturnID: "case-9", RequestID: "req-1", Note: "taken"})
		b.clock.pass(time.Second)
		b.move(e.ID, EffectChange{State: returns.EffectVerified})
		want.State, want.AppliedAt, want.TikTokReturnID, want.RequestID = returns.EffectVerified, applied, "case-9", "req-1"
		require.Equal(b.t, []returns.Effect{want}, b.load("RMA1").Effects, "an empty id overwrites none")

		for _, s := range []returns.EffectState{returns.EffectIntent, returns.EffectApplied, returns.EffectVoid} {
			b.move(e.ID, EffectChange{State: s, TikTokReturnID: "other", RequestID: "other", Note: "other"})
			require.Equal(b.t, []returns.Effect{want}, b.load("RMA1").Effects, "a verified effect stays")
		}
		require.ErrorIs(b.t, b.claim(e), ErrClaimed)
		require.ErrorIs(b.t, b.claim(refund("S2", "line-1")), ErrEffectLive)
	})
}

func TestVoidFreesTheUnitsForGood(t *testing.T) {
	onBoth(t, func(b *bench) {
		old, next := refund("S1", "line-1"), refund("S2", "line-1")
		require.NoError(b.t, b.claim(old))
		require.ErrorIs(b.t, b.claim(next), ErrEffectLive)
		require.Empty(b.t, b.stateOf(next), "refused: nothing of it is kept")
		b.set(old, returns.EffectVoid)
		require.NoError(b.t, b.claim(next))
		for _, s := range []returns.EffectState{returns.EffectIntent, returns.EffectApplied, returns.EffectVerified} {
			b.set(old, s)
			require.Equal(b.t, returns.EffectVoid, b.stateOf(old))
		}
		require.ErrorIs(b.t, b.claim(old), ErrClaimed, "a void effect is never sent again; a retry is a new generation")
	})
}

func TestKindsDoNotStandInEachOthersWay(t *testing.T) {
	onBoth(t, func(b *bench) {
		e := refund("S1", "line-1")
		require.NoError(b.t, b.claim(e))
		e.Kind, e.ID = returns.EffectWriteBack, returns.EffectID(shop, returns.EffectWriteBack, "S1", 0)
		require.NoError(b.t, b.claim(e))
		e.Units, e.ID = []returns.UnitID{"line-1", "line-1"}, returns.EffectID(shop, returns.EffectAccept, "S1", 0)
		e.Kind = returns.EffectAccept
		require.NoError(b.t, b.claim(e), "a unit named twice is one unit")
	})
}

func TestStaleIntentsOnTheUnitAreDropped(t *testing.T) {
	onBoth(t, func(b *bench) {
		stale := refund("S1", "line-1", "line-2")
		stale.OrderID = "O1"
		require.NoError(b.t, b.claim(stale))
		b.set(stale, returns.EffectIntent)
		next := refund("S2", "line-1")
		next.OrderID = "O1"
		require.NoError(b.t, b.claim(next))
		require.Equal(b.t, returns.EffectDropped, b.stateOf(stale))
		require.Equal(b.t, []string{"decided otherwise"}, b.column(`SELECT note FROM effects WHERE id = $1`, stale.ID))
		b.set(next, returns.EffectVerified)
		other := refund("S3", "line-2")
		require.NoError(b.t, b.claim(other), "its other unit is free too")
	})
}

// Between two attempts the decision may have shrunk: a unit left out is not paid.
func TestAnIntentsUnitsAreThoseOfItsNewestClaim(t *testing.T) {
	onBoth(t, func(b *bench) {
		e := refund("S1", "line-1", "line-2")
		require.NoError(b.t, b.claim(e))
		b.set(e, returns.EffectIntent)
		e.Units = []returns.UnitID{"line-2", "line-3"}
		require.NoError(b.t, b.claim(e))
		require.Equal(b.t, e.Units, b.load("RMA1").Effects[0].Units)
		require.NoError(b.t, b.claim(refund("S2", "line-1")))
		require.ErrorIs(b.t, b.claim(refund("S3", "line-3")), ErrEffectLive)
	})
}

func TestOneRefundInFlightPerOrder(t *testing.T) {
	t.Parallel()
	for _, end := range []returns.EffectState{returns.EffectIntent, returns.EffectApplied, returns.EffectVerified, returns.EffectVoid} {
		t.Run(string(end), func(t *testing.T) {
			onBoth(t, func(b *bench) {
				one, two := refund("S1", "line-1"), refund("S2", "line-2")
				one.OrderID, two.OrderID = "O1", "O1"
				require.NoError(b.t, b.claim(one))
				require.ErrorIs(b.t, b.claim(two), ErrOrderBusy)
				require.Empty(b.t, b.stateOf(two))
				open := two
				open.Kind, open.ID = returns.EffectOpen, returns.EffectID(shop, returns.EffectOpen, "S2", 0)
				require.ErrorIs(b.t, b.claim(open), ErrOrderBusy, "what a return of ours may take depends on refunds")

				back := two
				back.Kind, back.ID = returns.EffectWriteBack, returns.EffectID(shop, returns.EffectWriteBack, "S2", 0)
				require.NoError(b.t, b.claim(back), "only refunds share an order's money")

				b.set(one, end)
				require.NoError(b.t, b.claim(two))
				require.Equal(b.t, []string{two.ID}, b.column(`SELECT in_flight FROM orders WHERE order_id = 'O1'`))
			})
		})
	}
}

func TestAnotherReturnOfTheOrderSeesTheEffect(t *testing.T) {
	onBoth(t, func(b *bench) {
		e := refund("S1", "line-1")
		require.NoError(b.t, b.claim(e))
		require.Empty(b.t, b.load("RMA2").Effects)
		b.do(func(tx *Tx) error {
			return tx.SaveDecision(b.ctx, shop, "RMA2", returns.Record{}, Decided{OrderID: e.OrderID})
		})
		seen := b.load("RMA2").Effects
		require.Len(b.t, seen, 1)
		require.Equal(b.t, e.Units, seen[0].Units)
		other := get(b, func(tx *Tx) (returns.Record, error) { return tx.Load(b.ctx, "another-shop", "RMA1") })
		require.Empty(b.t, other.Effects)
	})
}

func TestManyClaimOneUnit(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.oneWins(b.race(func(i int, tx *Tx) error {
			return tx.Claim(b.ctx, shop, returns.Key(fmt.Sprint("RMA", i)), refund(fmt.Sprint("S", i), "line-1"), monday.Add(time.Minute))
		}), ErrEffectLive)
		require.Equal(b.t, 1, b.count(`SELECT count(*) FROM effects`))
		require.Equal(b.t, 1, b.count(`SELECT count(*) FROM effect_units WHERE live = 1`))
	})
}

func TestManyClaimOneEffect(t *testing.T) {
	onBoth(t, func(b *bench) {
		e := refund("S1", "line-1")
		claimAll := func() {
			b.oneWins(b.race(func(_ int, tx *Tx) error { return tx.Claim(b.ctx, shop, "RMA1", e, monday.Add(time.Minute)) }), ErrClaimed)
		}
		claimAll()
		b.set(e, returns.EffectIntent)
		claimAll()
	})
}

func TestManyClaimOneOrder(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.oneWins(b.race(func(i int, tx *Tx) error {
			e := refund(fmt.Sprint("S", i), returns.UnitID(fmt.Sprint("line-", i)))
			e.OrderID = "O1"
			return tx.Claim(b.ctx, shop, returns.Key(fmt.Sprint("RMA", i)), e, monday.Add(time.Minute))
		}), ErrOrderBusy)
		require.Equal(b.t, 1, b.count(`SELECT count(*) FROM effects`))
	})
}

// Two effects that name the same two units in another order must not wait for
// each other.
func TestManyClaimTwoUnitsInAnyOrder(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.oneWins(b.race(func(i int, tx *Tx) error {
			units := []returns.UnitID{"line-1", "line-2"}
			if i%2 == 1 {
				units[0], units[1] = units[1], units[0]
			}
			return tx.Claim(b.ctx, shop, returns.Key(fmt.Sprint("RMA", i)), refund(fmt.Sprint("S", i), units...), monday.Add(time.Minute))
		}), ErrEffectLive)
	})
}

// Statement by statement: whoever has claimed the first unit gets the second one too,
// though another that names them the other way round waits already.
func TestUnitsAreClaimedInOneOrder(t *testing.T) {
	t.Parallel()
	b := &bench{t: t, ctx: t.Context(), clock: &clock{at: monday}, dsn: ledgertest.Postgres(t)}
	b.Ledger = b.open()
	claim := func(tx *Tx, key returns.Key, e returns.Effect) error {
		return tx.Claim(b.ctx, shop, key, e, monday.Add(time.Minute))
	}
	ended := make(chan error, 1)
	b.do(func(tx *Tx) error {
		if err := claim(tx, "RMA1", refund("S1", "line-1")); err != nil {
			return err
		}
		go func() {
			ended <- b.Do(b.ctx, func(tx *Tx) error { return claim(tx, "RMA2", refund("S2", "line-2", "line-1")) })
		}()
		if err := b.stuck(ended); err != nil {
			return err
		}
		return claim(tx, "RMA1", refund("S3", "line-2"))
	})
	require.ErrorIs(t, <-ended, ErrEffectLive)
}

// An intent read as never sent may be claimed and sent before it is dropped.
func TestAnIntentClaimedMeanwhileIsNotDropped(t *testing.T) {
	onBoth(t, func(b *bench) {
		sent, other := refund("S1", "line-1"), refund("S2", "line-1")
		require.NoError(b.t, b.claim(sent))
		b.set(sent, returns.EffectIntent)
		one, two := b.overlap(
			func(tx *Tx) error { return tx.Claim(b.ctx, shop, "RMA1", sent, monday.Add(time.Minute)) },
			func(tx *Tx) error { return tx.Claim(b.ctx, shop, "RMA2", other, monday.Add(time.Minute)) },
		)
		require.NoError(b.t, one)
		require.ErrorIs(b.t, two, ErrEffectLive)
		require.Equal(b.t, returns.EffectClaimed, b.stateOf(sent))
	})
}

// An order whose last refund was not done may be taken by that refund again at
// the moment when another wants it.
func TestAnOrderTakenAgainMeanwhileIsBusy(t *testing.T) {
	onBoth(t, func(b *bench) {
		one, two := refund("S1", "line-1"), refund("S2", "line-2")
		one.OrderID, two.OrderID = "O1", "O1"
		require.NoError(b.t, b.claim(one))
		b.set(one, returns.EffectIntent)
		errOne, errTwo := b.overlap(
			func(tx *Tx) error { return tx.Claim(b.ctx, shop, "RMA1", one, monday.Add(time.Minute)) },
			func(tx *Tx) error { return tx.Claim(b.ctx, shop, "RMA2", two, monday.Add(time.Minute)) },
		)
		require.NoError(b.t, errOne)
		require.ErrorIs(b.t, errTwo, ErrOrderBusy)
	})
}

// A late attempt decides from what it read that the call was not done, while a
// newer attempt claims it: the newer claim stands.
func TestADecisionAndAClaimOfOneReturnWaitForEachOther(t *testing.T) {
	onBoth(t, func(b *bench) {
		e := refund("S1", "line-1")
		require.NoError(b.t, b.claim(e))
		b.set(e, returns.EffectIntent)
		var seen returns.EffectState
		one, two := b.overlap(
			func(tx *Tx) error { return tx.Claim(b.ctx, shop, "RMA1", e, monday.Add(time.Minute)) },
			func(tx *Tx) error {
				r, err := tx.Load(b.ctx, shop, "RMA1")
				if err == nil {
					seen = r.Effects[0].State
				}
				return err
			},
		)
		require.NoError(b.t, one)
		require.NoError(b.t, two)
		require.Equal(b.t, returns.EffectClaimed, seen)
	})
}
