package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
	"returnbridge/internal/returns/rules"
	"returnbridge/internal/tiktokshop"
)

const (
	stockShop    = "mugs-uk"
	stockProduct = "1729"
	depot        = "7000"
	stockReturn  = returns.Key("4711")
)

// shelf is TikTok's stock of one product, and the people around it.
type shelf struct {
	available, committed map[string]int
	refused              map[string]int          // error code under code 0, by SKU
	lose                 int                     // so many writes take effect, and their answers are lost
	swallow              int                     // so many writes are lost before they take effect
	slow                 func()                  // happens while the stock is read
	date                 func() time.Time        // its clock; nil: that of the machine, years away
	ordered              []string                // SKUs of the orders that changed lately
	sets                 []string                // what was set, such as "A=11"
	sell                 int                     // so many of A are sold right before the next write
	sales                []time.Time             // when A was sold, by its clock
	told                 []returns.StockMovement // its own accounts of what was set
	late                 func()                  // happens while a token is fetched
}

// stockBench is one product's writer on a clock that only a test moves.
type stockBench struct {
	*Activities
	*shelf
	t      *testing.T
	env    *testsuite.TestActivityEnvironment
	now    time.Time
	url    string
	dsn    string
	woken  []string
	broken int // so many wake-ups fail
}

func stockSetup(t *testing.T) *stockBench {
	t.Helper()
	b := &stockBench{t: t, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), shelf: &shelf{
		available: map[string]int{"A": 10, "B": 20}, committed: map[string]int{"A": 2, "B": 0}, refused: map[string]int{},
	}}
	server := httptest.NewServer(b.shelf)
	t.Cleanup(server.Close)
	b.url, b.dsn = server.URL, ledgerFile(t)
	b.Activities = b.worker(0)
	var suite testsuite.WorkflowTestSuite
	b.env = suite.NewTestActivityEnvironment()
	b.env.RegisterActivity(b.StockRound)
	b.env.RegisterActivity(b.Restock)
	return b
}

// worker is one whose clock is ahead of the bench's.
func (b *stockBench) worker(ahead time.Duration) *Activities {
	b.t.Helper()
	clock := func() time.Time { return b.now.Add(ahead) }
	client, err := tiktokshop.New(tiktokshop.Options{BaseURL: b.url, AuthURL: b.url, AppKey: "k", AppSecret: "s", Clock: clock, Timeout: 5 * time.Second})
	require.NoError(b.t, err)
	books, err := ledger.Open(b.t.Context(), b.dsn, clock)
	require.NoError(b.t, err)
	b.t.Cleanup(func() { require.NoError(b.t, books.Close()) })
	tiktok := client.Shop(func(context.Context) (tiktokshop.Access, error) {
		if b.late != nil {
			b.late()
		}
		return tiktokshop.Access{Token: "t", Cipher: "c"}, nil
	})
	return &Activities{
		Ledger: books, Waker: b, Now: clock, CallTimeout: 10 * time.Second, ClockSkew: 30 * time.Second,
		Shops: map[string]*Shop{stockShop: {
			Key: stockShop, TikTok: tiktok, Policy: rules.Policy{Switches: rules.Switches{Restock: true}},
			Stock: StockPolicy{ProofWait: time.Minute, ReadAge: 2 * time.Second},
		}},
	}
}

func (b *stockBench) WakeReturn(_ context.Context, _ string, key returns.Key, _ messages.News) error {
	b.woken = append(b.woken, "return "+string(key))
	return nil
}

func (b *stockBench) WakeStock(_ context.Context, _, product string) error {
	if b.broken > 0 {
		b.broken--
		return errors.New("no Temporal")
	}
	b.woken = append(b.woken, "stock "+product)
	return nil
}

