package activities

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returngo"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

// swept is a shop to sweep: both platforms' lists, a ledger, and who was woken.
type swept struct {
	*Activities
	t *testing.T

	mu     sync.Mutex
	cases  []sweptCase       // at TikTok
	odd    map[string]any    // deadlines of some of them
	rmas   map[string]string // status by id, at ReturnGO
	bare   []string          // further rows of that list, as they are on the wire
	broken int               // from this page of a TikTok search on nothing answers; 0: all do
	pages  int               // pages of TikTok searches read
	woken  []returns.Key
}

type sweptCase struct {
	id, order, status, amount string
	updated                   time.Time
}

var sweptAt = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func newSwept(t *testing.T) *swept {
	t.Helper()
	s := &swept{t: t, rmas: map[string]string{}}
	server := httptest.NewServer(http.HandlerFunc(s.answer))
	t.Cleanup(server.Close)
	now := func() time.Time { return sweptAt }
	l, err := ledger.Open(t.Context(), ledgerFile(t), now)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	tiktok, err := tiktokshop.New(tiktokshop.Options{BaseURL: server.URL, AuthURL: server.URL, AppKey: "key", AppSecret: "secret", Clock: now, Timeout: 5 * time.Second})
	require.NoError(t, err)
	store, err := returngo.New(returngo.Options{BaseURL: server.URL, APIKey: "key", Clock: now, Timeout: 5 * time.Second})
	require.NoError(t, err)
	seal, err := NewSeal(base64.StdEncoding.EncodeToString(make([]byte, 32)))
	require.NoError(t, err)
	tokens := &Tokens{Ledger: l, Client: tiktok, Seal: seal, Now: now, Seeds: map[string]Seed{renewedShop: {Cipher: "c", AccessToken: "a", RefreshToken: "r"}}}
	s.Activities = &Activities{Ledger: l, Waker: s, Tokens: tokens, Quota: &Quota{Ledger: l, Now: now, PerDay: map[string]int{"": 2000}}, Now: now, OverdueAfter: time.Hour, Shops: map[string]*Shop{
		renewedShop: {Key: renewedShop, ReturnGO: store.Shop("demo.myshopify.com"), TikTok: tiktok.Shop(tokens.Access(renewedShop))},
	}}
	return s
}

func (s *swept) WakeReturn(_ context.Context, _ string, key returns.Key, _ messages.News) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.woken = append(s.woken, key)
	return nil
}

func (s *swept) WakeStock(context.Context, string, string) error { return nil }

func (s *swept) answer(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case strings.HasSuffix(r.URL.Path, "/returns/search"):
		s.search(w, r)
	case r.URL.Path == "/rmas":
		var rows []any
		for id, status := range s.rmas {
			if slices.Contains(strings.Split(r.URL.Query().Get("status"), ","), status) {
				rows = append(rows, map[string]any{"rmaId": id, "status": status})
			}
		}
		for _, row := range s.bare {
			rows = append(rows, json.RawMessage(row))
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"rmas": append([]any{}, rows...)})
	default:
		_, _ = w.Write([]byte(`{"transactions":[]}`))
	}
}

func (s *swept) search(w http.ResponseWriter, r *http.Request) {
	var body struct {
		IDs      []string `json:"return_ids"`
		Statuses []string `json:"return_status"`
		From     int64    `json:"update_time_ge"`
	}
	_ = json.NewDecoder(r.Body).Decode(&body)
	var found []sweptCase
	for _, c := range s.cases {
		if (len(body.IDs) == 0 || slices.Contains(body.IDs, c.id)) && (len(body.Statuses) == 0 || slices.Contains(body.Statuses, c.status)) && c.updated.Unix() >= body.From {
			found = append(found, c)
		}
	}
	slices.SortStableFunc(found, func(a, b sweptCase) int { return cmp.Compare(a.updated.Unix(), b.updated.Unix()) })
	size, _ := strconv.Atoi(r.URL.Query().Get("page_size"))
	page, _ := strconv.Atoi(r.URL.Query().Get("page_token"))
	s.pages++
	if s.broken > 0 && page >= s.broken {
		_, _ = w.Write([]byte(`{"code":36009002,"message":"too many requests"}`))
		return
	}
	next := ""
	found = found[min(page*size, len(found)):]
	if len(found) > size {
		found, next = found[:size], strconv.Itoa(page+1)
	}
	var rows []any
	for _, c := range found {
		var waiting []any
		if deadline, some := s.odd[c.id]; some {
			waiting = append(waiting, map[string]any{"action": "SELLER_RESPOND_RETURN", "deadline": deadline})
		}
		rows = append(rows, map[string]any{
			"return_id": c.id, "order_id": c.order, "return_status": c.status, "return_type": "REFUND", "seller_next_action_response": waiting,
			"refund_amount": map[string]any{"currency": "GBP", "refund_total": c.amount}, "update_time": c.updated.Unix(),
		})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"code": 0, "data": map[string]any{"return_orders": rows, "next_page_token": next}})
}

