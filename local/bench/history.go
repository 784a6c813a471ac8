package bench

import (
	"context"
	"fmt"
	"maps"
	"slices"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
)

// tally is what histories say was billed: by workflow and by what it was for.
// Temporal bills the start together with its signal, each further signal, each
// activity and its retries, each timer and each upsert.
type tally struct {
	runs     map[string]int            // by workflow type
	actions  map[string]map[string]int // by workflow type and item
	events   map[string]int64
	retries  int
	activity int // activities scheduled
	timers   int
	signals  int // beyond those that came with a start
	upserts  int
	clocks   map[string]int // timers by workflow and what they wait for
}

// summary is what people read beside an event.
func summary(e *historypb.HistoryEvent) string {
	var text string
	if converter.GetDefaultDataConverter().FromPayload(e.GetUserMetadata().GetSummary(), &text) != nil {
		return ""
	}
	return text
}

func newTally() *tally {
	return &tally{runs: map[string]int{}, actions: map[string]map[string]int{}, events: map[string]int64{}, clocks: map[string]int{}}
}

func (t *tally) total() (sum int) {
	for _, items := range t.actions {
		for _, n := range items {
			sum += n
		}
	}
	return sum
}

func (t *tally) allEvents() (sum int64) {
	for _, n := range t.events {
		sum += n
	}
	return sum
}

// allRuns are the runs that match a query, ended or not.
func allRuns(ctx context.Context, c client.Client, query string) (all []*workflowpb.WorkflowExecutionInfo, err error) {
	var token []byte
	for {
		page, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query, PageSize: 1000, NextPageToken: token})
		if err != nil {
			return nil, fmt.Errorf("list workflows: %w", err)
		}
		all = append(all, page.GetExecutions()...)
		if token = page.GetNextPageToken(); len(token) == 0 {
			return all, nil
		}
	}
}

// readNew adds the runs that are not known yet, and knows them from then on.
func (t *tally) readNew(ctx context.Context, c client.Client, query string, known map[string]bool) error {
	runs, err := allRuns(ctx, c, query)
	if err != nil {
		return err
	}
	for _, e := range runs {
		id := e.GetExecution().GetRunId()
		if known[id] {
			continue
		}
		known[id] = true
		if err := t.read(ctx, c, e); err != nil {
			return err
		}
	}
	return nil
}

func (t *tally) read(ctx context.Context, c client.Client, e *workflowpb.WorkflowExecutionInfo) error {
	flow := e.GetType().GetName()
	t.runs[flow]++
	if t.actions[flow] == nil {
		t.actions[flow] = map[string]int{}
	}
	items, signals, withStart := t.actions[flow], 0, 0
	history := c.GetWorkflowHistory(ctx, e.GetExecution().GetWorkflowId(), e.GetExecution().GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for n := 0; history.HasNext(); n++ {
		event, err := history.Next()
		if err != nil {
			return fmt.Errorf("history of %s: %w", flow, err)
		}
		t.events[flow]++
		switch event.GetEventType() {
		case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
			items["start (with its signal)"]++
		case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
			if signals++; n == 1 {
				withStart = 1
			}
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
			items["activity "+event.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName()]++
			t.activity++
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED:
			if again := int(event.GetActivityTaskStartedEventAttributes().GetAttempt()) - 1; again > 0 {
				items["retry"] += again
				t.retries += again
			}
		case enumspb.EVENT_TYPE_TIMER_STARTED:
			items["timer"]++
			t.timers++
			t.clocks[flow+": "+summary(event)]++
		case enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
			items["search attributes"]++
			t.upserts++
		}
	}
	if more := signals - withStart; more > 0 {
		items["signal"] += more
		t.signals += more
	}
	return nil
}

// table shows where the actions of so many returns went.
func (t *tally) table(returns int) Table {
	table := Table{Title: "billed actions and events of a return, by workflow (histories)", Columns: []string{"actions", "history events"}}
	for _, flow := range slices.Sorted(maps.Keys(t.actions)) {
		sum := 0
		for _, n := range t.actions[flow] {
			sum += n
		}
		table.Rows = append(table.Rows, Row{flow, []float64{per(float64(sum), returns), per(float64(t.events[flow]), returns)}})
		for _, item := range slices.Sorted(maps.Keys(t.actions[flow])) {
			table.Rows = append(table.Rows, Row{"    " + item, []float64{per(float64(t.actions[flow][item]), returns)}})
		}
	}
	return table
}

func per(sum float64, returns int) float64 { return sum / float64(max(returns, 1)) }
