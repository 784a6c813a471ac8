package app

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
)

func (d *desk) busyMorning() {
	d.t.Helper()
	deadline := func(at time.Time) []returns.SellerAction {
		return []returns.SellerAction{{Action: "DECIDE", Deadline: at}}
	}
	d.now = noon.Add(-77 * time.Hour)
	d.decided(demo, "4711", open1(returns.RefundDiffers, "TikTok paid 10.00 GBP, 12.50 GBP were authorised", amount(d.t, "2.50", "GBP")))
	d.now = noon.Add(-5 * time.Hour)
	d.do(func(tx *ledger.Tx) error {
		return errors.Join(
			tx.SaveTikTok(d.t.Context(), demo, orderID, nil, []returns.TikTokReturn{{ID: "4031", OrderID: orderID, Status: returns.TikTokShipped, Actions: deadline(noon.Add(26 * time.Hour))}}, d.now),
			tx.SaveTikTok(d.t.Context(), "demo-de", "2", nil, []returns.TikTokReturn{{ID: "4032", OrderID: "2", Status: returns.TikTokPending, Actions: deadline(noon.Add(3 * time.Hour))}}, d.now),
		)
	})
	d.decided(demo, "4712", ledger.Decided{OrderID: orderID, Exceptions: []returns.Exception{
		returns.NewException(returns.NoAuthorisedAmount, "no amount for MUG\tRED", amount(d.t, "10", "GBP")),
	}})
	d.decided("demo-de", "tiktok/4032", open1(returns.ReturnWithoutRMA, "no RMA for 12 hours", amount(d.t, "7.00", "EUR")))
	d.decided(demo, "4713", open1(returns.InspectionOverdue, "nobody looked", returns.Money{}))
	d.do(func(tx *ledger.Tx) error {
		_, err := tx.Command(d.t.Context(), demo, "4712", returns.Command{Name: returns.CommandPause, ID: "p", Who: "Ada", Why: "lawyer"})
		return err
	})
	d.now = noon
}

func TestTheListPutsWhatPressesOnTop(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.busyMorning()
	require.NoError(t, d.list(t.Context(), ledger.ExceptionFilter{}, d.out()))
	require.Equal(t, `TIKTOK DECIDES  OPEN FOR  OWNER       MONEY      SHOP     RETURN       KIND                  WHAT HAPPENED
in 3h           5h        CX          7.00 EUR   demo-de  tiktok/4032  return-without-rma    no RMA for 12 hours
in 1d 2h        5h        Finance     10.00 GBP  demo-gb  4712         no-authorised-amount  no amount for MUG RED (paused)
-               3d 5h     Finance     2.50 GBP   demo-gb  4711         refund-differs        TikTok paid 10.00 GBP, 12.50 GBP were authorised
-               5h        Operations  -          demo-gb  4713         inspection-overdue    nobody looked

4 exceptions open; money named in them: 7.00 EUR, 12.50 GBP.
See one with all that happened: starter show tiktok/4032 --shop demo-de
See what can be answered to one, and how: starter resolve tiktok/4032 --shop demo-de
`, d.text())
}

func TestTheListIsNarrowed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	require.NoError(t, d.list(t.Context(), ledger.ExceptionFilter{}, d.out()))
	require.Equal(t, "No open exceptions.\n", d.text())
	d.busyMorning()
	keys := func(f ledger.ExceptionFilter) []returns.Key {
		var all []returns.Key
		for _, e := range answer[openList](d, func(o Output) error { return d.list(t.Context(), f, o) }).Exceptions {
			all = append(all, e.Return)
		}
		return all
	}
	require.Equal(t, []returns.Key{"4712", "4711"}, keys(ledger.ExceptionFilter{Owner: "finance"}))
	require.Equal(t, []returns.Key{"4711"}, keys(ledger.ExceptionFilter{Owner: "Finance", Kind: returns.RefundDiffers}))
	require.Equal(t, []returns.Key{"tiktok/4032"}, keys(ledger.ExceptionFilter{Shop: "demo-de"}))
	require.Empty(t, keys(ledger.ExceptionFilter{Shop: "demo-de", Owner: "IT"}))

	require.EqualError(t, d.list(t.Context(), ledger.ExceptionFilter{Owner: "Sales"}, d.out()), `there is no owner "Sales": the owners are CX, Operations, Finance and IT`)
	require.ErrorContains(t, d.list(t.Context(), ledger.ExceptionFilter{Kind: "late"}, d.out()), `there is no kind of exception "late": the kinds are action-stopped, alerts-fail, amount-unusable, `)
	require.EqualError(t, d.list(t.Context(), ledger.ExceptionFilter{Shop: "demo-fr"}, d.out()), "there is no shop demo-fr in the configuration, only demo-gb, demo-de")
}

func TestSpansAreInDaysAndHours(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Minute: "0m", 59 * time.Minute: "59m", 61 * time.Minute: "1h", 24 * time.Hour: "1d 0h", 51 * time.Hour: "2d 3h",
	} {
		require.Equal(t, want, span(d))
	}
}

// The money of a return counts once, whatever the number of questions about it: two
// about two units add up, a warning about the same money does not (11).
func TestMoneyOfAReturnCountsOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	about := func(kind returns.Kind, subject, number string) returns.Exception {
		e := returns.NewException(kind, "what happened", amount(t, number, "GBP"))
		e.Subject = subject
		return e
	}
	d.decided(demo, "4711", ledger.Decided{Exceptions: []returns.Exception{
		about(returns.AuthorisedTwice, "L1", "10.00"), about(returns.AuthorisedTwice, "L2", "20.00"), about(returns.SellerDeadline, "R1", "25.00"),
	}})
	d.decided(demo, "4712", ledger.Decided{Exceptions: []returns.Exception{about(returns.SellerDeadline, "R2", "5.00")}})
	l := answer[openList](d, func(o Output) error { return d.list(t.Context(), ledger.ExceptionFilter{}, o) })
	require.Len(t, l.Exceptions, 4)
	require.Len(t, l.Totals, 1)
	require.Equal(t, "35.00 GBP", l.Totals[0].String())

	require.NoError(t, d.show(t.Context(), "", "4711", d.out()))
	text := d.text()
	require.Contains(t, text, `--exception authorised-twice --subject "L1" --answer`)
	require.NotContains(t, text, `--exception seller-deadline --subject`, "the only one of its kind needs none")
}
