package ledger

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

// sellerCase is a TikTok return that waits for the seller until a time.
func sellerCase(id, status string, deadline time.Time) returns.TikTokReturn {
	return returns.TikTokReturn{ID: id, OrderID: "O1", Status: status, Actions: []returns.SellerAction{{Action: "DECIDE", Deadline: deadline}}}
}

func TestOpenExceptionsCarryTheirDeadline(t *testing.T) {
	onBoth(t, func(b *bench) {
		soon, later := monday.Add(2*time.Hour), monday.Add(9*time.Hour)
		b.do(func(tx *Tx) error {
			return tx.SaveTikTok(b.ctx, shop, "O1", nil, []returns.TikTokReturn{
				sellerCase("case-line-1", returns.TikTokShipped, later), sellerCase("C2", returns.TikTokPending, soon),
				sellerCase("C3", returns.TikTokApproved, monday), sellerCase("C4", returns.TikTokCancelled, monday),
			}, monday)
		})
		differs := returns.NewException(returns.RefundDiffers, "paid 10", gbp("2.50"))
		mismatch := returns.NewException(returns.UnitMismatch, "two of one", returns.Money{})
		overdue := returns.NewException(returns.InspectionOverdue, "nobody looked", returns.Money{})
		require.NoError(b.t, b.decide("paired", Decided{OrderID: "O1", Holds: []returns.Hold{hold("line-1")}, Exceptions: []returns.Exception{differs}}))
		b.clock.pass(time.Minute)
		require.NoError(b.t, b.decide("unpaired", Decided{OrderID: "O1", Exceptions: []returns.Exception{mismatch}}))
		b.clock.pass(time.Minute)
		require.NoError(b.t, b.decide("tiktok/C2", Decided{OrderID: "O1", Exceptions: []returns.Exception{overdue}}))
		require.NoError(b.t, b.decide("paired-without-case", Decided{OrderID: "O1", Holds: []returns.Hold{{Unit: "line-7", OrderID: "O1"}}, Exceptions: []returns.Exception{overdue}}))
		require.NoError(b.t, b.decide("healed", Decided{Exceptions: []returns.Exception{overdue}}))
		require.NoError(b.t, b.decide("healed", Decided{}))
		b.command(returns.Command{Name: returns.CommandPause, ID: "p", Who: "Ada", Why: "lawyer"})

		open := func(f ExceptionFilter) map[returns.Key]OpenException {
			all := map[returns.Key]OpenException{}
			for _, e := range get(b, func(tx *Tx) ([]OpenException, error) { return tx.OpenExceptions(b.ctx, f) }) {
				all[e.Key] = e
			}
			return all
		}
		all := open(ExceptionFilter{})
		require.Len(b.t, all, 4)
		require.Equal(b.t, OpenException{
			ReturnRef: ReturnRef{shop, "paired"}, Exception: differs, OpenedAt: monday, OrderID: "O1", Deadline: later, paired: true,
		}, all["paired"])
		require.Equal(b.t, soon, all["unpaired"].Deadline, "while nothing is paired, the order's own cases")
		require.Equal(b.t, soon, all["tiktok/C2"].Deadline)
		require.Zero(b.t, all["paired-without-case"].Deadline, "another unit's case is not this return's")

		require.Len(b.t, open(ExceptionFilter{Owner: returns.Operations}), 2)
		require.Empty(b.t, open(ExceptionFilter{Owner: returns.Operations, Kind: returns.RefundDiffers}))
		require.Len(b.t, open(ExceptionFilter{Kind: returns.RefundDiffers, Shop: shop}), 1)
		require.Empty(b.t, open(ExceptionFilter{Shop: "other"}))
	})
}

func TestAReturnIsFoundByAnyNumber(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.do(func(tx *Tx) error {
			return tx.SaveTikTok(b.ctx, shop, "O1", nil, []returns.TikTokReturn{{ID: "case-line-1"}, {ID: "C2"}, {ID: "C3"}}, monday)
		})
		require.NoError(b.t, b.decide("RMA1", Decided{OrderID: "O1", Holds: []returns.Hold{hold("line-1")}}))
		require.NoError(b.t, b.decide("RMA2", Decided{OrderID: "O1"}))
		require.NoError(b.t, b.decide("tiktok/C2", Decided{OrderID: "O1"}))
		require.NoError(b.t, b.decide("tiktok/case-line-1", Decided{OrderID: "O1", Closed: true}))
		for number, want := range map[string][]returns.Key{
			"RMA1": {"RMA1"}, "tiktok/C2": {"tiktok/C2"}, "C2": {"tiktok/C2"},
			"case-line-1": {"RMA1"}, // who holds the units goes before the clock that ended
			"O1":          {"RMA1", "RMA2", "tiktok/C2", "tiktok/case-line-1"},
			"C3":          {"RMA1", "RMA2", "tiktok/C2", "tiktok/case-line-1"},
			"C9":          nil,
		} {
			for in, some := range map[string][]returns.Key{shop: want, "": want, "other": nil} {
				var keys []returns.Key
				for _, r := range get(b, func(tx *Tx) ([]ReturnRef, error) { return tx.FindReturns(b.ctx, in, number) }) {
					require.Equal(b.t, shop, r.Shop)
					keys = append(keys, r.Key)
				}
				require.ElementsMatch(b.t, some, keys, "%s in %q", number, in)
			}
		}
	})
}

