package ledger

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

const product, sku, depot = "P1", "K1", "W1"

func restock(u returns.UnitID) returns.Restock {
	return returns.Restock{Unit: u, ProductID: product, SKUID: sku, WarehouseID: depot, State: returns.RestockOwed, Note: "the inspection passed"}
}

func (b *bench) owe(units ...returns.UnitID) {
	b.t.Helper()
	b.do(func(tx *Tx) error {
		var all []returns.Restock
		for _, u := range units {
			all = append(all, restock(u))
		}
		return tx.saveRestocks(b.ctx, shop, "RMA1", all)
	})
}

func (b *bench) owed() []StockEntry {
	b.t.Helper()
	return get(b, func(tx *Tx) ([]StockEntry, error) { return tx.Owed(b.ctx, shop, product) })
}

func (b *bench) unjudged() []StockWrite {
	b.t.Helper()
	return get(b, func(tx *Tx) ([]StockWrite, error) { return tx.UnjudgedWrites(b.ctx, shop, product) })
}

// write is a SET of ten pieces plus what is owed.
func (b *bench) write(riding []StockEntry) StockWrite {
	owed := 0
	for _, e := range riding {
		owed += e.Quantity
	}
	now := b.clock.now()
	return StockWrite{ProductID: product, SKUID: sku, ReadAt: now, ClaimUntil: now.Add(30 * time.Second), Lines: []StockLine{
		{SKUID: sku, WarehouseID: depot, Available: 10, Committed: 2, Owed: owed, Wrote: 10 + owed, AvailableAfter: -1, CommittedAfter: -1},
	}}
}

func (b *bench) begin() StockWrite {
	b.t.Helper()
	riding := b.owed()
	w := b.write(riding)
	w.ID = get(b, func(tx *Tx) (string, error) { return tx.BeginWrite(b.ctx, shop, w, riding) })
	w.State, w.Number = "open", b.count(`SELECT number FROM stock_writes WHERE id = $1`, w.ID)
	return w
}

func TestAUnitIsOwedWrittenAndProvenOnce(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.owe("line-1", "line-2")
		b.clock.pass(time.Minute)
		b.owe("line-1")
		require.Equal(b.t, []StockEntry{
			{ID: "line-1", Key: "RMA1", Unit: "line-1", SKUID: sku, WarehouseID: depot, Quantity: 1, ChangedAt: monday},
			{ID: "line-2", Key: "RMA1", Unit: "line-2", SKUID: sku, WarehouseID: depot, Quantity: 1, ChangedAt: monday},
		}, b.owed())
		require.Equal(b.t, 1, b.count(`SELECT count(*) FROM audit WHERE unit = 'line-1' AND what LIKE 'entered the unit to be put back%'`))

		w := b.begin()
		require.Empty(b.t, b.owed())
		require.Equal(b.t, []StockWrite{w}, b.unjudged())
		b.refused(ErrWriteOpen, func(tx *Tx) error {
			_, err := tx.BeginWrite(b.ctx, shop, w, nil)
			return err
		})
		b.owe("line-1", "line-3")
		require.Len(b.t, b.owed(), 1, "what comes meanwhile rides on the next")

		w.AnsweredAt, w.RequestID = b.clock.pass(time.Second), "req-1"
		w.Lines[0].AvailableAfter, w.Lines[0].CommittedAfter = 11, 3
		b.do(func(tx *Tx) error { return tx.Answered(b.ctx, shop, w.ID, "req-1", w.Lines) })
		require.Equal(b.t, []StockWrite{w}, b.unjudged())

		proven := b.clock.pass(time.Second)
		b.do(func(tx *Tx) error { return tx.Judge(b.ctx, shop, w, "event 68") })
		require.Empty(b.t, b.unjudged())
		require.Equal(b.t, []string{"line-1", "line-2"}, b.column(
			`SELECT unit FROM audit WHERE what = 'put the unit back into stock in warehouse W1' AND why = 'event 68' AND request_id = 'req-1' AND decided_by = 'the program' ORDER BY unit`))
		restocks := b.load("RMA1").Restocks
		require.Len(b.t, restocks, 3)
		want := restock("line-1")
		want.State, want.At, want.Note = returns.RestockProven, proven, "event 68"
		require.Equal(b.t, want, restocks[0])
		require.Equal(b.t, returns.RestockOwed, restocks[2].State)
	})
}

