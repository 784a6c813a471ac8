package notify

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func writer() Writer {
	return Writer{Now: func() time.Time { return noon }, Links: Links{
		ReturnGO: "https://dash.example.com/rma/{rma_id}", SellerCenter: "https://seller.example.com/return/{tiktok_return_id}?shop={shop}",
		WebUI:      "https://temporal.example.com/workflows/{workflow_id}",
		WorkflowID: func(shop string, key returns.Key) string { return "return/" + shop + "/" + string(key) },
	}}
}

func gbp(t *testing.T, number string) returns.Money {
	t.Helper()
	m, err := returns.NewMoney(number, "GBP")
	require.NoError(t, err)
	return m
}

// alert is one of kind refund-value-mismatch, with everything in it.
func alert(t *testing.T, n int, event returns.AlertEvent) returns.Alert {
	t.Helper()
	return returns.Alert{
		Event: event, Shop: "demo-gb", Key: returns.RMAKey(fmt.Sprint(4711 + n)), OrderID: "5764",
		Exception: returns.NewException(returns.RefundValueMismatch, "TikTok would pay 20.00 GBP <now> & here", gbp(t, "12.5")),
		OpenedAt:  noon.Add(-26 * time.Hour), Deadline: noon.Add(6 * time.Hour),
	}
}

func TestAMessageSaysAllThatAPersonNeeds(t *testing.T) {
	t.Parallel()
	m := writer().Cause("m1", []returns.Alert{alert(t, 0, returns.AlertOpened)}, false)
	require.Equal(t, "[returnbridge] shop demo-gb: refund-value-mismatch, 1 opened (Finance), money 12.50 GBP", m.Subject)
	for _, said := range []string{
		"For Finance, shop demo-gb", returns.Catalogue[returns.RefundValueMismatch].Meaning, "If nobody answers: TikTok pays the full amount of its return at the deadline.",
		"RMA 4711: TikTok would pay 20.00 GBP <now> & here", "money 12.50 GBP", "open for 1d 2h", "at 2026-03-04 18:00 UTC, in 6h",
		"- accept-payable: pay what TikTok can pay instead of the authorised value", "- do-not-refund: ", "- handled-manually: ",
		`starter resolve 4711 --shop demo-gb --exception refund-value-mismatch --answer ANSWER --who "your name" --why "the reason"`,
		"starter show 4711 --shop demo-gb", "https://dash.example.com/rma/4711", "https://temporal.example.com/workflows/return%2Fdemo-gb%2F4711",
	} {
		require.Contains(t, m.Text, said)
	}
	require.NotContains(t, m.Text, "seller.example.com", "it has no number of a TikTok return: no link is guessed")
	require.NotContains(t, m.Text, "{")
	require.NotContains(t, m.Text, "may have come before")
	require.Contains(t, writer().Cause("m1", []returns.Alert{alert(t, 0, returns.AlertOpened)}, true).Text, "may have come before")
}

func TestEachEventReadsAsWhatItIs(t *testing.T) {
	t.Parallel()
	near, long, over := alert(t, 1, returns.AlertDeadline), alert(t, 2, returns.AlertEscalated), alert(t, 3, returns.AlertHealed)
	near.Before, near.TikTokReturnID = 6*time.Hour, "403"
	over.ClosedAt, over.ClosedBy = noon.Add(-time.Hour), "accept-payable by Ada"
	m := writer().Cause("m1", []returns.Alert{near, long, over}, false)
	require.Equal(t, "[returnbridge] ESCALATED shop demo-gb: refund-value-mismatch, 1 within 6h of TikTok's deadline, 1 escalated, 1 healed (Finance), money 37.50 GBP", m.Subject)
	require.Contains(t, m.Text, "https://seller.example.com/return/403?shop=demo-gb")
	require.Contains(t, m.Text, "was open for 1d 1h; closed: accept-payable by Ada")
	closed := writer().Cause("m1", []returns.Alert{over}, false)
	require.NotContains(t, closed.Text, "starter resolve", "there is nothing to answer")
}

