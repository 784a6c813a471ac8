package returngo

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var eventAt = time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)

func TestParseEvent(t *testing.T) {
	t.Parallel()
	const date = `"eventDate":"2026-03-04T09:00:00+00:00","shopName":"other.example"`
	for name, tt := range map[string]struct {
		body string
		want Event // Key ending in "#" stands for a hash of the body
	}{
		"rma status updated": {`{"eventName":"RMA_STATUS_UPDATED",` + date + `,"rmaId":"5000123","order_name":"#TT-1001","status":"Received"}`,
			Event{Name: "RMA_STATUS_UPDATED", RMAID: "5000123", Status: "Received", At: eventAt, Key: "RMA_STATUS_UPDATED/5000123/#"}},
		"rma created": {`{"eventName":"RMA_CREATED",` + date + `,"rmaId":5000123}`,
			Event{Name: "RMA_CREATED", RMAID: "5000123", At: eventAt, Key: "RMA_CREATED/5000123/#"}},
		"shipment status updated": {`{"eventName":"SHIPMENT_STATUS_UPDATED",` + date + `,"shipmentId":"70001","rmaId":"5000123","status":"Received","trackingNumber":"T1"}`,
			Event{Name: "SHIPMENT_STATUS_UPDATED", RMAID: "5000123", ShipmentID: "70001", Status: "Received", At: eventAt, Key: "SHIPMENT_STATUS_UPDATED/70001/#"}},
		"tracker": {`{"eventName":"SHIPMENT_TRACKER_STATUS_UPDATED",` + date + `,"trackerId":"81","id":"82","trackingNumber":"T1","status":"Delivered"}`,
			Event{Name: "SHIPMENT_TRACKER_STATUS_UPDATED", Status: "Delivered", At: eventAt, Key: "SHIPMENT_TRACKER_STATUS_UPDATED//#"}},
		"transaction created": {`{"eventName":"TRANSACTION_CREATED",` + date + `,"transactionId":660001,"rmaId":"5000123","orderId":"7001","type":"RefundToPaymentMethod","status":"Requested"}`,
			Event{Name: "TRANSACTION_CREATED", RMAID: "5000123", TransactionID: "660001", OrderID: "7001", Status: "Requested", At: eventAt, Key: "TRANSACTION_CREATED/660001/#"}},
		"refund created": {`{"eventName":"REFUND_CREATED",` + date + `,"rmaId":"5000123","orderId":"7001","transactionIds":[660001,660002]}`,
			Event{Name: "REFUND_CREATED", RMAID: "5000123", TransactionID: "660001", OrderID: "7001", At: eventAt, Key: "REFUND_CREATED/660001/#"}},
		"in data": {`{"eventName":"SHIPMENT_CREATED","data":{` + date + `,"shipmentId":70001,"rmaId":5000123}}`,
			Event{Name: "SHIPMENT_CREATED", RMAID: "5000123", ShipmentID: "70001", At: eventAt, Key: "SHIPMENT_CREATED/70001/#"}},
		"in rmaSummary": {`{"eventName":"RMA_CREATED",` + date + `,"rmaSummary":{"rmaId":"5000123","status":"Pending"}}`,
			Event{Name: "RMA_CREATED", RMAID: "5000123", Status: "Pending", At: eventAt, Key: "RMA_CREATED/5000123/#"}},
		"id in rma": {`{"eventName":"SHIPMENT_CREATED",` + date + `,"rma":{"id":5000123},"shipment":{"id":"70001"},"transaction":{"id":660001}}`,
			Event{Name: "SHIPMENT_CREATED", RMAID: "5000123", ShipmentID: "70001", TransactionID: "660001", At: eventAt, Key: "SHIPMENT_CREATED/70001/#"}},
		"bare id of an rma": {`{"eventName":"RMA_CREATED",` + date + `,"id":5000123}`,
			Event{Name: "RMA_CREATED", RMAID: "5000123", At: eventAt, Key: "RMA_CREATED/5000123/#"}},
		"bare id of a shipment": {`{"eventName":"SHIPMENT_CREATED",` + date + `,"data":{"id":"70001"}}`,
			Event{Name: "SHIPMENT_CREATED", ShipmentID: "70001", At: eventAt, Key: "SHIPMENT_CREATED/70001/#"}},
		"bare id of a transaction": {`{"eventName":"TRANSACTION_CREATED",` + date + `,"id":660001}`,
			Event{Name: "TRANSACTION_CREATED", TransactionID: "660001", At: eventAt, Key: "TRANSACTION_CREATED/660001/#"}},
		"named id before bare id": {`{"eventName":"RMA_CREATED",` + date + `,"id":"1","data":{"rmaId":"5000123"}}`,
			Event{Name: "RMA_CREATED", RMAID: "5000123", At: eventAt, Key: "RMA_CREATED/5000123/#"}},
		"no date": {`{"eventName":"RMA_CREATED","eventDate":"yesterday","rmaId":"5000123"}`,
			Event{Name: "RMA_CREATED", RMAID: "5000123", Key: "RMA_CREATED/5000123/#"}},
		"no name": {`{"rmaId":"5000123",` + date + `,"id":"1"}`, Event{RMAID: "5000123", At: eventAt, Key: "/5000123/#"}},
		"a person for an id": {`{"eventName":"RMA_CREATED","rmaId":"jane@x.example","orderId":"Jane Doe","id":{"a":1},"status":"a/b"}`,
			Event{Name: "RMA_CREATED", Key: "RMA_CREATED//#"}},
		"a fraction for an id": {`{"eventName":"RMA_CREATED","rmaId":1.5e3}`, Event{Name: "RMA_CREATED", Key: "RMA_CREATED//#"}},
		"no strings":           {`{"eventName":["RMA_CREATED"],"data":[1],"rma":"x","rmaId":true,"transactionIds":[]}`, Event{Key: "//#"}},
		"list":                 {`[{"rmaId":"1"}]`, Event{Key: "//#"}},
		"null":                 {`null`, Event{Key: "//#"}},
		"cut off":              {`{"rmaId":"1"`, Event{Key: "//#"}},
		"nothing":              {``, Event{Key: "//#"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := ParseEvent([]byte(tt.body))
			if before, isHash := strings.CutSuffix(tt.want.Key, "#"); isHash {
				require.Regexp(t, "^"+before+"sha256:[0-9a-f]{32}$", got.Key)
				tt.want.Key = got.Key
			}
			require.Equal(t, tt.want, got)
		})
	}
}

