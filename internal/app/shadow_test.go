package app

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
)

// shadows are a fortnight of a shop with its switches off, and one of another
// shop that has refunds on.
func (d *desk) shadows() {
	d.t.Helper()
	save := func(shop string, key returns.Key, ago time.Duration, s returns.Shadow) {
		d.now = noon.Add(-ago)
		s.Subject, s.OrderID, s.Wanted = string(key), orderID, d.now
		if s.End != "" {
			s.EndedAt = noon
		}
		if s.End == returns.ShadowTheirs {
			s.Wanted = time.Time{}
		}
		d.decided(shop, key, ledger.Decided{Shadows: []returns.Shadow{s}})
		d.now = noon
	}
	refund := func(ours, theirs string, end returns.ShadowEnd, why, did string) returns.Shadow {
		s := returns.Shadow{Kind: returns.ActRefund, Route: returns.RouteConfirmParcel, End: end, Reason: why, Did: did}
		if ours != "" {
			s.Amount = amount(d.t, ours, "GBP")
		}
		if theirs != "" {
			s.DidAmount, s.DidAt = amount(d.t, theirs, "GBP"), noon.Add(-3*time.Hour)
		}
		return s
	}
	save(demo, "4711", 50*time.Hour, refund("24.99", "24.99", returns.ShadowAgreed, "24.99 GBP is authorised", "TikTok return 1 pays 24.99 GBP"))
	save(demo, "4712", 50*time.Hour, refund("24.99", "20.00", returns.ShadowDiffered, "24.99 GBP is authorised", "TikTok return 2 pays 20.00 GBP"))
	save(demo, "4713", 40*time.Hour, refund("", "9.00", returns.ShadowTheirs, "waiting for the\tinspection", "TikTok return 3 pays 9.00 GBP"))
	save(demo, "4714", 30*time.Hour, refund("5.00", "", "", "5.00 GBP is authorised", ""))
	save(demo, "4715", 20*time.Hour, refund("5.00", "", "", "5.00 GBP is authorised", ""))
	save(demo, "4716", 20*time.Hour, refund("5.00", "", returns.ShadowDropped, "5.00 GBP is authorised", "not due any more: closed"))
	save(demo, "4717", 20*time.Hour, refund("5.00", "", returns.ShadowOurs, "5.00 GBP is authorised", "the switch was turned on"))
	save(demo, "4718", 20*time.Hour, returns.Shadow{Kind: returns.ActWriteBack, Route: returns.RouteComment})
	save("demo-de", "4719", 10*time.Hour, returns.Shadow{Kind: returns.ActRestock, Reason: "the inspection passed"})
}

func TestTheShadowReportShowsEveryDisagreement(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	require.NoError(t, d.shadow(t.Context(), "", time.Time{}, d.out()))
	require.Equal(t, "Nothing to compare: no action that is switched off has come up.\n", d.text())
	d.shadows()
	d.cfg.Shops[1].Switches.Refund = true
	require.NoError(t, d.shadow(t.Context(), "", time.Time{}, d.out()))
	require.Equal(t, `SHOP     ACTION                  SWITCH  AGREED  DIFFERED  ONLY PEOPLE  NOBODY YET       NOT DUE ANY MORE
demo-gb  accept a return         off     0       0         0            0                0
demo-gb  open a return           off     0       0         0            0                0
demo-gb  upload a label          off     0       0         0            0                0
demo-gb  refund                  off     1       1         1            2, oldest 1d 6h  1
demo-gb  restock a unit          off     0       0         0            0                0
demo-gb  write back to ReturnGO  off     0       0         0            0                0
demo-de  accept a return         off     0       0         0            0                0
demo-de  open a return           off     0       0         0            0                0
demo-de  upload a label          off     0       0         0            0                0
demo-de  refund                  on      0       0         0            0                0
demo-de  restock a unit          off     0       0         0            1, oldest 10h    0
demo-de  write back to ReturnGO  off     0       0         0            0                0

People did something else:
SHOP     RETURN  ACTION  PROGRAM    PEOPLE     WHEN    WHAT PEOPLE DID                 REASON OF THE PROGRAM
demo-gb  4712    refund  24.99 GBP  20.00 GBP  3h ago  TikTok return 2 pays 20.00 GBP  24.99 GBP is authorised

People did it, and the program would not have (the reason is where the return stood):
SHOP     RETURN  ACTION  PROGRAM  PEOPLE    WHEN    WHAT PEOPLE DID                REASON OF THE PROGRAM
demo-gb  4713    refund  -        9.00 GBP  3h ago  TikTok return 3 pays 9.00 GBP  waiting for the inspection

The program would have, and nobody has yet:
SHOP     RETURN  ACTION          PROGRAM   PEOPLE  WHEN       WHAT PEOPLE DID  REASON OF THE PROGRAM
demo-gb  4714    refund          5.00 GBP  -       1d 6h ago  nothing yet      5.00 GBP is authorised
demo-gb  4715    refund          5.00 GBP  -       20h ago    nothing yet      5.00 GBP is authorised
demo-de  4719    restock a unit  -         -       10h ago    nothing yet      the inspection passed

Agreed: people did the same, to the penny and by the same way, perhaps earlier.
"People" may be TikTok itself: it does not say whether a person or its clock decided.
demo-de: 1 unit would come into stock. TikTok does not say for which return stock is raised; others raised
the same SKUs by 0 meanwhile. Once restock is switched on each open return asks first whether its units are in
stock already: see "starter list --kind inspected-while-off".
1 note would have been left in ReturnGO; those of people are not read, so they are not compared.
`, d.text())
}

func TestTheShadowReportIsNarrowed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.shadows()
	report := func(shop string, since time.Time) shadowReport {
		return answer[shadowReport](d, func(o Output) error { return d.shadow(t.Context(), shop, since, o) })
	}
	require.Len(t, report(demo, time.Time{}).Actions, len(actionNames))
	late := report("", noon.Add(-25*time.Hour))
	require.Empty(t, late.Differed)
	require.Len(t, late.Waiting, 2)
	require.Equal(t, []restockSeen{{Shop: "demo-de", Units: 1}}, late.Restock)
	require.EqualError(t, d.shadow(t.Context(), "demo-fr", time.Time{}, d.out()), "there is no shop demo-fr in the configuration, only demo-gb, demo-de")
	_, err := dayOf("yesterday")
	require.EqualError(t, err, `"yesterday" is no day: write it as 2026-03-01`)
}
