package returns

import (
	"fmt"
	"slices"
	"strings"
)

// Outlook says what will still happen to a return by this plan, in plain words.
func (p Plan) Outlook() string {
	if p.Close {
		return "the return ends"
	}
	var parts []string
	for _, a := range p.Acts {
		switch {
		case a.Kind == ActRefund:
			parts = append(parts, fmt.Sprintf("%s is refunded now (%s)", a.Amount, a.Route))
		case a.Kind != ActLookReturnGO && a.Kind != ActLookTikTok:
			parts = append(parts, fmt.Sprintf("%s follows", a.Kind))
		}
	}
	for _, s := range p.Silence {
		parts = append(parts, s.words())
	}
	var asked []Owner
	for _, e := range p.Exceptions {
		if !slices.Contains(asked, e.Owner) {
			asked = append(asked, e.Owner)
			parts = append(parts, fmt.Sprintf("%s has been asked (%s)", e.Owner, e.Kind))
		}
	}
	if p.Paused {
		parts = append(parts, "the return is paused")
	}
	if len(parts) == 0 {
		return "now: " + p.Summary
	}
	return strings.Join(parts, "; ")
}

func (s Silence) words() string {
	at := s.At.UTC().Format("2006-01-02 15:04 UTC")
	if !s.Pays {
		return fmt.Sprintf("TikTok will let the buyer send the parcel of return %s at %s unless it is rejected in Seller Center", s.TikTokReturnID, at)
	}
	return fmt.Sprintf("TikTok will pay %s on return %s at %s unless it is rejected in Seller Center", s.Amount, s.TikTokReturnID, at)
}
