package devserver

import (
	"fmt"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/temporal"
	"go.uber.org/zap"
)

// startTemporal runs the four services and returns when they serve.
//
// The services give up by a fatal line in their log rather than by an error, for
// example when somebody took a port in the last moment. While they start, such a
// line becomes our error and the process lives.
func startTemporal(
	opts Options, cfg *config.Config, p *ports, m *metricsEndpoint, h *hush,
) (temporal.Server, error) {
	giveUp := newGiveUp()
	defer giveUp.disarm()
	logger := log.NewZapLogger(h.quiet(opts.Logger).WithOptions(zap.WithFatalHook(giveUp)))
	handler, err := m.handler(logger)
	if err != nil {
		return nil, err
	}

	type outcome struct {
		server temporal.Server
		err    error
	}
	started := make(chan outcome, 1)
	go func() {
		server, err := temporal.NewServer(
			temporal.WithConfig(cfg),
			temporal.ForServices(temporal.DefaultServices),
			temporal.WithStaticHosts(staticHosts(p)),
			temporal.WithLogger(logger),
			temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
			temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper {
				return authorization.NewNoopClaimMapper()
			}),
			temporal.WithDynamicConfigClient(dynamicConfig(opts.TimeSkipping)),
			temporal.WithCustomMetricsHandler(handler),
		)
		if err == nil {
			if err = server.Start(); err != nil {
				_ = server.Stop()
			}
		}
		started <- outcome{server, err}
	}()

	select {
	case o := <-started:
		if o.err != nil {
			return nil, fmt.Errorf("start the Temporal services: %w", o.err)
		}
		return o.server, nil
	case err := <-giveUp.reason:
		return nil, fmt.Errorf("start the Temporal services: %w", err)
	}
}
