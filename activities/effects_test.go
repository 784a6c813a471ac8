package activities

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

func (b *bench) refund(act returns.Act) returns.Plan {
	b.t.Helper()
	return must[messages.PlanResult](b, b.Refund, messages.ActInput{Shop: shopName, Key: key, Act: act}).Plan
}

// effectOf is the newest effect of a kind.
func (b *bench) effectOf(kind returns.EffectKind) returns.Effect {
	b.t.Helper()
	all := b.record().Effects
	i := slices.IndexFunc(all, func(e returns.Effect) bool { return e.Kind == kind })
	require.GreaterOrEqual(b.t, i, 0, "no %s in the ledger", kind)
	return all[i]
}

// Both ways in which TikTok can be made to pay.
func bothRoutes(t *testing.T, test func(b *bench, pay string)) {
	t.Helper()
	t.Parallel()
	t.Run("seller refund", func(t *testing.T) {
		t.Parallel()
		test(newBench(t), "create")
	})
	t.Run("confirm parcel", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.cases = []map[string]any{tiktokReturn(caseID, returns.TikTokShipped, "24.99")}
		test(b, "approve")
	})
}

func TestMoneyMovesOnlyAfterTheDecidingRead(t *testing.T) {
	bothRoutes(t, func(b *bench, pay string) {
		act := actOf(b.t, b.look(), returns.ActRefund)
		b.forget()
		b.clock.pass(time.Second) // even a read one second old does not do
		plan := b.refund(act)
		made := b.made()
		at := slices.Index(made, pay)
		require.Positive(b.t, at, "%v", made)
		for _, read := range []string{"rma", "order", "returns"} {
			require.Contains(b.t, made[:at], read)
		}
		require.False(b.t, hasAct(plan, returns.ActRefund))
		require.Equal(b.t, returns.EffectApplied, b.effectOf(returns.EffectRefund).State)
		b.refund(act) // once more, as after a lost completion
		require.Equal(b.t, 1, b.count(pay))
	})
}

// What may have changed between the plan and the call: each stops the call.
func TestNothingIsSentWhenTheFreshReadNoLongerWantsIt(t *testing.T) {
	t.Parallel()
	changes := map[string]func(*bench){
		"cancelled in ReturnGO": func(b *bench) { b.rma["rmaSummary"].(map[string]any)["status"] = "Canceled" },
		"another amount":        func(b *bench) { b.rma["transactions"] = []any{transaction("Requested", "20.00")} },
		"paid in ReturnGO":      func(b *bench) { b.rma["transactions"] = []any{transaction("Success", "24.99")} },
		"paid at TikTok by others": func(b *bench) {
			b.cases = append(b.cases, tiktokReturn("4030000000000000009", returns.TikTokPaid, "24.99"))
		},
		"a dispute": func(b *bench) {
			c := tiktokReturn("4030000000000000008", returns.TikTokShipped, "24.99")
			c["arbitration_status"], c["create_time"] = returns.ArbitrationInProgress, noon.Unix()
			b.cases = append(b.cases, c)
		},
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			bothRoutes(t, func(b *bench, pay string) {
				act := actOf(b.t, b.look(), returns.ActRefund)
				b.change(func() { change(b) })
				b.clock.pass(time.Second)
				b.refund(act)
				require.Zero(b.t, b.count(pay))
			})
		})
	}
}

// A deciding read that failed is no read: what people must mend first becomes an
// exception, and the money stays where it is.
func TestNothingIsSentWhenTheDecidingReadIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		call string
		says http.HandlerFunc
	}{
		"ReturnGO's key refused": {"rma", status(http.StatusUnauthorized)},
		"TikTok's scope missing": {"returns", code(105005)},
		"order not ours":         {"order", code(105004)},
	} {
		t.Run(name, func(t *testing.T) {
			bothRoutes(t, func(b *bench, pay string) {
				act := actOf(b.t, b.look(), returns.ActRefund)
				b.answers(c.call, c.says)
				b.clock.pass(time.Second)
				plan := b.refund(act)
				require.Zero(b.t, b.count(pay))
				require.True(b.t, raised(plan, returns.PlatformRefused))
				require.False(b.t, hasAct(plan, returns.ActRefund), "nothing spins")
				require.False(b.t, plan.Wake.At.IsZero())
				b.answers(c.call, nil)
				b.clock.pass(20 * time.Minute)
				b.refund(actOf(b.t, b.look(), returns.ActRefund))
				require.Equal(b.t, 1, b.count(pay), "mended, and paid once")
			})
		})
	}
}

