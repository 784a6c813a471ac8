package e2e

import (
	"context"
	"slices"

	"returnbridge/config"
	"returnbridge/internal/app"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
	"returnbridge/local/demo"
	"returnbridge/local/returngosandbox"
	"returnbridge/local/tiktoksandbox"
)

// What concerns a whole shop: its brakes, its authorisation, its platforms. Each of
// these stories but the last has a shop of its own.
var storiesOfShops = []story{
	{returns.LargeRefund, many, false, (*tale).largeRefund},
	{returns.RefundLimit, many, false, (*tale).refundLimit},
	{returns.ActionStopped, many, false, (*tale).actionStopped},
	{returns.PlatformUnreachable, many, false, (*tale).platformUnreachable},
	{returns.NotAuthorised, many, false, (*tale).notAuthorised},
	{returns.CallsRunShort, many, false, (*tale).callsRunShort},
	{returns.RecordUnreadable, many, false, (*tale).recordUnreadable},
	{returns.WebhooksRefused, many, false, (*tale).webhooksRefused},
	{returns.EventsQuiet, quiet, false, (*tale).eventsQuiet},
	{returns.AuthorisationEnds, many, false, (*tale).authorisationEnds},
}

func (k *tale) largeRefund() {
	s := k.buysIn(k.at("large"), 1)
	s.returnsByPost(s.price("0"))
	k.opened(s.ref(), s.worth("0"))
	k.says(s.ref(), returns.AnswerPay)
	s.untilClosed()
	s.wantPaid(s.price("0"))
}

// The day's one refund is made, and a second one waits.
func (k *tale) refundLimit() {
	at, of := k.at("limited"), k.shopRef("limited", returns.TikTok)
	first, second := k.buysIn(at, 1), k.buysIn(at, 1)
	first.returnsByPost(first.price("0"))
	first.untilClosed()
	second.returnsByPost(second.price("0"))
	k.opened(of, "")
	second.wantUnpaid("above the limit")
	k.starter("resolve", "limited", "--exception", string(k.kind), "--answer", string(returns.AnswerLiftToday), "--who", somebody, "--why", "a busy day")
	k.closes(of, string(returns.AnswerLiftToday))
	second.untilClosed()
	second.wantPaid(second.price("0"))
}

func (k *tale) actionStopped() {
	of := k.shopRef("stopped", returns.TikTok)
	k.starter("stop", "stopped", string(returns.ActionRefund), "--who", somebody, "--why", "stocktaking")
	k.opened(of, "")
	s := k.buysIn(k.at("stopped"), 1)
	s.returnsByPost(s.price("0"))
	s.untilHeld()
	s.wantUnpaid("stopped")
	k.starter("start", "stopped", string(returns.ActionRefund), "--who", somebody, "--why", "all is counted")
	k.closes(of, healed)
	s.untilClosed()
	s.wantPaid(s.price("0"))
}

// untilHeld waits until the return is settling, and holds still.
func (s *shopper) untilHeld() {
	s.t.Helper()
	s.until("the inspection is seen", func() bool {
		rma, _ := s.ReturnGO.RMA(s.rmaID)
		return rma.Status == returngosandbox.Validated && s.status(s.id()) != 0
	})
	s.afterSweep()
}

// TikTok answers nothing that concerns the shop.
func (k *tale) platformUnreachable() {
	at, of := k.shops["down"], k.shopRef("down", returns.TikTok)
	k.tiktokFault(tiktoksandbox.Fault{Kind: tiktoksandbox.FaultUnavailable, Count: -1, About: at.cipher})
	k.opened(of, "")
	k.TikTok.ClearFaultsAbout(at.cipher)
	k.closes(of, healed)
}

func (k *tale) notAuthorised() {
	at, of := k.shops["withdrawn"], k.shopRef("withdrawn", returns.TikTok)
	k.hearsOfWithdrawals(at)
	k.must(k.TikTok.Deauthorize(at.tiktok))
	k.opened(of, "")
	k.reauthorises(at)
	k.closes(of, healed)
}

// hearsOfWithdrawals registers TikTok's event of a withdrawn authorisation, as
// "starter webhooks sync" does.
func (k *tale) hearsOfWithdrawals(at *otherShop) {
	k.t.Helper()
	c := k.Config.TikTok
	client, err := tiktokshop.New(tiktokshop.Options{BaseURL: c.BaseURL, AuthURL: c.AuthURL, AppKey: c.AppKey, AppSecret: c.AppSecret})
	k.must(err)
	i := slices.IndexFunc(k.Config.Shops, func(s config.Shop) bool { return s.Name == at.name })
	shop := client.Shop(func(context.Context) (tiktokshop.Access, error) {
		return tiktokshop.Access{Token: k.Config.Shops[i].AccessToken, Cipher: at.cipher}, nil
	})
	k.must(shop.SetWebhook(k.t.Context(), tiktokshop.SellerDeauthorization, "http://"+k.Config.Listen+app.PathTikTok))
}

// The key has few calls a day. It goes on at midnight.
func (k *tale) callsRunShort() { k.opened(k.shopRef("short", returns.ReturnGO), "") }

// ReturnGO lists a transaction in a form that cannot be read.
func (k *tale) recordUnreadable() {
	at, of := k.at("unread"), k.shopRef("unread", returns.ReturnGO)
	s := k.buysIn(at, 1)
	k.must(k.ReturnGO.AddFault(returngosandbox.Fault{Endpoint: "transactions/list", Kind: returngosandbox.FaultUnknownEnum, Field: "createdAt", Count: -1, About: at.store}))
	s.opensRMA()
	s.authorised(s.price("0"))
	k.opened(of, "")
	k.ReturnGO.ClearFaultsAbout(at.store)
	k.closes(of, healed)
}

// Somebody sends events in TikTok's name, or the secret is wrong.
func (k *tale) webhooksRefused() {
	at := k.at("forged")
	for range 3 {
		k.must(k.TikTok.Notify(tiktoksandbox.Notice{ShopID: at.tiktok, URL: "http://" + k.Config.Listen + app.PathTikTok, Topic: topicReturnStatus,
			Data: map[string]any{"return_id": "4030000079999999998"}, WrongSignature: true}))
	}
	k.opened(k.shopRef(at.name, returns.TikTok), "")
}

// Sweeps find an RMA, and no event ever tells of one.
func (k *tale) eventsQuiet() {
	of := k.shopRef(demo.ShopName, returns.ReturnGO)
	k.buys(1).opensRMA()
	k.opened(of, "")
	k.ReturnGO.SetWebhookFaults(returngosandbox.WebhookFaults{})
	k.buys(1).opensRMA()
	k.closes(of, healed)
}

// A sandbox's year is some hours, so that every authorisation ends soon.
func (k *tale) authorisationEnds() { k.opened(k.shopRef(demo.ShopName, returns.TikTok), "") }
