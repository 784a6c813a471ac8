package config

import (
	"fmt"
	"slices"
	"strings"
)

// problems collects what is wrong, each with the key it is about. A text names
// a secret and never repeats it.
type problems struct {
	prefix string
	found  *[]problem
}

type problem struct{ key, text string }

func noProblems() *problems { return &problems{found: &[]problem{}} }

// in collects what is wrong under one part of the configuration.
func (p *problems) in(part string) *problems {
	return &problems{prefix: p.prefix + part + ".", found: p.found}
}

// must adds a problem if something is not so. One key has one problem, the first
// found: a value that is no text needs not be told that it is no address either.
func (p *problems) must(ok bool, key, format string, args ...any) {
	key = p.prefix + key
	if ok || slices.ContainsFunc(*p.found, func(f problem) bool { return f.covers(key) }) {
		return
	}
	*p.found = append(*p.found, problem{key, fmt.Sprintf(format, args...)})
}

func (p *problems) add(key, format string, args ...any) { p.must(false, key, format, args...) }

// covers tells whether a key is the problem's own, or below it.
func (f problem) covers(key string) bool {
	rest, ok := strings.CutPrefix(key, f.key)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// list is each problem as a sentence, in the order of the keys.
func (p *problems) list() []string {
	var list []string
	for _, f := range *p.found {
		list = append(list, f.key+" "+f.text)
	}
	slices.Sort(list)
	return list
}
