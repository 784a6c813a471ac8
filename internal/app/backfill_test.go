package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// ListWorkflow gives what runs, a few a page.
func (c *temporalDouble) ListWorkflow(_ context.Context, r *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	c.queries = append(c.queries, r.GetQuery())
	if strings.Contains(r.GetQuery(), reportedProblems) {
		return c.reported()
	}
	running := c.running
	if running == nil && c.all != nil {
		running = c.all()
	}
	from := 0
	_, _ = fmt.Sscan(string(r.GetNextPageToken()), &from) // none: the first
	page := &workflowservice.ListWorkflowExecutionsResponse{}
	for i := from; i < min(from+2, len(running)); i++ {
		page.Executions = append(page.Executions, &workflowpb.WorkflowExecutionInfo{Execution: &commonpb.WorkflowExecution{WorkflowId: running[i]}})
	}
	if from+2 < len(running) {
		page.NextPageToken = []byte(fmt.Sprint(from + 2))
	}
	return page, c.down
}

// rma and tiktokCase are rows of the platforms' lists.
func rmaRow(id, status string) string {
	return fmt.Sprintf(`{"rmaId":"%s","status":"%s","order_name":"#%[1]s"}`, id, status)
}

func tiktokCase(id string, deadline time.Time) string {
	actions := "[]"
	if !deadline.IsZero() {
		actions = fmt.Sprintf(`[{"action":"SELLER_RESPOND_RETURN","deadline":%d}]`, deadline.Unix())
	}
	return fmt.Sprintf(`{"return_id":"%s","order_id":"57600000000000%s","return_status":"RETURN_OR_REFUND_REQUEST_PENDING","seller_next_action_response":%s}`, id, id, actions)
}

// newLoss is a shop of which something is open everywhere, and something settled.
func newLoss(t *testing.T) *platforms {
	t.Helper()
	p := newPlatforms(t, demo)
	p.rmas = `{"rmas":[` + strings.Join([]string{rmaRow("1", "Pending"), rmaRow("2", "Received"), rmaRow("3", "Approved"), rmaRow("4", "Validated")}, ",") + `]}`
	edited := strings.Replace(tiktokCase("9104", noon), `"order_id"`, `"next_return_id":"9105","order_id"`, 1)
	p.cases = `{"code":0,"data":{"return_orders":[` + strings.Join([]string{tiktokCase("9101", time.Time{}), tiktokCase("9102", noon.Add(2*time.Hour)), tiktokCase("9103", noon.Add(time.Hour)), edited}, ",") + `]}}`
	p.enter(returns.RMAKey("5"), ledger.Decided{Stage: returns.StageException}) // the ledger alone knows it
	p.enter(returns.RMAKey("4"), ledger.Decided{Closed: true})                  // settled, though ReturnGO never closed it
	p.enter(returns.RMAKey("6"), ledger.Decided{Closed: true})
	p.enter(returns.TikTokKey("9101"), ledger.Decided{Closed: true})
	p.temporal.running = []string{"RefreshToken/demo-gb", messages.ReturnID(demo, returns.RMAKey("2")), "stock/demo-gb/7"}
	return p
}

func (p *platforms) enter(key returns.Key, d ledger.Decided) {
	p.t.Helper()
	ctx := p.t.Context()
	require.NoError(p.t, p.ledger.Do(ctx, func(tx *ledger.Tx) error {
		r, err := tx.Load(ctx, demo, key)
		return errors.Join(err, tx.SaveDecision(ctx, demo, key, r, d))
	}))
}

// started are the workflows that were told, in their order.
func (p *platforms) started() []string {
	var ids []string
	for _, s := range p.temporal.signals {
		ids = append(ids, s.id)
	}
	p.temporal.signals = nil
	return ids
}

func wants(ids ...string) []string {
	var all []string
	for _, id := range ids {
		all = append(all, "return/demo-gb/"+id)
	}
	return all
}

