package config

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
)

// EnvPrefix stands before every environment variable: RETURNBRIDGE_SEAL_KEY
// sets seal_key, RETURNBRIDGE_TIKTOK_APP_SECRET sets tiktok.app_secret. Of a
// list only the secrets can be set, by the name of their element:
// RETURNBRIDGE_SHOPS_DEMO_GB_WEBHOOK_TOKEN is that of the shop "demo-gb".
const EnvPrefix = "RETURNBRIDGE"

// filePrefix before a secret means that it is in the file named after it.
const filePrefix = "file:"

// maxSecret is far above any secret, and far below what would hurt.
const maxSecret = 64 << 10

// setting is one value of the configuration: its key, the variable that can set
// it (if any) and its place.
type setting struct {
	key, env string
	secret   bool
	value    reflect.Value
}

// settings lists every value there is, those of each list's elements too.
func (c *Config) settings() []setting {
	return groupSettings(nil, reflect.ValueOf(c).Elem(), "", EnvPrefix, false)
}

func groupSettings(all []setting, group reflect.Value, key, env string, listed bool) []setting {
	for field, value := range group.Fields() {
		name, secret := field.Tag.Get("key"), field.Tag.Get("secret") == "true"
		key, env := below(key, name), variable(env, name)
		switch {
		case value.Kind() == reflect.Struct:
			all = groupSettings(all, value, key, env, listed)
		case value.Kind() == reflect.Slice && field.Type.Elem().Kind() == reflect.Struct:
			for i := range value.Len() {
				element := value.Index(i)
				all = groupSettings(all, element, fmt.Sprintf("%s[%d]", key, i), elementVariable(env, element), true)
			}
		default:
			if listed && !secret || value.Kind() == reflect.Slice {
				env = ""
			}
			all = append(all, setting{key: key, env: env, secret: secret, value: value})
		}
	}
	return all
}

// variable joins the parts of a variable's name; below nothing is nothing.
func variable(parent, part string) string {
	if parent == "" {
		return ""
	}
	return parent + "_" + strings.ToUpper(part)
}

// elementVariable stands before the variables of a list's element. Names have
// no underscore, so no two names make the same variable.
func elementVariable(list string, element reflect.Value) string {
	named := element.FieldByName("Name")
	if list == "" || !named.IsValid() || !name.MatchString(named.String()) {
		return ""
	}
	return secretVariable(strings.TrimPrefix(list, EnvPrefix+"_"), named.String())
}

func secretVariable(list, element string) string {
	if !name.MatchString(element) {
		element = "<NAME>"
	}
	return EnvPrefix + "_" + list + "_" + strings.ReplaceAll(strings.ToUpper(element), "-", "_")
}

// readEnvironment sets what the environment says; it goes before the file.
func (p *problems) readEnvironment(all []setting) {
	known := map[string]bool{}
	for _, s := range all {
		if s.env == "" {
			continue
		}
		known[strings.TrimPrefix(s.env, EnvPrefix+"_")] = true
		if said := os.Getenv(s.env); said != "" {
			p.set(s.value, said, s.key+" ("+s.env+")")
		}
	}
	names := slices.Collect(maps.Keys(known))
	for _, line := range os.Environ() {
		env, _, _ := strings.Cut(line, "=")
		name, ours := strings.CutPrefix(env, EnvPrefix+"_")
		if !ours || known[name] {
			continue
		}
		// A variable far from all of ours may be meant for somebody else: a cluster
		// sets some of its own for each service, under the service's name.
		if best, near := nearest(name, names); near {
			p.add(env, "sets nothing; did you mean %s_%s?", EnvPrefix, best)
		} else if inSection(name) {
			p.add(env, "sets nothing: of a list only secrets are set by environment, such as %s_SHOPS_<NAME>_REFRESH_TOKEN, and the file must have an element of that name", EnvPrefix)
		}
	}
}

// inSection tells whether a variable begins like those of a group or a list.
func inSection(name string) bool {
	for field := range reflect.TypeFor[Config]().Fields() {
		section := strings.ToUpper(field.Tag.Get("key"))
		if field.Type.Kind() != reflect.String && strings.HasPrefix(name+"_", section+"_") {
			return true
		}
	}
	return false
}

// readSecretFiles puts a file's content in the place of "file:/path".
func (p *problems) readSecretFiles(all []setting) {
	for _, s := range all {
		if !s.secret {
			continue
		}
		path, ok := strings.CutPrefix(s.value.String(), filePrefix)
		if !ok {
			continue
		}
		secret, err := readSecret(path)
		p.must(err == nil, s.key, "cannot be read: %v", err)
		s.value.SetString(secret)
	}
}

func readSecret(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err //nolint:wrapcheck // it names the file, and the caller the key
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is no file", path)
	}
	f, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return "", err //nolint:wrapcheck // it names the file, and the caller the key
	}
	defer f.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	secret := strings.TrimSpace(string(text))
	switch {
	case err != nil:
		return "", err //nolint:wrapcheck // it names the file, and the caller the key
	case len(text) > maxSecret:
		return "", errors.New(path + " is too long for a secret")
	case secret == "":
		return "", errors.New(path + " is empty")
	}
	return secret, nil
}
