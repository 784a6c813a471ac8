package bench

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"returnbridge/internal/messages"
)

var whole = flag.Bool("whole", false, "make a quick run of the bench and hold its report against itself: it measures, so it wants the machine for itself")

// One quick run: the report is complete and agrees with itself. How fast the
// machine is, and whether targets are met, is not asked here.
func TestTheReportIsCompleteAndAgreesWithItself(t *testing.T) {
	if !*whole {
		t.Skip("give -whole: it measures for about two minutes")
	}
	r, err := Run(t.Context(), Options{Quick: true, Limit: 10 * time.Minute, Command: "bench --quick", Log: zap.NewNop(), Progress: func(what string) { t.Log(what) }})
	require.NoError(t, err)
	require.Empty(t, inconsistencies(r))

	require.Equal(t, []string{"cost", "days", "speed-memory", "outage", "webhooks"}, figureNames(r)) // Temporal in a file is not of the quick size
	for _, f := range r.Figures {
		require.Empty(t, f.Problems, f.Name)
	}
	for figure, wanted := range map[string][]string{
		"cost": {
			"billed actions of a happy return, marginal", "history events of a happy return, marginal", "calls to ReturnGO of a happy return, marginal",
			"webhook → first read of its RMA, p50", "webhook → first read of its RMA, p95",
			"webhook of the buyer's request → TikTok accepted it, p50", "webhook of the buyer's request → TikTok accepted it, p95",
			"fixed cost of a shop a day",
		},
		"days":         {"20 returns, 2000 calls a day: calls a finished return, sweeps included", "100 returns, 100 calls a day: refunds owed that day and paid that day"},
		"speed-memory": {"returns a second, whole program", "bare workflows a second"},
		"outage":       {"calls wasted", "questions of the guard in the rest of the half hour"},
		"webhooks":     {"accepted with 200", "answer, p50", "answer, p95", "answer, p99"},
	} {
		for _, name := range wanted {
			require.Positive(t, numberOf(t, r, figure, name), "%s: %s", figure, name)
		}
	}

	require.InDelta(t, 6, numberOf(t, r, "outage", "returns that came to their end afterwards"), 0)
	require.Zero(t, numberOf(t, r, "days", "100 returns, 100 calls a day: returns lost"))
	require.Zero(t, numberOf(t, r, "days", "100 returns, 100 calls a day: calls that ReturnGO itself refused"))
	require.InDelta(t, 200, numberOf(t, r, "webhooks", "accepted with 200"), 0)
	require.Zero(t, numberOf(t, r, "webhooks", "accepted and not in the inbox"))

	var text bytes.Buffer
	require.NoError(t, r.Print(&text))
	for _, f := range r.Figures {
		for _, v := range f.Values {
			require.Contains(t, text.String(), v.Name)
		}
	}
	for _, beside := range []string{r.Versions.SDK, r.Versions.Server, r.Versions.Go, "cores", "`bench --quick`", "SQLite"} {
		require.GreaterOrEqual(t, strings.Count(text.String(), beside), len(r.Figures)-1, beside)
	}
}

// inconsistencies are the ways in which a report contradicts itself.
func inconsistencies(r *Report) (all []string) {
	text, err := json.Marshal(r)
	if err != nil {
		return []string{err.Error()} // a number that is none
	}
	var again Report
	if err := json.Unmarshal(text, &again); err != nil || len(again.Figures) != len(r.Figures) {
		all = append(all, "does not survive JSON")
	}
	if r.Machine.Cores < 1 || r.Versions.Go == "" || r.Versions.SDK == "" || r.Versions.Server == "" || r.Command == "" || r.At.IsZero() {
		all = append(all, "does not say where it was taken")
	}
	took := 0.0
	for _, f := range r.Figures {
		took += f.Seconds
		if f.Storage == "" || f.How == "" || f.Title == "" || len(f.Values) == 0 {
			all = append(all, f.Name+": not complete")
		}
		for _, v := range f.Values {
			met := v.Number <= v.Target
			if v.AtLeast {
				met = v.Number >= v.Target
			}
			if v.Judged && v.Met != met || v.Number < 0 {
				all = append(all, f.Name+": "+v.Name)
			}
		}
		for _, t := range f.Tables {
			if !addsUp(t) {
				all = append(all, f.Name+": "+t.Title)
			}
		}
	}
	if took > r.Seconds+1 {
		all = append(all, "took longer than it lasted")
	}
	return all
}

