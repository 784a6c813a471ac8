// Package deploy_test checks the production shape without Docker: what
// docker-compose.yml and the Dockerfile say of the program must be so in the
// program, and what they leave to the user must be in the examples.
package deploy_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const root = ".."

// The user's own files, each made from an example that must exist.
var madeFrom = map[string]string{
	"config.yaml": "config.example.yaml",
	".env":        "deploy/example.env",
	"secrets.env": "deploy/secrets.example.env",
}

// compose is what our file uses of the compose format. It is read strictly, so
// that a misspelt key fails instead of being ignored.
type compose struct {
	Name     string             `yaml:"name"`
	Program  service            `yaml:"x-program"`
	Services map[string]service `yaml:"services"`
	Volumes  map[string]any     `yaml:"volumes"`
}

type service struct {
	Image           string               `yaml:"image"`
	Build           *build               `yaml:"build"`
	Restart         string               `yaml:"restart"`
	StopGracePeriod time.Duration        `yaml:"stop_grace_period"`
	Entrypoint      []string             `yaml:"entrypoint"`
	Command         []string             `yaml:"command"`
	EnvFile         []string             `yaml:"env_file"`
	Environment     map[string]string    `yaml:"environment"`
	Volumes         []mount              `yaml:"volumes"`
	Ports           []string             `yaml:"ports"`
	Healthcheck     *healthcheck         `yaml:"healthcheck"`
	DependsOn       map[string]dependsOn `yaml:"depends_on"`
	ReadOnly        bool                 `yaml:"read_only"`
	CapDrop         []string             `yaml:"cap_drop"`
	SecurityOpt     []string             `yaml:"security_opt"`
	Logging         struct {
		Driver string `yaml:"driver"`
	} `yaml:"logging"`
}

type build struct {
	Context    string `yaml:"context"`
	Dockerfile string `yaml:"dockerfile"`
	Target     string `yaml:"target"`
}

type healthcheck struct {
	Test        []string      `yaml:"test"`
	Interval    time.Duration `yaml:"interval"`
	Timeout     time.Duration `yaml:"timeout"`
	StartPeriod time.Duration `yaml:"start_period"`
	Retries     int           `yaml:"retries"`
}

type dependsOn struct {
	Condition string `yaml:"condition"`
}

// mount is a volume in the short form, source:target[:ro], or the long one.
type mount struct {
	Type     string `yaml:"type"`
	Source   string `yaml:"source"`
	Target   string `yaml:"target"`
	ReadOnly bool   `yaml:"read_only"`
	Bind     struct {
		CreateHostPath *bool `yaml:"create_host_path"`
	} `yaml:"bind"`
}

func (m *mount) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.ScalarNode {
		type long mount
		return node.Decode((*long)(m))
	}
	parts := strings.Split(node.Value, ":")
	if len(parts) < 2 {
		return fmt.Errorf("line %d: %s is a volume without a name, lost with its container", node.Line, node.Value)
	}
	m.Source, m.Target = parts[0], parts[1]
	m.ReadOnly = slices.Contains(parts[2:], "ro")
	m.Type = "volume"
	if strings.HasPrefix(m.Source, ".") || strings.HasPrefix(m.Source, "/") {
		m.Type = "bind"
	}
	return nil
}

const (
	healthy   = "service_healthy"
	completed = "service_completed_successfully"
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	require.NoError(t, err)
	return string(text)
}

func composeFile(t *testing.T) compose {
	t.Helper()
	var c compose
	strict := yaml.NewDecoder(bytes.NewReader([]byte(read(t, "docker-compose.yml"))))
	strict.KnownFields(true)
	require.NoError(t, strict.Decode(&c))
	require.NotEmpty(t, c.Services)
	return c
}

func TestDependencies(t *testing.T) {
	t.Parallel()
	c := composeFile(t)
	oneShot := map[string]bool{}
	for name, s := range c.Services {
		for other, is := range s.DependsOn {
			target, exists := c.Services[other]
			require.True(t, exists, "%s depends on %s, which does not exist", name, other)
			switch is.Condition {
			case completed:
				oneShot[other] = true
			case healthy:
				require.NotNil(t, target.Healthcheck, "%s waits for the health of %s, which is never checked", name, other)
			default:
				require.Fail(t, "unknown condition", "%s depends on %s: %q", name, other, is.Condition)
			}
		}
	}
	require.Len(t, oneShot, 3, "databases, schema, namespace")
	for name, s := range c.Services {
		if oneShot[name] {
			require.Regexp(t, `^on-failure:\d+$`, s.Restart, "%s ends by itself", name)
		} else {
			require.Equal(t, "unless-stopped", s.Restart, "%s runs for ever", name)
			require.NotNil(t, s.Healthcheck, "%s has no health check", name)
		}
		require.Equal(t, "local", s.Logging.Driver, "the logs of %s would fill the disk", name)
	}
}

