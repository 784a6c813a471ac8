package bench

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"returnbridge/internal/app"
	"returnbridge/internal/ledger"
	"returnbridge/local/demo"
)

// returnsTalkedOf is how many returns the webhooks are about: several events of
// each, as on a day with many parcels.
const returnsTalkedOf = 500

// webhooks sends so many a second to a real starter, in an open loop.
func (b *bench) webhooks(ctx context.Context) (Figure, error) {
	n := b.webhooksASec * b.webhookSeconds
	f := Figure{
		Title: "webhooks", Storage: "Temporal in memory, ledger in a SQLite file",
		How: fmt.Sprintf("a real starter without a worker beside it; %d webhooks a second for %d s, by turns ReturnGO's and TikTok's signed ones, about %d returns, sent by the clock whether or not the ones before were answered. The time of an answer counts from when its webhook was due. "+
			"Lost: what was answered with 200 and has no row of its own in the inbox.", b.webhooksASec, b.webhookSeconds, returnsTalkedOf),
	}
	h, err := b.open(ctx, "webhooks", demo.HouseOptions{NoWorker: true})
	if err != nil {
		return f, err
	}
	defer h.Close()
	sent := b.send(ctx, h, n)
	rows := 0
	err = h.ReadLedger(ctx, func(tx *ledger.Tx) error {
		counts, err := tx.EventCounts(ctx, demo.ShopName)
		for _, c := range counts {
			rows += c.Events
		}
		return err
	})
	if err != nil {
		return f, fmt.Errorf("inbox: %w", err)
	}
	sentAll := time.Now()
	if err := until(ctx, "every event relayed", func() (bool, error) { return relayed(ctx, h) }); err != nil {
		return f, err
	}
	f.add(
		plain("webhooks sent", float64(n), "webhooks"),
		plain("sent a second, as it came out", float64(n)/sent.took.Seconds(), "/s"),
		atLeast(plain("accepted with 200", float64(sent.accepted), "webhooks"), float64(n)),
		atMost(plain("accepted and not in the inbox", float64(sent.accepted-rows), "webhooks"), 0),
		plain("answer, p50", quantile(sent.answers, 0.50), "ms"),
		plain("answer, p95", quantile(sent.answers, 0.95), "ms"),
		atMost(plain("answer, p99", quantile(sent.answers, 0.99), "ms"), 1000),
		plain("until the last was relayed, after the last was sent", time.Since(sentAll).Seconds(), "s"),
	)
	return f, nil
}

type salvo struct {
	accepted int
	answers  []time.Duration
	took     time.Duration
}

func (b *bench) send(ctx context.Context, h *demo.House, n int) salvo {
	var s salvo
	var mu sync.Mutex
	var flying sync.WaitGroup
	web := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 256}}
	defer web.CloseIdleConnections()
	began := time.Now()
	for i := range n {
		due := began.Add(time.Duration(i) * time.Second / time.Duration(b.webhooksASec))
		wait := time.NewTimer(time.Until(due))
		select {
		case <-ctx.Done():
		case <-wait.C:
		}
		flying.Go(func() {
			status := post(ctx, web, h, i)
			mu.Lock()
			defer mu.Unlock()
			s.answers = append(s.answers, time.Since(due))
			if status == http.StatusOK {
				s.accepted++
			}
		})
	}
	s.took = time.Since(began)
	flying.Wait()
	return s
}

// post sends the i-th webhook and gives the status of its answer, 0 without one.
func post(ctx context.Context, web *http.Client, h *demo.House, i int) int {
	base, about := "http://"+h.Config.Listen, i%returnsTalkedOf
	address := app.ReturnGOAddress(base, demo.ShopName, h.Config.Shops[0].WebhookToken)
	body := fmt.Appendf(nil, `{"eventName":"RMA_STATUS_UPDATED","eventDate":"%s","rmaId":"%d","status":"Status %d","shopName":"%s"}`,
		time.Now().UTC().Format(time.RFC3339Nano), 800000+about, i, demo.Store)
	signature := ""
	if i%2 == 1 { // TikTok contract 3.2, 3.3
		address = base + app.PathTikTok
		body = fmt.Appendf(nil, `{"type":12,"tts_notification_id":"%d","shop_id":"%s","timestamp":%d,"data":{"order_id":"5760000000000%06d","return_id":"4030000000000%06d","return_status":"Status %d"}}`,
			7300000000000000000+i, demo.ShopID, time.Now().Unix(), about, about, i)
		mac := hmac.New(sha256.New, []byte(h.Config.TikTok.AppSecret))
		mac.Write([]byte(h.Config.TikTok.AppKey))
		mac.Write(body)
		signature = hex.EncodeToString(mac.Sum(nil))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", signature)
	resp, err := web.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}
