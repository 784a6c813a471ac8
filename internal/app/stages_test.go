package app

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
	"returnbridge/internal/returns/rules"
	"returnbridge/internal/tiktokshop"
)

// carries puts an approved RMA over one unit, and its order with an accepted
// TikTok return, into the ledger, decided on as a look would have.
func (b *bench) carries(t *testing.T, change func(*returns.RMA, *returns.TikTokReturn)) {
	t.Helper()
	policy := &b.acts.Shops["uk"].Policy
	policy.NotShippedAfter, policy.InspectionOverdue, policy.InspectedTooLong = 168*time.Hour, 24*time.Hour, 24*time.Hour
	policy.Gate, policy.TroubleRetry, policy.MoneyWait, policy.RMAWait = rules.GateValidated, 15*time.Minute, 2*time.Hour, 12*time.Hour
	policy.Switches = rules.Switches{Register: true, Refund: true, Restock: true, WriteBack: true}
	price, err := returns.NewMoney("24.99", "GBP")
	require.NoError(t, err)
	rma := returns.RMA{ID: "9001", Status: returns.RMAApproved, OrderName: orderID, Items: []returns.RMAItem{{
		ID: "1", LineID: "8001", SKU: "TEE", Resolution: returns.ResolutionRefund, Paid: price, TaxIncluded: true,
	}}}
	tt := returns.TikTokReturn{
		ID: caseID, OrderID: orderID, Type: returns.TypeReturnAndRefund, Status: returns.TikTokAwaitingShip, Role: "BUYER", Refund: price,
		Lines: []returns.TikTokReturnLine{{ID: "1", OrderLineID: "577", SKUID: "1729", SellerSKU: "TEE", Refund: price}},
	}
	if change != nil {
		change(&rma, &tt)
	}
	order := &returns.Order{ID: orderID, Status: returns.OrderDelivered, Currency: "GBP", Fulfillment: returns.FulfilledBySeller,
		Lines: []returns.OrderLine{{ID: "577", SKUID: "1729", SellerSKU: "TEE", ProductID: product, Price: price}}}
	policy.OrderPattern = regexp.MustCompile(`\d{18}`)
	b.do(t, func(tx *ledger.Tx) error {
		require.NoError(t, tx.SaveRMA(b.ctx, "uk", rma, noon))
		return tx.SaveTikTok(b.ctx, "uk", orderID, order, []returns.TikTokReturn{tt}, noon)
	})
	key := returns.RMAKey("9001")
	for range 2 { // the first decision links the RMA to its order
		b.do(t, func(tx *ledger.Tx) error {
			record, err := tx.Load(b.ctx, "uk", key)
			require.NoError(t, err)
			d := rules.Decide(rules.Facts{Now: noon, Shop: "uk", Key: key, Policy: *policy, Record: record})
			return tx.SaveDecision(b.ctx, "uk", key, record, ledger.Decided{OrderID: d.OrderID, Holds: d.Holds, Stage: d.Plan.Stage, Rules: d.Plan.Rules, Closed: d.Plan.Close})
		})
	}
}

