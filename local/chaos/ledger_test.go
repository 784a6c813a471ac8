package chaos

import (
	"database/sql"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"golang.org/x/sys/unix"

	"returnbridge/config"
	"returnbridge/internal/app"
	"returnbridge/internal/ledger"
	"returnbridge/internal/ledger/ledgertest"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
	"returnbridge/local/demo"
)

// Yesterday's ledger under today's Temporal: TikTok shows what it paid, and what
// nobody can prove, units put into stock, is asked of Operations.
func TestYesterdaysLedgerUnderTodaysTemporalMovesNothingTwice(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	h.TikTok.IgnoreIdempotencyKeys(true)
	h.until("the token is renewed", func() bool { return h.token().AccessExpires.After(time.Now()) }) // an old one dies with its renewal
	result := h.population(either(10, 30), 31, carried...)
	h.until("two units are being put into stock", func() bool { return len(h.TikTok.Books().InventoryWrites) >= 2 })
	backup := h.backUp()
	h.wantRight("before the backup was put back", <-result)
	h.afterSweep()
	h.must(h.RestoreLedger(t.Context(), backup))

	var open map[string][]string
	h.until("every return of the backup has ended or asks for its units", func() bool {
		open = h.openReturns()
		for _, asks := range open {
			if !slices.Contains(asks, string(returns.StockUnproven)) {
				return false
			}
		}
		return true
	})
	if len(open) == 0 {
		t.Error("no unit was in doubt: the backup lost nothing")
	}
	h.judgedAgain("after the backup was put back")
	for id := range open {
		h.must(h.Client.SignalWorkflow(t.Context(), id, "", string(returns.CommandResolve), returns.Command{
			Exception: returns.StockUnproven, Answer: returns.AnswerHandledManually, Reference: "stock count", Who: "operations", Why: "counted on the shelf",
		}))
	}
	h.until("every return has ended", func() bool { return len(h.openReturns()) == 0 })
	h.judgedAgain("after Operations answered")
	t.Logf("%d returns asked Operations whether their units are in stock", len(open))
}

func (h *house) judgedAgain(what string) {
	h.t.Helper()
	v, err := h.JudgeAgain(h.t.Context())
	h.must(err)
	h.wantRight(what, v)
}

func (h *house) token() (token ledger.Grant) {
	h.t.Helper()
	h.read(func(tx *ledger.Tx) (err error) {
		token, _, err = tx.GrantOf(h.t.Context(), demo.ShopName)
		return err
	})
	return token
}

// backUp copies the ledger while it is in use.
func (h *house) backUp() string {
	h.t.Helper()
	db, err := sql.Open("sqlite", h.Config.Ledger)
	h.must(err)
	defer db.Close()
	to := filepath.Join(h.t.TempDir(), "backup.db")
	_, err = db.ExecContext(h.t.Context(), "VACUUM INTO '"+to+"'")
	h.must(err)
	return to
}

// afterSweep waits until a sweep of TikTok has run from beginning to end.
func (h *house) afterSweep() {
	h.t.Helper()
	query := "WorkflowType = '" + messages.SweepTikTok + "' AND ExecutionStatus = 'Completed' AND StartTime > '" + time.Now().UTC().Format(time.RFC3339Nano) + "'"
	h.until("a sweep", func() bool {
		n, err := h.Count(h.t.Context(), query)
		h.must(err)
		return n > 0
	})
}

// openReturns are the returns that are under way, or that the ledger misses, by
// their workflow, with what they ask people.
func (h *house) openReturns() map[string][]string {
	h.t.Helper()
	open := map[string][]string{}
	ctx := h.t.Context()
	page, err := h.Client.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{PageSize: 1000, Query: "ExecutionStatus = 'Running' AND WorkflowType = 'Return'"})
	h.must(err)
	h.read(func(tx *ledger.Tx) error {
		keys, err := tx.Overdue(ctx, demo.ShopName, time.Now().AddDate(1, 0, 0))
		for _, e := range page.GetExecutions() {
			keys = append(keys, returns.Key(strings.TrimPrefix(e.GetExecution().GetWorkflowId(), messages.ReturnID(demo.ShopName, ""))))
		}
		for _, k := range keys {
			r, err := tx.Record(ctx, demo.ShopName, k)
			if err != nil {
				return err
			}
			open[messages.ReturnID(demo.ShopName, k)] = kinds(r.Open)
		}
		return err
	})
	return open
}

func kinds(open []returns.OpenException) (all []string) {
	for _, e := range open {
		all = append(all, string(e.Kind))
	}
	return all
}

