package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
	"returnbridge/local/demo"
	"returnbridge/local/returngosandbox"
	"returnbridge/local/tiktoksandbox"
)

// Promise 4 in bad weather: of every ten events three are lost and three come
// twice, all late and out of order. Every return ends right by the platforms'
// books, and what an event did not tell is noticed within one sweep interval. Of
// three answers to a refund of ours one is lost, and how long TikTok honours its key
// is now nothing, now an hour, a day, or for ever.
func TestStormOfEventsEveryReturnEndsRightAndLostOnesAreHealedBySweeps(t *testing.T) {
	t.Parallel()
	seen := &sightings{}
	h := openHouse(t, func(o *demo.HouseOptions) {
		o.Configure = nil
		o.PeriodFactor = 1.0 / 1200 // TikTok's deadlines stay far beyond what a slow machine costs
		o.AroundReturnGO = seen.ofRMAs
	})
	h.TikTok.SetWebhookWeather(tiktoksandbox.WebhookWeather{Lose: 0.3, Duplicate: 0.3, Delay: 0.7, Reorder: 0.5, MaxDelay: 2 * time.Hour})
	h.ReturnGO.SetWebhookFaults(returngosandbox.WebhookFaults{Loss: 0.3, Duplicate: 0.3, Delay: 0.7, Reorder: 0.5, MaxDelay: 2 * time.Hour})
	h.tiktokFault(tiktoksandbox.Fault{Endpoint: "returns/create", Kind: tiktoksandbox.FaultDropAfterWrite, Chance: 0.3, Count: -1})
	stop, settle := h.watchLedger(seen), h.changeKeyLife()
	h.wantPopulationRight(25)
	h.sayWhatIsOpen()
	h.afterSweep()
	settle()
	stop()
	h.wantHealed(seen)
	h.wantExceptionsPerCause()
}

// wantExceptionsPerCause expects that no exception of a return or a shop was opened
// more often than its cause came. A cause is a fact at the platforms, whatever the
// weather does to the events that tell of it. Each shopper of the population, and
// the people around them, do each thing once, so that a return has each cause once;
// only a TikTok return may come up to a seller's deadline twice, with its request
// and with its parcel.
func (h *house) wantExceptionsPerCause() {
	h.t.Helper()
	prefix := messages.ReturnID(demo.ShopName, "")
	keys := []returns.Key{returns.ShopKey(returns.TikTok), returns.ShopKey(returns.ReturnGO)}
	for _, run := range h.runs() {
		if key, isReturn := strings.CutPrefix(run.GetExecution().GetWorkflowId(), prefix); isReturn {
			keys = append(keys, returns.Key(key))
		}
	}
	slices.Sort(keys)
	opened := 0
	for _, key := range slices.Compact(keys) {
		times := map[string][]string{}
		for _, e := range h.kept(ledger.ReturnRef{Shop: demo.ShopName, Key: key}) {
			what := fmt.Sprintf("%s about %q", e.Kind, e.Subject)
			times[what] = append(times[what], e.OpenedAt.Format(time.TimeOnly)+" until "+e.ClosedAt.Format(time.TimeOnly)+": "+e.Sentence)
			causes := 1
			if e.Kind == returns.SellerDeadline {
				causes = 2
			}
			if opened++; len(times[what]) > causes {
				h.t.Errorf("%s: %s was opened %d times: %q", key, what, len(times[what]), times[what])
			}
		}
	}
	if opened == 0 {
		h.t.Error("no exception was opened at all")
	}
	h.t.Logf("%d exceptions were opened", opened)
}

// sayWhatIsOpen logs the open exceptions, for whoever reads why a run failed.
func (h *house) sayWhatIsOpen() {
	h.must(h.ReadLedger(h.t.Context(), func(tx *ledger.Tx) error {
		open, err := tx.OpenExceptions(h.t.Context(), ledger.ExceptionFilter{})
		for _, e := range open {
			h.t.Logf("%s: %s: %s", e.Key, e.Kind, e.Sentence)
		}
		return err
	}))
}

// changeKeyLife has TikTok honour its idempotency keys for ever other times (T12),
// until it is stopped.
func (h *house) changeKeyLife() (stop func()) {
	ctx, cancel := context.WithCancel(h.t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			for _, life := range []time.Duration{0, time.Hour, 24 * time.Hour, -1} {
				h.TikTok.SetKeyLife(life)
				_ = demo.Pause(ctx, time.Second) // it ends with the test
			}
		}
	}()
	return func() { cancel(); <-ended }
}

// sightings are when the program learned how something stands: when it read an
// RMA, since when the ledger knows its status, and since when it knows a TikTok
// return of some update time.
type sightings struct {
	mu       sync.Mutex
	rmas     map[string][]time.Time
	statuses map[rmaStatus]time.Time
	tiktoks  map[string][]sighting
}

type rmaStatus struct{ id, status string }

type sighting struct{ at, updated time.Time }

// ofRMAs stands before ReturnGO and notes the reads of single RMAs.
func (s *sightings) ofRMAs(platform http.Handler) http.Handler {
	s.rmas, s.statuses, s.tiktoks = map[string][]time.Time{}, map[rmaStatus]time.Time{}, map[string][]sighting{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at := time.Now()
		platform.ServeHTTP(w, r)
		if _, id, one := strings.Cut(r.URL.Path, "/rma/"); one && r.Method == http.MethodGet {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.rmas[id] = append(s.rmas[id], at)
		}
	})
}

