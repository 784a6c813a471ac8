package app

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/types/known/timestamppb"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// reported are the workflows of which Temporal reports problems.
func (c *temporalDouble) reported() (*workflowservice.ListWorkflowExecutionsResponse, error) {
	page := &workflowservice.ListWorkflowExecutionsResponse{}
	for id, said := range c.failing {
		p, err := converter.GetDefaultDataConverter().ToPayload(said)
		if err != nil {
			return nil, err
		}
		page.Executions = append(page.Executions, &workflowpb.WorkflowExecutionInfo{
			Execution: &commonpb.WorkflowExecution{WorkflowId: id}, SearchAttributes: &commonpb.SearchAttributes{IndexedFields: map[string]*commonpb.Payload{reportedProblems: p}},
		})
	}
	return page, c.down
}

func (c *temporalDouble) DescribeWorkflowExecution(_ context.Context, id, _ string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	if c.down != nil {
		return nil, c.down
	}
	running := c.running
	if running == nil && c.all != nil {
		running = c.all()
	}
	info := &workflowpb.WorkflowExecutionInfo{Status: enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING}
	if status, ended := c.ended[id]; ended {
		info = &workflowpb.WorkflowExecutionInfo{Status: status, CloseTime: timestamppb.New(noon.Add(-5 * time.Minute))}
	} else if !slices.Contains(running, id) {
		return nil, serviceerror.NewNotFound("no such workflow")
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: info}, nil
}

// A return whose workflow was ended in Temporal says that it comes back, and when.
func TestAReturnThatNobodyCarriesSaysSo(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.cfg.Periods.SweepTikTok = 10 * time.Minute
	d.now = noon.Add(-time.Hour)
	for _, key := range []returns.Key{"4711", "4712", "4713", "4714"} {
		d.decided(demo, key, ledger.Decided{Closed: key == "4714"})
	}
	d.now = noon
	d.decided(demo, "4715", ledger.Decided{}) // it began just now: not listed yet
	id := func(key returns.Key) string { return messages.ReturnID(demo, key) }
	d.temporal.running = []string{id("4711")}
	d.temporal.ended = map[string]enumspb.WorkflowExecutionStatus{id("4712"): enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, id("4714"): enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED}

	require.NoError(t, d.list(t.Context(), ledger.ExceptionFilter{}, d.out()))
	require.Contains(t, d.text(), "No workflow carries 2 open returns: cancelled or terminated in Temporal, or forgotten there. Each comes back by itself within 50m, with starter backfill --yes at once: 4712 of demo-gb, 4713 of demo-gb\n")
	d.do(func(tx *ledger.Tx) error {
		return tx.RaiseStuck(t.Context(), demo, returns.StockKey("11"), "it cannot go on")
	})
	require.NoError(t, d.list(t.Context(), ledger.ExceptionFilter{}, d.out()))
	require.NotContains(t, d.text(), "as --answer", "nothing answers it")
	require.NoError(t, d.list(t.Context(), ledger.ExceptionFilter{Shop: "demo-de"}, d.out()))
	require.Equal(t, "No open exceptions.\n", d.text())

	for key, want := range map[string]string{
		"4712": "terminated 5m ago: nobody carries it. It comes back by itself within 50m; at once with: starter recheck 4712 --shop demo-gb",
		"4713": "there is none in Temporal: nobody carries it",
	} {
		require.NoError(t, d.show(t.Context(), "", key, d.out()))
		require.Contains(t, d.text(), "workflow  "+want)
	}
	for _, key := range []string{"4711", "4714"} {
		require.NoError(t, d.show(t.Context(), "", key, d.out()))
		require.NotContains(t, d.text(), "workflow  ", "%s runs, or has ended", key)
	}

	d.temporal.down = errors.New("no route")
	require.NoError(t, d.list(t.Context(), ledger.ExceptionFilter{}, d.out()), "the ledger answers without Temporal")
	require.Contains(t, d.text(), "Temporal does not answer")
	require.NoError(t, d.show(t.Context(), "", "4712", d.out()))
	require.Contains(t, d.text(), "Temporal does not answer")
}

func TestACheckNamesWhatNobodyCarriesAndWhatCannotGoOn(t *testing.T) {
	t.Parallel()
	s := newStand(t, "")
	s.idle = true
	s.runs()
	said, err := s.check()
	require.NoError(t, err)
	require.NotContains(t, said, "No workflow carries")
	l, err := ledger.Open(t.Context(), s.dsn, func() time.Time { return noon.Add(-2 * time.Minute) })
	require.NoError(t, err)
	defer l.Close()
	require.NoError(t, l.Do(t.Context(), func(tx *ledger.Tx) error {
		for _, key := range []returns.Key{"4711", "4712"} {
			if _, err := tx.Load(t.Context(), demo, key); err != nil {
				return err
			}
		}
		return errors.Join(tx.RaiseStuck(t.Context(), demo, "4711", "it cannot go on"),
			tx.Refused(t.Context(), demo, returns.TikTok, 3), tx.Refused(t.Context(), "", returns.ReturnGO, 1))
	}))
	s.namespace.failing = map[string][]string{"SweepTikTok/demo-gb-2026": {"category=WorkflowTaskFailed", "cause=Panic"}}
	said, err = s.check()
	require.EqualError(t, err, "3 problems found")
	require.Contains(t, said, "no workflow carries 2 open returns")
	require.Contains(t, said, "1 workflow cannot go on: see \"starter list --shop demo-gb --kind workflow-stuck\"")
	require.Contains(t, said, "workflow SweepTikTok/demo-gb-2026 cannot go on: its next step fails again and again (category=WorkflowTaskFailed, cause=Panic)")
	require.Contains(t, said, "PROBLEM  shop demo-gb   3 webhooks refused in the last day, the last 2m ago: sent as events of TikTok, with a wrong signature")
	require.Contains(t, said, "note     webhooks       1 webhook refused in the last day")
}
