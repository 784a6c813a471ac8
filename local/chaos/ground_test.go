package chaos

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"

	"returnbridge/config"
	"returnbridge/internal/app"
	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/local/demo"
)

// A second worker with another ledger would pay and restock what the first has paid
// and restocked: it is refused at its start, and one that works all the same is named
// by check.
func TestASecondWorkerWithAnotherLedgerIsRefusedAndNamed(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	deps := app.Deps{Temporal: h.Client, Namespace: h.Server.Namespace(), Log: zap.NewNop()}
	h.until("the house's own worker is seen by check", func() bool { return strings.Contains(h.check(deps), "takes work from 5 task queues") })

	own := *h.Config
	own.Ledger = filepath.Join(t.TempDir(), "other.db")
	other, err := ledger.Open(t.Context(), own.Ledger, time.Now)
	h.must(err)
	h.must(other.Close())
	for name, run := range map[string]func(context.Context, *config.Config, app.Deps) error{"worker": app.Worker, "starter": app.Serve} {
		err := run(t.Context(), &own, deps)
		if err == nil || !strings.Contains(err.Error(), "belongs to the ledger ") || !strings.Contains(err.Error(), other.ID()) {
			t.Errorf("a %s with another ledger: %v", name, err)
		}
	}

	// One of a version that does not ask whose the namespace is.
	w := worker.New(h.Client, messages.QueueStock(demo.ShopName), worker.Options{DisableWorkflowWorker: true, Identity: "ledger " + other.ID() + ", worker elsewhere"})
	h.must(w.Start())
	defer w.Stop()
	h.until("the other worker is named by check", func() bool {
		return strings.Contains(h.check(deps), "a worker with another ledger, or of another version, takes work from "+messages.QueueStock(demo.ShopName)+`: "ledger `+other.ID())
	})
}

// check is what people read who run the command of that name.
func (h *house) check(deps app.Deps) string {
	h.t.Helper()
	file := filepath.Join(h.t.TempDir(), "config.yaml")
	h.must(h.WriteConfig(file))
	var b strings.Builder
	_ = app.Check(h.t.Context(), file, deps, app.Output{Writer: &b}) // its problems are in the text
	return b.String()
}

// Temporal forgets everything under programs that go on running: they make again
// what is missing there, and all returns are carried again.
func TestTemporalWipedUnderRunningProgramsLeavesEveryFigureRight(t *testing.T) {
	onlyLong(t)
	t.Parallel()
	h := openHouse(t)
	result := h.population(either(10, 40), 25, carried...)
	h.underWay(2)
	h.must(h.RestartTemporal(t.Context()))
	h.wantRight("Temporal wiped under running programs", <-result)
}
