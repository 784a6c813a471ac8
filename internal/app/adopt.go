package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// adopted is which ledger the namespace belonged to, and whether that was changed.
type adopted struct {
	Namespace string `json:"namespace"`
	Was       string `json:"was"` // empty: none
	Ledger    string `json:"ledger"`
	Written   bool   `json:"written"` // else it was a preview
}

func adoptCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "adopt-ledger", Short: "Let this ledger take the place of the one that Temporal remembers", Args: cobra.NoArgs,
		Long: `Let the ledger of the configuration take the place of the one that the Temporal
namespace belongs to. It is for one case: the other ledger is lost for good. A
ledger that was restored from a backup is still the same one and needs none of this.

What only the other ledger knew to be paid or in stock is not known any more. So
turn all switches off first, stop every worker and starter, and read in
deploy/README.md what to look at before you turn them on again.

Without --yes it only says which ledger is which.`,
		Example: "  starter adopt-ledger\n  starter adopt-ledger --yes",
	}
	v := newVisitor(cmd, true)
	yes := cmd.Flags().Bool("yes", false, "do it; without, only say what would be done")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return v.run(cmd, func(ctx context.Context, h *house, out Output) error { return h.adopt(ctx, *yes, out) })
	}
	return cmd
}

// adopt has the namespace belong to this ledger, unless a worker of another is still
// at work in it.
func (h *house) adopt(ctx context.Context, yes bool, out Output) error {
	was, err := h.rememberedLedger(ctx)
	if err != nil {
		return err
	}
	a := adopted{Namespace: h.namespace, Was: was, Ledger: h.ledger.ID()}
	if was == "" || was == a.Ledger {
		return out.say(a, a.text())
	}
	for _, q := range h.taskQueues() {
		_, others, err := h.pollers(ctx, q)
		if err != nil {
			return err
		}
		if len(others) > 0 {
			return fmt.Errorf("a worker with another ledger still takes work from task queue %s: %s. Stop it, and try again two minutes later", q.name, plain(strings.Join(others, ", ")))
		}
	}
	if yes {
		if err := h.adoptLedger(ctx); err != nil {
			return err
		}
		a.Written = true
	}
	return out.say(a, a.text())
}

func (a adopted) text() string {
	switch {
	case a.Was == "":
		return fmt.Sprintf("Namespace %s belongs to no ledger yet: it will belong to the ledger of the first worker or starter that runs. There is nothing to adopt.\n", a.Namespace)
	case a.Was == a.Ledger:
		return fmt.Sprintf("Namespace %s belongs to this ledger, %s. There is nothing to adopt.\n", a.Namespace, a.Ledger)
	case a.Written:
		return fmt.Sprintf("Namespace %s belonged to the ledger %s and now belongs to this one, %s. Start worker and starter.\n", a.Namespace, a.Was, a.Ledger)
	}
	return fmt.Sprintf("Namespace %s belongs to the ledger %s; the ledger of this configuration is %s.\nNothing was changed: add --yes to do it.\n", a.Namespace, a.Was, a.Ledger)
}
