package activities

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// What changed between the look and the refund, as the platforms show it.
var changedSince = map[string]func(*bench){
	"cancelled in ReturnGO": func(b *bench) { b.rma["rmaSummary"].(map[string]any)["status"] = "Canceled" },
	"paid at TikTok by others": func(b *bench) {
		b.cases = append(b.cases, tiktokReturn("4030000000000000009", returns.TikTokPaid, "24.99"))
	},
	"another amount": func(b *bench) { b.rma["transactions"] = []any{transaction("Requested", "20.00")} },
}

// A read counts by the ledger's order: a clock that is ahead, or was put back, hides
// no change from the deciding read.
func TestTheDecidingReadCountsWhateverTheClockSays(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{"another worker is 20 s ahead": 20 * time.Second, "the clock is put back by 5 min": 5 * time.Minute} {
		for what, change := range changedSince {
			t.Run(name+"/"+what, func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				b.clock.pass(ahead)
				act := actOf(t, b.look(), returns.ActRefund)
				b.clock.pass(-ahead + 5*time.Second)
				b.change(func() { change(b) })
				b.forget()
				b.refund(act)
				require.Zero(t, b.count("create"), "sent: %s", b.last("create"))
			})
		}
	}
}

// A read that another one overtakes is not what an effect rests on: nothing is sent,
// and it is read again.
func TestAnOvertakenReadIsMadeAgain(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"rma", "returns"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			act := actOf(t, b.look(), returns.ActRefund)
			p, id := returns.ReturnGO, rmaID
			if call == "returns" {
				p, id = returns.TikTok, orderID
			}
			b.answers(call, func(w http.ResponseWriter, _ *http.Request) {
				b.answers(call, nil)
				b.readElsewhere(p, id)
				b.change(func() { b.usual(w, call, "") })
			})
			_, err := run[messages.PlanResult](b, b.Refund, messages.ActInput{Shop: shopName, Key: key, Act: act})
			require.Error(t, err, "Temporal tries the activity again")
			require.Zero(t, b.count("create"))
			b.refund(act)
			require.Equal(t, 1, b.count("create"))
		})
	}
}

// What an effect rests on is what its own reads showed: not another one of the same
// return that was stored after them, and not an order that TikTok did not show.
func TestAnEffectRestsOnItsOwnReads(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		call string
		says func(*bench, http.ResponseWriter)
	}{
		"the RMA is read by somebody else meanwhile": {"returns", func(b *bench, w http.ResponseWriter) {
			b.readElsewhere(returns.ReturnGO, rmaID)
			b.change(func() { b.usual(w, "returns", "") })
		}},
		"the order is not shown": {"order", func(_ *bench, w http.ResponseWriter) {
			_, _ = w.Write([]byte(`{"code":0,"data":{"orders":[]}}`))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			act := actOf(t, b.look(), returns.ActRefund)
			b.answers(c.call, func(w http.ResponseWriter, _ *http.Request) {
				b.answers(c.call, nil)
				c.says(b, w)
			})
			b.refund(act)
			require.Zero(t, b.count("create"))
			b.refund(act)
			require.Equal(t, 1, b.count("create"))
		})
	}
}

// readElsewhere stores somebody else's read.
func (b *bench) readElsewhere(p returns.Platform, id string) {
	_ = get(b, func(tx *ledger.Tx) (int64, error) {
		last, err := tx.LastRead(b.ctx, shopName, p, id)
		if err != nil {
			return 0, err
		}
		return tx.TakeRead(b.ctx, shopName, p, id, last)
	})
}

// A write to ReturnGO that may rest on the last read does not rest on one from the
// future.
func TestAReadFromTheFutureIsNotFresh(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.cases = []map[string]any{tiktokReturn(caseID, returns.TikTokPaid, "24.99")}
	b.clock.pass(10 * time.Minute)
	act := actOf(t, b.look(), returns.ActWriteBack)
	b.clock.pass(-10 * time.Minute)
	b.change(func() { changedSince["cancelled in ReturnGO"](b) })
	b.forget()
	must[messages.PlanResult](b, b.WriteBack, messages.ActInput{Shop: shopName, Key: key, Act: act})
	require.Equal(t, 1, b.count("rma"))
}

