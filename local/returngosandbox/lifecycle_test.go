package returngosandbox

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// at brings a new two-unit RMA to a status by people's acts alone.
func (b *bench) at(status string) (string, []string) {
	b.t.Helper()
	id, items := b.tees(AnyCarrier)
	received := func() { b.must(b.Approve(id)); b.must(b.Receive(id)) }
	switch status {
	case Approved:
		b.must(b.Approve(id))
	case Received:
		received()
	case Validated:
		received()
		b.must(b.Validate(id, []ItemValidation{{ItemID: items[0], Returned: true}, {ItemID: items[1]}}))
	case Done:
		received()
		b.must(b.Done(id))
	case Rejected:
		b.must(b.Reject(id))
	case Canceled:
		b.must(b.Cancel(id, "changed mind"))
	}
	require.Equal(b.t, status, b.rma(id).Status)
	return id, items
}

func TestStatusMovesByAPI(t *testing.T) {
	allowed := map[string][]string{
		Pending: {Approved, Rejected, Canceled}, Approved: {Canceled, Received, Validated},
		Received: {Validated, Done}, Validated: {Done},
	}
	for _, from := range rmaStatuses {
		for _, to := range rmaStatuses {
			t.Run(from+" to "+to, func(t *testing.T) {
				b := newBench(t, Options{})
				id, _ := b.at(from)
				before := b.rma(id)
				status, _ := b.call("PUT", "/rma/"+id+"/status", obj{"status": to})
				after, writes := b.rma(id), b.Books().Writes
				switch {
				case from == to:
					require.Equal(t, 200, status)
					require.Equal(t, before, after, "no change at all")
					require.False(t, writes[0].Changed)
				case admits(append([]string{"-"}, allowed[from]...), to):
					require.Equal(t, 200, status)
					require.Equal(t, to, after.Status)
					require.True(t, writes[0].Changed)
				default:
					require.Equal(t, 400, status)
					require.Equal(t, before, after)
					require.Empty(t, writes)
				}
			})
		}
	}
}

func TestStatusOddities(t *testing.T) {
	b := newBench(t, Options{})
	id, _, err := b.CreateRMA(testShop, RMASpec{OrderID: "7001", AutoApprove: true, Items: []ItemSpec{{LineID: "8002", ReturnMethod: NoShipment}}})
	b.must(err)
	require.Empty(t, b.rma(id).Shipments, "nothing travels")
	require.Error(t, b.Receive(id))
	for _, body := range []any{obj{"status": "Cancelled"}, obj{}, obj{"Status": Done}, []int{1}, nil} {
		status, _ := b.call("PUT", "/rma/"+id+"/status", body)
		require.Equal(t, 400, status, "%v", body)
	}
	status, _ := b.call("PUT", "/rma/"+id+"/status", obj{"status": Done})
	require.Equal(t, 200, status, "Approved to Done where no shipment is required")
}

func TestMandatoryInspection(t *testing.T) {
	b := newBench(t, Options{})
	b.must(b.SetInspectionMandatory(testShop, true))
	id, items := b.at(Received)
	status, _ := b.call("PUT", "/rma/"+id+"/status", obj{"status": Done})
	require.Equal(t, 400, status)
	half := []obj{{"returnedItemId": items[0], "isReturned": true}}
	status, _ = b.call("PUT", "/rma/"+id+"/status", obj{"status": Done, "itemsValidation": half})
	require.Equal(t, 400, status)
	require.Nil(t, b.rma(id).Items[0].Validation, "a refused request leaves nothing behind")
	both := append(slices.Clone(half), obj{"returnedItemId": items[1], "nonReturnedReason": "Not in parcel"})
	status, _ = b.call("PUT", "/rma/"+id+"/status", obj{"status": Done, "itemsValidation": both})
	require.Equal(t, 200, status)
	require.Equal(t, "Not in parcel", b.rma(id).Items[1].Validation.NotReturnedReason)
}

func TestShipmentMoves(t *testing.T) {
	all := []string{Pending, LabelCreated, Shipped, Received, Canceled, Validated}
	allowed := map[string][]string{ // the table of contract 2.7, written out a second time
		Pending: all[1:], LabelCreated: {Shipped, Received, Canceled, Validated}, Shipped: {Received, Canceled, Validated},
		Canceled: {Received, Validated}, Received: {Validated},
	}
	for _, from := range all {
		for _, to := range all {
			t.Run(from+" to "+to, func(t *testing.T) {
				b := newBench(t, Options{})
				id, _ := b.at(Approved)
				parcel := "/shipment/" + b.rma(id).Shipments[0].ID
				if from != Pending {
					status, _ := b.call("PUT", parcel, obj{"status": from})
					require.Equal(t, 200, status)
				}
				want := 400
				if from == to || admits(append([]string{"-"}, allowed[from]...), to) {
					want = 200
				}
				status, _ := b.call("PUT", parcel, obj{"status": to, "trackingNumber": "T9"})
				require.Equal(t, want, status)
				r := b.rma(id)
				require.Equal(t, want == 200, r.Shipments[0].TrackingNumber == "T9", "fields change with the status or not at all")
				if want == 200 && (to == Received || to == Validated) {
					require.Equal(t, to, r.Status, "the parcel pulls the RMA along")
				}
			})
		}
	}
}