func TestABackfillTakesUpWhatNobodyCarries(t *testing.T) {
	t.Parallel()
	p := newLoss(t)
	require.NoError(t, p.backfill(t.Context(), "", false, backfillPace{}, p.out()))
	require.Empty(t, p.started(), "a preview starts nothing")
	require.Equal(t, []string{"ExecutionStatus = 'Running' AND Shop = 'demo-gb'", "ExecutionStatus = 'Running' AND Shop = 'demo-gb'"}, p.temporal.queries, "all pages are read")
	said := p.text()
	require.Contains(t, said, "demo-gb: open are 4 RMAs at ReturnGO, 3 returns at TikTok, 1 return in the ledger.\n  1 of them is carried; nobody carries 5. Their first looks take 3 calls of ReturnGO's daily quota.\n")
	require.Contains(t, said, "Nothing was started: add --yes to do it.")
	require.NoError(t, p.backfill(t.Context(), demo, true, backfillPace{}, p.out()))
	for _, s := range p.temporal.signals {
		require.Equal(t, messages.News{History: true}, s.said, "it may wait for its calls")
	}
	require.Equal(t, wants("1", "3", "tiktok/9103", "tiktok/9102", "5"), p.started(), "the soonest deadline first, what has ended not at all")
	require.Contains(t, p.text(), "Started: 5 returns.")
	p.rmas, p.cases = `{"rmas":[]}`, `{"code":0,"data":{}}`
	p.temporal.running = wants("5")
	require.NoError(t, p.backfill(t.Context(), demo, true, backfillPace{}, p.out()))
	require.Empty(t, p.started())
	require.Contains(t, p.text(), "Nothing is missing.")
	require.Empty(t, p.wrote(), "nothing is written at the platforms")
}

// What is owed to the stock has a writer again.
func TestABackfillWakesTheWritersOfStock(t *testing.T) {
	t.Parallel()
	p := newLoss(t)
	owed := func(unit, product string) returns.Restock {
		return returns.Restock{Unit: returns.NewUnitID(unit, ""), ProductID: product, SKUID: product + "1", WarehouseID: "7000000000000000010", State: returns.RestockOwed}
	}
	p.enter(returns.RMAKey("5"), ledger.Decided{Stage: returns.StageException, Restocks: []returns.Restock{owed("11", "7"), owed("12", "8"), owed("13", "8")}})
	skipped := owed("14", "9")
	p.enter(returns.RMAKey("5"), ledger.Decided{Stage: returns.StageException, Restocks: []returns.Restock{skipped}})
	skipped.State = returns.RestockSkipped
	p.enter(returns.RMAKey("5"), ledger.Decided{Stage: returns.StageException, Restocks: []returns.Restock{skipped}})
	p.temporal.running = []string{messages.StockID(demo, "7")}
	require.NoError(t, p.backfill(t.Context(), "", false, backfillPace{}, p.out()))
	require.Contains(t, p.text(), "1 product with units owed to the stock and no writer at work.")
	require.NoError(t, p.backfill(t.Context(), "", true, backfillPace{most: 1}, p.out()))
	require.Equal(t, []string{"return/demo-gb/1", "stock/demo-gb/8"}, p.started(), "however few returns a run may start")
	require.Contains(t, p.text(), "5 left: run it again to go on.")
}

func TestABackfillKeepsItsPace(t *testing.T) {
	t.Parallel()
	p := newLoss(t)
	ctx, stop := context.WithCancel(t.Context())
	p.temporal.told = func(n int) {
		if n == 2 {
			stop()
		}
	}
	err := p.backfill(ctx, "", true, backfillPace{between: time.Millisecond}, p.out())
	require.ErrorContains(t, err, "stopped before the end: run it again to go on")
	require.Equal(t, wants("1", "3"), p.started())
	require.Contains(t, p.text(), "3 left: run it again to go on.")
	began := time.Now()
	require.NoError(t, p.backfill(t.Context(), "", true, backfillPace{between: 20 * time.Millisecond}, p.out()))
	require.GreaterOrEqual(t, time.Since(began), 80*time.Millisecond, "five starts, four waits")
}

