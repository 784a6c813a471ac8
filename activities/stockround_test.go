package activities

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

var stockInput = messages.StockInput{Shop: shopName, ProductID: product}

// owe enters units as owed to a warehouse.
func (b *bench) owe(warehouse string, units ...string) {
	b.t.Helper()
	b.oweSKU(skuID, warehouse, units...)
}

func (b *bench) oweSKU(sku, warehouse string, units ...string) {
	b.t.Helper()
	var all []returns.Restock
	for _, u := range units {
		all = append(all, returns.Restock{Unit: returns.UnitID(u), ProductID: product, SKUID: sku, WarehouseID: warehouse, State: returns.RestockOwed, Note: "the inspection passed"})
	}
	require.NoError(b.t, b.Ledger.Do(b.ctx, func(tx *ledger.Tx) error {
		was, err := tx.Load(b.ctx, shopName, key)
		if err != nil {
			return err
		}
		return tx.SaveDecision(b.ctx, shopName, key, was, ledger.Decided{Restocks: all})
	}))
}

func (b *bench) round() messages.RoundResult {
	b.t.Helper()
	return must[messages.RoundResult](b, b.StockRound, stockInput)
}

func (b *bench) owed() []ledger.StockEntry {
	b.t.Helper()
	return get(b, func(tx *ledger.Tx) ([]ledger.StockEntry, error) { return tx.Owed(b.ctx, shopName, product) })
}

func (b *bench) unjudged() []ledger.StockWrite {
	b.t.Helper()
	return get(b, func(tx *ledger.Tx) ([]ledger.StockWrite, error) { return tx.UnjudgedWrites(b.ctx, shopName, product) })
}

// state is that of the one write that is not judged.
func (b *bench) state() string {
	b.t.Helper()
	all := b.unjudged()
	require.Len(b.t, all, 1)
	return all[0].State
}

// account is TikTok's own account of an API write.
func (b *bench) account(id string, delta, after int) {
	b.t.Helper()
	require.NoError(b.t, b.Ledger.Do(b.ctx, func(tx *ledger.Tx) error {
		return tx.Moved(b.ctx, shopName, returns.StockMovement{
			ID: id, ProductID: product, SKUID: skuID, Source: returns.MovementAPISync, At: b.clock.now(), AvailableDelta: delta, AvailableAfter: after,
		})
	}))
}

func (b *bench) at(warehouse string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.stock[warehouse][0]
}

// touched is an order with the SKU, made and last changed at a time.
func touched(sku string, created, updated time.Time) map[string]any {
	return map[string]any{
		"id": "576000000000000077", "status": "AWAITING_SHIPMENT", "warehouse_id": wh1, "payment": map[string]any{"currency": "GBP"},
		"create_time": created.Unix(), "update_time": updated.Unix(),
		"line_items": []any{map[string]any{"id": "1", "sku_id": sku, "product_id": product}},
	}
}

// orders are what the search finds: by the last change of each, as TikTok does.
func (b *bench) orders(all ...map[string]any) {
	b.answers("orders-search", func(w http.ResponseWriter, _ *http.Request) {
		var span struct {
			From int64 `json:"update_time_ge"`
			To   int64 `json:"update_time_lt"`
		}
		body := b.last("orders-search")
		b.change(func() {
			require.NoError(b.t, jsonFrom(body, &span))
			found := []any{}
			for _, o := range all {
				if at, ok := o["update_time"].(int64); ok && at >= span.From && (span.To == 0 || at < span.To) {
					found = append(found, o)
				}
			}
			require.NoError(b.t, jsonTo(w, map[string]any{"code": 0, "data": map[string]any{"orders": found}}))
		})
	})
}

