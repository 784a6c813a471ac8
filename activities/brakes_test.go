package activities

import (
	"database/sql"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
	"returnbridge/internal/ledger/ledgertest"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
	"returnbridge/internal/returns/rules"
)

func (b *bench) halts(a returns.Action) {
	b.t.Helper()
	require.True(b.t, get(b, func(tx *ledger.Tx) (bool, error) { return tx.Stop(b.ctx, shopName, a, "Ada", "odd amounts") }))
}

// A stop holds from the moment it is kept: also for an act that was planned before,
// and for one whose deciding reads were made before.
func TestAStopHoldsAtTheClaim(t *testing.T) {
	t.Parallel()
	for _, action := range []returns.Action{returns.ActionRefund, returns.ActionAll} {
		t.Run(string(action), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			act := actOf(t, b.look(), returns.ActRefund)
			b.answers("returns", func(w http.ResponseWriter, _ *http.Request) { // the last read before the claim
				b.answers("returns", nil)
				b.halts(action)
				b.change(func() { b.usual(w, "returns", "") })
			})
			plan := b.refund(act)
			require.Zero(t, b.count("create"))
			require.Contains(t, plan.Summary, "is stopped for the shop since 2026-03-02T12:00:00Z")
			require.NotContains(t, plan.Summary, "Ada")
			keys, _, err := braked(b)
			require.NoError(t, err)
			require.Equal(t, []returns.Key{key}, keys, "it is told when the stop ends")

			require.True(t, get(b, func(tx *ledger.Tx) (bool, error) {
				return tx.Start(b.ctx, shopName, action, "Ada", "they are right")
			}))
			act = actOf(t, must[messages.PlanResult](b, b.Review, messages.LookInput{Shop: shopName, Key: key}).Plan, returns.ActRefund)
			b.refund(act)
			require.Equal(t, 1, b.count("create"))
			keys, _, err = braked(b)
			require.NoError(t, err)
			require.Empty(t, keys)
		})
	}
}

func braked(b *bench) (keys []returns.Key, products []string, err error) {
	err = b.Ledger.Read(b.ctx, func(tx *ledger.Tx) (err error) {
		keys, products, err = tx.Braked(b.ctx, shopName)
		return err
	})
	return keys, products, err
}

// A stop of one action holds no other.
func TestAStopOfOneActionHoldsNoOther(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.halts(returns.ActionWriteBack)
	b.refund(actOf(t, b.look(), returns.ActRefund))
	require.Equal(t, 1, b.count("create"))
	b.change(func() { b.cases[0]["return_status"] = returns.TikTokPaid })
	plan := b.look()
	require.False(t, hasAct(plan, returns.ActWriteBack))
	require.False(t, plan.Close, "what is stopped is still to be done")
}

// Stock that is stopped is not set, and its writer waits for no clock; what is owed
// stays owed, and is written when the stop has ended.
func TestAStopHoldsStock(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.owe(wh1, "u1")
	b.halts(returns.ActionRestock)
	out := b.round()
	require.True(t, out.Done)
	require.Equal(t, "restock is stopped for the shop: nothing is written", out.Summary)
	require.Zero(t, b.count("set-stock"))
	_, products, err := braked(b)
	require.NoError(t, err)
	require.Equal(t, []string{product}, products)
	require.True(t, get(b, func(tx *ledger.Tx) (bool, error) {
		return tx.Start(b.ctx, shopName, returns.ActionRestock, "Ada", "counted")
	}))
	b.round()
	require.Equal(t, 1, b.count("set-stock"))
}

// sent puts refunds of other returns into today's books.
func (b *bench) sent(amounts ...string) {
	b.t.Helper()
	for i, amount := range amounts {
		id := string(rune('a' + i))
		e := returns.Effect{
			ID: "uk:refund:" + id + ":1", Kind: returns.EffectRefund, Subject: id, Generation: 1, OrderID: "order-" + id, Amount: gbp(amount),
			Units: []returns.UnitID{returns.UnitID("unit-" + id)}, ClaimUntil: b.clock.now().Add(time.Minute),
		}
		_ = get(b, func(tx *ledger.Tx) (struct{}, error) {
			if err := tx.Claim(b.ctx, shopName, returns.RMAKey("9100"+id), e, e.ClaimUntil); err != nil {
				return struct{}{}, err
			}
			return struct{}{}, tx.EffectAnswered(b.ctx, e, ledger.EffectChange{State: returns.EffectApplied, TikTokReturnID: "case-" + id})
		})
	}
}