// watchLedger notes what the ledger knows of every RMA and TikTok return, until it
// is stopped.
func (h *house) watchLedger(s *sightings) (stop func()) {
	ctx, cancel := context.WithCancel(h.t.Context())
	ended := make(chan struct{})
	h.must(h.ReadLedger(ctx, func(*ledger.Tx) error { return nil })) // opens it
	go func() {
		defer close(ended)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			var ids []string
			for _, d := range h.TikTok.Books().Decisions {
				ids = append(ids, d.ReturnID)
			}
			slices.Sort(ids)
			rmas := h.ReturnGO.Books().RMAs
			_ = h.ReadLedger(ctx, func(tx *ledger.Tx) error {
				for id := range rmas {
					status, err := tx.SnapshotStatus(ctx, demo.ShopName, returns.ReturnGO, id)
					if err != nil {
						return err
					}
					if now := (rmaStatus{id, status}); s.statuses[now].IsZero() {
						s.statuses[now] = time.Now()
					}
				}
				for _, id := range slices.Compact(ids) {
					if r, known, err := tx.TikTokReturnSeen(ctx, demo.ShopName, id); err != nil {
						return err
					} else if known {
						s.tiktoks[id] = append(s.tiktoks[id], sighting{time.Now(), r.UpdatedAt})
					}
				}
				return nil
			})
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	}()
	return func() { cancel(); <-ended }
}

// wantHealed expects that every lost event was made up for by the first sweep
// that began after it: noticed before the next one had ended.
func (h *house) wantHealed(s *sightings) {
	h.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	lost := h.lostEvents()
	if len(lost) < 10 {
		h.t.Errorf("only %d events about a status were lost", len(lost))
	}
	ends := map[returns.Platform][]run{returns.ReturnGO: h.sweeps(messages.SweepReturnGO), returns.TikTok: h.sweeps(messages.SweepTikTok)}
	for _, e := range lost {
		sweeps := slices.DeleteFunc(slices.Clone(ends[e.platform]), func(r run) bool { return !r.start.After(e.at.Add(time.Second)) })
		if len(sweeps) < 1 {
			h.t.Errorf("no sweep began after %s", e)
			continue
		}
		latest := time.Now()
		if len(sweeps) > 1 {
			latest = sweeps[1].end.Add(readAfterSweep)
		}
		if at := s.learned(e); at.IsZero() || at.After(latest) {
			h.t.Errorf("%s was lost and noticed at %s, not before %s", e, at.Format(time.TimeOnly), latest.Format(time.TimeOnly))
		}
	}
	h.t.Logf("%d lost events were made up for", len(lost))
}

// readAfterSweep is how long a return may take to read what a sweep has told it of, on
// a busy machine.
const readAfterSweep = 8 * time.Second

// learned is when the program knew what a lost event would have told.
func (s *sightings) learned(e lostEvent) time.Time {
	if e.platform == returns.ReturnGO {
		for _, at := range s.rmas[e.id] {
			if !at.Before(e.at) {
				return at
			}
		}
		if at := s.statuses[rmaStatus{e.id, e.status}]; !at.Before(e.at) {
			return at // another event of the same told it
		}
		return time.Time{}
	}
	for _, seen := range s.tiktoks[e.id] {
		if !seen.updated.Before(e.at) {
			return seen.at
		}
	}
	return time.Time{}
}

// lostEvent told of a status, in whole seconds, and never came.
type lostEvent struct {
	platform   returns.Platform
	id, status string
	at         time.Time
}

func (e lostEvent) String() string {
	return fmt.Sprintf("%s %s %s at %s", e.platform, e.id, e.status, e.at.Format(time.TimeOnly))
}

// lostEvents are those about the status of an RMA or a TikTok return.
func (h *house) lostEvents() (all []lostEvent) {
	h.t.Helper()
	for _, d := range h.ReturnGO.Deliveries() {
		if d.State != "lost" || !strings.HasPrefix(d.EventName, "RMA_") {
			continue
		}
		var said struct {
			RMAID     string    `json:"rmaId"`
			Status    string    `json:"status"`
			EventDate time.Time `json:"eventDate"`
		}
		h.must(json.Unmarshal([]byte(d.Body), &said))
		all = append(all, lostEvent{returns.ReturnGO, said.RMAID, said.Status, said.EventDate})
	}
	for _, d := range h.TikTok.Deliveries() {
		if !d.Lost || d.Topic != topicReturnStatus {
			continue
		}
		var said struct {
			Timestamp int64 `json:"timestamp"`
			Data      struct {
				ReturnID string `json:"return_id"`
				Status   string `json:"return_status"`
			} `json:"data"`
		}
		h.must(json.Unmarshal([]byte(d.Body), &said))
		all = append(all, lostEvent{returns.TikTok, said.Data.ReturnID, said.Data.Status, time.Unix(said.Timestamp, 0)})
	}
	return all
}

// topicReturnStatus is TikTok's RETURN_STATUS_CHANGE (TikTok contract 3.4).
const topicReturnStatus = 12

// run is one workflow run that has ended.
type run struct{ start, end time.Time }

// sweeps are the completed sweeps of a kind, the earliest first.
func (h *house) sweeps(name string) (all []run) {
	h.t.Helper()
	page, err := h.Client.ListWorkflow(h.t.Context(), &workflowservice.ListWorkflowExecutionsRequest{
		PageSize: 1000, Query: fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Completed'", name),
	})
	h.must(err)
	for _, e := range page.GetExecutions() {
		all = append(all, run{e.GetStartTime().AsTime(), e.GetCloseTime().AsTime()})
	}
	slices.SortFunc(all, func(a, b run) int { return cmp.Or(a.start.Compare(b.start), a.end.Compare(b.end)) })
	return all
}
