package returns

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func amount(t require.TestingT, number, code string) Money {
	m, err := NewMoney(number, code)
	require.NoError(t, err)
	return m
}

func TestShare(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		total   string
		code    string
		weights []string
		want    []string
	}{
		{"one takes all", "24.99", "GBP", []string{"5.00"}, []string{"24.99"}},
		{"by weight", "30.00", "GBP", []string{"10.00", "20.00"}, []string{"10.00", "20.00"}},
		{"the largest remainder gets the penny", "0.05", "GBP", []string{"1.00", "2.00"}, []string{"0.02", "0.03"}},
		{"earlier ones first when equal", "10.00", "GBP", []string{"1.00", "1.00", "1.00"}, []string{"3.34", "3.33", "3.33"}},
		{"no weight, equal shares", "1.00", "GBP", []string{"0.00", "0.00", "0.00"}, []string{"0.34", "0.33", "0.33"}},
		{"nothing to share", "0.00", "GBP", []string{"1.00", "2.00"}, []string{"0.00", "0.00"}},
		{"a currency without minor units", "100", "JPY", []string{"1", "2"}, []string{"33", "67"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var weights []Money
			for _, w := range tt.weights {
				weights = append(weights, amount(t, w, tt.code))
			}
			shares, err := Share(amount(t, tt.total, tt.code), weights)
			require.NoError(t, err)
			require.Len(t, shares, len(tt.want))
			for i, w := range tt.want {
				require.True(t, SameMoney(amount(t, w, tt.code), shares[i]), "share %d is %s, not %s", i, shares[i], w)
			}
		})
	}
}

func TestShareRefusesWhatCannotBeShared(t *testing.T) {
	t.Parallel()
	pound := amount(t, "1.00", "GBP")
	tests := []struct {
		name    string
		total   Money
		weights []Money
	}{
		{"over nothing", pound, nil},
		{"an unknown total", Money{}, []Money{pound}},
		{"fractions of a penny", amount(t, "1.005", "GBP"), []Money{pound}},
		{"another currency", pound, []Money{amount(t, "1.00", "USD")}},
		{"a negative weight", pound, []Money{amount(t, "-1.00", "GBP")}},
		{"a negative total", amount(t, "-0.05", "GBP"), []Money{pound, pound, pound}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Share(tt.total, tt.weights)
			require.Error(t, err)
		})
	}
}

// Shares always add up to the last minor unit, and none is further from its
// exact part than one minor unit.
func TestSharesAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		code := rapid.SampledFrom([]string{"GBP", "JPY", "KWD"}).Draw(t, "currency")
		unit := amount(t, map[string]string{"GBP": "0.01", "JPY": "1", "KWD": "0.001"}[code], code)
		minor := func(label string) Money {
			m, err := unit.Mul(strconv.Itoa(rapid.IntRange(0, 1_000_000).Draw(t, label)))
			require.NoError(t, err)
			return Money{m}
		}
		total := minor("total")
		var weights []Money
		for range rapid.IntRange(1, 9).Draw(t, "n") {
			weights = append(weights, minor("weight"))
		}
		shares, err := Share(total, weights)
		require.NoError(t, err)
		sum, err := Sum(shares...)
		require.NoError(t, err)
		require.True(t, SameMoney(total, sum), "%s shared into %s", total, sum)
		for _, s := range shares {
			require.False(t, s.IsNegative())
			require.False(t, Exceeds(s, total))
		}
	})
}