func TestAnErrorIsOwedWithTheOppositeSign(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.owe("line-1")
		w := b.begin()
		w.Lines[0].Error = 3
		for range 2 { // judged again: nothing more
			b.do(func(tx *Tx) error { return tx.Judge(b.ctx, shop, w, "event 68") })
			w.Lines[0].Error = 5
		}
		correction := StockEntry{ID: "error:" + w.ID + ":K1:W1", SKUID: sku, WarehouseID: depot, Quantity: -3, ChangedAt: b.clock.now()}
		require.Equal(b.t, []StockEntry{correction}, b.owed())
		require.Equal(b.t, 3, b.count(`SELECT error FROM stock_write_lines WHERE write_id = $1`, w.ID), "the number stays as first judged")
		require.Equal(b.t, 1, b.count(`SELECT count(*) FROM audit WHERE what = 'put the unit back into stock in warehouse W1'`))

		next := b.begin()
		require.Equal(b.t, -3, next.Lines[0].Owed)
		b.do(func(tx *Tx) error { return tx.Judge(b.ctx, shop, next, "event 68") })
		require.Empty(b.t, b.owed())
		require.Len(b.t, b.load("RMA1").Restocks, 1, "a correction belongs to no return")
	})
}

func TestUnprovenLetsOthersGoOnAndIsJudgedLater(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.owe("line-1")
		w := b.begin()
		b.do(func(tx *Tx) error { return tx.Unproven(b.ctx, shop, w.ID, "1 unit", monday.Add(time.Hour)) })
		require.Equal(b.t, "unproven", b.unjudged()[0].State)
		r := b.load("RMA1").Restocks[0]
		require.Equal(b.t, returns.RestockWritten, r.State)
		require.Equal(b.t, returns.StockUnproven, r.Problem)
		require.Equal(b.t, "1 unit", r.Note)

		b.owe("line-2")
		b.clock.pass(time.Minute)
		next := b.begin()
		require.Equal(b.t, 1, next.Lines[0].Owed)
		require.Len(b.t, b.unjudged(), 2)
		require.Equal(b.t, w.ID, b.unjudged()[0].ID, "oldest first")

		b.do(func(tx *Tx) error { return tx.Judge(b.ctx, shop, w, "the longer window") })
		r = b.load("RMA1").Restocks[0]
		require.Equal(b.t, returns.RestockProven, r.State)
		require.Empty(b.t, r.Problem)
		require.Equal(b.t, returns.RestockWritten, b.load("RMA1").Restocks[1].State)

		b.do(func(tx *Tx) error { return tx.Unproven(b.ctx, shop, w.ID, "too late", time.Time{}) })
		require.Len(b.t, b.unjudged(), 1, "a judged write stays judged")
		require.Empty(b.t, b.load("RMA1").Restocks[0].Problem)
	})
}

func TestAVoidWriteIsOwedAgain(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.owe("line-1")
		w := b.begin()
		b.do(func(tx *Tx) error { return tx.VoidWrite(b.ctx, shop, w.ID, "refused: 36", returns.StockRefused) })
		require.Empty(b.t, b.unjudged())
		require.Equal(b.t, returns.StockRefused, b.owed()[0].Problem)
		require.Equal(b.t, "refused: 36", b.load("RMA1").Restocks[0].Note)

		w.Lines[0].Error = 2
		b.do(func(tx *Tx) error { return tx.Judge(b.ctx, shop, w, "late news") })
		require.Len(b.t, b.owed(), 1, "what did not happen has no error")

		b.clock.pass(time.Hour)
		next := b.begin()
		require.Equal(b.t, returns.StockRefused, b.load("RMA1").Restocks[0].Problem, "it stands until the unit is in stock")
		b.do(func(tx *Tx) error { return tx.VoidWrite(b.ctx, shop, next.ID, "refused again", returns.StockRefused) })
		require.Equal(b.t, 2, b.owed()[0].Tries)
		require.Equal(b.t, monday, b.load("RMA1").Restocks[0].ProblemAt, "since it first stood")
		next = b.begin()
		b.do(func(tx *Tx) error { return tx.Answered(b.ctx, shop, next.ID, "req-2", next.Lines) })
		require.Empty(b.t, b.load("RMA1").Restocks[0].Problem, "TikTok took it")
		b.do(func(tx *Tx) error { return tx.Judge(b.ctx, shop, next, "event 68") })
		b.do(func(tx *Tx) error { return tx.VoidWrite(b.ctx, shop, next.ID, "a late attempt", "") })
		require.Empty(b.t, b.owed(), "what is proven is not owed again")
		require.Equal(b.t, returns.RestockProven, b.load("RMA1").Restocks[0].State)
	})
}

