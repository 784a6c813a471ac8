package app

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"returnbridge/config"
)

// WorkerCommand is the worker's command line.
func WorkerCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "worker", Short: "Carry returns: run the workflows and their activities"}
	runWith(cmd, Worker)
	return cmd
}

// StarterCommand is the starter's command line.
func StarterCommand() *cobra.Command {
	root := &cobra.Command{Use: "starter", Short: "Bring events in, keep the schedules, and answer people"}
	serve := &cobra.Command{Use: "serve", Short: "Receive the webhooks of both platforms and relay them"}
	runWith(serve, Serve)
	root.AddCommand(serve)
	root.AddCommand(peopleCommands()...)
	return root
}

// runWith gives a command its configuration file and runs it until it is told
// to stop.
func runWith(cmd *cobra.Command, what func(context.Context, *config.Config, Deps) error) {
	file := cmd.Flags().String("config", "config.yaml", "the configuration file")
	cmd.Args, cmd.SilenceUsage = cobra.NoArgs, true
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := config.Load(*file)
		if err != nil {
			return err //nolint:wrapcheck // it names the file and every problem
		}
		log, err := NewLogger(cfg.LogLevel, cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		defer log.Sync() //nolint:errcheck // a terminal cannot be synced
		ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		return what(ctx, cfg, Deps{Log: log})
	}
}

// NewLogger makes the structured logger: one JSON object a line.
func NewLogger(level string, to io.Writer) (*zap.Logger, error) {
	at, err := zapcore.ParseLevel(level)
	if err != nil {
		return nil, fmt.Errorf("log level: %w", err)
	}
	encoder := zap.NewProductionEncoderConfig()
	encoder.EncodeTime = zapcore.ISO8601TimeEncoder
	return zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(encoder), zapcore.AddSync(to), at), zap.AddCaller()), nil
}
