package returngosandbox

import (
	"maps"
	"slices"
)

// Books are the truth of the sandbox at one moment, as a copy.
type Books struct {
	RMAs map[string]RMA
	// Webhooks are the registrations per shop.
	Webhooks map[string][]Webhook
	// Calls counts every call that arrived, by endpoint name, refused ones included.
	Calls map[string]int
	// CallsByKey is the same per API key; Throttled counts its 429 answers, faults not included.
	CallsByKey map[string]map[string]int
	Throttled  map[string]int
	Writes     []Write
}

// Books copies the whole truth.
func (s *Sandbox) Books() Books {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := Books{RMAs: map[string]RMA{}, Webhooks: map[string][]Webhook{}, Calls: maps.Clone(s.calls),
		CallsByKey: map[string]map[string]int{}, Throttled: map[string]int{}, Writes: slices.Clone(s.writes)}
	for id, r := range s.rmas {
		b.RMAs[id] = r.clone()
	}
	for name, sh := range s.shops {
		b.Webhooks[name] = slices.Clone(sh.webhooks)
	}
	for key, k := range s.keys {
		b.CallsByKey[key], b.Throttled[key] = maps.Clone(k.calls), k.throttled
	}
	return b
}

// RMA copies one RMA; false when there is none of that id.
func (s *Sandbox) RMA(id string) (RMA, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rmas[id]
	if r == nil {
		return RMA{}, false
	}
	return r.clone(), true
}
