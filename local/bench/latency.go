package bench

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"returnbridge/local/demo"
	"returnbridge/local/tiktoksandbox"
)

// arrivals notes when a platform was called for what.
type arrivals struct {
	mu  sync.Mutex
	all []arrival
}

type arrival struct {
	at           time.Time
	method, path string
}

func (a *arrivals) around(platform http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		a.all = append(a.all, arrival{time.Now(), r.Method, r.URL.Path})
		a.mu.Unlock()
		platform.ServeHTTP(w, r)
	})
}

// firstAfter is the first such call at or after a time.
func (a *arrivals) firstAfter(at time.Time, path string) (time.Time, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range a.all {
		if c.path == path && !c.at.Before(at) {
			return c.at, true
		}
	}
	return time.Time{}, false
}

// eventToAction adds how long it takes from the answer to a webhook to the first
// call about its return, and to the first decision at TikTok.
func (b *bench) eventToAction(f *Figure, h *demo.House, seen *arrivals) {
	var toRead, toDecision []time.Duration
	for _, d := range h.ReturnGO.Deliveries() {
		var body struct {
			RMAID string `json:"rmaId"`
		}
		if d.EventName != "RMA_CREATED" || len(d.Attempts) == 0 || json.Unmarshal([]byte(d.Body), &body) != nil {
			continue
		}
		answered := d.Attempts[len(d.Attempts)-1].At
		if at, ok := seen.firstAfter(answered, "/rma/"+body.RMAID); ok {
			toRead = append(toRead, at.Sub(answered))
		}
	}
	decided := map[string]time.Time{}
	for _, d := range h.TikTok.Books().Decisions {
		if _, again := decided[d.ReturnID]; d.By == tiktoksandbox.BySellerAPI && !again {
			decided[d.ReturnID] = d.At
		}
	}
	asked := map[string]bool{}
	for _, d := range h.TikTok.Deliveries() {
		for id, at := range decided {
			if d.Topic == returnTopic && !asked[id] && len(d.Attempts) > 0 && strings.Contains(d.Body, id) {
				asked[id] = true // the first of a return is the buyer's request
				toDecision = append(toDecision, at.Sub(d.Attempts[len(d.Attempts)-1].At))
			}
		}
	}
	window := h.Config.Periods.RelayWindow
	for _, of := range []struct {
		name string
		all  []time.Duration
	}{
		{"webhook → first read of its RMA", toRead},
		{"webhook of the buyer's request → TikTok accepted it", toDecision},
	} {
		if len(of.all) == 0 {
			f.doubt("no event was followed: %s", of.name)
			continue
		}
		f.add(plain(of.name+", p50", quantile(of.all, 0.50), "ms"), plain(of.name+", p95", quantile(of.all, 0.95), "ms"))
	}
	f.add(plain("of which the relay waits up to, for more of the same return", float64(window.Milliseconds()), "ms"))
}

// returnTopic is RETURN_STATUS_CHANGE (TikTok contract 3.4).
const returnTopic = 12

// quantile is a duration in milliseconds that the share q of all does not exceed.
func quantile(all []time.Duration, q float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	i := max(int(q*float64(len(sorted))+0.999999)-1, 0)
	return float64(sorted[min(i, len(sorted)-1)].Microseconds()) / 1000
}