// TestFiles: what is mounted or read is in the repository, or is the user's own:
// then there is an example of it, git leaves it out, and the README names it.
func TestFiles(t *testing.T) {
	t.Parallel()
	c := composeFile(t)
	used := map[string]bool{".env": true} // Compose reads it by itself
	for name, s := range c.Services {
		for _, m := range s.Volumes {
			if m.Type == "volume" {
				require.Contains(t, c.Volumes, m.Source, "%s: a volume must have a name, and be declared", name)
				continue
			}
			require.True(t, m.ReadOnly, "%s must not write %s", name, m.Source)
			if path := filepath.Clean(m.Source); madeFrom[path] != "" {
				used[path] = true
				require.NotNil(t, m.Bind.CreateHostPath, "%s: Docker would make a folder of %s", name, path)
				require.False(t, *m.Bind.CreateHostPath, "%s: Docker would make a folder of %s", name, path)
			} else {
				require.FileExists(t, filepath.Join(root, path), "%s mounts it", name)
			}
			require.True(t, filepath.IsAbs(m.Target), "%s mounts to %s", name, m.Target)
		}
		for _, path := range s.EnvFile {
			require.Contains(t, madeFrom, path, "%s: the environment of a person's secrets", name)
			used[path] = true
		}
		// A script is called by the path it is mounted to.
		for _, word := range slices.Concat(s.Entrypoint, s.Command, values(s.Environment)) {
			_, path, _ := strings.Cut("="+strings.TrimPrefix(word, "--file="), "=")
			if strings.HasPrefix(path, "/deploy/") || strings.HasPrefix(path, "/etc/temporal/") || strings.HasPrefix(path, "/etc/returnbridge/") {
				require.True(t, slices.ContainsFunc(s.Volumes, func(m mount) bool { return m.Target == path }), "%s uses %s, which is not mounted", name, path)
			}
		}
	}
	for volume := range c.Volumes {
		mounted := func(m mount) bool { return m.Source == volume }
		require.True(t, slices.ContainsFunc(slices.Collect(allMounts(c)), mounted), "nothing mounts the volume %s", volume)
	}
	ignored, readme := strings.Split(read(t, ".gitignore"), "\n"), read(t, "deploy/README.md")
	for path, example := range madeFrom {
		require.True(t, used[path], "nothing reads %s", path)
		require.FileExists(t, filepath.Join(root, example))
		require.Contains(t, ignored, "/"+path, "a secret would get into git")
		require.Contains(t, readme, "cp "+example+" "+path)
	}
}

// TestInterpolation: the compose file asks for what example.env explains, and
// refuses to start without it.
func TestInterpolation(t *testing.T) {
	t.Parallel()
	var asked []string
	for _, name := range regexp.MustCompile(`\$\{?\w*[^}"\s]?`).FindAllString(uncommented(read(t, "docker-compose.yml")), -1) {
		must := regexp.MustCompile(`^\$\{(\w+):$`).FindStringSubmatch(name)
		require.NotNil(t, must, "%s… must have the form ${NAME:?why}", name)
		asked = append(asked, must[1])
	}
	slices.Sort(asked)
	given := names(environmentFile(t, "deploy/example.env"))
	require.Equal(t, given, slices.Compact(asked))
}

func TestPorts(t *testing.T) {
	t.Parallel()
	published := map[string]string{}
	for name, s := range composeFile(t).Services {
		for _, port := range s.Ports {
			require.Regexp(t, `^127\.0\.0\.1:\d+:\d+$`, port, "%s must be reached from this machine alone", name)
			require.Empty(t, published[port], "%s and %s publish the same port", name, published[port])
			published[port] = name
		}
	}
	require.NotEmpty(t, published)
}

var pinned = regexp.MustCompile(`^[a-z0-9./-]+:v?\d+\.\d+(\.\d+)?(-[a-z0-9.]+)?$`)

func TestImagesArePinned(t *testing.T) {
	t.Parallel()
	for name, s := range composeFile(t).Services {
		require.NotEqual(t, s.Image == "", s.Build == nil, "%s is either pulled or built", name)
		if s.Build == nil {
			require.Regexp(t, pinned, s.Image, name)
		}
	}
}

// TestTemporalIsTheOneWeTestWith: the server that the demo and the end-to-end
// tests embed is the server of production, and so is the Web UI.
func TestTemporalIsTheOneWeTestWith(t *testing.T) {
	t.Parallel()
	c, embedded := composeFile(t), read(t, "local/go.mod")
	version := func(module string) string {
		found := regexp.MustCompile(`(?m)^\s*` + regexp.QuoteMeta(module) + ` v(\S+)`).FindStringSubmatch(embedded)
		require.NotNil(t, found, module)
		return found[1]
	}
	server := version("go.temporal.io/server")
	require.Equal(t, "temporalio/server:"+server, c.Services["temporal"].Image)
	require.Equal(t, "temporalio/admin-tools:"+server, c.Services["schema"].Image)
	require.Equal(t, "temporalio/admin-tools:"+server, c.Services["namespace"].Image)
	require.Equal(t, "temporalio/ui:"+version("github.com/temporalio/ui-server/v2"), c.Services["ui"].Image)
	require.Equal(t, c.Services["postgres"].Image, c.Services["databases"].Image)
}

func TestTemporalServer(t *testing.T) {
	t.Parallel()
	c := composeFile(t)
	require.Equal(t, "512", c.Services["temporal"].Environment["NUM_HISTORY_SHARDS"], "it can never be changed again")
	require.Equal(t, "720h", c.Services["namespace"].Environment["RETENTION"])
	var dynamic map[string][]struct {
		Value any `yaml:"value"`
	}
	require.NoError(t, yaml.Unmarshal([]byte(read(t, "deploy/temporal/dynamicconfig.yaml")), &dynamic))
	require.Len(t, dynamic["matching.enableFairness"], 1)
	require.Equal(t, true, dynamic["matching.enableFairness"][0].Value)
}
