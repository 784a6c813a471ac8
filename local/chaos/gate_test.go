package chaos

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"google.golang.org/grpc"
)

// gate stands in a worker at every step boundary of a return: each transaction
// of the ledger (which is also after the one before), each call to a platform
// before it is sent and after it took effect, each answer to Temporal before and
// after it is given. There it asks the test whether to live on.
type gate struct {
	url, process string
	goroutines   sync.Map // goroutine → workflow whose activity it runs
	tasks        sync.Map // task token → workflow
}

// marks notes which goroutine runs which workflow's activity.
type marks struct {
	interceptor.InterceptorBase
	gate *gate
}

func (m *marks) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	in := &marksIn{gate: m.gate}
	in.Next = next
	return in
}

type marksIn struct {
	interceptor.ActivityInboundInterceptorBase
	gate *gate
}

func (in *marksIn) ExecuteActivity(ctx context.Context, args *interceptor.ExecuteActivityInput) (any, error) {
	info := activity.GetInfo(ctx)
	me := goroutine()
	in.gate.goroutines.Store(me, work{info.WorkflowExecution.ID, info.ActivityType.Name})
	defer in.gate.goroutines.Delete(me)
	return in.Next.ExecuteActivity(ctx, args)
}

// work is what is being done for which workflow.
type work struct{ workflow, task string }

// goroutine names the running goroutine: the ledger's clock and the transport
// are not told for whom they are asked.
func goroutine() string {
	line := make([]byte, 64)
	line, _, _ = bytes.Cut(line[:runtime.Stack(line, false)], []byte(" ["))
	return string(line)
}

// clock is the worker's clock. A transaction of the ledger looks at it once, just
// after its beginning.
func (g *gate) clock() time.Time {
	pc, _, _, ok := runtime.Caller(1)
	if ok && strings.HasSuffix(runtime.FuncForPC(pc).Name(), "/ledger.(*Ledger).Do") {
		g.here("in a ledger transaction")
	}
	return time.Now()
}

// RoundTrip makes it the way to the platforms.
func (g *gate) RoundTrip(req *http.Request) (*http.Response, error) {
	call := req.Method + " " + req.URL.Path
	g.here("before " + call)
	resp, err := http.DefaultTransport.RoundTrip(req)
	g.here("after " + call)
	return resp, err
}

func (g *gate) aroundTemporal(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	name := method[strings.LastIndexByte(method, '/')+1:]
	var about work
	switch r := req.(type) {
	case *workflowservice.RespondActivityTaskCompletedRequest:
		about = g.take(r.GetTaskToken())
	case *workflowservice.RespondWorkflowTaskCompletedRequest:
		about = g.take(r.GetTaskToken())
	case *workflowservice.SignalWithStartWorkflowExecutionRequest:
		about = g.mine()
	}
	g.ask(about, "before "+name)
	err := invoke(ctx, method, req, reply, cc, opts...)
	switch r := reply.(type) {
	case *workflowservice.PollActivityTaskQueueResponse:
		g.tasks.Store(string(r.GetTaskToken()), work{r.GetWorkflowExecution().GetWorkflowId(), r.GetActivityType().GetName()})
	case *workflowservice.PollWorkflowTaskQueueResponse:
		g.tasks.Store(string(r.GetTaskToken()), work{r.GetWorkflowExecution().GetWorkflowId(), "a workflow task"})
	}
	g.ask(about, "after "+name)
	return err
}

func (g *gate) take(token []byte) work {
	w, ok := g.tasks.LoadAndDelete(string(token))
	if !ok {
		return work{}
	}
	return w.(work)
}

func (g *gate) mine() work {
	w, ok := g.goroutines.Load(goroutine())
	if !ok {
		return work{}
	}
	return w.(work)
}

// here asks on behalf of the running activity.
func (g *gate) here(what string) { g.ask(g.mine(), what) }

// ask waits for the test's word. Of a worker that is to die here it hears no more.
func (g *gate) ask(w work, what string) {
	if w.workflow == "" {
		return
	}
	resp, err := http.PostForm(g.url, url.Values{"process": {g.process}, "workflow": {w.workflow}, "task": {w.task}, "at": {what}})
	if err != nil {
		_, _ = os.Stderr.WriteString("child: the test does not answer: " + err.Error() + "\n")
		os.Exit(1)
	}
	_ = resp.Body.Close()
}
