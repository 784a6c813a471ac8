package rules

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

// rmaGone is an RMA that ReturnGO has not shown for an hour.
func rmaGone(f *Facts) {
	f.Record.RMA.Status, f.Record.RMAStatusSince = returns.RMAGone, noon.Add(-time.Hour)
}

// notShown is a TikTok return that reads of its order have lacked for an hour.
func notShown(id string) change {
	return func(f *Facts) { f.Record.TikTokSeenAt = map[string]time.Time{id: noon.Add(-time.Hour)} }
}

func TestAnRMAThatIsGone(t *testing.T) {
	t.Parallel()
	inStock := together(passed(1), stock("L1", returns.RestockProven, ""))
	unread := func(f *Facts) {
		f.Record.RMA, f.Record.OrderID = &returns.RMA{ID: rmaID}, ""
		f.Record.Order, f.Policy.TikTokRules = nil, []string{"tiktok"}
		rmaGone(f)
	}
	vanished := []returns.Kind{returns.RMAVanished}
	handled, no := answer(returns.RMAVanished, returns.AnswerHandledManually), answer(returns.RMAVanished, returns.AnswerDoNotRefund)
	play(t, []scene{
		{"nothing is paid on its word", setup(1, inStock, rmaGone, payable("10.00", "L1")), want{kinds: vanished}},
		{"nor by TikTok's return", setup(1, inStock, rmaGone, buyerReturn("R1", returns.TikTokShipped, 1)), want{kinds: vanished}},
		{"nor is TikTok's return accepted", setup(1, rmaGone, buyerReturn("R1", returns.TikTokPending, 1)), want{kinds: vanished}},
		{"its other questions rest", setup(1, inStock, rmaGone, transaction("T9", returns.TransactionSuccess, "10.00", "I1")), want{kinds: vanished}},
		{"handled by a person", setup(1, rmaGone, handled), want{closed: true}},
		{"not to be refunded", setup(1, inStock, rmaGone, no, payable("10.00", "L1")), want{closed: true}},
		{"given up, but TikTok pays by itself unless it is answered", setup(1, rmaGone, no, buyerReturn("R1", returns.TikTokPending, 1)), want{kinds: []returns.Kind{returns.RefusedInReturnGO}}},
		{"the money has moved: Finance hears at once", setup(1, inStock, rmaGone, buyerReturn("R1", returns.TikTokPaid, 1)),
			want{kinds: []returns.Kind{returns.RMAVanished, returns.ReversedAfterRefund}}},
		{"both have answered", setup(1, inStock, rmaGone, buyerReturn("R1", returns.TikTokPaid, 1), no, answer(returns.ReversedAfterRefund, returns.AnswerAcknowledge)), want{closed: true}},
		{"a refund of ours is on its way", setup(1, inStock, rmaGone, no, sellerRefund(returns.EffectApplied, "10.00", "L1")), want{}},
		{"once more", setup(1, rmaGone, answer(returns.RMAVanished, returns.AnswerRetry), func(f *Facts) { f.Record.RMAReadAt = noon.Add(-time.Hour) }), want{acts: []string{"look-returngo"}}},
		{"once more, and still not there", setup(1, rmaGone, answer(returns.RMAVanished, returns.AnswerRetry)), want{kinds: vanished}},
		{"gone again since the answer", setup(1, rmaGone, handled, answeredAt(returns.RMAVanished, noon.Add(-2*time.Hour))), want{kinds: vanished}},
		{"the return was over before", setup(1, settled("R1", 1), rmaGone, func(f *Facts) { f.Record.ClosedAt = noon.Add(-24 * time.Hour) }), want{closed: true}},
		{"never read", setup(0, unread), want{kinds: vanished}},
		{"never read, and given up", setup(0, unread, no), want{closed: true}},
	})
	d := Decide(setup(1, rmaGone))
	require.Equal(t, returns.CX, d.Plan.Exceptions[0].Owner)
	require.Equal(t, "10.00 GBP", d.Plan.Exceptions[0].Amount.String())
	require.Equal(t, []returns.Platform{returns.ReturnGO}, d.Plan.Wake.Read, "it is looked for")
	require.Empty(t, Decide(setup(1, rmaGone, no)).Holds, "another RMA may hold the unit")
}

