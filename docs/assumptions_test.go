// Package docs_test writes and checks the pages here that are made from the code.
package docs_test

import (
	"flag"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

var write = flag.Bool("write", false, "write the pages anew")

const (
	root  = ".."
	table = "assumptions.yaml"
	page  = "assumptions.md"
)

// assumption is a row of the table, which says what its fields are.
type assumption struct {
	ID      string `yaml:"id"`
	Assume  string `yaml:"assume"`
	Home    string `yaml:"home"`
	Key     string `yaml:"key"`
	Check   string `yaml:"check"`
	Settled string `yaml:"settled"`
	Only    string `yaml:"only"`
}

// named are the files whose comments name an assumption, by the part they play.
type named struct{ product, sandbox, contract []string }

func TestAssumptions(t *testing.T) {
	t.Parallel()
	rows, places := readTable(t), scanned(t)
	known := map[string]bool{}
	for _, a := range rows {
		require.False(t, known[a.ID], "%s is in the table twice", a.ID)
		known[a.ID] = true
		require.NoError(t, a.fits(places[a.ID]))
		if a.Key != "" {
			leaf := a.Key[strings.LastIndexByte(a.Key, '.')+1:]
			require.Regexp(t, `(?m)^ *(# )?(- )?`+leaf+`:`, text(t, "config.example.yaml"), "%s: there is no key %s", a.ID, a.Key)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(places)) {
		require.True(t, known[id], "%s is named in %v and not explained in %s", id, places[id], table)
	}
	want := rendered(rows, places)
	if *write {
		require.NoError(t, os.WriteFile(page, []byte(want), 0o600))
	}
	require.Equal(t, want, text(t, "docs", page), "%s is stale: run make assumptions", page)
}

const (
	firstDay = "the first day with real accounts" // settles a row by its check
	nothing  = "Nothing to do"                    // begins a check that asks for nothing
)

// fits tells whether a row says the truth about where the code names it.
func (a assumption) fits(n named) error {
	atHome := func(file string) bool { return file == a.Home || strings.HasPrefix(file, a.Home+"/") }
	switch {
	case a.Assume == "" || a.Check == "":
		return fmt.Errorf("%s says not what is assumed, or not how to check it", a.ID)
	case a.Settled == "":
		return fmt.Errorf("%s does not say what settles it", a.ID)
	case strings.Contains(a.Settled, firstDay) && strings.HasPrefix(a.Check, nothing):
		return fmt.Errorf("%s is to be settled by a check, and has none", a.ID)
	case (a.Home == "") == (a.Only == ""):
		return fmt.Errorf("%s needs either home or only", a.ID)
	case a.Only != "" && len(n.product) > 0:
		return fmt.Errorf("%s is only for the %s, but %v names it: give it a home", a.ID, a.Only, n.product)
	case a.Only == "sandbox" && len(n.sandbox) == 0:
		return fmt.Errorf("%s is named in no sandbox", a.ID)
	case a.Only == "register" && len(n.sandbox) > 0:
		return fmt.Errorf("%s is not only in the register: %v names it", a.ID, n.sandbox)
	case a.Only != "" && a.Only != "sandbox" && a.Only != "register":
		return fmt.Errorf("%s: only is sandbox or register", a.ID)
	case a.Home != "" && !slices.ContainsFunc(n.product, atHome):
		return fmt.Errorf("%s is not named in its home %s, but in %v", a.ID, a.Home, n.product)
	}
	return nil
}

// Each way in which table and code can part.
func TestARowThatDoesNotFitIsFound(t *testing.T) {
	t.Parallel()
	good := assumption{ID: "A01", Assume: "x", Check: "y", Settled: firstDay, Home: "internal/returngo"}
	here, sandbox := named{product: []string{"internal/returngo/client.go"}}, named{sandbox: []string{"local/returngosandbox/x.go"}}
	require.NoError(t, good.fits(here))
	require.Error(t, good.fits(named{}), "no code names it")
	require.Error(t, good.fits(sandbox), "only the sandbox names it")
	require.Error(t, good.fits(named{product: []string{"internal/returngo2/x.go"}}), "its home does not name it")
	for name, spoil := range map[string]func(*assumption){
		"no words":       func(a *assumption) { a.Assume = "" },
		"no check":       func(a *assumption) { a.Check = "" },
		"not settled":    func(a *assumption) { a.Settled = "" },
		"an empty check": func(a *assumption) { a.Check = nothing + "." },
		"no home":        func(a *assumption) { a.Home = "" },
		"home and only":  func(a *assumption) { a.Only = "sandbox" },
		"only sandbox":   func(a *assumption) { a.Home, a.Only = "", "sandbox" },
		"only register":  func(a *assumption) { a.Home, a.Only = "", "register" },
		"only something": func(a *assumption) { a.Home, a.Only = "", "x" },
	} {
		a := good
		spoil(&a)
		require.Error(t, a.fits(here), name)
	}
	good.Home, good.Only = "", "sandbox"
	require.NoError(t, good.fits(sandbox))
	require.Error(t, good.fits(named{}), "no sandbox names it")
	good.Only = "register"
	require.NoError(t, good.fits(named{}))
	require.Error(t, good.fits(sandbox), "a sandbox names it")
}

func readTable(t *testing.T) []assumption {
	t.Helper()
	decoder := yaml.NewDecoder(strings.NewReader(text(t, "docs", table)))
	decoder.KnownFields(true)
	var rows []assumption
	require.NoError(t, decoder.Decode(&rows))
	require.NotEmpty(t, rows)
	return rows
}

func text(t *testing.T, path ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(append([]string{root}, path...)...))
	require.NoError(t, err)
	return string(b)
}

var number = regexp.MustCompile(`\b[AT][0-9]{2}\b`)

// scanned are the assumptions that comments of Go code name, tests left out.
func scanned(t *testing.T) map[string]named {
	t.Helper()
	places := map[string]named{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		file := filepath.ToSlash(strings.TrimPrefix(path, root+string(filepath.Separator)))
		for _, id := range commented(t, path) {
			places[id] = places[id].plus(file)
		}
		return nil
	})
	require.NoError(t, err)
	require.NotEmpty(t, places)
	return places
}

