package rules

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

// mayDecide is what TikTok contract 2.5 allows: the route by type and status.
var mayDecide = map[string]returns.Route{
	returns.TypeRefund + returns.TikTokPending:          returns.RouteApproveRefund,
	returns.TypeReturnAndRefund + returns.TikTokShipped: returns.RouteConfirmParcel,
}

// Every combination of what TikTok contract 2.4, 2.5, 4.1 and 4.2 tell apart, for
// an order of two units: type and status of a TikTok return on both, which units
// passed, what it would pay, the RMA's status, a second TikTok return on one of
// them, the order's status. Whatever they are: no unit is paid twice, none that is
// not authorised, nothing but the authorised value, and only where TikTok takes it.
func TestEveryCombinationOfTheContract(t *testing.T) {
	t.Parallel()
	types := []string{returns.TypeReturnAndRefund, returns.TypeRefund, returns.TypeReplacement, "PARTIAL"}
	statuses := append([]string{"", "SOMETHING_NEW"}, tiktokStatuses...) // "": there is none
	paying := 0
	for _, kind := range types {
		for _, status := range statuses {
			for _, back := range []string{"both", "first", "none", "waiting"} {
				for _, amount := range []string{"30.00", "30.01", "10.00"} {
					for _, inReturnGO := range []string{
						returns.RMAPending, returns.RMAApproved, returns.RMAValidated, returns.RMADone, returns.RMACanceled, returns.RMAGone, "NEW",
					} {
						for _, second := range []string{"", returns.TikTokPending, returns.TikTokShipped, returns.TikTokPaid, returns.TikTokRejected} {
							for _, order := range []string{returns.OrderDelivered, returns.OrderCompleted} {
								if combine(t, combination{kind, status, back, amount, inReturnGO, second, order}) {
									paying++
								}
							}
						}
					}
				}
			}
		}
	}
	require.Greater(t, paying, 100, "none of them pays: this proves nothing")
}

type combination struct{ kind, status, back, amount, rma, second, order string }

// facts are those of the combination, in stock already and with TikTok's answer to
// what a seller could refund.
func (c combination) facts() Facts {
	f := setup(2, rma(c.rma))
	f.Record.Order.Status = c.order
	switch c.back {
	case "both":
		together(passed(1, 2), stock("L1", returns.RestockProven, ""), stock("L2", returns.RestockProven, ""))(&f)
	case "first":
		together(passed(1), notInParcel(2), stock("L1", returns.RestockProven, ""))(&f)
	case "none":
		notInParcel(1, 2)(&f)
	}
	if c.status != "" {
		together(tiktokCase("R1", c.kind, c.status, 1, 2), tiktokPays(1, c.amount))(&f)
	}
	if c.second != "" {
		buyerReturn("R2", c.second, 2)(&f)
	}
	if d := Decide(f); d.Ask != nil {
		f.Record.Payable = &returns.Payable{Units: d.Ask.Units, RequestType: d.Ask.RequestType, ReasonKey: d.Ask.ReasonKey, Eligible: true, Amount: gbp("30.00"), At: noon}
	}
	return f
}

// authorised is the value of the units that the combination authorises.
func (c combination) authorised() map[returns.UnitID]returns.Money {
	if !slices.Contains([]string{returns.RMAApproved, returns.RMAReceived, returns.RMAValidated, returns.RMADone}, c.rma) {
		return nil
	}
	switch c.back {
	case "both":
		return map[returns.UnitID]returns.Money{"L1": gbp("10.00"), "L2": gbp("20.00")}
	case "first":
		return map[returns.UnitID]returns.Money{"L1": gbp("10.00")}
	}
	return nil
}

// combine tells whether the plan moves money, after checking that it may.
func combine(t *testing.T, c combination) bool {
	t.Helper()
	f := c.facts()
	d := Decide(f)
	must := func(holds bool, promise string) {
		t.Helper()
		if !holds {
			t.Fatalf("%s: %+v: %v %v %s", promise, c, acts(d), kinds(d), d.Plan.Summary)
		}
	}
	authorised, paid, pays := c.authorised(), map[returns.UnitID]bool{}, false
	for _, r := range f.Record.TikTokReturns {
		for _, l := range r.Lines {
			paid[returns.UnitID(l.OrderLineID)] = paid[returns.UnitID(l.OrderLineID)] || r.Pays()
		}
	}
	for _, a := range d.Plan.Acts {
		if a.Kind != returns.ActRefund {
			continue
		}
		pays = true
		var worth []returns.Money
		for _, u := range a.Units {
			value, is := authorised[u]
			must(is, "only what is authorised")
			must(!paid[u], "only once")
			paid[u] = true
			worth = append(worth, value)
		}
		total, err := returns.Sum(worth...)
		must(err == nil && returns.SameMoney(total, a.Amount), "exactly what is authorised")
		if a.Route == returns.RouteSellerRefund {
			must(c.order != returns.OrderCompleted && c.order != returns.OrderCancelled, "4.1: not after the order's end")
			for _, r := range f.Record.TikTokReturns {
				must(!r.Live() || !slices.ContainsFunc(a.Units, func(u returns.UnitID) bool { return covers(r, u) }), "4.2: not beside another case")
			}
			continue
		}
		r := caseOf(f, a.TikTokReturnID)
		must(mayDecide[r.Type+r.Status] == a.Route, "2.5: a legal decision")
		must(returns.SameMoney(r.Refund, a.Amount), "4.2: all or nothing")
		must(len(a.Units) == len(r.Lines), "on every unit of the case")
	}
	for _, e := range d.Plan.Exceptions {
		must(e.Owner != "" && e.Sentence != "" && returns.Known(e.Amount), "a question with owner, words and amount: "+string(e.Kind))
	}
	moves := d.Plan.Close || len(d.Plan.Acts) > 0 || len(d.Plan.Exceptions) > 0 || !d.Plan.Wake.At.IsZero()
	atTikTok := slices.ContainsFunc(f.Record.TikTokReturns, func(r returns.TikTokReturn) bool { return r.Live() })
	must(d.Plan.Summary != "" && (moves || atTikTok || c.rma == returns.RMAPending || c.rma == returns.RMAApproved), "somebody looks again")
	return pays
}
