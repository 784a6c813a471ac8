package devserver_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/grpc"

	"returnbridge/local/devserver"
)

const (
	queue  = "devserver-test"
	signal = "name"
	// patience bounds every wait of a test, for machines that do much else.
	patience = time.Minute
)

var shop = temporal.NewSearchAttributeKeyKeyword("TestShop")

// Greeting waits for a name and has an activity greet it.
func Greeting(ctx workflow.Context) (string, error) {
	var name string
	workflow.GetSignalChannel(ctx, signal).Receive(ctx, &name)
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: patience})
	var greeting string
	err := workflow.ExecuteActivity(ctx, Greet, name).Get(ctx, &greeting)
	return greeting, err
}

func Greet(_ context.Context, name string) (string, error) { return "hello " + name, nil }

// ThreeDays waits for three days.
func ThreeDays(ctx workflow.Context) (time.Duration, error) {
	begin := workflow.Now(ctx)
	err := workflow.Sleep(ctx, 72*time.Hour)
	return workflow.Now(ctx).Sub(begin), err
}

func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience) //nolint:usetesting // clean-up outlives the context of the test
	t.Cleanup(cancel)
	return ctx
}

func start(t *testing.T, opts devserver.Options) *devserver.Server {
	t.Helper()
	server, err := devserver.Start(deadline(t), opts)
	require.NoError(t, err)
	t.Cleanup(server.Stop)
	return server
}

func dial(t *testing.T, server *devserver.Server, interceptors ...grpc.UnaryClientInterceptor) client.Client {
	t.Helper()
	c, err := client.DialContext(deadline(t), client.Options{
		HostPort:  server.Address(),
		Namespace: server.Namespace(),
		Logger:    log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		ConnectionOptions: client.ConnectionOptions{
			DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(interceptors...)},
		},
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// work runs a worker until the returned function is called or the test ends.
func work(t *testing.T, c client.Client) (stop func()) {
	t.Helper()
	w := worker.New(c, queue, worker.Options{})
	w.RegisterWorkflow(Greeting)
	w.RegisterWorkflow(ThreeDays)
	w.RegisterActivity(Greet)
	require.NoError(t, w.Start())
	stopped := false
	stop = func() {
		if !stopped {
			w.Stop()
		}
		stopped = true
	}
	t.Cleanup(stop)
	return stop
}

func options(id string) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{ID: id, TaskQueue: queue}
}

func TestOneWorkflow(t *testing.T) { //nolint:tparallel // its parts look at one server, in order
	t.Parallel()
	core, lines := observer.New(zapcore.DebugLevel)
	begin := time.Now()
	server := start(t, devserver.Options{Logger: zap.New(core)})
	ready := time.Since(begin)
	c := dial(t, server)
	stopWork := work(t, c)
	ctx := deadline(t)

	run, err := c.SignalWithStartWorkflow(ctx, "greeting", signal, "ada", options("greeting"), Greeting)
	require.NoError(t, err)
	var greeting string
	require.NoError(t, run.Get(ctx, &greeting))
	require.Equal(t, "hello ada", greeting)
	t.Logf("server ready after %v, first workflow done after %v", ready, time.Since(begin))

	t.Run("counts its actions", func(t *testing.T) {
		figures, err := server.Figures(ctx)
		require.NoError(t, err)
		require.Equal(t, devserver.Figures{
			Actions: map[string]float64{
				"grpc_SignalWithStartWorkflowExecution": 1,
				"command_ScheduleActivityTask":          1,
			},
			ActionsTotal: 2,
		}, figures)
	})
	t.Run("its history can be replayed", func(t *testing.T) {
		var text bytes.Buffer
		require.NoError(t, devserver.ExportHistory(ctx, c, run.GetID(), "", &text))
		host, err := os.Hostname()
		require.NoError(t, err)
		require.NotContains(t, text.String(), host)
		history, err := client.HistoryFromJSON(&text, client.HistoryJSONOptions{})
		require.NoError(t, err)
		replayer := worker.NewWorkflowReplayer()
		replayer.RegisterWorkflow(Greeting)
		require.NoError(t, replayer.ReplayWorkflowHistory(nil, history))
	})
	t.Run("the Web UI answers", func(t *testing.T) {
		require.Equal(t, http.StatusOK, statusOf(ctx, t, server.UIURL()+"/"))
		require.Equal(t, http.StatusOK, statusOf(ctx, t, server.UIURL()+"/api/v1/namespaces/default/workflows"))
	})
	t.Run("closed workflows are kept for a month", func(t *testing.T) {
		namespace, err := c.WorkflowService().DescribeNamespace(ctx,
			&workflowservice.DescribeNamespaceRequest{Namespace: server.Namespace()})
		require.NoError(t, err)
		require.Equal(t, 30*24*time.Hour, namespace.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration())
	})
	t.Run("the export of no workflow is an error", func(t *testing.T) {
		require.ErrorContains(t, devserver.ExportHistory(ctx, c, "nobody", "", &bytes.Buffer{}), "nobody")
	})

	stopWork()
	c.Close()
	server.Stop()
	server.Stop() // twice is once
	requireFree(t, server.Address(), server.UIURL(), server.MetricsURL())
	requireSilence(t, lines)
}

func TestSearchAttributeIsUsableAtOnce(t *testing.T) {
	t.Parallel()
	server := start(t, devserver.Options{UIPort: devserver.NoUI})
	require.Empty(t, server.UIURL())
	c := dial(t, server)
	ctx := deadline(t)

	_, err := c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: server.Namespace(),
		SearchAttributes: map[string]enumspb.IndexedValueType{
			shop.GetName(): enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		},
	})
	require.NoError(t, err)
	startForShop(ctx, t, c)
}

