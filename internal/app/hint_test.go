package app

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
)

func TestAHintHoldsIdsAndWordsOnly(t *testing.T) {
	t.Parallel()
	usual := ledger.Event{
		Shop: demo, ID: "RMA_STATUS_UPDATED/5000123/2026-03-04T09:00:00.5+00:00#1", Topic: "topic 14", RMAID: "5000123",
		OrderID: "576000000000000001", TikTokReturnID: "4035312345678901234", ProductID: "1729", Status: "RETURN_OR_REFUND_REQUEST_PENDING",
	}
	require.Equal(t, usual, hintOnly(usual))
	require.Equal(t, ledger.Event{}, hintOnly(ledger.Event{}), "nothing said, nothing kept")

	odd := ledger.Event{ID: "Jane Roe", RMAID: "jane@example.invalid", OrderID: "Jane Roe", TikTokReturnID: "(07700) 900456", ProductID: strings.Repeat("9", longestWord+1), Status: "call Jane"}
	kept := hintOnly(odd)
	require.Regexp(t, "^sha256:[0-9a-f]{64}$", kept.ID)
	require.Equal(t, kept.ID, hintOnly(odd).ID, "a repeat is still told")
	require.Equal(t, ledger.Event{ID: kept.ID}, kept)
}
