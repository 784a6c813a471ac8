// Package demo runs the whole house on one machine: an embedded Temporal server,
// sandboxes of both platforms, worker and starter, and a population of shoppers
// and staff whose returns it carries. Its figures come from the sandboxes' books
// and from the server, never from the integration's opinion of itself.
package demo

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.uber.org/zap"
	"go.uber.org/zap/exp/zapslog"

	"log/slog"

	"returnbridge/config"
	"returnbridge/internal/ledger"
	"returnbridge/local/devserver"
	"returnbridge/local/returngosandbox"
	"returnbridge/local/tiktoksandbox"
)

// The demo's one shop, and what its two platforms call it.
const (
	shopName     = "demo-gb"
	tiktokShopID = "7490000000000000001"
	sellerID     = "7010000000000000001"
	store        = "demo.myshopify.com"
	apiKey       = "demo-returngo-key"
	webhookToken = "demo-webhook-token-0123456789abcdef"
	location     = "wh-1" // where the warehouse inspects
)

// factor shortens every period of the sandboxes: 48 hours become 48 seconds.
const factor = 1.0 / 3600

// HouseOptions say where the house keeps its data.
type HouseOptions struct {
	Dir       string // ledger, and Temporal's database if Persist
	Persist   bool   // keep Temporal in a file instead of in memory
	UIPort    int    // 0: a free one; devserver.NoUI: none
	Frontend  int
	Seed      uint64
	Log       *zap.Logger
	NoWorker  bool // workers run elsewhere
	NoStarter bool // starters run elsewhere, behind Config.Listen

	Patience     time.Duration                   // of a shopper in one wait; 0: 90 s
	Interceptors []interceptor.ClientInterceptor // of everything in this process that talks to Temporal

	PeriodFactor   float64                         // of the platforms' periods; 0: one hour is a second
	Configure      func(*config.Config)            // changes the merchant's configuration before anything reads it
	MoreShops      func(*House) error              // adds shops to the platforms and to the configuration
	AroundTikTok   func(http.Handler) http.Handler // stands before the platform, to see or hold back calls
	AroundReturnGO func(http.Handler) http.Handler
}

// House is everything that runs.
type House struct {
	Server   *devserver.Server
	TikTok   *tiktoksandbox.Sandbox
	ReturnGO *returngosandbox.Sandbox
	Client   client.Client
	Config   *config.Config

	warehouse string
	products  []product
	web       []*httptest.Server
	worker    *program
	starter   *program
	log       *zap.Logger
	books     *ledger.Ledger
	temporal  devserver.Options
	forgot    bool // the server was restarted without a file
	patience  time.Duration
	last      *played
}

type product struct{ id, sku, sellerSKU, price string }

// Open starts the house. Close it when done.
func Open(ctx context.Context, o HouseOptions) (_ *House, err error) {
	h := &House{log: o.Log, patience: cmp.Or(o.Patience, patience)}
	defer func() {
		if err != nil {
			h.Close()
		}
	}()
	if err := h.openTemporal(ctx, o); err != nil {
		return nil, fmt.Errorf("temporal: %w", err)
	}
	access, refresh, err := h.openPlatforms(o)
	if err != nil {
		return nil, err
	}
	if err := h.configure(o, access, refresh); err != nil {
		return nil, err
	}
	if !o.NoStarter {
		if err := h.StartStarter(ctx); err != nil {
			return nil, err
		}
	}
	if !o.NoWorker {
		h.StartWorker(ctx)
	}
	return h, h.registerWebhooks(ctx)
}

func (h *House) openTemporal(ctx context.Context, o HouseOptions) (err error) {
	h.temporal = devserver.Options{UIPort: o.UIPort, FrontendPort: o.Frontend, Logger: o.Log.Named("temporal")}
	if o.Persist {
		h.temporal.DatabaseFile = filepath.Join(o.Dir, "temporal-1.32.db")
	}
	if h.Server, err = devserver.Start(ctx, h.temporal); err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(h.Server.Address())
	if err != nil {
		return err
	}
	if h.temporal.FrontendPort, err = strconv.Atoi(port); err != nil { // a restarted one is found where it was
		return err
	}
	h.Client, err = client.DialContext(ctx, client.Options{HostPort: h.Server.Address(), Namespace: h.Server.Namespace(), Logger: sdkLogger(o.Log), Interceptors: o.Interceptors})
	return err
}

// RestartTemporal stops the server under everything that runs and starts it at
// the same address: on its file, if it has one; else it has forgotten all.
func (h *House) RestartTemporal(ctx context.Context) (err error) {
	h.Server.Stop()
	h.forgot = h.forgot || h.temporal.DatabaseFile == ""
	h.Server, err = devserver.Start(ctx, h.temporal)
	return err
}

