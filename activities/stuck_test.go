package activities

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// stuckNow are what IT is told cannot go on, with the sentences.
func (b *bench) stuckNow() map[returns.Key]string {
	b.t.Helper()
	told := map[returns.Key]string{}
	for _, e := range get(b, func(tx *ledger.Tx) ([]ledger.OpenException, error) {
		return tx.OpenExceptions(b.ctx, ledger.ExceptionFilter{Shop: shopName, Owner: returns.IT, Kind: returns.WorkflowStuck})
	}) {
		told[e.Key] = e.Sentence
	}
	return told
}

func (w *waker) fails(ids ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failing = map[string]string{}
	for _, id := range ids {
		w.failing[id] = "category=WorkflowTaskFailed"
	}
}

// Whatever Temporal cannot run any further is told within one sweep, of either
// platform, also while that platform does not answer; and healed when it runs again.
func TestWhatCannotGoOnIsTold(t *testing.T) {
	t.Parallel()
	for name, sweep := range map[string]func(*bench){
		"TikTok's": func(b *bench) { b.sweepTikTok() },
		"ReturnGO's, put off": func(b *bench) {
			b.Quota.PerDay[mainKey] = 1 // nothing is left for sweeps
			must[messages.SweepResult](b, b.SweepReturnGO, messages.ShopInput{Shop: shopName})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			sweep(b)
			require.Empty(t, b.stuckNow())
			id := messages.ReturnID(shopName, "9009")
			b.waker.fails(id, messages.StockID(shopName, product), "RefreshToken/"+shopName, messages.ReturnID("de", "9001"))
			sweep(b)
			sweep(b)
			told := b.stuckNow()
			require.Len(t, told, 2, "%v", told)
			require.Contains(t, told[returns.RMAKey("9009")], "temporal workflow terminate --workflow-id "+id)
			require.Contains(t, told, returns.StockKey(product))
			b.waker.fails(messages.StockID(shopName, product))
			sweep(b)
			require.NotContains(t, b.stuckNow(), returns.RMAKey("9009"))
			b.waker.fails()
			sweep(b)
			require.Empty(t, b.stuckNow())
		})
	}
}

// A return that was told to look and has decided nothing for an hour is told too, also
// by a server that does not say which workflows fail; unless it waits for a platform, or
// does not run: then it is taken up.
func TestAReturnThatDoesNotMoveIsTold(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.waker.failingErr = serviceerror.NewInvalidArgument("no such search attribute")
	b.clock.pass(-24 * time.Hour)
	b.look() // it is to look again within a day
	b.clock.pass(48 * time.Hour)
	b.sweepTikTok()
	require.Empty(t, b.stuckNow(), "it was told just now")
	b.clock.pass(time.Hour + time.Minute)
	b.waker.waiting = []returns.Key{key}
	b.sweepTikTok()
	require.Empty(t, b.stuckNow(), "it waits for an activity")
	b.waker.waiting, b.waker.ended = nil, []returns.Key{key}
	b.sweepTikTok()
	require.Empty(t, b.stuckNow(), "it does not run")
	b.waker.ended = nil
	b.sweepTikTok()
	require.Contains(t, b.stuckNow()[key], "decided nothing for an hour")
	b.look()
	require.Empty(t, b.stuckNow(), "its own decision heals it")
	b.sweepTikTok()
	require.Empty(t, b.stuckNow())
}

// Events are cleared by the sweeps of their platform, those of no shop too.
func TestSweepsClearTheInbox(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, e := range []ledger.Event{
		{Shop: shopName, Platform: returns.TikTok, ID: "a"}, {Shop: shopName, Platform: returns.ReturnGO, ID: "b"}, {Platform: returns.TikTok, ID: "c"},
		{Shop: shopName, Platform: returns.TikTok, ID: "d"}, {Shop: shopName, Platform: returns.ReturnGO, ID: "e"}, {Platform: returns.TikTok, ID: "f"},
	} {
		require.NoError(t, b.Ledger.Do(b.ctx, func(tx *ledger.Tx) error {
			if _, err := tx.Receive(b.ctx, e); err != nil {
				return err
			}
			return tx.Relayed(b.ctx, e, "relayed")
		}))
		b.clock.pass(time.Second)
	}
	left := func() (n int) {
		for _, shop := range []string{shopName, ""} {
			for _, c := range get(b, func(tx *ledger.Tx) ([]ledger.EventCount, error) { return tx.EventCounts(b.ctx, shop) }) {
				n += c.Events
			}
		}
		return n
	}
	b.clock.pass(b.InboxKept - time.Minute)
	b.sweepTikTok()
	require.Equal(t, 6, left())
	b.clock.pass(time.Minute)
	b.sweepTikTok()
	require.Equal(t, 4, left())
	must[messages.SweepResult](b, b.SweepReturnGO, messages.ShopInput{Shop: shopName})
	require.Equal(t, 3, left(), "the newest of each topic stays")
}

// What a workflow refused unread is audited with the look that tells of it.
func TestALookAuditsWhatWasRefusedUnread(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	must[messages.PlanResult](b, b.Review, messages.LookInput{Shop: shopName, Key: key, Refused: messages.Refused{ID: "run-51", Count: 1950}})
	s := get(b, func(tx *ledger.Tx) (ledger.Story, error) {
		s, _, err := tx.Story(b.ctx, ledger.ReturnRef{Shop: shopName, Key: key})
		return s, err
	})
	require.Equal(t, "commands refused", s.Audit[0].What)
	require.Contains(t, s.Audit[0].Why, "1950 came at once")
}
