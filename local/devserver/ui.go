package devserver

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/server_options"
)

// webUI is Temporal's own web page.
type webUI struct {
	server *server.Server
	done   chan struct{}
}

// startUI takes over the port of held and returns when the page is there. The UI
// server ends the process if the port is busy, hence the port is held until the
// last moment. Its connection to the frontend cannot be closed from outside and
// stays, idle, until the process ends.
func startUI(ctx context.Context, held net.Listener, frontend, namespace string) (*webUI, error) {
	cfg := &uiconfig.Config{
		Host:                host,
		Port:                portOf(held),
		TemporalGRPCAddress: frontend,
		DefaultNamespace:    namespace,
		EnableUI:            true,
		CORS:                uiconfig.CORS{CookieInsecure: true}, // plain HTTP on this machine
		HideLogs:            true,
		DisableNewsFetch:    true,
	}
	ui := &webUI{
		server: server.NewServer(server_options.WithConfigProvider(cfg)),
		done:   make(chan struct{}),
	}
	if err := held.Close(); err != nil {
		return nil, fmt.Errorf("hand the port to the Web UI: %w", err)
	}
	go func() {
		defer close(ui.done)
		_ = ui.server.Start()
	}()
	if err := waitForPage(ctx, "http://"+held.Addr().String()+"/healthz"); err != nil {
		ui.stop()
		return nil, fmt.Errorf("start the Web UI: %w", err)
	}
	return ui, nil
}

// stop frees the port.
func (u *webUI) stop() {
	u.server.Stop()
	<-u.done
}

// waitForPage asks until the page answers: the UI server has no word for "ready".
func waitForPage(ctx context.Context, url string) error {
	ask := time.NewTicker(10 * time.Millisecond)
	defer ask.Stop()
	for {
		err := get(ctx, url)
		if err == nil {
			return nil
		}
		select {
		case <-ask.C:
		case <-ctx.Done():
			return fmt.Errorf("%w (last answer: %w)", context.Cause(ctx), err)
		}
	}
}

func get(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("ask %s: %w", url, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err //nolint:wrapcheck // it names the method and the address
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, response.Status)
	}
	return nil
}
