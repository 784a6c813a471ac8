package workflows_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

func TestFirstLook(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		in   messages.ReturnInput
		plan returns.Plan
		want string
	}{
		{"an RMA is read at ReturnGO", rma, closed, "LookReturnGO@0s"},
		{"a TikTok return without RMA is read at TikTok", tiktokOnly, closed, "LookTikTok@0s"},
		{"a plan that asks for TikTok gets it", rma, returns.Plan{Acts: []returns.Act{askTikTok}}, "LookReturnGO@0s LookTikTok@0s"},
		{"ReturnGO is not asked for what it cannot know", tiktokOnly, returns.Plan{Acts: []returns.Act{askReturnGO}, Wake: wakeAt(time.Minute)}, "LookTikTok@0s Review@1m0s"},
		{"a plan that ends the return asks for nothing more", rma, returns.Plan{Close: true, Acts: []returns.Act{askReturnGO, askTikTok}}, "LookReturnGO@0s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			b.always(lookReturnGO, c.plan)
			b.always(lookTikTok, closed)
			b.always(review, closed)
			if c.in == tiktokOnly {
				b.always(lookTikTok, c.plan)
			}
			b.ends(c.in)
			require.Equal(t, c.want, b.story())
		})
	}
}

func TestTheSignalThatStartsAReturnRidesOnItsFirstLook(t *testing.T) {
	b := setup(t)
	b.always(lookReturnGO, closed)
	b.signalAt(0, messages.SignalNews, atReturnGO)
	b.ends(rma)
	require.Equal(t, "LookReturnGO@0s", b.story())
}

func TestEachCallGoesToItsQueueWithItsPriority(t *testing.T) {
	b := setup(t)
	approve := returns.Act{Kind: returns.ActAccept, Subject: "r1", Route: returns.RouteAcceptReturn}
	confirm := returns.Act{Kind: returns.ActRefund, Subject: "r1", Route: returns.RouteConfirmParcel}
	b.always(lookReturnGO, returns.Plan{Acts: []returns.Act{askTikTok}})
	b.always(lookTikTok, returns.Plan{Acts: []returns.Act{approve, confirm, payBack, putBack, tellThem}})
	b.signalAt(time.Hour, messages.SignalNews, inLedger)
	b.always(review, closed)
	b.ends(rma)
	for _, d := range b.all() {
		require.Equal(t, rma.Shop, d.look.Shop+d.act.Shop)
		require.Equal(t, rma.Key, d.look.Key+d.act.Key)
	}
	var got []item
	for _, i := range b.bill {
		if i.activity != "" {
			got = append(got, i)
		}
	}
	const attempt, look, act, ledger = time.Minute, 10 * time.Minute, 30 * time.Minute, 24 * time.Hour
	require.Equal(t, []item{
		{lookReturnGO, "returngo/key-a", "look at ReturnGO", 3, attempt, look},
		{lookTikTok, "tiktok/mugs-uk", "look at TikTok", 3, attempt, look},
		{accept, "tiktok/mugs-uk", "accept: ", 1, attempt, act},
		{refund, "tiktok/mugs-uk", "refund: ", 1, attempt, act},
		{refund, "tiktok/mugs-uk", "refund: pay what was authorised", 2, attempt, act},
		{restock, "control", "restock: inspection passed", 4, attempt, act},
		{writeBack, "returngo/key-a", "write-back: tell ReturnGO what was paid", 2, attempt, act},
		{review, "control", "decide again", 3, attempt, ledger},
	}, got)
}

// The restock does not answer until ReturnGO was told of the refund: had the
// refund, or what follows from it, to wait for the restock, nothing would move.
func TestRefundAndRestockNeverWaitForEachOther(t *testing.T) {
	for _, c := range []struct{ name, blocked, free string }{{"a slow restock", restock, refund}, {"a slow refund", refund, restock}} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			told := make(chan struct{})
			b.always(lookReturnGO, returns.Plan{Acts: []returns.Act{payBack, putBack}})
			b.on(c.blocked, func(done, int) (returns.Plan, error) {
				<-told
				return closed, nil
			})
			b.on(c.free, func(done, int) (returns.Plan, error) {
				rest := putBack
				if c.blocked == refund {
					rest = payBack
				}
				return returns.Plan{Acts: []returns.Act{rest, tellThem}}, nil
			})
			b.on(writeBack, func(done, int) (returns.Plan, error) {
				close(told)
				return closed, nil
			})
			b.ends(rma)
			for _, name := range []string{refund, restock, writeBack} {
				require.Equal(t, 1, b.count(name), name)
			}
		})
	}
}

