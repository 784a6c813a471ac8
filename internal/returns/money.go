package returns

import (
	"fmt"
	"regexp"

	"github.com/bojanz/currency"
)

// Money is an exact decimal amount with its ISO 4217 currency, in major units
// ("12.50 GBP"). The zero value means "no amount known", which is not "nothing".
type Money struct{ currency.Amount }

var plainDecimal = regexp.MustCompile(`^-?[0-9]{1,20}(\.[0-9]{1,20})?$`)

// NewMoney reads a decimal string in major units, as both platforms print them.
// It fails on anything that is no decimal number or no ISO 4217 currency.
func NewMoney(number, currencyCode string) (Money, error) {
	if !plainDecimal.MatchString(number) { // the library would read NaN, Infinity and exponents
		return Money{}, fmt.Errorf("money %q %q: not a decimal number", number, currencyCode)
	}
	m, err := currency.NewAmount(number, currencyCode)
	if err != nil {
		return Money{}, fmt.Errorf("money %q %q: %w", number, currencyCode, err)
	}
	return Money{m}, nil
}

// Add adds two amounts of one currency.
func (m Money) Add(o Money) (Money, error) {
	sum, err := m.Amount.Add(o.Amount)
	return Money{sum}, err //nolint:wrapcheck // it names both currencies
}

// Sub subtracts an amount of the same currency.
func (m Money) Sub(o Money) (Money, error) {
	rest, err := m.Amount.Sub(o.Amount)
	return Money{rest}, err //nolint:wrapcheck // it names both currencies
}

// Cmp compares two amounts of one currency.
func (m Money) Cmp(o Money) (int, error) {
	return m.Amount.Cmp(o.Amount) //nolint:wrapcheck // it names both currencies
}

// MarshalJSON writes an unknown amount as null, which the library would write
// as an amount it cannot read back.
func (m Money) MarshalJSON() ([]byte, error) {
	if !Known(m) {
		return []byte("null"), nil
	}
	return m.Amount.MarshalJSON() //nolint:wrapcheck // nothing to add
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (m *Money) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*m = Money{}
		return nil
	}
	return m.Amount.UnmarshalJSON(data) //nolint:wrapcheck // it names the amount
}

// String is the amount as people read it: with the decimals of its currency
// ("15.00 GBP", "864000 VND"), or more if it is finer. An unknown one would read as
// "0 ".
func (m Money) String() string {
	if !Known(m) {
		return "an unknown amount"
	}
	digits := currency.DefaultDigits
	if m.CurrencyCode() == "IDR" {
		digits = 0 // ISO 4217 has two, which nobody writes, TikTok neither (TikTok contract 1.5)
	}
	if usual := (Money{m.RoundTo(digits, currency.RoundHalfUp)}); SameMoney(m, usual) {
		return usual.Amount.String()
	}
	return m.Amount.String()
}

// Known tells whether m is an amount at all.
func Known(m Money) bool { return m.CurrencyCode() != "" }

// Sum adds amounts of one currency; amounts of two currencies are an error,
// never a guess. The sum of nothing is no amount.
func Sum(amounts ...Money) (Money, error) {
	var total Money
	for _, m := range amounts {
		if !Known(m) {
			continue
		}
		if !Known(total) {
			total = m
			continue
		}
		var err error
		if total, err = total.Add(m); err != nil {
			return Money{}, fmt.Errorf("sum: %w", err)
		}
	}
	return total, nil
}

// SameMoney is equality to the last digit, in one currency: 12.5 GBP is 12.50 GBP.
func SameMoney(a, b Money) bool {
	c, err := a.Cmp(b)
	return Known(a) && Known(b) && err == nil && c == 0
}

// Exceeds tells whether a is more than b; across currencies the answer is yes,
// because a limit in another currency protects nobody.
func Exceeds(a, b Money) bool {
	c, err := a.Cmp(b)
	return err != nil || c > 0
}