// What fails keeps nothing else from it, and nobody takes it for done.
func TestABackfillThatMeetsTrouble(t *testing.T) {
	t.Parallel()
	p := newLoss(t)
	p.temporal.deafTo = "return/demo-gb/3"
	err := p.backfill(t.Context(), "", true, backfillPace{}, p.out())
	require.ErrorContains(t, err, "shop demo-gb: wake return 3: ")
	require.Equal(t, wants("1", "tiktok/9103", "tiktok/9102", "5"), p.started())
	require.Contains(t, p.text(), "Started: 4 returns. Stock writers woken: 0.\n\n1 left: run it again to go on.")
	require.NoError(t, p.quota(t.Context(), p.out()))
	require.Regexp(t, `main  1 of 2000   0      0     0       1 `, p.text(), "the calls stand under the least urgent purpose")
	p.rmas = `<html>`
	err = p.backfill(t.Context(), "", true, backfillPace{}, p.out())
	require.ErrorContains(t, err, "shop demo-gb: list the open RMAs: ")
	require.Empty(t, p.started(), "half of a list is no list")
	require.ErrorContains(t, p.backfill(t.Context(), "other", true, backfillPace{}, p.out()), "no shop other")
	p.rmas, p.expired = `{"rmas":[]}`, true
	var said strings.Builder
	require.NoError(t, p.backfill(t.Context(), "", false, backfillPace{}, Output{&said, true}), "a token that ran out is renewed")
	var answer backfilled
	require.NoError(t, json.Unmarshal([]byte(said.String()), &answer))
	require.Equal(t, []shopBackfill{{Shop: demo, TikTok: 3, Ledger: 1, Missing: 3, Calls: 1}}, answer.Shops)
	p.temporal.down = errors.New("no Temporal")
	require.ErrorContains(t, p.backfill(t.Context(), "", true, backfillPace{}, p.out()), "list what runs in Temporal: no Temporal")
}

// Temporal was emptied under running programs: what a backfill needs there is made
// first, and the sweeps go on.
func TestABackfillMakesWhatAnEmptiedTemporalLacks(t *testing.T) {
	t.Parallel()
	p := newLoss(t)
	p.temporal.running = nil
	require.NoError(t, p.backfill(t.Context(), "", false, backfillPace{}, p.out()))
	require.Equal(t, messages.SearchAttributes(), p.temporal.attributes, "without them nothing can be counted")
	require.Empty(t, p.temporal.timetable.kept, "a preview starts no sweep")
	p.temporal.wipe()
	require.NoError(t, p.backfill(t.Context(), "", true, backfillPace{}, p.out()))
	require.Equal(t, messages.SearchAttributes(), p.temporal.attributes)
	require.Len(t, p.temporal.timetable.kept, 4, "three schedules of the shop, and the ledger's")

	p.temporal.timetable.kept[ledgerSchedule] = scheduleOf(otherLedger)
	p.started()
	for _, yes := range []bool{false, true} {
		require.ErrorIs(t, p.backfill(t.Context(), "", yes, backfillPace{}, p.out()), errOtherLedger)
	}
	require.Empty(t, p.started())
}

// A shop that could not be read is not an empty one.
func TestABackfillNeverTakesWhatItCannotReadForNothing(t *testing.T) {
	t.Parallel()
	for name, breaks := range map[string]func(*platforms){
		"ReturnGO":           func(p *platforms) { p.rmas = `<html>` },
		"TikTok":             func(p *platforms) { p.cases = `{"code":36009001,"message":"internal"}` },
		"what runs":          func(p *platforms) { p.temporal.down = errors.New("no such search attribute") },
		"and nothing to say": func(p *platforms) { p.rmas = `` },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlatforms(t, demo)
			breaks(p)
			for _, yes := range []bool{false, true} {
				require.ErrorContains(t, p.backfill(t.Context(), "", yes, backfillPace{}, p.out()), "shop demo-gb: list ")
				said := p.text()
				require.NotContains(t, said, "Nothing is missing")
				require.Contains(t, said, "NOT READ: demo-gb. What is open there is not known: see the error, and run it again.")
			}
		})
	}
}