// An RMA may be approved and received within one of ReturnGO's whole seconds: the
// second event is no repeat of the first.
func TestTwoEventsOfOneSecondAreTwo(t *testing.T) {
	t.Parallel()
	const body = `{"eventName":"RMA_STATUS_UPDATED","eventDate":"2026-03-04T09:00:00+00:00","rmaId":"1","status":"`
	approved, again := ParseEvent([]byte(body+`Approved"}`)), ParseEvent([]byte(body+`Approved"}`))
	require.Equal(t, approved.Key, again.Key)
	require.NotEqual(t, approved.Key, ParseEvent([]byte(body+`Received"}`)).Key)
}

func TestKeysTellEventsApart(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		body := func(label string) (string, [3]string) {
			name := rapid.SampledFrom([]string{"RMA_CREATED", "RMA_STATUS_UPDATED"}).Draw(t, label+" name")
			id := rapid.StringMatching(`[0-9]{1,3}`).Draw(t, label+" id")
			date := rapid.SampledFrom([]string{"", "2026-03-04T09:00:00Z", "2026-03-04T09:00:01Z"}).Draw(t, label+" date")
			return `{"eventName":"` + name + `","rmaId":"` + id + `","eventDate":"` + date + `"}`, [3]string{name, id, date}
		}
		a, partsA := body("a")
		b, partsB := body("b")
		require.Equal(t, partsA == partsB, ParseEvent([]byte(a)).Key == ParseEvent([]byte(b)).Key)
	})
}

func FuzzParseEvent(f *testing.F) {
	f.Add([]byte(`{"eventName":"RMA_CREATED","eventDate":"2026-03-04T09:00:00+00:00","rmaId":5000123,"data":{"id":"1"}}`))
	f.Add([]byte(`{"eventName":"REFUND_CREATED","transactionIds":[660001]}`))
	f.Add([]byte(`garbage`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e := ParseEvent(body)
		require.Equal(t, e, ParseEvent(body))
		require.NotEmpty(t, e.Key)
		for _, id := range []string{e.RMAID, e.ShipmentID, e.TransactionID, e.OrderID} {
			require.True(t, id == "" || identifier(id))
		}
		require.LessOrEqual(t, len(e.Key), 200)
	})
}