// A deciding read that fails for a moment is tried again by Temporal.
func TestADecidingReadThatFailsIsTriedAgain(t *testing.T) {
	bothRoutes(t, func(b *bench, pay string) {
		act := actOf(b.t, b.look(), returns.ActRefund)
		b.answers("returns", status(http.StatusServiceUnavailable))
		_, err := run[messages.PlanResult](b, b.Refund, messages.ActInput{Shop: shopName, Key: key, Act: act})
		require.Error(b.t, err)
		require.Zero(b.t, b.count(pay))
		require.Empty(b.t, b.record().Effects, "nothing was claimed")
	})
}

func TestAnOpenClaimKeepsASecondCallAway(t *testing.T) {
	bothRoutes(t, func(b *bench, pay string) {
		act := actOf(b.t, b.look(), returns.ActRefund)
		b.answers(pay, b.cutOff("")) // it did not happen, and nobody knows
		plan := b.refund(act)
		e := b.effectOf(returns.EffectRefund)
		require.Equal(b.t, returns.EffectClaimed, e.State)
		require.False(b.t, hasAct(plan, returns.ActRefund))
		require.False(b.t, plan.Wake.At.IsZero(), "no error, but a time to look")
		b.answers(pay, nil)
		require.Equal(b.t, 1, b.count(pay))
		b.clock.pass(time.Second)
		b.refund(act)
		require.Equal(b.t, 1, b.count(pay), "the first call may still be answered")
		b.clock.pass(5 * time.Minute) // beyond the claim, and beyond a create's quiet time
		b.refund(actOf(b.t, b.look(), returns.ActRefund))
		require.Equal(b.t, 2, b.count(pay))
		require.Len(b.t, b.record().Effects, 1, "the same effect")
		require.Equal(b.t, b.keys[pay][0], b.keys[pay][1], "the same key")
	})
}

// The claim ends only when no answer can come any more, however long the call
// had to wait for the ledger or for a token.
func TestACallEndsBeforeItsClaim(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	act := actOf(t, b.look(), returns.ActRefund)
	b.CallTimeout = 0 // nothing is left of the claim when the call is to be made
	b.refund(act)
	require.Zero(t, b.count("create"))
	require.Equal(t, returns.EffectIntent, b.effectOf(returns.EffectRefund).State)
}

func TestALostAnswerIsFoundAgain(t *testing.T) {
	bothRoutes(t, func(b *bench, pay string) {
		act := actOf(b.t, b.look(), returns.ActRefund)
		b.answers(pay, b.cutOff(pay)) // it happened
		b.refund(act)
		b.answers(pay, nil)
		b.clock.pass(10 * time.Minute)
		b.look()
		require.Equal(b.t, returns.EffectApplied, b.effectOf(returns.EffectRefund).State)
		b.refund(act)
		require.Equal(b.t, 1, b.count(pay))
	})
}

func TestADefiniteRefusalIsNamedAndNotRepeated(t *testing.T) {
	bothRoutes(t, func(b *bench, pay string) {
		act := actOf(b.t, b.look(), returns.ActRefund)
		b.answers(pay, code(25001046)) // stopped by risk control
		plan := b.refund(act)
		require.Equal(b.t, returns.EffectVoid, b.effectOf(returns.EffectRefund).State)
		require.True(b.t, raised(plan, returns.EffectRefused))
		require.False(b.t, hasAct(plan, returns.ActRefund))
		require.False(b.t, hasAct(b.look(), returns.ActRefund))
		require.Equal(b.t, 1, b.count(pay))
		answer := returns.Command{Name: returns.CommandResolve, ID: "c1", Exception: returns.EffectRefused, Answer: returns.AnswerRetry, Who: "Ann", Why: "TikTok cleared it"}
		b.clock.pass(time.Minute)
		out := must[messages.PlanResult](b, b.Review, messages.LookInput{Shop: shopName, Key: key, Commands: []returns.Command{answer}})
		require.True(b.t, out.Outcomes[0].Accepted, out.Outcomes[0].Sentence)
		b.answers(pay, nil)
		b.refund(actOf(b.t, out.Plan, returns.ActRefund))
		require.Equal(b.t, 2, b.count(pay))
		all := b.record().Effects
		require.Len(b.t, all, 2)
		require.Equal(b.t, 2, all[1].Generation)
	})
}

