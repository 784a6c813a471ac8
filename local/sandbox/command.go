// Package sandbox runs the doubles of both platforms alone, for rehearsals: worker
// and starter of any machine here may be pointed at them. It knows the sandboxes
// and the configuration, and nothing of what the programs do.
package sandbox

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"returnbridge/local/devserver"
)

// Options are the command's flags.
type Options struct {
	TikTokPort, ReturnGOPort, ControlPort int
	// Speed makes the platforms' periods pass so many times faster.
	Speed  float64
	Orders int // delivered orders to begin with
	Seed   uint64
	// DevelopmentShop makes TikTok's shop one for tests: 1,000 calls an hour, and
	// searches half a minute behind.
	DevelopmentShop bool
	// Receiver is where the starter receives webhooks.
	Receiver string
	// TemporalPort is where a Temporal server answers, UIPort its Web UI; below 0
	// there is none, and the programs find another by TEMPORAL_*.
	TemporalPort, UIPort int
	// ConfigFile is where the configuration is written, beside being printed.
	ConfigFile string
}

// Command is `sandbox`: both platforms on fixed ports until Ctrl-C.
func Command() *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use: "sandbox", Short: "Run the sandboxes of TikTok Shop and ReturnGO, and a Temporal server, to rehearse with your own worker and starter",
		Args: cobra.NoArgs, SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return run(ctx, cmd.OutOrStdout(), o)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&o.TikTokPort, "tiktok-port", 8101, "port of TikTok Shop; 0 takes a free one")
	flags.IntVar(&o.ReturnGOPort, "returngo-port", 8102, "port of ReturnGO; 0 takes a free one")
	flags.IntVar(&o.ControlPort, "control-port", 8103, "port of the controls of both; 0 takes a free one")
	flags.Float64Var(&o.Speed, "speed", 60, "how many times faster the platforms' periods pass: with 60 an hour is a minute")
	flags.IntVar(&o.Orders, "seed-orders", 3, "delivered orders to begin with, known to both platforms")
	flags.Uint64Var(&o.Seed, "seed", 1, "of the ids and of everything random")
	flags.BoolVar(&o.DevelopmentShop, "development-shop", false, "limit TikTok to 1,000 calls an hour and let its searches lag, as its shops for tests do")
	flags.StringVar(&o.Receiver, "receiver", "http://127.0.0.1:8085", "where the starter receives webhooks; empty: there are none")
	flags.IntVar(&o.TemporalPort, "temporal-port", 7233, "port of a Temporal server in memory; 0 takes a free one, below 0 there is none")
	flags.IntVar(&o.UIPort, "ui-port", 8233, "port of its Web UI; 0 takes a free one")
	flags.StringVar(&o.ConfigFile, "config", "", "also write the configuration to this file")
	return cmd
}

func run(ctx context.Context, out io.Writer, o Options) error {
	p, err := open(ctx, o)
	if err != nil {
		return err
	}
	defer p.close()
	if o.TemporalPort >= 0 {
		server, err := devserver.Start(ctx, devserver.Options{FrontendPort: o.TemporalPort, UIPort: o.UIPort})
		if err != nil {
			return fmt.Errorf("temporal: %w", err)
		}
		defer server.Stop()
		p.temporal, p.temporalUI = server.Address(), server.UIURL()
	}
	if o.ConfigFile != "" {
		if err := os.WriteFile(o.ConfigFile, []byte(p.config()), 0o600); err != nil {
			return fmt.Errorf("configuration: %w", err)
		}
	}
	if _, err := io.WriteString(out, p.guide()); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-p.failed:
		return fmt.Errorf("serve: %w", err)
	}
}