// Beyond the day's limit refunds wait, Finance is asked once, and they go on when a
// person lifts it or the next day begins.
func TestTheDaysLimitOfRefunds(t *testing.T) {
	t.Parallel()
	euro, err := returns.NewMoney("5000.00", "EUR")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		limit rules.DayLimit
		sent  []string
		goes  bool
	}{
		"no limit":           {rules.DayLimit{}, []string{"1000.00", "1000.00"}, true},
		"count":              {rules.DayLimit{Count: 2}, []string{"1.00", "1.00"}, false},
		"count not reached":  {rules.DayLimit{Count: 3}, []string{"1.00", "1.00"}, true},
		"amount":             {rules.DayLimit{Amount: gbp("50.00")}, []string{"25.02"}, false},
		"amount to the last": {rules.DayLimit{Amount: gbp("50.00")}, []string{"25.01"}, true},
		"another currency":   {rules.DayLimit{Amount: euro}, []string{"1.00"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			act := actOf(t, b.look(), returns.ActRefund)
			b.Shops[shopName].Policy.DayLimit, b.Shops[shopName].Policy.ExternalStock = c.limit, true
			b.sent(c.sent...)
			plan := b.refund(act)
			require.Equal(t, c.goes, b.count("create") == 1)
			if c.goes {
				return
			}
			require.Equal(t, noon.Add(12*time.Hour), plan.Wake.At, "midnight")
			b.look()
			require.Len(t, b.shopExceptions(returns.RefundLimit), 1, "asked once")

			require.True(t, get(b, func(tx *ledger.Tx) (bool, error) { return tx.LiftRefundLimit(b.ctx, shopName, "Fin", "sale last week") }))
			require.Empty(t, b.shopExceptions(returns.RefundLimit))
			b.refund(actOf(t, b.look(), returns.ActRefund))
			require.Equal(t, 1, b.count("create"))
		})
	}
}

// The next day has a limit of its own, and what was asked the day before is closed.
func TestTheNextDayHasItsOwnLimit(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Shops[shopName].Policy.DayLimit = rules.DayLimit{Count: 1}
	b.sent("1.00")
	require.False(t, hasAct(b.look(), returns.ActRefund))
	b.clock.pass(12 * time.Hour)
	b.refund(actOf(t, b.look(), returns.ActRefund))
	require.Equal(t, 1, b.count("create"))
	require.Len(t, b.shopExceptions(returns.RefundLimit), 1)
	b.sweepTikTok()
	require.Empty(t, b.shopExceptions(returns.RefundLimit))
}

// Two refunds that are claimed at the same moment on two workers do not pass a limit
// of one together.
func TestTheLimitHoldsForAllWorkersTogether(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Shops[shopName].Policy.DayLimit = rules.DayLimit{Count: 1}
	act := actOf(t, b.look(), returns.ActRefund)
	b.answers("returns", func(w http.ResponseWriter, _ *http.Request) {
		b.answers("returns", nil)
		b.sent("1.00") // another worker's, after our look
		b.change(func() { b.usual(w, "returns", "") })
	})
	b.refund(act)
	require.Zero(t, b.count("create"))
}

// Who claims a refund while another worker's claim is not committed yet waits for it:
// SQLite has one transaction at a time, PostgreSQL has the day's row.
func TestARefundWaitsForAnotherThatIsBeingClaimed(t *testing.T) {
	t.Parallel()
	dsn, _, _ := ledgertest.OwnPostgres(t)
	b := newBenchOn(t, dsn)
	b.Shops[shopName].Policy.DayLimit = rules.DayLimit{Count: 1}
	act := actOf(t, b.look(), returns.ActRefund)
	ended := make(chan error, 1)
	require.NoError(t, b.process().Ledger.Do(b.ctx, func(tx *ledger.Tx) error {
		if err := tx.LockRefundDay(b.ctx, shopName); err != nil {
			return err
		}
		go func() {
			_, err := run[messages.PlanResult](b, b.Refund, messages.ActInput{Shop: shopName, Key: key, Act: act})
			ended <- err
		}()
		b.waitsForLock(ended)
		other := returns.Effect{ID: "uk:refund:other:1", Kind: returns.EffectRefund, Subject: "other", Generation: 1, OrderID: "order-other", Units: []returns.UnitID{"other"}, Amount: gbp("1.00")}
		return tx.Claim(b.ctx, shopName, returns.RMAKey("9002"), other, b.clock.now().Add(time.Minute))
	}))
	require.NoError(t, <-ended)
	require.Zero(t, b.count("create"))
}

// waitsForLock comes back when some transaction waits for another, or what might wait
// has ended.
func (b *bench) waitsForLock(ended chan error) {
	db, err := sql.Open("pgx", b.dsn)
	require.NoError(b.t, err)
	defer db.Close()
	for waiting := 0; waiting == 0; {
		select {
		case err := <-ended:
			ended <- err
			return
		default:
		}
		require.NoError(b.t, db.QueryRowContext(b.ctx, `SELECT count(*) FROM pg_locks WHERE NOT granted`).Scan(&waiting))
	}
}

func (b *bench) shopExceptions(kind returns.Kind) []ledger.OpenException {
	b.t.Helper()
	return get(b, func(tx *ledger.Tx) ([]ledger.OpenException, error) {
		return tx.OpenExceptions(b.ctx, ledger.ExceptionFilter{Shop: shopName, Kind: kind})
	})
}
