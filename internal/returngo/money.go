package returngo

import (
	"encoding/json"
	"math/big"

	"returnbridge/internal/returns"
)

// money is what the customer paid in: amount and currency. The shop's own
// shopAmount and shopCurrency are not read (A19). What cannot be read (no
// number, no or unknown currency) is the zero value, "no amount known", and
// never fails what it is part of.
type money struct{ returns.Money }

func (m *money) UnmarshalJSON(b []byte) error {
	m.Money = returns.Money{}
	var wire struct {
		Amount   decimal `json:"amount"`
		Currency text    `json:"currency"`
	}
	if json.Unmarshal(b, &wire) != nil || wire.Amount == "" {
		return nil //nolint:nilerr // what cannot be read is no amount; the zero value says so
	}
	if known, err := returns.NewMoney(string(wire.Amount), string(wire.Currency)); err == nil {
		m.Money = known
	}
	return nil
}

// together adds fees exactly. One that is missing or cannot be read makes the
// sum unknown (""), which is not zero ("0").
func together(fees ...decimal) string {
	sum := new(big.Rat)
	for _, fee := range fees {
		r, ok := new(big.Rat).SetString(string(fee))
		if !ok {
			return ""
		}
		sum.Add(sum, r)
	}
	return printed(sum)
}