func TestAStuckEntrySaysWhy(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.owe("line-1", "line-2")
		b.do(func(tx *Tx) error { return tx.Stuck(b.ctx, shop, "line-1", returns.WarehouseUnmapped, "no W1") })
		all := b.load("RMA1").Restocks
		require.Equal(b.t, returns.WarehouseUnmapped, all[0].Problem)
		require.Equal(b.t, "no W1", all[0].Note)
		require.Equal(b.t, returns.RestockOwed, all[0].State)
		require.Empty(b.t, all[1].Problem)
	})
}

// What was read as owed may have been written by another before the write begins.
func TestAWriteDoesNotCarryWhatAnotherCarried(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.owe("line-1")
		stale := b.owed()
		w := b.begin()
		b.do(func(tx *Tx) error { return tx.Judge(b.ctx, shop, w, "event 68") })
		b.refused(ErrWriteOpen, func(tx *Tx) error {
			_, err := tx.BeginWrite(b.ctx, shop, b.write(stale), stale)
			return err
		})
		require.Empty(b.t, b.unjudged())
	})
}

// What was not written yet can be taken back, by a changed inspection or a person;
// what was written never. What a person skipped is never owed again.
func TestWhatIsNotWrittenCanBeTakenBack(t *testing.T) {
	become := func(u returns.UnitID, s returns.RestockState) returns.Restock {
		r := restock(u)
		r.State, r.Note = s, "why"
		return r
	}
	onBoth(t, func(b *bench) {
		save := func(r returns.Restock) func(*Tx) error {
			return func(tx *Tx) error {
				was, err := tx.Load(b.ctx, shop, "RMA1")
				if err != nil {
					return err
				}
				return tx.SaveDecision(b.ctx, shop, "RMA1", was, Decided{Restocks: []returns.Restock{r}})
			}
		}
		for _, state := range []returns.RestockState{returns.RestockDropped, returns.RestockSkipped} {
			u := returns.UnitID(state)
			b.owe(u)
			stale := b.owed()
			b.do(save(become(u, state)))
			require.Empty(b.t, b.owed())
			rows := b.load("RMA1").Restocks
			require.Equal(b.t, state, rows[len(rows)-1].State)
			b.refused(ErrWriteOpen, func(tx *Tx) error {
				_, err := tx.BeginWrite(b.ctx, shop, b.write(stale), stale)
				return err
			})
			b.owe(u)
			if state == returns.RestockSkipped {
				require.Empty(b.t, b.owed(), "a person said no")
				continue
			}
			require.Len(b.t, b.owed(), 1, "its inspection passed again")
			w := b.begin()
			b.refused(ErrEntryMoved, save(become(u, state)))
			b.do(func(tx *Tx) error { return tx.Judge(b.ctx, shop, w, "event 68") })
			b.refused(ErrEntryMoved, save(become(u, state)))
			require.Equal(b.t, returns.RestockProven, b.load("RMA1").Restocks[0].State)
			b.owe(u)
			require.Empty(b.t, b.owed())
		}
	})
}

// A write that nobody can prove may be taken over by a person: whatever becomes
// of it, the unit is not owed again.
func TestAPersonTakesOverWhatIsUnproven(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.owe("line-1")
		w := b.begin()
		skip := restock("line-1")
		skip.State = returns.RestockSkipped
		b.refused(ErrEntryMoved, func(tx *Tx) error { return tx.saveRestocks(b.ctx, shop, "RMA1", []returns.Restock{skip}) })
		b.do(func(tx *Tx) error { return tx.Unproven(b.ctx, shop, w.ID, "1 unit", time.Time{}) })
		b.do(func(tx *Tx) error { return tx.saveRestocks(b.ctx, shop, "RMA1", []returns.Restock{skip}) })
		b.do(func(tx *Tx) error { return tx.VoidWrite(b.ctx, shop, w.ID, "not written", "") })
		require.Empty(b.t, b.owed())
		require.Equal(b.t, returns.RestockSkipped, b.load("RMA1").Restocks[0].State)
	})
}

func TestARefusedUnitIsTriedAgainAtOnceIfAPersonSaysSo(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.owe("line-1")
		b.do(func(tx *Tx) error { return tx.Stuck(b.ctx, shop, "line-1", returns.StockRefused, "no W1") })
		require.Equal(b.t, 1, b.owed()[0].Tries)
		b.owe("line-1")
		require.Equal(b.t, 0, b.owed()[0].Tries)
		require.Empty(b.t, b.owed()[0].Problem)
	})
}

