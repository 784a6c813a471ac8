package demo

import (
	"context"
	"fmt"
	"math/big"
	"slices"

	"go.temporal.io/api/workflowservice/v1"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
	"returnbridge/local/tiktoksandbox"
)

// Verdict is what the run came to: the JSON that others script. Differences are
// sums of absolute differences between the sandboxes' books and what the
// scenarios foresee, per return and per SKU and warehouse, never netted.
type Verdict struct {
	Returns          int                       `json:"returns"`
	Outcomes         map[string]int            `json:"outcomes"` // scenario → returns that came to its end
	Exceptions       map[string]int            `json:"exceptions"`
	ExceptionOwners  map[string]string         `json:"exception_owners"`
	RefundAuthorised map[string]string         `json:"refund_authorised"` // currency → sum, by ReturnGO's books
	RefundExecuted   map[string]string         `json:"refund_executed"`   // currency → sum, by TikTok's books
	RefundDifference map[string]string         `json:"refund_difference"`
	StockForeseen    int                       `json:"stock_foreseen"` // units to be put back
	StockFound       int                       `json:"stock_found"`    // units TikTok shows more than before
	StockDifference  int                       `json:"stock_difference"`
	DoubleRefunds    int                       `json:"double_refunds"`
	DoubleRestocks   int                       `json:"double_restocks"`
	LostReturns      int                       `json:"lost_returns"`
	MissedDeadlines  int                       `json:"missed_deadlines"`
	Oversold         int                       `json:"oversold"`
	StockOwedOpen    int                       `json:"stock_owed_open"`
	WritesHit        int                       `json:"writes_hit_by_movement"`
	Calls            map[string]map[string]int `json:"calls"`
	CallsPerReturn   map[string]float64        `json:"calls_per_return"`
	ActionsTotal     float64                   `json:"actions_total"`
	ActionsPerReturn float64                   `json:"actions_per_return"`
	HistoryTotal     int64                     `json:"history_events_total"`
	HistoryPerReturn float64                   `json:"history_events_per_return"`
	DurationSeconds  float64                   `json:"duration_s"`
	Problems         []string                  `json:"problems"`
	refunds          map[string]*big.Rat
	examples         map[string]string // scenario → workflow id of a return that came to its end
}

// OK tells whether every return reached its end and nothing drifted.
func (v *Verdict) OK() bool {
	for _, d := range v.RefundDifference {
		if r, ok := new(big.Rat).SetString(d); !ok || r.Sign() != 0 {
			return false
		}
	}
	return v.StockDifference == 0 && v.DoubleRefunds == 0 && v.DoubleRestocks == 0 && v.LostReturns == 0 && v.MissedDeadlines == 0 &&
		v.StockOwedOpen == 0 && len(v.Problems) == 0
}

// judge holds the books against what the scenarios foresee.
func (h *House) judge(ctx context.Context, before []tiktoksandbox.StockLevel, all []expectation) (*Verdict, error) {
	v := &Verdict{
		Returns: len(all), Outcomes: map[string]int{}, Exceptions: map[string]int{}, ExceptionOwners: map[string]string{},
		RefundDifference: map[string]string{}, Calls: map[string]map[string]int{}, CallsPerReturn: map[string]float64{}, Problems: []string{},
		refunds: map[string]*big.Rat{"GBP": new(big.Rat)}, examples: map[string]string{},
	}
	books := h.TikTok.Books()
	for _, e := range all {
		if e.problem != "" {
			v.LostReturns++
			v.Problems = append(v.Problems, fmt.Sprintf("%s, RMA %s, order %s: %s", e.scenario, e.rmaID, e.orderID, e.problem))
			continue
		}
		v.Outcomes[e.scenario]++
		v.examples[e.scenario] = messages.ReturnID(shopName, returns.RMAKey(e.rmaID))
	}
	v.judgeRefunds(books, all)
	v.judgeStock(books, before, all)
	v.judgeDecisions(books)
	v.countCalls(books.Calls, h.ReturnGO.Books().Calls)
	if err := h.countExceptions(ctx, v); err != nil {
		return nil, err
	}
	return v, h.countServer(ctx, v)
}

