package config

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"
)

// Every type that holds a secret prints itself without it, whatever prints it:
// fmt, a logger, JSON. What is not set shows as empty, which helps when
// something is missing.
const hidden = "(hidden)"

// Format prints the configuration without its secrets, for every verb.
func (c Config) Format(f fmt.State, _ rune) { printShown(f, c) }

// Format prints it without its secret, for every verb.
func (t TikTok) Format(f fmt.State, _ rune) { printShown(f, t) }

// Format prints it without its secret, for every verb.
func (k ReturnGOKey) Format(f fmt.State, _ rune) { printShown(f, k) }

// Format prints the shop without its secrets, for every verb.
func (s Shop) Format(f fmt.State, _ rune) { printShown(f, s) }

// MarshalJSON writes the configuration without its secrets.
func (c Config) MarshalJSON() ([]byte, error) { return json.Marshal(shown(reflect.ValueOf(c))) } //nolint:wrapcheck // nothing to add

// MarshalJSON writes it without its secret.
func (t TikTok) MarshalJSON() ([]byte, error) { return json.Marshal(shown(reflect.ValueOf(t))) } //nolint:wrapcheck // nothing to add

// MarshalJSON writes it without its secret.
func (k ReturnGOKey) MarshalJSON() ([]byte, error) { return json.Marshal(shown(reflect.ValueOf(k))) } //nolint:wrapcheck // nothing to add

// MarshalJSON writes the shop without its secrets.
func (s Shop) MarshalJSON() ([]byte, error) { return json.Marshal(shown(reflect.ValueOf(s))) } //nolint:wrapcheck // nothing to add

func printShown(f fmt.State, part any) {
	_, _ = fmt.Fprintf(f, "%v", shown(reflect.ValueOf(part)))
}

// shown is a value as the file would write it, the secrets hidden.
func shown(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Struct:
		group := map[string]any{}
		for field, value := range v.Fields() {
			group[field.Tag.Get("key")] = shown(value)
			if field.Tag.Get("secret") == "true" && !value.IsZero() {
				group[field.Tag.Get("key")] = hidden
			}
		}
		return group
	case reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = shown(v.Index(i))
		}
		return list
	default:
		if d, ok := reflect.TypeAssert[time.Duration](v); ok {
			return d.String()
		}
		return v.Interface()
	}
}