func TestPlanOfAWrite(t *testing.T) {
	t.Parallel()
	levels := func(available ...int) []returns.StockLevel {
		var all []returns.StockLevel
		for i, a := range available {
			all = append(all, returns.StockLevel{ProductID: product, SKUID: "S", WarehouseID: fmt.Sprintf("W%d", i+1), Available: a, Committed: 2})
		}
		return all
	}
	entry := func(id, wh string, n int) ledger.StockEntry {
		return ledger.StockEntry{ID: id, SKUID: "S", WarehouseID: wh, Quantity: n}
	}
	for name, c := range map[string]struct {
		levels []returns.StockLevel
		owed   []ledger.StockEntry
		wrote  []int
		riding int
		stuck  []string
	}{
		"one unit":                         {levels(10), []ledger.StockEntry{entry("a", "W1", 1)}, []int{11}, 1, nil},
		"two units, two warehouses":        {levels(10, 0), []ledger.StockEntry{entry("a", "W1", 1), entry("b", "W2", 1)}, []int{11, 1}, 2, nil},
		"all warehouses are named":         {levels(10, 7, 3), []ledger.StockEntry{entry("a", "W2", 1)}, []int{10, 8, 3}, 1, nil},
		"an error rides along":             {levels(10), []ledger.StockEntry{entry("a", "W1", 1), entry("error", "W1", -3)}, []int{8}, 2, nil},
		"down to nothing":                  {levels(2), []ledger.StockEntry{entry("error", "W1", -2)}, []int{0}, 1, nil},
		"below nothing":                    {levels(1), []ledger.StockEntry{entry("error", "W1", -2)}, []int{1}, 0, []string{"error"}},
		"below nothing in one warehouse":   {levels(1, 5), []ledger.StockEntry{entry("error", "W1", -2), entry("a", "W2", 1)}, []int{1, 6}, 1, []string{"error"}},
		"nets against the next restock":    {levels(1), []ledger.StockEntry{entry("error", "W1", -2), entry("a", "W1", 1)}, []int{0}, 2, nil},
		"missing warehouse":                {levels(10), []ledger.StockEntry{entry("a", "W9", 1)}, []int{10}, 0, []string{"a"}},
		"missing warehouse, another rides": {levels(10), []ledger.StockEntry{entry("a", "W9", 1), entry("b", "W1", 1)}, []int{11}, 1, []string{"a"}},
		"no stock shown at all":            {nil, []ledger.StockEntry{entry("a", "W1", 1)}, nil, 0, []string{"a"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines, riding, stuck := plan(c.levels, "S", c.owed)
			var wrote []int
			for i, l := range lines {
				wrote = append(wrote, l.Wrote)
				require.Equal(t, l.Available+l.Owed, l.Wrote)
				require.Equal(t, c.levels[i].WarehouseID, l.WarehouseID)
				require.Equal(t, 2, l.Committed)
			}
			require.Equal(t, c.wrote, wrote)
			require.Len(t, riding, c.riding)
			require.Len(t, stuck, len(c.stuck))
			for _, id := range c.stuck {
				require.NotEmpty(t, stuck[id])
			}
		})
	}
}

func TestSpreadOfAnError(t *testing.T) {
	t.Parallel()
	line := func(owed, committed, after int) ledger.StockLine {
		return ledger.StockLine{SKUID: "S", Owed: owed, Committed: committed, CommittedAfter: after}
	}
	for name, c := range map[string]struct {
		lines  []ledger.StockLine
		delta  int
		clear  bool
		errors []int
	}{
		"as owed":                                {[]ledger.StockLine{line(1, 2, 2)}, 1, true, []int{0}},
		"a sale between read and write":          {[]ledger.StockLine{line(1, 2, 3)}, 2, true, []int{1}},
		"a sale, not read back":                  {[]ledger.StockLine{line(1, 2, -1)}, 2, true, []int{1}},
		"a cancellation between":                 {[]ledger.StockLine{line(1, 2, 1)}, 0, true, []int{-1}},
		"two warehouses, as owed":                {[]ledger.StockLine{line(1, 2, 2), line(0, 5, 5)}, 1, true, []int{0, 0}},
		"two warehouses, sold in the second":     {[]ledger.StockLine{line(1, 2, 2), line(0, 5, 7)}, 3, true, []int{0, 2}},
		"two warehouses, sold in both":           {[]ledger.StockLine{line(1, 2, 3), line(0, 5, 7)}, 4, true, []int{1, 2}},
		"two warehouses, sold one, shipped one":  {[]ledger.StockLine{line(1, 2, 3), line(0, 5, 4)}, 2, false, nil},
		"two warehouses, nobody knows where":     {[]ledger.StockLine{line(1, 2, 2), line(0, 5, 5)}, 2, false, nil},
		"two warehouses, as owed while one sold": {[]ledger.StockLine{line(1, 2, 3), line(0, 5, 5)}, 1, true, []int{0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines := c.lines
			owed := 0
			for _, l := range lines {
				owed += l.Owed
			}
			require.Equal(t, c.clear, spread(lines, c.delta-owed))
			for i, e := range c.errors {
				require.Equal(t, e, lines[i].Error, "line %d", i)
			}
		})
	}
}

