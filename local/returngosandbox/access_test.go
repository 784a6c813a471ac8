package returngosandbox

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAccess(t *testing.T) {
	b := newBench(t, Options{})
	id, _ := b.tees(AnyCarrier)
	cases := []struct {
		name, path, key, shop string
		want                  int
	}{
		{"right", "/rma/" + id, testKey, testShop, 200},
		{"no key", "/rma/" + id, "", testShop, 401},
		{"wrong key", "/rma/" + id, "nobody", testShop, 401},
		{"unknown shop", "/rma/" + id, testKey, "nowhere", 403},
		{"no shop", "/rma/" + id, testKey, "", 403},
		{"shop of another owner", "/rma/" + id, testKey, "three.example", 403},
		{"own key of that owner", "/rmas?pagesize=1", "key-b", "three.example", 200},
		{"RMA of another shop", "/rma/" + id, testKey, otherShop, 404},
		{"unknown RMA", "/rma/1", testKey, testShop, 404},
		{"id as people see it", "/rma/RMA" + id, testKey, testShop, 400},
		{"no such path", "/returns", testKey, testShop, 404},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			resp, body, err := b.try("GET", c.path, nil, map[string]string{"x-api-key": c.key, "x-shop-name": c.shop})
			require.NoError(t, err)
			require.Equal(t, c.want, resp.StatusCode, string(body))
			require.NotEmpty(t, resp.Header.Get("x-amzn-requestid"))
			if c.want != 200 {
				require.Contains(t, string(body), `"statusCode":`)
			}
		})
	}
}

func TestDayQuota(t *testing.T) {
	b := newBench(t, Options{PerDay: 3})
	for range 3 {
		status, _ := b.call("GET", "/webhooks", nil)
		require.Equal(t, 200, status)
	}
	resp, body, err := b.try("GET", "/webhooks", nil, nil)
	require.NoError(t, err)
	require.Equal(t, 429, resp.StatusCode)
	require.JSONEq(t, `{"message":"Limit Exceeded"}`, string(body))
	require.Empty(t, resp.Header.Get("Retry-After"))
	status, _ := b.call("GET", "/rmas?pagesize=1", nil)
	require.Equal(t, 429, status, "one budget for all of a key's calls")
	resp, _, _ = b.try("GET", "/webhooks", nil, map[string]string{"x-api-key": "key-b", "x-shop-name": "three.example"})
	require.Equal(t, 200, resp.StatusCode, "another key has a budget of its own")

	b.pass(15*time.Hour + 44*time.Minute + 59*time.Second)
	status, _ = b.call("GET", "/webhooks", nil)
	require.Equal(t, 429, status, "23:59:59")
	b.pass(time.Second)
	status, _ = b.call("GET", "/webhooks", nil)
	require.Equal(t, 200, status, "00:00 UTC")
	require.Equal(t, 3, b.Books().Throttled[testKey])
	require.Equal(t, 6, b.Books().CallsByKey[testKey]["webhooks/list"])
}

func TestBurst(t *testing.T) {
	b := newBench(t, Options{PerSecond: 2})
	for range 2 {
		status, _ := b.call("GET", "/webhooks", nil)
		require.Equal(t, 200, status)
	}
	_, body, _ := b.try("GET", "/webhooks", nil, nil)
	require.JSONEq(t, `{"message":"Too Many Requests"}`, string(body))
	b.pass(500 * time.Millisecond)
	status, _ := b.call("GET", "/webhooks", nil)
	require.Equal(t, 200, status)
}

func TestFaults(t *testing.T) {
	cases := []struct {
		kind    string
		status  int // 0: no whole answer
		written bool
	}{
		{FaultBurst, 429, false}, {FaultDayQuota, 429, false}, {"500", 500, false}, {"502", 502, false},
		{"503", 503, false}, {"504", 504, false}, {FaultSlow, 201, true}, {FaultHTML, 200, false},
		{FaultCutOff, 0, true}, {FaultDropBefore, 0, false}, {FaultDropAfterWrite, 0, true}, {FaultUnknownEnum, 201, true},
	}
	for _, c := range cases {
		t.Run(c.kind, func(t *testing.T) {
			b := newBench(t, Options{})
			id, _ := b.tees(AnyCarrier)
			before := len(b.rma(id).Comments)
			b.must(b.AddFault(Fault{Endpoint: "rma/comment", Kind: c.kind, Delay: time.Millisecond, RetryAfter: "7"}))
			resp, _, err := b.try("POST", "/rma/"+id+"/comment", obj{"htmlText": "hello"}, nil)
			if c.status == 0 {
				require.Error(t, err)
			} else {
				require.NoError(t, err)
				require.Equal(t, c.status, resp.StatusCode)
				require.Equal(t, "7", resp.Header.Get("Retry-After"))
			}
			require.Equal(t, c.written, len(b.rma(id).Comments) > before)
			require.Equal(t, c.written, len(b.Books().Writes) > 0)
			status, _ := b.call("POST", "/rma/"+id+"/comment", obj{"htmlText": "again"})
			require.Equal(t, http.StatusCreated, status, "used up after one call")
		})
	}
}

