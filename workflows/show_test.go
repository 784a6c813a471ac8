package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

func TestSearchAttributesAreWrittenOnlyWhenTheyChange(t *testing.T) {
	b := setup(t)
	deadline := start.Add(48 * time.Hour)
	first := returns.Plan{Stage: returns.StageAwaitParcel, OrderID: "o-1", TikTokReturnIDs: []string{"r-1"}, SKUs: []string{"MUG"}, SellerDeadline: deadline, InspectedAt: start}
	parked := first
	parked.Stage = returns.StageException
	parked.Exceptions = []returns.Exception{{Kind: returns.OrderClosing, Owner: returns.CX}, {Kind: returns.UnitMismatch, Owner: returns.CX}, {Kind: returns.OutcomeUnclear, Owner: returns.Finance}}
	over := returns.Plan{Stage: returns.StageClosed, OrderID: "o-1", TikTokReturnIDs: []string{"r-1"}, SKUs: []string{"MUG"}, Close: true}
	b.inTurn(lookReturnGO, first, first, parked, over)
	for i := range 3 {
		b.signalAt(time.Duration(i+1)*time.Hour, messages.SignalNews, atReturnGO)
	}
	b.ends(rma)
	require.Equal(t, []temporal.SearchAttributes{
		temporal.NewSearchAttributes(
			messages.AttrStage.ValueSet("awaiting parcel"), messages.AttrOrder.ValueSet("o-1"), messages.AttrTikTokReturn.ValueSet("r-1"),
			messages.AttrSKUs.ValueSet([]string{"MUG"}), messages.AttrDeadline.ValueSet(deadline), messages.AttrInspectedAt.ValueSet(start),
		),
		temporal.NewSearchAttributes(
			messages.AttrStage.ValueSet("exception"),
			messages.AttrExceptionKinds.ValueSet([]string{"order-closing", "unit-mismatch", "outcome-unclear"}),
			messages.AttrExceptionOwners.ValueSet([]string{"CX", "Finance"}),
		),
		temporal.NewSearchAttributes(
			messages.AttrStage.ValueSet("closed"), messages.AttrExceptionKinds.ValueSet(nil), messages.AttrExceptionOwners.ValueSet(nil),
			messages.AttrDeadline.ValueUnset(), messages.AttrInspectedAt.ValueUnset(),
		),
	}, b.upserts)
}

func TestSearchAttributesWaitForTheLastLook(t *testing.T) {
	for _, c := range []struct {
		name string
		plan returns.Plan
		news bool
	}{
		{"the plan asks for another look", returns.Plan{Stage: returns.StageNew, Acts: []returns.Act{askTikTok}}, false},
		{"news has come meanwhile", returns.Plan{Stage: returns.StageNew}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			b.on(lookReturnGO, func(done, int) (returns.Plan, error) {
				if c.news {
					b.SignalWorkflowSkippingWorkflowTask(messages.SignalNews, atTikTok)
				}
				return c.plan, nil
			})
			b.always(lookTikTok, returns.Plan{Stage: returns.StageAwaitParcel})
			b.stopAt(time.Hour)
			b.stopped(rma)
			require.Equal(t, []temporal.SearchAttributes{temporal.NewSearchAttributes(messages.AttrStage.ValueSet("awaiting parcel"))}, b.upserts)
		})
	}
}

// What people do not look for goes with the next stage: TikTok's return alone is not
// worth a write.
func TestSearchAttributesThatCanWait(t *testing.T) {
	b := setup(t)
	plan := returns.Plan{Stage: returns.StageAwaitParcel, OrderID: "o-1"}
	opened, here, over := plan, plan, plan
	opened.TikTokReturnIDs = []string{"r-1"}
	here.TikTokReturnIDs, here.Stage = opened.TikTokReturnIDs, returns.StageAwaitInspect
	over.TikTokReturnIDs, over.Stage, over.Close, over.InspectedAt = opened.TikTokReturnIDs, returns.StageClosed, true, start
	b.inTurn(lookReturnGO, plan, opened, here, over)
	for i := range 3 {
		b.signalAt(time.Duration(i+1)*time.Hour, messages.SignalNews, atReturnGO)
	}
	b.ends(rma)
	require.Equal(t, []temporal.SearchAttributes{
		temporal.NewSearchAttributes(messages.AttrStage.ValueSet("awaiting parcel"), messages.AttrOrder.ValueSet("o-1")),
		temporal.NewSearchAttributes(messages.AttrStage.ValueSet("awaiting inspection"), messages.AttrTikTokReturn.ValueSet("r-1")),
		temporal.NewSearchAttributes(messages.AttrStage.ValueSet("closed"), messages.AttrInspectedAt.ValueSet(start)),
	}, b.upserts)
}

