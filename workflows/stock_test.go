package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
	"returnbridge/workflows"
)

var product = messages.StockInput{Shop: "mugs-uk", ProductID: "p-1"}

// rounds scripts the answers of the rounds, the last for ever.
func (b *bench) rounds(results ...messages.RoundResult) {
	b.round = func(n int) (messages.RoundResult, error) { return results[min(n, len(results))-1], nil }
}

func (b *bench) stock() error {
	b.ExecuteWorkflow(workflows.Stock, product)
	require.True(b.t, b.IsWorkflowCompleted())
	return b.GetWorkflowError()
}

var (
	allDone  = messages.RoundResult{Done: true, Summary: "nothing is owed"}
	unproven = messages.RoundResult{Again: start.Add(time.Hour), Summary: "written; waiting for proof"}
)

func TestStockEndsWhenNothingIsOwed(t *testing.T) {
	b := setup(t)
	b.rounds(allDone)
	b.signalAt(0, messages.SignalNews, messages.News{})
	require.NoError(t, b.stock())
	require.Equal(t, "StockRound@0s", b.story())
	require.Equal(t, product, b.done[0].stock)
	require.Equal(t, "tiktok-stock/mugs-uk", b.done[0].queue)
	require.Empty(t, b.set)
}

func TestStockLooksAgain(t *testing.T) {
	for _, c := range []struct {
		name   string
		rounds []messages.RoundResult
		signal []time.Duration
		want   string
		timers int
	}{
		{"when the round wants to", []messages.RoundResult{unproven, allDone}, nil, "StockRound@0s StockRound@1h0m0s", 1},
		{"on news", []messages.RoundResult{unproven, allDone}, []time.Duration{time.Minute}, "StockRound@0s StockRound@1m0s", 1},
		{"on news if the round names no time", []messages.RoundResult{{}, allDone}, []time.Duration{time.Minute}, "StockRound@0s StockRound@1m0s", 0},
		{"once for many signals", []messages.RoundResult{unproven, allDone}, []time.Duration{time.Minute, time.Minute, time.Minute}, "StockRound@0s StockRound@1m0s", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			b.rounds(c.rounds...)
			if len(c.signal) > 0 {
				b.at(c.signal[0], func() {
					for range c.signal {
						b.SignalWorkflowSkippingWorkflowTask(messages.SignalNews, garbage())
					}
					b.SignalWorkflow("wake-up", nil)
				})
			}
			require.NoError(t, b.stock())
			require.Equal(t, c.want, b.story())
			require.Len(t, b.set, c.timers)
			require.Empty(t, b.timers, "a timer was left behind")
		})
	}
}

// Units that are asked for while a write runs ride on the next round, and a
// signal that arrives with the end is heard.
func TestNewsDuringARoundMakesAnother(t *testing.T) {
	for _, first := range []messages.RoundResult{allDone, unproven} {
		t.Run(first.Summary, func(t *testing.T) {
			b := setup(t)
			b.round = func(n int) (messages.RoundResult, error) {
				if n > 1 {
					return allDone, nil
				}
				for range 5 {
					b.SignalWorkflowSkippingWorkflowTask(messages.SignalNews, messages.News{})
				}
				return first, nil
			}
			require.NoError(t, b.stock())
			require.Equal(t, "StockRound@0s StockRound@0s", b.story())
		})
	}
}

func TestStockOutlivesAnOutage(t *testing.T) {
	b := setup(t)
	b.rounds(allDone)
	b.on("StockRound", func(d done, _ int) (returns.Plan, error) {
		if d.at < 50*time.Hour {
			return returns.Plan{}, errDown
		}
		return returns.Plan{}, nil
	})
	require.NoError(t, b.stock())
}

func TestStockNeverSpins(t *testing.T) {
	for _, c := range []struct {
		name  string
		round func(int) (messages.RoundResult, error)
	}{
		{"a round that fails at once", func(int) (messages.RoundResult, error) { return messages.RoundResult{}, errAtOnce }},
		{"a time that has always passed", func(int) (messages.RoundResult, error) {
			return messages.RoundResult{Again: start.Add(-time.Hour)}, nil
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			b.round = func(n int) (messages.RoundResult, error) {
				if n > 2000 {
					return allDone, nil
				}
				return c.round(n)
			}
			b.stopAt(5 * time.Minute)
			require.Error(t, b.stock())
			require.LessOrEqual(t, b.count("StockRound"), 5*60+1)
		})
	}
}

func TestCancellationEndsStock(t *testing.T) {
	for name, script := range map[string]func(*bench){
		"while it waits": func(b *bench) { b.rounds(messages.RoundResult{}) },
		"during a round": func(b *bench) { b.rounds(allDone); b.down("StockRound") },
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			script(b)
			b.stopAt(time.Hour)
			var cancelled *temporal.CanceledError
			require.ErrorAs(t, b.stock(), &cancelled)
			require.Equal(t, time.Hour, b.since())
		})
	}
}

// A product that never comes to rest goes on in a new run before its history is
// full.
func TestStockGoesOnInANewRun(t *testing.T) {
	b := setup(t)
	b.round = func(int) (messages.RoundResult, error) {
		b.SetContinueAsNewSuggested(true)
		return unproven, nil
	}
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, b.stock(), &again)
	require.Equal(t, messages.Stock, again.WorkflowType.Name)
	require.Equal(t, 1, b.count("StockRound"))
}

func TestJobs(t *testing.T) {
	in := messages.ShopInput{Shop: "mugs-uk", ReturnGOKey: "key-a"}
	for _, c := range []struct {
		name, queue string
		workflow    any
		attempt     time.Duration
		priority    int
	}{
		{"SweepReturnGO", "returngo/key-a", workflows.SweepReturnGO, 15 * time.Minute, 5}, // a large shop has many pages
		{"SweepTikTok", "tiktok/mugs-uk", workflows.SweepTikTok, 15 * time.Minute, 5},
		{"RefreshToken", "control", workflows.RefreshToken, time.Minute, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			b.ExecuteWorkflow(c.workflow, in)
			require.NoError(t, b.GetWorkflowError())
			require.Len(t, b.done, 1)
			require.Equal(t, c.name, b.done[0].name)
			require.Equal(t, c.queue, b.done[0].queue)
			require.Equal(t, in, b.done[0].shop)
			require.Len(t, b.bill, 1)
			require.Equal(t, c.attempt, b.bill[0].attempt)
			require.Equal(t, c.priority, b.bill[0].priority)
			if c.name != "RefreshToken" {
				var found messages.SweepResult
				require.NoError(t, b.GetWorkflowResult(&found))
				require.Equal(t, messages.SweepResult{Read: 3, Changed: 2, Signaled: 1}, found)
			}
		})
	}
}
