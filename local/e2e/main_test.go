package e2e

import (
	"context"
	"encoding/gob"
	"errors"
	"flag"
	"io"
	"log/slog"
	"os"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/workflow"
	"go.uber.org/zap"

	"returnbridge/config"
	"returnbridge/internal/app"
)

// workerFile names the file that makes this binary a worker instead of a test.
const workerFile = "RETURNBRIDGE_E2E_WORKER"

// atOnce is how many tests run beside each other: they mostly wait.
const atOnce = "4"

func TestMain(m *testing.M) {
	if file := os.Getenv(workerFile); file != "" { //nolint:forbidigo // says that this process is no test
		if err := runWorker(file); err != nil {
			_, _ = os.Stderr.WriteString("worker: " + err.Error() + "\n")
			os.Exit(1)
		}
		return
	}
	flag.Parse()
	if err := flag.Set("test.parallel", atOnce); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// workerOrder is all that a worker in a process of its own must know.
type workerOrder struct {
	Address, Namespace string
	Config             *config.Config
}

// runWorker is a worker's main. It ends with its standard input: a test that
// dies leaves no worker behind.
func runWorker(file string) error {
	raw, err := os.Open(file)
	if err != nil {
		return err
	}
	defer raw.Close()
	var order workerOrder
	if err := gob.NewDecoder(raw).Decode(&order); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	c, err := client.DialContext(ctx, client.Options{
		HostPort: order.Address, Namespace: order.Namespace, Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		Interceptors: []interceptor.ClientInterceptor{&shortAttempts{}},
	})
	if err != nil {
		return err
	}
	defer c.Close()
	err = app.Worker(ctx, order.Config, app.Deps{Temporal: c, Namespace: order.Namespace, Log: zap.NewNop()})
	return errors.Join(err, ctx.Err())
}

// attemptLimit is how soon the server gives a killed worker's activity to
// another. In production it is two minutes; here every period is shortened.
const attemptLimit = 8 * time.Second

// shortAttempts shortens every activity's limit to attemptLimit.
type shortAttempts struct {
	interceptor.InterceptorBase
}

func (*shortAttempts) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	in := &shortAttemptsIn{}
	in.Next = next
	return in
}

type shortAttemptsIn struct {
	interceptor.WorkflowInboundInterceptorBase
}

func (in *shortAttemptsIn) Init(next interceptor.WorkflowOutboundInterceptor) error {
	out := &shortAttemptsOut{}
	out.Next = next
	return in.Next.Init(out)
}

type shortAttemptsOut struct {
	interceptor.WorkflowOutboundInterceptorBase
}

func (out *shortAttemptsOut) ExecuteActivity(ctx workflow.Context, activity string, args ...any) workflow.Future {
	options := workflow.GetActivityOptions(ctx)
	options.StartToCloseTimeout = attemptLimit
	return out.Next.ExecuteActivity(workflow.WithActivityOptions(ctx, options), activity, args...)
}
