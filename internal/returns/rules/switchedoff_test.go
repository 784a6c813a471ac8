package rules

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"returnbridge/internal/returns"
)

func switched(on bool) change { return policy(func(p *Policy) { p.Switches.Restock = on }) }

// onSince has restocking switched on since a time before noon.
func onSince(ago time.Duration) change {
	return func(f *Facts) { f.Record.RestockSince = noon.Add(-ago) }
}

// shadowed are units that the program would have put back, had it been allowed to.
func shadowed(units ...returns.UnitID) change {
	return func(f *Facts) {
		for _, u := range units {
			f.Record.Shadows = append(f.Record.Shadows, returns.Shadow{Kind: returns.ActRestock, Subject: string(u), Units: []returns.UnitID{u}, Wanted: noon.Add(-time.Hour)})
		}
	}
}

// What passed while restocking was switched off may be in stock by hand: people
// are asked, and what they say holds for those units.
func TestWhatPassedWhileRestockingWasOffIsAskedAbout(t *testing.T) {
	t.Parallel()
	two := together(gate(GateDone), passed(1, 2))
	later := item(2, func(i *returns.RMAItem) { i.Inspection.At = noon.Add(-10 * time.Minute) })
	ask := []returns.Kind{returns.InspectedWhileOff}
	skip, write := answer(returns.InspectedWhileOff, returns.AnswerSkipRestock), answer(returns.InspectedWhileOff, returns.AnswerRestockNow)
	both := []string{"restock L1→WH-1 L2→WH-1"}
	for _, s := range []struct {
		name  string
		given Facts
		want  want
		stock []string
	}{
		{"passed before", setup(2, two, onSince(30*time.Minute)), want{kinds: ask}, []string{"perhaps put back by hand", "perhaps put back by hand"}},
		{"only a shadow so far, its inspection edited since", setup(2, two, onSince(2*time.Hour), shadowed("L1", "L2")), want{kinds: ask}, nil},
		{"passed since", setup(2, two, onSince(2*time.Hour)), want{acts: both}, nil},
		{"passed in the second of the switch", setup(2, two, func(f *Facts) { f.Record.RestockSince = noon.Add(-time.Hour + 900*time.Millisecond) }), want{acts: both}, nil},
		{"one before, one since", setup(2, two, later, onSince(30*time.Minute)), want{acts: []string{"restock L2→WH-1"}, kinds: ask}, []string{"perhaps put back by hand", "to be restocked in WH-1"}},
		{"one before, in stock by hand, one since", setup(2, two, later, onSince(30*time.Minute), skip), want{acts: []string{"restock L2→WH-1"}}, []string{"put back by a person", "to be restocked in WH-1"}},
		{"in stock by hand", setup(2, two, onSince(30*time.Minute), skip), want{}, []string{"put back by a person", "put back by a person"}},
		{"in stock by hand, said of one only", setup(2, two, onSince(30*time.Minute), skip, about("L1", returns.InspectedWhileOff)), want{kinds: ask}, []string{"put back by a person", "perhaps put back by hand"}},
		{"not in stock", setup(2, two, onSince(30*time.Minute), write), want{acts: both}, nil},
		{"only a shadow, not in stock", setup(2, two, onSince(2*time.Hour), shadowed("L1", "L2"), write), want{acts: both}, nil},
		{"not in stock, said before it was switched off and on again", setup(2, two, onSince(30*time.Minute), write, answeredAt(returns.InspectedWhileOff, noon.Add(-45*time.Minute))), want{kinds: ask}, nil},
		{"in stock by hand, said before it was switched off and on again", setup(2, two, onSince(30*time.Minute), skip, answeredAt(returns.InspectedWhileOff, noon.Add(-45*time.Minute))), want{}, nil},
		{"not in stock, inspected anew", setup(1, gate(GateDone), unsellable(1), onSince(30*time.Minute), shadowed("L1")), want{}, []string{"not restockable"}},
		{"paused", setup(2, two, onSince(30*time.Minute), paused), want{kinds: ask}, nil},
		{"another program writes the stock", setup(2, two, onSince(30*time.Minute), shadowed("L1"), policy(func(p *Policy) { p.Switches.Restock, p.ExternalStock = false, true })), want{}, []string{otherProgram, otherProgram}},
		{"entered already", setup(1, gate(GateDone), passed(1), onSince(30*time.Minute), shadowed("L1"), stock("L1", returns.RestockOwed, "")), want{}, nil},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			d := Decide(s.given)
			s.want.check(t, d)
			for i, said := range s.stock {
				require.Equal(t, said, d.Plan.Units[i].Stock)
			}
		})
	}
	e := Decide(setup(2, two, onSince(30*time.Minute))).Plan.Exceptions[0]
	require.Equal(t, returns.Operations, e.Owner)
	require.Equal(t, "2 units passed the inspection before restocking was switched on, and may be in stock by hand: SKU-1, SKU-2", e.Sentence)
	require.Equal(t, "L1+L2", e.Subject)
}

