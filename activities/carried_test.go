package activities

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// A return whose clock should have rung is told to look though its workflow seems to
// run, and has as long again before it is told once more.
func TestAReturnWhoseClockDidNotRingIsWoken(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	silent := returns.RMAKey("7001")
	require.NoError(t, b.Ledger.Do(b.ctx, func(tx *ledger.Tx) error {
		was, err := tx.Load(b.ctx, shopName, silent)
		if err != nil {
			return err
		}
		return tx.SaveDecision(b.ctx, shopName, silent, was, ledger.Decided{LookBy: b.clock.now().Add(time.Hour)})
	}))
	b.waker.running = map[string]bool{messages.ReturnID(shopName, silent): true}
	told := func(after time.Duration) []returns.Key {
		b.clock.pass(after)
		b.sweepTikTok()
		keys, _ := b.waker.woken()
		return keys
	}
	require.Empty(t, told(time.Hour+b.OverdueAfter-time.Minute))
	require.Equal(t, []returns.Key{silent}, told(2*time.Minute))
	require.Empty(t, told(b.OverdueAfter-time.Minute))
	require.Equal(t, []returns.Key{silent}, told(2*time.Minute))
}

// A return whose clock rings only in days is taken up as soon as nobody carries
// it; one that runs, has ended, or was decided on just now is left alone.
func TestReturnsThatNobodyCarriesAreTakenUp(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	decide := func(id string, closed bool) returns.Key {
		key := returns.RMAKey(id)
		require.NoError(t, b.Ledger.Do(b.ctx, func(tx *ledger.Tx) error {
			was, err := tx.Load(b.ctx, shopName, key)
			if err != nil {
				return err
			}
			return tx.SaveDecision(b.ctx, shopName, key, was, ledger.Decided{LookBy: b.clock.now().Add(96 * time.Hour), Closed: closed})
		}))
		return key
	}
	lost, carried := decide("7001", false), decide("7002", false)
	decide("7003", true)
	b.waker.running = map[string]bool{messages.ReturnID(shopName, carried): true}
	b.clock.pass(b.OverdueAfter + time.Minute)
	decide("7004", false)
	must[messages.SweepResult](b, b.SweepTikTok, messages.ShopInput{Shop: shopName})
	told, _ := b.waker.woken()
	told = slices.DeleteFunc(told, func(k returns.Key) bool { return k.RMAID() == "" }) // what is open at TikTok
	require.Equal(t, []returns.Key{lost}, told)
}
