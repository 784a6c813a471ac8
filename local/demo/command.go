package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"returnbridge/internal/app"
)

// Command is `demo`: see the program work, with nothing installed.
func Command() *cobra.Command {
	var o RunOptions
	var exit bool
	var jsonFile, logLevel string
	var uiPort int
	cmd := &cobra.Command{
		Use: "demo", Short: "Carry a small population of returns from ReturnGO to money paid and stock put back",
		Args: cobra.NoArgs, SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return runDemo(ctx, cmd.OutOrStdout(), o, exit, jsonFile, logLevel, uiPort)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&o.Returns, "returns", 40, "how many returns")
	flags.Uint64Var(&o.Seed, "seed", 1, "draws the population; the same seed draws the same")
	flags.StringSliceVar(&o.Scenarios, "scenario", nil, "only these kinds of returns, by name")
	flags.IntVar(&o.AtOnce, "at-once", 16, "shoppers at the same time")
	flags.BoolVar(&exit, "exit", false, "end after the table instead of staying up")
	flags.StringVar(&jsonFile, "json", "", "write the figures to this file")
	flags.StringVar(&logLevel, "log", "error", "what the programs log: debug, info, warn, error")
	flags.IntVar(&uiPort, "ui-port", 8233, "port of the Web UI; 0 takes a free one")
	return cmd
}

var errDrifted = errors.New("the figures above are not as foreseen")

func runDemo(ctx context.Context, out io.Writer, o RunOptions, exit bool, jsonFile, logLevel string, uiPort int) error {
	if _, err := Choose(o.Scenarios); err != nil {
		return err
	}
	log, err := app.NewLogger(logLevel, os.Stderr)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "returnbridge-demo-")
	if err != nil {
		return fmt.Errorf("demo data: %w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // temporary
	h, err := Open(ctx, HouseOptions{Dir: dir, Seed: o.Seed, Log: log, UIPort: uiPort})
	if err != nil {
		return err
	}
	defer h.Close()
	say(out, "Temporal server, its Web UI, both platforms' sandboxes, worker and starter are running.\nFollow the returns at %s\n\n", h.listLink(""))
	o.Progress = printProgress(out, widthOf(out))
	v, err := h.Run(ctx, o)
	if err != nil {
		return err
	}
	say(out, "\n\n")
	if err := v.Print(out, h.links()); err != nil {
		return err
	}
	if jsonFile != "" {
		if err := v.write(jsonFile); err != nil {
			return err
		}
	}
	if !exit {
		say(out, "\nEverything stays up for looking around. Ctrl-C ends it.\n")
		<-ctx.Done()
	}
	if !v.OK() {
		return errDrifted
	}
	return nil
}

func (v *Verdict) write(file string) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("figures: %w", err)
	}
	if err := os.WriteFile(file, append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("figures: %w", err)
	}
	return nil
}

// listLink is the Web UI's list of returns, with a filter.
func (h *House) listLink(query string) string {
	q := "WorkflowType = 'Return'"
	if query != "" {
		q += " AND " + query
	}
	return h.Server.UIURL() + "/namespaces/" + h.Server.Namespace() + "/workflows?query=" + url.QueryEscape(q)
}

func (h *House) links() []string {
	return []string{
		"All returns:         " + h.listLink(""),
		"Asked of Finance:    " + h.listLink("ExceptionOwners = 'Finance'"),
		"Stock writers:       " + h.Server.UIURL() + "/namespaces/" + h.Server.Namespace() + "/workflows?query=" + url.QueryEscape("WorkflowType = 'Stock'"),
		"Sweeps:              " + h.Server.UIURL() + "/namespaces/" + h.Server.Namespace() + "/schedules",
	}
}

func say(out io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(out, format, args...)
}
