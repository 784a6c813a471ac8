package demo

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/spf13/cobra"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
	"returnbridge/local/devserver"
	"returnbridge/local/tiktoksandbox"
)

// HistoriesCommand is `histories`: record what the replay tests replay.
func HistoriesCommand() *cobra.Command {
	var folder string
	o := RunOptions{AtOnce: 16}
	cmd := &cobra.Command{
		Use: "histories", Short: "Record one history of every kind of workflow, for the replay tests",
		Args: cobra.NoArgs, SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return recordHistories(ctx, folder, o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&folder, "out", "", "write the histories into this folder")
	flags.IntVar(&o.Returns, "returns", len(Scenarios), "how many returns; at least one of each kind")
	flags.Uint64Var(&o.Seed, "seed", 1, "draws the population; the same seed draws the same")
	if err := cmd.MarkFlagRequired("out"); err != nil {
		panic(err) // the flag is defined above
	}
	return cmd
}

// recordHistories writes only when everything has been recorded, and only if
// the run came out as foreseen: a history of a mistake is no promise to keep.
func recordHistories(ctx context.Context, folder string, o RunOptions) error {
	if o.Returns < len(Scenarios) {
		return fmt.Errorf("%d returns cannot show all %d kinds", o.Returns, len(Scenarios))
	}
	dir, err := os.MkdirTemp("", "returnbridge-histories-")
	if err != nil {
		return fmt.Errorf("demo data: %w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // temporary
	h, err := Open(ctx, HouseOptions{Dir: dir, Seed: o.Seed, UIPort: devserver.NoUI, Log: zap.NewNop()})
	if err != nil {
		return err
	}
	defer h.Close()
	recorded, err := h.record(ctx, o)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return fmt.Errorf("folder of the histories: %w", err)
	}
	for name, history := range recorded {
		if err := os.WriteFile(filepath.Join(folder, name+".json"), history, 0o600); err != nil {
			return fmt.Errorf("write history: %w", err)
		}
	}
	return nil
}

// record plays the population and reads one history of each kind, by the name of
// its file.
func (h *House) record(ctx context.Context, o RunOptions) (map[string][]byte, error) {
	v, err := h.Run(ctx, o)
	if err != nil {
		return nil, err
	}
	if !v.OK() {
		return nil, fmt.Errorf("the run did not come out as foreseen: %v", v.Problems)
	}
	if err := h.fallsIll(ctx); err != nil {
		return nil, err
	}
	if _, err := h.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: messages.Notify, TaskQueue: messages.QueueReturns}, messages.Notify, messages.NotifyInput{}); err != nil {
		return nil, fmt.Errorf("tell people: %w", err)
	}
	queries := map[string]string{
		"notify":           "WorkflowType = '" + messages.Notify + "'",
		"guard":            "WorkflowType = '" + messages.Guard + "'",
		"return-own-clock": "WorkflowId STARTS_WITH '" + messages.ReturnID(shopName, returns.TikTokKey("")) + "'",
		"stock":            "WorkflowType = '" + messages.Stock + "'",
		"sweep-returngo":   "WorkflowType = '" + messages.SweepReturnGO + "'",
		"sweep-tiktok":     "WorkflowType = '" + messages.SweepTikTok + "'",
		"refresh-token":    "WorkflowType = '" + messages.RefreshToken + "'",
	}
	for scenario, id := range v.examples {
		queries["return-"+scenario] = "WorkflowId = '" + id + "'"
	}
	recorded := map[string][]byte{}
	for name, query := range queries {
		if recorded[name], err = h.longest(ctx, query); err != nil {
			return nil, fmt.Errorf("history %s: %w", name, err)
		}
	}
	return recorded, nil
}

// fallsIll has TikTok refuse one question of a guard, so that there is an illness
// with everything in it.
func (h *House) fallsIll(ctx context.Context) error {
	queue := messages.QueueTikTok(shopName)
	if err := h.TikTok.AddFault(tiktoksandbox.Fault{Endpoint: "warehouses", Kind: tiktoksandbox.FaultUnavailable, Count: 1}); err != nil {
		return fmt.Errorf("fault: %w", err)
	}
	_, err := h.Client.SignalWithStartWorkflow(ctx, messages.GuardID(queue), messages.SignalIll, messages.Ill{Illness: messages.Down, What: "tiktok: http 503"},
		client.StartWorkflowOptions{TaskQueue: messages.QueueReturns}, messages.Guard, messages.GuardInput{Queue: queue})
	if err != nil {
		return fmt.Errorf("wake the guard: %w", err)
	}
	return nil
}

// longest is the history of the run that had most to do among those that match
// and are complete; it waits for the first of them.
func (h *House) longest(ctx context.Context, query string) ([]byte, error) {
	var runs []*workflowpb.WorkflowExecutionInfo
	s := &shopper{ctx: ctx, house: h}
	err := s.until("a complete run", func() (bool, error) {
		page, err := h.Client.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query + " AND ExecutionStatus = 'Completed'", PageSize: 1000})
		if err != nil {
			return false, fmt.Errorf("list workflows: %w", err)
		}
		runs = page.GetExecutions()
		return len(runs) > 0, nil
	})
	if err != nil {
		return nil, err
	}
	run := slices.MaxFunc(runs, func(a, b *workflowpb.WorkflowExecutionInfo) int {
		return int(a.GetHistoryLength() - b.GetHistoryLength())
	})
	var text bytes.Buffer
	err = devserver.ExportHistory(ctx, h.Client, run.GetExecution().GetWorkflowId(), run.GetExecution().GetRunId(), &text)
	return text.Bytes(), err
}