func TestAnActUnderWayIsNotStartedAgain(t *testing.T) {
	b := setup(t)
	plan := returns.Plan{Acts: []returns.Act{payBack}}
	looked := make(chan struct{})
	b.on(lookReturnGO, func(_ done, n int) (returns.Plan, error) {
		if n == 2 {
			defer close(looked)
		}
		return plan, nil
	})
	b.on(refund, func(done, int) (returns.Plan, error) {
		b.SignalWorkflow(messages.SignalNews, atReturnGO)
		<-looked
		later := closed
		later.DecidedAt = b.Now().UTC().Add(time.Second) // whichever answer comes in first, this one was decided last
		return later, nil
	})
	b.ends(rma)
	require.Equal(t, 2, b.count(lookReturnGO))
	require.Equal(t, 1, b.count(refund))
}

// What follows from an act does not wait for a platform that does not answer.
func TestAnActsPlanIsFollowedWhileALookIsUnderWay(t *testing.T) {
	b := setup(t)
	looking, written := make(chan struct{}), make(chan struct{})
	b.always(lookReturnGO, returns.Plan{Acts: []returns.Act{payBack}})
	b.on(refund, func(done, int) (returns.Plan, error) {
		b.SignalWorkflow(messages.SignalNews, atTikTok)
		<-looking
		return returns.Plan{Acts: []returns.Act{tellThem}}, nil
	})
	b.on(lookTikTok, func(done, int) (returns.Plan, error) {
		close(looking)
		<-written
		return closed, nil
	})
	b.on(writeBack, func(done, int) (returns.Plan, error) {
		close(written)
		return closed, nil
	})
	b.ends(rma)
	require.Equal(t, 1, b.count(writeBack))
}

// An act's plan follows from the one that asked for the act, even if it was
// decided on a machine whose clock is behind.
func TestTheClocksOfTwoMachinesMayDiffer(t *testing.T) {
	b := setup(t)
	b.always(lookReturnGO, returns.Plan{Acts: []returns.Act{payBack}, DecidedAt: start.Add(20 * time.Second)})
	b.always(refund, returns.Plan{Acts: []returns.Act{tellThem}, DecidedAt: start})
	b.always(writeBack, closed)
	b.ends(rma)
	require.Equal(t, "LookReturnGO@0s Refund@0s WriteBack@0s", b.story())
}

// A plan that was decided before the one in hand, by an activity that ran beside
// it, is not followed. The ledger's count tells which it is, whatever the clocks
// say; plans without a count have only their times.
func TestAnOlderPlanIsNotFollowed(t *testing.T) {
	for name, c := range map[string]struct {
		older, newer, newest returns.Plan
		followed             int
	}{
		"by time":                                   {returns.Plan{DecidedAt: start.Add(-time.Minute)}, returns.Plan{DecidedAt: start.Add(time.Second)}, returns.Plan{DecidedAt: start.Add(2 * time.Second)}, 0},
		"by number, clocks agree":                   {returns.Plan{Number: 2, DecidedAt: start}, returns.Plan{Number: 3, DecidedAt: start}, returns.Plan{Number: 4, DecidedAt: start}, 0},
		"by number, a clock is ahead":               {returns.Plan{Number: 2, DecidedAt: start.Add(time.Hour)}, returns.Plan{Number: 3, DecidedAt: start}, returns.Plan{Number: 4, DecidedAt: start}, 0},
		"the newest by number, its clock is behind": {returns.Plan{Number: 5, DecidedAt: start.Add(-time.Hour)}, returns.Plan{Number: 3, DecidedAt: start}, returns.Plan{Number: 4, DecidedAt: start}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			fresh := make(chan struct{})
			b.always(lookReturnGO, returns.Plan{Acts: []returns.Act{payBack, putBack}})
			b.on(refund, func(done, int) (returns.Plan, error) {
				<-fresh
				c.older.Acts = []returns.Act{tellThem}
				return c.older, nil
			})
			b.on(restock, func(done, int) (returns.Plan, error) {
				b.SignalWorkflow(messages.SignalNews, inLedger)
				return c.newer, nil
			})
			b.on(review, func(_ done, n int) (returns.Plan, error) {
				if n == 1 {
					close(fresh)
					return c.newest, nil
				}
				return closed, nil
			})
			b.always(writeBack, closed)
			b.signalAt(time.Hour, messages.SignalNews, inLedger)
			b.ends(rma)
			require.Equal(t, c.followed, b.count(writeBack))
		})
	}
}