func TestUnknownEnumReplacesEveryStatus(t *testing.T) {
	b := newBench(t, Options{})
	id, _ := b.tees(AnyCarrier)
	b.must(b.AddFault(Fault{Endpoint: "rma/get", Kind: FaultUnknownEnum}))
	_, got := b.call("GET", "/rma/"+id, nil)
	require.Equal(t, UnknownValue, dig(got, "rmaSummary", "status"))
	require.Equal(t, UnknownValue, dig(got, "shipments", 0, "status"))
	require.Equal(t, Pending, b.rma(id).Status)
	b.must(b.AddFault(Fault{Endpoint: "rma/get", Kind: FaultUnknownEnum, Field: "resolutionType"}))
	_, got = b.call("GET", "/rma/"+id, nil)
	require.Equal(t, UnknownValue, dig(got, "items", 1, "resolutionType"))
	require.Equal(t, Pending, dig(got, "rmaSummary", "status"))
}

// TestWriteBehindABadAnswer is the gateway that gave up on a write which went through.
func TestWriteBehindABadAnswer(t *testing.T) {
	for _, f := range []Fault{{Kind: "504"}, {Kind: FaultHTML, Status: 502}, {Kind: FaultEmpty}, {Kind: FaultEmpty, Status: 503}} {
		for _, after := range []bool{false, true} {
			b := newBench(t, Options{})
			id, _ := b.at(Approved)
			f.Endpoint, f.AfterWrite = "rma/status", after
			b.must(b.AddFault(f))
			resp, body, err := b.try("PUT", "/rma/"+id+"/status", obj{"status": Received}, nil)
			b.must(err)
			want := f.Status
			if f.Kind == "504" {
				want = 504
			} else if want == 0 {
				want = 200
			}
			require.Equal(t, want, resp.StatusCode)
			require.Equal(t, f.Kind == FaultEmpty, len(body) == 0, string(body))
			require.Equal(t, f.Kind == FaultHTML, resp.Header.Get("content-type") == "text/html")
			require.Equal(t, after, b.rma(id).Status == Received, "%+v", f)
		}
	}
}

func TestEchoRepeatsKeyAndBody(t *testing.T) {
	for _, f := range []Fault{{Kind: "401", Echo: true}, {Kind: FaultHTML, Status: 502, Echo: true}} {
		b := newBench(t, Options{})
		id, _ := b.tees(AnyCarrier)
		b.must(b.AddFault(f))
		_, body, err := b.try("POST", "/rma/"+id+"/comment", obj{"htmlText": "free text"}, nil)
		b.must(err)
		for _, said := range []string{testKey, "free text", "POST /rma/" + id + "/comment"} {
			require.Contains(t, string(body), said)
		}
	}
}

func TestLimitsOfOneKey(t *testing.T) {
	b := newBench(t, Options{})
	b.must(b.SetKeyLimits(testKey, -1, 1))
	require.Error(t, b.SetKeyLimits("nobody", -1, 1))
	for i, want := range []int{200, 429} {
		status, _ := b.call("GET", "/webhooks", nil)
		require.Equal(t, want, status, i)
		resp, _, err := b.try("GET", "/webhooks", nil, map[string]string{"x-api-key": "key-b", "x-shop-name": "three.example"})
		b.must(err)
		require.Equal(t, 200, resp.StatusCode, "the other key keeps its own")
	}
	b.SetClock(time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC))
	status, _ := b.call("GET", "/webhooks", nil)
	require.Equal(t, 200, status, "the day ends with the sandbox's clock")
}

func TestDefaultLimits(t *testing.T) {
	b := newBench(t, Options{PerSecond: 100})
	for range 100 {
		status, _ := b.call("GET", "/webhooks", nil)
		require.Equal(t, 200, status)
	}
	status, _ := b.call("GET", "/webhooks", nil)
	require.Equal(t, 429, status, "100 a second")
	require.Equal(t, 2000, b.keys[testKey].budget.perDay)
	require.Equal(t, 100, withDefaults(Options{}).PerSecond)
}

func TestMisspeltFaultsAreRefused(t *testing.T) {
	b := newBench(t, Options{})
	require.Error(t, b.AddFault(Fault{Endpoint: "rma/read", Kind: "500"}))
	require.Error(t, b.AddFault(Fault{Endpoint: "rma/get", Kind: "explode"}))
	require.Error(t, b.AddFault(Fault{Endpoint: "rma/get", Kind: FaultHTML, Status: 99}))
}

func TestAFaultAboutOneIDStrikesNoOther(t *testing.T) {
	b := newBench(t, Options{})
	id, _ := b.tees(AnyCarrier)
	b.must(b.AddFault(Fault{Kind: "500", Count: -1, About: id}))
	b.must(b.AddFault(Fault{Kind: "503", Count: -1, About: otherShop}))
	answers := func(path, shop string) int {
		resp, _, err := b.try("GET", path, nil, map[string]string{"x-shop-name": shop})
		b.must(err)
		return resp.StatusCode
	}
	require.Equal(t, 500, answers("/rma/"+id, testShop), "named in the path")
	require.Equal(t, 200, answers("/webhooks", testShop))
	require.Equal(t, 503, answers("/webhooks", otherShop), "named in a header")
	status, _ := b.call("POST", "/webhook", map[string]any{"url": "http://127.0.0.1:9/" + id, "eventName": "RMA_CREATED"})
	require.Equal(t, 500, status, "named in the body")
	b.ClearFaultsAbout(id)
	require.Equal(t, 200, answers("/rma/"+id, testShop))
	require.Equal(t, 503, answers("/webhooks", otherShop))
}
