package chaos

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"returnbridge/local/demo"
)

// A worker dies exactly at each step boundary of a return: one return for each,
// by both ways of paying, and each product's stock writer at each of its own. The
// short form takes some of them.
func TestAWorkerKilledAtEachStepBoundaryOfAReturnLeavesEveryFigureRight(t *testing.T) {
	t.Parallel()
	for _, scenario := range []string{"happy", "seller-refund"} {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			w := newWalk(t)
			h := openHouse(t, func(o *demo.HouseOptions) { o.NoWorker = true })
			w.workers, _ = h.programs(3, 0, w.url)

			h.wantRight("dry run of "+scenario, <-h.population(3, 1, scenario))
			returns, stock := w.counted()
			if returns < 20 || stock < 8 {
				t.Fatalf("only %d step boundaries of a return were seen and %d of a stock writer", returns, stock)
			}
			w.begin(thinned(returns, either(6, returns)), thinned(stock, either(3, stock)))
			h.wantRight("killed at the boundaries of "+scenario, <-h.population(either(6, returns), 2, scenario))
			w.report(returns, stock)
		})
	}
}

// thinned are so many of the numbers 1 to n, evenly spread, in a random order.
func thinned(n, most int) []int {
	var some []int
	for i := range most {
		some = append(some, 1+i*n/most)
	}
	random := rand.New(rand.NewPCG(3, 4))
	random.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
	return some
}

// The two kinds of workflows that are walked through.
type kind string

const (
	ofReturn kind = "return"
	ofStock  kind = "stock"
)

func kindOf(workflow string) kind {
	switch {
	case strings.HasPrefix(workflow, "stock/"):
		return ofStock
	case strings.HasPrefix(workflow, "return/") && !strings.Contains(workflow, "/tiktok/"):
		return ofReturn
	}
	return ""
}

// walk counts the step boundaries of every workflow and kills the worker that
// comes to the one at which its workflow is to lose it.
type walk struct {
	t       *testing.T
	url     string
	workers []*child

	mu    sync.Mutex
	dry   bool
	ahead map[kind][]int // boundaries at which nobody has died yet
	due   map[string]int // boundary at which the workflow's worker dies; 0: it lives
	count map[string]int // boundaries of the workflow so far
	most  map[kind]int
	died  map[kind][]string
}

func newWalk(t *testing.T) *walk {
	t.Helper()
	w := &walk{t: t, dry: true, ahead: map[kind][]int{}, due: map[string]int{}, count: map[string]int{}, most: map[kind]int{}, died: map[kind][]string{}}
	server := httptest.NewServer(http.HandlerFunc(w.boundary))
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

// counted are the most boundaries that a return and a stock writer had.
func (w *walk) counted() (returns, stock int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.most[ofReturn], w.most[ofStock]
}

// begin has one return die at each of these boundaries, and stock writers.
func (w *walk) begin(returns, stock []int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dry, w.ahead = false, map[kind][]int{ofReturn: returns, ofStock: stock}
	clear(w.count)
}

// boundary is a worker's question whether to live on. One that is to die hears
// no answer.
func (w *walk) boundary(_ http.ResponseWriter, r *http.Request) {
	workflow, process := r.FormValue("workflow"), r.FormValue("process")
	if !w.dies(workflow, r.FormValue("task")+" "+r.FormValue("at")) {
		return
	}
	for _, c := range w.workers {
		if strings.HasSuffix(c.file, process) {
			c.killAndRestart()
		}
	}
}

func (w *walk) dies(workflow, at string) bool {
	k := kindOf(workflow)
	if k == "" {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count[workflow]++
	n := w.count[workflow]
	w.most[k] = max(w.most[k], n)
	if w.dry {
		return false
	}
	due, known := w.due[workflow]
	if !known && len(w.ahead[k]) > 0 {
		due, w.ahead[k] = w.ahead[k][0], w.ahead[k][1:]
		w.due[workflow] = due
	}
	if n != due {
		return false
	}
	w.died[k] = append(w.died[k], fmt.Sprintf("%3d %s", n, at))
	w.due[workflow] = 0
	if k == ofStock { // a product's writer is walked through again and again
		delete(w.due, workflow)
		w.count[workflow] = 0
	}
	return true
}

// report says what was proved, and complains if hardly any boundary was reached:
// a return may come to its end with fewer than the dry run's.
func (w *walk) report(returns, stock int) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for k, of := range map[kind]int{ofReturn: returns, ofStock: stock} {
		places := map[string]int{}
		for _, d := range w.died[k] {
			places[d[4:]]++
		}
		w.t.Logf("workers died at %d boundaries of a %s, of %d counted: %s", len(w.died[k]), k, of, strings.Join(slices.SortedFunc(maps.Keys(places), cmp.Compare), " · "))
	}
}
