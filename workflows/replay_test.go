package workflows_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
	"returnbridge/workflows"
)

// recorded is one history of testdata.
type recorded struct {
	file, text string
	workflow   string
	history    *historypb.History
}

func TestHistoriesReplay(t *testing.T) {
	t.Parallel()
	replayer := newReplayer(t)
	workflows.Register(replayer)
	for _, r := range histories(t) {
		t.Run(r.file, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, replayer.ReplayWorkflowHistory(quiet, r.history))
		})
	}
}

func TestEveryWorkflowHasAHistory(t *testing.T) {
	t.Parallel()
	all := histories(t)
	registered := names{}
	workflows.Register(registered)
	require.NotEmpty(t, registered)
	for name := range registered {
		require.True(t, slices.ContainsFunc(all, func(r recorded) bool { return r.workflow == name }),
			"no history of %s: add its kind to local/demo/histories.go, then make histories", name)
	}
}

// The replays above prove nothing unless a change of the workflows can fail them.
func TestReplayNoticesAChange(t *testing.T) {
	t.Parallel()
	changes := map[string]struct {
		name string
		flow any
	}{
		"a return that waits before it looks": {messages.Return, func(ctx workflow.Context, in messages.ReturnInput) error {
			return errors.Join(workflow.Sleep(ctx, time.Minute), workflows.Return(ctx, in))
		}},
		"a return that ends at once": {messages.Return, func(workflow.Context, messages.ReturnInput) error { return nil }},
		"a stock writer that does one thing more at its end": {messages.Stock, func(ctx workflow.Context, in messages.StockInput) error {
			return errors.Join(workflows.Stock(ctx, in), workflow.Sleep(ctx, time.Minute))
		}},
		"a sweep of the other platform": {messages.SweepReturnGO, workflows.SweepTikTok},
		"a round of alerts that tells nobody": {messages.Notify, func(workflow.Context, messages.NotifyInput) (messages.NotifyResult, error) {
			return messages.NotifyResult{}, nil
		}},
	}
	for what, change := range changes {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			replayer := newReplayer(t)
			replayer.RegisterWorkflowWithOptions(change.flow, workflow.RegisterOptions{Name: change.name})
			for _, r := range histories(t) {
				if r.workflow == change.name {
					require.ErrorContains(t, replayer.ReplayWorkflowHistory(quiet, r.history), nondeterminism, r.file)
				}
			}
		})
	}
}

// A run from before unknown signals were refused has taken no notice of one: it
// goes on so.
func TestAnUnknownSignalOfOldReplays(t *testing.T) {
	t.Parallel()
	for _, r := range histories(t) {
		if r.file != "v0/return-own-clock.json" {
			continue
		}
		replayer := newReplayer(t)
		workflows.Register(replayer)
		require.NoError(t, replayer.ReplayWorkflowHistory(quiet, withSignal(t, r, "refund-now")))
		// The same at the same place, under a name that is listened to, is noticed.
		require.ErrorContains(t, replayer.ReplayWorkflowHistory(quiet, withSignal(t, r, string(returns.CommandPause))), nondeterminism)
		return
	}
	require.Fail(t, "the history is missing")
}

// withSignal is a recorded history with one signal more, in a task of its own that
// did nothing, before its first timer fires.
func withSignal(t *testing.T, r recorded, name string) *historypb.History {
	t.Helper()
	at := slices.IndexFunc(r.history.GetEvents(), func(e *historypb.HistoryEvent) bool { return e.GetEventType() == enumspb.EVENT_TYPE_TIMER_FIRED })
	require.Positive(t, at)
	const more = 4
	moved := regexp.MustCompile(`"(?:\w*[eE]vent|activity|timer)Id": "\d+"`).ReplaceAllStringFunc(r.text, func(s string) string {
		field, number, _ := strings.Cut(s, ": ")
		id, err := strconv.Atoi(strings.Trim(number, `"`))
		require.NoError(t, err)
		if id > at {
			id += more
		}
		return fmt.Sprintf(`%s: "%d"`, field, id)
	})
	history, err := client.HistoryFromJSON(strings.NewReader(moved), client.HistoryJSONOptions{})
	require.NoError(t, err)
	first := int64(at) + 1
	added := []*historypb.HistoryEvent{
		{EventId: first, EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED, Attributes: &historypb.HistoryEvent_WorkflowExecutionSignaledEventAttributes{
			WorkflowExecutionSignaledEventAttributes: &historypb.WorkflowExecutionSignaledEventAttributes{SignalName: name},
		}},
		{EventId: first + 1, EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, Attributes: &historypb.HistoryEvent_WorkflowTaskScheduledEventAttributes{
			WorkflowTaskScheduledEventAttributes: &historypb.WorkflowTaskScheduledEventAttributes{},
		}},
		{EventId: first + 2, EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED, Attributes: &historypb.HistoryEvent_WorkflowTaskStartedEventAttributes{
			WorkflowTaskStartedEventAttributes: &historypb.WorkflowTaskStartedEventAttributes{ScheduledEventId: first + 1},
		}},
		{EventId: first + 3, EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED, Attributes: &historypb.HistoryEvent_WorkflowTaskCompletedEventAttributes{
			WorkflowTaskCompletedEventAttributes: &historypb.WorkflowTaskCompletedEventAttributes{ScheduledEventId: first + 1, StartedEventId: first + 2},
		}},
	}
	history.Events = slices.Insert(history.GetEvents(), at, added...)
	return history
}

// Histories are kept for ever, so they may not tell on whose machine they were
// recorded.
func TestHistoriesNameNoMachine(t *testing.T) {
	t.Parallel()
	for _, r := range histories(t) {
		for _, telling := range []string{`"identity"`, enumspb.TASK_QUEUE_KIND_STICKY.String()} {
			require.NotContains(t, r.text, telling, r.file)
		}
	}
}

// nondeterminism is Temporal's code for code that does not fit a history.
const nondeterminism = "TMPRL1100"

// names are what was registered, by its name.
type names map[string]any

func (n names) RegisterWorkflowWithOptions(flow any, o workflow.RegisterOptions) { n[o.Name] = flow }

func newReplayer(t *testing.T) worker.WorkflowReplayer {
	t.Helper()
	replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{DisableRegistrationAliasing: true})
	require.NoError(t, err)
	return replayer
}

// histories reads all of testdata anew: a replay may change what it is given.
func histories(t *testing.T) []recorded {
	t.Helper()
	folder := os.DirFS("testdata/histories")
	files, err := fs.Glob(folder, "*/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var all []recorded
	for _, file := range files {
		text, err := fs.ReadFile(folder, file)
		require.NoError(t, err)
		history, err := client.HistoryFromJSON(bytes.NewReader(text), client.HistoryJSONOptions{})
		require.NoError(t, err, file)
		started := history.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes()
		all = append(all, recorded{file: file, text: string(text), workflow: started.GetWorkflowType().GetName(), history: history})
	}
	return all
}
