package ledger

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// walks are the statements that may read a whole table, or all of a shop: what
// people ask for, what happens at a start or when a switch is turned, and tables
// that stay small.
var walks = regexp.MustCompile(`^(brakes\.go|coverage\.go|report\.go|restockswitch\.go|restored\.go|tokens\.go|shadow\.go|links\.go|sinks\.go) `)

// A ledger grows for years. What every look, event and stock round asks for must be
// found by an index, or a return costs more with each that came before it.
func TestNoLookReadsAllThatEverWas(t *testing.T) {
	t.Parallel()
	b := &bench{t: t, ctx: t.Context(), clock: &clock{at: monday}, dsn: sqliteFile(t)}
	b.Ledger = b.open()
	asked := 0
	for _, s := range statements(t) {
		plan, ok := b.plan(s.sql)
		if !ok || walks.MatchString(s.file) {
			continue
		}
		asked++
		for _, step := range plan {
			whole := strings.HasPrefix(step, "SCAN ") && !strings.Contains(step, "CONSTANT ROW") && !strings.Contains(step, "SUBQUERY") ||
				strings.HasPrefix(step, "SEARCH ") && strings.HasSuffix(strings.TrimSuffix(step, " LEFT-JOIN"), "(shop=?)")
			if whole {
				t.Errorf("%s: %s\n%s", s.file, step, s.sql)
			}
		}
	}
	require.Greater(t, asked, 60, "statements were looked at")
}

// plan is how SQLite would go about a statement; not known of what is only a part
// of one.
func (b *bench) plan(statement string) (steps []string, ok bool) {
	var args []any
	for i := range 20 {
		if strings.Contains(statement, fmt.Sprintf("$%d", i+1)) {
			args = append(args, "x")
		}
	}
	rows, err := b.db.QueryContext(b.ctx, "EXPLAIN QUERY PLAN "+statement, args...)
	if err != nil {
		return nil, false
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var step string
		require.NoError(b.t, rows.Scan(&id, &parent, &unused, &step))
		steps = append(steps, step)
	}
	require.NoError(b.t, rows.Err())
	return steps, true
}

type statement struct{ file, sql string }

// statements are the SQL statements in this package's source, put together from
// their constants.
func statements(t *testing.T) (all []statement) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	constants := map[string]string{}
	var parsed []*ast.File
	set := token.NewFileSet()
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		parsed = append(parsed, f)
		ast.Inspect(f, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == len(v.Names) {
				for i, name := range v.Names {
					if text, ok := value(v.Values[i], constants); ok {
						constants[name.Name] = text
					}
				}
			}
			return true
		})
	}
	for _, f := range parsed {
		ast.Inspect(f, func(n ast.Node) bool {
			e, ok := n.(ast.Expr)
			if !ok {
				return true
			}
			text, ok := value(e, constants)
			if ok && regexp.MustCompile(`^(SELECT|INSERT|UPDATE|DELETE)\s`).MatchString(text) {
				at := set.Position(e.Pos())
				all = append(all, statement{fmt.Sprintf("%s line %d", at.Filename, at.Line), text})
			}
			return !ok
		})
	}
	return all
}

// value is the text of a constant expression.
func value(e ast.Expr, constants map[string]string) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.Ident:
		text, ok := constants[e.Name]
		return text, ok
	case *ast.BinaryExpr:
		left, ok := value(e.X, constants)
		right, also := value(e.Y, constants)
		return left + right, ok && also
	}
	return "", false
}
