package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"returnbridge/internal/app"
)

// Command is `bench`: what a return costs, and how fast returns go.
func Command() *cobra.Command {
	var o Options
	var jsonFile, logLevel string
	cmd := &cobra.Command{
		Use: "bench", Short: "Measure what a return costs and how fast returns go",
		Args: cobra.NoArgs, SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return runBench(ctx, cmd.OutOrStdout(), cmd.ErrOrStderr(), o, jsonFile, logLevel)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.Quick, "quick", false, "small sizes, within a minute: shows that it measures, not how fast anything is")
	flags.DurationVar(&o.Limit, "limit", 10*time.Minute, "for all figures together; what does not fit is not measured, and said so")
	flags.StringSliceVar(&o.Only, "only", nil, "only these figures: "+strings.Join(Names(), ", "))
	flags.StringVar(&jsonFile, "json", "", "write the report to this file")
	flags.StringVar(&logLevel, "log", "fatal", "what the programs log: debug, info, warn, error, fatal")
	return cmd
}

func runBench(ctx context.Context, out, progress io.Writer, o Options, jsonFile, logLevel string) error {
	var err error
	if o.Log, err = app.NewLogger(logLevel, os.Stderr); err != nil {
		return err //nolint:wrapcheck // it says which setting
	}
	o.Command = "go -C local run . bench"
	if o.Quick {
		o.Command += " --quick"
	}
	if len(o.Only) > 0 {
		o.Command += " --only " + strings.Join(o.Only, ",")
	}
	o.Progress = func(what string) { say(progress, "%s\n", what) }
	r, err := Run(ctx, o)
	if err != nil {
		return err
	}
	if jsonFile != "" {
		text, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return fmt.Errorf("report: %w", err)
		}
		if err := os.WriteFile(jsonFile, append(text, '\n'), 0o600); err != nil {
			return fmt.Errorf("report: %w", err)
		}
	}
	return r.Print(out)
}
