package returns

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMoneyIsReadWithItsDecimals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ number, code, want string }{
		{"15", "GBP", "15.00 GBP"},
		{"15.5", "GBP", "15.50 GBP"},
		{"15.50", "GBP", "15.50 GBP"},
		{"0", "GBP", "0.00 GBP"},
		{"-3", "EUR", "-3.00 EUR"},
		{"1.0000", "GBP", "1.00 GBP"},
		{"1.005", "GBP", "1.005 GBP"}, // never rounded
		{"1200", "JPY", "1200 JPY"},
		{"864000.00", "VND", "864000 VND"},
		{"150000", "IDR", "150000 IDR"},
		{"0.01", "IDR", "0.01 IDR"},
		{"1.5", "KWD", "1.500 KWD"},
	} {
		m := amount(t, c.number, c.code)
		require.Equal(t, c.want, m.String())
		require.Equal(t, "paid "+c.want, fmt.Sprintf("paid %s", m))
		require.Equal(t, c.number, m.Number(), "what is kept and sent stays as it was")
	}
	require.Equal(t, "an unknown amount", Money{}.String())
}