func TestManyAreCounted(t *testing.T) {
	t.Parallel()
	var all []returns.Alert
	for i := range 2000 {
		all = append(all, alert(t, i, returns.AlertOpened))
	}
	m := writer().Cause("m1", all, false)
	require.Contains(t, m.Text, "Opened: 2000, money 25000.00 GBP")
	require.Contains(t, m.Text, "and 1980 more; those open: starter list --owner Finance --kind refund-value-mismatch --shop demo-gb")
	require.Less(t, len(m.Text), 20000)
	d := writer().Digest("m2", append(all, returns.Alert{Event: returns.AlertOpened, Key: returns.SinkKey("chat"), Exception: returns.NewException(returns.AlertsFail, "no answer", returns.Money{}), OpenedAt: noon}), false)
	require.Equal(t, "[returnbridge] digest of an hour: 2001 alerts, money 25000.00 GBP", d.Subject)
	require.Contains(t, d.Text, "Finance, shop demo-gb, refund-value-mismatch: 2000 opened, money 25000.00 GBP")
	require.Contains(t, d.Text, "the oldest: RMA 4711, open for 1d 2h")
	require.Contains(t, d.Text, "the next deadline: RMA 4711, TikTok decides by itself at 2026-03-04 18:00 UTC, in 6h")
	require.Contains(t, d.Text, "IT, this installation, alerts-fail: 1 opened")
}

// What a platform does to all shops is one cause; what two shops have for themselves is two.
func TestCauses(t *testing.T) {
	t.Parallel()
	down := func(shop string, p returns.Platform) returns.Cause {
		e := returns.NewException(returns.PlatformUnreachable, "down", returns.Money{})
		e.Subject = string(p)
		return returns.Alert{Shop: shop, Key: returns.ShopKey(p), Exception: e}.Cause()
	}
	require.Equal(t, down("a", returns.ReturnGO), down("b", returns.ReturnGO))
	require.NotEqual(t, down("a", returns.ReturnGO), down("a", returns.TikTok))
	other := alert(t, 1, returns.AlertOpened)
	other.Shop = "demo-de"
	require.NotEqual(t, alert(t, 0, returns.AlertOpened).Cause(), other.Cause())
}

func TestTheDaysDigest(t *testing.T) {
	t.Parallel()
	d := writer().Day("m1", returns.Day{Owner: returns.IT})
	require.Equal(t, "[returnbridge] the day's digest for IT: 0 open", d.Subject)
	require.Contains(t, d.Text, "a day without it means that the program does not run")
	d = writer().Day("m1", returns.Day{Owner: returns.Finance, Open: []returns.Alert{alert(t, 0, "")}, Closed: 3, Quiet: 12, Unheard: 2, Unclear: 1, Failing: []string{"chat"}})
	for _, said := range []string{"For Finance: 1 exception open, money 12.50 GBP. Closed in the last 24 hours: 3.", "backfill and told nowhere else: 12.", "before anybody was told: 2.", "whether they arrived: 1.", "take no message now: chat.", "1 open"} {
		require.Contains(t, d.Text, said)
	}
	require.NotContains(t, d.Text, "does not run")
}

func TestOutages(t *testing.T) {
	t.Parallel()
	m := writer().Outage("m1", "worker", noon.Add(-10*time.Minute), time.Time{})
	require.Equal(t, "[returnbridge] no worker asks for work", m.Subject)
	require.Contains(t, m.Text, "since 2026-03-04 11:50 UTC, for 10m")
	m = writer().Outage("m1", "temporal", noon.Add(-time.Hour), noon)
	require.Equal(t, "[returnbridge] over: Temporal cannot be reached", m.Subject)
	require.Contains(t, m.Text, "2026-03-04 11:00 UTC until 2026-03-04 12:00 UTC")
}

// A line stays a line, whatever a platform wrote, and money keeps its decimals.
func TestWords(t *testing.T) {
	t.Parallel()
	a := alert(t, 0, returns.AlertOpened)
	a.Sentence = "one\r\nBcc: x"
	require.Contains(t, writer().Cause("m1", []returns.Alert{a}, false).Text, "- RMA 4711: one  Bcc: x\n")
	yen, err := returns.NewMoney("1500", "JPY")
	require.NoError(t, err)
	require.Equal(t, "1500 JPY", Money(yen))
	require.Equal(t, "12.505 GBP", Money(gbp(t, "12.505")), "nothing is rounded away")
	for d, said := range map[time.Duration]string{-time.Hour: "0m", 59 * time.Second: "0m", 90 * time.Minute: "1h 30m", 24 * time.Hour: "1d", 49 * time.Hour: "2d 1h"} {
		require.Equal(t, said, span(d))
	}
	for kind := range returns.Catalogue {
		m := writer().Cause("m1", []returns.Alert{{Event: returns.AlertOpened, Shop: "demo-gb", Key: returns.RMAKey("1"), Exception: returns.NewException(kind, "so", returns.Money{}), OpenedAt: noon}}, false)
		require.NotContains(t, m.Text, ": \n", "each answer of %s says what it does", kind)
		require.True(t, strings.Contains(m.Text, "starter resolve") || strings.Contains(m.Text, "takes no answer"), kind)
	}
}
