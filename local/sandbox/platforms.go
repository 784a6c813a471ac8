package sandbox

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"returnbridge/internal/app"
	"returnbridge/local/returngosandbox"
	"returnbridge/local/tiktoksandbox"
)

// The one shop, and what its two platforms call it.
//
//nolint:gosec // made up, and printed
const (
	shopName  = "demo-gb"
	shopID    = "7490000000000000001"
	cipher    = "GCP_demo0001"
	store     = "demo.myshopify.com"
	apiKey    = "demo-returngo-key"
	appKey    = "demo_key"
	appSecret = "demo_secret"
	location  = "wh-1" // where the warehouse inspects
)

// platforms are both sandboxes, served.
type platforms struct {
	options                   Options
	tiktok                    *tiktoksandbox.Sandbox
	returngo                  *returngosandbox.Sandbox
	tiktokURL, returngoURL    string
	controlURL                string
	temporal, temporalUI      string // empty: none of ours
	accessToken, refreshToken string
	webhookToken, sealKey     string
	warehouse                 string
	products                  []product
	orders                    []order
	servers                   []*http.Server
	failed                    chan error
}

type product struct{ id, sku, sellerSKU, price string }

type order struct {
	id    string
	lines []string
	product
}

// open starts the platforms and seeds them. On an error
// nothing stays open.
func open(ctx context.Context, o Options) (_ *platforms, err error) {
	if o.Speed <= 0 {
		return nil, fmt.Errorf("speed %v: give a number above 0", o.Speed)
	}
	p := &platforms{options: o, failed: make(chan error, 3), webhookToken: hex.EncodeToString(random(32)), sealKey: base64.StdEncoding.EncodeToString(random(32))}
	world := tiktoksandbox.Options{AppKey: appKey, AppSecret: appSecret, PeriodFactor: 1 / o.Speed, Seed: o.Seed}
	if o.DevelopmentShop {
		world.HourlyCap = 1000
		world.SearchLag = time.Duration(o.Speed * float64(30*time.Second)) // real seconds, whatever the speed
	}
	p.tiktok = tiktoksandbox.New(world)
	p.returngo = returngosandbox.New(returngosandbox.Options{PeriodFactor: 1 / o.Speed, Seed: o.Seed})
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	controls := http.NewServeMux()
	controls.Handle("/tiktok/", http.StripPrefix("/tiktok", p.tiktok.ControlHandler()))
	controls.Handle("/returngo/", http.StripPrefix("/returngo", p.returngo.ControlHandler()))
	for _, one := range []struct {
		name string
		port int
		serv http.Handler
		url  *string
	}{
		{"tiktok-port", o.TikTokPort, p.tiktok.Handler(), &p.tiktokURL},
		{"returngo-port", o.ReturnGOPort, p.returngo.Handler(), &p.returngoURL},
		{"control-port", o.ControlPort, controls, &p.controlURL},
	} {
		if *one.url, err = p.serve(ctx, one.port, one.serv); err != nil {
			return nil, fmt.Errorf("--%s: %w", one.name, err)
		}
	}
	if err := p.fill(); err != nil {
		return nil, fmt.Errorf("seed: %w", err)
	}
	if o.Receiver == "" {
		return p, nil
	}
	return p, p.subscribe()
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

// serve listens on loopback only: the controls ask nobody for a password.
func (p *platforms) serve(ctx context.Context, port int, handler http.Handler) (url string, err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return "", fmt.Errorf("port %d: %w", port, err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	p.servers = append(p.servers, server)
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			p.failed <- err
		}
	}()
	return "http://" + listener.Addr().String(), nil
}

func (p *platforms) close() {
	for _, server := range p.servers {
		_ = server.Close() // whoever waits for a slow answer is cut off
	}
	p.tiktok.Close()
	p.returngo.Close()
}

