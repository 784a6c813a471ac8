package rules

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

func entryIs(i int, c func(*returns.Restock)) change {
	return func(f *Facts) { c(&f.Record.Restocks[i-1]) }
}

func becomes(d Decision) map[returns.UnitID]returns.RestockState {
	all := map[returns.UnitID]returns.RestockState{}
	for _, r := range d.Restocks {
		all[r.Unit] = r.State
	}
	return all
}

type stockStates = map[returns.UnitID]returns.RestockState

func TestWhatADecisionSavesOfStock(t *testing.T) {
	t.Parallel()
	only := together(gate(GateDone), passed(1))
	external := policy(func(p *Policy) { p.Switches.Restock, p.ExternalStock = false, true })
	off := policy(func(p *Policy) { p.Switches.Restock = false })
	refused := stock("L1", returns.RestockOwed, returns.StockRefused)
	late := entryIs(1, func(r *returns.Restock) { r.ProblemAt = noon })
	skip, retry := answer(returns.StockRefused, returns.AnswerSkipRestock), answer(returns.StockRefused, returns.AnswerRetry)
	for _, s := range []struct {
		name  string
		given Facts
		want  stockStates
		want2 want
	}{
		{"passed", setup(1, only), stockStates{"L1": returns.RestockOwed}, want{acts: []string{"restock L1→WH-1"}}},
		{"passed, paused", setup(1, only, paused), stockStates{}, want{}},
		{"passed, switched off", setup(1, only, off), stockStates{}, want{}},
		{"passed, written by another program", setup(1, settled("R1", 1), external, func(f *Facts) { f.Record.Restocks = nil }), stockStates{}, want{closed: true}},
		{"owed, now written by another program", setup(1, only, external, stock("L1", returns.RestockOwed, "")), stockStates{"L1": returns.RestockDropped}, want{}},
		{"owed, inspection reversed", setup(1, gate(GateDone), unsellable(1), stock("L1", returns.RestockOwed, "")), stockStates{"L1": returns.RestockDropped}, want{}},
		{"written, inspection reversed", setup(1, gate(GateDone), unsellable(1), stock("L1", returns.RestockWritten, "")), stockStates{}, want{kinds: []returns.Kind{returns.StockOverstated}}},
		{"dropped, passes again", setup(1, only, stock("L1", returns.RestockDropped, "")), stockStates{"L1": returns.RestockOwed}, want{acts: []string{"restock L1→WH-1"}}},
		{"skipped, passes again", setup(1, settled("R1", 1), entryIs(1, func(r *returns.Restock) { r.State = returns.RestockSkipped })), stockStates{}, want{closed: true}},
		{"the writer was never told, whatever was decided since", setup(1, only, stock("L1", returns.RestockOwed, ""), entryIs(1, func(r *returns.Restock) { r.WokenAt = time.Time{} })),
			stockStates{}, want{acts: []string{"restock"}}},
		{"refused", setup(1, only, refused), stockStates{}, want{kinds: []returns.Kind{returns.StockRefused}}},
		{"refused, skipped", setup(1, only, refused, skip), stockStates{"L1": returns.RestockSkipped}, want{}},
		{"refused, once more", setup(1, only, refused, retry), stockStates{"L1": returns.RestockOwed}, want{acts: []string{"restock"}}},
		{"refused again since a person said once more", setup(1, only, refused, retry, late), stockStates{}, want{kinds: []returns.Kind{returns.StockRefused}}},
		{"refused, skipped while it is being written", setup(1, only, stock("L1", returns.RestockWritten, returns.StockRefused), skip), stockStates{}, want{}},
		{"unproven, taken over", setup(1, only, stock("L1", returns.RestockWritten, returns.StockUnproven), answer(returns.StockUnproven, returns.AnswerHandledManually)),
			stockStates{"L1": returns.RestockSkipped}, want{}},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			d := Decide(s.given)
			require.Equal(t, s.want, becomes(d))
			s.want2.check(t, d)
		})
	}
}

// A return has ended, and then its inspection is changed: what was put into stock
// and must not be there opens it again until a person has seen to it, and what
// passes after all is owed, once.
func TestAnInspectionChangedAfterTheEnd(t *testing.T) {
	t.Parallel()
	ended := together(gate(GateDone), settled("R1", 1), func(f *Facts) { f.Record.RMA.Status, f.Record.ClosedAt = returns.RMADone, noon.Add(-30*time.Minute) })
	empty := func(f *Facts) { f.Record.Restocks = nil }
	seen := func(minutesAgo int) change {
		return said(minutesAgo, "L1", returns.StockOverstated, returns.AnswerAcknowledge)
	}
	overstated := want{kinds: []returns.Kind{returns.StockOverstated}}
	for _, s := range []struct {
		name  string
		given Facts
		want  stockStates
		want2 want
	}{
		{"unchanged", setup(1, ended), stockStates{}, want{closed: true}},
		{"damaged after all", setup(1, ended, unsellable(1)), stockStates{}, overstated},
		{"not in the parcel after all", setup(1, ended, notInParcel(1)), stockStates{}, want{kinds: []returns.Kind{returns.RefundDiffers, returns.StockOverstated}}},
		{"damaged after all, and a person has seen to it", setup(1, ended, unsellable(1), seen(10)), stockStates{}, want{closed: true}},
		{"damaged again since", setup(1, ended, unsellable(1), seen(120)), stockStates{}, overstated},
		{"was not restockable, and is", setup(1, ended, empty), stockStates{"L1": returns.RestockOwed}, want{acts: []string{"restock L1→WH-1"}}},
		{"was not restockable, and is not", setup(1, ended, empty, unsellable(1)), stockStates{}, want{closed: true}},
		{"was taken back, and is to be put back", setup(1, ended, entryIs(1, func(r *returns.Restock) { r.State = returns.RestockDropped })),
			stockStates{"L1": returns.RestockOwed}, want{acts: []string{"restock L1→WH-1"}}},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			d := Decide(s.given)
			require.Equal(t, s.want, becomes(d))
			s.want2.check(t, d)
			require.Equal(t, s.want2.closed, d.Plan.Close)
		})
	}
}