// ServeHTTP is TikTok: it reads, sets and lists orders.
func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if s.date != nil {
		w.Header().Set("Date", s.date().UTC().Format(http.TimeFormat))
	}
	switch {
	case strings.HasSuffix(r.URL.Path, "/inventory/search"):
		if s.slow != nil {
			s.slow()
		}
		var skus []string
		for _, id := range []string{"A", "B"} {
			skus = append(skus, fmt.Sprintf(`{"id":%q,"warehouse_inventory":[{"warehouse_id":%q,"available_quantity":%d,"committed_quantity":%d}]}`, id, depot, s.available[id], s.committed[id]))
		}
		s.say(w, `{"inventory":[{"product_id":"`+stockProduct+`","skus":[`+strings.Join(skus, ",")+`]}]}`)
	case strings.HasSuffix(r.URL.Path, "/inventory/update"):
		s.set(w, body)
	case strings.HasSuffix(r.URL.Path, "/orders/search"):
		var orders []string
		orders = append(orders, s.placedSince(body)...)
		for i, sku := range s.ordered {
			orders = append(orders, fmt.Sprintf(`{"id":"%d","status":"IN_TRANSIT","line_items":[{"id":"l%d","sku_id":%q}]}`, i, i, sku))
		}
		s.say(w, `{"orders":[`+strings.Join(orders, ",")+`],"next_page_token":""}`)
	default:
		http.Error(w, r.URL.Path, http.StatusTeapot)
	}
}

func (s *shelf) say(w io.Writer, data string) {
	_, _ = io.WriteString(w, `{"code":0,"message":"Success","request_id":"req","data":`+data+`}`)
}

// set applies each SKU for itself, under code 0 (T17).
func (s *shelf) set(w http.ResponseWriter, body []byte) {
	var asked struct {
		SKUs []struct {
			ID        string `json:"id"`
			Inventory []struct {
				Quantity int `json:"quantity"`
			} `json:"inventory"`
		} `json:"skus"`
	}
	_ = json.Unmarshal(body, &asked)
	if s.swallow > 0 {
		s.swallow--
		w.WriteHeader(http.StatusGatewayTimeout)
		return
	}
	var failed []string
	for _, k := range asked.SKUs {
		if code := s.refused[k.ID]; code != 0 {
			failed = append(failed, fmt.Sprintf(`{"code":%d,"message":"no","detail":{"sku_id":%q}}`, code, k.ID))
			continue
		}
		for ; s.sell > 0; s.sell-- {
			s.sale()
		}
		s.told = append(s.told, returns.StockMovement{
			ID: fmt.Sprint("own-", len(s.told)), ProductID: stockProduct, SKUID: k.ID, Source: returns.MovementAPISync, At: s.clock(),
			AvailableDelta: k.Inventory[0].Quantity - s.available[k.ID], AvailableAfter: k.Inventory[0].Quantity,
		})
		s.available[k.ID] = k.Inventory[0].Quantity
		s.sets = append(s.sets, fmt.Sprintf("%s=%d", k.ID, k.Inventory[0].Quantity))
	}
	switch {
	case s.lose > 0:
		s.lose--
		w.WriteHeader(http.StatusGatewayTimeout)
	case len(failed) > 0:
		s.say(w, `{"errors":[`+strings.Join(failed, ",")+`]}`)
	default:
		s.say(w, `{}`)
	}
}

// clock is TikTok's.
func (s *shelf) clock() time.Time {
	if s.date == nil {
		return time.Time{}
	}
	return s.date().UTC()
}

// sale is one piece of A bought now.
func (s *shelf) sale() {
	s.available["A"]--
	s.committed["A"]++
	s.sales = append(s.sales, s.clock())
}

// placedSince are the orders of A, as the search finds them by their last change.
func (s *shelf) placedSince(body []byte) (orders []string) {
	var asked struct {
		From int64 `json:"update_time_ge"`
	}
	_ = json.Unmarshal(body, &asked)
	for i, at := range s.sales {
		if at.Unix() >= asked.From {
			orders = append(orders, fmt.Sprintf(`{"id":"9%03d","status":"AWAITING_SHIPMENT","create_time":%d,"update_time":%d,"warehouse_id":%q,"line_items":[{"id":"l%d","sku_id":"A"}]}`, i, at.Unix(), at.Unix(), depot, i))
		}
	}
	return orders
}

// owe saves units as owed with a decision: "A1" is a unit of SKU A.
func (b *stockBench) owe(units ...returns.UnitID) {
	b.t.Helper()
	var restocks []returns.Restock
	for _, u := range units {
		restocks = append(restocks, returns.Restock{Unit: u, ProductID: stockProduct, SKUID: string(u[:1]), WarehouseID: depot, State: returns.RestockOwed})
	}
	b.books(func(tx *ledger.Tx) error {
		r, err := tx.Load(b.t.Context(), stockShop, stockReturn)
		if err != nil {
			return err
		}
		return tx.SaveDecision(b.t.Context(), stockShop, stockReturn, r, ledger.Decided{Restocks: restocks})
	})
}

