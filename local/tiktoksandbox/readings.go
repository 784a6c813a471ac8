package tiktoksandbox

// Readings choose between readings of the contract where its sources are silent
// or disagree. The zero value is the reading that the contract prefers.
type Readings struct {
	// LabelMovesState: an uploaded label moves a return to BUYER_SHIPPED_ITEM,
	// although no carrier has seen the parcel. Default: only the carrier or the
	// buyer moves it (2.4).
	LabelMovesState bool
	// LabelRefused: TikTok makes the label itself and refuses the seller's
	// (25001003), for the upload is "for sellers who ship returns themselves" (2.5).
	LabelRefused bool
	// CreateAnswersPending: Create Return answers PENDING, as the documented
	// sample does, whatever state the new return is in (T11).
	CreateAnswersPending bool
}

// SetReadings chooses from now on.
func (s *Sandbox) SetReadings(readings Readings) {
	defer s.enter()()
	s.readings = readings
}