func TestAnActThatOnlyALaterVersionKnowsIsLeftAlone(t *testing.T) {
	b := setup(t)
	b.always(lookReturnGO, returns.Plan{Acts: []returns.Act{{Kind: "apologise"}, putBack}})
	b.always(restock, closed)
	b.ends(rma)
	require.Equal(t, "LookReturnGO@0s Restock@0s", b.story())
}

func TestNews(t *testing.T) {
	for _, c := range []struct {
		name string
		in   messages.ReturnInput
		news []any
		want string // after the first look
	}{
		{"of ReturnGO", rma, []any{atReturnGO}, " LookReturnGO@1h0m0s"},
		{"of TikTok", rma, []any{atTikTok}, " LookTikTok@1h0m0s"},
		{"two of them make one look", rma, []any{atTikTok, atTikTok}, " LookTikTok@1h0m0s"},
		{"of both", rma, []any{atTikTok, atReturnGO}, " LookBoth@1h0m0s"},
		{"of the ledger asks no platform", rma, []any{inLedger}, " Review@1h0m0s"},
		{"of the ledger beside that of a platform", rma, []any{inLedger, atTikTok}, " LookTikTok@1h0m0s"},
		{"without a place", rma, []any{messages.News{}}, " LookBoth@1h0m0s"},
		{"without a payload", rma, []any{nil}, " LookBoth@1h0m0s"},
		{"that cannot be read", rma, []any{garbage()}, " LookBoth@1h0m0s"},
		{"of a place that is not known", rma, []any{messages.News{Platforms: []returns.Platform{"moon"}}}, " LookBoth@1h0m0s"},
		{"that cannot be read, without RMA", tiktokOnly, []any{garbage()}, " LookTikTok@1h0m0s"},
		{"of ReturnGO without RMA", tiktokOnly, []any{atReturnGO}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			b.at(time.Hour, func() {
				last := len(c.news) - 1
				for _, n := range c.news[:last] {
					b.SignalWorkflowSkippingWorkflowTask(messages.SignalNews, n)
				}
				b.SignalWorkflow(messages.SignalNews, c.news[last])
			})
			b.stopAt(2 * time.Hour)
			b.stopped(c.in)
			first := "LookReturnGO@0s"
			if c.in == tiktokOnly {
				first = "LookTikTok@0s"
			}
			require.Equal(t, first+c.want, b.story())
		})
	}
}

func TestNewsDuringALookOrAnActIsNotLost(t *testing.T) {
	for _, during := range []string{lookReturnGO, refund} {
		t.Run(during, func(t *testing.T) {
			b := setup(t)
			tell := func(name string, p returns.Plan) answer {
				return func(_ done, n int) (returns.Plan, error) {
					if name == during && n == 1 {
						b.SignalWorkflow(messages.SignalNews, atReturnGO)
					}
					if name == lookReturnGO && n == 2 {
						return closed, nil
					}
					return p, nil
				}
			}
			b.on(lookReturnGO, tell(lookReturnGO, returns.Plan{Acts: []returns.Act{payBack}}))
			b.on(refund, tell(refund, closed))
			b.ends(rma)
			require.Equal(t, 2, b.count(lookReturnGO))
		})
	}
}

// The signal and the answer that closes reach the workflow in one task.
func TestASignalThatArrivesWithTheCloseIsHeard(t *testing.T) {
	signals := map[string]any{messages.SignalNews: atTikTok, string(returns.CommandPause): command(returns.CommandPause)}
	for name, payload := range signals {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			b.on(lookReturnGO, func(done, int) (returns.Plan, error) {
				b.SignalWorkflowSkippingWorkflowTask(name, payload)
				return closed, nil
			})
			b.always(lookTikTok, closed)
			b.always(review, closed)
			b.ends(rma)
			require.Equal(t, 1, b.count(lookTikTok)+b.count(review), b.story())
		})
	}
}

