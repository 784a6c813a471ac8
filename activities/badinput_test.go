package activities

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// says answers 200 with any body.
func says(contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("content-type", contentType)
		_, _ = w.Write([]byte(body))
	}
}

// cutShort promises more than it sends.
func cutShort(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("content-length", "5000")
		_, _ = w.Write([]byte(body))
	}
}

// strangeAnswers are what stands between us and a platform, or a platform on a
// bad day.
func strangeAnswers() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"HTML":             says("text/html", "<!doctype html><title>Just a moment...</title>"),
		"HTML in disguise": says("application/json", "<html>"),
		"nothing":          says("application/json", ""),
		"null":             says("application/json", "null"),
		"a list":           says("application/json", "[1,2]"),
		"a text":           says("application/json", `"ok"`),
		"data of a kind":   says("application/json", `{"code":0,"data":"TELEPORTED"}`),
		"half":             says("application/json", `{"code":0,"data":{"orders":[{"id":"57`),
		"cut off":          cutShort(`{"code":0,"data":{`),
		"not UTF-8":        says("application/json", "{\"code\":\xff\xfe}"),
		"nested":           says("application/json", strings.Repeat(`{"data":`, 20_000)),
		"without end":      says("application/json", `{"code":0,"pad":"`+strings.Repeat("x", 9<<20)+`"}`),
	}
}

// writes are all calls that change something at a platform.
func (b *bench) writes() int {
	n := 0
	for _, name := range []string{"create", "approve", "comment", "set-status", "set-transaction", "set-stock"} {
		n += b.count(name)
	}
	return n
}

// A strange answer is tried again, or parks the return with an exception; it
// never passes for a fact, pays nothing, crashes nothing, and once it is over the
// return goes on.
func TestStrangeAnswersNeitherPassForFactsNorCrash(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"rma", "order", "returns", "eligibility", "calculate"} {
		for name, answer := range strangeAnswers() {
			t.Run(call+" "+name, func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				b.answers(call, answer)
				looks := map[string]any{"ReturnGO": b.LookReturnGO, "TikTok": b.LookTikTok}
				told := false
				for _, at := range []string{"ReturnGO", "TikTok"} {
					out, err := run[messages.PlanResult](b, looks[at], messages.LookInput{Shop: shopName, Key: key})
					if err != nil {
						told = true
						failure, expected := errors.AsType[*temporal.ApplicationError](err)
						require.True(t, expected, "%v", err)
						require.False(t, failure.NonRetryable(), "%v", err)
						require.Positive(t, failure.NextRetryDelay())
						continue
					}
					told = told || len(out.Plan.Exceptions) > 0
					for _, act := range out.Plan.Acts {
						require.NotContains(t, []returns.ActKind{returns.ActRefund, returns.ActWriteBack}, act.Kind)
					}
				}
				require.True(t, told, "it was taken for an answer")
				require.Zero(t, b.writes())
				b.answers(call, nil)
				b.clock.pass(20 * time.Minute)
				plan := b.look()
				actOf(t, plan, returns.ActRefund)
				require.Empty(t, plan.Exceptions)
			})
		}
	}
}

// A word that this version does not know parks the return with its name; nothing
// is paid on it.
func TestUnknownWordsPark(t *testing.T) {
	t.Parallel()
	const word = "TELEPORTED_2031"
	for name, set := range map[string]func(b *bench){
		"status of the RMA": func(b *bench) { b.rma["rmaSummary"].(map[string]any)["status"] = word },
		"status of the TikTok return": func(b *bench) {
			b.cases = []map[string]any{tiktokReturn(caseID, word, "24.99")}
		},
		"type of the TikTok return": func(b *bench) {
			b.cases = []map[string]any{tiktokReturn(caseID, returns.TikTokShipped, "24.99")}
			b.cases[0]["return_type"] = word
		},
		"resolution": func(b *bench) { b.rma["items"].([]any)[0].(map[string]any)["resolutionType"] = word },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			set(b)
			plan := b.look()
			for _, act := range plan.Acts {
				require.NotEqual(t, returns.ActRefund, act.Kind)
			}
			require.Len(t, plan.Exceptions, 1)
			require.Contains(t, plan.Exceptions[0].Sentence, word)
			require.Contains(t, []returns.Kind{returns.UnknownStatus, returns.ResolutionNotRefund}, plan.Exceptions[0].Kind)
			require.Zero(t, b.writes())
		})
	}
}

// What a write is answered with does not say that nothing happened: the money
// moves once, however strange the answer.
func TestAStrangeAnswerToARefundPaysOnce(t *testing.T) {
	t.Parallel()
	for name, answer := range strangeAnswers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			act := actOf(t, b.look(), returns.ActRefund)
			b.answers("create", func(w http.ResponseWriter, r *http.Request) {
				b.change(func() { b.usual(discard{http.Header{}}, "create", "") })
				answer(w, r)
			})
			in := messages.ActInput{Shop: shopName, Key: key, Act: act}
			for range 5 {
				_, err := run[messages.PlanResult](b, b.Refund, in)
				if err != nil {
					failure, expected := errors.AsType[*temporal.ApplicationError](err)
					require.True(t, expected, "%v", err)
					require.False(t, failure.NonRetryable(), "%v", err)
				}
				b.clock.pass(3 * time.Minute)
			}
			require.Equal(t, 1, b.count("create"))
			require.Len(t, b.cases, 1)
		})
	}
}

// discard takes what the platform would have said.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}
