package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"

	"github.com/spf13/viper"
)

// Load reads the file (none if path is empty) and the environment, and checks
// everything. The error lists every problem with its key. Shops and ReturnGO
// keys are lists, and a list can only be in a file, so without one the error
// says that.
func Load(path string) (*Config, error) {
	where := "configuration " + cmp.Or(path, "from the environment alone")
	var file []byte
	if path != "" {
		var err error
		if file, err = os.ReadFile(path); err != nil { //nolint:gosec // the operator names the file
			return nil, fmt.Errorf("configuration: %w", err)
		}
	}
	c, err := parse(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return c, nil
}

// parse makes a configuration of a file's content and the environment.
func parse(file []byte) (*Config, error) {
	v := viper.New()
	v.SetConfigType("yaml")
	if err := v.ReadConfig(bytes.NewReader(file)); err != nil {
		return nil, notYAML(err)
	}
	var c Config
	p := noProblems()
	p.decode(reflect.ValueOf(&c).Elem(), v.AllSettings(), "")
	settings := c.settings()
	p.readEnvironment(settings)
	p.readSecretFiles(settings)
	c.check(p)
	if list := p.list(); len(list) > 0 {
		return nil, errors.New(strings.Join(append([]string{fmt.Sprintf("problems: %d", len(list))}, list...), "\n  "))
	}
	return &c, nil
}

var (
	yamlLine  = regexp.MustCompile(`line \d+`)
	yamlTwice = regexp.MustCompile(`line \d+: mapping key "\w+" already defined at line \d+`)
)

// notYAML says where a file is no YAML, without the parser's own words: they
// quote the file, where a secret may stand.
func notYAML(err error) error {
	if twice := yamlTwice.FindAllString(err.Error(), -1); twice != nil {
		return errors.New(strings.Join(twice, "; "))
	}
	if line := yamlLine.FindString(err.Error()); line != "" {
		return fmt.Errorf("is not valid YAML at or before %s: look at indentation, quotes, and the space after a colon", line)
	}
	return errors.New("is not valid YAML")
}