// Units come into stock once, and TikTok's own account proves it.
func TestARoundProvenByTikToksAccount(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.owe(wh1, "u1", "u2")
	out := b.round()
	require.Equal(t, noon.Add(time.Minute), out.Again)
	require.Equal(t, 12, b.at(wh1))
	require.Equal(t, 1, b.count("set-stock"))
	b.round()
	require.Equal(t, 1, b.count("set-stock"), "one write at a time")
	b.account("m1", 2, 12)
	require.True(t, b.round().Done)
	require.Empty(t, b.unjudged())
	require.Equal(t, 12, b.at(wh1))
	keys, _ := b.waker.woken()
	require.Equal(t, []returns.Key{key}, keys)
}

// A sale that hit the write is taken off again with the next one.
func TestASaleBetweenReadAndWriteIsCorrected(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.owe(wh1, "u1")
	b.answers("set-stock", func(w http.ResponseWriter, _ *http.Request) {
		body := b.last("set-stock")
		b.change(func() {
			b.stock[wh1] = [2]int{9, 3} // sold just before
			b.usual(w, "set-stock", body)
		})
	})
	b.round()
	require.Equal(t, 11, b.at(wh1), "one too many is shown")
	b.answers("set-stock", nil)
	b.account("m1", 2, 11)
	b.clock.pass(time.Minute) // another part of the account may have come
	b.round()
	require.Equal(t, 10, b.at(wh1), "the error rode on the next write")
	b.account("m2", -1, 10)
	require.True(t, b.round().Done)
	require.Empty(t, b.owed())
}

func TestAnOldReadIsNotWritten(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.owe(wh1, "u1")
	b.answers("stock", func(w http.ResponseWriter, _ *http.Request) {
		b.clock.pass(2*time.Second + time.Millisecond)
		b.change(func() { b.usual(w, "stock", "") })
	})
	out := b.round()
	require.False(t, out.Done)
	require.Zero(t, b.count("set-stock"))
	require.Len(t, b.owed(), 1)
	b.answers("stock", nil)
	b.clock.pass(time.Second)
	b.round()
	require.Equal(t, 1, b.count("set-stock"))
}

// What a refused, impossible or lost SET leaves behind.
func TestAWriteThatFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		says    http.HandlerFunc
		owed    int
		problem returns.Kind
	}{
		"throttled":      {code(36009002), 1, ""},
		"module limit":   {code(12052109), 1, ""},
		"token":          {code(105002), 1, ""},
		"promotion lock": {code(12052393), 1, returns.StockRefused},
		"no scope":       {code(105005), 1, returns.StockRefused},
		"bundle":         {code(12052850), 1, returns.StockRefused},
		"overload":       {status(http.StatusServiceUnavailable), 0, ""},
		"internal error": {code(36009003), 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.owe(wh1, "u1")
			b.answers("set-stock", c.says)
			out := b.round()
			require.False(t, out.Done)
			require.True(t, out.Again.After(noon), "tried again, and nothing spins")
			owed := b.owed()
			require.Len(t, owed, c.owed)
			if c.owed > 0 {
				require.Equal(t, c.problem, owed[0].Problem)
			}
			require.Len(t, b.unjudged(), 1-c.owed, "an unknown outcome stays open")
			if c.problem != "" {
				keys, _ := b.waker.woken()
				require.Equal(t, []returns.Key{key}, keys, "the return names it")
			}
		})
	}
}

