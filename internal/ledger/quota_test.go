package ledger

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var errRefused = errors.New("refused")

// However many ask at once, no more calls are granted than there are.
func TestNoCallIsGrantedBeyondTheAllowance(t *testing.T) {
	onBoth(t, func(b *bench) {
		const allowance = 20
		errs := b.race(func(_ int, tx *Tx) error {
			granted, _, _, err := tx.SpendCall(b.ctx, "main", "news", allowance)
			if err != nil {
				return err
			}
			if !granted {
				return errRefused
			}
			return nil
		})
		granted := 0
		for _, err := range errs {
			if err == nil {
				granted++
				continue
			}
			require.ErrorIs(t, err, errRefused)
		}
		require.Equal(t, allowance, granted)
		require.Equal(t, allowance, b.count(`SELECT used FROM quota_days`))
	})
}

// The day begins anew at 00:00 UTC; one key's calls are not another's.
func TestCallsAreCountedByKeyDayAndPurpose(t *testing.T) {
	onBoth(t, func(b *bench) {
		spend := func(key, purpose string, upTo int) (bool, int, int) {
			var granted bool
			var used, waiting int
			b.do(func(tx *Tx) (err error) {
				granted, used, waiting, err = tx.SpendCall(b.ctx, key, purpose, upTo)
				if errors.Is(err, errRefused) {
					return nil
				}
				return err
			})
			return granted, used, waiting
		}
		for range 3 {
			granted, _, _ := spend("main", "money", 10)
			require.True(t, granted)
		}
		granted, used, waiting := spend("main", "sweep", 3)
		require.False(t, granted)
		require.Equal(t, []int{3, 1}, []int{used, waiting})
		b.clock.pass(2 * time.Hour)
		_, _, waiting = spend("main", "sweep", 3)
		require.Equal(t, 2, waiting, "its place is behind the one that waits already")
		granted, _, _ = spend("other", "sweep", 3)
		require.True(t, granted)
		hours := get(b, func(tx *Tx) ([]HourUse, error) { return tx.QuotaUse(b.ctx, "main", b.clock.now()) })
		require.Equal(t, []HourUse{
			{Hour: monday, Purpose: "money", Used: 3}, {Hour: monday, Purpose: "sweep", Refused: 1},
			{Hour: monday.Add(2 * time.Hour), Purpose: "sweep", Refused: 1},
		}, hours)
		b.clock.pass(13 * time.Hour) // midnight
		granted, _, _ = spend("main", "sweep", 1)
		require.True(t, granted)
	})
}
