package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"returnbridge/internal/returns"
)

// Reads are put in order by the ledger, never by the clocks of the machines that
// make them. A read begins by asking for the number of the last one that was stored
// (LastRead), and takes the next number when it is stored (TakeRead). If another
// read was stored in between nobody knows which of the two shows the later state:
// the second one is not stored, and has to be made again.

// ErrOvertaken means that what a write rests on has changed since it was read: read
// or decide again.
var ErrOvertaken = errors.New("ledger: overtaken: what this rests on has changed meanwhile")

// LastRead is the number of the last stored read of an RMA, or of a TikTok order
// with its returns; 0 if there was none.
func (t *Tx) LastRead(ctx context.Context, shop string, p returns.Platform, id string) (int64, error) {
	n, _, err := first(query(ctx, t, "read number of reads", func(scan func(...any) error) (int64, error) {
		var n int64
		return n, scan(&n)
	}, `SELECT number FROM reads WHERE shop = $1 AND platform = $2 AND id = $3`, shop, string(p), id))
	return n, err
}

// TakeRead gives a read the number after the one that LastRead gave before it was
// made. It is ErrOvertaken if another read was stored since. What was read is to be
// saved in the same transaction.
func (t *Tx) TakeRead(ctx context.Context, shop string, p returns.Platform, id string, last int64) (int64, error) {
	n, err := t.exec(ctx, "number a read", `INSERT INTO reads (shop, platform, id, number) VALUES ($1, $2, $3, 1)
		ON CONFLICT (shop, platform, id) DO UPDATE SET number = reads.number + 1 WHERE reads.number = $4`, shop, string(p), id, last)
	if err == nil && n == 0 {
		err = fmt.Errorf("%w: %s %s was read by somebody else", ErrOvertaken, p, id)
	}
	return last + 1, err
}

func slowSearchCursor(shop string) string { return "slow-search/" + shop }

// NoteSlowSearch keeps that TikTok's search did not show a return of ours that
// TikTok had made long enough before, and tells IT.
func (t *Tx) NoteSlowSearch(ctx context.Context, shop string, at time.Time) error {
	if err := t.MoveCursor(ctx, slowSearchCursor(shop), text(at)); err != nil {
		return err
	}
	return t.RaiseForShop(ctx, shop, returns.TikTok, returns.NewException(returns.ReadsLag, "at "+at.UTC().Format(time.RFC3339)+
		" TikTok's search did not show a return that it had made for us longer ago than periods.create_settle: for seven days a person is asked before a refund is sent again whose answer was lost", returns.Money{}))
}

// HealSlowSearch closes what was said of a search that has not been slow since a time.
func (t *Tx) HealSlowSearch(ctx context.Context, shop string, since time.Time) error {
	at, err := t.Cursor(ctx, slowSearchCursor(shop))
	if err != nil || at == "" || at >= text(since) {
		return err
	}
	return t.HealForShop(ctx, shop, returns.TikTok, returns.ReadsLag)
}

// loadTold reads what the platforms' own events say of the RMA and of its order.
func (t *Tx) loadTold(ctx context.Context, shop string, key returns.Key, r *returns.Record) error {
	var err error
	r.Told, err = query(ctx, t, "read what events told", func(scan func(...any) error) (returns.Told, error) {
		var told returns.Told
		var at, received instant
		err := scan(&told.Platform, &told.What, &told.Status, &told.TikTokReturnID, &told.TransactionID, &at, &received)
		told.At, told.ReceivedAt, told.Dated = time.Time(at), time.Time(received), !time.Time(at).IsZero()
		if !told.Dated {
			told.At = told.ReceivedAt
		}
		return told, err
	}, `SELECT platform, tells, status, tiktok_return_id, transaction_id, happened_at, received_at FROM inbox WHERE shop = $1 AND rma_id = $2 AND $2 <> '' AND tells <> ''
		UNION ALL
		SELECT platform, tells, status, tiktok_return_id, transaction_id, happened_at, received_at FROM inbox WHERE shop = $1 AND order_id = $3 AND $3 <> '' AND tells <> ''`,
		shop, key.RMAID(), r.OrderID)
	slices.SortFunc(r.Told, func(a, b returns.Told) int {
		return cmp.Or(a.At.Compare(b.At), a.ReceivedAt.Compare(b.ReceivedAt), cmp.Compare(a.Status, b.Status))
	})
	return err
}
