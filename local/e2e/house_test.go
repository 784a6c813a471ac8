package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"returnbridge/config"
	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
	"returnbridge/local/demo"
	"returnbridge/local/devserver"
	"returnbridge/local/returngosandbox"
	"returnbridge/local/tiktoksandbox"
)

// house is everything that runs, with the ways of a test to wait and to ask.
type house struct {
	*demo.House
	t *testing.T

	mu   sync.Mutex
	next int // product of the next shopper
}

// openHouse runs the house of one test, without Web UI.
func openHouse(t *testing.T, change ...func(*demo.HouseOptions)) *house {
	t.Helper()
	o := demo.HouseOptions{Dir: t.TempDir(), UIPort: devserver.NoUI, Seed: 7, Log: zaptest.NewLogger(t, zaptest.Level(zap.ErrorLevel)), Configure: soon}
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

// soon shortens what only makes a test wait.
func soon(c *config.Config) {
	p := &c.Periods
	p.HTTPTimeout, p.SettleWindow, p.MoneyWait, p.ProofWait = 2*time.Second, 500*time.Millisecond, time.Second, 4*time.Second
	p.SweepReturnGO, p.SweepReturnGOOpen, p.SweepTikTok, p.CreateSettle = 3*time.Second, 3*time.Second, 3*time.Second, 3*time.Second
	p.InspectedTooLong = time.Minute
}

// patience bounds every wait, on a slow machine too.
const patience = 60 * time.Second

// until waits for something to show at the platforms or on the server.
func (h *house) until(what string, holds func() bool) {
	h.t.Helper()
	if err := demo.Until(h.t.Context(), patience, what, func() (bool, error) { return holds(), nil }); err != nil {
		h.t.Fatalf("%s\n%s", err, h.openReturns())
	}
}

// openReturns tells where the returns stand, for a test that fails.
func (h *house) openReturns() string {
	var b strings.Builder
	page, err := h.Client.ListWorkflow(context.WithoutCancel(h.t.Context()), &workflowservice.ListWorkflowExecutionsRequest{PageSize: 50, Query: "ExecutionStatus = 'Running'"})
	if err != nil {
		return err.Error()
	}
	for _, e := range page.GetExecutions() {
		attrs := e.GetSearchAttributes()
		fmt.Fprintf(&b, "  %s: %s %v\n", e.GetExecution().GetWorkflowId(), text(attrs, messages.AttrStage.GetName()), list(attrs, messages.AttrExceptionKinds.GetName()))
	}
	return b.String()
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// afterSweep waits until both sweeps have run from beginning to end once more.
func (h *house) afterSweep() {
	h.t.Helper()
	since := time.Now()
	for _, name := range []string{messages.SweepReturnGO, messages.SweepTikTok} {
		query := fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Completed' AND StartTime > '%s'", name, since.UTC().Format(time.RFC3339Nano))
		h.until("a sweep: "+name, func() bool { return h.count(query) > 0 })
	}
}

func (h *house) count(query string) int64 {
	h.t.Helper()
	n, err := h.Count(h.t.Context(), query)
	h.must(err)
	return n
}

// past waits until the orders placed so far are old: without TikTok's own
// account, a stock write is proven only if no order moved near it.
func (h *house) past() {
	h.t.Helper()
	placed := time.Now()
	h.until("the orders are of the past", func() bool { return time.Since(placed) > 6*time.Second })
}

// quiet waits until nothing is under way.
func (h *house) quiet() {
	h.t.Helper()
	h.until("all returns and stock writers ended", func() bool {
		return h.count("ExecutionStatus = 'Running' AND WorkflowType IN ('Return', 'Stock')") == 0
	})
}

// exceptionOpened tells whether an exception of a kind was ever raised, and for whom.
func (h *house) exceptionOpened(kind returns.Kind) (owner returns.Owner, opened bool) {
	h.t.Helper()
	h.must(h.ReadLedger(h.t.Context(), func(tx *ledger.Tx) error {
		counts, err := tx.ExceptionCounts(h.t.Context())
		for _, c := range counts {
			if c.Kind == string(kind) {
				owner, opened = returns.Owner(c.Owner), true
			}
		}
		return err
	}))
	return owner, opened
}

func text(attrs *commonpb.SearchAttributes, name string) (value string) {
	if p, ok := attrs.GetIndexedFields()[name]; ok {
		_ = converter.GetDefaultDataConverter().FromPayload(p, &value)
	}
	return value
}

func list(attrs *commonpb.SearchAttributes, name string) (values []string) {
	if p, ok := attrs.GetIndexedFields()[name]; ok {
		_ = converter.GetDefaultDataConverter().FromPayload(p, &values)
	}
	return values
}

func moment(attrs *commonpb.SearchAttributes, name string) (at time.Time) {
	if p, ok := attrs.GetIndexedFields()[name]; ok {
		_ = converter.GetDefaultDataConverter().FromPayload(p, &at)
	}
	return at
}

// loseAllWebhooks makes both platforms' events vanish from now on.
func (h *house) loseAllWebhooks() {
	h.TikTok.SetWebhookWeather(tiktoksandbox.WebhookWeather{Lose: 1})
	h.ReturnGO.SetWebhookFaults(returngosandbox.WebhookFaults{Loss: 1})
}

// tiktokFault makes the next calls of an endpoint of TikTok fail.
func (h *house) tiktokFault(f tiktoksandbox.Fault) {
	h.t.Helper()
	h.must(h.TikTok.AddFault(f))
}

// attributes are a workflow's search attributes; none if it does not exist.
func (h *house) attributes(workflowID string) *commonpb.SearchAttributes {
	d, err := h.Client.DescribeWorkflowExecution(h.t.Context(), workflowID, "")
	if err != nil {
		return nil
	}
	return d.GetWorkflowExecutionInfo().GetSearchAttributes()
}

func (h *house) shows(workflowID string, kind returns.Kind) bool {
	return slices.Contains(list(h.attributes(workflowID), messages.AttrExceptionKinds.GetName()), string(kind))
}

func (h *house) status(workflowID string) enumspb.WorkflowExecutionStatus {
	d, err := h.Client.DescribeWorkflowExecution(h.t.Context(), workflowID, "")
	if err != nil {
		return enumspb.WORKFLOW_EXECUTION_STATUS_UNSPECIFIED
	}
	return d.GetWorkflowExecutionInfo().GetStatus()
}

// tell sends a command as an update and gives the return's answer.
func (h *house) tell(workflowID string, c returns.Command) (string, error) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	handle, err := h.Client.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: workflowID, UpdateName: string(c.Name), Args: []any{c}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return "", err
	}
	var answer string
	return answer, handle.Get(ctx, &answer)
}

