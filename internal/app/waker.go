package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// waker tells workflows to look, and starts those that do not run.
type waker struct {
	temporal client.Client
	keys     map[string]string // ReturnGO key by shop
}

// WakeReturn implements activities.Waker.
func (w *waker) WakeReturn(ctx context.Context, shop string, key returns.Key, news messages.News) error {
	return w.signalReturn(ctx, shop, key, messages.SignalNews, news)
}

// signalReturn tells a return something, and starts it if it does not run.
func (w *waker) signalReturn(ctx context.Context, shop string, key returns.Key, signal string, said any) error {
	attrs := []temporal.SearchAttributeUpdate{messages.AttrShop.ValueSet(shop), messages.AttrStage.ValueSet(string(returns.StageNew))}
	what := "TikTok return " + key.TikTokReturnID() + ", no RMA yet"
	if id := key.RMAID(); id != "" {
		attrs = append(attrs, messages.AttrRMA.ValueSet(id))
		what = "RMA " + id
	} else {
		attrs = append(attrs, messages.AttrTikTokReturn.ValueSet(key.TikTokReturnID()))
	}
	in := messages.ReturnInput{Shop: shop, Key: key, ReturnGOKey: w.keys[shop]}
	_, err := w.temporal.SignalWithStartWorkflow(ctx, messages.ReturnID(shop, key), signal, said, client.StartWorkflowOptions{
		TaskQueue: messages.QueueReturns, TypedSearchAttributes: temporal.NewSearchAttributes(attrs...), StaticSummary: what + " of " + shop,
		Priority: fairly(shop),
	}, messages.Return, in)
	if err != nil {
		return fmt.Errorf("wake return %s: %w", key, err)
	}
	return nil
}

// fairly keeps a large shop from crowding out a small one on the task queues that
// they share: activities inherit it.
func fairly(shop string) temporal.Priority { return temporal.Priority{FairnessKey: shop} }

// WakeGuard implements activities.Waker.
func (w *waker) WakeGuard(ctx context.Context, queue string, ill messages.Ill) error {
	_, err := w.temporal.SignalWithStartWorkflow(ctx, messages.GuardID(queue), messages.SignalIll, ill, client.StartWorkflowOptions{
		TaskQueue: messages.QueueReturns, StaticSummary: "task queue " + queue + ": its platform is " + string(ill.Illness),
	}, messages.Guard, messages.GuardInput{Queue: queue})
	if err != nil {
		return fmt.Errorf("wake the guard of %s: %w", queue, err)
	}
	return nil
}

// WakeStock implements activities.Waker.
func (w *waker) WakeStock(ctx context.Context, shop, productID string) error {
	_, err := w.temporal.SignalWithStartWorkflow(ctx, messages.StockID(shop, productID), messages.SignalNews, messages.News{}, client.StartWorkflowOptions{
		TaskQueue: messages.QueueReturns, TypedSearchAttributes: temporal.NewSearchAttributes(messages.AttrShop.ValueSet(shop)),
		Priority: fairly(shop), StaticSummary: "stock of product " + productID + " in " + shop,
	}, messages.Stock, messages.StockInput{Shop: shop, ProductID: productID})
	if err != nil {
		return fmt.Errorf("wake stock of %s: %w", productID, err)
	}
	return nil
}

// Running implements activities.Waker. What began a moment ago may not be listed
// yet: to be told to look once more does it no harm.
func (w *waker) Running(ctx context.Context, shop string) (map[string]bool, error) {
	running := map[string]bool{}
	err := w.list(ctx, fmt.Sprintf("ExecutionStatus = 'Running' AND %s = '%s'", messages.AttrShop.GetName(), shop), func(e *workflowpb.WorkflowExecutionInfo) {
		running[e.GetExecution().GetWorkflowId()] = true
	})
	return running, err
}

// Failing implements activities.Waker.
func (w *waker) Failing(ctx context.Context, shop string) (map[string]string, error) {
	return w.failing(ctx, fmt.Sprintf(" AND %s = '%s'", messages.AttrShop.GetName(), shop))
}

// failing are the running workflows whose workflow task has failed several times in a
// row (five, unless the server is told otherwise), with what Temporal says of it. The
// server keeps that in a search attribute of its own, and removes it when a task
// succeeds.
func (w *waker) failing(ctx context.Context, and string) (map[string]string, error) {
	failing := map[string]string{}
	err := w.list(ctx, "ExecutionStatus = 'Running' AND "+reportedProblems+" IS NOT NULL"+and, func(e *workflowpb.WorkflowExecutionInfo) {
		var said []string
		cause := "Temporal names no cause"
		if converter.GetDefaultDataConverter().FromPayload(e.GetSearchAttributes().GetIndexedFields()[reportedProblems], &said) == nil && len(said) > 0 {
			cause = strings.Join(said, ", ")
		}
		failing[e.GetExecution().GetWorkflowId()] = cause
	})
	return failing, err
}

const reportedProblems = "TemporalReportedProblems"

// list calls back for each workflow that a query finds.
func (w *waker) list(ctx context.Context, query string, found func(*workflowpb.WorkflowExecutionInfo)) error {
	request := &workflowservice.ListWorkflowExecutionsRequest{PageSize: 1000, Query: query}
	for {
		page, err := w.temporal.ListWorkflow(ctx, request)
		if err != nil {
			return fmt.Errorf("list what runs in Temporal: %w", err)
		}
		for _, e := range page.GetExecutions() {
			found(e)
		}
		if request.NextPageToken = page.GetNextPageToken(); len(request.GetNextPageToken()) == 0 {
			return nil
		}
	}
}

// Waits implements activities.Waker.
func (w *waker) Waits(ctx context.Context, shop string, key returns.Key) (runs, waits bool, err error) {
	d, err := w.temporal.DescribeWorkflowExecution(ctx, messages.ReturnID(shop, key), "")
	if _, none := errors.AsType[*serviceerror.NotFound](err); none {
		return false, false, nil
	}
	if err != nil {
		return false, false, fmt.Errorf("ask Temporal about return %s: %w", key, err)
	}
	return d.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, len(d.GetPendingActivities()) > 0, nil
}
