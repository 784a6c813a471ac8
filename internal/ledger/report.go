package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"returnbridge/internal/returns"
)

// What people and reports ask. Nothing here changes anything, and nothing enters
// a return that is not known.

// ExceptionCount is how many exceptions of a kind were ever opened.
type ExceptionCount struct {
	Kind, Owner string
	Opened      int
	Open        int // still open
}

// ExceptionCounts counts exceptions by kind.
func (t *Tx) ExceptionCounts(ctx context.Context) ([]ExceptionCount, error) {
	return query(ctx, t, "count exceptions", func(scan func(...any) error) (ExceptionCount, error) {
		var c ExceptionCount
		return c, scan(&c.Kind, &c.Owner, &c.Opened, &c.Open)
	}, `SELECT kind, owner, COUNT(*), SUM(CASE WHEN closed_at = '' THEN 1 ELSE 0 END) FROM exceptions GROUP BY kind, owner ORDER BY kind`)
}

// StageCount is how many returns stand at a stage.
type StageCount struct {
	Stage   string
	Returns int
}

// StageCounts counts returns by stage.
func (t *Tx) StageCounts(ctx context.Context) ([]StageCount, error) {
	return query(ctx, t, "count stages", func(scan func(...any) error) (StageCount, error) {
		var c StageCount
		return c, scan(&c.Stage, &c.Returns)
	}, `SELECT stage, COUNT(*) FROM returns GROUP BY stage ORDER BY stage`)
}

// EventCount is how many events of one topic came in.
type EventCount struct {
	Platform returns.Platform
	Topic    string
	Events   int
	Last     time.Time
}

// EventCounts counts the events of a shop by topic, those of no use too. Without
// a shop: those that named none.
func (t *Tx) EventCounts(ctx context.Context, shop string) ([]EventCount, error) {
	return query(ctx, t, "count events", func(scan func(...any) error) (EventCount, error) {
		var c EventCount
		var last instant
		err := scan(&c.Platform, &c.Topic, &c.Events, &last)
		c.Last = time.Time(last)
		return c, err
	}, `SELECT platform, topic, COUNT(*), MAX(received_at) FROM inbox WHERE shop = $1 GROUP BY platform, topic ORDER BY platform, topic`, shop)
}

// OpenReturns are all returns of a shop that have not ended, the oldest first.
func (t *Tx) OpenReturns(ctx context.Context, shop string) ([]returns.Key, error) {
	return query(ctx, t, "read open returns", scanKey, `SELECT key FROM returns WHERE shop = $1 AND closed_at = '' ORDER BY opened_at, key`, shop)
}

// OpenReturnsDecidedBefore are those of them that nothing was decided on since a
// time.
func (t *Tx) OpenReturnsDecidedBefore(ctx context.Context, shop string, at time.Time) ([]returns.Key, error) {
	return query(ctx, t, "read quiet returns", scanKey, `SELECT key FROM returns WHERE shop = $1 AND closed_at = '' AND opened_at < $2 AND decided_at < $2
		ORDER BY opened_at, key`, shop, text(at))
}

// ProductsOwed are the products of a shop with units that are not in stock yet,
// or not proven to be.
func (t *Tx) ProductsOwed(ctx context.Context, shop string) ([]string, error) {
	return query(ctx, t, "read products owed", func(scan func(...any) error) (string, error) {
		var id string
		return id, scan(&id)
	}, `SELECT DISTINCT product_id FROM stock_entries WHERE shop = $1 AND state IN ('owed', 'written') ORDER BY product_id`, shop)
}

// ReturnRef names a return.
type ReturnRef struct {
	Shop string
	Key  returns.Key
}