// What did not happen is taken back and waits, longer and longer.
func TestNotNowWaits(t *testing.T) {
	t.Parallel()
	for name, says := range map[string]http.HandlerFunc{"throttled": code(36009002), "state changed": code(25001011), "locked": code(25001028)} {
		t.Run(name, func(t *testing.T) {
			bothRoutes(t, func(b *bench, pay string) {
				// No unit on its way into stock has the return look for itself.
				b.rma["items"].([]any)[0].(map[string]any)["itemValidationStatusResponse"].(map[string]any)["isRestockable"] = false
				act := actOf(b.t, b.look(), returns.ActRefund)
				b.answers(pay, says)
				plan := b.refund(act)
				require.Equal(b.t, returns.EffectIntent, b.effectOf(returns.EffectRefund).State)
				require.False(b.t, hasAct(plan, returns.ActRefund), "nothing spins")
				require.True(b.t, plan.Wake.At.After(b.clock.now().Add(time.Second)))
				b.clock.pass(10 * time.Minute)
				plan = b.refund(act)
				require.True(b.t, plan.Wake.At.After(b.clock.now().Add(9*time.Minute)), "ten minutes of trying: ten more")
				b.answers(pay, nil)
				b.clock.pass(20 * time.Minute)
				b.refund(act)
				require.Equal(b.t, 3, b.count(pay))
				require.Len(b.t, b.record().Effects, 1, "one effect under one key")
			})
		})
	}
}

// One refund in flight per order: another one's open claim keeps ours away.
func TestABusyOrderWaits(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	act := actOf(t, b.look(), returns.ActRefund)
	other := returns.Effect{ID: "uk:refund:other:1", Kind: returns.EffectRefund, Subject: "other", Generation: 1, OrderID: orderID, Units: []returns.UnitID{"577000000000000009"}, Amount: gbp("1")}
	require.NoError(t, b.Ledger.Do(b.ctx, func(tx *ledger.Tx) error {
		return tx.Claim(b.ctx, shopName, returns.RMAKey("9002"), other, b.clock.now().Add(time.Minute))
	}))
	plan := b.refund(act)
	require.Zero(t, b.count("create"))
	require.False(t, hasAct(plan, returns.ActRefund))
	require.False(t, plan.Wake.At.IsZero())
}

func TestAcceptAndWriteBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.cases = []map[string]any{tiktokReturn(caseID, returns.TikTokPending, "24.99")}
	b.rma["rmaSummary"].(map[string]any)["status"] = "Approved"
	b.rma["items"].([]any)[0].(map[string]any)["itemValidationStatusResponse"] = map[string]any{}
	act := actOf(t, b.look(), returns.ActAccept)
	b.forget()
	must[messages.PlanResult](b, b.Accept, messages.ActInput{Shop: shopName, Key: key, Act: act})
	require.Equal(t, 1, b.count("approve"))
	require.Zero(t, b.count("rma"), "a step that moves no money rests on a read of a moment ago")
	require.Equal(t, returns.EffectVerified, b.effectOf(returns.EffectAccept).State)

	b.change(func() {
		b.world()
		b.cases[0]["return_status"] = returns.TikTokPaid
	})
	b.clock.pass(time.Minute)
	act = actOf(t, b.look(), returns.ActWriteBack)
	must[messages.PlanResult](b, b.WriteBack, messages.ActInput{Shop: shopName, Key: key, Act: act})
	require.JSONEq(t, `{"status":"Success","externalReferenceId":"`+caseID+`","externalReferenceType":"PlatformRefundId"}`, b.last("set-transaction"))
	must[messages.PlanResult](b, b.WriteBack, messages.ActInput{Shop: shopName, Key: key, Act: act})
	require.Equal(t, 1, b.count("set-transaction"))
}

