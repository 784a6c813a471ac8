package returngosandbox

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// attemptOffsets are when a delivery is tried, counted from the first try (contract 4).
var attemptOffsets = []time.Duration{0, 5 * time.Second, 30 * time.Second}

const (
	deliveryTimeout  = 5 * time.Second
	deliveriesAtOnce = 32
	wallClockBeat    = 3 * time.Millisecond
)

// WebhookFaults are chances (0 to 1) that a delivery meets with misfortune (contract 4, A27).
type WebhookFaults struct {
	Loss, Duplicate, Delay float64
	// Reorder holds a delivery back until a later one has been tried.
	Reorder float64
	// MaxDelay bounds the random lateness of a delayed delivery, by which
	// deliveries overtake each other too, and the wait of one held back; both
	// times PeriodFactor. 0 means 30 s.
	MaxDelay time.Duration
}

// Delivery is one webhook message and what became of it.
type Delivery struct {
	ID, Shop, WebhookID, EventName, URL string
	Body                                string
	// State is pending, delivered, failed or lost.
	State    string
	Attempts []Attempt
	first    time.Time
	due      time.Time
	claimed  bool
	heldBack bool
	order    int
}

// Attempt is one try to deliver; Status is 0 when there was no answer.
type Attempt struct {
	At     time.Time
	Status int
	Error  string
}

type outbox struct {
	faults  WebhookFaults
	all     []*Delivery
	pending []*Delivery
	client  *http.Client
	ctx     context.Context
	stop    context.CancelFunc
}

func newOutbox() outbox {
	ctx, cancel := context.WithCancel(context.Background())
	return outbox{ctx: ctx, stop: cancel, client: &http.Client{
		Timeout:       deliveryTimeout,
		Transport:     &http.Transport{MaxIdleConnsPerHost: deliveriesAtOnce},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// SetWebhookFaults sets the misfortunes of deliveries queued from now on.
func (s *Sandbox) SetWebhookFaults(faults WebhookFaults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outbox.faults = faults
}

// Deliveries lists every webhook message so far, oldest first.
func (s *Sandbox) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Delivery, 0, len(s.outbox.all))
	for _, d := range s.outbox.all {
		copied := *d
		copied.Attempts = slices.Clone(d.Attempts)
		list = append(list, copied)
	}
	return list
}

// Tick delivers everything due, in order, and returns when nothing is due any more.
func (s *Sandbox) Tick() {
	for {
		s.mu.Lock()
		due := s.claimDue(len(s.outbox.pending))
		s.mu.Unlock()
		if len(due) == 0 {
			return
		}
		for _, d := range due {
			s.attempt(d)
		}
	}
}

func (s *Sandbox) deliverContinuously() {
	defer s.running.Done()
	beat := time.NewTicker(wallClockBeat)
	defer beat.Stop()
	slots := make(chan struct{}, deliveriesAtOnce)
	for {
		select {
		case <-s.closing:
			return
		case <-beat.C:
			s.deliverInBackground(slots)
		}
	}
}

func (s *Sandbox) deliverInBackground(slots chan struct{}) {
	s.mu.Lock()
	due := s.claimDue(cap(slots) - len(slots))
	s.mu.Unlock()
	for _, d := range due {
		slots <- struct{}{}
		s.running.Go(func() {
			s.attempt(d)
			<-slots
		})
	}
}

// claimDue takes up to limit due deliveries, earliest first, so that nobody else tries them.
func (s *Sandbox) claimDue(limit int) []*Delivery {
	now := s.now()
	var due []*Delivery
	for _, d := range s.outbox.pending {
		if !d.claimed && !d.due.After(now) {
			due = append(due, d)
		}
	}
	slices.SortStableFunc(due, func(a, b *Delivery) int { return a.due.Compare(b.due) })
	due = due[:min(limit, len(due))]
	for _, d := range due {
		d.claimed = true
	}
	return due
}

// post queues a message, or two, or none, as fortune has it.
func (s *Sandbox) post(shopName string, hook Webhook, body []byte) {
	copies := 1
	if s.happens(s.outbox.faults.Duplicate) {
		copies = 2
	}
	for range copies {
		d := &Delivery{ID: next(&s.counters.delivery), Shop: shopName, WebhookID: hook.ID, EventName: hook.EventName,
			URL: hook.URL, Body: string(body), State: "pending", due: s.now().Add(s.lateness()), order: len(s.outbox.all)}
		if s.happens(s.outbox.faults.Reorder) {
			d.heldBack, d.due = true, s.now().Add(s.scaled(s.outbox.faults.longest()))
		}
		s.outbox.all = append(s.outbox.all, d)
		if s.happens(s.outbox.faults.Loss) {
			d.State = "lost"
			continue
		}
		s.outbox.pending = append(s.outbox.pending, d)
	}
}

func (s *Sandbox) happens(chance float64) bool { return chance > 0 && s.rand.Float64() < chance }

func (s *Sandbox) lateness() time.Duration {
	if !s.happens(s.outbox.faults.Delay) {
		return 0
	}
	return s.scaled(time.Duration(s.rand.Float64() * float64(s.outbox.faults.longest())))
}

func (f WebhookFaults) longest() time.Duration {
	if f.MaxDelay == 0 {
		return 30 * time.Second
	}
	return f.MaxDelay
}

// letGo frees the deliveries that were held back until this later one.
func (s *Sandbox) letGo(overtaking *Delivery) {
	for _, d := range s.outbox.pending {
		if d.heldBack && d.order < overtaking.order {
			d.heldBack, d.due = false, s.now()
		}
	}
}

func (s *Sandbox) scaled(d time.Duration) time.Duration {
	return time.Duration(float64(d) * s.options.PeriodFactor)
}

func (s *Sandbox) attempt(d *Delivery) {
	status, err := s.send(d.URL, d.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	tried := Attempt{At: s.now(), Status: status}
	if len(d.Attempts) == 0 {
		d.first = tried.At
	}
	if err != nil {
		tried.Error = err.Error()
	}
	d.Attempts = append(d.Attempts, tried)
	d.claimed, d.heldBack = false, false
	s.letGo(d)
	switch {
	case err == nil:
		d.State = "delivered"
	case len(d.Attempts) == len(attemptOffsets):
		d.State = "failed"
	default:
		d.due = d.first.Add(s.scaled(attemptOffsets[len(d.Attempts)]))
		return
	}
	s.outbox.pending = slices.DeleteFunc(s.outbox.pending, func(p *Delivery) bool { return p == d })
}

// send is one POST; anything but 2xx in time is a failure.
func (s *Sandbox) send(url, body string) (int, error) {
	req, err := http.NewRequestWithContext(s.outbox.ctx, http.MethodPost, url, bytes.NewBufferString(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("content-type", "application/json")
	resp, err := s.outbox.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return resp.StatusCode, fmt.Errorf("receiver answered %d", resp.StatusCode)
	}
	return resp.StatusCode, nil
}
