package workflows_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// looksFor is what a command asks to be looked at.
func looksFor(name returns.CommandName) string {
	if name == returns.CommandRecheck {
		return "LookReturnGO@0s LookBoth@1h0m0s"
	}
	return "LookReturnGO@0s Review@1h0m0s"
}

// taken are the commands that went to the ledger.
func (b *bench) taken() []returns.Command {
	var all []returns.Command
	for _, d := range b.all() {
		all = append(all, d.look.Commands...)
	}
	return all
}

func TestCommandsAsSignals(t *testing.T) {
	for _, name := range returns.Commands {
		t.Run(string(name), func(t *testing.T) {
			b := setup(t)
			b.always(lookReturnGO, returns.Plan{Stage: returns.StagePaused, Paused: true})
			b.signalAt(time.Hour, string(name), command(name))
			b.stopAt(2 * time.Hour)
			b.stopped(rma)
			require.Equal(t, looksFor(name), b.story())
			require.Len(t, b.taken(), 1)
			got := b.taken()[0]
			require.NotEmpty(t, got.ID)
			got.ID = ""
			require.Equal(t, command(name), got)
		})
	}
}

// A command that cannot be read is refused by the ledger, with a line for people;
// it neither stops the return nor passes for another command.
func TestCommandsThatCannotBeRead(t *testing.T) {
	for _, name := range returns.Commands {
		for what, payload := range map[string]any{"garbage": garbage(), "nothing": nil, "another shape": []int{7}} {
			t.Run(string(name)+" "+what, func(t *testing.T) {
				b := setup(t)
				b.signalAt(time.Hour, string(name), payload)
				b.signalAt(2*time.Hour, messages.SignalNews, atReturnGO)
				b.inTurn(lookReturnGO, returns.Plan{}, closed)
				if name == returns.CommandRecheck {
					b.always(lookBoth, returns.Plan{})
				}
				b.ends(rma)
				require.Len(t, b.taken(), 1)
				require.Equal(t, name, b.taken()[0].Name)
				require.Error(t, b.taken()[0].Validate())
			})
		}
	}
}

// News that cannot be read may have meant anything: all is looked at, and the ledger
// refuses it with a line for people. News of nothing is an order to look.
func TestNewsThatCannotBeRead(t *testing.T) {
	for what, c := range map[string]struct {
		payload any
		refused int
	}{"garbage": {garbage(), 1}, "another shape": {[]int{7}, 1}, "nothing": {nil, 0}} {
		t.Run(what, func(t *testing.T) {
			b := setup(t)
			b.signalAt(time.Hour, messages.SignalNews, c.payload)
			b.on(lookBoth, func(done, int) (returns.Plan, error) { return closed, nil })
			b.ends(rma)
			require.Equal(t, "LookReturnGO@0s LookBoth@1h0m0s", b.story())
			require.Len(t, b.taken(), c.refused)
			for _, command := range b.taken() {
				require.ErrorContains(t, command.Validate(), "there is no command")
			}
		})
	}
}

// A signal of a name that nobody listens to is refused the same way, whatever it
// carries and whenever it comes; it wakes the return once, and stops nothing.
func TestSignalsOfUnknownNames(t *testing.T) {
	for what, payload := range map[string]any{"a command": command(returns.CommandPause), "garbage": garbage(), "nothing": nil} {
		t.Run(what, func(t *testing.T) {
			b := setup(t)
			b.on(lookReturnGO, func(_ done, n int) (returns.Plan, error) {
				if n == 1 {
					return returns.Plan{}, nil
				}
				return closed, nil
			})
			long := strings.Repeat("refund-now-", 20)
			b.at(time.Hour, func() {
				b.SignalWorkflowSkippingWorkflowTask("refund-now", payload)
				b.SignalWorkflow("refund-now", payload)
			})
			b.signalAt(2*time.Hour, long, payload)
			b.signalAt(3*time.Hour, string(returns.CommandPause), command(returns.CommandPause))
			b.signalAt(4*time.Hour, messages.SignalNews, atReturnGO)
			b.ends(rma)
			require.Equal(t, "LookReturnGO@0s Review@1h0m0s Review@2h0m0s Review@3h0m0s LookReturnGO@4h0m0s", b.story())
			var names []string
			ids := map[string]bool{}
			for _, c := range b.taken() {
				names, ids[c.ID] = append(names, string(c.Name)), true
			}
			require.Equal(t, []string{"refund-now", "refund-now", long[:40], "pause"}, names)
			require.Len(t, ids, 4, "none passes for a repeat of another")
			for _, c := range b.taken()[:3] {
				require.ErrorContains(t, c.Validate(), "there is no command")
			}
		})
	}
}

