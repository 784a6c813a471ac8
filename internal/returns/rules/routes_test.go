package rules

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

// TestRoutes is every status and type of a TikTok return (contract 2.4) against
// what became of its two units: which decision may be taken, or who is asked.
func TestRoutes(t *testing.T) {
	t.Parallel()
	const (
		nothing   = "nothing inspected"
		equal     = "all passed, the value agrees"
		differs   = "all passed, the value differs"
		mixed     = "one of two came back"
		none      = "nothing came back"
		rejected  = "RMA rejected"
		cancelled = "RMA cancelled"
	)
	facts := map[string]change{
		nothing: together(), equal: passed(1, 2), differs: together(passed(1, 2), tiktokPays(1, "29.00")), mixed: together(passed(1), notInParcel(2), takenBack(2)),
		none: together(notInParcel(1, 2), takenBack(1, 2)), rejected: together(rma(returns.RMARejected), takenBack(1, 2)), cancelled: together(rma(returns.RMACanceled), takenBack(1, 2)),
	}
	type cell map[string]string // what happened → the act or the exception
	all := func(what string) cell {
		c := cell{}
		for name := range facts {
			c[name] = what
		}
		return c
	}
	with := func(c cell, names string, what string, also ...string) cell {
		c[names] = what
		for _, n := range also {
			c[n] = what
		}
		return c
	}
	const toReject, unknown = "refused-in-returngo", "unknown-status"
	rejectedByRMA := func(c cell) cell { return with(c, rejected, toReject, cancelled) }
	money := func(pay string) cell {
		return rejectedByRMA(cell{nothing: "", equal: pay, differs: "refund-value-mismatch", mixed: "parcel-mixed", none: toReject})
	}
	pendingRefund := money("approve-refund-only R1 30.00")
	pendingReturn := rejectedByRMA(with(all("accept-return R1"), mixed, toReject, none))
	awaitingShip := with(all(""), equal, "parcel-here-not-shipped", differs, mixed)
	rejectedCase := with(all(""), equal, "rejected-on-tiktok", differs, mixed)
	paid := cell{nothing: "", equal: "set-transaction T1", differs: "refund-differs", mixed: "refund-differs", none: "refund-differs", rejected: "reversed-after-refund", cancelled: "reversed-after-refund"}
	replacement := all(unknown)
	free := cell{nothing: "", equal: "look-tiktok", differs: "look-tiktok", mixed: "look-tiktok", none: "", rejected: "", cancelled: ""} // asks what a seller could refund

	table := map[string]map[string]cell{
		returns.TypeRefund: {
			returns.TikTokPending: pendingRefund, returns.TikTokAwaitingShip: all(unknown), returns.TikTokShipped: all(unknown),
			returns.TikTokRejected: rejectedCase, returns.TikTokParcelRejected: rejectedCase,
		},
		returns.TypeReturnAndRefund: {
			returns.TikTokPending: pendingReturn, returns.TikTokAwaitingShip: awaitingShip, returns.TikTokShipped: money("confirm-parcel R1 30.00"),
			returns.TikTokRejected: rejectedCase, returns.TikTokParcelRejected: rejectedCase,
		},
		returns.TypeReplacement: {
			returns.TikTokPending: replacement, returns.TikTokAwaitingShip: replacement, returns.TikTokShipped: replacement,
			returns.TikTokRejected: replacement, returns.TikTokParcelRejected: replacement, returns.TikTokAwaitingBuyer: replacement,
			returns.TikTokReplacePending: replacement, returns.TikTokReplaceRejected: replacement,
		},
	}
	for _, kind := range []string{returns.TypeRefund, returns.TypeReturnAndRefund} {
		table[kind][returns.TikTokAwaitingBuyer] = all("")
		table[kind][returns.TikTokReplacePending], table[kind][returns.TikTokReplaceRejected] = all(unknown), all(unknown)
	}
	for kind := range table {
		table[kind][returns.TikTokApproved], table[kind][returns.TikTokPaid], table[kind][returns.TikTokReplaceRefunded] = all(""), paid, paid
		table[kind][returns.TikTokCancelled], table[kind][returns.TikTokReplaceCancel], table[kind][returns.TikTokReplaceDone] = free, free, free
		table[kind]["SOMETHING_NEW"] = all(unknown)
	}

	for kind, statuses := range table {
		for _, status := range append([]string{"SOMETHING_NEW"}, tiktokStatuses...) {
			c, ok := statuses[status]
			require.True(t, ok, "no row for %s %s", kind, status)
			for name, what := range facts {
				t.Run(fmt.Sprintf("%s/%s/%s", kind, status, name), func(t *testing.T) {
					t.Parallel()
					d := Decide(setup(2, tiktokCase("R1", kind, status, 1, 2), what))
					var said []string
					for _, k := range kinds(d) {
						said = append(said, string(k))
					}
					for _, a := range d.Plan.Acts {
						if a.Kind != returns.ActRestock {
							said = append(said, acts(Decision{Plan: returns.Plan{Acts: []returns.Act{a}}})...)
						}
					}
					if c[name] == "" {
						require.Empty(t, said, d.Plan.Summary)
						return
					}
					require.NotEmpty(t, said, d.Plan.Summary)
					require.Equal(t, c[name], said[0])
				})
			}
		}
	}
}