// TikTok applies a write SKU by SKU (T17): the units of one SKU must not be owed
// again because another one was refused.
func TestOneRefusedSKUDoesNotTouchAnother(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const refused = "1729000000000000002"
	b.oweSKU(refused, wh1, "u1")
	b.owe(wh1, "u2")
	b.answers("stock", func(w http.ResponseWriter, _ *http.Request) {
		b.change(func() {
			other := map[string]any{"id": refused, "warehouse_inventory": []any{map[string]any{"warehouse_id": wh1, "available_quantity": 4, "committed_quantity": 0}}}
			require.NoError(b.t, jsonTo(w, map[string]any{"code": 0, "data": map[string]any{"inventory": []any{map[string]any{"product_id": product, "skus": []any{b.levels(), other}}}}}))
		})
	})
	b.answers("set-stock", func(w http.ResponseWriter, _ *http.Request) {
		body := b.last("set-stock")
		b.change(func() {
			var w2 struct {
				SKUs []struct{ ID string } `json:"skus"`
			}
			require.NoError(b.t, jsonFrom(body, &w2))
			data := map[string]any{}
			for _, s := range w2.SKUs {
				switch s.ID {
				case skuID:
					b.stock[wh1] = [2]int{b.stock[wh1][0] + 1, b.stock[wh1][1]}
				case refused:
					data["errors"] = []any{map[string]any{"code": 12052393, "message": "locked", "detail": map[string]any{"sku_id": refused}}}
				}
			}
			require.NoError(b.t, jsonTo(w, map[string]any{"code": 0, "data": data}))
		})
	})
	for range 8 {
		b.round()
		b.clock.pass(2 * time.Second)
		if b.at(wh1) == 11 {
			b.account("m1", 1, 11)
		}
	}
	require.Equal(t, 11, b.at(wh1), "in stock once")
	owed := b.owed()
	require.Len(t, owed, 1)
	require.Equal(t, "u1", owed[0].ID)
	require.Equal(t, returns.StockRefused, owed[0].Problem)
}

func TestALostAnswerToAWrite(t *testing.T) {
	t.Parallel()
	sold := func(b *bench) { b.stock[wh1] = [2]int{b.stock[wh1][0] - 1, b.stock[wh1][1] + 1} }
	shipped := func(b *bench) { b.stock[wh1] = [2]int{b.stock[wh1][0], b.stock[wh1][1] - 1} }
	for name, c := range map[string]struct {
		applied   bool
		meanwhile []func(*bench)
		left      bool   // an order that was there before has left since
		placed    bool   // an order was placed since
		want      string // owed again, proven, or unproven
	}{
		"written":                               {applied: true, want: "proven"},
		"not written":                           {want: "owed"},
		"written, one sold":                     {applied: true, meanwhile: []func(*bench){sold}, placed: true, want: "proven"},
		"not written, one sold":                 {meanwhile: []func(*bench){sold}, placed: true, want: "owed"},
		"written, one sold to nobody known":     {applied: true, meanwhile: []func(*bench){sold}, want: "unproven"},
		"not written, one sold to nobody known": {meanwhile: []func(*bench){sold}, want: "unproven"},
		"written, one shipped":                  {applied: true, meanwhile: []func(*bench){shipped}, left: true, want: "unproven"},
		"written, one sold, another shipped":    {applied: true, meanwhile: []func(*bench){sold, shipped}, left: true, placed: true, want: "unproven"},
		"not written, and goods may have left":  {left: true, want: "unproven"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.owe(wh1, "u1")
			lose := ""
			if c.applied {
				lose = "set-stock"
			}
			b.answers("set-stock", b.cutOff(lose))
			out := b.round()
			require.False(t, out.Done)
			b.answers("set-stock", nil)
			b.clock.pass(time.Second)
			b.round()
			require.Equal(t, 1, b.count("set-stock"), "not before every late effect must have shown")
			b.change(func() {
				for _, m := range c.meanwhile {
					m(b)
				}
			})
			var orders []map[string]any
			if c.left {
				orders = append(orders, sent(noon.Add(20*time.Second)))
			}
			if c.placed {
				orders = append(orders, touched(skuID, noon.Add(10*time.Second), noon.Add(20*time.Second)))
			}
			b.orders(orders...)
			b.clock.pass(2 * time.Minute)
			b.answers("set-stock", status(http.StatusServiceUnavailable)) // what is owed again goes no further here
			b.round()
			switch c.want {
			case "owed":
				require.Len(t, b.owed(), 1)
				b.clock.pass(time.Second)
				b.round()
				require.Equal(t, 2, b.count("set-stock"), "written after all")
			case "proven":
				require.Empty(t, b.owed())
				require.Empty(t, b.unjudged())
				require.Equal(t, 1, b.count("set-stock"))
			case "unproven":
				require.Equal(t, 1, b.count("set-stock"), "nothing is guessed")
				require.Len(t, b.unjudged(), 1)
				require.Equal(t, "unproven", b.state())
				keys, _ := b.waker.woken()
				require.Equal(t, []returns.Key{key}, keys)
			}
		})
	}
}