// FindReturns finds returns by any of their numbers, in one shop or (empty) in
// all: the return's own key (or that of a product's stock or a platform, which have
// exceptions too), else the TikTok return (whoever holds its units, or its own
// clock), else the TikTok order, else the order name in ReturnGO, with or without
// its "#".
func (t *Tx) FindReturns(ctx context.Context, shop, number string) ([]ReturnRef, error) {
	for _, where := range []string{
		`SELECT shop, key FROM returns WHERE ($1 = '' OR shop = $1) AND key = $2
			UNION SELECT shop, key FROM exceptions WHERE ($1 = '' OR shop = $1) AND key = $2`,
		`SELECT shop, key FROM holds WHERE ($1 = '' OR shop = $1) AND tiktok_return_id = $2`,
		`SELECT shop, key FROM returns WHERE ($1 = '' OR shop = $1) AND key = '` + string(returns.TikTokKey("")) + `' || $2`,
		`SELECT shop, key FROM returns WHERE ($1 = '' OR shop = $1) AND order_id = $2`,
		`SELECT r.shop, r.key FROM snapshots s JOIN returns r ON r.shop = s.shop AND r.order_id = s.order_id
			WHERE ($1 = '' OR s.shop = $1) AND s.kind = '` + kindTikTok + `' AND s.id = $2 AND s.order_id <> ''`,
	} {
		found, err := query(ctx, t, "find return "+number, func(scan func(...any) error) (ReturnRef, error) {
			var r ReturnRef
			return r, scan(&r.Shop, &r.Key)
		}, `SELECT DISTINCT shop, key FROM (`+where+`) AS found ORDER BY shop, key`, shop, number)
		if err != nil || len(found) > 0 {
			return found, err
		}
	}
	return t.returnsNamed(ctx, shop, number)
}

// returnsNamed finds returns by the order name of their RMA. Nothing is indexed by it:
// the text of all RMAs is looked through, and what looks like it is then compared.
func (t *Tx) returnsNamed(ctx context.Context, shop, name string) ([]ReturnRef, error) {
	name = strings.TrimPrefix(name, "#")
	if name == "" {
		return nil, nil
	}
	type row struct {
		ReturnRef
		snapshot[returns.RMA]
	}
	quoted, err := json.Marshal(name)
	if err != nil {
		return nil, fmt.Errorf("ledger: order name %q: %w", name, err)
	}
	like := strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.Trim(string(quoted), `"`))
	rows, err := query(ctx, t, "find order name "+name, func(scan func(...any) error) (r row, err error) {
		r.snapshot, err = scanSnapshot[returns.RMA](func(body ...any) error { return scan(append([]any{&r.Shop, &r.Key}, body...)...) })
		return r, err
	}, `SELECT r.shop, r.key, s.body, s.status_since, s.read_at FROM snapshots s JOIN returns r ON r.shop = s.shop AND r.key = s.id
		WHERE ($1 = '' OR s.shop = $1) AND s.kind = '`+kindRMA+`' AND s.body LIKE $2 ESCAPE '!' ORDER BY r.shop, r.key`,
		shop, `%"order_name":"%`+like+`"%`)
	var found []ReturnRef
	for _, r := range rows {
		if strings.TrimPrefix(r.body.OrderName, "#") == name {
			found = append(found, r.ReturnRef)
		}
	}
	return found, err
}

// ExceptionFilter narrows the list of exceptions; what is empty does not narrow.
type ExceptionFilter struct {
	Shop  string
	Owner returns.Owner
	Kind  returns.Kind
}

// OpenException is one that waits for people, or to heal.
type OpenException struct {
	ReturnRef
	returns.Exception
	OpenedAt time.Time
	OrderID  string
	Paused   bool
	Deadline time.Time // when TikTok decides by itself on a case of the return; zero: nothing runs

	paired bool // the return holds units
}

