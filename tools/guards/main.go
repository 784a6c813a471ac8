// Command guards takes each guard of the program away in turn and expects its test
// to fail: a guard that no test misses protects nothing. The guards are listed in the
// YAML files of this folder; only a copy of the repository is changed.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"go.yaml.in/yaml/v3"
)

// guard is one entry of a YAML file.
type guard struct {
	Name    string `yaml:"name"`
	Issue   string `yaml:"issue"`   // issue and number, such as 9.1
	File    string `yaml:"file"`    // from the repository's root
	Old     string `yaml:"old"`     // occurs exactly once in the file
	New     string `yaml:"new"`     // what it becomes when the guard is gone; compiles
	Package string `yaml:"package"` // of its test; "local:" begins one of the nested module
	Run     string `yaml:"run"`     // passes as it is, fails without the guard
}

// The verdicts. Only the first is good.
const (
	red        = "RED as it should be"
	notNoticed = "NOT NOTICED"
	noBuild    = "DOES NOT BUILD"
	noText     = "TEXT NOT FOUND"
	failsAsIs  = "FAILS UNTOUCHED"
	tooLong    = "TIMED OUT"
	passed     = "passed" // of a test, not of a guard
)

const (
	root        = ".." // from tools/, where `make guards` runs this
	localPrefix = "local:"
)

type options struct {
	only, issue string
	short       bool
	timeout     time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.only, "only", "", "guards whose name contains this")
	flag.StringVar(&o.issue, "issue", "", "guards of this issue and number, such as 9.1")
	flag.BoolVar(&o.short, "short", false, "leave out tests of the nested module local/")
	flag.DurationVar(&o.timeout, "timeout", 5*time.Minute, "for one guard, its build included")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	guards, err := load(filepath.Join(root, "tools", "guards"), o)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "guards-")
	if err != nil {
		return fmt.Errorf("make a directory for the copy: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := copyRepository(ctx, dir); err != nil {
		return err
	}
	b := bench{dir: dir, timeout: o.timeout}
	failing := b.untouched(ctx, guards)
	proven := 0
	for i, g := range guards {
		verdict := failing[i]
		if verdict == "" {
			verdict = b.without(ctx, g)
		}
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted after %d of %d guards", i, len(guards))
		}
		if verdict == red {
			proven++
		}
		fmt.Printf("%-7s %s: %s\n", g.Issue, g.Name, verdict)
	}
	if proven < len(guards) {
		return fmt.Errorf("%d of %d guards are not proven", len(guards)-proven, len(guards))
	}
	fmt.Printf("%d guards, each missed by its test when it is gone\n", proven)
	return nil
}

// load reads all entries that the options select, by file and place.
func load(dir string, o options) ([]guard, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", dir, err)
	}
	var selected []guard
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read guards: %w", err)
		}
		var entries []guard
		decoder := yaml.NewDecoder(bytes.NewReader(content))
		decoder.KnownFields(true)
		if err := decoder.Decode(&entries); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for _, g := range entries {
			_, err := regexp.Compile(g.Run)
			if slices.Contains([]string{g.Name, g.File, g.Old, g.Package, g.Run}, "") || g.Old == g.New || err != nil {
				return nil, fmt.Errorf("%s: guard %q is incomplete, or its run is no pattern", name, g.Name)
			}
			left := o.short && strings.HasPrefix(g.Package, localPrefix) || o.issue != "" && o.issue != g.Issue
			if !left && strings.Contains(g.Name, o.only) {
				selected = append(selected, g)
			}
		}
	}
	if len(selected) == 0 {
		return nil, errors.New("no guard is selected")
	}
	return selected, nil
}