// addsUp holds the rows against their sum, and items (indented) against theirs.
func addsUp(t Table) bool {
	rest, items := 0.0, false
	for _, row := range t.Rows {
		if len(row.Numbers) == 0 || len(row.Numbers) > len(t.Columns) {
			return false
		}
		switch {
		case strings.HasPrefix(row.Name, "    "):
			rest, items = rest-row.Numbers[0], true
		case row.Name == "sum":
			return math.Abs(rest-row.Numbers[0]) < 1e-6
		case items || t.Rows[0].Name == messages.Return:
			if math.Abs(rest) > 1e-6 {
				return false
			}
			rest, items = row.Numbers[0], false
		default:
			rest += row.Numbers[0]
		}
	}
	return !items || math.Abs(rest) < 1e-6
}

func figureNames(r *Report) (all []string) {
	for _, f := range r.Figures {
		all = append(all, f.Name)
	}
	return all
}

func numberOf(t *testing.T, r *Report, figure, name string) float64 {
	t.Helper()
	for _, f := range r.Figures {
		for _, v := range f.Values {
			if f.Name == figure && v.Name == name {
				return v.Number
			}
		}
	}
	t.Fatalf("%s does not tell %q", figure, name)
	return 0
}

// The check of the report finds what is wrong with one.
func TestAContradictionIsFound(t *testing.T) {
	t.Parallel()
	sound := func() *Report {
		f := Figure{Name: "cost", Title: "cost", Storage: "memory", How: "counted", Seconds: 1, Problems: []string{}}
		f.add(atMost(plain("actions", 20, "actions"), 22), atLeast(plain("ratio", 0.5, "ratio"), 0.9))
		f.Tables = []Table{
			byKind("kinds", 2, map[string]float64{"a": 4, "b": 6}),
			{Title: "flows", Columns: []string{"actions"}, Rows: []Row{
				{"Return", []float64{3}}, {"    x", []float64{1}}, {"    y", []float64{2}}, {"Stock", []float64{1}}, {"    x", []float64{1}},
			}},
		}
		return &Report{
			Command: "bench", At: time.Now(), Seconds: 2, Machine: Machine{Cores: 2}, Versions: Versions{Go: "go", SDK: "v1", Server: "v1"}, Figures: []Figure{f},
		}
	}
	require.Empty(t, inconsistencies(sound()))
	require.Equal(t, []string{"cost: ratio"}, sound().Missed())
	for name, spoil := range map[string]func(*Report){
		"a missed target that says met": func(r *Report) { r.Figures[0].Values[1].Met = true },
		"a met target that says missed": func(r *Report) { r.Figures[0].Values[0].Met = false },
		"a sum that is none":            func(r *Report) { r.Figures[0].Tables[0].Rows[0].Numbers[0]++ },
		"items that do not add up":      func(r *Report) { r.Figures[0].Tables[1].Rows[1].Numbers[0]++ },
		"last items that do not add up": func(r *Report) { r.Figures[0].Tables[1].Rows[4].Numbers[0]++ },
		"no storage":                    func(r *Report) { r.Figures[0].Storage = "" },
		"no versions":                   func(r *Report) { r.Versions.Server = "" },
		"no number":                     func(r *Report) { r.Figures[0].Values[0].Number = math.NaN() },
	} {
		r := sound()
		spoil(r)
		require.NotEmpty(t, inconsistencies(r), name)
	}
}