func TestShipmentUpdateAlwaysLeavesAnEntry(t *testing.T) {
	b := newBench(t, Options{})
	id, _ := b.tees(AnyCarrier)
	parcel := b.rma(id).Shipments[0].ID
	before := len(b.rma(id).Comments)
	for range 2 {
		status, _ := b.call("PUT", "/shipment/"+parcel, obj{"carrierName": "Carrier A"})
		require.Equal(t, 200, status)
	}
	r := b.rma(id)
	require.Len(t, r.Comments, before+2)
	require.Equal(t, "ReturnGO API", r.Comments[0].TriggeredBy)
	writes := b.Books().Writes
	require.True(t, writes[0].Changed)
	require.False(t, writes[1].Changed)
	status, _ := b.call("PUT", "/shipment/1", obj{})
	require.Equal(t, 404, status)
	status, _ = b.call("DELETE", "/shipment/"+parcel, nil)
	require.Equal(t, 204, status)
	require.Empty(t, b.rma(id).Shipments)
}

func TestReceiptBeforeApprovalLeavesTheRMA(t *testing.T) {
	b := newBench(t, Options{})
	id, _ := b.tees(AnyCarrier)
	b.must(b.Receive(id))
	require.Equal(t, Pending, b.rma(id).Status)
	require.Equal(t, Received, b.rma(id).Shipments[0].Status)
}

func TestPrepaidLabelComesWithApproval(t *testing.T) {
	b := newBench(t, Options{})
	id, _ := b.tees(PrepaidLabel)
	b.must(b.Approve(id))
	require.Equal(t, LabelCreated, b.rma(id).Shipments[0].Status)
}

func TestInspection(t *testing.T) {
	b := newBench(t, Options{})
	id, items := b.at(Approved)
	require.Error(t, b.Validate(id, []ItemValidation{{ItemID: items[0]}}), "nothing has arrived")
	b.must(b.Receive(id))
	require.Error(t, b.Validate(id, []ItemValidation{{ItemID: items[0]}, {ItemID: "1"}}))
	require.Nil(t, b.rma(id).Items[0].Validation, "all or none")

	b.must(b.Validate(id, []ItemValidation{{ItemID: items[0], Returned: true, Reason: "Stained", Location: "wh-1"}}))
	require.Equal(t, Received, b.rma(id).Status, "one unit is still open")
	b.must(b.Validate(id, []ItemValidation{{ItemID: items[1], Restockable: true, Reason: "Not in parcel"}}))
	require.Equal(t, Validated, b.rma(id).Status)
	require.Equal(t, Validated, b.rma(id).Shipments[0].Status)

	_, got := b.call("GET", "/rma/"+id, nil)
	first := dig(got, "items", 0, "itemValidationStatusResponse").(map[string]any)
	require.Equal(t, "Stained", first["nonRestockableReason"])
	require.Equal(t, items[0], first["returnedItemId"])
	require.Equal(t, "2026-03-02T08:15:00+00:00", first["lastValidationDate"])
	second := dig(got, "items", 1, "itemValidationStatusResponse").(map[string]any)
	require.Equal(t, false, second["isRestockable"], "what did not come back cannot be restocked")
	require.Equal(t, "Not in parcel", second["nonReturnedReason"])
}

func TestInspectionAfterDoneChangesNoStatus(t *testing.T) {
	b := newBench(t, Options{})
	id, items := b.at(Done)
	b.must(b.Validate(id, []ItemValidation{{ItemID: items[0], Returned: true, Restockable: true}, {ItemID: items[1]}}))
	require.Equal(t, Done, b.rma(id).Status)
}

func TestReopenLeadsBack(t *testing.T) {
	b := newBench(t, Options{})
	id, _ := b.at(Approved)
	b.must(b.Cancel(id, "lost interest"))
	require.Contains(t, b.rma(id).Comments[0].HTML, "lost interest")
	b.must(b.Reopen(id))
	require.Equal(t, Approved, b.rma(id).Status)
	require.Error(t, b.Reopen(id))
	require.Len(t, b.rma(id).Events, 2, "events are no full history")
	b.must(b.Receive(id))
	b.must(b.Done(id))
	b.must(b.Reopen(id))
	require.Equal(t, Received, b.rma(id).Status)
}

func TestLastUpdatedBlindSpots(t *testing.T) {
	steps := []struct {
		name string
		act  func(b *bench, id string, items []string) error
		seen bool
	}{
		{"approve", func(b *bench, id string, _ []string) error { return b.Approve(id) }, true},
		{"cancel", func(b *bench, id string, _ []string) error { return b.Cancel(id, "") }, true},
		{"reopen", func(b *bench, id string, _ []string) error { return b.Reopen(id) }, true},
		{"ship", func(b *bench, id string, _ []string) error { return b.Ship(id, "T1", "Carrier A") }, false},
		{"receive", func(b *bench, id string, _ []string) error { return b.Receive(id) }, false},
		{"comment", func(b *bench, id string, _ []string) error {
			b.call("POST", "/rma/"+id+"/comment", obj{"htmlText": "x"})
			return nil
		}, false},
		{"refund", func(b *bench, id string, items []string) error {
			_, err := b.RequestRefund(id, items, "")
			return err
		}, false},
		{"validate", func(b *bench, id string, items []string) error {
			return b.Validate(id, []ItemValidation{{ItemID: items[0]}, {ItemID: items[1]}})
		}, false},
		{"done", func(b *bench, id string, _ []string) error { return b.Done(id) }, false},
	}
	for _, full := range []bool{false, true} {
		b := newBench(t, Options{LastUpdatedFull: full})
		id, items := b.tees(AnyCarrier)
		for _, step := range steps {
			b.pass(time.Hour)
			require.NoError(t, step.act(b, id, items), step.name)
			moved := b.rma(id).LastUpdated.Equal(b.stamp())
			require.Equal(t, step.seen || full, moved, "%s, full=%v", step.name, full)
			bound := b.stamp().Format("2006-01-02T15:04:05")
			_, got := b.call("GET", "/rmas?pagesize=9&rma_updated_at=gte:"+bound, nil)
			require.Equal(t, moved, len(got["rmas"].([]any)) == 1, "the filter sees what lastUpdated sees")
		}
	}
}
