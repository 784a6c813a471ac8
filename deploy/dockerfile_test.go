package deploy_test

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// stage is one FROM of the Dockerfile, with what it has of the stage below it.
type stage struct {
	base       string
	user       string
	entrypoint []string
	runs       []string
	copies     [][]string // from other stages: name, source, target
	sources    []string   // copied from the repository
	files      []string   // copied from other stages: where to
}

// stages reads the Dockerfile by text: instructions, and what we use of them.
func stages(t *testing.T) map[string]stage {
	t.Helper()
	all := map[string]stage{}
	var name string
	text := regexp.MustCompile(`(?m)^#.*\n`).ReplaceAllString(read(t, "deploy/Dockerfile"), "")
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		said, s := words[1:], all[name]
		switch words[0] {
		case "FROM":
			said = slices.DeleteFunc(said, func(w string) bool { return strings.HasPrefix(w, "--platform=") })
			require.Len(t, said, 3, "every stage has a name: %s", line)
			require.NotContains(t, all, said[2])
			name, s = said[2], all[said[0]]
			s.base, s.runs, s.copies, s.files, s.sources = said[0], nil, slices.Clone(s.copies), slices.Clone(s.files), nil
		case "COPY":
			target := said[len(said)-1]
			if from, ok := strings.CutPrefix(said[0], "--from="); ok {
				require.Contains(t, all, from, "copied from a stage that does not exist")
				s.copies = append(s.copies, []string{from, said[1], target})
				s.files = append(s.files, target)
			} else {
				s.sources = append(s.sources, said[:len(said)-1]...)
			}
		case "USER":
			s.user = said[0]
		case "ENTRYPOINT":
			require.NoError(t, json.Unmarshal([]byte(strings.Join(said, " ")), &s.entrypoint), "not through a shell: there is none")
		case "RUN":
			s.runs = append(s.runs, strings.Join(said, " "))
		}
		all[name] = s
	}
	return all
}

func TestDockerfile(t *testing.T) {
	t.Parallel()
	all := stages(t)
	for name, s := range all {
		if _, ours := all[s.base]; !ours && s.base != "scratch" {
			require.Regexp(t, pinned, s.base, "the stage %s", name)
		}
		for _, source := range s.sources {
			require.FileExists(t, filepath.Join(root, source, "go.mod"), "the builder copies the root of the repository")
		}
	}
	goLine := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "go.mod"))
	require.NotNil(t, goLine)
	require.Regexp(t, `^golang:`+regexp.QuoteMeta(goLine[1])+`\.\d+-`, all["build"].base)

	require.Len(t, all["build"].runs, 1)
	command := all["build"].runs[0]
	require.Contains(t, command, "CGO_ENABLED=0", "a scratch image has no libraries")
	_, build, found := strings.Cut(command, "go build ")
	require.True(t, found)
	built := slices.DeleteFunc(strings.Fields(build), func(w string) bool { return !strings.HasPrefix(w, "./") })
	require.Equal(t, []string{"./worker", "./starter"}, built)
	require.Contains(t, build, "-o /out/ ")
}

// TestImages: what compose builds, and what is in it.
func TestImages(t *testing.T) {
	t.Parallel()
	c, all := composeFile(t), stages(t)
	var targets []string
	for name, s := range c.Services {
		if s.Build == nil {
			continue
		}
		targets = append(targets, name)
		require.Equal(t, build{Context: ".", Dockerfile: "deploy/Dockerfile", Target: name}, *s.Build)
		image, exists := all[s.Build.Target]
		require.True(t, exists, "the Dockerfile has no stage %s", s.Build.Target)
		require.Contains(t, image.copies, []string{"build", "/out/" + name, "/" + name})
		require.Contains(t, image.copies, []string{"build", "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/certs/ca-certificates.crt"}, "HTTPS needs certificates")
	}
	slices.Sort(targets)
	require.Equal(t, []string{"starter", "worker"}, targets)
}

// TestContext: the builder gets every file that the two programs are built from,
// and nothing that is the user's own.
func TestContext(t *testing.T) {
	t.Parallel()
	lines := strings.Fields(uncommented(read(t, ".dockerignore")))
	require.Equal(t, "*", lines[0], "everything is left out but what is named")
	var let []string
	for _, line := range lines[1:] {
		path, ok := strings.CutPrefix(line, "!")
		require.True(t, ok, line)
		_, err := os.Stat(filepath.Join(root, path))
		require.NoError(t, err)
		let = append(let, path)
	}
	for own := range madeFrom {
		require.NotContains(t, let, own)
	}
	needed := map[string]bool{"go.mod": true, "go.sum": true}
	command := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", `{{if and .Module .Module.Main}}{{.ImportPath}}{{end}}`, "./worker", "./starter")
	command.Dir = root
	out, err := command.Output()
	require.NoError(t, err)
	for pkg := range strings.FieldsSeq(string(out)) {
		top, _, _ := strings.Cut(strings.TrimPrefix(pkg, "returnbridge/"), "/")
		needed[top] = true
	}
	slices.Sort(let)
	require.Equal(t, slices.Sorted(maps.Keys(needed)), let)
}
