package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.temporal.io/sdk/client"

	"returnbridge/config"
	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/notify"
	"returnbridge/internal/returns"
	"returnbridge/local/demo"
)

// heard is what a webhook of the merchant's own has been sent, and to which path.
type heard struct {
	mu     sync.Mutex
	bodies []string
	paths  []string
}

func (x *heard) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	x.mu.Lock()
	defer x.mu.Unlock()
	if r.Header.Get(notify.HeaderSignature) == notify.Sign(signingSecret, r.Header.Get(notify.HeaderTimestamp), body) {
		x.bodies, x.paths = append(x.bodies, string(body)), append(x.paths, r.URL.Path)
	}
}

const signingSecret = "0123456789abcdef0123456789abcdef"

// of tells whether something was told of a return's exception.
func (x *heard) of(key returns.Key, kind returns.Kind, event returns.AlertEvent) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.ContainsFunc(x.bodies, func(text string) bool {
		var b notify.Body
		return json.Unmarshal([]byte(text), &b) == nil && slices.ContainsFunc(b.Exceptions, func(e notify.Exception) bool {
			return e.Return == key && e.Kind == kind && e.Event == event
		})
	})
}

// heardOf is a message about an exception, and to which path it was sent.
type heardOf struct {
	path, text string
	about      notify.Exception
}

// opened are the messages by which an exception of a return or a shop was first told.
func (x *heard) opened(of ledger.ReturnRef, kind returns.Kind) (all []heardOf) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for i, text := range x.bodies {
		var b notify.Body
		if json.Unmarshal([]byte(text), &b) != nil {
			continue
		}
		for _, e := range b.Exceptions {
			if e.Shop == of.Shop && e.Return == of.Key && e.Kind == kind && e.Event == returns.AlertOpened {
				all = append(all, heardOf{x.paths[i], b.Text, e})
			}
		}
	}
	return all
}

// What happens at the platforms reaches a person by the schedule, signed, and so does
// its end; with nothing personal in it.
func TestPeopleAreTold(t *testing.T) {
	x := &heard{}
	server := httptest.NewServer(x)
	defer server.Close()
	h := openHouse(t, func(o *demo.HouseOptions) {
		o.Configure = func(c *config.Config) {
			soon(c)
			c.Notify.Sinks = []config.Sink{{Name: "desk", Kind: "webhook", URL: server.URL, SigningSecret: signingSecret}}
		}
	})
	t.Setenv("TEMPORAL_ADDRESS", h.Server.Address())
	t.Setenv("TEMPORAL_NAMESPACE", h.Server.Namespace())
	round := func(holds func() bool) {
		t.Helper()
		h.until("a round of alerts", func() bool {
			h.must(h.Client.ScheduleClient().GetHandle(t.Context(), messages.Notify).Trigger(t.Context(), client.ScheduleTriggerOptions{}))
			return holds()
		})
	}
	round(func() bool { return h.count("WorkflowType = 'Notify' AND ExecutionStatus = 'Completed'") > 0 }) // the sink is known
	s := h.buys(1)
	s.returnsByTikTok(s.price("2.00"))
	s.untilAsked(returns.RefundValueMismatch)
	key := returns.RMAKey(s.rmaID)
	round(func() bool { return x.of(key, returns.RefundValueMismatch, returns.AlertOpened) })

	said, err := h.types("resolve", s.rmaID, "--exception", string(returns.RefundValueMismatch), "--answer", string(returns.AnswerDoNotRefund),
		"--who", "Ada", "--why", "agreed", "--config", h.configFile())
	if err != nil {
		t.Fatalf("resolve: %v\n%s", err, said)
	}
	round(func() bool { return x.of(key, returns.RefundValueMismatch, returns.AlertHealed) })
	x.mu.Lock()
	defer x.mu.Unlock()
	all := strings.Join(x.bodies, "\n")
	if !strings.Contains(all, "starter resolve "+s.rmaID) || !strings.Contains(all, "do-not-refund by Ada") {
		t.Errorf("what was told says not how it is answered, or by whom it was:\n%s", all)
	}
	if strings.Contains(all, "PII") {
		t.Errorf("something personal was told:\n%s", all)
	}
}
