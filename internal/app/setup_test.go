package app

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"returnbridge/config"
	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

const (
	demo    = "demo-gb"
	orderID = "576460000000000001"
)

// desk is one test's ledger with its clock, a Temporal that notes what it is
// told, and where the commands answer.
type desk struct {
	*house

	t        *testing.T
	now      time.Time
	temporal *temporalDouble
	said     *strings.Builder
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, now: noon, temporal: &temporalDouble{}, said: &strings.Builder{}}
	clock := func() time.Time { return d.now }
	l, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"), clock)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	cfg := &config.Config{Shops: []config.Shop{{Name: demo, ReturnGOKey: "main"}, {Name: "demo-de", ReturnGOKey: "main"}}}
	d.house = &house{cfg: cfg, log: zap.NewNop(), temporal: d.temporal, ledger: l, now: clock, waker: &waker{temporal: d.temporal, keys: returnGOKeys(cfg)}}
	d.temporal.all = func() (ids []string) {
		d.do(func(tx *ledger.Tx) error {
			for _, s := range cfg.Shops {
				open, err := tx.OpenReturns(t.Context(), s.Name)
				for _, key := range open {
					ids = append(ids, messages.ReturnID(s.Name, key))
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		return ids
	}
	return d
}

func (d *desk) out() Output { return Output{d.said, false} }

// text is what was said since the last time.
func (d *desk) text() string {
	defer d.said.Reset()
	return d.said.String()
}

// answer reads what a command says to programs.
func answer[T any](d *desk, run func(Output) error) T {
	d.t.Helper()
	var b strings.Builder
	require.NoError(d.t, run(Output{&b, true}))
	var v T
	require.NoError(d.t, json.Unmarshal([]byte(b.String()), &v))
	return v
}

func (d *desk) do(work func(*ledger.Tx) error) {
	d.t.Helper()
	require.NoError(d.t, d.ledger.Do(d.t.Context(), work))
}

// decided is a return as the rules left it.
func (d *desk) decided(shop string, key returns.Key, was ledger.Decided) {
	d.t.Helper()
	d.do(func(tx *ledger.Tx) error {
		r, err := tx.Load(d.t.Context(), shop, key)
		return errors.Join(err, tx.SaveDecision(d.t.Context(), shop, key, r, was))
	})
}

// waits is an RMA that waits for its order.
func (d *desk) waits(id, orderName string) {
	d.t.Helper()
	d.do(func(tx *ledger.Tx) error {
		return tx.SaveRMA(d.t.Context(), demo, returns.RMA{ID: id, OrderName: orderName, Status: returns.RMAApproved}, d.now)
	})
	d.decided(demo, returns.RMAKey(id), open1(returns.UnlinkedOrder, "order name "+orderName+" leads to no TikTok order", returns.Money{}))
}

// open1 is a decision with one exception.
func open1(kind returns.Kind, sentence string, amount returns.Money) ledger.Decided {
	return ledger.Decided{Stage: returns.StageException, Exceptions: []returns.Exception{returns.NewException(kind, sentence, amount)}}
}

func amount(t *testing.T, number, currency string) returns.Money {
	t.Helper()
	m, err := returns.NewMoney(number, currency)
	require.NoError(t, err)
	return m
}

// temporalDouble notes what it is told. Everything it is not made for panics.
type temporalDouble struct {
	client.Client

	updates []client.UpdateWorkflowOptions
	handle  updateDouble
	deaf    error // what an update meets on its way
	down    error // what a signal meets on its way
	signals []signalTold
	deafTo  string      // the one workflow that hears no signal
	told    func(n int) // after each signal
	running []string    // the workflows that run; of a desk, all if it is nil
	all     func() []string
	failing map[string][]string // what Temporal reports of workflows that cannot go on
	ended   map[string]enumspb.WorkflowExecutionStatus
	queries []string // how that was asked

	namespaceDouble
}

type signalTold struct {
	id, name string
	said     any
	options  client.StartWorkflowOptions
	args     []any
}

func (c *temporalDouble) UpdateWorkflow(_ context.Context, o client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	c.updates = append(c.updates, o)
	if c.deaf != nil {
		return nil, c.deaf
	}
	return c.handle, nil
}

func (c *temporalDouble) SignalWithStartWorkflow(_ context.Context, id, name string, said any, o client.StartWorkflowOptions, _ any, args ...any) (client.WorkflowRun, error) {
	if c.down != nil {
		return nil, c.down
	}
	if c.deafTo == id {
		return nil, errDeaf
	}
	c.signals = append(c.signals, signalTold{id, name, said, o, args})
	if c.told != nil {
		c.told(len(c.signals))
	}
	return nil, nil //nolint:nilnil // nobody looks at the run
}

type updateDouble struct {
	client.WorkflowUpdateHandle

	sentence string
	err      error
}

func (u updateDouble) Get(_ context.Context, into any) error {
	if s, ok := into.(*string); ok && u.err == nil {
		*s = u.sentence
	}
	return u.err
}
