package ledger

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

func rma(status string) returns.RMA {
	return returns.RMA{
		ID: "RMA1", Status: status, OrderID: "77", OrderName: "#1001", CancellationFee: "1.20", Markers: []string{"[sync:1]"}, CreatedAt: monday, UpdatedAt: monday.Add(time.Hour + time.Nanosecond),
		Items: []returns.RMAItem{
			{ID: "item-1", LineID: "l1", SKU: "RED", Paid: gbp("12.505"), Fees: "0.10", Inspection: returns.Inspection{At: monday.Add(time.Minute), Returned: true, Restockable: true, Location: "L1"}},
			{ID: "item-2", LineID: "l1", SKU: "RED"},
		},
		Shipments:    []returns.Shipment{{ID: "s1", Status: returns.ShipmentShipped}},
		Transactions: []returns.Transaction{{ID: "t1", Status: returns.TransactionRequested, Amount: gbp("12.50"), ItemIDs: []string{"item-1"}, CreatedAt: monday}},
	}
}

func TestANewReturnIsEntered(t *testing.T) {
	onBoth(t, func(b *bench) {
		want := returns.Record{
			HeldBy: map[returns.UnitID]returns.Key{}, Others: map[returns.UnitID]returns.Hold{}, Answers: map[returns.Kind]returns.Answer{}, CreatedAt: monday,
		}
		require.Equal(b.t, want, b.load("RMA1"))
		b.clock.pass(time.Hour)
		require.Equal(b.t, want, b.load("RMA1"), "entered once")
	})
}

func TestAFullReturnComesBackAsItWas(t *testing.T) {
	onBoth(t, func(b *bench) {
		at := monday.Add(123 * time.Millisecond)
		seen := rma(returns.RMAApproved)
		order := returns.Order{ID: "O1", Status: returns.OrderDelivered, Currency: "GBP", CreatedAt: monday, UpdatedAt: monday, DeliveredAt: monday,
			Lines: []returns.OrderLine{{ID: "line-1", SKUID: sku, ProductID: product, Price: gbp("12.50")}}}
		one := returns.TikTokReturn{ID: "C1", OrderID: "O1", Status: returns.TikTokShipped, Refund: gbp("12.50"), CreatedAt: monday, UpdatedAt: monday,
			Actions: []returns.SellerAction{{Action: "DECIDE", Deadline: monday.Add(48 * time.Hour)}}}
		two := returns.TikTokReturn{ID: "C2", OrderID: "O1", Status: returns.TikTokPaid, CreatedAt: monday, UpdatedAt: monday}
		payable := returns.Payable{Units: []returns.UnitID{"line-1"}, RequestType: returns.TypeRefund, ReasonKey: "r", Eligible: true, Amount: gbp("9.90"), At: at}
		b.do(func(tx *Tx) error {
			_, err := tx.exec(b.ctx, "link", `INSERT INTO order_links (shop, order_name, order_id, source, linked_at) VALUES ($1, '#1001', 'O1', 'test', '')`, shop)
			return errors.Join(err,
				tx.SaveRMA(b.ctx, shop, seen, at),
				tx.SaveTikTok(b.ctx, shop, "O1", &order, []returns.TikTokReturn{two, one}, at.Add(time.Second)),
				tx.SavePayable(b.ctx, shop, "RMA1", "O1", payable))
		})
		r := b.load("RMA1")
		require.Equal(b.t, &seen, r.RMA)
		require.Equal(b.t, []time.Time{at, at, at.Add(time.Second)}, []time.Time{r.RMAReadAt, r.RMAStatusSince, r.TikTokReadAt})
		require.Equal(b.t, "O1", r.OrderID, "by the link")
		require.Equal(b.t, &order, r.Order)
		require.Equal(b.t, []returns.TikTokReturn{one, two}, r.TikTokReturns)
		require.Equal(b.t, &payable, r.Payable)

		own := b.load(returns.TikTokKey("C1"))
		require.Equal(b.t, "O1", own.OrderID, "by its own snapshot")
		require.Nil(b.t, own.RMA)
		require.Nil(b.t, own.Payable)
		require.Equal(b.t, &order, own.Order)

		for _, odd := range []string{"0.00", "-3.10", "1234567890123456789.99", "0.001"} {
			e := returns.NewException(returns.RefundDiffers, "odd", gbp(odd))
			require.NoError(b.t, b.decide("RMA1", Decided{OrderID: "O1", Exceptions: []returns.Exception{e}}))
			require.Equal(b.t, []returns.OpenException{{Exception: e, OpenedAt: monday}}, b.load("RMA1").Open)
		}
	})
}