func TestAReturnClosesOnlyWhenNothingIsUnderWay(t *testing.T) {
	b := setup(t)
	looked := make(chan struct{})
	b.on(lookReturnGO, func(_ done, n int) (returns.Plan, error) {
		if n == 1 {
			return returns.Plan{Acts: []returns.Act{putBack}}, nil
		}
		defer close(looked)
		return closed, nil
	})
	b.on(restock, func(done, int) (returns.Plan, error) {
		b.SignalWorkflow(messages.SignalNews, atReturnGO)
		<-looked
		return returns.Plan{Stage: returns.StageSettling, Acts: []returns.Act{tellThem}}, nil
	})
	b.always(writeBack, closed)
	b.ends(rma)
	require.Equal(t, 1, b.count(writeBack), "what the last act asked for was dropped")
}

func TestAReturnThatIsNotClosedStaysOpen(t *testing.T) {
	b := setup(t)
	b.stopAt(90 * 24 * time.Hour)
	b.stopped(rma)
	require.Equal(t, "LookReturnGO@0s", b.story())
	require.Empty(t, b.set, "nothing is to be waited for")
}

func TestCancellationEndsAReturn(t *testing.T) {
	for _, c := range []struct {
		name  string
		setup func(*bench)
	}{
		{"while it waits", func(b *bench) { b.always(lookReturnGO, returns.Plan{Wake: wakeAt(time.Hour)}) }},
		{"during a look", func(b *bench) { b.down(lookReturnGO) }},
		{"during an act", func(b *bench) {
			b.always(lookReturnGO, returns.Plan{Acts: []returns.Act{payBack}})
			b.down(refund)
		}},
		{"while the ledger is down", func(b *bench) {
			b.down(lookReturnGO)
			b.down(review)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			c.setup(b)
			b.stopAt(15 * time.Minute)
			b.stopped(rma)
			require.Equal(t, 15*time.Minute, b.since())
		})
	}
}

func TestContinueAsNewOnlyWhenQuiet(t *testing.T) {
	b := setup(t)
	b.on(lookReturnGO, func(done, int) (returns.Plan, error) {
		b.SetContinueAsNewSuggested(true)
		return returns.Plan{Acts: []returns.Act{payBack}}, nil
	})
	b.on(refund, func(done, int) (returns.Plan, error) {
		b.SignalWorkflowSkippingWorkflowTask(messages.SignalNews, atTikTok)
		return returns.Plan{}, nil
	})
	err := b.run(rma)
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, err, &again)
	require.Equal(t, messages.Return, again.WorkflowType.Name)
	require.Equal(t, "LookReturnGO@0s Refund@0s LookTikTok@0s", b.story(), "neither the act nor the news may be lost")
}

func TestARunThatGoesOnReadsEverything(t *testing.T) {
	b := setup(t)
	b.SetContinuedExecutionRunID("the-run-before")
	b.always(lookBoth, closed)
	b.ends(rma)
	require.Equal(t, "LookBoth@0s", b.story())
}

// One platform's outage must not keep the other unread: together they are asked
// for a moment only, then each alone, and only the silent one is blamed.
func TestPlatformsThatDoNotAnswerTogetherAreAskedAlone(t *testing.T) {
	b := setup(t)
	b.always(lookReturnGO, returns.Plan{})
	b.down(lookTikTok)
	b.down(lookBoth)
	b.always(review, closed)
	b.at(time.Hour, func() { b.SignalWorkflow(string(returns.CommandRecheck), command(returns.CommandRecheck)) })
	b.ends(rma)
	alone := b.calls(lookReturnGO)
	require.Len(t, alone, 2)
	require.LessOrEqual(t, alone[1].at, time.Hour+2*time.Minute)
	require.Equal(t, returns.CommandRecheck, alone[1].look.Commands[0].Name, "what people said rides on the next look")
	require.Len(t, b.calls(review), 1)
	require.Equal(t, returns.TikTok, b.calls(review)[0].look.Trouble[0].Platform)
	require.Len(t, b.calls(review)[0].look.Trouble, 1)
}

