// Package devserver runs a Temporal server with its Web UI inside this process,
// so that a developer's machine needs nothing installed.
//
// It is for development and tests only: one machine, SQLite, no passwords, and
// reachable from this machine alone. It knows nothing of returns or shops.
package devserver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.temporal.io/server/temporal"
	"go.uber.org/zap"
)

const (
	// startTimeout bounds a start whose context has no earlier end. Half a
	// second is usual; a busy machine may need a few.
	startTimeout = time.Minute
	// stopTimeout bounds a stop. One to two seconds are usual.
	stopTimeout = 30 * time.Second
)

// Server is a running Temporal server. Stop it when you are done.
type Server struct {
	namespace, address, uiURL, metricsURL string

	logger   *zap.Logger
	hush     hush
	ports    *ports
	metrics  *metricsEndpoint
	services temporal.Server
	memory   *sql.DB // nil with a file
	ui       *webUI  // nil without UI

	stop sync.Once
}

// Start returns when clients can connect, the namespace and the search
// attributes exist and the Web UI answers. If any part fails, the parts before
// it are stopped again. ctx bounds the start alone; the server runs until Stop.
func Start(ctx context.Context, opts Options) (*Server, error) {
	opts = opts.withDefaults()
	if err := opts.validate(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout,
		fmt.Errorf("not ready after %s", startTimeout))
	defer cancel()

	s := &Server{namespace: opts.Namespace, logger: opts.Logger}
	if err := s.start(ctx, opts); err != nil {
		s.Stop()
		return nil, fmt.Errorf("development server: %w", err)
	}
	return s, nil
}

// start leaves in s what it has started, for Stop to take down.
func (s *Server) start(ctx context.Context, opts Options) (err error) {
	if s.ports, err = reservePorts(opts); err != nil {
		return err
	}
	s.nameAddresses()
	if s.metrics, err = startMetrics(s.ports.metrics); err != nil {
		return err
	}
	store, err := prepareDatabase(opts)
	if err != nil {
		return err
	}
	if s.memory, err = keepMemory(ctx, store); err != nil {
		return err
	}
	if err = context.Cause(ctx); err != nil {
		return err //nolint:wrapcheck // the caller's own reason
	}
	if err = s.ports.releaseServices(); err != nil {
		return fmt.Errorf("hand the ports to the Temporal services: %w", err)
	}
	s.services, err = startTemporal(opts, serverConfig(store, s.ports), s.ports, s.metrics, &s.hush)
	if err != nil {
		return err
	}
	if err = greet(ctx, s.address, opts); err != nil {
		return err
	}
	if s.ports.ui != nil {
		s.ui, err = startUI(ctx, s.ports.ui, s.address, s.namespace)
	}
	return err
}

func (s *Server) nameAddresses() {
	s.address = s.ports.frontend.Addr().String()
	s.metricsURL = "http://" + s.ports.metrics.Addr().String() + metricsPath
	if s.ports.ui != nil {
		s.uiURL = "http://" + s.ports.ui.Addr().String()
	}
}

// Stop ends everything Start has started and returns when it has ended, at most
// half a minute later. Stop your workers first: they would keep asking. A second
// call does nothing.
func (s *Server) Stop() {
	s.stop.Do(func() {
		s.hush.stopping.Store(true)
		if s.ui != nil {
			s.ui.stop()
		}
		if s.services != nil {
			if err := within(stopTimeout, s.services.Stop); err != nil {
				s.logger.Warn("development server did not stop cleanly", zap.Error(err))
			}
		}
		if s.metrics != nil {
			s.metrics.stop()
		}
		if s.ports != nil {
			s.ports.releaseAll()
		}
		if s.memory != nil {
			_ = s.memory.Close()
		}
	})
}

// within waits for f no longer than limit; an f that takes longer is left behind.
func within(limit time.Duration, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return errors.New("still stopping after " + limit.String())
	}
}

// Address is where clients and workers connect, as host:port.
func (s *Server) Address() string { return s.address }

// Namespace is the one Start made sure of.
func (s *Server) Namespace() string { return s.namespace }

// UIURL is the Web UI's address for a browser, empty without UI.
func (s *Server) UIURL() string { return s.uiURL }

// MetricsURL is the Prometheus endpoint.
func (s *Server) MetricsURL() string { return s.metricsURL }
