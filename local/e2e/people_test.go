package e2e

import (
	"strings"
	"testing"
	"time"

	"returnbridge/config"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
	"returnbridge/local/demo"
	"returnbridge/local/returngosandbox"
	"returnbridge/local/tiktoksandbox"
)

// The commands for people against both sandboxes: what they read and repair.

// What nobody carries any more, because every workflow was ended, is taken up by one
// command, and ends right.
func TestThePeoplesCommands(t *testing.T) {
	h := openHouse(t, func(o *demo.HouseOptions) {
		o.Configure = func(c *config.Config) {
			soon(c)
			c.WebhookURL = "http://" + c.Listen
			c.Periods.SweepReturnGO, c.Periods.SweepReturnGOOpen, c.Periods.SweepTikTok = time.Hour, time.Hour, time.Hour // nobody else heals
		}
	})
	t.Setenv("TEMPORAL_ADDRESS", h.Server.Address())
	t.Setenv("TEMPORAL_NAMESPACE", h.Server.Namespace())
	file := h.configFile()
	starter := func(args ...string) string {
		t.Helper()
		said, err := h.types(append(args, "--config", file)...)
		if err != nil {
			t.Fatalf("starter %s: %v\n%s", strings.Join(args, " "), err, said)
		}
		return said
	}
	wants := func(said string, all ...string) {
		t.Helper()
		for _, want := range all {
			if !strings.Contains(said, want) {
				t.Errorf("no %q in:\n%s", want, said)
			}
		}
	}

	wants(starter("webhooks", "sync"), "SELLER_DEAUTHORIZATION", "Nothing was changed: add --yes to do it.", "topic 68 (INVENTORY_CHANGED)")
	wants(starter("webhooks", "sync", "--yes"), "add, done", "remove, done", "right")
	wants(starter("webhooks", "sync"), "0 changes to be made")

	s, alone := h.buys(1), h.buys(1)
	s.opensTikTokReturn()
	s.opensRMA()
	s.ships()
	s.arrives()
	alone.opensTikTokReturn() // the buyer came to TikTok alone
	h.until("both are carried", func() bool { return h.count("ExecutionStatus = 'Running' AND WorkflowType = 'Return'") >= 2 })
	wants(starter("check"), "No problems. Nothing was changed at TikTok or ReturnGO.", "2 products of 2 products sold lately were read", "all webhooks are registered at both platforms")

	s.waitsFor(returns.StageAwaitInspect)
	h.loseAllWebhooks()
	h.until("nobody carries anything", func() bool {
		for _, run := range h.runs() {
			if name := run.GetType().GetName(); name == messages.Return || name == messages.Stock {
				// One that has ended by itself needs no end.
				_ = h.Client.TerminateWorkflow(t.Context(), run.GetExecution().GetWorkflowId(), "", "Temporal is lost")
			}
		}
		return h.count("ExecutionStatus = 'Running' AND WorkflowType = 'Return'") == 0
	})
	s.authorised(s.price("0"))
	s.inspected(1)
	wants(starter("backfill"), "nobody carries 2", "Nothing was started: add --yes to do it.")
	if n := h.count("ExecutionStatus = 'Running' AND WorkflowType = 'Return'"); n != 0 {
		t.Errorf("a preview started %d returns", n)
	}
	h.TikTok.SetWebhookWeather(tiktoksandbox.WebhookWeather{})
	h.ReturnGO.SetWebhookFaults(returngosandbox.WebhookFaults{})
	wants(starter("backfill", "--yes", "--pace", "0s"), "Started: 2 returns.")
	s.untilClosed()
	s.wantPaid(s.price("0"))
	h.until("the unit in stock", func() bool { return s.gained() == 1 })
	wants(starter("backfill"), "nobody carries 0", "Nothing is missing.")
}