// A full disk: nothing can be written to the ledger. Events are not acknowledged,
// nothing is sent that could not be noted, and all goes on when there is room.
func TestAFullDiskForAWhileLosesNothing(t *testing.T) {
	t.Parallel()
	h := openHouse(t, elsewhere)
	workers, starters := h.programs(1, 1, "")
	result := h.population(either(8, 30), 32)
	h.underWay(1)
	for _, c := range append(workers, starters...) {
		h.must(c.mayWrite(1024))
	}
	h.refusesEvents(20)
	for _, c := range append(workers, starters...) {
		h.must(c.mayWrite(unix.RLIM_INFINITY))
	}
	h.wantRight("the disk full for a while", <-result)
}

// mayWrite bounds the size of the files that the program writes.
func (c *child) mayWrite(bytes uint64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return unix.Prlimit(c.cmd.Process.Pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: bytes, Max: unix.RLIM_INFINITY}, nil)
}

// refusesEvents sends the receiver an event until it has refused it so often; the
// platform would send it again.
func (h *house) refusesEvents(times int) {
	h.t.Helper()
	event := `{"eventName":"RMA_STATUS_UPDATED","eventDate":"2026-03-02T12:00:00Z","rmaId":"1","status":"Approved"}`
	address := app.ReturnGOAddress("http://"+h.Config.Listen, demo.ShopName, h.Config.Shops[0].WebhookToken)
	h.until("events are refused", func() bool {
		resp, err := http.Post(address, "application/json", strings.NewReader(event))
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		if resp.StatusCode >= http.StatusInternalServerError {
			times--
		}
		return times <= 0
	})
}

// PostgreSQL is gone for a while, without a word to anybody, at the moment in
// which TikTok's stock was set: what was committed before the call must not be
// forgotten, though this cluster's setting allows it (synchronous_commit off).
func TestTheDatabaseGoneForAWhileLosesNothing(t *testing.T) {
	t.Parallel()
	dsn, stop, start := ledgertest.OwnPostgres(t)
	h := openHouse(t, configured(func(c *config.Config) { c.Ledger = dsn }))
	result := h.population(either(8, 30), 33)
	seen := 0
	for range either(2, 5) {
		h.until("stock is set", func() bool { return h.stockSet() > seen })
		h.must(stop())
		seen = h.stockSet()
		h.refusesEvents(20)
		h.must(start())
	}
	h.wantRight("PostgreSQL gone for a while", <-result)
}

// PostgreSQL is stopped hard just after money or stock has moved, every 10 to 30 seconds
// (the short form does not wait so long), under workers and a starter that run on: nothing is lost and
// nothing moves twice, also in stock.
func TestPostgreSQLStoppedHardAgainAndAgainLosesNothing(t *testing.T) {
	t.Parallel()
	dsn, stop, start := ledgertest.OwnPostgres(t)
	h := openHouse(t, elsewhere, configured(func(c *config.Config) { c.Ledger = dsn }))
	h.programs(2, 1, "")
	result := h.populationOf(demo.RunOptions{Returns: either(6, 60), Seed: 35, AtOnce: either(6, 8), Scenarios: either(carried[:3], nil)})
	random := rand.New(rand.NewPCG(5, 6))
	stops, most := 0, either(2, 8)
	shortest := either(2*time.Second, 10*time.Second)
	for {
		runs := time.NewTimer(shortest + time.Duration(random.Int64N(int64(2*shortest))))
		select {
		case v := <-result:
			runs.Stop()
			h.wantRight("PostgreSQL stopped hard again and again", v)
			if t.Logf("PostgreSQL was stopped %d times", stops); stops < either(1, 3) {
				t.Errorf("PostgreSQL was stopped only %d times while returns were under way", stops)
			}
			return
		case <-runs.C:
		}
		if stops < most { // so that the returns end
			h.movesAgain()
			h.must(stop())
			h.refusesEvents(5)
			h.must(start())
			stops++
		}
	}
}

// movesAgain waits for the next movement of money or stock, while there is one to come:
// what was committed just before must not be forgotten.
func (h *house) movesAgain() {
	moved := func() int { return h.stockSet() + len(h.refunds()) }
	before := moved()
	_ = demo.Until(h.t.Context(), 10*time.Second, "a movement", func() (bool, error) { return moved() > before, nil })
}

// stockSet counts the changes of TikTok's stock by calls.
func (h *house) stockSet() int {
	n := 0
	for _, m := range h.TikTok.Books().Journal {
		if m.CallRequestID != "" {
			n++
		}
	}
	return n
}
