package config

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// decode fills a value from what the file says under its key. What the file
// does not name, leaves empty or says in a wrong way keeps its default.
func (p *problems) decode(to reflect.Value, said any, key string) {
	switch {
	case to.Kind() == reflect.Struct:
		p.decodeGroup(to, said, key)
	case said == nil:
	case to.Kind() == reflect.Slice:
		list, ok := said.([]any)
		p.must(ok, key, "must be a list")
		to.Set(reflect.MakeSlice(to.Type(), len(list), len(list)))
		for i, element := range list {
			p.decode(to.Index(i), element, fmt.Sprintf("%s[%d]", key, i))
		}
	default:
		p.set(to, said, key)
	}
}

func (p *problems) decodeGroup(to reflect.Value, said any, key string) {
	group, ok := said.(map[string]any)
	p.must(ok || said == nil, key, "must be a group of keys")
	known := map[string]reflect.Value{}
	for field, value := range to.Fields() {
		name := field.Tag.Get("key")
		known[name] = value
		if fallback, ok := field.Tag.Lookup("default"); ok {
			p.setDefault(value, fallback, name)
		}
		p.decode(value, group[name], below(key, name))
	}
	names := slices.Collect(maps.Keys(known))
	for name := range group {
		if _, ok := known[name]; ok {
			continue
		}
		if best, near := nearest(name, names); near {
			p.add(below(key, name), "is unknown; did you mean %s?", best)
		} else {
			p.add(below(key, name), "is unknown; known here: %s", strings.Join(names, ", "))
		}
	}
}

// setDefault sets what holds where nothing is said; of a list the elements are
// separated by blanks.
func (p *problems) setDefault(to reflect.Value, fallback, key string) {
	if to.Kind() != reflect.Slice {
		p.set(to, fallback, key)
		return
	}
	var list []any
	for element := range strings.FieldsSeq(fallback) {
		list = append(list, element)
	}
	p.decode(to, list, key)
}

// set puts one value in its place. Nothing is converted but periods: a number
// where text belongs has often lost something already, as an id that begins
// with a nought does. The value is not repeated, because it may be a secret.
func (p *problems) set(to reflect.Value, said any, key string) {
	wanted := "text; put it in quotes"
	switch to.Interface().(type) {
	case time.Duration:
		wanted = `a period with its unit, such as "90s", "15m" or "48h"`
		text, _ := said.(string)
		if d, err := time.ParseDuration(text); err == nil {
			said = d
		}
	case bool:
		wanted = "true or false"
	case int:
		wanted = "a whole number"
		if text, ok := said.(string); ok { // a default, or the environment
			if n, err := strconv.Atoi(text); err == nil {
				said = n
			}
		}
	}
	fits := reflect.TypeOf(said) == to.Type()
	p.must(fits, key, "must be %s", wanted)
	if fits {
		to.Set(reflect.ValueOf(said))
	}
}

func below(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}

// nearest finds the known word that a mistyped one was probably meant to be.
func nearest(word string, known []string) (best string, near bool) {
	slices.Sort(known)
	best = slices.MinFunc(known, func(a, b string) int { return cmp.Compare(distance(word, a), distance(word, b)) })
	return best, distance(word, best) <= max(2, len(best)/3)
}

// distance counts the letters to insert, drop or exchange to make b of a
// (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
