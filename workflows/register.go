package workflows

import (
	"go.temporal.io/sdk/workflow"

	"returnbridge/internal/messages"
)

// Register registers every workflow under its name, with a worker or with a
// replayer.
func Register(with interface {
	RegisterWorkflowWithOptions(flow any, options workflow.RegisterOptions)
}) {
	for name, flow := range map[string]any{
		messages.Return: Return, messages.Stock: Stock, messages.Guard: Guard,
		messages.SweepReturnGO: SweepReturnGO, messages.SweepTikTok: SweepTikTok, messages.RefreshToken: RefreshToken,
		messages.Notify: Notify,
	} {
		with.RegisterWorkflowWithOptions(flow, workflow.RegisterOptions{Name: name})
	}
}
