package returns

import "time"

// Shadow is one action that a switch kept us from, beside what others did about
// it. One that we never wanted and others did has no WantedAt.
type Shadow struct {
	Kind    ActKind
	Route   Route
	Subject string
	OrderID string
	Units   []UnitID
	Amount  Money     // what we would have paid; of one that we never wanted: what is authorised, if anything
	Reason  string    // why we would have; of one that we never wanted: where the return stood then
	Wanted  time.Time // since when; it stays the first time, though it was not wanted in between
	End     ShadowEnd
	EndedAt time.Time

	Did       string   // what was done instead, in plain words
	DidBy     []string // the TikTok returns or transactions that show it
	DidAmount Money
	DidAt     time.Time // as the platform says; zero: it does not say
}

// ShadowEnd is how a shadow came out.
type ShadowEnd string

// The ends. None: it is wanted still, and nobody has done it.
const (
	ShadowAgreed   ShadowEnd = "agreed"   // others did the same, to the penny
	ShadowDiffered ShadowEnd = "differed" // others did something else
	ShadowTheirs   ShadowEnd = "theirs"   // others did it, and we would not have
	ShadowDropped  ShadowEnd = "dropped"  // not due any more, and nobody did it
	ShadowOurs     ShadowEnd = "ours"     // the switch was turned on meanwhile
)

// Same tells whether two shadows are of one action.
func (s Shadow) Same(o Shadow) bool {
	return s.Kind == o.Kind && s.Route == o.Route && s.Subject == o.Subject
}
