package activities

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// mayDecide answers what was asked about; the code is filled whatever the answer
// (TikTok contract 2.5). It gives what was asked, each call in its turn.
func mayDecide(b *bench, yes func(n int) bool) (asked func() []string) {
	var mu sync.Mutex
	var all []string
	b.answers("may-decide", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		name := r.URL.Query().Get("check_decisions")
		all = append(all, r.URL.Query().Get("return_or_cancel_id")+" "+name)
		_ = json.NewEncoder(w).Encode(map[string]any{"code": 0, "data": map[string]any{"decisions": []any{map[string]any{
			"decision": name, "eligible": yes(len(all)), "ineligible_code": 88153158, "ineligible_reason": "the buyer must answer first",
		}}}})
	})
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all)
	}
}

// deciding are the decisions that this product takes, each with the TikTok return
// and the RMA that lead to it.
func deciding(t *testing.T, test func(t *testing.T, b *bench, kind returns.ActKind, name string)) {
	t.Helper()
	t.Parallel()
	for name, c := range map[string]struct {
		kind         returns.ActKind
		status, made string
		rma          string
		noParcel     bool
	}{
		"APPROVE_RECEIVED_PACKAGE":           {returns.ActRefund, returns.TikTokShipped, returns.TypeReturnAndRefund, "Validated", false},
		"APPROVE_REFUND":                     {returns.ActRefund, returns.TikTokPending, returns.TypeRefund, "Validated", false},
		"APPROVE_RETURN":                     {returns.ActAccept, returns.TikTokPending, returns.TypeReturnAndRefund, "Approved", false},
		"APPROVE_RETURN, the goods are kept": {returns.ActRefund, returns.TikTokPending, returns.TypeReturnAndRefund, "Validated", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			one := tiktokReturn(caseID, c.status, "24.99")
			one["return_type"] = c.made
			b.cases = []map[string]any{one}
			b.rma["rmaSummary"].(map[string]any)["status"] = c.rma
			unit := b.rma["items"].([]any)[0].(map[string]any)
			unit["itemValidationStatusResponse"].(map[string]any)["isRestockable"] = false // no clock but this one
			if c.noParcel {
				unit["returnMethod"] = map[string]any{"type": returns.MethodNoShipment}
			}
			name, _, _ = strings.Cut(name, ",")
			test(t, b, c.kind, name)
		})
	}
}

func (b *bench) carryOut(act returns.Act) returns.Plan {
	b.t.Helper()
	activity := b.Refund
	if act.Kind == returns.ActAccept {
		activity = b.Accept
	}
	return must[messages.PlanResult](b, activity, messages.ActInput{Shop: shopName, Key: key, Act: act}).Plan
}

func TestADecisionIsAskedAboutOnce(t *testing.T) {
	deciding(t, func(t *testing.T, b *bench, kind returns.ActKind, name string) {
		asked := mayDecide(b, func(int) bool { return true })
		b.carryOut(actOf(t, b.look(), kind))
		require.Equal(t, []string{caseID + " " + name}, asked())
		require.Equal(t, 1, b.count("approve"))
		made := b.made()
		require.Less(t, slices.Index(made, "may-decide"), slices.Index(made, "approve"))
	})
}

// What TikTok would not take is not sent: people are told why at once, it is asked
// about ever more rarely, and goes through when TikTok would take it.
func TestWhatTikTokWouldNotTakeIsNotSent(t *testing.T) {
	deciding(t, func(t *testing.T, b *bench, kind returns.ActKind, name string) {
		asked := mayDecide(b, func(n int) bool { return n > 4 })
		plan := b.carryOut(actOf(t, b.look(), kind))
		var waited time.Duration
		for range 3 {
			require.Zero(t, b.count("approve"))
			require.False(t, hasAct(plan, kind), "it does not spin")
			i := slices.IndexFunc(plan.Exceptions, func(e returns.Exception) bool { return e.Kind == returns.EffectRefused })
			require.GreaterOrEqual(t, i, 0, "%+v", plan.Exceptions)
			require.Contains(t, plan.Exceptions[i].Sentence, name+": the buyer must answer first")
			require.Equal(t, returns.CX, plan.Exceptions[i].Owner)
			wait := plan.Wake.At.Sub(b.clock.now())
			require.GreaterOrEqual(t, wait, time.Minute, plan.Wake.Why)
			waited += wait
			b.clock.pass(wait + time.Second)
			plan = b.carryOut(actOf(t, b.look(), kind))
		}
		require.Greater(t, waited, 3*time.Minute, "ever more rarely")
		b.clock.pass(time.Hour)
		plan = b.carryOut(actOf(t, b.look(), kind))
		require.Equal(t, 1, b.count("approve"))
		require.False(t, raised(plan, returns.EffectRefused))
		require.Len(t, asked(), 5)
	})
}

func TestAnAnswerEndsWhatTikTokWouldNotTake(t *testing.T) {
	deciding(t, func(t *testing.T, b *bench, kind returns.ActKind, _ string) {
		asked := mayDecide(b, func(int) bool { return false })
		act := actOf(t, b.look(), kind)
		b.carryOut(act)
		b.clock.pass(time.Minute)
		plan := must[messages.PlanResult](b, b.Review, messages.LookInput{Shop: shopName, Key: key, Commands: []returns.Command{{
			Name: returns.CommandResolve, ID: "c1", Exception: returns.EffectRefused, Answer: returns.AnswerHandledManually, Reference: "chat 7", Who: "Ann", Why: "done in Seller Center",
		}}}).Plan
		require.False(t, raised(plan, returns.EffectRefused))
		require.False(t, hasAct(plan, kind))
		require.Equal(t, kind == returns.ActRefund, raised(plan, returns.RefusedByPeople), "TikTok would pay beside what was done by hand")
		b.carryOut(act)
		require.Len(t, asked(), 1, "nothing wants it any more")
		require.Zero(t, b.count("approve"))
	})
}

// Where the question itself is refused, by a market or an app that does not have
// it, the decision is the question; an outage waits.
func TestAQuestionThatIsRefusedStopsNoDecision(t *testing.T) {
	for _, why := range []http.HandlerFunc{code(105005), code(36009009), code(25001001)} {
		b := newBench(t)
		b.cases = []map[string]any{tiktokReturn(caseID, returns.TikTokShipped, "24.99")}
		b.answers("may-decide", why)
		b.carryOut(actOf(t, b.look(), returns.ActRefund))
		require.Equal(t, 1, b.count("approve"))
	}
	b := newBench(t)
	b.cases = []map[string]any{tiktokReturn(caseID, returns.TikTokShipped, "24.99")}
	b.answers("may-decide", status(http.StatusServiceUnavailable))
	act := actOf(t, b.look(), returns.ActRefund)
	_, err := run[messages.PlanResult](b, b.Refund, messages.ActInput{Shop: shopName, Key: key, Act: act})
	require.Error(t, err)
	require.Zero(t, b.count("approve"))
	require.Empty(t, b.record().Effects, "nothing is claimed")
}

// A refund of our own is no decision on a return.
func TestASellerRefundIsNoDecision(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.carryOut(actOf(t, b.look(), returns.ActRefund))
	require.Equal(t, 1, b.count("create"))
	require.Zero(t, b.count("may-decide"))
}
