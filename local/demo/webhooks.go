package demo

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"returnbridge/config"
	"returnbridge/internal/app"
	"returnbridge/internal/returngo"
	"returnbridge/internal/tiktokshop"
)

// registerWebhooks tells both platforms where to send their events, by the same
// calls a merchant's IT would make.
func (h *House) registerWebhooks(ctx context.Context) error {
	tiktok, err := tiktokshop.New(tiktokshop.Options{BaseURL: h.web[0].URL, AuthURL: h.web[0].URL, AppKey: "demo_key", AppSecret: "demo_secret"})
	if err != nil {
		return err
	}
	for _, s := range h.Config.Shops {
		if err := h.registerShop(ctx, tiktok, s); err != nil {
			return fmt.Errorf("register webhooks of %s: %w", s.Name, err)
		}
	}
	for _, topic := range []int{67, 68} { // switched on in Partner Center only (T20)
		if err := h.TikTok.SubscribePartnerCenter(topic, h.receiver()+app.PathTikTok); err != nil {
			return fmt.Errorf("subscribe: %w", err)
		}
	}
	return nil
}

func (h *House) registerShop(ctx context.Context, tiktok *tiktokshop.Client, s config.Shop) error {
	shop := tiktok.Shop(func(context.Context) (tiktokshop.Access, error) {
		return tiktokshop.Access{Token: s.AccessToken, Cipher: cmp.Or(s.ShopCipher, "GCP_demo0001")}, nil
	})
	for _, topic := range []string{tiktokshop.ReturnStatusChange, tiktokshop.OrderStatusChange, tiktokshop.CancellationStatusChange} {
		if err := shop.SetWebhook(ctx, topic, h.receiver()+app.PathTikTok); err != nil {
			return err
		}
	}
	i := slices.IndexFunc(h.Config.ReturnGO, func(k config.ReturnGOKey) bool { return k.Name == s.ReturnGOKey })
	rg, err := returngo.New(returngo.Options{BaseURL: h.web[1].URL, APIKey: h.Config.ReturnGO[i].APIKey})
	if err != nil {
		return err
	}
	for _, event := range []string{"RMA_CREATED", "RMA_STATUS_UPDATED", "SHIPMENT_CREATED", "SHIPMENT_STATUS_UPDATED", "TRANSACTION_CREATED", "REFUND_CREATED"} {
		if _, err := rg.Shop(s.ReturnGOStore).AddWebhook(ctx, event, app.ReturnGOAddress(h.receiver(), s.Name, s.WebhookToken)); err != nil {
			return err
		}
	}
	return nil
}
