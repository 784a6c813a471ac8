package e2e

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	querypb "go.temporal.io/api/query/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"returnbridge/local/demo"
)

// written is one text that outlives its use, and where it stands.
type written struct{ where, text string }

// notebook takes down every line of the log, from debug up.
type notebook struct {
	mu   sync.Mutex
	text strings.Builder
}

func (n *notebook) Write(line []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(line)
}

func (n *notebook) Sync() error { return nil }

func (n *notebook) logger() *zap.Logger {
	return zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), n, zapcore.DebugLevel))
}

func (n *notebook) lines() (all []written) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for line := range strings.Lines(n.text.String()) {
		all = append(all, written{"log", line})
	}
	return all
}

// ledgerTexts are all columns of all tables, and the raw bytes of the files:
// what was deleted or overwritten may still stand there.
func (h *house) ledgerTexts() (all []written) {
	h.t.Helper()
	db, err := sql.Open("sqlite", h.Config.Ledger)
	h.must(err)
	defer db.Close()
	for _, table := range h.rows(db, "SELECT name FROM sqlite_master WHERE type = 'table'") {
		name := table["name"]
		for _, row := range h.rows(db, `SELECT * FROM "`+name+`"`) { //nolint:unqueryvet // every column is meant
			for column, text := range row {
				all = append(all, written{"ledger " + name + "." + column, text})
			}
		}
	}
	files, err := filepath.Glob(h.Config.Ledger + "*")
	h.must(err)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		h.must(err)
		all = append(all, written{"file " + filepath.Base(file), string(raw)})
	}
	return all
}

func (h *house) rows(db *sql.DB, query string) (all []map[string]string) {
	h.t.Helper()
	rows, err := db.QueryContext(h.t.Context(), query)
	h.must(err)
	defer rows.Close()
	columns, err := rows.Columns()
	h.must(err)
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		h.must(rows.Scan(into...))
		row := map[string]string{}
		for i, v := range values {
			if raw, ok := v.([]byte); ok {
				v = string(raw)
			}
			row[columns[i]] = fmt.Sprint(v)
		}
		all = append(all, row)
	}
	h.must(rows.Err())
	return all
}

// workflowTexts are what the server keeps: of each run the listing (ids, search
// attributes, memo), the description (pending failures among it), the answer to
// the Web UI's question for current details, and the whole history.
func (h *house) workflowTexts() (all []written) {
	h.t.Helper()
	for _, run := range h.runs() {
		of := "workflow " + run.GetExecution().GetWorkflowId() + " "
		all = append(all, textsOf(of+"listing", run)...)
		described, err := h.Client.DescribeWorkflowExecution(h.t.Context(), run.GetExecution().GetWorkflowId(), run.GetExecution().GetRunId())
		h.must(err)
		all = append(all, textsOf(of+"description", described)...)
		if run.GetType().GetName() == "Return" {
			all = append(all, h.details(of, run.GetExecution())...)
		}
		events := h.Client.GetWorkflowHistory(h.t.Context(), run.GetExecution().GetWorkflowId(), run.GetExecution().GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for events.HasNext() {
			e, err := events.Next()
			h.must(err)
			all = append(all, textsOf(of+e.GetEventType().String(), e)...)
		}
	}
	schedules, err := h.Client.WorkflowService().ListSchedules(h.t.Context(), &workflowservice.ListSchedulesRequest{Namespace: h.Server.Namespace()})
	h.must(err)
	return append(all, textsOf("schedules", schedules)...)
}

func (h *house) details(of string, run *commonpb.WorkflowExecution) []written {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	answer, err := h.Client.WorkflowService().QueryWorkflow(ctx, &workflowservice.QueryWorkflowRequest{
		Namespace: h.Server.Namespace(), Execution: run, Query: &querypb.WorkflowQuery{QueryType: "__temporal_workflow_metadata"},
	})
	h.must(err)
	return textsOf(of+"details", answer)
}

func (h *house) runs() (all []*workflowpb.WorkflowExecutionInfo) {
	h.t.Helper()
	var next []byte
	for {
		page, err := h.Client.ListWorkflow(h.t.Context(), &workflowservice.ListWorkflowExecutionsRequest{PageSize: 200, NextPageToken: next})
		h.must(err)
		all = append(all, page.GetExecutions()...)
		if next = page.GetNextPageToken(); len(next) == 0 {
			return all
		}
	}
}

// textsOf are all strings and bytes in a message, payloads as they are.
func textsOf(where string, m proto.Message) (all []written) {
	walk(m.ProtoReflect(), func(text string) { all = append(all, written{where, text}) })
	return all
}

func walk(m protoreflect.Message, visit func(string)) {
	m.Range(func(field protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case field.IsMap():
			v.Map().Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
				visit(k.String())
				walkValue(field.MapValue(), v, visit)
				return true
			})
		case field.IsList():
			for i := range v.List().Len() {
				walkValue(field, v.List().Get(i), visit)
			}
		default:
			walkValue(field, v, visit)
		}
		return true
	})
}

func walkValue(field protoreflect.FieldDescriptor, v protoreflect.Value, visit func(string)) {
	switch field.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		walk(v.Message(), visit)
	case protoreflect.StringKind:
		visit(v.String())
	case protoreflect.BytesKind:
		visit(string(v.Bytes()))
	default:
	}
}

// configFile writes the house's configuration as a merchant would, for the
// commands that people type.
func (h *house) configFile() string {
	h.t.Helper()
	file := filepath.Join(h.t.TempDir(), "config.yaml")
	h.must(h.WriteConfig(file))
	return file
}

// as gives the house's options a log that is kept.
func (n *notebook) as(o *demo.HouseOptions) { o.Log = n.logger() }