// A stage that brings nothing to do is noted and nobody looks; where anything hangs
// on it, somebody does.
func TestAStageThatChangesNoPlanIsOnlyNoted(t *testing.T) {
	t.Parallel()
	received := later(fromReturnGO("1", "RMA_STATUS_UPDATED", "9001", returns.RMAReceived))
	shipped := later(fromTikTok("1", tiktokshop.ReturnStatusChange, caseID, orderID, returns.TikTokShipped))
	onlyTikTok, inLedger := []returns.Platform{returns.TikTok}, []returns.Platform{messages.LedgerOnly}
	for name, c := range map[string]struct {
		change func(*returns.RMA, *returns.TikTokReturn)
		event  ledger.Event
		want   []wakeUp
		rma    string
		tiktok string
	}{
		"the parcel is here: another clock": {nil, received, []wakeUp{{rmaWork, inLedger}}, returns.RMAReceived, returns.TikTokAwaitingShip},
		"the parcel is on its way":          {nil, shipped, nil, returns.RMAApproved, returns.TikTokShipped},
		"an event that is no later than the read": {nil, ledger.Event{Platform: returns.ReturnGO, ID: "1", Topic: "RMA_STATUS_UPDATED", RMAID: "9001", Status: returns.RMAReceived, HappenedAt: noon},
			[]wakeUp{{rmaWork, []returns.Platform{returns.ReturnGO}}}, returns.RMAApproved, returns.TikTokAwaitingShip},
		"inspected before TikTok knew that it was sent": {func(rma *returns.RMA, _ *returns.TikTokReturn) {
			rma.Status = returns.RMAValidated
			rma.Items[0].Inspection = returns.Inspection{At: noon.Add(-time.Hour), Returned: false}
		}, shipped, []wakeUp{{rmaWork, onlyTikTok}}, returns.RMAValidated, returns.TikTokAwaitingShip},
		"done, and nobody knows what was inspected": {func(rma *returns.RMA, _ *returns.TikTokReturn) { rma.Status = returns.RMAReceived },
			later(fromReturnGO("1", "RMA_STATUS_UPDATED", "9001", returns.RMADone)),
			[]wakeUp{{rmaWork, []returns.Platform{returns.ReturnGO, returns.TikTok}}}, returns.RMAReceived, returns.TikTokAwaitingShip},
		"an event of the far future": {nil, ledger.Event{Platform: returns.ReturnGO, ID: "1", Topic: "RMA_STATUS_UPDATED", RMAID: "9001", Status: returns.RMAReceived, HappenedAt: noon.AddDate(50, 0, 0)},
			[]wakeUp{{rmaWork, []returns.Platform{returns.ReturnGO}}}, returns.RMAApproved, returns.TikTokAwaitingShip},
		"the parcel is delivered: another clock": {func(_ *returns.RMA, tt *returns.TikTokReturn) {
			tt.Actions = []returns.SellerAction{{Deadline: noon.Add(90 * 24 * time.Hour)}}
		}, shipped, []wakeUp{{rmaWork, onlyTikTok}}, returns.RMAApproved, returns.TikTokAwaitingShip},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.carries(t, c.change)
			b.relay.pass(b.ctx, b.come(t, c.event))
			require.Equal(t, c.want, b.temporal.since())
			b.do(t, func(tx *ledger.Tx) error {
				rma, _, err := tx.RMASeen(b.ctx, "uk", "9001")
				require.NoError(t, err)
				require.Equal(t, c.rma, rma.Status)
				tt, _, err := tx.TikTokReturnSeen(b.ctx, "uk", caseID)
				require.NoError(t, err)
				require.Equal(t, c.tiktok, tt.Status)
				at, err := tx.SnapshotReadAt(b.ctx, "uk", returns.ReturnGO, "9001")
				require.Equal(t, noon, at, "a hint is no read")
				return err
			})
		})
	}
}

