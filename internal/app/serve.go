package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/oklog/run"
	"go.uber.org/zap"
	"golang.org/x/net/netutil"

	"returnbridge/config"
)

// Serve runs the starter: it receives the platforms' events, relays them to the
// returns they concern, and keeps the schedules. The first part that stops
// stops all.
func Serve(ctx context.Context, cfg *config.Config, deps Deps) error {
	h, err := open(ctx, cfg, deps)
	if err != nil {
		return err
	}
	defer h.close()
	if err := h.prepareNamespace(ctx); err != nil {
		return err
	}
	if err := h.noteRestockSwitch(ctx); err != nil {
		return err
	}
	if err := createSchedules(ctx, h.temporal, cfg); err != nil {
		return err
	}
	relay := newRelay(h)
	listener, err := listenForWebhooks(ctx, cfg.Listen)
	if err != nil {
		return err
	}
	server := webServer(newReceiver(h, relay))
	var actors run.Group
	actors.Add(func() error { return ignoreClosed(server.Serve(listener)) }, func(error) { shutdown(server) }) //nolint:contextcheck // a calm end outlives the context that ended
	relayCtx, stopRelay := context.WithCancel(context.WithoutCancel(ctx))
	actors.Add(func() error { return relay.run(relayCtx) }, func(error) { stopRelay() })
	keepCtx, stopKeeping := context.WithCancel(ctx)
	actors.Add(func() error { return h.keepPrepared(keepCtx, prepareEvery, h.prepareWithSchedules) }, func(error) { stopKeeping() })
	watchCtx, stopWatching := context.WithCancel(ctx)
	actors.Add(func() error { return newWatchdog(h).run(watchCtx) }, func(error) { stopWatching() })
	h.log.Info("starter receiving", zap.String("address", listener.Addr().String()), zapShops(cfg))
	err = actors.Run()
	h.log.Info("starter stopped")
	return err //nolint:wrapcheck // each actor says what it is
}

// listenForWebhooks accepts so many connections at once, idle or not; further ones wait.
func listenForWebhooks(ctx context.Context, address string) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("receive webhooks on %s: %w", address, err)
	}
	return netutil.LimitListener(listener, maxConnections), nil
}

// webServer waits for nobody for long: who sends no more loses the connection.
func webServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 15 * time.Second, IdleTimeout: 30 * time.Second, MaxHeaderBytes: 32 << 10,
	}
}

// prepareWithSchedules makes sure that the namespace has all that a running starter
// needs there, and makes the schedules again that are missing.
func (h *house) prepareWithSchedules(ctx context.Context) error {
	if err := h.prepareNamespace(ctx); err != nil {
		return err
	}
	made, err := replaceSchedules(ctx, h.temporal, h.cfg)
	if len(made) > 0 && err == nil {
		h.log.Warn("schedules were missing in Temporal and are made again", zap.Strings("schedules", made))
	}
	return err
}

func shutdown(server *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_ = server.Shutdown(ctx)
}

func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
