package e2e

import (
	"slices"
	"strings"
	"time"

	"returnbridge/internal/app"
	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
	"returnbridge/local/demo"
	"returnbridge/local/returngosandbox"
	"returnbridge/local/tiktoksandbox"
)

// What a platform refuses to show, shows no more, or not yet.
var storiesOfReads = []story{
	{returns.PlatformRefused, calm, true, (*tale).platformRefused},
	{returns.RMAVanished, calm, false, (*tale).rmaVanished},
	{returns.TikTokVanished, calm, false, (*tale).tiktokVanished},
	{returns.ReadsLag, calm, false, (*tale).readsLag},
	{returns.EventNotShown, calm, false, (*tale).eventNotShown},
	{returns.WriteNotShown, slow, false, (*tale).writeNotShown},
	{returns.WorkflowStuck, strange, false, (*tale).workflowStuck},
}

func (k *tale) platformRefused() {
	s := k.buys(1)
	k.tiktokFault(tiktoksandbox.Fault{Endpoint: "orders/detail", Kind: tiktoksandbox.FaultCode, Code: 105005, Message: "Access denied.", Count: -1, About: s.orderID})
	s.opensRMA()
	k.opened(s.ref(), "")
	k.TikTok.ClearFaultsAbout(s.orderID)
	k.closes(s.ref(), healed)
}

func (k *tale) rmaVanished() {
	s := k.buys(1)
	s.comesByPost()
	s.waitsFor(returns.StageAwaitInspect)
	k.must(k.ReturnGO.AddFault(returngosandbox.Fault{Endpoint: "rma/get", Kind: "404", Count: -1, About: s.rmaID}))
	k.signal(s.id(), returns.Command{Name: returns.CommandRecheck, Who: somebody, Why: "the customer asks"})
	k.opened(s.ref(), s.worth("0"))
	k.ReturnGO.ClearFaultsAbout(s.rmaID)
	k.closes(s.ref(), healed)
}

// TikTok tells of a return that no search finds. Nobody knows what it is about.
func (k *tale) tiktokVanished() {
	s := k.buys(1)
	s.tiktokReturnID = "4030000079999999999"
	k.must(k.TikTok.Notify(tiktoksandbox.Notice{ShopID: s.place.tiktok, URL: "http://" + k.Config.Listen + app.PathTikTok, Topic: topicReturnStatus, Data: map[string]any{
		"order_id": s.orderID, "return_id": s.tiktokReturnID, "return_type": returns.TypeReturnAndRefund, "return_status": returns.TikTokPending,
		"create_time": time.Now().Unix(), "update_time": time.Now().Unix(),
	}}))
	k.opened(s.clock(), "")
	k.says(s.clock(), returns.AnswerHandledManually)
}

// contradicted is a return of which the last event says that it was called off, and
// no read does. Its refund is authorised after that.
func (k *tale) contradicted() *shopper {
	k.t.Helper()
	s := k.buys(1)
	s.opensRMAWith(returngosandbox.ItemSpec{Reason: portalReason, RestockingFee: "2.00"})
	s.ships()
	s.arrives()
	s.inspected(1)
	s.untilAsked(returns.NoAuthorisedAmount)
	k.must(k.ReturnGO.Notify(returngosandbox.Notice{Event: "RMA_STATUS_UPDATED", RMAID: s.rmaID, Status: returngosandbox.Canceled}))
	k.until("the event was received", func() bool {
		return slices.ContainsFunc(k.ReturnGO.Deliveries(), func(d returngosandbox.Delivery) bool {
			return d.State == "delivered" && strings.Contains(d.Body, s.rmaID) && strings.Contains(d.Body, returngosandbox.Canceled)
		})
	})
	s.authorised(s.price("0"))
	return s
}

func (k *tale) readsLag() {
	s := k.contradicted()
	k.opened(s.ref(), "", returns.EventNotShown)
	s.wantUnpaid("the reads lag")
	k.saysTo(returns.EventNotShown, s.ref(), returns.AnswerGoByRead)
	k.closes(s.ref(), healed)
	s.untilClosed()
}

func (k *tale) eventNotShown() {
	s := k.contradicted()
	k.opened(s.ref(), "", returns.ReadsLag)
	k.says(s.ref(), returns.AnswerGoByRead)
	s.untilClosed()
	s.wantPaid(s.price("0"))
}

// TikTok takes the refund, and its search does not show it. IT hears of the slow
// search as well, once for the shop.
func (k *tale) writeNotShown() {
	s := k.buys(1)
	s.returnsByPost(s.price("0"))
	k.opened(s.ref(), s.worth("0"))
	k.about = append(k.about, ledger.ReturnRef{Shop: demo.ShopName, Key: returns.ShopKey(returns.TikTok)})
	k.TikTok.SetSearchLag(0)
	k.closes(s.ref(), healed)
	s.untilClosed()
	s.wantPaid(s.price("0"))
}

// Another program's worker begins the return in a way that ours cannot carry on.
func (k *tale) workflowStuck() {
	s := k.buys(1)
	k.StopWorker()
	s.begunByAnother()
	k.StartWorker(k.t.Context())
	k.must(k.Client.SignalWorkflow(k.t.Context(), s.id(), "", messages.SignalNews, messages.News{}))
	k.opened(s.ref(), "")
	k.must(k.Client.TerminateWorkflow(k.t.Context(), s.id(), "", "stuck"))
	k.closes(s.ref(), healed)
}