// Where we open returns at TikTok, one waits for its label: no status of the RMA
// tells of it. Nobody else needs it.
func TestALabelIsToldWhereAReturnWaitsForIt(t *testing.T) {
	t.Parallel()
	onlyReturnGO := []wakeUp{{rmaWork, []returns.Platform{returns.ReturnGO}}}
	for name, c := range map[string]struct {
		opens  map[string]string
		change func(*returns.RMA, *returns.TikTokReturn)
		status string
		want   []wakeUp
	}{
		"awaited":       {map[string]string{"*": "key"}, nil, returns.ShipmentLabelCreated, onlyReturnGO},
		"not the label": {map[string]string{"*": "key"}, nil, returns.ShipmentShipped, nil},
		"we open none":  {nil, nil, returns.ShipmentLabelCreated, nil},
		"there already": {map[string]string{"*": "key"}, func(rma *returns.RMA, _ *returns.TikTokReturn) {
			rma.Shipments = []returns.Shipment{{ID: "s", Labelled: true}}
		}, returns.ShipmentLabelCreated, nil},
		"the parcel is here": {map[string]string{"*": "key"}, func(rma *returns.RMA, _ *returns.TikTokReturn) { rma.Status = returns.RMAReceived }, returns.ShipmentLabelCreated, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.carries(t, c.change)
			b.acts.Shops["uk"].Policy.OpenReasons = c.opens
			b.relay.pass(b.ctx, b.come(t, later(fromReturnGO("1", "SHIPMENT_STATUS_UPDATED", "9001", c.status))))
			require.Equal(t, c.want, b.temporal.since())
			early := fromReturnGO("2", "SHIPMENT_STATUS_UPDATED", "9001", c.status)
			early.HappenedAt = noon.Add(-time.Second)
			b.relay.pass(b.ctx, b.come(t, early))
			require.Empty(t, b.temporal.since(), "it was read since")
		})
	}
}

// People hear that nothing was sent only until something is: no status of the RMA
// tells of it.
func TestADepartureIsToldWherePeopleWereToldOfNone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.carries(t, nil)
	key := returns.RMAKey("9001")
	b.do(t, func(tx *ledger.Tx) error {
		record, err := tx.Load(b.ctx, "uk", key)
		require.NoError(t, err)
		return tx.SaveDecision(b.ctx, "uk", key, record, ledger.Decided{OrderID: orderID, Holds: record.Holds, Exceptions: []returns.Exception{returns.NewException(returns.NotShipped, "nothing was sent", returns.Money{})}})
	})
	b.relay.pass(b.ctx, b.come(t, later(fromReturnGO("1", "SHIPMENT_STATUS_UPDATED", "9001", returns.ShipmentShipped))))
	require.Equal(t, []wakeUp{{rmaWork, []returns.Platform{returns.ReturnGO}}}, b.temporal.since())
}

// endsWell puts a return into the ledger that has ended: paid, and nothing to restock.
func (b *bench) endsWell(t *testing.T) {
	t.Helper()
	price, err := returns.NewMoney("24.99", "GBP")
	require.NoError(t, err)
	b.carries(t, func(rma *returns.RMA, tt *returns.TikTokReturn) {
		rma.Status, tt.Status = returns.RMAValidated, returns.TikTokPaid
		rma.Items[0].Inspection = returns.Inspection{At: noon.Add(-time.Hour), Returned: true}
		rma.Transactions = []returns.Transaction{{ID: "t1", Type: returns.ResolutionRefund, Status: returns.TransactionSuccess, Amount: price, ItemIDs: []string{"1"}, Reference: caseID, CreatedAt: noon.Add(-time.Hour)}}
	})
}

// An inspection may be changed after a return has ended, and only Done and Validated
// may tell of it: the RMA is read, once for each such event and nothing else with it.
func TestAReturnThatHasEndedIsReadWhenItsRMAIsDone(t *testing.T) {
	t.Parallel()
	for _, status := range []string{returns.RMADone, returns.RMAValidated} {
		b := newBench(t)
		b.endsWell(t)
		b.relay.pass(b.ctx, b.come(t, later(fromReturnGO("1", "RMA_STATUS_UPDATED", "9001", status)), later(fromReturnGO("2", "RMA_STATUS_UPDATED", "9001", status))))
		require.Equal(t, []wakeUp{{rmaWork, []returns.Platform{returns.ReturnGO}}}, b.temporal.since())
		require.Empty(t, b.inbox(t))
		b.do(t, func(tx *ledger.Tx) error {
			return tx.SaveRMA(b.ctx, "uk", returns.RMA{ID: "9001", Status: status}, noon.Add(2*time.Hour))
		})
		b.relay.pass(b.ctx, b.come(t, later(fromReturnGO("3", "RMA_STATUS_UPDATED", "9001", status))))
		require.Empty(t, b.temporal.since(), "it was read since")
	}
}