// A create whose answer was lost is not sent again once TikTok has forgotten its key
// (T12), counted from the first sending, however often it was looked at before.
func TestALostCreateIsNotSentUnderAForgottenKey(t *testing.T) {
	t.Parallel()
	for name, looks := range map[string][]time.Duration{
		"looked at after 30 h": nil, "looked at after 5 min": {5 * time.Minute}, "looked at twice": {5 * time.Minute, 3 * time.Hour},
	} {
		for _, refusedFirst := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", refused in passing: ", refusedFirst), func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				act := actOf(t, b.look(), returns.ActRefund)
				b.answers("create", b.cutOff("")) // nobody knows
				b.refund(act)
				for _, pass := range looks {
					b.clock.pass(pass)
					plan := b.look()
					require.Equal(t, returns.ReasonLost, b.effectOf(returns.EffectRefund).Reason)
					if refusedFirst {
						b.answers("create", status(http.StatusTooManyRequests))
						b.refund(actOf(t, plan, returns.ActRefund))
					}
				}
				sent := b.count("create")
				b.answers("create", nil)
				b.clock.pass(30 * time.Hour)
				plan := b.look()
				require.False(t, hasAct(plan, returns.ActRefund))
				require.True(t, raised(plan, returns.OutcomeUnclear))
				b.refund(act)
				require.Equal(t, sent, b.count("create"))

				b.personSays(t, returns.OutcomeUnclear, returns.AnswerRetry) // a person looked: it was never made
				plan = b.look()
				b.refund(actOf(t, plan, returns.ActRefund))
				require.Equal(t, sent+1, b.count("create"))
				require.NotEqual(t, b.keys["create"][0], b.keys["create"][sent], "under a key of its own")
			})
		}
	}
}

