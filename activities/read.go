package activities

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"returnbridge/internal/ledger"
	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
	"returnbridge/internal/returns/rules"
	"returnbridge/internal/tiktokshop"
)

// readRMA reads the RMA into the ledger.
func (d *desk) readRMA(ctx context.Context) ([]returns.Trouble, error) {
	if d.key.RMAID() == "" {
		return nil, nil
	}
	at := d.Now()
	last, err := d.lastRead(ctx, returns.ReturnGO, d.key.RMAID())
	if err != nil {
		return nil, retryable(ctx, err)
	}
	rma, err := d.shop.ReturnGO.RMA(ctx, d.key.RMAID())
	gone := notThere(err)
	if err != nil && !gone {
		return d.orTrouble(ctx, returns.ReturnGO, err)
	}
	err = d.Ledger.Do(ctx, func(tx *ledger.Tx) (err error) {
		if d.rmaRead, err = take(ctx, tx, d.shop.Key, returns.ReturnGO, d.key.RMAID(), last, at); err != nil {
			return err
		}
		if gone { // what it last said stays, only that it is gone is new
			last, _, err := tx.RMASeen(ctx, d.shop.Key, d.key.RMAID())
			if err != nil {
				return err
			}
			rma = last
			rma.ID, rma.Status = d.key.RMAID(), returns.RMAGone
		}
		return tx.SaveRMA(ctx, d.shop.Key, rma, at)
	})
	return nil, orRetry(ctx, err)
}

// read is a read that this activity has made and the ledger has stored.
type read struct {
	number int64 // by which the ledger puts reads in order; 0: none was made
	at     time.Time
}

// lastRead is the number of the read before the one that is about to be made.
func (d *desk) lastRead(ctx context.Context, p returns.Platform, id string) (last int64, err error) {
	err = d.Ledger.Read(ctx, func(tx *ledger.Tx) error {
		last, err = tx.LastRead(ctx, d.shop.Key, p, id)
		return err
	})
	return last, err
}

// take gives a read its number. One that was overtaken by another is made again: the
// activity is tried once more.
func take(ctx context.Context, tx *ledger.Tx, shop string, p returns.Platform, id string, last int64, at time.Time) (read, error) {
	number, err := tx.TakeRead(ctx, shop, p, id, last)
	if err != nil {
		return read{}, err
	}
	return read{number, at}, nil
}

// notThere tells whether ReturnGO answered that there is no such RMA: no trouble
// with the platform, but news of the return (ReturnGO contract 1.6, 2.3).
func notThere(err error) bool {
	e, ok := errors.AsType[*platform.Error](err)
	return ok && e.HTTPStatus == http.StatusNotFound
}

// readTikTok reads the order and all its returns into the ledger. A read begun
// before an effect must not count as made after it: the time is taken first.
func (d *desk) readTikTok(ctx context.Context) ([]returns.Trouble, error) {
	return d.readOrder(ctx, orderAge)
}

var errReturnGOStopped = errors.New("ReturnGO is stopped: each platform is read in its own queue")

// readBoth reads all that an effect can rest on. It is not on ReturnGO's queue,
// and must not knock where that is stopped.
func (d *desk) readBoth(ctx context.Context) ([]returns.Trouble, error) {
	before, err := d.facts(ctx)
	if err == nil && slices.Contains(before.Record.Stopped, returns.ReturnGO) {
		err = errReturnGOStopped
	}
	if err != nil {
		return nil, retryable(ctx, err)
	}
	trouble, err := d.readRMA(ctx)
	if err != nil {
		return nil, err
	}
	if f, err := d.facts(ctx); err != nil || f.Record.OrderID == "" {
		if err == nil {
			err = d.decideOnce(ctx, nil, trouble, false) // it links the RMA to its order: what is read of that goes with it
		}
		if err != nil {
			return nil, orRetry(ctx, err)
		}
	}
	more, err := d.readOrder(ctx, 0)
	return append(trouble, more...), err
}

// orderAge is how old the order itself may be for an ordinary look: what moves
// are its returns. A deciding read reads it too.
const orderAge = 10 * time.Minute