// signal sends a command as a signal: nobody answers.
func (h *house) signal(workflowID string, c returns.Command) {
	h.t.Helper()
	h.must(h.Client.SignalWorkflow(h.t.Context(), workflowID, "", string(c.Name), c))
}

// answer resolves an exception and expects to be heard.
func (h *house) answer(workflowID string, kind returns.Kind, answer returns.AnswerName) {
	h.t.Helper()
	_, err := h.tell(workflowID, returns.Command{Name: returns.CommandResolve, Exception: kind, Answer: answer, Who: "finance", Why: "agreed with the customer"})
	h.must(err)
}

// openExceptions are the kinds that are open for a shop, for whatever return. A
// sandbox's year is a few hours: that an authorisation ends is not counted.
func (h *house) openExceptions(shop string) (kinds []returns.Kind) {
	h.t.Helper()
	for _, e := range h.exceptions(ledger.ExceptionFilter{Shop: shop}) {
		if e.Kind != returns.AuthorisationEnds {
			kinds = append(kinds, e.Kind)
		}
	}
	return kinds
}

// exceptions are those that are open.
func (h *house) exceptions(f ledger.ExceptionFilter) (open []ledger.OpenException) {
	h.t.Helper()
	h.must(h.ReadLedger(h.t.Context(), func(tx *ledger.Tx) (err error) {
		open, err = tx.OpenExceptions(h.t.Context(), f)
		return err
	}))
	return open
}
