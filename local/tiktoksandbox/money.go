package tiktoksandbox

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// minor is an amount in the smallest unit of its currency. The wire carries
// decimal strings in major units (contract 1.5); inside only whole numbers are
// added, so nothing is ever rounded by accident.
type minor int64

// zeroDecimal lists the currencies of TikTok Shop markets without a minor unit
// on the wire ("864000" for VND, "5000" for IDR).
var zeroDecimal = map[string]bool{"VND": true, "IDR": true, "JPY": true, "KRW": true}

func decimals(currency string) int {
	if zeroDecimal[currency] {
		return 0
	}
	return 2
}

// parseMoney reads a decimal string. More decimals than the currency has are an
// error, not something to round.
func parseMoney(text, currency string) (minor, error) {
	text, negative := strings.CutPrefix(text, "-")
	whole, fraction, _ := strings.Cut(text, ".")
	places := decimals(currency)
	if whole == "" || len(strings.TrimRight(fraction, "0")) > places {
		return 0, fmt.Errorf("%q is not an amount of %s", text, currency)
	}
	fraction = (fraction + strings.Repeat("0", places))[:places]
	n, err := strconv.ParseUint(whole+fraction, 10, 62)
	if err != nil {
		return 0, fmt.Errorf("%q is not an amount of %s", text, currency)
	}
	if negative {
		return -minor(n), nil
	}
	return minor(n), nil
}

func formatMoney(amount minor, currency string) string {
	sign := ""
	if amount < 0 {
		sign, amount = "-", -amount
	}
	places := decimals(currency)
	digits := fmt.Sprintf("%0*d", places+1, int64(amount))
	if places == 0 {
		return sign + digits
	}
	cut := len(digits) - places
	return sign + digits[:cut] + "." + digits[cut:]
}

// spread shares total in proportion to the weights; the units left over by
// rounding down go to the largest remainders, earlier places first. With no
// weight at all everything falls on the first place.
func spread(total minor, weights []minor) []minor {
	shares := make([]minor, len(weights))
	if len(weights) == 0 {
		return shares
	}
	var sum minor
	for _, w := range weights {
		sum += w
	}
	if sum == 0 {
		shares[0] = total
		return shares
	}
	rest := total
	order := make([]int, len(weights))
	remainder := make([]minor, len(weights))
	for i, w := range weights {
		shares[i] = total * w / sum
		remainder[i] = total * w % sum
		rest -= shares[i]
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return remainder[order[a]] > remainder[order[b]] })
	for i := 0; rest > 0; i, rest = i+1, rest-1 {
		shares[order[i]]++
	}
	return shares
}
