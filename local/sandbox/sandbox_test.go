package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/config"
	"returnbridge/internal/returngo"
	"returnbridge/internal/tiktokshop"
	"returnbridge/local/devserver"
	"returnbridge/local/tiktoksandbox"
)

func opened(t *testing.T, o Options) *platforms {
	t.Helper()
	p, err := open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(p.close)
	return p
}

// follow sends a printed line, with what earlier answers gave, and keeps what this
// answer gives.
func follow(t *testing.T, p *platforms, one try, known map[string]string) (int, string) {
	t.Helper()
	parts := regexp.MustCompile(`^curl -d '(.*)' (http\S+)$`).FindStringSubmatch(p.line(one))
	require.Len(t, parts, 3, p.line(one))
	body := parts[1]
	for placeholder, value := range known {
		body = strings.ReplaceAll(body, placeholder, value)
	}
	require.NotRegexp(t, `"[A-Z]+_ID"`, body, "nothing gave it")
	// curl -d sends a form's content type; the controls do not mind.
	response, err := http.Post(parts[2], "application/x-www-form-urlencoded", strings.NewReader(body))
	require.NoError(t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	for _, gives := range one.gives {
		placeholder, path, _ := strings.Cut(gives, "=")
		known[placeholder] = dig(t, content, path)
	}
	return response.StatusCode, string(content)
}

func dig(t *testing.T, content []byte, path string) string {
	t.Helper()
	var node any
	require.NoError(t, json.Unmarshal(content, &node))
	for step := range strings.SplitSeq(path, ".") {
		if i, err := strconv.Atoi(step); err == nil {
			node = node.([]any)[i]
		} else {
			node = node.(map[string]any)[step]
		}
	}
	require.NotEmpty(t, node)
	return node.(string)
}

// Every printed line works, one after the other, without a worker.
func TestEveryPrintedLineWorks(t *testing.T) {
	p := opened(t, Options{Speed: 60, Orders: 2})
	known := map[string]string{}
	for _, one := range p.tries() {
		status, content := follow(t, p, one, known)
		require.Equal(t, http.StatusOK, status, "%s: %s", p.line(one), content)
	}
	shown, err := p.tiktok.Return(known["RETURN_ID"])
	require.NoError(t, err)
	require.Equal(t, "BUYER_SHIPPED_ITEM", shown.Status)
	require.True(t, shown.Arrived)
}

func TestPrintedConfigurationLoads(t *testing.T) {
	for _, speed := range []float64{1, 60, 3600} {
		file := filepath.Join(t.TempDir(), "config.yaml")
		p := opened(t, Options{Speed: speed, Receiver: "http://127.0.0.1:8085"})
		require.NoError(t, os.WriteFile(file, []byte(p.config()), 0o600))
		c, err := config.Load(file)
		require.NoError(t, err)
		require.Equal(t, []string{"127.0.0.1:8085", "http://127.0.0.1:8085"}, []string{c.Listen, c.WebhookURL})
		require.Equal(t, p.tiktokURL, c.TikTok.BaseURL)
		require.Equal(t, 10*time.Second, c.Periods.HTTPTimeout, "short enough")
		require.Equal(t, time.Duration(float64(720*time.Hour)/speed), c.Periods.OrderCloses)
	}
}

// The credentials that are printed open both doors, and webhooks go where the
// starter receives.
func TestPrintedCredentialsAndWebhooks(t *testing.T) {
	p := opened(t, Options{Speed: 60, Orders: 3, Receiver: "http://127.0.0.1:1"})
	require.Contains(t, p.guide(), p.accessToken)
	client, err := tiktokshop.New(tiktokshop.Options{BaseURL: p.tiktokURL, AuthURL: p.tiktokURL, AppKey: appKey, AppSecret: appSecret})
	require.NoError(t, err)
	shop := client.Shop(func(context.Context) (tiktokshop.Access, error) {
		return tiktokshop.Access{Token: p.accessToken, Cipher: cipher}, nil
	})
	var ids []string
	for _, o := range p.orders {
		ids = append(ids, o.id)
	}
	orders, err := shop.Orders(t.Context(), ids...)
	require.NoError(t, err)
	require.Len(t, orders, 3)
	portal, err := returngo.New(returngo.Options{BaseURL: p.returngoURL, APIKey: apiKey})
	require.NoError(t, err)
	_, err = portal.Shop(store).Webhooks(t.Context())
	require.NoError(t, err)
	require.NoError(t, p.tiktok.AdjustStock(p.orders[0].sku, p.warehouse, 1, tiktoksandbox.CauseManual))
	told := p.tiktok.Deliveries()
	require.Len(t, told, 1)
	require.Equal(t, "http://127.0.0.1:1/webhooks/tiktok", told[0].Address)
}

func TestADevelopmentShopIsLimited(t *testing.T) {
	p := opened(t, Options{Speed: 60, Orders: 1, DevelopmentShop: true})
	client, err := tiktokshop.New(tiktokshop.Options{BaseURL: p.tiktokURL, AuthURL: p.tiktokURL, AppKey: appKey, AppSecret: appSecret})
	require.NoError(t, err)
	shop := client.Shop(func(context.Context) (tiktokshop.Access, error) {
		return tiktokshop.Access{Token: p.accessToken, Cipher: cipher}, nil
	})
	placed, err := p.tiktok.PlaceOrder(tiktoksandbox.OrderSpec{ShopID: shopID, Warehouse: p.warehouse, Lines: []tiktoksandbox.OrderLine{{SKU: p.products[0].sku}}})
	require.NoError(t, err)
	orders, _, err := shop.SearchOrders(t.Context(), tiktokshop.OrderFilter{}, tiktokshop.Page{})
	require.NoError(t, err)
	require.Len(t, orders, 1, "the order of days ago")
	require.NotEqual(t, placed, orders[0].ID, "made a moment ago, and not to be found yet")
	require.NoError(t, p.tiktok.SetRateLimit(tiktoksandbox.RateLimit{Endpoint: "webhooks/get", PerSecond: -1}))
	for range 2000 { // an hour may end meanwhile, not two
		if _, err = shop.Webhooks(t.Context()); err != nil {
			break
		}
	}
	require.ErrorContains(t, err, "36009037")
}

func TestRunEndsQuietly(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	var out bytes.Buffer
	ended := make(chan error, 1)
	file := filepath.Join(t.TempDir(), "config.yaml")
	go func() { ended <- run(ctx, &out, Options{Speed: 60, ConfigFile: file, UIPort: devserver.NoUI}) }()
	require.Eventually(t, func() bool { _, err := os.Stat(file); return err == nil }, 30*time.Second, time.Millisecond)
	stop()
	require.NoError(t, <-ended)
	require.Contains(t, out.String(), "give --seed-orders")
}

func TestABusyPortIsNamed(t *testing.T) {
	busy, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer busy.Close()
	_, err = open(t.Context(), Options{Speed: 60, ReturnGOPort: busy.Addr().(*net.TCPAddr).Port})
	require.ErrorContains(t, err, "--returngo-port")
	_, err = open(t.Context(), Options{})
	require.ErrorContains(t, err, "speed")
}