func TestAnOutageOfAPlatformOnlyDelays(t *testing.T) {
	b := setup(t)
	b.on(lookReturnGO, func(d done, _ int) (returns.Plan, error) {
		if d.at < time.Hour {
			return returns.Plan{}, errDown
		}
		return closed, nil
	})
	b.on(review, func(d done, _ int) (returns.Plan, error) {
		return returns.Plan{Wake: returns.Wake{At: start.Add(d.at + 15*time.Minute), Read: []returns.Platform{returns.ReturnGO}}}, nil
	})
	b.ends(rma)
	require.NotEmpty(t, b.calls(review))
	for _, d := range b.calls(review) {
		require.Equal(t, []returns.Trouble{{Platform: returns.ReturnGO, Endpoint: "look", Class: returns.TroubleUnreachable, Message: "no answer for 10m0s"}}, d.look.Trouble)
	}
	require.LessOrEqual(t, b.calls(review)[0].at, 10*time.Minute)
	require.LessOrEqual(t, b.within(0, time.Hour), 60, "retries must thin out")
}

func TestAnActThatIsNotPossibleIsTriedAgain(t *testing.T) {
	b := setup(t)
	plan := returns.Plan{Acts: []returns.Act{payBack}}
	b.always(lookReturnGO, plan)
	b.always(review, plan)
	b.on(refund, func(d done, _ int) (returns.Plan, error) {
		if d.at < 2*time.Hour {
			return returns.Plan{}, errDown
		}
		return closed, nil
	})
	b.ends(rma)
	require.NotEmpty(t, b.calls(review))
	for _, d := range b.calls(review) {
		require.Len(t, d.look.Trouble, 1)
		require.Equal(t, returns.TikTok, d.look.Trouble[0].Platform)
		require.Equal(t, "refund", d.look.Trouble[0].Endpoint)
	}
	for _, d := range b.calls(refund) {
		require.Equal(t, payBack, d.act.Act, "the same effect under the same key")
	}
}

func TestTroubleWithAWriteBackNamesReturnGO(t *testing.T) {
	b := setup(t)
	b.always(lookReturnGO, returns.Plan{Acts: []returns.Act{tellThem}})
	b.down(writeBack)
	b.always(review, closed)
	b.ends(rma)
	require.Equal(t, returns.ReturnGO, b.calls(review)[0].look.Trouble[0].Platform)
}

// The ledger is down for days: nothing is decided, nothing fails, and the person
// who asked meanwhile is answered in the end.
func TestALedgerThatDoesNotAnswerOnlyDelays(t *testing.T) {
	b := setup(t)
	b.on(lookReturnGO, func(_ done, n int) (returns.Plan, error) {
		if n == 1 {
			return returns.Plan{}, nil
		}
		return closed, nil
	})
	b.signalAt(time.Hour, messages.SignalNews, inLedger)
	b.on(review, func(d done, _ int) (returns.Plan, error) {
		if d.at < 60*time.Hour {
			return returns.Plan{}, errDown
		}
		return closed, nil
	})
	asked := b.updateAt(2*time.Hour, "u", command(returns.CommandRecheck))
	b.always(lookBoth, closed)
	b.ends(rma)
	require.True(t, asked.settled)
	require.NoError(t, asked.err)
	for _, d := range b.calls(review) {
		require.Empty(t, d.look.Trouble, "no platform is to blame")
	}
}

// errAtOnce is an error that is not tried again: the activity fails immediately,
// as it does when a platform asks for a longer wait than we have patience.
var errAtOnce = temporal.NewNonRetryableApplicationError("come back in an hour", "RateLimited", errors.New("429"))

