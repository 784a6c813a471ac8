package ledger

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A ledger has one id, whoever opens it, and no other ledger has it.
func TestALedgerKeepsItsID(t *testing.T) {
	onBoth(t, func(b *bench) {
		require.NotEmpty(b.t, b.ID())
		require.Equal(b.t, b.ID(), b.open().ID())
		other := *b
		other.dsn = sqliteFile(b.t)
		require.NotEqual(b.t, b.ID(), other.open().ID())
	})
}

// Programs that open an old ledger at once agree on its id.
func TestManyMakeOneID(t *testing.T) {
	onBoth(t, func(b *bench) {
		programs := make([]*Ledger, 6)
		for i := range programs {
			programs[i] = b.open()
		}
		b.do(func(tx *Tx) error {
			_, err := tx.exec(b.ctx, "forget", `DELETE FROM ledger_id`)
			return err
		})
		var all sync.WaitGroup
		errs := make([]error, len(programs))
		for i, p := range programs {
			all.Go(func() { errs[i] = p.identify(b.ctx) })
		}
		all.Wait()
		for i, p := range programs {
			require.NoError(b.t, errs[i])
			require.NotEqual(b.t, b.ID(), p.ID(), "the old id is gone")
			require.Equal(b.t, b.open().ID(), p.ID())
		}
	})
}