// A wake-up of the writer, or of the return, that was lost heals by the clock: at
// times that grow, and once each time, whatever was decided in between.
func TestALostWakeUpHeals(t *testing.T) {
	t.Parallel()
	owed := func(age, woken time.Duration, state returns.RestockState) Decision {
		return Decide(setup(1, gate(GateDone), passed(1), stock("L1", state, ""), entryIs(1, func(r *returns.Restock) { r.At, r.WokenAt = noon.Add(-age), noon.Add(-woken) })))
	}
	for _, s := range []struct {
		name       string
		age, woken time.Duration
		again      bool
		next       time.Duration
	}{
		{"just entered", time.Minute, time.Minute, false, time.Minute},
		{"the clock rings", 2 * time.Minute, 2 * time.Minute, true, 2 * time.Minute},
		{"woken since", 3 * time.Minute, 30 * time.Second, false, time.Minute},
		{"it rings again", 4 * time.Minute, 2 * time.Minute, true, 4 * time.Minute},
		{"missed by an hour", time.Hour, time.Hour, true, 4 * time.Minute},
		{"at most a few hours apart", 1000 * time.Hour, 7 * time.Hour, true, -1},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			for _, state := range []returns.RestockState{returns.RestockOwed, returns.RestockWritten} {
				d := owed(s.age, s.woken, state)
				require.Equal(t, s.again, len(acts(d)) == 1 && acts(d)[0] == "restock", "%v", acts(d))
				require.Empty(t, d.Restocks)
				require.LessOrEqual(t, d.Plan.Wake.At.Sub(noon), rarestStockLook)
				if s.next > 0 {
					require.Equal(t, noon.Add(s.next), d.Plan.Wake.At)
				}
				require.Empty(t, d.Plan.Wake.Read, "the ledger alone tells")
			}
			require.Empty(t, acts(owed(s.age, s.woken, returns.RestockProven)))
		})
	}
}

// Stock that another program owns is never written by us and nobody is asked
// about it, whatever we did before.
func TestStockOfAnotherProgramIsNeitherWrittenNorAskedAbout(t *testing.T) {
	t.Parallel()
	external := policy(func(p *Policy) { p.Switches.Restock, p.ExternalStock, p.DefaultWarehouse = false, true, "" })
	long := item(1, func(i *returns.RMAItem) { i.Inspection.At = noon.Add(-10 * 24 * time.Hour) })
	for _, inspection := range []change{passed(1), together(passed(1), long), unsellable(1)} {
		for _, state := range []returns.RestockState{"", returns.RestockOwed, returns.RestockWritten, returns.RestockProven, returns.RestockSkipped, returns.RestockDropped} {
			for _, problem := range []returns.Kind{"", returns.StockRefused, returns.StockUnproven, returns.SecondStockWriter} {
				given := []change{settled("R1", 1), inspection, external, onSince(time.Minute), shadowed("L1"), func(f *Facts) {
					f.Record.Restocks, f.Record.RestoredAt = nil, noon
				}}
				if state != "" {
					given = append(given, stock("L1", state, problem))
				}
				d := Decide(setup(1, given...))
				want{closed: true}.check(t, d)
				require.NotContains(t, becomes(d), returns.RestockOwed)
			}
		}
	}
}

// Whose number it is holds for the product that was asked about, and for what
// happened until then.
func TestAnAnswerAboutASecondWriterSpeaksForItsProduct(t *testing.T) {
	t.Parallel()
	other := returns.SecondStockWriter
	two := func(more ...change) Facts {
		return setup(2, append([]change{gate(GateDone), passed(1, 2), stock("L1", returns.RestockOwed, other), stock("L2", returns.RestockOwed, other)}, more...)...)
	}
	d := Decide(two())
	want{kinds: []returns.Kind{other, other}}.check(t, d)
	require.Equal(t, returns.IT, d.Plan.Exceptions[0].Owner)
	require.Equal(t, "P1", d.Plan.Exceptions[0].Subject)
	require.Empty(t, d.Restocks)
	for said, state := range map[returns.AnswerName]returns.RestockState{returns.AnswerRetry: returns.RestockOwed, returns.AnswerSkipRestock: returns.RestockSkipped} {
		d = Decide(two(answer(other, said), about("P1", other)))
		require.Equal(t, stockStates{"L1": state}, becomes(d), said)
		require.Equal(t, []returns.Kind{other}, kinds(d), "the other product is asked about next")
		require.Equal(t, "P2", d.Plan.Exceptions[0].Subject)
	}
	d = Decide(two(answer(other, returns.AnswerRetry), about("P1", other), answeredAt(other, noon.Add(-time.Hour))))
	require.Equal(t, "P1", d.Plan.Exceptions[0].Subject, "it wrote again since")
}