// A write that could not be judged is not judged later by numbers that have
// moved on: only TikTok's own account settles it.
func TestAnUnprovenWriteWaitsForTheAccount(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.owe(wh1, "u1")
	b.answers("set-stock", b.cutOff("set-stock"))
	b.round()
	b.answers("set-stock", nil)
	b.orders(sent(noon.Add(20 * time.Second)))
	b.change(func() { b.stock[wh1] = [2]int{10, 2} }) // one sold and one sent: it looks as if nothing was written
	b.clock.pass(2 * time.Minute)
	b.round()
	require.Equal(t, "unproven", b.state())
	b.clock.pass(time.Hour)
	b.round()
	require.Equal(t, 10, b.at(wh1))
	require.Equal(t, 1, b.count("set-stock"))
	require.NoError(t, b.Ledger.Do(b.ctx, func(tx *ledger.Tx) error {
		return tx.Moved(b.ctx, shopName, returns.StockMovement{ID: "late", ProductID: product, SKUID: skuID, Source: returns.MovementAPISync, At: noon, AvailableDelta: 1, AvailableAfter: 11})
	}))
	require.True(t, b.round().Done)
	require.Empty(t, b.unjudged())
}

// What the next write added says nothing about the one before it: that one is
// judged by what the next read before it wrote.
func TestALostAnswerIsJudgedByWhatTheNextWriteRead(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.owe(wh1, "u1")
	b.answers("set-stock", b.cutOff("")) // never arrives
	b.round()
	b.orders(with(sent(noon.Add(-time.Minute)), "collection_time", 0))
	b.clock.pass(2 * time.Minute)
	b.round()
	require.Equal(t, "unproven", b.state(), "goods may have left")
	b.answers("set-stock", nil)
	b.owe(wh1, "u2")
	b.round()
	require.Equal(t, 11, b.at(wh1), "the second is written")
	b.account("second", 1, 11)
	b.orders(sent(noon.Add(-time.Minute))) // TikTok tells now when they left: before
	b.clock.pass(time.Hour)
	b.round()
	b.clock.pass(time.Second)
	b.round()
	require.Equal(t, 12, b.at(wh1), "and the first, which never was")
}