// sweep runs one sweep as a worker would, and gives who was woken by it.
func (s *swept) sweep(activities func(context.Context, messages.ShopInput) (messages.SweepResult, error)) ([]returns.Key, error) {
	s.t.Helper()
	s.mu.Lock()
	s.woken, s.pages = nil, 0
	s.mu.Unlock()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivityWithOptions(activities, activity.RegisterOptions{Name: "Sweep"})
	_, err := env.ExecuteActivity("Sweep", messages.ShopInput{Shop: renewedShop})
	slices.Sort(s.woken)
	return s.woken, err
}

func (s *swept) do(work func(*ledger.Tx) error) {
	s.t.Helper()
	require.NoError(s.t, s.Ledger.Do(s.t.Context(), work))
}

// closed enters a return of ours that has ended.
func (s *swept) closed(key returns.Key, orderID string) {
	s.t.Helper()
	s.do(func(tx *ledger.Tx) error {
		r, err := tx.Load(s.t.Context(), renewedShop, key)
		if err != nil {
			return err
		}
		return tx.SaveDecision(s.t.Context(), renewedShop, key, r, ledger.Decided{OrderID: orderID, Closed: true})
	})
}

func TestTheFirstSweepTakesUpAllThatIsOpenAtTikTok(t *testing.T) {
	t.Parallel()
	s := newSwept(t)
	long := sweptAt.Add(-20 * 24 * time.Hour)
	s.cases = []sweptCase{
		{"1", "O1", returns.TikTokShipped, "9.00", long},
		{"2", "O2", returns.TikTokPaid, "9.00", long},
		{"3", "O3", returns.TikTokRejected, "9.00", long},
		{"4", "O4", returns.TikTokPending, "9.00", sweptAt.Add(-time.Minute)},
	}
	woken, err := s.sweep(s.SweepTikTok)
	require.NoError(t, err)
	require.Equal(t, []returns.Key{returns.TikTokKey("1"), returns.TikTokKey("3"), returns.TikTokKey("4")}, woken, "each once")
	s.cases = append(s.cases, sweptCase{"5", "O5", returns.TikTokShipped, "9.00", long})
	woken, err = s.sweep(s.SweepTikTok)
	require.NoError(t, err)
	require.Equal(t, []returns.Key{returns.TikTokKey("4")}, woken, "later ones read what changed")
}

// A new deadline moves no update time (TikTok contract 2.4): what was open when last
// seen is read again by every sweep.
func TestASweepReadsAgainWhatWasOpen(t *testing.T) {
	t.Parallel()
	s := newSwept(t)
	long := sweptAt.Add(-20 * 24 * time.Hour)
	s.cases = []sweptCase{{"1", "O1", returns.TikTokShipped, "9.00", long}}
	_, err := s.sweep(s.SweepTikTok)
	require.NoError(t, err)
	amount, err := returns.NewMoney("9.00", "GBP")
	require.NoError(t, err)
	s.do(func(tx *ledger.Tx) error {
		seen := returns.TikTokReturn{ID: "1", OrderID: "O1", Status: returns.TikTokShipped, Refund: amount, UpdatedAt: long}
		return tx.SaveTikTok(t.Context(), renewedShop, "O1", nil, []returns.TikTokReturn{seen}, sweptAt)
	})
	woken, err := s.sweep(s.SweepTikTok)
	require.NoError(t, err)
	require.Empty(t, woken)
	s.odd = map[string]any{"1": sweptAt.Add(40 * time.Hour).Unix()}
	woken, err = s.sweep(s.SweepTikTok)
	require.NoError(t, err)
	require.Equal(t, []returns.Key{returns.TikTokKey("1")}, woken)
}

