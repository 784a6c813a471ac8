package activities

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// found is how many changes sweeps found, and what IT is told of each platform.
func (b *bench) found() (bySweep map[returns.Platform]int, quiet map[string]string) {
	b.t.Helper()
	bySweep, quiet = map[returns.Platform]int{}, map[string]string{}
	days := get(b, func(tx *ledger.Tx) ([]ledger.CoverageDay, error) { return tx.Coverage(b.ctx, shopName, noon) })
	for _, c := range days {
		bySweep[c.Platform] += c.BySweep
	}
	open := get(b, func(tx *ledger.Tx) ([]ledger.OpenException, error) {
		return tx.OpenExceptions(b.ctx, ledger.ExceptionFilter{Shop: shopName, Owner: returns.IT, Kind: returns.EventsQuiet})
	})
	for _, e := range open {
		quiet[string(e.Key)] = e.Sentence
	}
	return bySweep, quiet
}

// What a sweep finds and no event told is counted, but for what was there before
// us; when no event comes for long IT is told, once, until one comes.
func TestSweepsTellWhenEventsAreQuiet(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.EventsQuiet = 6 * time.Hour
	came := func(p returns.Platform, id string) {
		get(b, func(tx *ledger.Tx) (bool, error) {
			return tx.Receive(b.ctx, ledger.Event{Shop: shopName, Platform: p, ID: id})
		})
	}
	sweep := func() {
		b.sweepTikTok()
		must[messages.SweepResult](b, b.SweepReturnGO, messages.ShopInput{Shop: shopName})
		b.look()
	}
	b.cases = []map[string]any{tiktokReturn(caseID, returns.TikTokPending, "24.99")}
	came(returns.TikTok, "1")
	sweep()
	n, quiet := b.found()
	require.Empty(t, n, "it was there before us")
	require.Empty(t, quiet)

	b.clock.pass(6 * time.Hour)
	b.change(func() { b.cases[0]["return_status"] = returns.TikTokShipped })
	sweep()
	n, quiet = b.found()
	require.Equal(t, map[returns.Platform]int{returns.TikTok: 1}, n)
	require.Empty(t, quiet, "not long yet")

	b.clock.pass(time.Minute)
	b.change(func() {
		b.cases[0]["seller_next_action_response"] = []any{map[string]any{"action": "SELLER_RESPOND_RECEIVE_PACKAGE", "deadline": noon.Add(40 * time.Hour).Unix()}}
	})
	sweep()
	n, quiet = b.found()
	require.Equal(t, 1, n[returns.TikTok], "no event tells of a deadline")
	require.Empty(t, quiet)

	b.change(func() {
		b.cases[0]["return_status"] = returns.TikTokPaid
		b.rma["rmaSummary"].(map[string]any)["status"] = "Received"
	})
	sweep()
	n, quiet = b.found()
	require.Equal(t, map[returns.Platform]int{returns.TikTok: 2, returns.ReturnGO: 1}, n)
	require.Len(t, quiet, 2)
	for _, sentence := range quiet {
		require.True(t, strings.HasPrefix(sentence, "the last event of tiktok came at 2026-03-02T12:00:00Z") || strings.HasPrefix(sentence, "no event of returngo ever came"), sentence)
	}
	sweep()
	_, quiet = b.found()
	require.Len(t, quiet, 2, "it stands until an event comes")
	came(returns.TikTok, "2")
	sweep()
	_, quiet = b.found()
	require.Len(t, quiet, 1)
}