// Without TikTok's account the read-back proves a write only if the orders
// explain how the numbers moved, and no goods can have left or come back.
func TestByReading(t *testing.T) {
	t.Parallel()
	const before, after, byHand = "before the write", "after the write", ", and a person takes one away"
	placed := touched(skuID, noon, noon)
	for name, c := range map[string]struct {
		orders []map[string]any
		sale   string // one piece, before or after the write
		proven bool
		shown  int // in the end, of ten and the one put back
		writes int
	}{
		"sold before, and one taken by hand":  {[]map[string]any{placed}, before + byHand, false, 0, 0},
		"nothing moved":                       {nil, "", true, 11, 1},
		"an order of another SKU":             {[]map[string]any{touched("1729000000000000099", noon, noon)}, "", true, 11, 1},
		"an order not counted yet":            {[]map[string]any{placed}, "", true, 11, 1},
		"sold before the write":               {[]map[string]any{placed}, before, true, 10, 2},
		"sold after the write":                {[]map[string]any{placed}, after, true, 10, 1},
		"sold in a bundle":                    {[]map[string]any{bundled(noon)}, before, true, 10, 2},
		"sold to nobody known":                {nil, after, false, 0, 0},
		"sold to an order of before":          {[]map[string]any{touched(skuID, noon.Add(-time.Hour), noon.Add(50*time.Second))}, after, false, 0, 0},
		"sold from another warehouse":         {[]map[string]any{with(touched(skuID, noon, noon), "warehouse_id", wh2)}, after, false, 0, 0},
		"an order of before, not sent yet":    {[]map[string]any{touched(skuID, noon.Add(-time.Hour), noon.Add(50*time.Second))}, "", true, 11, 1},
		"placed after the read-back":          {[]map[string]any{with(touched(skuID, noon.Add(30*time.Second), noon.Add(50*time.Second)), "status", "PARTIALLY_SHIPPING")}, "", true, 11, 1},
		"the returned order itself":           {[]map[string]any{delivered(noon.Add(time.Second))}, "", true, 11, 1},
		"sent meanwhile":                      {[]map[string]any{sent(noon.Add(time.Second))}, "", false, 0, 0},
		"sent before":                         {[]map[string]any{sent(noon.Add(-time.Hour))}, "", true, 11, 1},
		"handed over before, collected now":   {[]map[string]any{with(sent(noon.Add(-time.Hour)), "collection_time", noon.Unix())}, "", false, 0, 0},
		"collected at a time not told":        {[]map[string]any{with(sent(noon.Add(-time.Hour)), "collection_time", 0)}, "", false, 0, 0},
		"to be collected, handed over before": {[]map[string]any{with(sent(noon.Add(-time.Hour)), "status", "AWAITING_COLLECTION")}, "", true, 11, 1},
		"to be collected, handed over now":    {[]map[string]any{with(sent(noon), "status", "AWAITING_COLLECTION")}, "", false, 0, 0},
		"partly sent":                         {[]map[string]any{with(placed, "status", "PARTIALLY_SHIPPING")}, "", false, 0, 0},
		"cancelled meanwhile":                 {[]map[string]any{with(with(placed, "status", "CANCELLED"), "cancel_time", noon.Unix())}, "", false, 0, 0},
		"cancelled at a time not told":        {[]map[string]any{with(placed, "status", "CANCELLED")}, "", false, 0, 0},
		"cancelled before":                    {[]map[string]any{with(with(touched(skuID, noon.Add(-2*time.Hour), noon), "status", "CANCELLED"), "cancel_time", noon.Add(-time.Hour).Unix())}, "", true, 11, 1},
		"one line cancelled":                  {[]map[string]any{lineCancelled()}, "", false, 0, 0},
		"a status that is not known":          {[]map[string]any{with(placed, "status", "TELEPORTED")}, "", false, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.owe(wh1, "u1")
			b.answers("set-stock", func(w http.ResponseWriter, _ *http.Request) {
				body := b.last("set-stock")
				b.change(func() {
					sale := func(when string) {
						if strings.TrimSuffix(c.sale, byHand) == when {
							b.stock[wh1] = [2]int{b.stock[wh1][0] - 1, b.stock[wh1][1] + 1}
						}
					}
					sale(before)
					b.usual(w, "set-stock", body)
					sale(after)
					if strings.HasSuffix(c.sale, byHand) {
						b.stock[wh1] = [2]int{b.stock[wh1][0] - 1, b.stock[wh1][1]}
					}
				})
			})
			b.round()
			if strings.HasSuffix(c.sale, byHand) {
				require.NoError(t, b.Ledger.Do(b.ctx, func(tx *ledger.Tx) error {
					return tx.Moved(b.ctx, shopName, returns.StockMovement{ID: "m", ProductID: product, SKUID: skuID, Source: returns.MovementByHand, At: noon, AvailableDelta: -1, AvailableAfter: 10})
				}))
			}
			b.orders(c.orders...)
			b.clock.pass(time.Minute + time.Second)
			b.answers("set-stock", nil)
			b.round()
			keys, _ := b.waker.woken()
			require.Equal(t, []returns.Key{key}, keys)
			if c.proven {
				require.Equal(t, c.shown, b.at(wh1))
				require.Equal(t, c.writes, b.count("set-stock"))
				return
			}
			require.Equal(t, "unproven", b.state())
			require.Equal(t, 1, b.count("set-stock"))
			b.clock.pass(time.Hour)
			b.round()
			require.Equal(t, "unproven", b.state(), "what moved then does not go away")
		})
	}
}