func TestACutSweepIsGoneOnWith(t *testing.T) {
	t.Parallel()
	s := newSwept(t)
	for i := range 400 { // in the end 8 pages
		s.cases = append(s.cases, sweptCase{fmt.Sprintf("%03d", i), fmt.Sprintf("O%d", i), returns.TikTokShipped, "9.00", sweptAt.Add(time.Duration(i-400) * time.Hour)})
	}
	s.broken = 5
	first, err := s.sweep(s.SweepTikTok)
	require.Error(t, err)
	require.Len(t, first, 250)
	s.broken = 0
	rest, err := s.sweep(s.SweepTikTok)
	require.NoError(t, err)
	require.Equal(t, returns.TikTokKey("249"), rest[0], "from the last page that was done")
	require.Len(t, rest, 151)

	// The same after an outage of weeks, when much has changed.
	changed := s.cases
	s = newSwept(t)
	s.cases = changed
	s.do(func(tx *ledger.Tx) error {
		return tx.MoveCursor(t.Context(), "tiktok-returns/"+renewedShop, sweptAt.Add(-400*time.Hour).Format(time.RFC3339))
	})
	s.broken = 1
	for attempts := range 10 {
		if _, err = s.sweep(s.SweepTikTok); err == nil {
			require.GreaterOrEqual(t, attempts, 7)
			break
		}
	}
	require.NoError(t, err, "each attempt gets one page further")
}

// A refund made in Seller Center and first seen when it is paid.
func TestAPaidRefundOnOneOfOurOrdersIsSeen(t *testing.T) {
	t.Parallel()
	s := newSwept(t)
	s.closed(returns.RMAKey("9001"), "O1")
	s.cases = []sweptCase{{"1", "O1", returns.TikTokPaid, "9.00", sweptAt}, {"2", "O2", returns.TikTokPaid, "9.00", sweptAt}}
	woken, err := s.sweep(s.SweepTikTok)
	require.NoError(t, err)
	require.Equal(t, []returns.Key{returns.TikTokKey("1")}, woken, "nothing of ours is on the other order")
}

func TestAChangedAmountIsADifference(t *testing.T) {
	t.Parallel()
	s := newSwept(t)
	s.cases = []sweptCase{{"1", "O1", returns.TikTokPaid, "9.00", sweptAt}}
	amount, err := returns.NewMoney("9.00", "GBP")
	require.NoError(t, err)
	s.closed(returns.RMAKey("9001"), "O1")
	s.do(func(tx *ledger.Tx) error {
		seen := returns.TikTokReturn{ID: "1", OrderID: "O1", Status: returns.TikTokPaid, Refund: amount}
		return tx.SaveTikTok(t.Context(), renewedShop, "O1", nil, []returns.TikTokReturn{seen}, sweptAt)
	})
	woken, err := s.sweep(s.SweepTikTok)
	require.NoError(t, err)
	require.Empty(t, woken)
	s.cases[0].amount = "10.00"
	woken, err = s.sweep(s.SweepTikTok)
	require.NoError(t, err)
	require.Len(t, woken, 1)
}

// The webhook of a cancellation was lost: the RMA is in no list of open ones.
func TestAnRMAThatIsNoLongerOpenIsLookedAt(t *testing.T) {
	t.Parallel()
	s := newSwept(t)
	s.rmas = map[string]string{"9001": returns.RMAApproved, "9002": returns.RMACanceled, "9003": returns.RMADone, "9004": returns.RMACanceled}
	save := func(id, status string, at time.Time) {
		s.do(func(tx *ledger.Tx) error {
			return tx.SaveRMA(t.Context(), renewedShop, returns.RMA{ID: id, Status: status}, at)
		})
	}
	save("9001", returns.RMAApproved, sweptAt.Add(-time.Hour))
	save("9002", returns.RMAApproved, sweptAt.Add(-time.Hour))
	save("9003", returns.RMADone, sweptAt.Add(-time.Hour))
	save("9004", returns.RMAApproved, sweptAt.Add(time.Second)) // read after the list was begun
	woken, err := s.sweep(s.SweepReturnGO)
	require.NoError(t, err)
	require.Equal(t, []returns.Key{returns.RMAKey("9002")}, woken)
	save("9002", returns.RMACanceled, sweptAt)
	woken, err = s.sweep(s.SweepReturnGO)
	require.NoError(t, err)
	require.Empty(t, woken)
}

func (*swept) Failing(context.Context, string) (map[string]string, error) {
	return map[string]string{}, nil
}

func (*swept) Waits(context.Context, string, returns.Key) (runs, waits bool, err error) {
	return true, false, nil
}

func (*swept) Running(context.Context, string) (map[string]bool, error) {
	return map[string]bool{}, nil
}

func (s *swept) WakeGuard(context.Context, string, messages.Ill) error { return nil }