func startForShop(ctx context.Context, t *testing.T, c client.Client) {
	t.Helper()
	opts := options("of a shop")
	opts.TypedSearchAttributes = temporal.NewSearchAttributes(shop.ValueSet("tea"))
	run, err := c.ExecuteWorkflow(ctx, opts, Greeting)
	require.NoError(t, err)
	found, err := c.DescribeWorkflow(ctx, run.GetID(), run.GetRunID())
	require.NoError(t, err)
	value, ok := found.TypedSearchAttributes.GetKeyword(shop)
	require.True(t, ok)
	require.Equal(t, "tea", value)
}

func TestFileKeepsOpenWorkflows(t *testing.T) {
	t.Parallel()
	// Characters with a meaning in a URI, which the file's name becomes.
	file := filepath.Join(t.TempDir(), "a folder 100%25?", "temporal.db")
	core, lines := observer.New(zapcore.DebugLevel)
	opts := devserver.Options{
		DatabaseFile: file, UIPort: devserver.NoUI, Namespace: "kept", Logger: zap.New(core),
	}
	ctx := deadline(t)

	first := start(t, opts)
	c := dial(t, first)
	run, err := c.ExecuteWorkflow(ctx, options("open"), Greeting)
	require.NoError(t, err)
	stopWork := work(t, c)
	waitForFirstTask(ctx, t, c, run)
	require.FileExists(t, file+"-wal", "writes ahead")
	stopWork()
	c.Close()
	first.Stop()
	require.FileExists(t, file)

	opts.SearchAttributes = map[string]enumspb.IndexedValueType{
		shop.GetName(): enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	}
	second := start(t, opts)
	c = dial(t, second)
	stopWork = work(t, c)
	require.NoError(t, c.SignalWorkflow(ctx, run.GetID(), run.GetRunID(), signal, "grace"))
	var greeting string
	require.NoError(t, c.GetWorkflow(ctx, run.GetID(), run.GetRunID()).Get(ctx, &greeting))
	require.Equal(t, "hello grace", greeting)
	startForShop(ctx, t, c)
	stopWork()
	second.Stop()
	for _, line := range lines.All() { // a slow disk gives reason to warn
		t.Logf("server: %s %s %v", line.Level, line.Message, line.ContextMap())
	}
}

