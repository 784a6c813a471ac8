package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"returnbridge/config"
)

func notifyCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "notify", Short: "Try the ways by which people are told"}
	cmd.AddCommand(notifyTestCommand())
	return cmd
}

func notifyTestCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "test", Short: "Send a test message to each sink, and say which took it", Args: cobra.NoArgs,
		Long: `Send a message that is marked as a test to each sink under notify.sinks, or to one,
and say which took it; with any that did not it ends with exit code 1. Neither the
ledger nor Temporal is needed.`,
		Example: "  starter notify test\n  starter notify test --sink it-mail",
	}
	v := newVisitor(cmd, false)
	only := cmd.Flags().String("sink", "", "only this sink of the configuration")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := config.Load(*v.file)
		if err != nil {
			return err //nolint:wrapcheck // it names the file and every problem
		}
		ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		return testSinks(ctx, cfg, *only, time.Now, v.output(cmd))
	}
	return cmd
}

// tested is what became of a test message.
type tested struct {
	Sink    string `json:"sink"`
	Kind    string `json:"kind"`
	Taken   bool   `json:"taken"`
	Problem string `json:"problem,omitempty"`
}

func testSinks(ctx context.Context, cfg *config.Config, only string, now func() time.Time, out Output) error {
	alerts, err := alertsOf(cfg, now)
	if err != nil {
		return err
	}
	results, failed := []tested{}, 0
	var b strings.Builder
	for _, s := range cfg.Notify.Sinks {
		if only != "" && s.Name != only {
			continue
		}
		r := tested{Sink: s.Name, Kind: s.Kind, Taken: true}
		said := "took it"
		if err := alerts.Sinks[s.Name].Send(ctx, alerts.Writer.Test(uuid.NewString(), s.Name)); err != nil {
			failed++
			r.Taken, r.Problem = false, plain(err.Error())
			said = "did not take it: " + r.Problem
		}
		results = append(results, r)
		fmt.Fprintf(&b, "%s (%s) %s\n", s.Name, s.Kind, said)
	}
	switch {
	case only != "" && len(results) == 0:
		return fmt.Errorf("there is no sink %s under notify.sinks", only)
	case len(results) == 0:
		return errors.New("there is no sink under notify.sinks: nobody is told of anything")
	}
	if err := out.say(results, b.String()); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("%s did not take the test message", count(failed, "sink"))
	}
	return nil
}
