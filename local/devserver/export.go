package devserver

import (
	"context"
	"fmt"
	"io"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// ExportHistory writes what has happened in one run so far, as the JSON which
// worker.WorkflowReplayer and client.HistoryFromJSON read. An empty runID means
// the latest run. Payloads stay as the server holds them: encrypted, if the
// client encrypts, and then the replay needs the same converter. What names the
// machine is left out: exported histories are kept beside the code.
func ExportHistory(ctx context.Context, c client.Client, workflowID, runID string, w io.Writer) error {
	history := &historypb.History{}
	events := c.GetWorkflowHistory(ctx, workflowID, runID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return fmt.Errorf("read history of workflow %s: %w", workflowID, err)
		}
		forgetMachine(event)
		history.Events = append(history.Events, event)
	}
	text, err := temporalproto.CustomJSONMarshalOptions{Indent: "  "}.Marshal(history)
	if err != nil {
		return fmt.Errorf("encode history of workflow %s: %w", workflowID, err)
	}
	if _, err := w.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("write history of workflow %s: %w", workflowID, err)
	}
	return nil
}

// forgetMachine takes the host's name out of an event: a worker's and a client's
// identity are process@host, and a worker's own task queue begins with the host.
// No replay looks at either.
func forgetMachine(event *historypb.HistoryEvent) {
	event.ProtoReflect().Range(func(_ protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if attributes, ok := v.Interface().(protoreflect.Message); ok {
			if identity := attributes.Descriptor().Fields().ByName("identity"); identity != nil {
				attributes.Clear(identity)
			}
		}
		return true
	})
	if queue := event.GetWorkflowTaskScheduledEventAttributes().GetTaskQueue(); queue.GetKind() == enumspb.TASK_QUEUE_KIND_STICKY {
		queue.Kind, queue.Name, queue.NormalName = enumspb.TASK_QUEUE_KIND_NORMAL, queue.GetNormalName(), ""
	}
}
