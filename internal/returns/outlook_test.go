package returns

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestOutlook(t *testing.T) {
	t.Parallel()
	pounds, at := amount(t, "14.99", "GBP"), time.Date(2026, 3, 2, 13, 6, 0, 0, time.UTC)
	cx, finance := NewException(RefusedByPeople, "", pounds), NewException(RefundContradicted, "", pounds)
	for want, p := range map[string]Plan{
		"TikTok will pay 14.99 GBP on return R1 at 2026-03-02 13:06 UTC unless it is rejected in Seller Center; CX has been asked (refused-by-people)": {
			Silence: []Silence{{TikTokReturnID: "R1", Amount: pounds, At: at, Pays: true}}, Exceptions: []Exception{cx}},
		"TikTok will let the buyer send the parcel of return R1 at 2026-03-02 13:06 UTC unless it is rejected in Seller Center": {Silence: []Silence{{TikTokReturnID: "R1", Amount: pounds, At: at}}},
		"14.99 GBP is refunded now (confirm-parcel)":                    {Acts: []Act{{Kind: ActRefund, Route: RouteConfirmParcel, Amount: pounds}}},
		"restock follows; Finance has been asked (refund-contradicted)": {Acts: []Act{{Kind: ActLookTikTok}, {Kind: ActRestock}}, Exceptions: []Exception{finance}},
		"the return is paused":                                          {Paused: true},
		"now: waiting":                                                  {Summary: "waiting"},
		"the return ends":                                               {Close: true},
	} {
		require.Equal(t, want, p.Outlook())
	}
}