func (n named) plus(file string) named {
	room, inLocal := strings.CutPrefix(filepath.ToSlash(filepath.Dir(file)), "local/")
	switch {
	case room == "contract":
		n.contract = append(n.contract, file)
	case strings.HasSuffix(file, "_test.go"):
	case !inLocal:
		n.product = append(n.product, file)
	case strings.HasSuffix(room, "sandbox"):
		n.sandbox = append(n.sandbox, file)
	}
	return n
}

// commented are the assumptions that a file's comments name, each once.
func commented(t *testing.T, path string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
	require.NoError(t, err)
	var words strings.Builder
	for _, group := range file.Comments {
		for _, c := range group.List {
			words.WriteString(c.Text + "\n")
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(number.FindAllString(words.String(), -1))))
}

const opening = `<!-- Made from assumptions.yaml and the comments of the code by "make assumptions". Do not edit. -->
# What we assume of the platforms

Neither ReturnGO nor TikTok Shop documents everything that the program rests on. Each gap is filled by an assumption
with a number; comments in the code name the number where it matters. This page lists them with what to do on the
first day with real accounts, and with what settles them: a public source, that first day, or nothing yet ("open"). Read first, with every switch off: ` + "`make contract`" + ` asks both platforms read-only,
and what it reports speaks to the rows marked ✓. Where one turns out wrong, change its home in the code and its row,
and search the code for its number: others may mention it.

`

// rendered is the page.
func rendered(rows []assumption, places map[string]named) string {
	var b strings.Builder
	b.WriteString(opening)
	for _, platform := range []struct{ letter, name string }{{"A", "ReturnGO"}, {"T", "TikTok Shop"}} {
		fmt.Fprintf(&b, "## %s\n\n| | We assume | On the first live day | Settled by | Setting | Home |\n| --- | --- | --- | --- | --- | --- |\n", platform.name)
		for _, a := range rows {
			if a.Only == "" && strings.HasPrefix(a.ID, platform.letter) {
				fmt.Fprintf(&b, "| %s | %s | %s%s | %s | %s | %s |\n", a.ID, cell(a.Assume), asked(places[a.ID]), cell(a.Check), cell(a.Settled), code(a.Key), link(a.Home))
			}
		}
		b.WriteString("\n")
	}
	b.WriteString("## Not in the program\n\nOnly a sandbox rests on these, or nothing does yet. A sandbox that is wrong here proves less than it seems to.\n\n" +
		"| | Would be assumed | On the first live day | Settled by | Who |\n| --- | --- | --- | --- | --- |\n")
	for _, a := range rows {
		if a.Only != "" {
			who := map[string]string{"sandbox": "sandbox", "register": "nobody"}[a.Only]
			fmt.Fprintf(&b, "| %s | %s | %s%s | %s | %s |\n", a.ID, cell(a.Assume), asked(places[a.ID]), cell(a.Check), cell(a.Settled), who)
		}
	}
	return b.String()
}

func asked(n named) string {
	if len(n.contract) > 0 {
		return "✓ "
	}
	return ""
}

func cell(words string) string { return strings.ReplaceAll(words, "|", `\|`) }

func code(key string) string {
	if key == "" {
		return ""
	}
	return "`" + key + "`"
}

// link leads to the home, which the table names and the code confirms. Other
// places that mention the number are not listed: they come and go with the code.
func link(home string) string {
	return fmt.Sprintf("[%s](../%s)", strings.TrimPrefix(home, "internal/"), home)
}
