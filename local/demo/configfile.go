package demo

import (
	"encoding/json"
	"os"
	"reflect"
	"time"
)

// WriteConfig writes the house's configuration as a merchant would, secrets and all:
// for the commands that people type, and for programs in processes of their own.
func (h *House) WriteConfig(file string) error {
	text, err := json.Marshal(keyed(reflect.ValueOf(*h.Config))) // JSON is YAML
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}

func keyed(v reflect.Value) any {
	if d, ok := reflect.TypeAssert[time.Duration](v); ok {
		return d.String()
	}
	switch v.Kind() {
	case reflect.Struct:
		fields := map[string]any{}
		for field, value := range v.Fields() {
			fields[field.Tag.Get("key")] = keyed(value)
		}
		return fields
	case reflect.Slice:
		list := []any{}
		for i := range v.Len() {
			list = append(list, keyed(v.Index(i)))
		}
		return list
	default:
		return v.Interface()
	}
}
