package app

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
	"returnbridge/internal/returns/rules"
	"returnbridge/internal/tiktokshop"
)

// come puts events into the inbox, as the receiver does.
func (b *bench) come(t testing.TB, events ...ledger.Event) []ledger.Event {
	t.Helper()
	b.do(t, func(tx *ledger.Tx) error {
		for i := range events {
			if events[i].Shop == "" {
				events[i].Shop = "uk"
			}
			events[i].ReceivedAt = tx.Now()
			if _, err := tx.Receive(b.ctx, events[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return events
}

func fromReturnGO(id, topic, rma, status string) ledger.Event {
	return ledger.Event{Platform: returns.ReturnGO, ID: id, Topic: topic, RMAID: rma, Status: status}
}

func fromTikTok(id, topic, ret, order, status string) ledger.Event {
	return ledger.Event{Platform: returns.TikTok, ID: id, Topic: topic, TikTokReturnID: ret, OrderID: order, Status: status}
}

// later is an event of after the last read.
func later(e ledger.Event) ledger.Event {
	e.HappenedAt = noon.Add(time.Second)
	return e
}

// seen puts snapshots into the ledger: RMA 9001, received, and a TikTok return.
func (b *bench) seen(t testing.TB, status string) {
	t.Helper()
	b.do(t, func(tx *ledger.Tx) error {
		if err := tx.SaveRMA(b.ctx, "uk", returns.RMA{ID: "9001", Status: returns.RMAReceived}, noon); err != nil {
			return err
		}
		return tx.SaveTikTok(b.ctx, "uk", orderID, nil, []returns.TikTokReturn{{ID: caseID, OrderID: orderID, Status: status}}, noon)
	})
}

// held makes RMA 9001 hold the TikTok return's unit.
func (b *bench) held(t testing.TB) {
	t.Helper()
	b.do(t, func(tx *ledger.Tx) error {
		was, err := tx.Load(b.ctx, "uk", returns.RMAKey("9001"))
		if err != nil {
			return err
		}
		return tx.SaveDecision(b.ctx, "uk", returns.RMAKey("9001"), was, ledger.Decided{
			OrderID: orderID, Stage: returns.StageSettling, Rules: rules.Version,
			Holds: []returns.Hold{{Unit: "577", ItemID: "1", OrderID: orderID, TikTokReturnID: caseID}},
		})
	})
}

var (
	rmaWork   = messages.ReturnID("uk", returns.RMAKey("9001"))
	caseWork  = messages.ReturnID("uk", returns.TikTokKey(caseID))
	stockWork = messages.StockID("uk", product)
	sweepWork = messages.SweepReturnGO + "/uk"
)

// account is TikTok's own account of a number that a program set.
var account = ledger.Event{Platform: returns.TikTok, ID: "1", Topic: tiktokshop.InventoryChanged, ProductID: product, Status: returns.MovementAPISync}

func TestWhoIsToldOfAnEvent(t *testing.T) {
	t.Parallel()
	status, paid := tiktokshop.ReturnStatusChange, tiktokshop.RefundSuccess
	onlyReturnGO, onlyTikTok, both := []returns.Platform{returns.ReturnGO}, []returns.Platform{returns.TikTok}, []returns.Platform{returns.ReturnGO, returns.TikTok}
	for name, c := range map[string]struct {
		before func(*testing.T, *bench)
		event  ledger.Event
		want   []wakeUp
	}{
		"a new RMA":                      {nil, fromReturnGO("1", "RMA_CREATED", "9001", "Pending"), []wakeUp{{rmaWork, both}}},
		"an RMA's news":                  {known, fromReturnGO("1", "RMA_STATUS_UPDATED", "9001", "Validated"), []wakeUp{{rmaWork, both}}},
		"an RMA's echo":                  {known, fromReturnGO("1", "RMA_STATUS_UPDATED", "9001", "Received"), nil},
		"the same again, later":          {known, later(fromReturnGO("1", "RMA_STATUS_UPDATED", "9001", "Received")), []wakeUp{{rmaWork, onlyReturnGO}}},
		"a transaction":                  {known, fromReturnGO("1", "TRANSACTION_CREATED", "9001", "Requested"), []wakeUp{{rmaWork, both}}},
		"a parcel of a known RMA":        {known, fromReturnGO("1", "SHIPMENT_STATUS_UPDATED", "9001", "Shipped"), nil},
		"a parcel of an unknown RMA":     {nil, fromReturnGO("1", "SHIPMENT_STATUS_UPDATED", "9001", "Shipped"), []wakeUp{{rmaWork, both}}},
		"nothing named":                  {known, fromReturnGO("1", "REFUND_CREATED", "", ""), []wakeUp{{sweepWork, nil}}},
		"an unknown TikTok return":       {nil, fromTikTok("1", status, caseID, orderID, returns.TikTokPending), []wakeUp{{caseWork, onlyTikTok}}},
		"no status, of an unknown one":   {nil, fromTikTok("1", status, caseID, orderID, ""), []wakeUp{{caseWork, onlyTikTok}}},
		"no status, of a held one":       {holding, fromTikTok("1", status, caseID, orderID, ""), []wakeUp{{rmaWork, onlyTikTok}}},
		"no status, of one seen so":      {blank, fromTikTok("1", status, caseID, orderID, ""), []wakeUp{{rmaWork, onlyTikTok}}},
		"no status, of a known RMA":      {known, fromReturnGO("1", "RMA_STATUS_UPDATED", "9001", ""), []wakeUp{{rmaWork, onlyReturnGO}}},
		"a held TikTok return":           {holding, fromTikTok("1", status, caseID, orderID, returns.TikTokShipped), []wakeUp{{rmaWork, onlyTikTok}}},
		"its echo":                       {holding, fromTikTok("1", status, caseID, orderID, returns.TikTokPending), nil},
		"another return of a held order": {holding, fromTikTok("1", status, "4030000000000000009", orderID, returns.TikTokPending), []wakeUp{{rmaWork, onlyTikTok}}},
		"the money of an open one":       {holding, fromTikTok("1", paid, caseID, orderID, "REFUND_SUCCESS"), []wakeUp{{rmaWork, onlyTikTok}}},
		"the money of a paid one":        {settled, fromTikTok("1", paid, caseID, orderID, "REFUND_SUCCESS"), nil},
		"the money of an order":          {holding, fromTikTok("1", paid, "", orderID, "REFUND_SUCCESS"), []wakeUp{{rmaWork, onlyTikTok}}},
		"an order completed":             {holding, fromTikTok("1", tiktokshop.OrderStatusChange, "", orderID, returns.OrderCompleted), []wakeUp{{rmaWork, onlyTikTok}}},
		"an order shipped":               {holding, fromTikTok("1", tiktokshop.OrderStatusChange, "", orderID, "IN_TRANSIT"), nil},
		"an order we carry nothing on":   {holding, fromTikTok("1", tiktokshop.OrderStatusChange, "", "576000000000000999", returns.OrderCompleted), nil},
		"an authorisation withdrawn":     {nil, fromTikTok("1", tiktokshop.SellerDeauthorization, "", "", ""), []wakeUp{{messages.GuardID(messages.QueueTikTok("uk")), nil}}},
		"an unknown topic":               {holding, fromTikTok("1", "topic 99", caseID, orderID, "X"), nil},
		"a stock write's account":        {writing, account, []wakeUp{{stockWork, nil}}},
		"an account of what was owed":    {accounted(3), account, nil},
		"an account of something else":   {accounted(2), account, []wakeUp{{stockWork, nil}}},
		"an account while more is owed":  {more, account, []wakeUp{{stockWork, nil}}},
		"a sale":                         {writing, ledger.Event{Platform: returns.TikTok, ID: "1", Topic: tiktokshop.InventoryChanged, ProductID: product, Status: "order_created"}, nil},
		"another program's write":        {nil, account, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if c.before != nil {
				c.before(t, b)
			}
			b.relay.pass(b.ctx, b.come(t, c.event))
			require.Equal(t, c.want, b.temporal.since())
			require.Empty(t, b.inbox(t), "and it is done with")
		})
	}
}

func known(t *testing.T, b *bench) { t.Helper(); b.seen(t, returns.TikTokPending) }

func holding(t *testing.T, b *bench) {
	t.Helper()
	b.seen(t, returns.TikTokPending)
	b.held(t)
}

// blank is a held TikTok return that was read without a status.
func blank(t *testing.T, b *bench) {
	t.Helper()
	b.seen(t, "")
	b.held(t)
}

func settled(t *testing.T, b *bench) {
	t.Helper()
	b.seen(t, returns.TikTokPaid)
	b.held(t)
}

func writing(t *testing.T, b *bench) {
	t.Helper()
	b.do(t, func(tx *ledger.Tx) error {
		_, err := tx.BeginWrite(b.ctx, "uk", ledger.StockWrite{ProductID: product, ReadAt: noon, ClaimUntil: noon.Add(time.Minute)}, nil)
		return err
	})
}

// accounted has a write of three pieces answered, and told of by TikTok as a change by delta.
func accounted(delta int) func(*testing.T, *bench) {
	return func(t *testing.T, b *bench) {
		t.Helper()
		b.do(t, func(tx *ledger.Tx) error {
			id, err := tx.BeginWrite(b.ctx, "uk", ledger.StockWrite{
				ProductID: product, SKUID: "21", ReadAt: noon, ClaimUntil: noon.Add(time.Minute),
				Lines: []ledger.StockLine{{SKUID: "21", WarehouseID: "w", Available: 10, Owed: 3, Wrote: 13}},
			}, nil)
			if err != nil {
				return err
			}
			if err := tx.Answered(b.ctx, "uk", id, "req", nil); err != nil {
				return err
			}
			return tx.Moved(b.ctx, "uk", returns.StockMovement{ID: "k", ProductID: product, SKUID: "21", Source: returns.MovementAPISync, At: noon, AvailableDelta: delta, AvailableAfter: 13})
		})
	}
}

// more is the same while another piece of the product is owed.
func more(t *testing.T, b *bench) {
	t.Helper()
	accounted(3)(t, b)
	b.do(t, func(tx *ledger.Tx) error {
		was, err := tx.Load(b.ctx, "uk", returns.RMAKey("9002"))
		if err != nil {
			return err
		}
		return tx.SaveDecision(b.ctx, "uk", returns.RMAKey("9002"), was, ledger.Decided{
			OrderID: orderID, Stage: returns.StageSettling, Rules: rules.Version,
			Restocks: []returns.Restock{{Unit: "578", ProductID: product, SKUID: "21", WarehouseID: "w", State: returns.RestockOwed}},
		})
	})
}

func TestManyEventsMakeOneWake(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	holding(t, b)
	b.relay.pass(b.ctx, b.come(t,
		fromReturnGO("1", "RMA_STATUS_UPDATED", "9001", "Validated"),
		fromReturnGO("2", "TRANSACTION_CREATED", "9001", "Requested"),
		fromTikTok("3", tiktokshop.ReturnStatusChange, caseID, orderID, returns.TikTokShipped),
		fromTikTok("4", tiktokshop.RefundSuccess, caseID, orderID, "REFUND_SUCCESS"),
		fromReturnGO("5", "", "", ""), fromReturnGO("6", "", "", ""),
		ledger.Event{Shop: "de", Platform: returns.ReturnGO, ID: "7", Topic: "RMA_CREATED", RMAID: "9001"},
	))
	require.Equal(t, []wakeUp{
		{sweepWork, nil},
		{messages.ReturnID("de", returns.RMAKey("9001")), []returns.Platform{returns.ReturnGO, returns.TikTok}},
		{rmaWork, []returns.Platform{returns.ReturnGO, returns.TikTok}},
	}, b.temporal.since())
	require.Empty(t, b.inbox(t))
}

// A wake that fails leaves its events in the inbox, and only those: they are
// taken over, and relayed once.
func TestWhatCouldNotBeToldIsTakenOver(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.temporal.refuse(rmaWork)
	batch := b.come(t, fromReturnGO("1", "RMA_CREATED", "9001", ""), fromReturnGO("2", "RMA_CREATED", "9002", ""), fromReturnGO("3", "RMA_STATUS_UPDATED", "9001", "Received"))
	b.relay.pass(b.ctx, batch)
	other := messages.ReturnID("uk", returns.RMAKey("9002"))
	require.Equal(t, []wakeUp{{other, []returns.Platform{returns.ReturnGO, returns.TikTok}}}, b.temporal.since())
	require.Len(t, b.inbox(t), 2, "the other return's event is done with")
	b.relay.takeOver(b.ctx)
	require.Empty(t, b.temporal.since(), "too early: whoever received them is at them")
	b.pass(b.cfg.Periods.RelayTakeover)
	b.relay.takeOver(b.ctx)
	require.Empty(t, b.temporal.since())
	require.Len(t, b.inbox(t), 2)
	b.temporal.refuse()
	b.relay.takeOver(b.ctx)
	require.Equal(t, []wakeUp{{rmaWork, []returns.Platform{returns.ReturnGO, returns.TikTok}}}, b.temporal.since())
	b.pass(time.Hour)
	b.relay.takeOver(b.ctx)
	require.Empty(t, b.temporal.since(), "once")
	require.Empty(t, b.inbox(t))
}

// An event of which the ledger cannot tell whom it concerns keeps no other back, and
// is tried ever more seldom.
func TestAnEventThatCannotBeJudgedKeepsNoOtherBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.carries(t, nil)
	db, err := sql.Open("sqlite", b.cfg.Ledger)
	require.NoError(t, err)
	_, err = db.ExecContext(b.ctx, `UPDATE snapshots SET body = '{' WHERE kind = 'rma' AND id = '9001'`)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	require.False(t, b.relay.pass(b.ctx, b.come(t, later(fromReturnGO("1", "RMA_STATUS_UPDATED", "9001", "Received")), fromReturnGO("2", "RMA_CREATED", "9002", ""))))
	other := messages.ReturnID("uk", returns.RMAKey("9002"))
	require.Equal(t, []wakeUp{{other, []returns.Platform{returns.ReturnGO, returns.TikTok}}}, b.temporal.since())
	left := b.inbox(t)
	require.Len(t, left, 1)
	require.Equal(t, 1, left[0].Tries)
}

func TestWithoutTheLedgerNobodyIsTold(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	batch := b.come(t, fromReturnGO("1", "RMA_CREATED", "9001", ""))
	require.NoError(t, b.ledger.Close())
	b.relay.pass(b.ctx, batch)
	b.relay.takeOver(b.ctx)
	require.Empty(t, b.temporal.since())
	require.Contains(t, b.logged(t), "trying again")
}

// started runs the relay; the function ends it and waits until it has.
func (b *bench) started(t *testing.T) func() {
	t.Helper()
	ctx, stop := context.WithCancel(b.ctx)
	ended := make(chan error, 1)
	go func() { ended <- b.relay.run(ctx) }()
	return func() {
		stop()
		require.NoError(t, <-ended)
	}
}

// waitFor waits until so many different workflows have been told.
func (b *bench) waitFor(t *testing.T, n int) map[string]int {
	t.Helper()
	times := map[string]int{}
	for len(times) < n {
		select {
		case one := <-b.temporal.told:
			times[one.id]++
		case <-b.ctx.Done():
			require.Failf(t, "not told in time", "%d of %d", len(times), n)
		}
	}
	return times
}

// More events than the queue takes: the receiver never waits, and what does not
// fit comes from the inbox.
func TestAFullQueueLosesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.relay.events = make(chan []ledger.Event, 2)
	const n = 40
	for i := range n {
		b.relay.offer(b.come(t, fromReturnGO(fmt.Sprint(i), "RMA_CREATED", fmt.Sprint(9000+i), "")))
	}
	b.relay.offer(nil)
	require.Len(t, b.relay.events, 2)
	b.pass(time.Minute)
	stop := b.started(t)
	b.waitFor(t, n)
	stop()
	b.relay.takeOver(b.ctx)
	require.Empty(t, b.inbox(t))
}

// Stopping in the middle notes nothing as relayed that was not.
func TestStoppingDrainsNothingWrongly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.cfg.Periods.RelayWindow = time.Hour
	b.cfg.Periods.RelayTakeover = time.Hour
	b.relay.events = make(chan []ledger.Event)
	stop := b.started(t)
	b.relay.events <- b.come(t, fromReturnGO("1", "RMA_CREATED", "9001", "")) // taken, and the window never ends
	stop()
	require.Empty(t, b.temporal.since())
	over, cancel := context.WithCancel(b.ctx)
	cancel()
	b.relay.pass(over, b.inbox(t))
	require.Len(t, b.inbox(t), 1)
	b.pass(2 * time.Hour)
	other := newRelay(b.house) // another starter
	other.takeOver(b.ctx)
	require.Equal(t, []wakeUp{{rmaWork, []returns.Platform{returns.ReturnGO, returns.TikTok}}}, b.temporal.since())
	require.Empty(t, b.inbox(t))
}

// From the platform's call to the return's signal.
func TestFromTheDoorToTheReturn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	stop := b.started(t)
	b.returnGOSends("uk", ukToken, rmaEvent("RMA_CREATED", "9001", "Pending"))
	b.tiktokSends(caseEvent("n1", returns.TikTokPending))
	require.Equal(t, map[string]int{rmaWork: 1, caseWork: 1}, b.waitFor(t, 2))
	stop()
	require.NotContains(t, b.logged(t), ukToken)
}
