package rules

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"returnbridge/internal/returns"
)

// noMoney are the kinds of exception that are about goods, stock or the house,
// and those of which nobody can say how much it is.
var noMoney = []returns.Kind{
	returns.PlatformUnreachable, returns.PlatformRefused, returns.StockUnproven, returns.StockRefused, returns.StockOverstated,
	returns.SecondStockWriter, returns.WarehouseUnmapped, returns.InspectedTooLong,
}

// People who are asked can answer: each question has an owner, a sentence and the
// money it is about, and each answer that is offered ends it.
func TestEveryQuestionCanBeAnswered(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { everyAnswerEndsIts(t, answeredByTikTok(t, anyFacts(t))) })
}

// The same for a TikTok return that has no RMA.
func TestEveryQuestionOfALoneReturnCanBeAnswered(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := setup(1, tiktokCase("R1", rapid.SampledFrom([]string{returns.TypeReturnAndRefund, returns.TypeRefund, returns.TypeReplacement}).Draw(t, "type"),
			rapid.SampledFrom(append([]string{"SOMETHING_NEW"}, tiktokStatuses...)).Draw(t, "status"), 1))
		f.Key, f.Record.RMA = returns.TikTokKey("R1"), nil
		r := &f.Record.TikTokReturns[0]
		r.CreatedAt = noon.Add(-time.Duration(rapid.IntRange(0, 100).Draw(t, "hours old")) * time.Hour)
		r.UpdatedAt = r.CreatedAt
		for i := range r.Actions {
			r.Actions[i].Deadline = noon.Add(time.Duration(rapid.IntRange(-30, 60).Draw(t, "deadline")) * time.Hour)
		}
		if seldom(t, 4, "no longer shown") {
			f.Record.TikTokSeenAt = map[string]time.Time{"R1": noon.Add(-time.Hour)}
		}
		if seldom(t, 4, "never shown") {
			f.Record.TikTokReturns, f.Record.TikTokReadAt = nil, time.Time{}
			f.Trouble = []returns.Trouble{{Platform: returns.TikTok, Class: returns.TroubleNotShown}}
		}
		everyAnswerEndsIts(t, f)
	})
}

func everyAnswerEndsIts(t *rapid.T, f Facts) {
	for _, e := range Decide(f).Plan.Exceptions {
		entry, known := returns.Catalogue[e.Kind]
		require.True(t, known, "%s is not in the catalogue", e.Kind)
		require.Equal(t, entry.Owner, e.Owner)
		require.NotEmpty(t, e.Owner)
		require.NotEmpty(t, e.Sentence)
		require.NotContains(t, e.Sentence, "%!")
		prices := f.Record.RMA != nil && !slices.ContainsFunc(f.Record.RMA.Items, func(i returns.RMAItem) bool { return !returns.Known(i.Paid) }) || len(f.Record.TikTokReturns) > 0 && f.Record.RMA == nil
		if prices && !slices.Contains(noMoney, e.Kind) {
			require.True(t, returns.Known(e.Amount), "%s says no amount: %s", e.Kind, e.Sentence)
		}
		for _, a := range entry.Answers {
			endsIt(t, f, e, a)
		}
	}
}

// endsIt gives one answer: what was asked is not asked again, in the same words
// about the same thing. A retry may fail again, but something is then tried.
func endsIt(t *rapid.T, f Facts, e returns.Exception, a returns.AnswerName) {
	given := returns.Answer{Kind: e.Kind, Answer: a, Amount: e.Amount, Subject: e.Subject, Reference: "ticket 7", Who: "Ann", At: f.Now.Add(time.Second)}
	if a == returns.AnswerSetAmount {
		given.Amount = gbp("10.00")
	}
	f.Record.Answers = maps.Clone(f.Record.Answers)
	f.Record.Answers[e.Kind] = given
	f.Record.Said = append(slices.Clone(f.Record.Said), given)
	f.Record.Open = nil
	f.Trouble = slices.DeleteFunc(slices.Clone(f.Trouble), func(t returns.Trouble) bool { return a == returns.AnswerRetry && t.Class == returns.TroubleNotShown })
	f.Now = given.At
	f = answeredByTikTok(t, f)
	d := Decide(f)
	if a == returns.AnswerRetry && (len(d.Plan.Acts) > 0 || len(d.Changes) > 0 || f.Record.Paused || d.Plan.Wake.At.Sub(f.Now) <= switchLook) {
		return
	}
	if a == returns.AnswerPayRest && strings.Contains(e.Sentence, "the rest cannot be paid: ") {
		return // it was tried, and says why it cannot be
	}
	again := slices.ContainsFunc(d.Plan.Exceptions, func(b returns.Exception) bool {
		return b.Kind == e.Kind && b.Subject == e.Subject && b.Sentence == e.Sentence
	})
	require.False(t, again, "%s answers nothing: %s %s: %s", a, e.Kind, e.Subject, e.Sentence)
}

// answeredByTikTok answers the rules' own question to TikTok, once.
func answeredByTikTok(t *rapid.T, f Facts) Facts {
	if d := Decide(f); d.Ask != nil {
		f.Record.Payable = &returns.Payable{
			Units: d.Ask.Units, RequestType: d.Ask.RequestType, ReasonKey: d.Ask.ReasonKey, Eligible: rapid.IntRange(0, 5).Draw(t, "eligible") > 0,
			Amount: anyPrice(t, "payable"), At: noon,
		}
	}
	return f
}