// Where TikTok's search is known to be slow, a lost create is never sent again
// without a person, though TikTok still knows its key.
func TestALostCreateIsNotSentAgainWhereTheSearchIsSlow(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	act := actOf(t, b.look(), returns.ActRefund)
	b.answers("returns", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"code":0,"data":{"return_orders":[]}}`))
	})
	plan := b.refund(act) // taken, and not shown
	require.Equal(t, returns.EffectApplied, b.effectOf(returns.EffectRefund).State)
	require.False(t, plan.Wake.At.After(noon.Add(2*time.Minute)), "it is looked for when searches should show it: %s", plan.Wake.At)
	b.clock.pass(3 * time.Minute)
	b.look()
	require.False(t, b.record().SlowSearchAt.IsZero())
	require.Len(t, b.shopExceptions(returns.ReadsLag), 1, "IT knows")

	b = newBench(t)
	act = actOf(t, b.look(), returns.ActRefund)
	_ = get(b, func(tx *ledger.Tx) (struct{}, error) {
		return struct{}{}, tx.NoteSlowSearch(b.ctx, shopName, noon.Add(-24*time.Hour))
	})
	b.answers("create", b.cutOff(""))
	b.refund(act)
	b.answers("create", nil)
	b.clock.pass(5 * time.Minute)
	plan = b.look()
	require.False(t, hasAct(plan, returns.ActRefund))
	require.True(t, raised(plan, returns.OutcomeUnclear))
}

// personSays answers an exception as a person would.
func (b *bench) personSays(t *testing.T, kind returns.Kind, answer returns.AnswerName) {
	t.Helper()
	c := returns.Command{Name: returns.CommandResolve, ID: "c-" + string(answer) + b.clock.now().String(), Exception: kind, Answer: answer, Who: "Ada", Why: "looked"}
	b.clock.pass(time.Second)
	out := must[messages.PlanResult](b, b.Review, messages.LookInput{Shop: shopName, Key: key, Commands: []returns.Command{c}})
	require.True(t, out.Outcomes[0].Accepted, out.Outcomes[0].Sentence)
}

// What a platform's own event told, and its reads do not show yet, keeps every
// effect back; it is read again, and in the end people are told.
func TestAnEventIsALowerBoundOfWhatReadsMustShow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		told  ledger.Event
		shows func(*bench) // how the reads look when they have caught up
		then  bool         // the refund goes out then
	}{
		"cancelled": {ledger.Event{Platform: returns.ReturnGO, RMAID: rmaID, Tells: returns.ToldRMA, Status: returns.RMACanceled}, changedSince["cancelled in ReturnGO"], false},
		"another transaction": {ledger.Event{Platform: returns.ReturnGO, RMAID: rmaID, Tells: returns.ToldTransaction, TransactionID: "660002", Status: "Requested"}, func(b *bench) {
			more := transaction("Canceled", "1.00")
			more["id"] = 660002
			b.rma["transactions"] = append(b.rma["transactions"].([]any), more)
		}, true},
		"a return on the order that nobody knows": {ledger.Event{Platform: returns.TikTok, OrderID: orderID, TikTokReturnID: "4030000000000000009", Tells: returns.ToldReturn, Status: returns.TikTokPending}, func(b *bench) {
			withdrawn := tiktokReturn("4030000000000000009", returns.TikTokCancelled, "24.99")
			withdrawn["update_time"] = b.clock.at.Unix()
			b.cases = append(b.cases, withdrawn)
		}, true},
		"paid by others": {ledger.Event{Platform: returns.TikTok, OrderID: orderID, TikTokReturnID: "4030000000000000009", Tells: returns.ToldPaid, Status: "REFUND_SUCCESS"}, changedSince["paid at TikTok by others"], false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			act := actOf(t, b.look(), returns.ActRefund)
			told := c.told
			told.Shop, told.ID, told.Topic, told.HappenedAt = shopName, "n1", "x", b.clock.now()
			_ = get(b, func(tx *ledger.Tx) (bool, error) { return tx.Receive(b.ctx, told) })
			b.clock.pass(12 * time.Second)
			plan := b.refund(act)
			require.Zero(t, b.count("create"))
			require.Equal(t, []returns.Platform{told.Platform}, plan.Wake.Read)
			require.False(t, raised(plan, returns.EventNotShown))
			b.clock.pass(15 * time.Minute)
			plan = b.look()
			require.True(t, raised(plan, returns.EventNotShown))
			require.True(t, raised(plan, returns.ReadsLag))

			b.change(func() { c.shows(b) })
			plan = b.look()
			require.False(t, raised(plan, returns.EventNotShown))
			require.Equal(t, c.then, hasAct(plan, returns.ActRefund), plan.Summary)
		})
	}
}

// A person may say that the event is wrong.
func TestAPersonGoesByTheRead(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.look()
	_ = get(b, func(tx *ledger.Tx) (bool, error) {
		return tx.Receive(b.ctx, ledger.Event{Shop: shopName, Platform: returns.ReturnGO, ID: "n1", RMAID: rmaID, Tells: returns.ToldRMA, Status: returns.RMACanceled, HappenedAt: b.clock.now()})
	})
	b.clock.pass(16 * time.Minute)
	require.True(t, raised(b.look(), returns.EventNotShown))
	b.personSays(t, returns.EventNotShown, returns.AnswerGoByRead)
	require.True(t, hasAct(b.look(), returns.ActRefund))
}

// TikTok told of a return on the order after the answer of a create was lost: it may
// be the one that was made, so that none is sent again.
func TestALostCreateIsNotSentAgainAfterAnEventOfIt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	act := actOf(t, b.look(), returns.ActRefund)
	b.answers("create", b.cutOff(""))
	b.refund(act)
	b.answers("create", nil)
	_ = get(b, func(tx *ledger.Tx) (bool, error) {
		return tx.Receive(b.ctx, ledger.Event{Shop: shopName, Platform: returns.TikTok, ID: "n1", OrderID: orderID, TikTokReturnID: caseID, Tells: returns.ToldReturn, Status: returns.TikTokApproved, HappenedAt: b.clock.now()})
	})
	for range 6 {
		b.clock.pass(2 * time.Hour)
		require.False(t, hasAct(b.look(), returns.ActRefund))
		require.Equal(t, returns.EffectClaimed, b.effectOf(returns.EffectRefund).State)
	}
	b.change(func() {
		made := tiktokReturn(caseID, returns.TikTokPaid, "24.99")
		made["return_type"], made["role"], made["create_time"] = returns.TypeRefund, "SELLER", noon.Unix()
		b.cases = append(b.cases, made)
	})
	b.look()
	require.Equal(t, returns.EffectVerified, b.effectOf(returns.EffectRefund).State)
	require.Equal(t, 1, b.count("create"))
}