// judgeRefunds compares per return: what TikTok really paid on its order.
func (v *Verdict) judgeRefunds(books tiktoksandbox.Books, all []expectation) {
	paid, perLine := map[string]*big.Rat{}, map[string]map[string]bool{}
	authorised, executed := new(big.Rat), new(big.Rat)
	for _, p := range books.Payments {
		add(paid, p.OrderID, p.Amount)
		if perLine[p.LineID] == nil {
			perLine[p.LineID] = map[string]bool{}
		}
		perLine[p.LineID][p.ReturnID+p.CancelID] = true
	}
	for _, cases := range perLine {
		if len(cases) > 1 {
			v.DoubleRefunds += len(cases) - 1
		}
	}
	for _, e := range all {
		got := new(big.Rat)
		if p, ok := paid[e.orderID]; ok {
			got = p
		}
		authorised.Add(authorised, number(e.authorised))
		executed.Add(executed, got)
		diff := new(big.Rat).Sub(got, number(e.refund))
		v.refunds["GBP"].Add(v.refunds["GBP"], diff.Abs(diff))
	}
	v.RefundAuthorised = map[string]string{"GBP": authorised.FloatString(2)}
	v.RefundExecuted = map[string]string{"GBP": executed.FloatString(2)}
	for currency, sum := range v.refunds {
		v.RefundDifference[currency] = sum.FloatString(2)
	}
}

// judgeStock compares per SKU and warehouse what TikTok shows with what was
// there before, what was put back, and what was sold.
func (v *Verdict) judgeStock(books tiktoksandbox.Books, before []tiktoksandbox.StockLevel, all []expectation) {
	foreseen := map[[2]string]int{}
	for _, e := range all {
		if e.restocked > 0 {
			foreseen[[2]string{e.sku, e.warehouse}] += e.restocked
			v.StockForeseen += e.restocked
		}
	}
	for _, now := range books.Stock {
		at := [2]string{now.SKU, now.Warehouse}
		i := slices.IndexFunc(before, func(l tiktoksandbox.StockLevel) bool { return l.SKU == now.SKU && l.Warehouse == now.Warehouse })
		shipped := 0
		for _, m := range books.Journal {
			if m.SKU == now.SKU && m.Warehouse == now.Warehouse && m.Cause == "order_shipped" {
				shipped -= m.CommittedDelta
			}
		}
		gained := now.BelievedPhysical + shipped - before[i].BelievedPhysical
		diff := gained - foreseen[at]
		v.StockFound += gained
		v.DoubleRestocks += max(diff, 0)
		v.StockOwedOpen += max(-diff, 0)
		v.StockDifference += max(diff, -diff)
		v.Oversold += now.Oversold()
	}
	for _, w := range books.InventoryWrites {
		if w.HitByMovement {
			v.WritesHit++
		}
	}
}

// judgeDecisions counts what TikTok decided because nobody did.
func (v *Verdict) judgeDecisions(books tiktoksandbox.Books) {
	for _, d := range books.Decisions {
		if d.By == tiktoksandbox.BySystemDeadline {
			v.MissedDeadlines++
		}
	}
}

func (v *Verdict) countCalls(tiktok, returngo map[string]int) {
	for name, calls := range map[string]map[string]int{"tiktok": tiktok, "returngo": returngo} {
		total := 0
		v.Calls[name] = calls
		for _, n := range calls {
			total += n
		}
		v.CallsPerReturn[name] = float64(total) / float64(max(v.Returns, 1))
	}
}

// countExceptions reads the ledger: exceptions are ours, no platform knows them.
func (h *House) countExceptions(ctx context.Context, v *Verdict) error {
	return h.ReadLedger(ctx, func(tx *ledger.Tx) error {
		counts, err := tx.ExceptionCounts(ctx)
		for _, c := range counts {
			v.Exceptions[c.Kind] = c.Opened
			v.ExceptionOwners[c.Kind] = c.Owner
		}
		return err
	})
}

// countServer reads the server's own figures.
func (h *House) countServer(ctx context.Context, v *Verdict) error {
	figures, err := h.Server.Figures(ctx)
	if err != nil {
		return fmt.Errorf("server figures: %w", err)
	}
	v.ActionsTotal = figures.ActionsTotal
	v.ActionsPerReturn = figures.ActionsTotal / float64(max(v.Returns, 1))
	var token []byte
	for {
		page, err := h.Client.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: "ExecutionStatus != 'Running'", PageSize: 1000, NextPageToken: token})
		if err != nil {
			return fmt.Errorf("list workflows: %w", err)
		}
		for _, e := range page.GetExecutions() {
			v.HistoryTotal += e.GetHistoryLength()
		}
		if token = page.GetNextPageToken(); len(token) == 0 {
			break
		}
	}
	v.HistoryPerReturn = float64(v.HistoryTotal) / float64(max(v.Returns, 1))
	return nil
}

func number(s string) *big.Rat {
	if r, ok := new(big.Rat).SetString(s); ok {
		return r
	}
	return new(big.Rat)
}

func add(sums map[string]*big.Rat, key, amount string) {
	if sums[key] == nil {
		sums[key] = new(big.Rat)
	}
	sums[key].Add(sums[key], number(amount))
}