// That we set the RMA to Done ourselves tells nothing new.
func TestOurOwnDoneIsAnEcho(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.acts.Shops["uk"].Policy.ClockSkew = 30 * time.Second
	b.endsWell(t)
	done := later(fromReturnGO("1", "RMA_STATUS_UPDATED", "9001", returns.RMADone))
	b.do(t, func(tx *ledger.Tx) error {
		e := returns.Effect{ID: "uk:write-back:done-9001:1", Key: "9001", Kind: returns.EffectWriteBack, Route: returns.RouteSetDone, Subject: "9001", Generation: 1, ClaimUntil: noon.Add(time.Minute)}
		require.NoError(t, tx.Claim(b.ctx, "uk", "9001", e, e.ClaimUntil))
		return tx.EffectAnswered(b.ctx, e, ledger.EffectChange{State: returns.EffectApplied})
	})
	done.HappenedAt = b.clock().Add(20 * time.Second)
	b.relay.pass(b.ctx, b.come(t, done))
	require.Empty(t, b.temporal.since())
	done.ID, done.HappenedAt = "2", b.clock().Add(time.Minute)
	b.relay.pass(b.ctx, b.come(t, done))
	require.Len(t, b.temporal.since(), 1, "another's")
}

// The inspection and the transactions come one after another: the first of them is
// held until the last would have come, and one look reads them all. Whoever takes
// over from a starter that is gone holds them as long.
func TestWhatReleasesMoneyIsHeldForTheOthers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.cfg.Periods.SettleWindow = time.Minute
	b.carries(t, nil)
	both := []wakeUp{{rmaWork, []returns.Platform{returns.ReturnGO, returns.TikTok}}}
	batch := b.come(t, later(fromReturnGO("1", "RMA_STATUS_UPDATED", "9001", returns.RMAValidated)), later(fromReturnGO("2", "TRANSACTION_CREATED", "9001", "Requested")))
	b.relay.pass(b.ctx, batch)
	require.Empty(t, b.temporal.since())
	b.pass(time.Minute)
	b.relay.takeOver(b.ctx)
	require.Empty(t, b.relay.released())
	require.Empty(t, b.temporal.since())
	b.pass(6 * time.Second)
	b.relay.takeOver(b.ctx)
	require.Empty(t, b.temporal.since(), "the one that received them is at them")
	other := newRelay(b.house)
	b.relay.pass(b.ctx, b.relay.released())
	require.Equal(t, both, b.temporal.since())
	b.pass(time.Hour)
	other.takeOver(b.ctx)
	require.Empty(t, b.temporal.since(), "once")

	b.relay.pass(b.ctx, b.come(t, ledger.Event{Platform: returns.ReturnGO, ID: "3", Topic: "TRANSACTION_CREATED", RMAID: "9001", HappenedAt: noon.Add(2 * time.Hour)}))
	require.Empty(t, b.temporal.since())
	b.pass(2 * time.Minute)
	other.takeOver(b.ctx)
	require.Equal(t, both, b.temporal.since())
}

// What was read after the last of them would have come is known.
func TestWhatWasReadMeanwhileIsNotTold(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.cfg.Periods.SettleWindow = time.Minute
	b.carries(t, nil)
	b.relay.pass(b.ctx, b.come(t, later(fromReturnGO("1", "TRANSACTION_CREATED", "9001", "Requested"))))
	b.pass(2 * time.Minute)
	b.do(t, func(tx *ledger.Tx) error {
		return tx.SaveRMA(b.ctx, "uk", returns.RMA{ID: "9001", Status: returns.RMAValidated}, b.clock())
	})
	b.relay.pass(b.ctx, b.relay.released())
	require.Empty(t, b.temporal.since())
	require.Empty(t, b.inbox(t))
}
