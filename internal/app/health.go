package app

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"go.temporal.io/sdk/client"
	"go.uber.org/zap"
)

// healthPatience is how long a worker waits for ledger and Temporal when it is asked
// how it is.
const healthPatience = 2 * time.Second

// answerHealth answers until ctx ends whether the worker can work. Without a configured
// address it does nothing.
func (h *house) answerHealth(ctx context.Context, fatal chan<- error) error {
	if h.cfg.WorkerListen == "" {
		return nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", h.cfg.WorkerListen)
	if err != nil {
		return fmt.Errorf("answer on %s (worker_listen) whether the worker can work: %w", h.cfg.WorkerListen, err)
	}
	server := &http.Server{Handler: h.health(), ReadHeaderTimeout: healthPatience, WriteTimeout: 2 * healthPatience, MaxHeaderBytes: 8 << 10}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	go func() {
		if err := ignoreClosed(server.Serve(listener)); err != nil {
			report(fatal, fmt.Errorf("answer on %s: %w", h.cfg.WorkerListen, err))
		}
	}()
	h.log.Info("the worker answers whether it can work", zap.String("address", listener.Addr().String()))
	return nil
}

// health answers 200 while both the ledger and Temporal answer.
func (h *house) health() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, req *http.Request) {
		ctx, stop := context.WithTimeout(req.Context(), healthPatience)
		defer stop()
		if err := h.ledger.Ping(ctx); err != nil {
			http.Error(w, "the ledger does not answer", http.StatusServiceUnavailable)
			return
		}
		if _, err := h.temporal.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
			http.Error(w, "Temporal does not answer", http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "ok\n")
	})
	return mux
}