// Whatever the activities answer, a return never spins.
func TestNothingSpins(t *testing.T) {
	always := func(p returns.Plan) answer { return func(done, int) (returns.Plan, error) { return p, nil } }
	atOnce := func(done, int) (returns.Plan, error) { return returns.Plan{}, errAtOnce }
	sameAct := returns.Plan{Acts: []returns.Act{payBack}}
	for _, c := range []struct {
		name   string
		script map[string]answer
	}{
		{"a plan that always asks for the other platform", map[string]answer{
			lookReturnGO: always(returns.Plan{Acts: []returns.Act{askTikTok}}), lookTikTok: always(returns.Plan{Acts: []returns.Act{askReturnGO}}),
		}},
		{"a plan that always asks for the same look", map[string]answer{lookReturnGO: always(returns.Plan{Acts: []returns.Act{askReturnGO}})}},
		{"an act that always asks for itself", map[string]answer{lookReturnGO: always(sameAct), refund: always(sameAct), review: always(sameAct), lookTikTok: always(sameAct)}},
		{"an act and a look that ask for each other", map[string]answer{
			lookReturnGO: always(sameAct), lookTikTok: always(sameAct), review: always(sameAct),
			refund: always(returns.Plan{Acts: []returns.Act{askTikTok, payBack}}),
		}},
		{"two acts that ask for each other", map[string]answer{
			lookReturnGO: always(sameAct), lookTikTok: always(sameAct), review: always(sameAct),
			refund: always(returns.Plan{Acts: []returns.Act{tellThem}}), writeBack: always(sameAct),
		}},
		{"an act that fails at once", map[string]answer{lookReturnGO: always(sameAct), lookTikTok: always(sameAct), review: always(sameAct), refund: atOnce}},
		{"a look that fails at once", map[string]answer{lookReturnGO: atOnce, review: always(returns.Plan{Acts: []returns.Act{askReturnGO}})}},
		{"a ledger that fails at once", map[string]answer{lookReturnGO: atOnce, review: atOnce}},
		{"a time that has always passed", map[string]answer{lookReturnGO: always(returns.Plan{Wake: wakeAt(-time.Hour)}), review: always(returns.Plan{Wake: wakeAt(-time.Hour)})}},
		{"a time that is always now", map[string]answer{
			lookReturnGO: always(returns.Plan{Wake: wakeAt(time.Second)}),
			review: func(d done, _ int) (returns.Plan, error) {
				return returns.Plan{Wake: wakeAt(d.at + time.Millisecond)}, nil
			},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			for name, say := range c.script {
				b.on(name, func(d done, n int) (returns.Plan, error) {
					if len(b.all()) > 3000 {
						return closed, fmt.Errorf("it spins: %w", errAtOnce)
					}
					return say(d, n)
				})
			}
			b.oneTimer(7*time.Second, 10*time.Minute)
			b.stopAt(10 * time.Minute)
			b.stopped(rma)
			for minute := range 10 {
				from := time.Duration(minute) * time.Minute
				require.LessOrEqual(t, b.within(from, from+time.Minute), 61, "minute %d: %s", minute, b.story())
			}
			require.NotZero(t, b.within(5*time.Minute, 10*time.Minute), "it must go on trying")
		})
	}
}

// A look that was put off is made, whatever plan comes in meanwhile.
func TestALookThatWasPutOffIsMade(t *testing.T) {
	b := setup(t)
	b.always(lookReturnGO, returns.Plan{Acts: []returns.Act{askTikTok, putBack}})
	b.on(lookTikTok, func(d done, _ int) (returns.Plan, error) {
		if d.at < time.Minute {
			return returns.Plan{Acts: []returns.Act{askTikTok, putBack}}, nil
		}
		return closed, nil
	})
	b.always(restock, returns.Plan{Wake: wakeAt(7 * 24 * time.Hour)})
	b.ends(rma)
	require.LessOrEqual(t, b.since(), 2*time.Minute)
}

// What a backfill takes up is history only until something happens.
func TestAReturnIsHistoryUntilThereIsNews(t *testing.T) {
	for name, happens := range map[string]func(*bench){
		"an event":                      func(b *bench) { b.SignalWorkflow(messages.SignalNews, atReturnGO) },
		"a backfill of what is carried": func(b *bench) { b.SignalWorkflow(messages.SignalNews, messages.News{History: true}) },
		"a command": func(b *bench) {
			b.SignalWorkflow(string(returns.CommandRecheck), returns.Command{Who: "Ada", Why: "asked"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			b.signalAt(0, messages.SignalNews, messages.News{History: true})
			b.at(time.Hour, func() { happens(b) })
			b.stopAt(2 * time.Hour)
			b.stopped(rma)
			for _, d := range b.all() {
				require.Equal(t, d.at < time.Hour, d.look.History, "%s at %s", d.name, d.at)
			}
			require.Contains(t, b.story(), "LookBoth@0s")
			require.Contains(t, b.story(), "@1h0m0s")
		})
	}
}