// with is an order with one more field.
func with(order map[string]any, field string, value any) map[string]any {
	o := maps.Clone(order)
	o[field] = value
	return o
}

// sent is an order of before that left the warehouse at a time.
func sent(at time.Time) map[string]any {
	o := touched(skuID, noon.Add(-72*time.Hour), noon.Add(20*time.Second))
	o["status"], o["rts_time"], o["collection_time"] = "IN_TRANSIT", at.Unix(), at.Unix()
	return o
}

func lineCancelled() map[string]any {
	o := touched(skuID, noon.Add(-time.Hour), noon)
	o["line_items"].([]any)[0].(map[string]any)["display_status"] = "CANCELLED"
	return o
}

// delivered is an order that reached its buyer long ago and was changed since,
// as by the refund of the very return.
func delivered(updated time.Time) map[string]any {
	o := touched(skuID, noon.Add(-72*time.Hour), updated)
	o["status"], o["delivery_time"] = "DELIVERED", noon.Add(-24*time.Hour).Unix()
	return o
}

func bundled(at time.Time) map[string]any {
	o := touched("1729000000000000050", at, at)
	o["line_items"].([]any)[0].(map[string]any)["combined_listing_skus"] = []any{map[string]any{"sku_id": skuID, "sku_count": 2}}
	return o
}

// Between a write whose answer was lost and the read that is to judge it another
// program set the number: that orders would explain it proves nothing.
func TestAnotherProgramsNumberProvesNoWrite(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.owe(wh1, "u1")
	b.answers("set-stock", b.cutOff("set-stock"))
	b.round()
	b.answers("set-stock", nil)
	b.change(func() { b.stock[wh1] = [2]int{b.stock[wh1][0] - 1, b.stock[wh1][1] + 1} })
	b.orders(touched(skuID, noon, noon))
	b.clock.pass(90 * time.Second)
	b.account("other", -1, 10)
	b.clock.pass(90 * time.Second)
	b.round()
	require.Equal(t, "unproven", b.state())
}

// TikTok's account says that a sale hit the write, but not in which warehouse:
// the numbers standing still do not overrule it.
func TestAnAccountThatCannotBeSpreadIsUnproven(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.stock[wh2] = [2]int{5, 1}
	b.owe(wh1, "u1")
	b.round()
	b.account("m1", 2, 16)
	b.clock.pass(2 * time.Minute)
	b.round()
	require.Equal(t, "unproven", b.state())
	keys, _ := b.waker.woken()
	require.Equal(t, []returns.Key{key}, keys)
	require.Equal(t, 1, b.count("set-stock"))
}

// A movement by nothing may be the part of a warehouse that kept its number: where it
// does not say in which one the number moved, reads and orders tell.
func TestAMovementByNothingMayBeAPart(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.stock[wh2] = [2]int{5, 1}
	b.owe(wh1, "u1")
	b.round()
	b.account("m1", 0, 16)
	b.clock.pass(2 * time.Minute)
	b.round()
	require.Empty(t, b.unjudged())
	require.Equal(t, 1, b.count("set-stock"))
}