// copyRepository copies what git knows and what it does not ignore, as it is now.
func copyRepository(ctx context.Context, to string) error {
	list := exec.CommandContext(ctx, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	names, err := list.Output()
	for name := range strings.SplitSeq(strings.TrimRight(string(names), "\x00"), "\x00") {
		content, missing := os.ReadFile(filepath.Join(root, name))
		if missing != nil {
			continue // deleted and not yet committed
		}
		target := filepath.Join(to, name)
		err = errors.Join(err, os.MkdirAll(filepath.Dir(target), 0o750), os.WriteFile(target, content, 0o700))
	}
	if err != nil {
		return fmt.Errorf("copy the repository: %w", err)
	}
	return nil
}

// bench is the copy and how its tests are run.
type bench struct {
	dir     string
	timeout time.Duration
}

// untouched runs every test named once as it is, package by package, and answers by
// guard why it can prove nothing: its test fails, is skipped, or does not exist.
func (b bench) untouched(ctx context.Context, guards []guard) map[int]string {
	patterns, said, verdicts := map[string][]string{}, map[string]string{}, map[int]string{}
	for _, g := range guards {
		whole, _, _ := strings.Cut(g.Run, "/") // with all its subtests
		patterns[g.Package] = append(patterns[g.Package], whole)
	}
	for pkg, list := range patterns {
		_, said[pkg] = b.run(ctx, pkg, strings.Join(list, "|"), time.Duration(len(list))*b.timeout)
	}
	for i, g := range guards {
		whole, _, _ := strings.Cut(g.Run, "/")
		ended := map[string]bool{}
		for _, line := range endedTest.FindAllStringSubmatch(said[g.Package], -1) {
			if regexp.MustCompile(whole).MatchString(line[2]) {
				ended[line[1]] = true
			}
		}
		switch {
		case ended["FAIL"]:
			verdicts[i] = failsAsIs
		case !ended["PASS"] && strings.Contains(said[g.Package], " failed]"):
			verdicts[i] = noBuild
		case !ended["PASS"]:
			verdicts[i] = notNoticed
		}
	}
	return verdicts
}

// without takes the guard away, runs its test and puts the guard back.
func (b bench) without(ctx context.Context, g guard) string {
	name := filepath.Join(b.dir, g.File)
	content, err := os.ReadFile(name)
	if err != nil || strings.Count(string(content), g.Old) != 1 {
		return noText
	}
	err = os.WriteFile(name, []byte(strings.Replace(string(content), g.Old, g.New, 1)), 0o600)
	verdict, _ := b.run(ctx, g.Package, g.Run, b.timeout)
	if err = errors.Join(err, os.WriteFile(name, content, 0o600)); err != nil {
		return err.Error()
	}
	if verdict == passed {
		return notNoticed
	}
	return verdict
}

var endedTest = regexp.MustCompile(`(?m)^--- (PASS|FAIL): (\S+)`)

// run runs tests and answers how they ended and what they said. A run in which every
// test was skipped, or that found none, has not noticed anything.
func (b bench) run(ctx context.Context, pkg, pattern string, timeout time.Duration) (verdict, text string) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	arguments := []string{"test"}
	if inLocal, ok := strings.CutPrefix(pkg, localPrefix); ok {
		arguments, pkg = []string{"-C", "local", "test", "-tags", "disable_grpc_modules"}, inLocal
	}
	// Without vet: a condition that never holds is what a missing guard looks like.
	cmd := exec.CommandContext(ctx, "go", append(arguments, "-count=1", "-timeout=0", "-vet=off", "-v", "-run", pattern, pkg)...)
	cmd.Dir = b.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // the test's own process too
	cmd.WaitDelay = 10 * time.Second
	output, err := cmd.CombinedOutput()
	text = string(output)
	switch {
	case ctx.Err() != nil:
		return tooLong, text
	case err == nil && strings.Contains(text, "--- PASS: "):
		return passed, text
	case err == nil:
		return notNoticed, text
	case strings.Contains(text, "--- FAIL: ") || strings.Contains(text, "\npanic: "):
		return red, text
	default:
		return noBuild, text
	}
}