// To look for unknown signals must lose none of the others: the SDK takes them out
// of their channels for it and puts them back.
func TestUnknownSignalsAmongOthers(t *testing.T) {
	b := setup(t)
	names := []string{"pause", "f", "pause", "c", "e", "resume", "resume", "a", "d", "b", "pause"}
	b.at(time.Hour, func() {
		for _, name := range names[:len(names)-1] {
			b.SignalWorkflowSkippingWorkflowTask(name, command(returns.CommandName(name)))
		}
		b.SignalWorkflow(names[len(names)-1], command(returns.CommandPause))
	})
	b.stopAt(2 * time.Hour)
	b.stopped(rma)
	require.Equal(t, "LookReturnGO@0s Review@1h0m0s", b.story())
	var taken []string
	for _, c := range b.taken() {
		taken = append(taken, string(c.Name))
	}
	require.ElementsMatch(t, names, taken)
	strange := slices.DeleteFunc(taken, func(name string) bool { return len(name) > 1 })
	require.True(t, slices.IsSorted(strange), "%v: the SDK names them in no order, and a replay must take them in the same", strange)
}

func TestAnUnknownSignalWithTheStart(t *testing.T) {
	b := setup(t)
	b.signalAt(0, "refund-now", nil)
	b.always(lookReturnGO, closed)
	b.ends(rma)
	require.Len(t, b.taken(), 1)
	require.Equal(t, "LookReturnGO@0s", b.story())
}

func TestCommandsAsUpdatesAnswer(t *testing.T) {
	for _, name := range returns.Commands {
		t.Run(string(name), func(t *testing.T) {
			b := setup(t)
			b.always(lookReturnGO, returns.Plan{Stage: returns.StageException})
			asked := b.updateAt(time.Hour, "u1", command(name))
			again := b.updateAt(90*time.Minute, "u1", command(name))
			refused := b.updateAt(2*time.Hour, "u2", returns.Command{Name: name, Why: "nobody says who"})
			b.stopAt(3 * time.Hour)
			b.stopped(rma)
			require.Equal(t, &reply{sentence: string(name) + " taken", settled: true}, asked)
			require.Equal(t, asked, again)
			require.ErrorContains(t, refused.err, "who is missing")
			require.Len(t, b.taken(), 2, "the same update twice is one command")
			require.NotEqual(t, b.taken()[0].ID, b.taken()[1].ID)
		})
	}
}

// A command is answered though the platform that is to be read is down.
func TestACommandIsAnsweredDuringAnOutage(t *testing.T) {
	b := setup(t)
	b.on(lookReturnGO, func(_ done, n int) (returns.Plan, error) {
		if n == 1 {
			return returns.Plan{}, nil
		}
		return returns.Plan{}, errDown
	})
	b.down(lookBoth)
	asked := b.updateAt(time.Hour, "u", command(returns.CommandRecheck))
	b.at(time.Hour+13*time.Minute, func() { require.True(t, asked.settled) })
	b.stopAt(2 * time.Hour)
	b.stopped(rma)
	require.Equal(t, "recheck taken", asked.sentence)
	require.Equal(t, b.calls(lookReturnGO)[1].look.Commands, b.calls(review)[0].look.Commands, "under the same id")
}

// The person is answered before the return ends, and the return does end.
func TestACommandThatClosesIsAnswered(t *testing.T) {
	b := setup(t)
	b.always(review, closed)
	asked := b.updateAt(time.Hour, "u", command(returns.CommandResolve))
	b.ends(rma)
	require.True(t, asked.settled)
	require.Equal(t, "resolve-exception taken", asked.sentence)
	require.Equal(t, time.Hour, b.since())
}

func TestACommandDuringALookOrAnActIsTaken(t *testing.T) {
	for _, during := range []string{lookReturnGO, refund} {
		t.Run(during, func(t *testing.T) {
			b := setup(t)
			say := func(name string, p returns.Plan) answer {
				return func(_ done, n int) (returns.Plan, error) {
					if name == during && n == 1 {
						b.SignalWorkflow(string(returns.CommandPause), command(returns.CommandPause))
					}
					return p, nil
				}
			}
			b.on(lookReturnGO, say(lookReturnGO, returns.Plan{Acts: []returns.Act{payBack}}))
			b.on(refund, say(refund, closed))
			b.always(review, closed)
			b.ends(rma)
			require.Len(t, b.taken(), 1)
		})
	}
}

// The ledger takes a command of the same id for a repeat. The same signal in the
// same place bears the same id, so a reset repeats it; another in its place must
// not be swallowed.
func TestIDsOfCommands(t *testing.T) {
	t.Parallel()
	run := func(names ...returns.CommandName) []string {
		b := another(t)
		for i, name := range names {
			b.signalAt(time.Duration(i+1)*time.Hour, string(name), command(name))
		}
		b.stopAt(24 * time.Hour)
		b.stopped(rma)
		var ids []string
		for _, c := range b.taken() {
			ids = append(ids, c.ID)
		}
		return ids
	}
	first := run(returns.CommandPause, returns.CommandPause, returns.CommandResume)
	require.Equal(t, first, run(returns.CommandPause, returns.CommandPause, returns.CommandResume))
	require.NotEqual(t, first[0], first[1])
	require.NotContains(t, first, run(returns.CommandResolve)[0])
}
