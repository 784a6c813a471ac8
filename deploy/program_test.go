package deploy_test

import (
	"encoding/base64"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"net"
	"net/url"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/contrib/envconfig"

	"returnbridge/config"
	"returnbridge/internal/app"
)

// programs are our services, each with the command line it must understand.
func programs() map[string]*cobra.Command {
	return map[string]*cobra.Command{"worker": app.WorkerCommand(), "starter": app.StarterCommand()}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	c := composeFile(t)
	for name, command := range programs() {
		s := c.Services[name]
		require.Equal(t, []string{"/" + name}, stages(t)[s.Build.Target].entrypoint, "the image of %s starts another program", name)
		require.Empty(t, s.Entrypoint)
		found, rest, err := command.Find(s.Command)
		require.NoError(t, err)
		require.True(t, found.Runnable(), "%s %v runs nothing", name, s.Command)
		require.NoError(t, found.ParseFlags(rest), name)
		require.NoError(t, found.ValidateArgs(found.Flags().Args()), name)
		file, err := found.Flags().GetString("config")
		require.NoError(t, err)
		require.True(t, slices.ContainsFunc(s.Volumes, func(m mount) bool { return m.Target == file && m.Source == "./config.yaml" }), "%s reads %s, which is not mounted", name, file)
	}
}

// TestCommandsOfTheReadmes: what the two READMEs tell people to type is understood.
func TestCommandsOfTheReadmes(t *testing.T) {
	t.Parallel()
	line := regexp.MustCompile(`(?m)^ *(?:go run \./|docker compose run --rm )(worker|starter)\b *([^#\n]*)`)
	inText := regexp.MustCompile("`(starter) ([a-z][^`]*)`")
	for _, readme := range []string{"README.md", "deploy/README.md"} {
		text := read(t, readme)
		typed := append(line.FindAllStringSubmatch(text, -1), inText.FindAllStringSubmatch(text, -1)...)
		require.NotEmpty(t, typed, readme)
		for _, c := range typed {
			command, rest, err := programs()[c[1]].Find(strings.Fields(c[2]))
			require.NoError(t, err, c[0])
			require.True(t, command.Runnable(), "%s: %s is no command", readme, c[0])
			require.NoError(t, command.ParseFlags(rest), "%s: %s", readme, c[0])
			if !strings.HasPrefix(c[0], "`") { // in a sentence the arguments may be left out
				require.NoError(t, command.ValidateArgs(command.Flags().Args()), "%s: %s", readme, c[0])
			}
		}
	}
}

// TestTemporalVariablesOfTheReadme: each is one that Temporal's own client reads.
func TestTemporalVariablesOfTheReadme(t *testing.T) {
	t.Parallel()
	var asked []string
	_, err := envconfig.LoadClientOptions(envconfig.LoadClientOptionsRequest{EnvLookup: environment{read: &asked}, DisableFile: true})
	require.NoError(t, err)
	named := regexp.MustCompile(`TEMPORAL_[A-Z_]+`).FindAllString(read(t, "README.md"), -1)
	require.NotEmpty(t, named)
	for _, variable := range named {
		require.Contains(t, asked, variable)
	}
}

// TestEnvironment gives the program what its container will have: the example
// configuration, the secrets of the example, the variables of the compose file.
// It must need no more, and read all of it.
func TestEnvironment(t *testing.T) {
	c := composeFile(t)
	for name := range programs() {
		t.Run(name, func(t *testing.T) {
			s := c.Services[name]
			require.Equal(t, []string{"secrets.env"}, s.EnvFile, "a password of the database's administrator is not for %s", name)
			given := environmentFile(t, "deploy/secrets.example.env")
			for variable, value := range given {
				require.Empty(t, value, "the example must hold no secret")
				given[variable] = strings.Repeat("s", 40)
			}
			given["RETURNBRIDGE_SEAL_KEY"] = base64.StdEncoding.EncodeToString(make([]byte, 32))
			for variable, value := range s.Environment {
				before, after, _ := strings.Cut(value, "${LEDGER_DB_PASSWORD")
				if _, end, cut := strings.Cut(after, "}"); cut {
					value = before + "0123abcd" + end
				}
				given[variable] = value
			}
			for variable, value := range given {
				t.Setenv(variable, value)
			}
			cfg, err := config.Load(filepath.Join(root, "config.example.yaml"))
			require.NoError(t, err)
			known := variables(reflect.ValueOf(*cfg), config.EnvPrefix)
			for variable, value := range given {
				if strings.HasPrefix(variable, "TEMPORAL_") {
					continue
				}
				require.Contains(t, known, variable, "%s reads no such variable", name)
				require.Equal(t, value, known[variable], variable)
			}
			checkTemporal(t, c, s)
			checkLedger(t, c, cfg.Ledger)
		})
	}
}

// checkTemporal: the connection Temporal's own client makes of the variables.
func checkTemporal(t *testing.T, c compose, s service) {
	t.Helper()
	var read []string
	lookup := environment{of: s.Environment, read: &read}
	options, err := envconfig.LoadClientOptions(envconfig.LoadClientOptionsRequest{EnvLookup: lookup, DisableFile: true})
	require.NoError(t, err)
	for variable := range s.Environment {
		if strings.HasPrefix(variable, "TEMPORAL_") {
			require.Contains(t, read, variable, "Temporal's client reads no such variable")
		}
	}
	require.Equal(t, "temporal:7233", options.HostPort)
	require.Contains(t, c.Services, "temporal")
	require.Equal(t, c.Services["namespace"].Environment["TEMPORAL_NAMESPACE"], options.Namespace, "nobody creates this namespace")
	require.Equal(t, c.Services["ui"].Environment["TEMPORAL_DEFAULT_NAMESPACE"], options.Namespace)
}