// readOrder reads the order's returns, and the order if it was last read longer
// ago than age.
func (d *desk) readOrder(ctx context.Context, age time.Duration) ([]returns.Trouble, error) {
	at := d.Now()
	d.atTikTok = true
	f, err := d.facts(ctx)
	if err != nil {
		return nil, retryable(ctx, err)
	}
	orderID, err := d.orderOf(ctx, f)
	if err != nil {
		return d.orTrouble(ctx, returns.TikTok, err)
	}
	if orderID == "" && d.key.TikTokReturnID() != "" {
		return []returns.Trouble{{Platform: returns.TikTok, Endpoint: "Search Returns", Class: returns.TroubleNotShown, Message: "TikTok does not show return " + d.key.TikTokReturnID()}}, nil
	}
	if orderID == "" {
		return nil, nil
	}
	last, err := d.lastRead(ctx, returns.TikTok, orderID)
	if err != nil {
		return nil, retryable(ctx, err)
	}
	var order *returns.Order
	if f.Record.Order == nil || f.Record.Order.ID != orderID || at.Sub(f.Record.OrderReadAt).Abs() >= age || d.packagesUnread(*f.Record.Order) {
		orders, err := d.shop.TikTok.Orders(ctx, orderID)
		if err != nil {
			return d.orTrouble(ctx, returns.TikTok, err)
		}
		if i := slices.IndexFunc(orders, func(o returns.Order) bool { return o.ID == orderID }); i >= 0 {
			order = &orders[i]
		}
	}
	if order != nil && d.shop.Policy.UseOrderWarehouse {
		d.shippedFrom(ctx, order, f.Record.Order)
	}
	all, err := searchAll(func(page string) ([]returns.TikTokReturn, string, error) {
		return d.shop.TikTok.SearchReturns(ctx, tiktokshop.ReturnFilter{OrderIDs: []string{orderID}}, page)
	})
	if err != nil {
		return d.orTrouble(ctx, returns.TikTok, err)
	}
	if err := d.tellOthers(ctx, orderID, all); err != nil {
		return nil, err
	}
	var made read
	err = d.Ledger.Do(ctx, func(tx *ledger.Tx) (err error) {
		if made, err = take(ctx, tx, d.shop.Key, returns.TikTok, orderID, last, at); err != nil {
			return err
		}
		return tx.SaveTikTok(ctx, d.shop.Key, orderID, order, all, at)
	})
	if err == nil && order != nil {
		d.orderRead = made // of the order too: an effect can rest on it
	}
	return nil, orRetry(ctx, err)
}

// packagesUnread reports whether goods of the order go back to where its packages came
// from, and TikTok has not said that of all of them.
func (d *desk) packagesUnread(o returns.Order) bool {
	return d.shop.Policy.UseOrderWarehouse && slices.ContainsFunc(o.Lines, func(l returns.OrderLine) bool { return l.PackageID != "" && !l.PackageRead })
}

// shippedFrom notes which warehouse each line's package left, for goods go back to it:
// the order's own may be wrong (T19). What an earlier read showed of a package stays;
// where TikTok names none, or refuses the question, the order's warehouse counts. An
// answer that does not come holds up stock alone: it is asked for with the next read.
func (d *desk) shippedFrom(ctx context.Context, order, before *returns.Order) {
	known := map[string]string{}
	if before != nil {
		for _, l := range before.Lines {
			if l.PackageRead {
				known[l.PackageID] = l.WarehouseID
			}
		}
	}
	for i, l := range order.Lines {
		if l.PackageID == "" {
			continue
		}
		if _, asked := known[l.PackageID]; !asked {
			id, err := d.shop.TikTok.PackageWarehouse(ctx, l.PackageID)
			switch platform.ClassOf(err) {
			case "", platform.Human, platform.Permanent, platform.StateChanged:
			default:
				continue
			}
			known[l.PackageID] = id
		}
		order.Lines[i].WarehouseID, order.Lines[i].PackageRead = known[l.PackageID], true
	}
}

// orderOf is the order to read: as the facts lead to it, or that of the TikTok
// return.
func (d *desk) orderOf(ctx context.Context, f rules.Facts) (string, error) {
	if id := rules.Decide(f).OrderID; id != "" {
		return id, nil
	}
	id := d.key.TikTokReturnID()
	if id == "" {
		return "", nil
	}
	found, _, err := d.shop.TikTok.SearchReturns(ctx, tiktokshop.ReturnFilter{ReturnIDs: []string{id}}, "")
	if err != nil || len(found) == 0 {
		return "", err //nolint:wrapcheck // a platform error already says which call
	}
	return found[0].OrderID, nil
}

// searchAll walks all pages of one search, each element once.
func searchAll[T any](page func(token string) ([]T, string, error)) ([]T, error) {
	var all []T
	token := ""
	for range 100 {
		some, next, err := page(token)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
		if next == "" {
			return all, nil
		}
		token = next
	}
	return nil, errors.New("a search does not end")
}
