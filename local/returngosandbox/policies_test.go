package returngosandbox

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCreateByPolicy(t *testing.T) {
	item := func(line, rule string, quantity int) obj {
		return obj{"shopLineItemId": line, "quantity": quantity, "returnReason": "Does not fit", "policyRuleId": rule}
	}
	cases := []struct {
		name  string
		order string
		items []obj
		want  int
	}{
		{"one unit", "7001", []obj{item("8001", "31", 1)}, 201},
		{"no parcel plus one parcel method", "7001", []obj{item("8001", "31", 1), item("8002", "32", 1)}, 201},
		{"unknown order", "7002", []obj{item("8001", "31", 1)}, 404},
		{"not fulfilled", "7003", []obj{item("8001", "31", 1)}, 400},
		{"unknown line", "7001", []obj{item("8009", "31", 1)}, 400},
		{"too many", "7001", []obj{item("8001", "31", 3)}, 400},
		{"too many in two entries", "7001", []obj{item("8001", "31", 2), item("8001", "31", 1)}, 400},
		{"none", "7001", []obj{item("8001", "31", 0)}, 400},
		{"no items", "7001", nil, 400},
		{"unknown rule", "7001", []obj{item("8001", "99", 1)}, 400},
		{"rule of another SKU", "7001", []obj{item("8001", "40", 1)}, 400},
		{"two ways to pay", "7001", []obj{item("8001", "31", 1), item("8002", "33", 1)}, 400},
		{"two parcel methods", "7001", []obj{item("8001", "32", 1), item("8002", "41", 1)}, 400},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, Options{})
			b.must(b.AddOrder(testShop, Order{ID: "7003", Currency: "GBP", Lines: []Line{{ID: "8001", Quantity: 1, UnitPrice: "1"}}}))
			b.must(b.SetPolicies(testShop, append(defaultPolicies(),
				PolicyRule{ID: "40", Name: "Caps", ResolutionType: RefundToPaymentMethod, ReturnMethod: NoShipment, OnlySKUs: []string{"CAP"}},
				PolicyRule{ID: "41", Name: "Label", ResolutionType: RefundToPaymentMethod, ReturnMethod: PrepaidLabel})))
			status, got := b.call("POST", "/rma/createByPolicy", obj{"orderId": c.order, "items": c.items, "comment": "[sync:ttr-9]"})
			require.Equal(t, c.want, status, "%v", got)
			if c.want != 201 {
				require.Empty(t, b.Books().RMAs)
				return
			}
			r := b.rma(dig(got, "rmaSummary", "rmaId").(string))
			require.Equal(t, "[sync:ttr-9]", r.Comments[0].HTML)
			require.Equal(t, "merchant", r.Comments[0].Type)
			require.Len(t, r.Items, len(c.items))
		})
	}
}

func TestCreateByPolicyIsNotIdempotent(t *testing.T) {
	b := newBench(t, Options{})
	body := obj{"orderId": "7001", "items": []obj{{"shopLineItemId": "8001", "quantity": 1, "policyRuleId": "31"}}}
	for i, want := range []int{201, 201, 400} {
		status, _ := b.call("POST", "/rma/createByPolicy", body)
		require.Equal(t, want, status)
		require.Len(t, b.Books().RMAs, min(i+1, 2))
	}
	for id := range b.Books().RMAs {
		require.Equal(t, Approved, b.rma(id).Status, "the rule approves by itself")
	}
}

func TestEligiblePolicies(t *testing.T) {
	b := newBench(t, Options{})
	b.must(b.SetPolicies(testShop, []PolicyRule{{ID: "1", OnlySKUs: []string{"CAP"}}, {ID: "2"}}))
	_, got := b.call("POST", "/rma/getEligiblePolicies", obj{"orderId": "7001", "items": []obj{{"shopLineItemId": "8001", "quantity": 1}}})
	require.Len(t, dig(got, "items", 0, "policies"), 1)
	require.Equal(t, "2", dig(got, "items", 0, "policies", 0, "policyRuleId"))
	require.Empty(t, b.Books().Writes, "asking is no write")
}

func TestComments(t *testing.T) {
	b := newBench(t, Options{})
	id, _ := b.tees(AnyCarrier)
	for _, body := range []obj{{"text": "x"}, {"htmlText": ""}, {"htmltext": "x"}} {
		status, _ := b.call("POST", "/rma/"+id+"/comment", body)
		require.Equal(t, 400, status)
	}
	for range 2 {
		b.call("POST", "/rma/"+id+"/comment", obj{"htmlText": "marker"})
	}
	r := b.rma(id)
	require.Equal(t, "merchant", r.Comments[0].Type)
	require.Equal(t, r.Comments[0].HTML, r.Comments[1].HTML, "the server does not dedupe")
	require.Equal(t, "system", r.Comments[2].Type)
}

func TestUnitsOfRefusedReturnsCanBeReturnedAgain(t *testing.T) {
	b := newBench(t, Options{})
	for _, turnDown := range []func(string) error{b.Reject, func(id string) error { return b.Cancel(id, "") }} {
		id, _ := b.tees(AnyCarrier)
		_, _, err := b.CreateRMA(testShop, RMASpec{OrderID: "7001", Items: []ItemSpec{{LineID: "8001"}}})
		require.Error(t, err, "both units are taken")
		b.must(turnDown(id))
	}
	b.tees(AnyCarrier)
}

func TestLabelThatFailsLeavesTheRequestPending(t *testing.T) {
	b := newBench(t, Options{})
	id, _, err := b.CreateRMA(testShop, RMASpec{OrderID: "7001", AutoApprove: true, LabelFails: true,
		Items: []ItemSpec{{LineID: "8001", ReturnMethod: PrepaidLabel}}})
	b.must(err)
	require.Equal(t, Pending, b.rma(id).Status)
	require.Equal(t, "error", b.rma(id).Comments[0].Type)
	b.must(b.Approve(id))
	require.Equal(t, LabelCreated, b.rma(id).Shipments[0].Status)
}