// OpenExceptions are all open ones, oldest first.
func (t *Tx) OpenExceptions(ctx context.Context, f ExceptionFilter) ([]OpenException, error) {
	open, err := query(ctx, t, "read open exceptions", func(scan func(...any) error) (OpenException, error) {
		var e OpenException
		var amount, currency string
		var at instant
		if err := scan(&e.Shop, &e.Key, &e.Kind, &e.Owner, &e.Sentence, &e.Subject, &amount, &currency, &at, &e.OrderID, &e.Paused, &e.paired); err != nil {
			return e, err
		}
		e.OpenedAt = time.Time(at)
		var err error
		e.Amount, err = readMoney(amount, currency)
		return e, err
	}, `SELECT e.shop, e.key, e.kind, e.owner, e.sentence, e.subject, e.amount, e.currency, e.opened_at, COALESCE(r.order_id, ''), COALESCE(r.paused, 0) = 1,
			EXISTS (SELECT 1 FROM holds h WHERE h.shop = e.shop AND h.key = e.key)
		FROM exceptions e LEFT JOIN returns r ON r.shop = e.shop AND r.key = e.key
		WHERE e.closed_at = '' AND ($1 = '' OR e.shop = $1) AND ($2 = '' OR e.owner = $2) AND ($3 = '' OR e.kind = $3)
		ORDER BY e.opened_at, e.shop, e.key, e.kind`, f.Shop, string(f.Owner), string(f.Kind))
	if err != nil || len(open) == 0 {
		return nil, err
	}
	clocks, err := t.sellerClocks(ctx, f.Shop)
	for i, e := range open {
		open[i].Deadline = clocks.of(e)
	}
	return open, err
}

// sellerClocks are the deadlines of the open TikTok returns, by who holds them.
type sellerClocks struct {
	byReturn map[ReturnRef]time.Time
	byOrder  map[ReturnRef]time.Time // of those that nobody holds, by order
}

// of is the clock of an exception's return: that of its units' cases, or its
// own; while nothing is paired, that of the order's cases nobody else holds.
func (c sellerClocks) of(e OpenException) time.Time {
	at, found := c.byReturn[e.ReturnRef]
	if !found && !e.paired && e.OrderID != "" {
		at = c.byOrder[ReturnRef{e.Shop, returns.Key(e.OrderID)}]
	}
	return at
}

func (t *Tx) sellerClocks(ctx context.Context, shop string) (sellerClocks, error) {
	type row struct {
		shop, orderID string
		holder        returns.Key
		snapshot[returns.TikTokReturn]
	}
	rows, err := query(ctx, t, "read deadlines", func(scan func(...any) error) (r row, err error) {
		r.snapshot, err = scanSnapshot[returns.TikTokReturn](func(body ...any) error {
			return scan(append([]any{&r.shop, &r.orderID, &r.holder}, body...)...)
		})
		return r, err
	}, `SELECT s.shop, s.order_id, COALESCE(h.key, ''), s.body, s.status_since, s.read_at
		FROM snapshots s LEFT JOIN holds h ON h.shop = s.shop AND h.tiktok_return_id = s.id
		WHERE s.kind = $1 AND ($2 = '' OR s.shop = $2) AND s.status NOT IN ($3, $4, $5, $6, $7)`,
		kindTikTok, shop, returns.TikTokPaid, returns.TikTokCancelled, returns.TikTokReplaceDone, returns.TikTokReplaceRefunded, returns.TikTokReplaceCancel)
	c := sellerClocks{byReturn: map[ReturnRef]time.Time{}, byOrder: map[ReturnRef]time.Time{}}
	for _, r := range rows {
		at := r.body.Deadline()
		if at.IsZero() || !r.body.Live() || r.body.Pays() {
			continue
		}
		earliest(c.byReturn, ReturnRef{r.shop, returns.TikTokKey(r.body.ID)}, at)
		if r.holder != "" {
			earliest(c.byReturn, ReturnRef{r.shop, r.holder}, at)
		} else {
			earliest(c.byOrder, ReturnRef{r.shop, returns.Key(r.orderID)}, at)
		}
	}
	return c, err
}

func earliest(all map[ReturnRef]time.Time, of ReturnRef, at time.Time) {
	if known, found := all[of]; !found || at.Before(known) {
		all[of] = at
	}
}