// What has ended waits for nobody: no list by stage, kind, owner or deadline finds it,
// whatever its last plan still names.
func TestAClosedReturnHasClosedSearchAttributes(t *testing.T) {
	b := setup(t)
	over := returns.Plan{
		Stage: returns.StageException, OrderID: "o-1", SKUs: []string{"MUG"}, SellerDeadline: start.Add(time.Hour), Close: true,
		Exceptions: []returns.Exception{{Kind: returns.OrderClosing, Owner: returns.CX}},
	}
	asked := over
	asked.Close = false
	b.inTurn(lookReturnGO, asked, over)
	b.signalAt(time.Hour, messages.SignalNews, atReturnGO)
	b.ends(rma)
	require.Len(t, b.upserts, 2)
	require.Equal(t, temporal.NewSearchAttributes(
		messages.AttrStage.ValueSet("closed"), messages.AttrExceptionKinds.ValueSet(nil), messages.AttrExceptionOwners.ValueSet(nil), messages.AttrDeadline.ValueUnset(),
	), b.upserts[1])
}

// A run that goes on from another inherits its search attributes: what is still
// true is not written again, what is over is taken back.
func TestInheritedSearchAttributes(t *testing.T) {
	b := setup(t)
	require.NoError(t, b.SetTypedSearchAttributesOnStart(temporal.NewSearchAttributes(
		messages.AttrStage.ValueSet("exception"), messages.AttrOrder.ValueSet("o-1"), messages.AttrSKUs.ValueSet([]string{"MUG"}),
		messages.AttrExceptionKinds.ValueSet([]string{"order-closing"}), messages.AttrExceptionOwners.ValueSet([]string{"CX"}),
		messages.AttrDeadline.ValueSet(start), messages.AttrInspectedAt.ValueSet(start))))
	b.always(lookReturnGO, returns.Plan{Stage: returns.StageSettling, OrderID: "o-1", SKUs: []string{"MUG"}, InspectedAt: start})
	b.stopAt(time.Hour)
	b.stopped(rma)
	require.Equal(t, []temporal.SearchAttributes{temporal.NewSearchAttributes(
		messages.AttrStage.ValueSet("settling"), messages.AttrExceptionKinds.ValueSet(nil), messages.AttrExceptionOwners.ValueSet(nil), messages.AttrDeadline.ValueUnset(),
	)}, b.upserts)
}

func TestWhatPeopleSee(t *testing.T) {
	b := setup(t)
	twelve, err := returns.NewMoney("12.50", "GBP")
	require.NoError(t, err)
	b.always(lookReturnGO, returns.Plan{
		Stage: returns.StageException, Summary: "waits for Finance", Rules: "7", SellerDeadline: start.Add(5 * time.Hour),
		Exceptions: []returns.Exception{{Kind: returns.OutcomeUnclear, Owner: returns.Finance, Sentence: "12.50 GBP were sent, 100% of it unproven.", Amount: twelve}, {Kind: returns.PlatformRefused, Owner: returns.IT, Sentence: "no"}},
		Units:      []returns.UnitRow{{SKU: "MUG", Inspection: "restockable", Authorised: "12.50 GBP", Refund: "sent", Stock: "owed"}},
		Wake:       wakeAt(2 * time.Hour),
	})
	var page string
	b.at(time.Hour, func() { page = b.details() })
	b.stopAt(90 * time.Minute)
	b.stopped(rma)
	require.Equal(t, `**exception** — waits for Finance

- `+"`outcome-unclear`"+` (Finance, 12.50 GBP): 12.50 GBP were sent, 100% of it unproven.
- `+"`platform-refused`"+` (IT): no

| unit | inspection | authorised | refund | stock |
| --- | --- | --- | --- | --- |
| MUG | restockable | 12.50 GBP | sent | owed |

TikTok decides by itself at 2026-03-02T14:00:00Z.  
Looks again at 2026-03-02T11:00:00Z: see what became of it.  
Decided at 2026-03-02T09:00:00Z by rules 7.
`, page)
}