func (b *stockBench) books(work func(*ledger.Tx) error) {
	b.t.Helper()
	require.NoError(b.t, b.Ledger.Do(b.t.Context(), work))
}

func (b *stockBench) round() messages.RoundResult {
	b.t.Helper()
	v, err := b.env.ExecuteActivity(b.StockRound, messages.StockInput{Shop: stockShop, ProductID: stockProduct})
	require.NoError(b.t, err)
	var out messages.RoundResult
	require.NoError(b.t, v.Get(&out))
	return out
}

// then is the round at the time that the one before asked for.
func (b *stockBench) then(out messages.RoundResult) messages.RoundResult {
	b.t.Helper()
	require.False(b.t, out.Done, out.Summary)
	require.True(b.t, out.Again.After(b.now), "it must not spin: %s", out.Summary)
	b.now = out.Again
	return b.round()
}

// account is TikTok's own account of a write (webhook 68).
func (b *stockBench) account(sku string, at time.Time, delta, after int) {
	b.books(func(tx *ledger.Tx) error {
		return tx.Moved(b.t.Context(), stockShop, returns.StockMovement{
			ID: fmt.Sprint(sku, at), ProductID: stockProduct, SKUID: sku, Source: returns.MovementAPISync, At: at, AvailableDelta: delta, AvailableAfter: after,
		})
	})
}

func (b *stockBench) entry(u returns.UnitID) returns.Restock {
	b.t.Helper()
	var r returns.Record
	b.books(func(tx *ledger.Tx) (err error) {
		r, err = tx.Load(b.t.Context(), stockShop, stockReturn)
		return err
	})
	i := slices.IndexFunc(r.Restocks, func(e returns.Restock) bool { return e.Unit == u })
	require.GreaterOrEqual(b.t, i, 0)
	return r.Restocks[i]
}

// One SKU that TikTok refuses leaves the others of its product alone: they were
// written, once.
func TestARefusedSKUDoesNotUndoTheOthers(t *testing.T) {
	b := stockSetup(t)
	b.refused["B"] = 12052393
	b.owe("A1", "B1")
	out := b.round()
	require.Equal(t, []string{"A=11"}, b.sets)
	require.Equal(t, returns.RestockWritten, b.entry("A1").State)
	require.Equal(t, returns.RestockOwed, b.entry("B1").State)
	require.Equal(t, returns.StockRefused, b.entry("B1").Problem)
	b.account("A", b.now, 1, 11)
	for range 4 {
		out = b.then(out)
	}
	require.Equal(t, returns.RestockProven, b.entry("A1").State)
	require.Equal(t, returns.StockRefused, b.entry("B1").Problem, "the exception stands meanwhile")
	b.refused = nil
	for b.entry("B1").State != returns.RestockProven {
		out = b.then(out)
	}
	require.Equal(t, []string{"A=11", "B=21"}, b.sets)
	require.True(t, b.round().Done)
}

// TikTok takes calls of a clock that is minutes off, and its events are by its own.
func TestAWriteIsProvenByAClockThatIsOff(t *testing.T) {
	for _, off := range []time.Duration{2 * time.Minute, -20 * time.Second} {
		b := stockSetup(t)
		b.date = func() time.Time { return b.now.Add(off) }
		b.owe("A1")
		out := b.round()
		b.account("A", b.now.Add(off), 2, 11) // one was sold between our read and our write
		b.committed["A"]++
		require.Equal(t, []string{"A=11"}, b.sets)
		out = b.then(out)
		require.Equal(t, []string{"A=11", "A=10"}, b.sets, off)
		require.Equal(t, returns.RestockProven, b.entry("A1").State, off)
		require.False(t, out.Done)
	}
}

// What TikTok refuses is tried again, each time later.
func TestARefusedWriteIsTriedAgainEverMoreSeldom(t *testing.T) {
	b := stockSetup(t)
	b.refused["A"] = 12052393
	b.owe("A1")
	var waits []time.Duration
	out := b.round()
	for range 7 {
		waits = append(waits, out.Again.Sub(b.now).Round(time.Minute))
		out = b.then(out)
	}
	m := time.Minute
	require.Equal(t, []time.Duration{15 * m, 30 * m, 60 * m, 120 * m, 240 * m, 360 * m, 360 * m}, waits)
	require.Equal(t, []string{"return 4711"}, b.woken, "people hear of it once")
}

