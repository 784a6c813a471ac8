package returngosandbox

import (
	"fmt"
	"math/big"
	"regexp"
	"strings"
)

// Amount is an exact decimal in its shortest form, a JSON number on the wire.
type Amount string

var decimalLiteral = regexp.MustCompile(`^\d+(\.\d{1,4})?$`)

// ParseAmount reads a plain decimal; empty means zero.
func ParseAmount(text string) (Amount, error) {
	if text == "" {
		return "0", nil
	}
	if !decimalLiteral.MatchString(text) {
		return "", fmt.Errorf("amount %q is not a plain decimal", text)
	}
	value, _ := new(big.Rat).SetString(text)
	return shortest(value), nil
}

func shortest(value *big.Rat) Amount {
	text := value.FloatString(4)
	return Amount(strings.TrimSuffix(strings.TrimRight(text, "0"), "."))
}

func (a Amount) rat() *big.Rat {
	if value, ok := new(big.Rat).SetString(string(a)); ok {
		return value
	}
	return new(big.Rat)
}

func sum(amounts ...Amount) Amount {
	total := new(big.Rat)
	for _, a := range amounts {
		total.Add(total, a.rat())
	}
	return shortest(total)
}

// MarshalJSON writes the literal itself, so no float ever touches it.
func (a Amount) MarshalJSON() ([]byte, error) {
	if a == "" {
		return []byte("0"), nil
	}
	return []byte(a), nil
}

// UnmarshalJSON accepts a number or a string holding one.
func (a *Amount) UnmarshalJSON(data []byte) error {
	parsed, err := ParseAmount(strings.Trim(string(data), `"`))
	*a = parsed
	return err
}