// Reads are put in order by the ledger: what was begun before another read was stored
// is not stored, whatever the clocks say; a read made after it is, however early its
// time.
func TestReadsAreInTheLedgersOrder(t *testing.T) {
	onBoth(t, func(b *bench) {
		begin := func() int64 {
			return get(b, func(tx *Tx) (int64, error) { return tx.LastRead(b.ctx, shop, returns.ReturnGO, "RMA1") })
		}
		save := func(last int64, status string, at time.Time) error {
			return b.Do(b.ctx, func(tx *Tx) error {
				number, err := tx.TakeRead(b.ctx, shop, returns.ReturnGO, "RMA1", last)
				if err != nil {
					return err
				}
				require.Equal(b.t, last+1, number)
				return tx.SaveRMA(b.ctx, shop, rma(status), at)
			})
		}
		slow, fast := begin(), begin()
		require.NoError(b.t, save(fast, returns.RMAApproved, monday.Add(2*time.Hour)))
		require.ErrorIs(b.t, save(slow, returns.RMAPending, monday.Add(3*time.Hour)), ErrOvertaken)
		r := b.load("RMA1")
		require.Equal(b.t, returns.RMAApproved, r.RMA.Status)
		require.Equal(b.t, int64(1), r.RMARead)

		require.NoError(b.t, save(begin(), returns.RMACanceled, monday), "made by a clock that is two hours behind")
		r = b.load("RMA1")
		require.Equal(b.t, returns.RMACanceled, r.RMA.Status)
		require.Equal(b.t, int64(2), r.RMARead)
		require.Equal(b.t, monday, r.RMAReadAt)
		require.Equal(b.t, monday, r.RMAStatusSince)
		require.NoError(b.t, save(begin(), returns.RMACanceled, monday.Add(time.Hour)))
		require.Equal(b.t, monday, b.load("RMA1").RMAStatusSince, "unchanged since then")
	})
}

func TestSnapshotsAreFound(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.do(func(tx *Tx) error {
			all := []returns.TikTokReturn{{ID: "C1", Status: returns.TikTokShipped}, {ID: "C2", Status: "NEW"}}
			for _, s := range []string{returns.TikTokPaid, returns.TikTokCancelled, returns.TikTokReplaceDone, returns.TikTokReplaceRefunded, returns.TikTokReplaceCancel} {
				all = append(all, returns.TikTokReturn{ID: "X" + s, Status: s})
			}
			return errors.Join(tx.SaveRMA(b.ctx, shop, rma(returns.RMADone), monday), tx.SaveTikTok(b.ctx, shop, "O1", nil, all, monday))
		})
		b.do(func(tx *Tx) error {
			open, err := tx.OpenTikTokReturns(b.ctx, shop)
			require.NoError(b.t, err)
			require.Len(b.t, open, 2)
			for _, r := range open {
				require.True(b.t, r.Live())
			}
			seen, found, err := tx.TikTokReturnSeen(b.ctx, shop, "C2")
			require.NoError(b.t, err)
			require.True(b.t, found)
			require.Equal(b.t, "NEW", seen.Status)
			_, found, err = tx.TikTokReturnSeen(b.ctx, shop, "C9")
			require.NoError(b.t, err)
			require.False(b.t, found)
			got, found, err := tx.RMASeen(b.ctx, shop, "RMA1")
			require.True(b.t, found)
			require.Equal(b.t, rma(returns.RMADone), got)
			return err
		})
		items := func(items ...string) string {
			return get(b, func(tx *Tx) (string, error) { return tx.RMAOfItems(b.ctx, shop, items) })
		}
		require.Equal(b.t, "RMA1", items("unknown", "item-2"))
		require.Empty(b.t, items("unknown"))
		require.Empty(b.t, items())
	})
}

// A status that an event told of stands above the read before it, and below the next.
func TestANotedStatusIsNoRead(t *testing.T) {
	onBoth(t, func(b *bench) {
		note := func(p returns.Platform, id, status string, at time.Time) {
			b.do(func(tx *Tx) error { return tx.NoteStatus(b.ctx, shop, p, id, status, at) })
		}
		open := returns.TikTokReturn{ID: "R1", OrderID: "O1", Status: returns.TikTokAwaitingShip}
		b.do(func(tx *Tx) error {
			return errors.Join(tx.SaveRMA(b.ctx, shop, rma(returns.RMAApproved), monday), tx.SaveTikTok(b.ctx, shop, "O1", nil, []returns.TikTokReturn{open}, monday))
		})
		want := b.load("RMA1")
		note(returns.ReturnGO, "RMA1", returns.RMAReceived, monday)
		note(returns.ReturnGO, "unknown", returns.RMAReceived, monday.Add(time.Hour))
		require.Equal(b.t, want, b.load("RMA1"), "no later than the read")

		later := monday.Add(time.Hour)
		note(returns.ReturnGO, "RMA1", returns.RMAReceived, later)
		want.RMA.Status, want.RMAStatusSince = returns.RMAReceived, later
		require.Equal(b.t, want, b.load("RMA1"))
		note(returns.TikTok, "R1", returns.TikTokShipped, later)
		b.do(func(tx *Tx) error {
			seen, _, err := tx.TikTokReturnSeen(b.ctx, shop, "R1")
			require.Equal(b.t, returns.TikTokShipped, seen.Status)
			require.Equal(b.t, later, seen.UpdatedAt)
			return err
		})

		read := monday.Add(time.Minute)
		b.do(func(tx *Tx) error { return tx.SaveRMA(b.ctx, shop, rma(returns.RMAApproved), read) })
		got := b.load("RMA1")
		require.Equal(b.t, []any{returns.RMAApproved, read}, []any{got.RMA.Status, got.RMAReadAt})
	})
}
