package bench

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Report is what one `make bench` came to: the JSON that others script.
type Report struct {
	Command  string    `json:"command"`
	Quick    bool      `json:"quick"` // small sizes: shows that it measures, not how fast anything is
	At       time.Time `json:"at"`
	Seconds  float64   `json:"seconds"`
	Machine  Machine   `json:"machine"`
	Versions Versions  `json:"versions"`
	Figures  []Figure  `json:"figures"`
}

// Machine is where the figures were taken. Others' work on it shows in the load.
type Machine struct {
	Cores      int    `json:"cores"`
	OS         string `json:"os"`
	CPU        string `json:"cpu,omitempty"`
	LoadBefore string `json:"load_before,omitempty"` // load averages over 1, 5 and 15 minutes
	LoadAfter  string `json:"load_after,omitempty"`
}

// Versions are those of what was measured.
type Versions struct {
	Go     string `json:"go"`
	SDK    string `json:"temporal_sdk"`
	Server string `json:"temporal_server"`
	SQLite string `json:"sqlite,omitempty"`
}

// Figure is one question of the bench with its answers.
type Figure struct {
	Name     string   `json:"name"`
	Title    string   `json:"title"`
	Storage  string   `json:"storage"` // of Temporal and the ledger
	How      string   `json:"how"`     // how each number was got
	Seconds  float64  `json:"seconds"`
	Values   []Value  `json:"values"`
	Tables   []Table  `json:"tables,omitempty"`
	Problems []string `json:"problems"` // what makes its numbers doubtful, or kept them from being taken
}

// Value is one number, with the target it has, if it has one.
type Value struct {
	Name    string  `json:"name"`
	Number  float64 `json:"number"`
	Unit    string  `json:"unit"`
	Target  float64 `json:"target,omitempty"`
	AtLeast bool    `json:"at_least,omitempty"` // the target is the least, else the most, that is wanted
	Judged  bool    `json:"judged"`             // there is a target
	Met     bool    `json:"met,omitempty"`
}

// Table breaks a number down.
type Table struct {
	Title   string   `json:"title"`
	Columns []string `json:"columns"`
	Rows    []Row    `json:"rows"`
}

// Row is one line of a table.
type Row struct {
	Name    string    `json:"name"`
	Numbers []float64 `json:"numbers"`
}

func plain(name string, number float64, unit string) Value {
	return Value{Name: name, Number: number, Unit: unit}
}

func atMost(v Value, target float64) Value {
	v.Judged, v.Target, v.Met = true, target, v.Number <= target
	return v
}

func atLeast(v Value, target float64) Value {
	v.Judged, v.Target, v.AtLeast, v.Met = true, target, true, v.Number >= target
	return v
}

func (f *Figure) add(values ...Value) { f.Values = append(f.Values, values...) }

func (f *Figure) doubt(format string, args ...any) {
	f.Problems = append(f.Problems, fmt.Sprintf(format, args...))
}

// Missed are the targets that were missed, as "figure: value".
func (r *Report) Missed() []string {
	var all []string
	for _, f := range r.Figures {
		for _, v := range f.Values {
			if v.Judged && !v.Met {
				all = append(all, f.Name+": "+v.Name)
			}
		}
	}
	return all
}

// Print writes the report as people read it.
func (r *Report) Print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	row := func(cells ...string) { fmt.Fprintln(t, strings.Join(cells, "\t")) } //nolint:errcheck // checked at Flush
	for _, f := range r.Figures {
		row(strings.ToUpper(f.Title))
		for _, v := range f.Values {
			row("", v.Name, v.number(), v.verdict())
		}
		for _, table := range f.Tables {
			row()
			row("", table.Title, strings.Join(table.Columns, "\t"))
			for _, line := range table.Rows {
				cells := []string{"", "  " + line.Name}
				for _, n := range line.Numbers {
					cells = append(cells, short(n))
				}
				row(cells...)
			}
		}
		for _, p := range f.Problems {
			row("", "DOUBT", p)
		}
		if err := t.Flush(); err != nil {
			return err //nolint:wrapcheck // the terminal
		}
		say(w, "  how: %s\n  on %s; %s; `%s`; took %.0f s\n\n", f.How, f.Storage, r.where(), r.Command, f.Seconds)
	}
	say(w, "%.0f s in all. Load of the machine before %s, after %s.\n", r.Seconds, r.Machine.LoadBefore, r.Machine.LoadAfter)
	if missed := r.Missed(); len(missed) > 0 {
		say(w, "Targets missed:\n  %s\n", strings.Join(missed, "\n  "))
	}
	if r.Quick {
		say(w, "This was --quick: the sizes are too small to judge by.\n")
	}
	return nil
}

func (r *Report) where() string {
	return fmt.Sprintf("%d cores (%s), %s, SDK %s, server %s", r.Machine.Cores, r.Machine.CPU, r.Versions.Go, r.Versions.SDK, r.Versions.Server)
}

func (v Value) number() string { return short(v.Number) + " " + v.Unit }

func (v Value) verdict() string {
	if !v.Judged {
		return ""
	}
	bound := "at most "
	if v.AtLeast {
		bound = "at least "
	}
	if v.Met {
		return "met: " + bound + short(v.Target)
	}
	return "MISSED: " + bound + short(v.Target)
}

// short prints a number without figures that mean nothing.
func short(n float64) string {
	text := fmt.Sprintf("%.2f", n)
	if n == float64(int64(n)) {
		text = fmt.Sprintf("%.0f", n)
	}
	return text
}

func say(w io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(w, format, args...)
}