func TestALostAnswer(t *testing.T) {
	for _, c := range []struct {
		name    string
		applied bool
		shipped bool
		ordered []string
		state   returns.RestockState
		problem returns.Kind
		sets    []string
	}{
		{"written", true, false, nil, returns.RestockProven, "", []string{"A=11"}},
		{"not written", false, false, []string{"B"}, returns.RestockProven, "", []string{"A=11"}},
		{"written, and an older order shipped", true, true, []string{"A"}, returns.RestockWritten, returns.StockUnproven, []string{"A=11"}},
		{"written, and committed moved", true, true, nil, returns.RestockWritten, returns.StockUnproven, []string{"A=11"}},
		{"written, and an order touched the SKU", true, false, []string{"A"}, returns.RestockWritten, returns.StockUnproven, []string{"A=11"}},
		{"not written, and an order touched the SKU", false, false, []string{"A"}, returns.RestockWritten, returns.StockUnproven, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := stockSetup(t)
			if c.applied {
				b.lose = 1
			} else {
				b.swallow = 1
			}
			b.owe("A1")
			at := b.now
			out := b.round()
			if c.shipped {
				b.committed["A"]--
			}
			b.ordered = c.ordered
			for range 3 {
				if out = b.then(out); out.Done {
					break
				}
			}
			require.Equal(t, c.sets, b.sets)
			e := b.entry("A1")
			require.Equal(t, c.state, e.State, e.Note)
			require.Equal(t, c.problem, e.Problem)
			if c.problem == "" {
				return
			}
			require.Contains(t, e.Note, "a write of 1 unit ")
			b.account("A", at, 1, 11)
			b.round()
			require.Equal(t, returns.RestockProven, b.entry("A1").State, "TikTok's own account tells")
			require.Equal(t, c.sets, b.sets)
		})
	}
}

// A read that is always too old never leads to a write, nor to a loop.
func TestASlowReadBacksOff(t *testing.T) {
	b := stockSetup(t)
	b.slow = func() { b.now = b.now.Add(3 * time.Second) }
	b.owe("A1")
	out := b.round()
	for n := 1; b.entry("A1").Problem == ""; n++ {
		require.Less(t, n, slowReads+1)
		out = b.then(out)
	}
	require.Equal(t, returns.StockRefused, b.entry("A1").Problem)
	require.Greater(t, out.Again.Sub(b.now), 14*time.Minute)
	require.Empty(t, b.sets)
	b.slow = nil
	b.then(out)
	require.Equal(t, []string{"A=11"}, b.sets)
}

func TestNothingIsWrittenWhileRestockingIsSwitchedOff(t *testing.T) {
	b := stockSetup(t)
	b.Shops[stockShop].Policy.Switches.Restock = false
	b.owe("A1")
	require.True(t, b.round().Done)
	require.Empty(t, b.sets)
}

// The entries are saved before the act; an act whose wake-up failed, or that is
// no longer in the plan, still wakes their writer.
func TestTheWriterIsWokenThoughTheEntriesAreThere(t *testing.T) {
	b := stockSetup(t)
	b.owe("A1", "B1")
	b.broken = 1
	in := messages.ActInput{Shop: stockShop, Key: stockReturn, Act: returns.Act{Kind: returns.ActRestock, Subject: string(stockReturn)}}
	_, err := b.env.ExecuteActivity(b.Restock, in)
	require.Error(t, err)
	require.Zero(t, b.entry("A1").WokenAt)
	_, err = b.env.ExecuteActivity(b.Restock, in)
	require.NoError(t, err)
	require.Equal(t, []string{"stock " + stockProduct}, b.woken)
	require.Equal(t, b.now, b.entry("A1").WokenAt)
}

func (*stockBench) Failing(context.Context, string) (map[string]string, error) {
	return map[string]string{}, nil
}

func (*stockBench) Waits(context.Context, string, returns.Key) (runs, waits bool, err error) {
	return true, false, nil
}

func (*stockBench) Running(context.Context, string) (map[string]bool, error) {
	return map[string]bool{}, nil
}

func (b *stockBench) WakeGuard(_ context.Context, queue string, ill messages.Ill) error {
	b.woken = append(b.woken, "guard "+queue+" "+string(ill.Illness))
	return nil
}
