package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"returnbridge/internal/returns"
)

// sourceManual is a link that a person made.
const sourceManual = "manual"

// OrderLink says which TikTok order an order name of ReturnGO means.
type OrderLink struct{ OrderName, OrderID string }

// LinkOrders keeps what people say order names mean, and gives the returns that
// waited for it. Each link stands in the audit: of the returns it frees, or
// under its order name if none waits yet. A name may be linked anew until a
// return has acted on the old order. The error lists every link that cannot be
// kept, a sentence for each; then nothing may be kept of any.
func (t *Tx) LinkOrders(ctx context.Context, shop string, links []OrderLink, who, why string) ([]returns.Key, error) {
	waiting, err := t.waitingForOrder(ctx, shop)
	if err != nil {
		return nil, err
	}
	var freed []returns.Key
	var refused []error
	for _, l := range links {
		keys, refusal, err := t.linkOrder(ctx, shop, l, waiting[l.OrderName], who, why)
		if err != nil {
			return nil, err
		}
		freed, refused = append(freed, keys...), append(refused, refusal)
	}
	return freed, errors.Join(refused...)
}

func (t *Tx) linkOrder(ctx context.Context, shop string, l OrderLink, waiting []waitingReturn, who, why string) (freed []returns.Key, refusal, err error) {
	seen, isReturn, err := t.TikTokReturnSeen(ctx, shop, l.OrderID)
	if err != nil {
		return nil, nil, err
	}
	if isReturn {
		return nil, fmt.Errorf("%s: %s is a TikTok return, of order %s", l.OrderName, l.OrderID, seen.OrderID), nil
	}
	old, linked, err := first(query(ctx, t, "read order link", func(scan func(...any) error) (string, error) {
		var id string
		return id, scan(&id)
	}, `SELECT order_id FROM order_links WHERE shop = $1 AND order_name = $2`, shop, l.OrderName))
	if err != nil {
		return nil, nil, err
	}
	if linked && old != l.OrderID {
		more, err := t.returnsLinkedTo(ctx, shop, old, l.OrderName)
		if err != nil {
			return nil, nil, err
		}
		waiting = append(slices.Clone(waiting), more...)
	}
	for _, w := range waiting {
		if w.holds {
			return nil, fmt.Errorf("%s: return %s holds units of TikTok order %s already", l.OrderName, w.key, w.orderID), nil
		}
	}
	freed, err = t.keepLink(ctx, shop, l, waiting, who, why, old)
	return freed, nil, err
}

// keepLink writes a link that nothing speaks against. The same link once more
// only gives the returns that still wait.
func (t *Tx) keepLink(ctx context.Context, shop string, l OrderLink, waiting []waitingReturn, who, why, old string) ([]returns.Key, error) {
	if _, err := t.exec(ctx, "link order", `INSERT INTO order_links (shop, order_name, order_id, source, linked_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (shop, order_name) DO UPDATE SET order_id = excluded.order_id, source = excluded.source, linked_at = excluded.linked_at
		WHERE order_links.order_id <> excluded.order_id`, shop, l.OrderName, l.OrderID, sourceManual, text(t.now)); err != nil {
		return nil, err
	}
	var freed []returns.Key
	for _, w := range waiting {
		if slices.Contains(freed, w.key) {
			continue
		}
		freed = append(freed, w.key)
		// An order it was taken to before, by its name's pattern or an older link, counts no longer.
		if _, err := t.exec(ctx, "link return", `UPDATE returns SET order_id = $1 WHERE shop = $2 AND key = $3`, l.OrderID, shop, string(w.key)); err != nil {
			return nil, err
		}
	}
	if old == l.OrderID {
		return freed, nil
	}
	told := freed
	if len(told) == 0 {
		told = []returns.Key{linkKey(l.OrderName)}
	}
	for _, key := range told {
		if err := t.Audit(ctx, shop, key, nil, Entry{What: "linked the order name " + l.OrderName + " to TikTok order " + l.OrderID, Why: why, DecidedBy: who}); err != nil {
			return nil, err
		}
	}
	return freed, nil
}

// linkKey is where the audit of a link stands while no return needs it.
func linkKey(orderName string) returns.Key { return returns.Key("order-name/" + orderName) }

// waitingReturn is an RMA that may be linked.
type waitingReturn struct {
	key     returns.Key
	name    string
	orderID string
	holds   bool
}

const waitingColumns = `r.key, s.body, s.status_since, s.read_at, r.order_id, EXISTS (SELECT 1 FROM holds h WHERE h.shop = r.shop AND h.key = r.key)
	FROM returns r JOIN snapshots s ON s.shop = r.shop AND s.kind = '` + kindRMA + `' AND s.id = r.key WHERE r.shop = $1 AND r.closed_at = ''`

func scanWaiting(scan func(...any) error) (waitingReturn, error) {
	var w waitingReturn
	s, err := scanSnapshot[returns.RMA](func(body ...any) error {
		return scan(append(append([]any{&w.key}, body...), &w.orderID, &w.holds)...)
	})
	w.name = s.body.OrderName
	return w, err
}

// waitingForOrder are the RMAs with an open unlinked-order, by their order name.
func (t *Tx) waitingForOrder(ctx context.Context, shop string) (map[string][]waitingReturn, error) {
	all, err := query(ctx, t, "find waiting returns", scanWaiting, `SELECT `+waitingColumns+`
		AND EXISTS (SELECT 1 FROM exceptions e WHERE e.shop = r.shop AND e.key = r.key AND e.kind = $2 AND e.closed_at = '') ORDER BY r.key`,
		shop, string(returns.UnlinkedOrder))
	byName := map[string][]waitingReturn{}
	for _, w := range all {
		byName[w.name] = append(byName[w.name], w)
	}
	return byName, err
}

// returnsLinkedTo are the open RMAs of an order name that were taken to an order.
func (t *Tx) returnsLinkedTo(ctx context.Context, shop, orderID, name string) ([]waitingReturn, error) {
	all, err := query(ctx, t, "find linked returns", scanWaiting, `SELECT `+waitingColumns+` AND r.order_id = $2 ORDER BY r.key`, shop, orderID)
	return slices.DeleteFunc(all, func(w waitingReturn) bool { return w.name != name }), err
}

// NamesWithoutOrder are the order names for which returns wait for a link.
func (t *Tx) NamesWithoutOrder(ctx context.Context, shop string) ([]string, error) {
	waiting, err := t.waitingForOrder(ctx, shop)
	var names []string
	for name := range waiting {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, err
}
