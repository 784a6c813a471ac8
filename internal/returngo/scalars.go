package returngo

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/big"
	"regexp"
	"strings"
	"time"
)

// The scalars of the wire, as lenient as ReturnGO contract 1.7 asks. Their
// errors never hold what was read.

// id is a string or a number without fraction; null and a missing key read as "".
type id string

var errID = errors.New("an id is neither a plain text nor a whole number")

func (i *id) UnmarshalJSON(b []byte) error {
	switch {
	case string(b) == "null":
		*i = ""
	case b[0] == '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return errID
		}
		*i = id(s)
	case wholeNumber(b):
		*i = id(b)
	default:
		return errID
	}
	return nil
}

func wholeNumber(b []byte) bool {
	return len(b) > 0 && len(bytes.Trim(b, "0123456789")) == 0
}

// text is a string, number or null. Anything else reads as empty: it decides
// nothing. Enums are texts, because every one of them is open (A20).
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	*t = ""
	switch c := b[0]; {
	case c == '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return errors.New("a text is not readable")
		}
		*t = text(s)
	case c == '-' || c >= '0' && c <= '9':
		*t = text(b)
	}
	return nil
}

// flag is true, false, 0, 1 or null (no).
type flag bool

func (f *flag) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case "true", "1":
		*f = true
	case "false", "0", "null":
		*f = false
	default:
		return errors.New("a yes or no is neither true, false, 0 nor 1")
	}
	return nil
}

// stamp is a time, RFC 3339 on the wire, UTC here; null and "" are no time.
type stamp struct{ time.Time }

var errStamp = errors.New("a time is not RFC 3339")

func (s *stamp) UnmarshalJSON(b []byte) error {
	s.Time = time.Time{}
	var words string
	if string(b) == "null" {
		return nil
	}
	if err := json.Unmarshal(b, &words); err != nil {
		return errStamp
	}
	if words == "" {
		return nil
	}
	t, err := time.Parse(time.RFC3339, words)
	if err != nil {
		return errStamp
	}
	s.Time = t.UTC()
	if y := s.Year(); y < 1 || y > 9999 { // would not survive being written as JSON again
		s.Time = time.Time{}
		return errStamp
	}
	return nil
}

// decimal is an exact number as text, from a JSON number literal or a string;
// "" if there is none or it cannot be read. It never goes through a float.
type decimal string

func (d *decimal) UnmarshalJSON(b []byte) error {
	*d = ""
	literal := string(b)
	if b[0] == '"' {
		if err := json.Unmarshal(b, &literal); err != nil {
			return nil //nolint:nilerr // what cannot be read is no number; "" says so
		}
	}
	*d = decimal(exact(literal))
	return nil
}

var decimalForm = regexp.MustCompile(`^-?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?$`)

// exact gives the literal without exponent, all its decimals kept, or "".
func exact(literal string) string {
	if !decimalForm.MatchString(literal) {
		return ""
	}
	if !strings.ContainsAny(literal, "eE") {
		return literal
	}
	r, _ := new(big.Rat).SetString(literal)
	return printed(r)
}

// printed writes a number that is a finite decimal, with no more decimals than it has.
func printed(r *big.Rat) string {
	places, _ := r.FloatPrec()
	return r.FloatString(places)
}

// list is an array that knows whether its key was there: a missing list is not
// an empty one. null counts as empty.
type list[T any] struct {
	present bool
	rows    []T
}

func (l *list[T]) UnmarshalJSON(b []byte) error {
	l.present, l.rows = true, nil
	return json.Unmarshal(b, &l.rows)
}