// Whatever else is so: no unit that passed before the switch is owed before a
// person said so, and none is owed that a person put back.
func TestNothingIsOwedThatMayBeInStock(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pick := func(name string) bool { return rapid.Bool().Draw(t, name) }
		said := rapid.SampledFrom([]returns.AnswerName{"", returns.AnswerSkipRestock, returns.AnswerRestockNow}).Draw(t, "said")
		minutes := rapid.IntRange(1, 120).Draw(t, "on for minutes")
		given := []change{passed(1), onSince(time.Duration(minutes) * time.Minute), switched(pick("on"))}
		if pick("shadow") {
			given = append(given, shadowed("L1"))
		}
		if pick("paid") {
			given = append(given, buyerReturn("R1", returns.TikTokPaid, 1))
		}
		if said != "" {
			given = append(given, answer(returns.InspectedWhileOff, said), about("L1", returns.InspectedWhileOff))
		}
		f := setup(1, given...)
		owed := len(Decide(f).Restocks) > 0
		doubtful := minutes < 60 || len(f.Record.Shadows) > 0
		require.Equal(t, f.Policy.Switches.Restock && said != returns.AnswerSkipRestock && (!doubtful || said == returns.AnswerRestockNow), owed)
	})
}

// A return that only waits for the switch says so, is late for nobody, and in the
// end leaves its unit to people and closes.
func TestAReturnWaitsForTheSwitchAndThenLeavesItToPeople(t *testing.T) {
	t.Parallel()
	given := func(on bool, ago time.Duration, more ...change) Facts {
		return setup(1, append([]change{settled("R1", 1), item(1, func(i *returns.RMAItem) { i.Inspection.At = noon.Add(-ago) }), switched(on), func(f *Facts) { f.Record.Restocks = nil }}, more...)...)
	}
	limit := given(true, 0).Policy.InspectedTooLong
	d := Decide(given(false, limit-time.Minute))
	require.Empty(t, kinds(d))
	require.False(t, d.Plan.Close)
	require.Equal(t, returns.StageSettling, d.Plan.Stage)
	require.Equal(t, "restock is switched off; would now: the inspection passed: put 1 unit back into stock", d.Plan.Summary)
	require.Equal(t, noon.Add(time.Minute), d.Plan.Wake.At)
	require.Len(t, d.Shadows, 1)

	d = Decide(given(false, limit))
	want{closed: true}.check(t, d)
	require.Equal(t, "settled: 10.00 GBP refunded, 0 units back in stock, 1 unit left to people: restock is switched off", d.Plan.Summary)
	require.Len(t, d.Shadows, 1, "it stands in the report as one that nobody did")
	require.Empty(t, d.Shadows[0].End)
	want{closed: true}.check(t, Decide(given(false, limit, shadowed("L1"))))

	want{kinds: []returns.Kind{returns.InspectedWhileOff}}.check(t, Decide(given(true, limit, shadowed("L1")))) // news on it after the switch
	require.Contains(t, kinds(Decide(given(true, limit))), returns.InspectedTooLong)
	d = Decide(given(false, limit, paused, rma(returns.RMAReceived), noTransactions, func(f *Facts) { f.Record.TikTokReturns = nil }))
	require.False(t, d.Plan.Close, "the money is not settled")
}

// Once the switch is on a restock that was only a shadow comes out as people say.
func TestHowAShadowRestockComesOut(t *testing.T) {
	t.Parallel()
	given := func(more ...change) Decision {
		return Decide(setup(1, append([]change{gate(GateDone), passed(1), onSince(30 * time.Minute), shadowed("L1")}, more...)...))
	}
	for _, s := range given().Shadows {
		require.Empty(t, s.End, "not before people have said")
	}
	d := given(answer(returns.InspectedWhileOff, returns.AnswerSkipRestock))
	require.Len(t, d.Shadows, 1)
	require.Equal(t, returns.ShadowAgreed, d.Shadows[0].End)
	require.Equal(t, "put into stock by hand, as Ann said", d.Shadows[0].Did)
	d = given(answer(returns.InspectedWhileOff, returns.AnswerRestockNow))
	require.Len(t, d.Shadows, 1)
	require.Equal(t, returns.ShadowOurs, d.Shadows[0].End)
}
