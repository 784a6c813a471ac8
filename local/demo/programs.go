package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.uber.org/zap"

	"returnbridge/config"
	"returnbridge/internal/app"
)

// program is worker or starter, run as its main would.
type program struct {
	name  string
	stop  context.CancelFunc
	ended chan error
}

func (h *House) start(ctx context.Context, name string, run func(context.Context, *config.Config, app.Deps) error) *program {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	p := &program{name: name, stop: stop, ended: make(chan error, 1)}
	go func() { p.ended <- run(ctx, h.Config, h.deps()) }()
	return p
}

func (h *House) deps() app.Deps {
	return app.Deps{Temporal: h.Client, Namespace: h.Server.Namespace(), Log: h.log}
}

func (h *House) end(p *program) {
	if p == nil {
		return
	}
	p.stop()
	if err := <-p.ended; err != nil {
		h.log.Error("a program failed", zap.String("program", p.name), zap.Error(err))
	}
}

// StartWorker runs the worker.
func (h *House) StartWorker(ctx context.Context) { h.worker = h.start(ctx, "worker", app.Worker) }

// StopWorker ends the worker, if it runs in this process.
func (h *House) StopWorker() {
	h.end(h.worker)
	h.worker = nil
}

// StartStarter runs the starter and waits until it receives.
func (h *House) StartStarter(ctx context.Context) error {
	h.starter = h.start(ctx, "starter", app.Serve)
	return h.waitForReceiver(ctx)
}

// StopStarter ends the starter: events find nobody.
func (h *House) StopStarter() {
	h.end(h.starter)
	h.starter = nil
}

// waitForReceiver waits until the starter answers, or has failed.
func (h *House) waitForReceiver(ctx context.Context) error {
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-h.starter.ended:
			h.starter = nil
			return fmt.Errorf("the starter stopped at once: %w", errors.Join(err, ctx.Err()))
		case <-deadline:
			return errors.New("the starter does not answer")
		case <-tick.C:
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.receiver()+"/healthz", nil)
			if err != nil {
				return err
			}
			if resp, err := http.DefaultClient.Do(req); err == nil {
				_ = resp.Body.Close()
				return nil
			}
		}
	}
}

func behind(around func(http.Handler) http.Handler, platform http.Handler) http.Handler {
	if around == nil {
		return platform
	}
	return around(platform)
}

// The house's one shop by its names, and where its warehouse inspects.
const (
	ShopName = shopName
	ShopID   = tiktokShopID
	SellerID = sellerID
	Store    = store
	Location = location
)

// Product is one product of the catalogue: one SKU, kept in two warehouses.
type Product struct{ ID, SKU, SellerSKU, Price string }

// Products are the catalogue.
func (h *House) Products() []Product {
	var all []Product
	for _, p := range h.products {
		all = append(all, Product{p.id, p.sku, p.sellerSKU, p.price})
	}
	return all
}

// Warehouse is the sales warehouse that the shop restocks into.
func (h *House) Warehouse() string { return h.warehouse }
