package returns

import (
	"fmt"
	"math/big"
	"sort"

	"github.com/bojanz/currency"
)

// Share splits total over the weights so that the shares add up to total to the
// last minor unit: each gets its part rounded down, the largest remainders get
// the missing minor units, earlier ones first when equal. All weights zero
// means equal shares. It works in whole minor units, so it is exact.
func Share(total Money, weights []Money) ([]Money, error) {
	if len(weights) == 0 {
		return nil, fmt.Errorf("share %s over nothing", total)
	}
	code := total.CurrencyCode()
	if !SameMoney(total, Money{total.Round()}) {
		return nil, fmt.Errorf("share: %s has fractions of a minor unit", total)
	}
	if total.IsNegative() {
		return nil, fmt.Errorf("share: %s is less than nothing", total)
	}
	minor := total.BigInt()
	parts, whole := make([]*big.Int, len(weights)), new(big.Int)
	for i, w := range weights {
		if Known(w) && w.CurrencyCode() != code {
			return nil, fmt.Errorf("share: weight in %s, total in %s", w.CurrencyCode(), code)
		}
		parts[i] = new(big.Int)
		if Known(w) {
			parts[i] = w.BigInt()
		}
		if parts[i].Sign() < 0 {
			return nil, fmt.Errorf("share: negative weight %s", w)
		}
		whole.Add(whole, parts[i])
	}
	if whole.Sign() == 0 {
		for i := range parts {
			parts[i] = big.NewInt(1)
		}
		whole = big.NewInt(int64(len(parts)))
	}

	given, left := make([]*big.Int, len(parts)), new(big.Int).Set(minor)
	remainders := make([]*big.Int, len(parts))
	order := make([]int, len(parts))
	for i, p := range parts {
		given[i], remainders[i] = new(big.Int).QuoRem(new(big.Int).Mul(minor, p), whole, new(big.Int))
		left.Sub(left, given[i])
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool {
		return remainders[order[a]].Cmp(remainders[order[b]]) > 0
	})
	for _, i := range order[:left.Int64()] {
		given[i].Add(given[i], big.NewInt(1))
	}

	shares := make([]Money, len(parts))
	for i, g := range given {
		m, err := currency.NewAmountFromBigInt(g, code)
		if err != nil {
			return nil, fmt.Errorf("share: %w", err)
		}
		shares[i] = Money{m}
	}
	return shares, nil
}
