package returns

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	require.Equal(t, "9001", RMAKey("9001").RMAID())
	require.Empty(t, RMAKey("9001").TikTokReturnID())
	require.Equal(t, "403", TikTokKey("403").TikTokReturnID())
	require.Empty(t, TikTokKey("403").RMAID())
	require.Equal(t, "577", NewUnitID("577", "12").LineID())
	require.Equal(t, "12", NewUnitID("577", "12").SubLineID())
	require.Empty(t, NewUnitID("577", "").SubLineID())
}

func TestMoney(t *testing.T) {
	t.Parallel()
	pound := amount(t, "12.5", "GBP")
	require.True(t, SameMoney(pound, amount(t, "12.50", "GBP")))
	require.False(t, SameMoney(pound, amount(t, "12.50", "EUR")))
	require.False(t, SameMoney(Money{}, Money{}), "not knowing two amounts does not make them equal")
	require.True(t, Exceeds(pound, amount(t, "99.00", "EUR")), "a limit in another currency protects nobody")
	_, err := Sum(pound, amount(t, "1.00", "EUR"))
	require.Error(t, err)
	for _, m := range []Money{pound, {}} {
		b, err := json.Marshal(m)
		require.NoError(t, err)
		var back Money
		require.NoError(t, json.Unmarshal(b, &back))
		require.Equal(t, Known(m), Known(back))
		require.Equal(t, Known(m), SameMoney(m, back))
	}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	resolve := func(k Kind, a AnswerName) Command {
		return Command{Name: CommandResolve, Exception: k, Answer: a, Who: "Ann", Why: "agreed"}
	}
	setAmount := resolve(NoAuthorisedAmount, AnswerSetAmount)
	setAmount.Amount = amount(t, "5.00", "GBP")
	handled := resolve(UnlinkedOrder, AnswerHandledManually)
	handled.Reference = "ticket 7"
	tests := []struct {
		name  string
		given Command
		wrong string // part of the sentence, empty if it is right
	}{
		{"pause", Command{Name: CommandPause, Who: "Ann", Why: "fraud check"}, ""},
		{"nobody", Command{Name: CommandPause, Why: "x"}, "who is missing"},
		{"no reason", Command{Name: CommandPause, Who: "Ann", Why: " "}, "why is missing"},
		{"no such command", Command{Name: "refund", Who: "Ann", Why: "x"}, "no command"},
		{"no such exception", resolve("odd", AnswerRetry), "no kind of exception"},
		{"an answer that the exception does not take", resolve(PaidTwice, AnswerSetAmount), "takes"},
		{"set-amount", setAmount, ""},
		{"set-amount without an amount", resolve(NoAuthorisedAmount, AnswerSetAmount), "above zero"},
		{"handled", handled, ""},
		{"handled without a reference", resolve(UnlinkedOrder, AnswerHandledManually), "reference"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := tt.given.Validate()
			if tt.wrong == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.wrong)
		})
	}
}

func TestACommandIsStorable(t *testing.T) {
	t.Parallel()
	odd := Command{Name: "pa\x00use", ID: "1", Exception: "not\x00-payable", Answer: "\x00retry", Amount: amount(t, "1.00", "GBP"), Reference: "t\x00icket", Who: "A\x00nn", Why: "agreed\x00"}
	require.Equal(t, Command{Name: "pause", ID: "1", Exception: NotPayable, Answer: AnswerRetry, Amount: odd.Amount, Reference: "ticket", Who: "Ann", Why: "agreed"}, odd.Storable())
}

func TestCatalogueIsComplete(t *testing.T) {
	t.Parallel()
	for kind, e := range Catalogue {
		require.NotEmpty(t, e.Owner, kind)
		require.NotEmpty(t, e.Meaning, kind)
		require.NotEmpty(t, e.Silence, kind)
		for _, a := range e.Answers {
			require.NotEmpty(t, AnswerMeaning[a], a)
		}
	}
}