func TestWhatCannotBeWrittenIsNamed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.owe("7000000000000000099", "u1")
	out := b.round()
	require.False(t, out.Done, "a warehouse may come back")
	require.Zero(t, b.count("set-stock"))
	require.Equal(t, returns.StockRefused, b.owed()[0].Problem)
	keys, _ := b.waker.woken()
	require.Equal(t, []returns.Key{key}, keys)
	b.change(func() { b.stock = map[string][2]int{wh1: {1, 0}} })
	b.answers("stock", code(105005))
	b.round()
	require.Zero(t, b.count("set-stock"))
}

// A judged write wakes its returns also when the round's next step fails.
func TestAProofIsToldThoughTheNextWriteFails(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.owe(wh1, "u1")
	b.round()
	b.owe(wh1, "u2")
	b.account("m1", 1, 11)
	b.answers("stock", status(http.StatusServiceUnavailable))
	_, err := run[messages.RoundResult](b, b.StockRound, stockInput)
	require.Error(t, err)
	keys, _ := b.waker.woken()
	require.Equal(t, []returns.Key{key}, keys)
}

// The stock's writer hears of what is owed, also when Temporal was away at the
// moment it was entered, and again long after if it was forgotten.
func TestTheStockWriterIsWoken(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	act := actOf(t, b.look(), returns.ActRestock)
	b.waker.breaks(true)
	in := messages.ActInput{Shop: shopName, Key: key, Act: act}
	_, err := run[messages.PlanResult](b, b.Restock, in)
	require.Error(t, err)
	require.Len(t, b.owed(), 1)
	b.waker.breaks(false)
	out := must[messages.PlanResult](b, b.Restock, in)
	require.False(t, hasAct(out.Plan, returns.ActRestock))
	_, products := b.waker.woken()
	require.Equal(t, []string{product}, products)
	require.Len(t, b.owed(), 1, "owed once")

	require.False(t, hasAct(b.look(), returns.ActRestock), "it is at it")
	b.clock.pass(time.Hour)
	plan := must[messages.PlanResult](b, b.Review, messages.LookInput{Shop: shopName, Key: key}).Plan
	in.Act = actOf(t, plan, returns.ActRestock)
	must[messages.PlanResult](b, b.Restock, in)
	_, products = b.waker.woken()
	require.Equal(t, []string{product}, products, "nobody was")
}

// No unit is owed before its inspection passed, and none twice.
func TestRestockOnlyWhatPassed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	act := actOf(t, b.look(), returns.ActRestock)
	b.change(func() {
		b.rma["items"].([]any)[0].(map[string]any)["itemValidationStatusResponse"].(map[string]any)["isRestockable"] = false
	})
	b.clock.pass(time.Second)
	must[messages.PlanResult](b, b.LookReturnGO, messages.LookInput{Shop: shopName, Key: key})
	must[messages.PlanResult](b, b.Restock, messages.ActInput{Shop: shopName, Key: key, Act: act})
	require.Empty(t, b.owed())
	_, products := b.waker.woken()
	require.Empty(t, products)
}

// A return that still waits for its money hears of its stock with it; one that was
// paid, or of which a unit is not in stock, is told.
func TestAProofIsNotToldWhileMoneyIsAwaited(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		state returns.EffectState
		more  bool // another unit is still owed
		told  int
	}{
		"money awaited": {returns.EffectApplied, false, 0}, "paid": {returns.EffectVerified, false, 1}, "another unit owed": {returns.EffectApplied, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			require.NoError(t, b.Ledger.Do(b.ctx, func(tx *ledger.Tx) error {
				e := returns.Effect{ID: "uk:refund:" + caseID + ":1", Key: key, Kind: returns.EffectRefund, Subject: caseID, Generation: 1, Amount: gbp("24.99")}
				e.ClaimUntil = b.clock.now().Add(time.Minute)
				if err := tx.Claim(b.ctx, shopName, key, e, e.ClaimUntil); err != nil {
					return err
				}
				return tx.EffectAnswered(b.ctx, e, ledger.EffectChange{State: c.state})
			}))
			b.owe(wh1, "u1")
			b.round()
			if c.more {
				b.owe(wh2, "u2")
			}
			b.account("m1", 1, 11)
			b.round()
			keys, _ := b.waker.woken()
			require.Len(t, keys, c.told)
		})
	}
}
