package activities

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
)

// unreadable is the shop's exception about what cannot be read, empty if there is none.
func (s *swept) unreadable() (sentence string) {
	s.t.Helper()
	s.do(func(tx *ledger.Tx) error {
		open, err := tx.OpenExceptions(s.t.Context(), ledger.ExceptionFilter{Shop: renewedShop, Kind: returns.RecordUnreadable})
		for _, e := range open {
			require.Equal(s.t, returns.IT, e.Owner)
			require.Empty(s.t, sentence, "named once")
			sentence = e.Sentence
		}
		return err
	})
	return sentence
}

// A deadline that cannot be read must not look like none, and must not hide the
// returns beside it: IT is told which, and it is read again until it can be.
func TestOneUnreadableReturnDoesNotStopASweep(t *testing.T) {
	t.Parallel()
	s := newSwept(t)
	for i, id := range []string{"1", "2", "3"} {
		s.cases = append(s.cases, sweptCase{id, "O" + id, returns.TikTokPending, "9.00", sweptAt.Add(time.Duration(i-10) * time.Minute)})
	}
	s.odd = map[string]any{"2": "tomorrow"}
	woken, err := s.sweep(s.SweepTikTok)
	require.NoError(t, err)
	require.Equal(t, []returns.Key{returns.TikTokKey("1"), returns.TikTokKey("3")}, woken)
	require.Equal(t, "TikTok shows what this version cannot read: return 2", s.unreadable())

	for i := range s.cases { // so long ago that no search by update time brings it any more
		s.cases[i].updated = sweptAt.Add(-24 * time.Hour)
	}
	_, err = s.sweep(s.SweepTikTok)
	require.NoError(t, err)
	require.Equal(t, "TikTok shows what this version cannot read: return 2", s.unreadable(), "still")

	s.odd = nil // as after an update of ours, or of TikTok's
	woken, err = s.sweep(s.SweepTikTok)
	require.NoError(t, err)
	require.Equal(t, []returns.Key{returns.TikTokKey("2")}, woken)
	require.Empty(t, s.unreadable())
}

// A sweep that breaks off behind an unreadable return does not forget it.
func TestACutSweepRemembersWhatItCouldNotRead(t *testing.T) {
	t.Parallel()
	s := newSwept(t)
	for i := range 60 { // two pages
		s.cases = append(s.cases, sweptCase{strconv.Itoa(900 + i), "O", returns.TikTokPending, "9.00", sweptAt.Add(time.Duration(i-120) * time.Hour)})
	}
	s.odd, s.broken = map[string]any{s.cases[0].id: -1}, 1
	_, err := s.sweep(s.SweepTikTok)
	require.Error(t, err)
	s.broken = 0
	_, err = s.sweep(s.SweepTikTok)
	require.NoError(t, err)
	require.Equal(t, "TikTok shows what this version cannot read: return "+s.cases[0].id, s.unreadable())
}

// The same at ReturnGO.
func TestOneUnreadableRMADoesNotStopASweep(t *testing.T) {
	t.Parallel()
	s := newSwept(t)
	s.rmas = map[string]string{"9001": returns.RMAApproved, "9002": returns.RMAApproved}
	s.bare = []string{`{"rmaId":{},"status":"Approved"}`, `7`}
	woken, err := s.sweep(s.SweepReturnGO)
	require.NoError(t, err)
	require.Contains(t, woken, returns.RMAKey("9001"))
	require.Contains(t, woken, returns.RMAKey("9002"))
	require.Equal(t, "ReturnGO lists what this version cannot read: RMA whose id cannot be read either, RMA whose id cannot be read either", s.unreadable())
	s.bare = nil
	_, err = s.sweep(s.SweepReturnGO)
	require.NoError(t, err)
	require.Empty(t, s.unreadable())
}

func TestUnreadableRecordsAreNamedInBounds(t *testing.T) {
	t.Parallel()
	require.Equal(t, "return whose id cannot be read either, return 1", named("return", []string{"", "1"}))
	require.Equal(t, "return 1, return 2, return 3, return 4, return 5, return 6, return 7, return 8, return 9, return 10, 2 more",
		named("return", []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"}))
}