func TestTheStoryOfAReturn(t *testing.T) {
	onBoth(t, func(b *bench) {
		require.NoError(b.t, b.decide("other", Decided{OrderID: "O1", Holds: []returns.Hold{hold("line-9")}}))
		one := returns.Effect{ID: "e1", Kind: returns.EffectRefund, Route: returns.RouteConfirmParcel, Subject: "C1", Units: []returns.UnitID{"line-1"}, OrderID: "O1", Amount: gbp("12.50")}
		two := one
		two.ID, two.Units = "e2", []returns.UnitID{"line-9"}
		b.do(func(tx *Tx) error {
			one.ClaimUntil = monday.Add(time.Minute)
			return errors.Join(tx.SaveRMA(b.ctx, shop, rma(returns.RMAValidated), monday), tx.Claim(b.ctx, shop, "RMA1", one, one.ClaimUntil),
				tx.EffectAnswered(b.ctx, one, EffectChange{State: returns.EffectApplied, TikTokReturnID: "C1", RequestID: "req-1"}), tx.Claim(b.ctx, shop, "other", two, monday.Add(time.Minute)),
				tx.saveRestocks(b.ctx, shop, "RMA1", []returns.Restock{{Unit: "line-1", ProductID: product, SKUID: sku, WarehouseID: "W1", State: returns.RestockOwed, Note: "the inspection passed"}}))
		})
		unlinked := returns.NewException(returns.UnlinkedOrder, "no order", returns.Money{})
		b.clock.pass(time.Minute)
		require.NoError(b.t, b.decide("RMA1", Decided{Exceptions: []returns.Exception{unlinked}}))
		healed := b.clock.pass(time.Minute)
		differs := returns.NewException(returns.RefundDiffers, "paid 10", gbp("2.50"))
		require.NoError(b.t, b.decide("RMA1", Decided{OrderID: "O1", Holds: []returns.Hold{hold("line-1")}, Exceptions: []returns.Exception{differs}, Stage: returns.StageException, Summary: "look here", Rules: "v1"}))
		b.clock.pass(time.Minute)
		b.command(returns.Command{Name: returns.CommandPause, ID: "p", Who: "Ada", Why: "lawyer"})

		var s Story
		b.do(func(tx *Tx) error {
			var found bool
			var err error
			s, found, err = tx.Story(b.ctx, ReturnRef{shop, "RMA1"})
			require.True(b.t, found)
			return err
		})
		require.Equal(b.t, []any{returns.StageException, "look here", "v1", healed, true, "O1", monday}, []any{s.Stage, s.Summary, s.Rules, s.DecidedAt, s.Paused, s.OrderID, s.CreatedAt})
		require.Equal(b.t, "#1001", s.RMA.OrderName)
		require.Equal(b.t, []returns.Hold{hold("line-1")}, s.Holds)
		require.Equal(b.t, map[returns.UnitID]returns.Key{"line-9": "other"}, s.HeldBy)
		require.Len(b.t, s.Effects, 1, "those of the return, not of the order")
		require.Equal(b.t, []any{"e1", "req-1", []returns.UnitID{"line-1"}}, []any{s.Effects[0].ID, s.Effects[0].RequestID, s.Effects[0].Units})
		require.Len(b.t, s.Restocks, 1)
		require.Equal(b.t, []KeptException{
			{Exception: unlinked, OpenedAt: monday.Add(time.Minute), ClosedAt: healed, ClosedBy: "healed"}, {Exception: differs, OpenedAt: healed},
		}, s.Exceptions)
		var told []string
		for i, l := range s.Audit {
			told = append(told, l.What)
			require.True(b.t, i == 0 || !l.At.Before(s.Audit[i-1].At))
		}
		require.Equal(b.t, []string{"entered the unit to be put back in warehouse W1", "opened the exception unlinked-order", "opened the exception refund-differs", "told the return to pause"}, told)
		require.Equal(b.t, []any{"Ada", "lawyer"}, []any{s.Audit[3].DecidedBy, s.Audit[3].Why})

		b.do(func(tx *Tx) error {
			_, found, err := tx.Story(b.ctx, ReturnRef{shop, "unknown"})
			require.False(b.t, found)
			return err
		})
		require.Zero(b.t, b.count(`SELECT count(*) FROM returns WHERE key = 'unknown'`), "asking enters nothing")
	})
}
