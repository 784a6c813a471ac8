package chaos

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/interceptor"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"returnbridge/config"
	"returnbridge/internal/ledger"
	"returnbridge/local/demo"
	"returnbridge/local/devserver"
)

// house is everything that runs, for one test.
type house struct {
	*demo.House
	t *testing.T
}

// openHouse runs the house of one test, without Web UI. TikTok's deadlines stay
// far beyond what is taken away costs.
func openHouse(t *testing.T, change ...func(*demo.HouseOptions)) *house {
	t.Helper()
	o := demo.HouseOptions{
		Dir: t.TempDir(), UIPort: devserver.NoUI, Seed: 7, PeriodFactor: 1.0 / 600,
		Patience: 2 * patience, Interceptors: []interceptor.ClientInterceptor{&shortAttempts{}},
		Log: zaptest.NewLogger(t, zaptest.Level(zap.FatalLevel)), // what is taken away is missed loudly
	}
	for _, c := range change {
		c(&o)
	}
	h, err := demo.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return &house{House: h, t: t}
}

// elsewhere has workers and starters run in processes of their own.
func elsewhere(o *demo.HouseOptions) { o.NoWorker, o.NoStarter = true, true }

// configured changes the configuration.
func configured(change func(*config.Config)) func(*demo.HouseOptions) {
	return func(o *demo.HouseOptions) { o.Configure = change }
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// patience bounds every wait, on a slow machine too.
const patience = 2 * time.Minute

// until waits for something to show.
func (h *house) until(what string, holds func() bool) {
	h.t.Helper()
	if err := demo.Until(h.t.Context(), patience, what, func() (bool, error) { return holds(), nil }); err != nil {
		h.t.Fatal(err)
	}
}

// read looks into the ledger.
func (h *house) read(look func(*ledger.Tx) error) {
	h.t.Helper()
	h.must(h.ReadLedger(h.t.Context(), look))
}

// population drives returns; the result comes when all have ended.
func (h *house) population(returns int, seed uint64, scenarios ...string) <-chan *demo.Verdict {
	return h.populationOf(demo.RunOptions{Returns: returns, Seed: seed, AtOnce: min(returns, 24), Scenarios: scenarios})
}

func (h *house) populationOf(o demo.RunOptions) <-chan *demo.Verdict {
	result := make(chan *demo.Verdict, 1)
	go func() {
		defer close(result)
		v, err := h.Run(h.t.Context(), o)
		if err != nil {
			h.t.Errorf("the population: %v", err)
			return
		}
		result <- v
	}()
	return result
}

// wantRight expects right figures and says what was proved.
func (h *house) wantRight(what string, v *demo.Verdict) {
	h.t.Helper()
	if v == nil {
		h.t.Fatal("there are no figures")
	}
	report := h.t.Logf
	if !v.OK() {
		report = h.t.Errorf
		h.t.Logf("still running:\n%s", h.open())
	}
	report("%s: %d returns in %.0f s; refunded %v of %v authorised, difference %v; %d units put back, difference %d; double refunds %d, double restocks %d, lost %d, deadlines missed %d, stock owed %d %v",
		what, v.Returns, v.DurationSeconds, v.RefundExecuted, v.RefundAuthorised, v.RefundDifference, v.StockFound, v.StockDifference,
		v.DoubleRefunds, v.DoubleRestocks, v.LostReturns, v.MissedDeadlines, v.StockOwedOpen, v.Problems)
}

// programs starts workers and starters as processes of their own, the starters
// behind one address.
func (h *house) programs(workers, starters int, boundaries string) (w, s []*child) {
	h.t.Helper()
	o := order{Address: h.Server.Address(), Namespace: h.Server.Namespace(), Boundaries: boundaries}
	for i := range workers {
		o.Name, o.Config = "worker-"+string(rune('a'+i)), h.Config
		w = append(w, newChild(h.t, o))
	}
	var addresses []string
	for i := range starters {
		own := *h.Config
		var err error
		own.Listen, err = demo.FreeAddress()
		h.must(err)
		addresses = append(addresses, own.Listen)
		s = append(s, newChild(h.t, order{Name: "starter-" + string(rune('a'+i)), Starter: true, Address: o.Address, Namespace: o.Namespace, Config: &own}))
	}
	for _, a := range addresses {
		h.until("a starter receives", func() bool { return answers(a) })
	}
	if starters > 0 {
		h.balance(addresses)
	}
	return w, s
}

// answers tells whether a starter is there and its ledger too.
func answers(address string) bool {
	resp, err := http.Get("http://" + address + "/healthz")
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// balance stands before the starters as a load balancer: one after the other, the
// next if one does not answer, 502 if none does.
func (h *house) balance(starters []string) {
	h.t.Helper()
	l, err := net.Listen("tcp", h.Config.Listen)
	h.must(err)
	var turn atomic.Int64
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		first := int(turn.Add(1))
		for i := range starters {
			if passOn(w, r, body, starters[(first+i)%len(starters)]) {
				return
			}
		}
		w.WriteHeader(http.StatusBadGateway)
	})}
	go func() { _ = server.Serve(l) }()
	h.t.Cleanup(func() { _ = server.Close() })
}

func passOn(w http.ResponseWriter, r *http.Request, body []byte, to string) bool {
	req, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+to+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return false
	}
	req.Header = r.Header.Clone()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body)
	return true
}

// open tells where the workflows stand that still run, for a test that fails.
func (h *house) open() string {
	var b strings.Builder
	ctx := context.WithoutCancel(h.t.Context())
	page, err := h.Client.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{PageSize: 50, Query: "ExecutionStatus = 'Running'"})
	if err != nil {
		return err.Error()
	}
	for _, e := range page.GetExecutions() {
		fmt.Fprintf(&b, "  %s: %s\n", e.GetExecution().GetWorkflowId(), e.GetSearchAttributes())
		d, err := h.Client.DescribeWorkflowExecution(ctx, e.GetExecution().GetWorkflowId(), "")
		if err != nil {
			continue
		}
		for _, a := range d.GetPendingActivities() {
			fmt.Fprintf(&b, "    %s, attempt %d: %s\n", a.GetActivityType().GetName(), a.GetAttempt(), a.GetLastFailure().GetMessage())
		}
	}
	return b.String()
}
