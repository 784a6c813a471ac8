package returngosandbox

import (
	"fmt"
	"time"
)

// pastLimit is how many earlier forms of RMAs are kept, all together: minutes of a
// busy run, so that a long one does not fill the memory.
const pastLimit = 10_000

// version is what an RMA was until a moment; nil: it did not exist.
type version struct {
	until time.Time
	was   *RMA
}

// past keeps earlier forms of RMAs for reads that are behind.
type past struct {
	of     map[string][]version // by RMA, oldest first
	owners []string             // the RMA of each kept form, oldest first
}

// keep notes what an RMA is before it changes.
func (s *Sandbox) keep(r *RMA) {
	before := r.clone()
	s.past.add(r.ID, version{until: s.now(), was: &before})
}

func (p *past) add(rmaID string, v version) {
	p.of[rmaID] = append(p.of[rmaID], v)
	p.owners = append(p.owners, rmaID)
	if len(p.owners) > pastLimit {
		oldest := p.owners[0]
		p.owners = p.owners[1:]
		p.of[oldest] = p.of[oldest][1:]
	}
}

// ReadsBehind makes every read of RMAs and transactions show them as they were d
// ago, as a cache in front of ReturnGO would, until it is called with 0. Writes act
// on the present and webhooks come at once. It is the sandbox's own time, which
// PeriodFactor does not touch.
func (s *Sandbox) ReadsBehind(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behind = max(d, 0)
}

// shown is an RMA as reads show it, or nil.
func (s *Sandbox) shown(r *RMA) *RMA {
	at := s.now().Add(-s.behind)
	if s.behind == 0 {
		return r
	}
	for _, v := range s.past.of[r.ID] {
		if v.until.After(at) {
			return v.was
		}
	}
	return r
}

// Notice is an event to be sent for an RMA, whether or not it agrees with what reads
// show. What is left out is as the RMA or the transaction has it.
type Notice struct {
	Event, RMAID, TransactionID, Status string
}

// Notify sends one event, with the status given, to whoever is registered for it.
func (s *Sandbox) Notify(n Notice) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rmas[n.RMAID]
	if n.TransactionID != "" {
		r, _ = s.findTransaction(n.TransactionID)
	}
	if r == nil {
		return fmt.Errorf("no RMA %q or transaction %q", n.RMAID, n.TransactionID)
	}
	told := r.clone() // the event may name another state
	switch n.Event {
	case "RMA_CREATED", "RMA_STATUS_UPDATED":
		told.Status = orElse(n.Status, r.Status)
		s.announceRMA(n.Event, &told)
	case "SHIPMENT_CREATED", "SHIPMENT_STATUS_UPDATED":
		if len(told.Shipments) == 0 {
			return fmt.Errorf("RMA %s has no parcel", r.ID)
		}
		told.Shipments[0].Status = orElse(n.Status, r.Shipments[0].Status)
		s.announceShipment(n.Event, &told, &told.Shipments[0])
	case "TRANSACTION_CREATED", "REFUND_CREATED":
		_, t := s.findTransaction(n.TransactionID)
		if t == nil {
			return fmt.Errorf("%s needs a transaction, not %q", n.Event, n.TransactionID)
		}
		spoken := *t
		spoken.Status = orElse(n.Status, t.Status)
		s.announceOfTransaction(n.Event, r, &spoken)
	default:
		return fmt.Errorf("no event %q of an RMA", n.Event)
	}
	return nil
}