// A read that only people can mend is an exception; it never fails an activity.
func TestARefusedReadIsAnException(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.answers("rma", status(http.StatusForbidden))
	plan := must[messages.PlanResult](b, b.LookReturnGO, messages.LookInput{Shop: shopName, Key: key}).Plan
	require.True(t, raised(plan, returns.PlatformRefused))
	require.Equal(t, noon.Add(15*time.Minute), plan.Wake.At)
	b.answers("rma", status(http.StatusBadGateway))
	_, err := run[messages.PlanResult](b, b.LookReturnGO, messages.LookInput{Shop: shopName, Key: key})
	require.Error(t, err)
}

// What one return's look finds out about the order's other returns is told to
// those who carry them: TikTok's own event will look like an echo by then.
func TestALookTellsTheOrdersOtherReturns(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.cases = []map[string]any{tiktokReturn(caseID, returns.TikTokAwaitingShip, "24.99")}
	b.look()
	b.waker.woken()
	must[messages.PlanResult](b, b.LookTikTok, messages.LookInput{Shop: shopName, Key: returns.RMAKey("9002")})
	require.NoError(t, b.Ledger.Do(b.ctx, func(tx *ledger.Tx) error {
		return tx.SaveRMA(b.ctx, shopName, returns.RMA{ID: "9002", Status: returns.RMAPending, OrderName: orderID}, b.clock.now())
	}))
	b.change(func() { b.cases[0]["return_status"] = returns.TikTokShipped })
	b.clock.pass(time.Minute)
	must[messages.PlanResult](b, b.LookTikTok, messages.LookInput{Shop: shopName, Key: returns.RMAKey("9002")})
	keys, _ := b.waker.woken()
	require.Equal(t, []returns.Key{key}, keys)
	b.clock.pass(time.Minute)
	must[messages.PlanResult](b, b.LookTikTok, messages.LookInput{Shop: shopName, Key: returns.RMAKey("9002")})
	keys, _ = b.waker.woken()
	require.Empty(t, keys, "it is told once")
}

// Somebody paid less than was authorised, Finance says to pay the rest, and the
// audit says who said so.
func TestTheRestIsPaidAsFinanceSaid(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	paid := tiktokReturn("4030000000000000009", returns.TikTokPaid, "20.00")
	paid["return_type"] = returns.TypeRefund
	b.cases = []map[string]any{paid}
	require.True(t, raised(b.look(), returns.RefundDiffers))
	b.answers("calculate", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"code":0,"data":{"order_refund_amount":{"currency":"GBP","refund_total":"4.99"}}}`))
	})
	answer := returns.Command{Name: returns.CommandResolve, ID: "c1", Exception: returns.RefundDiffers, Answer: returns.AnswerPayRest, Who: "Fin", Why: "a slip in Seller Center"}
	out := must[messages.PlanResult](b, b.Review, messages.LookInput{Shop: shopName, Key: key, Commands: []returns.Command{answer}})
	require.True(t, out.Outcomes[0].Accepted, out.Outcomes[0].Sentence)
	act := actOf(t, b.look(), returns.ActRefund)
	require.Equal(t, gbp("4.99"), act.Amount)
	b.refund(act)
	require.Equal(t, 1, b.count("create"))
	story := get(b, func(tx *ledger.Tx) (ledger.Story, error) {
		s, _, err := tx.Story(b.ctx, ledger.ReturnRef{Shop: shopName, Key: key})
		return s, err
	})
	require.True(t, slices.ContainsFunc(story.Audit, func(l ledger.AuditLine) bool {
		return strings.HasPrefix(l.What, "refunded 4.99 GBP as the seller (TikTok return ") && l.DecidedBy == "the program, as Fin decided"
	}), "%+v", story.Audit)
}

// Each decision has the next number, whoever makes it and whatever his clock says.
func TestDecisionsAreCounted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first := b.look().Number
	require.Positive(t, first)
	b.clock.pass(-time.Minute)
	b.Activities = b.process()
	require.Greater(t, b.look().Number, first)
}
