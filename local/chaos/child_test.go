package chaos

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/workflow"
	"go.uber.org/zap"
	"google.golang.org/grpc"

	"returnbridge/config"
	"returnbridge/internal/app"
)

// childFile names the file that makes this binary a worker or a starter instead
// of a test.
const childFile = "RETURNBRIDGE_CHAOS_CHILD"

// order is all that a program in a process of its own must know.
type order struct {
	Name               string // of the process
	Starter            bool   // else a worker
	Address, Namespace string
	Config             *config.Config
	Boundaries         string        // where to ask before each step whether to live on; empty: nobody asks
	Ahead              time.Duration // of the program's clock; negative is behind
}

// runChild is a worker's or a starter's main. It ends with its standard input: a
// test that dies leaves nobody behind.
func runChild(file string) error {
	raw, err := os.Open(file)
	if err != nil {
		return err
	}
	defer raw.Close()
	var o order
	if err := gob.NewDecoder(raw).Decode(&o); err != nil {
		return err
	}
	signal.Ignore(syscall.SIGXFSZ) // a file that may not grow is a full disk, and no reason to die
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	options := client.Options{
		HostPort: o.Address, Namespace: o.Namespace, Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		Interceptors: []interceptor.ClientInterceptor{&shortAttempts{}},
	}
	deps := app.Deps{Namespace: o.Namespace, Log: zap.NewNop(), Now: func() time.Time { return time.Now().Add(o.Ahead) }}
	if o.Boundaries != "" {
		g := &gate{url: o.Boundaries, process: o.Name}
		options.Interceptors = append(options.Interceptors, &marks{gate: g})
		options.ConnectionOptions.DialOptions = []grpc.DialOption{grpc.WithChainUnaryInterceptor(g.aroundTemporal)}
		deps.Now, deps.Platforms = g.clock, g
	}
	if deps.Temporal, err = client.DialContext(ctx, options); err != nil {
		return err
	}
	defer deps.Temporal.Close()
	run := app.Worker
	if o.Starter {
		run = app.Serve
	}
	return errors.Join(run(ctx, o.Config, deps), ctx.Err())
}

// typedWords has this binary be the starter's command with these words, one a line.
const typedWords = "RETURNBRIDGE_CHAOS_TYPED"

// types runs a command of the starter as a person would, in a process of its own.
func (h *house) types(words ...string) {
	h.t.Helper()
	file := filepath.Join(h.t.TempDir(), "config.yaml")
	h.must(h.WriteConfig(file))
	exe, err := os.Executable()
	h.must(err)
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), typedWords+"="+strings.Join(append(words, "--config", file), "\n"), //nolint:forbidigo // passed on to a process of our own
		"TEMPORAL_ADDRESS="+h.Server.Address(), "TEMPORAL_NAMESPACE="+h.Server.Namespace())
	if said, err := cmd.CombinedOutput(); err != nil {
		h.t.Fatalf("starter %s: %v: %s", words, err, said)
	}
}

// attemptLimit is how soon the server gives a killed worker's activity to
// another. In production it is a minute; here every period is shortened.
const attemptLimit = 5 * time.Second

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
	options.StartToCloseTimeout, options.HeartbeatTimeout = attemptLimit, 0
	return out.Next.ExecuteActivity(workflow.WithActivityOptions(ctx, options), activity, args...)
}

// child is a worker or a starter in a process of its own. It can be killed and
// started again.
type child struct {
	t    *testing.T
	file string

	mu      sync.Mutex
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	ended   bool  // for good
	crashed error // it ended by itself
}

func newChild(t *testing.T, o order) *child {
	t.Helper()
	c := &child{t: t, file: filepath.Join(t.TempDir(), o.Name)}
	file, err := os.OpenFile(c.file, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	// Not JSON: a configuration never writes its secrets there.
	if err := errors.Join(gob.NewEncoder(file).Encode(o), file.Close()); err != nil {
		t.Fatal(err)
	}
	c.start()
	t.Cleanup(c.end)
	return c
}

// start runs this test's binary as the program.
func (c *child) start() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended || c.cmd != nil {
		return
	}
	exe, err := os.Executable()
	if err != nil {
		c.crashed = err
		return
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childFile+"="+c.file) //nolint:forbidigo // passed on to a process of our own
	cmd.Stderr = os.Stderr
	if c.stdin, err = cmd.StdinPipe(); err == nil {
		err = cmd.Start()
	}
	if err != nil {
		c.crashed = err
		return
	}
	c.cmd = cmd
}

// kill gives it no chance to end in order.
func (c *child) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cmd == nil {
		return
	}
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
	_ = c.stdin.Close()
	if c.cmd.ProcessState.Exited() { // by itself, before we came
		c.crashed = fmt.Errorf("%s ended by itself: %s", filepath.Base(c.file), c.cmd.ProcessState)
	}
	c.cmd = nil
}

func (c *child) killAndRestart() {
	c.kill()
	c.start()
}

// end kills it for good and tells whether it ever ended by itself.
func (c *child) end() {
	c.kill()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	if c.crashed != nil {
		c.t.Error(c.crashed)
		c.crashed = nil
	}
}