// environment is the variables of a service, and notes which are asked for.
type environment struct {
	of   map[string]string
	read *[]string
}

func (e environment) LookupEnv(name string) (string, bool) {
	*e.read = append(*e.read, name)
	value, ok := e.of[name]
	return value, ok
}

func (e environment) Environ() []string {
	var lines []string
	for name, value := range e.of {
		lines = append(lines, name+"="+value)
	}
	return lines
}

// checkLedger: the database of the address is made by the one-shot.
func checkLedger(t *testing.T, c compose, address string) {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	require.Equal(t, "postgres", u.Scheme)
	require.Contains(t, c.Services, u.Hostname())
	made := read(t, "deploy/postgres/databases.sql")
	require.Contains(t, made, "CREATE DATABASE "+strings.TrimPrefix(u.Path, "/")+" OWNER "+u.User.Username()+"'")
	require.Contains(t, made, "ALTER ROLE "+u.User.Username()+" LOGIN PASSWORD")
	server := c.Services["temporal"].Environment
	require.Contains(t, c.Services, server["POSTGRES_SEEDS"])
	for _, database := range []string{"temporal", "temporal_visibility"} {
		require.Contains(t, made, "CREATE DATABASE "+database+" OWNER "+server["POSTGRES_USER"]+"'")
		require.Contains(t, read(t, "deploy/temporal/schema.sh"), "--db "+database+" update-schema")
	}
}

// variables are those the configuration can be set by: every key outside of a
// list, and in a list the secrets, by the name of their element.
func variables(group reflect.Value, prefix string) map[string]string {
	known := map[string]string{}
	for field, value := range group.Fields() {
		name := prefix + "_" + strings.ToUpper(field.Tag.Get("key"))
		switch {
		case value.Kind() == reflect.Struct:
			collect(known, variables(value, name))
		case value.Kind() == reflect.Slice && field.Type.Elem().Kind() == reflect.Struct:
			for i := range value.Len() {
				element := value.Index(i)
				if named := element.FieldByName("Name"); named.IsValid() {
					collect(known, secrets(element, name+"_"+strings.ReplaceAll(strings.ToUpper(named.String()), "-", "_")))
				}
			}
		case value.Kind() == reflect.String:
			known[name] = value.String()
		}
	}
	return known
}

func secrets(element reflect.Value, prefix string) map[string]string {
	known := map[string]string{}
	for field, value := range element.Fields() {
		if field.Tag.Get("secret") == "true" {
			known[prefix+"_"+strings.ToUpper(field.Tag.Get("key"))] = value.String()
		}
	}
	return known
}

func collect(to, from map[string]string) {
	maps.Copy(to, from)
}

// TestHealthOfThePrograms: each check asks where its program listens, for a path it
// answers, with a program that its image has; and the port is published.
func TestHealthOfThePrograms(t *testing.T) {
	t.Parallel()
	for name, where := range map[string]struct{ variable, source string }{
		"starter": {"RETURNBRIDGE_LISTEN", "internal/app/receive.go"},
		"worker":  {"RETURNBRIDGE_WORKER_LISTEN", "internal/app/health.go"},
	} {
		s := composeFile(t).Services[name]
		require.NotNil(t, s.Healthcheck, name)
		asked, err := url.Parse(s.Healthcheck.Test[len(s.Healthcheck.Test)-1])
		require.NoError(t, err)
		_, port, err := net.SplitHostPort(s.Environment[where.variable])
		require.NoError(t, err, name)
		require.Equal(t, "127.0.0.1:"+port, asked.Host)
		require.Contains(t, s.Ports, "127.0.0.1:"+port+":"+port)
		require.Contains(t, read(t, where.source), `"GET `+asked.Path+`"`)
		require.Equal(t, "CMD", s.Healthcheck.Test[0], "the image has no shell")
		require.Contains(t, stages(t)[s.Build.Target].files, s.Healthcheck.Test[1])
	}
}

// TestTimeToStop: Docker kills a program only after it would have stopped by itself.
func TestTimeToStop(t *testing.T) {
	t.Parallel()
	timeout := constant(t, "internal/app/worker.go", "stopTimeout")
	require.Positive(t, timeout)
	c := composeFile(t)
	for name := range programs() {
		require.Greater(t, c.Services[name].StopGracePeriod, timeout, "%s would be killed while it stops", name)
	}
}

// constant is a duration of the source, written as a number of seconds.
func constant(t *testing.T, path, name string) time.Duration {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, path), nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	var found time.Duration
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Names[0].Name != name {
			return true
		}
		product, ok := spec.Values[0].(*ast.BinaryExpr)
		require.True(t, ok, "%s is no product", name)
		number, ok := product.X.(*ast.BasicLit)
		require.True(t, ok, "%s is no number of seconds", name)
		unit, ok := product.Y.(*ast.SelectorExpr)
		require.True(t, ok && product.Op == token.MUL && unit.Sel.Name == "Second", "%s is no number of seconds", name)
		seconds, err := strconv.Atoi(number.Value)
		require.NoError(t, err)
		found = time.Duration(seconds) * time.Second
		return false
	})
	return found
}

// TestNothingOfOursHasRights: no root, no writing, no new privileges.
func TestNothingOfOursHasRights(t *testing.T) {
	t.Parallel()
	c := composeFile(t)
	for name := range programs() {
		s := c.Services[name]
		require.True(t, s.ReadOnly, name)
		require.Equal(t, []string{"ALL"}, s.CapDrop, name)
		require.Equal(t, []string{"no-new-privileges:true"}, s.SecurityOpt, name)
		require.Regexp(t, `^[1-9]\d*:[1-9]\d*$`, stages(t)[s.Build.Target].user, "%s must not run as root", name)
	}
}
