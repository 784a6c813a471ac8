package returngo

import (
	"encoding/json"
	"errors"

	"returnbridge/internal/platform"
)

// eachRow reads the rows of a list one by one. Those that cannot be read are the
// error, a *platform.UnreadableError, which names them by the key of their id.
func eachRow[W, T any](raw []json.RawMessage, idKey string, read func(W) (T, error)) ([]T, error) {
	rows := make([]T, 0, len(raw))
	var bad platform.UnreadableError
	for _, r := range raw {
		var w W
		var row T
		err := json.Unmarshal(r, &w)
		if err == nil {
			row, err = read(w)
		}
		if err == nil {
			rows = append(rows, row)
			continue
		}
		if bad.IDs = append(bad.IDs, idOf(r, idKey)); bad.Because == nil {
			bad.Because = err
		}
	}
	if len(bad.IDs) > 0 {
		return rows, &bad
	}
	return rows, nil
}

// idOf is the id of a row of which something else cannot be read, or "".
func idOf(row json.RawMessage, key string) string {
	var fields map[string]json.RawMessage
	var found id
	if json.Unmarshal(row, &fields) != nil || json.Unmarshal(fields[key], &found) != nil || !wholeNumber([]byte(found)) {
		return ""
	}
	return string(found)
}

// known expects an id.
func known(i id) error {
	if i == "" {
		return errIncomplete
	}
	return nil
}

// misreadList is misread, for a list of which the other rows may be used.
func (c call) misreadList(a answer, err error) error {
	if err == nil {
		return nil
	}
	failure := c.misread(a, err)
	if bad, some := errors.AsType[*platform.UnreadableError](err); some {
		failure.Cause = &platform.UnreadableError{IDs: bad.IDs, Because: errors.New(failure.Message)} // without any value
	}
	return failure
}