// fill makes a shop with two sales warehouses, three products and a bundle.
func (p *platforms) fill() error {
	p.accessToken, p.refreshToken = p.tiktok.AddShop(tiktoksandbox.Shop{ID: shopID, Name: "Demo GB", Region: "GB", Cipher: cipher, Currency: "GBP"})
	p.returngo.AddKey(apiKey, store)
	var second string
	for _, one := range []struct {
		into *string
		w    tiktoksandbox.Warehouse
	}{{&p.warehouse, tiktoksandbox.Warehouse{Name: "Hull", ShopID: shopID, Default: true}}, {&second, tiktoksandbox.Warehouse{Name: "Leeds", ShopID: shopID}}} {
		var err error
		if *one.into, err = p.tiktok.AddWarehouse(one.w); err != nil {
			return fmt.Errorf("warehouse %s: %w", one.w.Name, err)
		}
	}
	for _, one := range []product{{sellerSKU: "MUG", price: "9.99"}, {sellerSKU: "POT", price: "14.99"}, {sellerSKU: "TEE", price: "19.99"}} {
		stock := map[string]int{p.warehouse: 100, second: 20}
		if err := p.addProduct(one, tiktoksandbox.SKU{SellerSKU: one.sellerSKU, Price: one.price, Stock: stock}); err != nil {
			return err
		}
	}
	parts := []tiktoksandbox.Part{{SKU: p.products[0].sku, Count: 2}, {SKU: p.products[1].sku, Count: 1}}
	if err := p.addProduct(product{sellerSKU: "TEA-SET", price: "29.99"}, tiktoksandbox.SKU{SellerSKU: "TEA-SET", Price: "29.99", Parts: parts}); err != nil {
		return err
	}
	for i := range p.options.Orders {
		if err := p.addOrder(i, p.products[i%len(p.products)]); err != nil {
			return err
		}
	}
	return nil
}

func (p *platforms) addProduct(one product, sku tiktoksandbox.SKU) error {
	id, skus, err := p.tiktok.AddProduct(tiktoksandbox.Product{Title: one.sellerSKU, ShopID: shopID, SKUs: []tiktoksandbox.SKU{sku}})
	if err != nil {
		return fmt.Errorf("product %s: %w", one.sellerSKU, err)
	}
	one.id, one.sku = id, skus[0]
	p.products = append(p.products, one)
	return nil
}

// addOrder makes a delivered order of the past that both platforms know.
func (p *platforms) addOrder(i int, bought product) error {
	id, err := p.tiktok.DeliveredOrder(tiktoksandbox.OrderSpec{ShopID: shopID, Warehouse: p.warehouse, KeepStock: true,
		Lines: []tiktoksandbox.OrderLine{{SKU: bought.sku}}})
	if err != nil {
		return fmt.Errorf("order: %w", err)
	}
	known, err := p.tiktok.Order(id)
	if err != nil {
		return fmt.Errorf("order: %w", err)
	}
	one := order{id: id, product: bought}
	for _, l := range known.Lines {
		one.lines = append(one.lines, l.ID)
	}
	p.orders = append(p.orders, one)
	if err := p.returngo.AddOrder(store, returngosandbox.Order{
		ID: "shop-" + id, Name: "#TT-" + id, Currency: "GBP", Fulfilled: true, CustomerID: strconv.Itoa(90000 + i),
		Lines: []returngosandbox.Line{{ID: "line-" + id, SKU: bought.sellerSKU, ProductName: bought.sellerSKU, Quantity: 1,
			UnitPrice: bought.price, UnitTax: "0", TaxIncluded: true}},
	}); err != nil {
		return fmt.Errorf("order %s at ReturnGO: %w", id, err)
	}
	return nil
}

// subscribe does what a person does in Partner Center, for no call can. All other
// webhooks are registered by `starter webhooks sync`.
func (p *platforms) subscribe() error {
	for _, topic := range []int{67, 68} {
		if err := p.tiktok.SubscribePartnerCenter(topic, p.options.Receiver+app.PathTikTok); err != nil {
			return fmt.Errorf("topic %d: %w", topic, err)
		}
	}
	return nil
}