// waitForFirstTask returns when a worker has taken the workflow to its wait.
func waitForFirstTask(ctx context.Context, t *testing.T, c client.Client, run client.WorkflowRun) {
	t.Helper()
	events := c.GetWorkflowHistory(ctx, run.GetID(), run.GetRunID(), true, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(t, err)
		if event.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			return
		}
	}
	t.Fatal("the workflow ended instead of waiting")
}

func TestTimeSkipping(t *testing.T) {
	t.Parallel()
	server := start(t, devserver.Options{UIPort: devserver.NoUI, TimeSkipping: true})
	c := dial(t, server, devserver.TimeSkippingInterceptor())
	work(t, c)
	ctx := deadline(t)

	run, err := c.ExecuteWorkflow(ctx, options("three days"), ThreeDays)
	require.NoError(t, err)
	var waited time.Duration
	require.NoError(t, run.Get(ctx, &waited))
	require.GreaterOrEqual(t, waited, 72*time.Hour)
}

func TestBusyPort(t *testing.T) {
	t.Parallel()
	for name, with := range map[string]func(*devserver.Options, int){
		"frontend": func(o *devserver.Options, port int) { o.FrontendPort = port },
		"Web UI":   func(o *devserver.Options, port int) { o.UIPort = port },
		"metrics":  func(o *devserver.Options, port int) { o.MetricsPort = port },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			busy, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			defer func() { _ = busy.Close() }()
			port := busy.Addr().(*net.TCPAddr).Port

			var opts devserver.Options
			with(&opts, port)
			_, err = devserver.Start(deadline(t), opts)
			require.ErrorContains(t, err, name+" port "+strconv.Itoa(port)+" is not free")
		})
	}
}

func TestFailedStartIsRolledBack(t *testing.T) {
	t.Parallel()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := free.Addr().(*net.TCPAddr)
	require.NoError(t, free.Close())

	_, err = devserver.Start(deadline(t), devserver.Options{
		FrontendPort: address.Port,
		// A fourth of this type has no room: the last step but one fails.
		SearchAttributes: map[string]enumspb.IndexedValueType{
			"A": enumspb.INDEXED_VALUE_TYPE_BOOL, "B": enumspb.INDEXED_VALUE_TYPE_BOOL,
			"C": enumspb.INDEXED_VALUE_TYPE_BOOL, "D": enumspb.INDEXED_VALUE_TYPE_BOOL,
		},
	})
	require.ErrorContains(t, err, "search attributes")
	requireFree(t, address.String())
}

func TestCancelledStart(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := devserver.Start(ctx, devserver.Options{})
	require.ErrorIs(t, err, context.Canceled)
}

// requireSilence is what a person at a terminal wants of a healthy server.
func requireSilence(t *testing.T, lines *observer.ObservedLogs) {
	t.Helper()
	for _, line := range lines.All() {
		t.Errorf("unwanted line: %s %s %v", line.Level, line.Message, line.ContextMap())
	}
}

// requireFree proves that nothing listens any more.
func requireFree(t *testing.T, addresses ...string) {
	t.Helper()
	for _, address := range addresses {
		address = strings.TrimSuffix(strings.TrimPrefix(address, "http://"), "/metrics")
		listener, err := net.Listen("tcp", address)
		require.NoError(t, err)
		require.NoError(t, listener.Close())
	}
}

func statusOf(ctx context.Context, t *testing.T, url string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response.StatusCode
}

// ownGoroutines are the stacks that run code of this package.
func ownGoroutines() []string {
	text := make([]byte, 16<<20)
	text = text[:runtime.Stack(text, true)]
	var own []string
	for stack := range strings.SplitSeq(string(text), "\n\n") {
		if strings.Contains(stack, "returnbridge/local/devserver.") {
			own = append(own, stack)
		}
	}
	return own
}

func TestMain(m *testing.M) {
	code := m.Run()
	if left := ownGoroutines(); len(left) > 0 {
		fmt.Fprintln(os.Stderr, "goroutines left after every server was stopped:\n"+strings.Join(left, "\n\n"))
		code = 1
	}
	if code != 0 {
		os.Exit(code)
	}
}
