package tiktokshop

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"returnbridge/internal/returns"
)

// The types below read one JSON value each in all the spellings TikTok uses for
// it (contract 1.5 and 7). Their errors never repeat the value.

// text is an id, enum or word, printed as a string or as a number of any
// length; null and absent are empty.
type text string

var errNoText = errors.New("neither string nor number")

func (t *text) UnmarshalJSON(b []byte) error {
	switch {
	case string(b) == "null":
		*t = ""
		return nil
	case b[0] == '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return errNoText
		}
		*t = text(s) // not trimmed: SKUs, keys and page tokens are opaque
		return nil
	case b[0] == '-' || (b[0] >= '0' && b[0] <= '9'):
		*t = text(b) // the digits as they stand: no float, nothing lost
		return nil
	}
	return errNoText
}

// count is a whole number, printed as a number or as a string; told says
// whether it was there at all.
type count struct {
	n    int
	told bool
}

func (c *count) UnmarshalJSON(b []byte) error {
	n, told, err := wholeNumber(b)
	if err != nil {
		return err
	}
	*c = count{n: int(n), told: told}
	return nil
}

func wholeNumber(b []byte) (n int64, told bool, err error) {
	var t text
	if err := t.UnmarshalJSON(b); err != nil {
		return 0, false, err
	}
	if t == "" {
		return 0, false, nil
	}
	n, err = strconv.ParseInt(string(t), 10, 64)
	if err != nil {
		return 0, false, errors.New("no whole number")
	}
	return n, true, nil
}

// flag is a bool, also as "true" or 1; told says whether it was there at all.
type flag struct{ yes, told bool }

func (f *flag) UnmarshalJSON(b []byte) error {
	switch strings.ToLower(strings.Trim(string(b), `"`)) {
	case "true", "1":
		*f = flag{yes: true, told: true}
	case "false", "0":
		*f = flag{told: true}
	case "null", "":
		*f = flag{}
	default:
		return errors.New("no yes or no")
	}
	return nil
}

// unix is a time in Unix seconds, as a number or as a string; 0 and absent are
// the zero time. Anything out of range is an error and not "no time": a lost
// deadline would be silence, and silence is consent (4.3).
type unix struct{ time.Time }

// lastSecond is the end of the year 9999, the last that JSON times can hold.
const lastSecond = 253402300799

func (u *unix) UnmarshalJSON(b []byte) error {
	seconds, _, err := wholeNumber(b)
	switch {
	case err != nil:
		return err
	case seconds < 0 || seconds > lastSecond:
		return errors.New("no Unix seconds")
	case seconds == 0:
		u.Time = time.Time{}
	default:
		u.Time = time.Unix(seconds, 0).UTC()
	}
	return nil
}

// pushTime is when an event was sent. Nothing rests on it, so that no spelling of
// it hides the event: Unix seconds (contract 3.3), milliseconds, else no time.
type pushTime struct{ time.Time }

func (p *pushTime) UnmarshalJSON(b []byte) error {
	p.Time = time.Time{}
	n, _, err := wholeNumber(b)
	switch {
	case err != nil || n <= 0:
	case n <= lastSecond:
		p.Time = time.Unix(n, 0).UTC()
	case n/1000 <= lastSecond:
		p.Time = time.UnixMilli(n).UTC()
	}
	return nil //nolint:nilerr // no time is as good as a strange one
}

// iso is a time as ISO 8601 prints it (webhook 68), or in Unix seconds.
type iso struct{ time.Time }

func (i *iso) UnmarshalJSON(b []byte) error {
	var t text
	if err := t.UnmarshalJSON(b); err != nil {
		return err
	}
	if at, err := time.Parse(time.RFC3339Nano, string(t)); err == nil {
		i.Time = at.UTC()
		return nil
	}
	var u unix
	if err := u.UnmarshalJSON(b); err != nil {
		return errors.New("no ISO 8601 time")
	}
	i.Time = u.Time
	return nil
}

// list is a JSON array, a single element printed without its brackets, or nothing.
type list[T any] []T

func (l *list[T]) UnmarshalJSON(b []byte) error {
	*l = nil
	if s := string(b); s == "null" || s == `""` {
		return nil
	}
	var elements []json.RawMessage
	if b[0] != '[' {
		elements = append(elements, b)
	} else if err := json.Unmarshal(b, &elements); err != nil {
		return err
	}
	for i, raw := range elements {
		if string(raw) == "null" {
			continue
		}
		var e T
		if err := json.Unmarshal(raw, &e); err != nil {
			return fmt.Errorf("element %d: %w", i, err)
		}
		*l = append(*l, e)
	}
	return nil
}

// object is a JSON object, or one of the empty things printed in its place.
type object[T any] struct{ v T }

func (o *object[T]) UnmarshalJSON(b []byte) error {
	var empty T
	o.v = empty
	if s := string(b); s == "null" || s == `""` || s == "[]" {
		return nil
	}
	return json.Unmarshal(b, &o.v)
}

func strs(l list[text]) []string {
	var s []string
	for _, t := range l {
		if t != "" {
			s = append(s, string(t))
		}
	}
	return s
}

// refundAmount is the whole money object of returns and cancellations: only
// currency and total are certain (T07).
type refundAmount struct {
	Currency text `json:"currency"`
	Total    text `json:"refund_total"`
}

func (r refundAmount) money() returns.Money { return money(r.Total, r.Currency) }

// plainNumber has at most six decimals: no currency has more, and beyond them
// numbers are printed with an exponent.
var plainNumber = regexp.MustCompile(`^-?[0-9]{1,24}(\.[0-9]{1,6})?$`)

// money reads a decimal in major units (1.5). What is absent or unreadable is
// the zero Money, "no amount known", and never an error: one odd amount must
// not hide a whole page of returns.
func money(number, currency text) returns.Money {
	if !plainNumber.MatchString(string(number)) {
		return returns.Money{}
	}
	m, err := returns.NewMoney(string(number), strings.ToUpper(string(currency)))
	if err != nil {
		return returns.Money{}
	}
	return m
}

// decimalOf prints an amount for the wire: positive, plain, in major units. A
// fraction gets the digits of its currency ("12.50", "864000" for VND; contract
// 1.5), for it may have come as 12.5 or 864000.00; a whole number stays one.
func decimalOf(m returns.Money) (string, error) {
	number := m.Number()
	if returns.Known(m) && strings.Contains(number, ".") {
		rounded := returns.Money{Amount: m.Round()}
		if !returns.SameMoney(m, rounded) {
			return "", errors.New("the amount is finer than its currency")
		}
		number = rounded.Number()
	}
	if !returns.Known(m) || !m.IsPositive() || !plainNumber.MatchString(number) {
		return "", errors.New("the amount must be known and above zero")
	}
	return number, nil
}

// decode reads JSON into v; the error says where, never what.
func decode(raw []byte, v any) error {
	err := json.Unmarshal(raw, v)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("field %q: unexpected kind of value", wrong.Field)
	}
	return err
}

const jsonMedia = "application/json"

// encode serialises once; what it returns is signed and sent (1.4). Reason keys
// hold characters such as "&" and stay readable.
func encode(v any) (body []byte, mediaType string, err error) {
	switch v := v.(type) {
	case nil:
		return nil, jsonMedia, nil
	case form:
		return v.encode()
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, "", err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), jsonMedia, nil
}
