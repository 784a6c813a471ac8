package returns

import (
	"fmt"

	"github.com/bojanz/currency"
)

// Money is an exact decimal amount with its ISO 4217 currency, in major units
// ("12.50 GBP"). The zero value means "no amount known", which is not "nothing".
type Money = currency.Amount

// NewMoney reads a decimal string in major units, as both platforms print them.
// It fails on anything that is no decimal number or no ISO 4217 currency.
func NewMoney(number, currencyCode string) (Money, error) {
	m, err := currency.NewAmount(number, currencyCode)
	if err != nil {
		return Money{}, fmt.Errorf("money %q %q: %w", number, currencyCode, err)
	}
	return m, nil
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