// No answer is asked for twice, and a decision that is made again wakes nothing.
func TestAGoneRMADoesNotSpin(t *testing.T) {
	t.Parallel()
	f := setup(1, rmaGone)
	for range 3 {
		d := Decide(f)
		require.Empty(t, d.Plan.Acts)
		require.True(t, d.Plan.Wake.At.After(f.Now))
		f.Now = d.Plan.Wake.At
		f.Record.RMAReadAt = f.Now
	}
	require.Greater(t, f.Now.Sub(noon), time.Hour, "ever more rarely")
}

func TestATikTokReturnThatIsNoLongerShown(t *testing.T) {
	t.Parallel()
	shipped := together(passed(1), stock("L1", returns.RestockProven, ""), buyerReturn("R1", returns.TikTokShipped, 1))
	vanished := []returns.Kind{returns.TikTokVanished}
	handled, no := said(1, "R1", returns.TikTokVanished, returns.AnswerHandledManually), said(1, "R1", returns.TikTokVanished, returns.AnswerDoNotRefund)
	confirmed := decision(returns.EffectRefund, returns.RouteConfirmParcel, "R1", returns.EffectApplied, "10.00", "L1")
	approved := together(passed(1), stock("L1", returns.RestockProven, ""), buyerReturn("R1", returns.TikTokApproved, 1))
	play(t, []scene{
		{"shown a moment ago", setup(1, shipped, func(f *Facts) { f.Record.TikTokSeenAt = map[string]time.Time{"R1": noon.Add(-time.Minute)} }), want{acts: []string{"confirm-parcel R1 10.00"}}},
		{"no decision on it", setup(1, shipped, notShown("R1")), want{kinds: vanished}},
		{"nor is it accepted", setup(1, buyerReturn("R1", returns.TikTokPending, 1), notShown("R1")), want{kinds: vanished}},
		{"paid before: nothing is left to ask", setup(1, settled("R1", 1), notShown("R1")), want{closed: true}},
		{"handled: no refund beside it", setup(1, shipped, notShown("R1"), payable("10.00", "L1"), handled), want{closed: true}},
		{"not to be refunded", setup(1, shipped, notShown("R1"), payable("10.00", "L1"), no), want{closed: true}},
		{"shown again after the answer", setup(1, shipped, handled), want{acts: []string{"confirm-parcel R1 10.00"}}},
		{"money was on its way", setup(1, approved, notShown("R1"), confirmed), want{kinds: []returns.Kind{returns.TikTokVanished, returns.OutcomeUnclear}}},
		{"CX has answered, Finance not", setup(1, approved, notShown("R1"), confirmed, handled), want{kinds: []returns.Kind{returns.OutcomeUnclear}}},
		{"both have", setup(1, approved, notShown("R1"), confirmed, handled, said(1, "R1", returns.OutcomeUnclear, returns.AnswerHandledManually)), want{closed: true}},
	})
}

func TestATikTokReturnWithoutRMAThatIsNotShown(t *testing.T) {
	t.Parallel()
	alone := func(changes ...change) Facts {
		return setup(1, append([]change{func(f *Facts) {
			f.Key, f.Record.RMA, f.Record.Holds = returns.TikTokKey("R1"), nil, nil
		}}, changes...)...)
	}
	never := func(f *Facts) {
		f.Record.Order, f.Record.OrderID, f.Record.TikTokReadAt = nil, "", time.Time{}
	}
	told := func(f *Facts) {
		f.Trouble = []returns.Trouble{{Platform: returns.TikTok, Class: returns.TroubleNotShown}}
	}
	pending := buyerReturn("R1", returns.TikTokPending, 1)
	vanished := []returns.Kind{returns.TikTokVanished}
	open := func(f *Facts) { f.Record.Open = openSince(noon, exceptionAbout("R1", returns.TikTokVanished)) }
	play(t, []scene{
		{"not read yet", alone(never), want{acts: []string{"look-tiktok"}}},
		{"not found", alone(never, told), want{kinds: vanished}},
		{"decided again for another reason", alone(never, open), want{kinds: vanished}},
		{"handled", alone(never, told, said(1, "R1", returns.TikTokVanished, returns.AnswerHandledManually)), want{closed: true}},
		{"looked for once more", alone(never, said(1, "R1", returns.TikTokVanished, returns.AnswerRetry)), want{acts: []string{"look-tiktok"}}},
		{"found before, no longer shown", alone(pending, notShown("R1")), want{kinds: vanished}},
		{"that one handled", alone(pending, notShown("R1"), said(1, "R1", returns.TikTokVanished, returns.AnswerDoNotRefund)), want{closed: true}},
	})
}