// An entry follows its unit: another return that holds the unit must see it.
func TestTheNextHolderSeesTheRestock(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.owe("line-1")
		require.Empty(b.t, b.load("RMA2").Restocks)
		b.do(func(tx *Tx) error {
			was, err := tx.Load(b.ctx, shop, "RMA2")
			if err != nil {
				return err
			}
			return tx.SaveDecision(b.ctx, shop, "RMA2", was, Decided{OrderID: "O1", Holds: []returns.Hold{hold("line-1")}})
		})
		require.Len(b.t, b.load("RMA2").Restocks, 1)
		require.Len(b.t, b.load("RMA1").Restocks, 1)
	})
}

func TestManyOweOneUnit(t *testing.T) {
	onBoth(t, func(b *bench) {
		for i, err := range b.race(func(i int, tx *Tx) error {
			return tx.saveRestocks(b.ctx, shop, returns.Key(fmt.Sprint("RMA", i)), []returns.Restock{restock("line-1")})
		}) {
			require.NoError(b.t, err, i)
		}
		require.Len(b.t, b.owed(), 1)
		require.Equal(b.t, 1, b.count(`SELECT count(*) FROM audit`))
	})
}

func TestOneBeginsAWrite(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.owe("line-1")
		riding := b.owed()
		b.oneWins(b.race(func(_ int, tx *Tx) error {
			_, err := tx.BeginWrite(b.ctx, shop, b.write(riding), riding)
			return err
		}), ErrWriteOpen)
		open := b.unjudged()
		require.Len(b.t, open, 1)
		require.Len(b.t, get(b, func(tx *Tx) ([]StockEntry, error) { return tx.EntriesOf(b.ctx, shop, open[0].ID) }), 1)
		other := b.write(nil)
		other.SKUID = "K2"
		require.NotEmpty(b.t, get(b, func(tx *Tx) (string, error) { return tx.BeginWrite(b.ctx, shop, other, nil) }), "each SKU by itself")
	})
}

// Whatever a program does, the schema holds one open write of a SKU.
func TestTheSchemaHoldsOneOpenWrite(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.begin()
		err := b.Do(b.ctx, func(tx *Tx) error {
			_, err := tx.exec(b.ctx, "a second open write", `INSERT INTO stock_writes (id, shop, product_id, sku_id, state, read_at, claim_until, number)
				SELECT 'second', shop, product_id, sku_id, state, read_at, claim_until, number + 1 FROM stock_writes`)
			return err
		})
		require.Error(b.t, err)
	})
}

// The index decides where the entries do not: a read before it cannot see what is
// not committed yet.
func TestASecondWriteWaitsForTheFirst(t *testing.T) {
	onBoth(t, func(b *bench) {
		begin := func(tx *Tx) error {
			_, err := tx.BeginWrite(b.ctx, shop, b.write(nil), nil)
			return err
		}
		one, two := b.overlap(begin, begin)
		require.NoError(b.t, one)
		require.ErrorIs(b.t, two, ErrWriteOpen)
	})
}

func TestMovementsAreKeptOnceAndMatched(t *testing.T) {
	onBoth(t, func(b *bench) {
		move := func(id, source string, after time.Duration) returns.StockMovement {
			return returns.StockMovement{ID: id, ProductID: product, SKUID: sku, Source: source, At: monday.Add(after), AvailableDelta: 1, CommittedDelta: -2, AvailableAfter: 11}
		}
		first, second := move("m1", returns.MovementAPISync, 0), move("m2", returns.MovementAPISync, time.Second)
		changed := first
		changed.AvailableDelta = 99
		other := move("m4", returns.MovementAPISync, 0)
		other.SKUID = "K2"
		b.do(func(tx *Tx) error {
			for _, m := range []returns.StockMovement{second, first, changed, move("m3", "order", 0), other, move("m5", returns.MovementAPISync, time.Minute)} {
				if err := tx.Moved(b.ctx, shop, m); err != nil {
					return err
				}
			}
			return nil
		})
		syncs := func() []returns.StockMovement {
			return get(b, func(tx *Tx) ([]returns.StockMovement, error) {
				return tx.Syncs(b.ctx, shop, sku, monday, monday.Add(time.Second))
			})
		}
		require.Equal(b.t, []returns.StockMovement{first, second}, syncs(), "both ends of the span count")
		b.do(func(tx *Tx) error { return tx.Match(b.ctx, shop, "m1", "w1") })
		require.Equal(b.t, []returns.StockMovement{second}, syncs())
	})
}