// RestoreLedger puts a backup in the place of the ledger's file, with nothing
// running on it.
func (h *House) RestoreLedger(ctx context.Context, backup string) error {
	h.StopWorker()
	h.StopStarter()
	if h.books != nil {
		if err := h.books.Close(); err != nil {
			return err
		}
		h.books = nil
	}
	for _, beside := range []string{"-wal", "-shm"} {
		if err := os.Remove(h.Config.Ledger + beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := os.Rename(backup, h.Config.Ledger); err != nil {
		return err
	}
	if err := h.StartStarter(ctx); err != nil {
		return err
	}
	h.StartWorker(ctx)
	return nil
}

func sdkLogger(z *zap.Logger) log.Logger {
	return log.NewStructuredLogger(slog.New(zapslog.NewHandler(z.Named("sdk").Core())))
}

// openPlatforms starts both sandboxes and fills a small catalogue.
func (h *House) openPlatforms(o HouseOptions) (access, refresh string, err error) {
	periods := cmp.Or(o.PeriodFactor, factor)
	h.TikTok = tiktoksandbox.New(tiktoksandbox.Options{PeriodFactor: periods, Seed: o.Seed})
	h.ReturnGO = returngosandbox.New(returngosandbox.Options{PeriodFactor: periods, Seed: o.Seed})
	h.web = append(h.web, httptest.NewServer(behind(o.AroundTikTok, h.TikTok.Handler())), httptest.NewServer(behind(o.AroundReturnGO, h.ReturnGO.Handler())))
	access, refresh = h.TikTok.AddShop(tiktoksandbox.Shop{ID: tiktokShopID, SellerID: sellerID, Name: "Demo GB", Region: "GB", Cipher: "GCP_demo0001", Currency: "GBP"})
	if h.warehouse, err = h.TikTok.AddWarehouse(tiktoksandbox.Warehouse{Name: "Hull", ShopID: tiktokShopID, Default: true}); err != nil {
		return "", "", fmt.Errorf("sandbox: %w", err)
	}
	second, err := h.TikTok.AddWarehouse(tiktoksandbox.Warehouse{Name: "Leeds", ShopID: tiktokShopID})
	if err != nil {
		return "", "", fmt.Errorf("sandbox: %w", err)
	}
	for i := range 12 {
		p := product{sellerSKU: fmt.Sprintf("TEE-%02d", i+1), price: fmt.Sprintf("%d.99", 9+3*i)}
		id, skus, err := h.TikTok.AddProduct(tiktoksandbox.Product{Title: "Tee " + p.sellerSKU, ShopID: tiktokShopID, SKUs: []tiktoksandbox.SKU{
			{SellerSKU: p.sellerSKU, Price: p.price, Stock: map[string]int{h.warehouse: 100, second: 20}},
		}})
		if err != nil {
			return "", "", fmt.Errorf("sandbox: %w", err)
		}
		p.id, p.sku = id, skus[0]
		h.products = append(h.products, p)
	}
	h.ReturnGO.AddKey(apiKey, store)
	h.web = append(h.web, httptest.NewServer(http.HandlerFunc(printLabel)))
	return access, refresh, nil
}

// printLabel is the carrier who makes ReturnGO's labels.
func printLabel(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/pdf")
	_, _ = fmt.Fprintf(w, "%%PDF-1.4\n%% %s\n", r.URL.Path)
}

// labelAddress is where an RMA's label lies.
func (h *House) labelAddress(rmaID string) string { return h.web[2].URL + "/" + rmaID + ".pdf" }

// asked counts the ports that were asked for.
var asked atomic.Int64

// FreeAddress is an address on this machine for a server that starts later. Its
// port is none that systems lend to clients (32768 and above): between now and then
// an outgoing connection would take it.
func FreeAddress() (string, error) {
	for range 1000 {
		port := 20_000 + (int64(os.Getpid())*97+asked.Add(1))%10_000 // other processes begin elsewhere
		address := fmt.Sprintf("127.0.0.1:%d", port)
		if l, err := net.Listen("tcp", address); err == nil {
			return address, l.Close()
		}
	}
	return "", errors.New("no free port between 20000 and 30000")
}

// configure writes what a merchant's configuration file would say. Periods are
// short, clocks are real; the shortest stays well above a step's latency.
func (h *House) configure(o HouseOptions, access, refresh string) error {
	seal := make([]byte, 32)
	if _, err := rand.Read(seal); err != nil {
		return fmt.Errorf("seal key: %w", err)
	}
	listen, err := FreeAddress()
	if err != nil {
		return err
	}
	h.Config = &config.Config{
		Ledger: filepath.Join(o.Dir, "ledger.db"), SealKey: base64.StdEncoding.EncodeToString(seal), Listen: listen, LogLevel: "warn",
		TikTok:   config.TikTok{BaseURL: h.web[0].URL, AuthURL: h.web[0].URL, AppKey: "demo_key", AppSecret: "demo_secret"},
		ReturnGO: []config.ReturnGOKey{{Name: "demo", BaseURL: h.web[1].URL, APIKey: apiKey, CallsPerDay: 100_000}},
		Shops: []config.Shop{{
			Name: shopName, TikTokShopID: tiktokShopID, Region: "GB", AccessToken: access, RefreshToken: refresh,
			ReturnGOKey: "demo", ReturnGOStore: store, WebhookToken: webhookToken,
			Link:        config.Link{OrderNamePattern: `\d{15,20}`},
			Refund:      config.Refund{Gate: "validated", NotRestockable: "ask", Reasons: []config.Reason{{ReturnGO: portalWords, TikTok: "ecom_order_delivered_refund_reason_not_match_description_seller_uk"}}},
			OpenReturns: []config.Reason{{ReturnGO: damagedWords, TikTok: "ecom_order_delivered_refund_and_return_reason_damaged_seller_uk"}},
			Restock:     config.Restock{Writer: "us", Warehouses: []config.Warehouse{{Location: location, TikTok: h.warehouse}}},
			Switches:    config.Switches{Register: true, Refund: true, Restock: true, WriteBack: true},
		}},
		Pace:   config.Pace{TikTok: 500, Stock: 500, ReturnGO: 500},
		Notify: config.Notify{PerHour: 20, EscalateAfter: 24 * time.Hour, DigestAt: "07:00"}, // to nobody
		Periods: config.Periods{
			HTTPTimeout: 3 * time.Second, ClockSkew: time.Second, RelayWindow: 200 * time.Millisecond, RelayTakeover: 5 * time.Second,
			SettleWindow: 3 * time.Second, MoneyWait: 5 * time.Second, DeadlineWarning: 12 * time.Second, RMAWait: 15 * time.Second,
			NotShipped: time.Minute, InspectionOverdue: 30 * time.Second, InspectedTooLong: 10 * time.Second,
			OrderCloses: 10 * time.Minute, OrderClosingAlert: 2 * time.Minute, CreateSettle: 4 * time.Second, KeyLifetime: 10 * time.Minute,
			TroubleRetry: 5 * time.Second, NotShown: time.Minute, ProofWait: 3 * time.Second, SweepReturnGO: 10 * time.Second, SweepReturnGOOpen: 10 * time.Second, SweepTikTok: 10 * time.Second, EventsQuiet: time.Hour,
			InboxKept: 30 * 24 * time.Hour, RefreshToken: 20 * time.Second, RefreshAhead: time.Minute,
		},
	}
	if o.Configure != nil {
		o.Configure(h.Config)
	}
	if o.MoreShops != nil {
		if err := o.MoreShops(h); err != nil {
			return err
		}
	}
	if problems := h.Config.Problems(); len(problems) > 0 {
		return fmt.Errorf("the demo's own configuration: %v", problems)
	}
	return nil
}

func (h *House) receiver() string { return "http://" + h.Config.Listen }

// Close stops everything, workers first.
func (h *House) Close() {
	h.StopWorker()
	h.StopStarter()
	if h.TikTok != nil {
		h.TikTok.Close()
		h.ReturnGO.Close()
	}
	for _, w := range h.web {
		w.Close()
	}
	if h.books != nil {
		_ = h.books.Close()
	}
	if h.Client != nil {
		h.Client.Close()
	}
	if h.Server != nil {
		h.Server.Stop()
	}
}

// ReadLedger looks into the ledger beside worker and starter.
func (h *House) ReadLedger(ctx context.Context, read func(*ledger.Tx) error) error {
	if h.books == nil {
		l, err := ledger.Open(ctx, h.Config.Ledger, time.Now)
		if err != nil {
			return err
		}
		h.books = l
	}
	return h.books.Read(ctx, read)
}

// Count asks the server how many workflows match a query.
func (h *House) Count(ctx context.Context, query string) (int64, error) {
	resp, err := h.Client.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: query})
	if err != nil {
		return 0, fmt.Errorf("count workflows: %w", err)
	}
	return resp.GetCount(), nil
}
