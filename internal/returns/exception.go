package returns

import "slices"

// Kind names a sort of exception. It is the catalogue's key and the name of its page.
type Kind string

// Owner is the team that answers.
type Owner string

// The owners.
const (
	CX         Owner = "CX"
	Operations Owner = "Operations"
	Finance    Owner = "Finance"
	IT         Owner = "IT"
)

// Exception is something a person must know or decide. The rules say which are
// open; one that they no longer name has healed and closes itself.
type Exception struct {
	Kind     Kind   `json:"kind"`
	Owner    Owner  `json:"owner"`
	Sentence string `json:"sentence"` // what happened, in plain words, with the numbers
	Amount   Money  `json:"amount"`   // money at stake, if any
	// Subject is what it is about, where an answer must not speak for anything
	// else: a TikTok return, units joined by "+", or a platform.
	Subject string `json:"subject,omitempty"`
}

// Same reports whether two exceptions ask the same question: of one kind, about one
// subject.
func (e Exception) Same(o Exception) bool { return e.Kind == o.Kind && e.Subject == o.Subject }

// AnswerName is what a person can say to an exception.
type AnswerName string

// The answers (design section 7).
const (
	AnswerAcceptPayable   AnswerName = "accept-payable"   // pay what TikTok can pay, instead of the authorised value
	AnswerSetAmount       AnswerName = "set-amount"       // this is the authorised value
	AnswerHandledManually AnswerName = "handled-manually" // a person did it; reference beside
	AnswerDoNotRefund     AnswerName = "do-not-refund"
	AnswerSkipRestock     AnswerName = "skip-restock"
	AnswerRetry           AnswerName = "retry" // after a definite refusal: once more, as a new effect
	AnswerNotOurs         AnswerName = "not-ours"
	AnswerAcknowledge     AnswerName = "acknowledge"
	AnswerPayRest         AnswerName = "pay-rest"       // pay what is missing up to the authorised value
	AnswerRestockNow      AnswerName = "restock-now"    // it is not in stock: put it there
	AnswerGoByRead        AnswerName = "go-by-read"     // the event is wrong or out of date: go on with what the platform shows
	AnswerLiftToday       AnswerName = "lift-for-today" // let refunds go on until the day (UTC) is over
	AnswerPay             AnswerName = "pay"            // pay exactly the amount that was shown
)

// Entry is one kind of exception in the catalogue.
type Entry struct {
	Owner   Owner
	Meaning string       // what it says, in plain words
	Silence string       // what it costs if nobody answers
	Answers []AnswerName // what a person can say; none means it closes itself only
}

// The kinds of exception.
const (
	UnlinkedOrder       Kind = "unlinked-order"
	SKUNotInOrder       Kind = "sku-not-in-order"
	UnitMismatch        Kind = "unit-mismatch"
	BundleWithoutRule   Kind = "bundle-without-rule"
	ResolutionNotRefund Kind = "resolution-not-refund"
	NoAuthorisedAmount  Kind = "no-authorised-amount"
	AuthorisedTwice     Kind = "authorised-twice"
	PaidInReturnGO      Kind = "paid-in-returngo"
	RefundValueMismatch Kind = "refund-value-mismatch"
	ParcelMixed         Kind = "parcel-mixed"
	ParcelNotShipped    Kind = "parcel-here-not-shipped"
	NotPayable          Kind = "not-payable"
	ReasonUnmapped      Kind = "reason-unmapped"
	RefundDiffers       Kind = "refund-differs"
	PaidTwice           Kind = "paid-twice"
	ClosedParcelComing  Kind = "return-closed-parcel-coming"
	RefusedInReturnGO   Kind = "refused-in-returngo"
	RejectedOnTikTok    Kind = "rejected-on-tiktok"
	ReversedAfterRefund Kind = "reversed-after-refund"
	UnknownStatus       Kind = "unknown-status"
	CurrencyMismatch    Kind = "currency-mismatch"
	FulfilledTikTok     Kind = "fulfilled-by-tiktok"
	WarehouseUnmapped   Kind = "warehouse-unmapped"
	StockUnproven       Kind = "stock-unproven"
	StockRefused        Kind = "stock-refused"
	StockOverstated     Kind = "stock-overstated"
	InspectedWhileOff   Kind = "inspected-while-off"
	SecondStockWriter   Kind = "second-stock-writer"
	NotShipped          Kind = "not-shipped"
	InspectionOverdue   Kind = "inspection-overdue"
	InspectedTooLong    Kind = "inspected-too-long"
	SellerDeadline      Kind = "seller-deadline"
	ReturnWithoutRMA    Kind = "return-without-rma"
	OrderClosing        Kind = "order-closing"
	EffectRefused       Kind = "effect-refused"
	OutcomeUnclear      Kind = "outcome-unclear"
	PlatformUnreachable Kind = "platform-unreachable"
	PlatformRefused     Kind = "platform-refused"
	NotAuthorised       Kind = "shop-not-authorised"
	AuthorisationEnds   Kind = "authorisation-ends"
	CallsRunShort       Kind = "calls-run-short"
	RecordUnreadable    Kind = "record-unreadable"
	TikTokReturnMissing Kind = "tiktok-return-missing"
	ParcelNotBookedIn   Kind = "parcel-not-booked-in"
	RefundWithoutParcel Kind = "refund-without-parcel"
	EventsQuiet         Kind = "events-quiet"
	WebhooksRefused     Kind = "webhooks-refused"
	WorkflowStuck       Kind = "workflow-stuck"
	NothingPayable      Kind = "nothing-payable"
	UnitsWithoutRMA     Kind = "units-without-rma"
	AmountUnusable      Kind = "amount-unusable"
	RMAVanished         Kind = "rma-vanished"
	TikTokVanished      Kind = "tiktok-return-vanished"
	ReadsLag            Kind = "reads-lag"
	EventNotShown       Kind = "event-not-shown"
	ActionStopped       Kind = "action-stopped"
	RefundLimit         Kind = "refund-limit"
	RefundContradicted  Kind = "refund-contradicted"
	RefusedWithRefund   Kind = "refused-with-refund"
	CaseInTheWay        Kind = "case-in-the-way"
	RefusedByPeople     Kind = "refused-by-people"
	NotRestockable      Kind = "not-restockable"
	LargeRefund         Kind = "large-refund"
	ReturnNotOpened     Kind = "return-not-opened"
	WriteNotShown       Kind = "write-not-shown"
	TransactionLeftOpen Kind = "transaction-left-open"
	AlertsFail          Kind = "alerts-fail"
)

// Catalogue says for each kind who owns it, what it means, what silence costs
// and what may be answered.
var Catalogue = map[Kind]Entry{
	UnlinkedOrder: {CX, "The RMA's order name leads to no TikTok order.",
		"Nothing is refunded or restocked; TikTok's own clock runs on unseen by this return.", []AnswerName{AnswerNotOurs, AnswerHandledManually}},
	SKUNotInOrder: {Operations, "The RMA names an item that the TikTok order does not contain.",
		"The whole return waits.", []AnswerName{AnswerHandledManually}},
	UnitMismatch: {CX, "More units of an item are coming back than the order still has.",
		"The whole return waits.", []AnswerName{AnswerHandledManually}},
	BundleWithoutRule: {Operations, "The item belongs to a bundle, and no rule says how its value and stock are shared.",
		"The whole return waits; TikTok's clock runs on.", []AnswerName{AnswerHandledManually}},
	ResolutionNotRefund: {CX, "ReturnGO promised something other than money back, which TikTok cannot carry out.",
		"If a TikTok return is open, TikTok pays by itself at its deadline: the customer may get both.", []AnswerName{AnswerDoNotRefund, AnswerHandledManually}},
	NoAuthorisedAmount: {Finance, "The unit passed, but ReturnGO has authorised no amount, and the expected one is not what TikTok would pay.",
		"The customer waits; with a TikTok return open TikTok pays its own amount at the deadline.", []AnswerName{AnswerAcceptPayable, AnswerSetAmount, AnswerDoNotRefund, AnswerHandledManually}},
	AmountUnusable: {Finance, "ReturnGO's transaction for this unit is over no amount that can be paid.",
		"The customer waits; with a TikTok return open TikTok pays its own amount at the deadline.", []AnswerName{AnswerSetAmount, AnswerDoNotRefund, AnswerHandledManually}},
	AuthorisedTwice: {Finance, "ReturnGO authorised two refunds for the same unit.",
		"Neither is paid.", []AnswerName{AnswerSetAmount, AnswerDoNotRefund, AnswerHandledManually}},
	PaidInReturnGO: {Finance, "ReturnGO says this unit was already refunded, and not by us.",
		"We pay nothing; if TikTok pays as well the customer is paid twice.", []AnswerName{AnswerDoNotRefund, AnswerHandledManually}},
	RefundValueMismatch: {Finance, "The authorised value is not what this TikTok return would pay.",
		"TikTok pays the full amount of its return at the deadline.", []AnswerName{AnswerAcceptPayable, AnswerDoNotRefund, AnswerHandledManually}},
	ParcelMixed: {CX, "Not every unit of this TikTok return is to be refunded, but TikTok decides on all of them at once.",
		"TikTok refunds all of them at the deadline.", []AnswerName{AnswerAcceptPayable, AnswerDoNotRefund, AnswerHandledManually}},
	UnitsWithoutRMA: {CX, "A TikTok return covers units that this RMA does not, and TikTok decides on all of them at once.",
		"TikTok refunds all of them at the deadline, also those that nobody authorised.", []AnswerName{AnswerDoNotRefund, AnswerHandledManually}},
	ParcelNotShipped: {CX, "The parcel is here, but TikTok still waits for the buyer to send it.",
		"TikTok closes its return as never sent, and the customer is not refunded.", []AnswerName{AnswerHandledManually}},
	NotPayable: {CX, "TikTok will not let us refund the authorised value.",
		"The customer was promised money that TikTok cannot pay.", []AnswerName{AnswerAcceptPayable, AnswerDoNotRefund, AnswerHandledManually}},
	NothingPayable: {CX, "TikTok pays nothing on this order any more, or lets the seller start no refund on it.",
		"The customer was promised money that has to be paid outside of TikTok.", []AnswerName{AnswerDoNotRefund, AnswerHandledManually}},
	ReasonUnmapped: {Operations, "A seller refund needs one of TikTok's reasons, and none is configured for this one.",
		"The refund waits.", []AnswerName{AnswerHandledManually}},
	RefundDiffers: {Finance, "TikTok paid another amount than ReturnGO authorised.",
		"The books do not agree.", []AnswerName{AnswerAcknowledge, AnswerPayRest}},
	PaidTwice: {Finance, "This unit was paid more than once.",
		"The money is gone unless the customer is asked for it.", []AnswerName{AnswerAcknowledge}},
	ClosedParcelComing: {CX, "TikTok closed its return while the parcel is on its way or here.",
		"The customer sent the goods and gets nothing.", []AnswerName{AnswerDoNotRefund, AnswerHandledManually}},
	RefusedInReturnGO: {CX, "ReturnGO refused this return, and TikTok still waits for our answer.",
		"TikTok approves by itself at the deadline.", []AnswerName{AnswerHandledManually}},
	RefusedByPeople: {CX, "A person decided not to refund this return, and TikTok still waits for our answer. Reject it in Seller Center, then answer handled-manually.",
		"TikTok approves it by itself at the deadline, against that decision.", []AnswerName{AnswerHandledManually}},
	RefundContradicted: {Finance, "ReturnGO holds an open refund for a unit that did not come back, whose TikTok return was cancelled before a parcel moved, or that a person decided not to refund. \"pay\" pays what ReturnGO authorises; for any other answer cancel the refund in ReturnGO.",
		"It is not paid, and stays open in ReturnGO.", []AnswerName{AnswerPay, AnswerDoNotRefund, AnswerHandledManually}},
	RefusedWithRefund: {Finance, "The RMA was refused in ReturnGO and still holds an open refund. To have it paid, reopen the RMA; if not, cancel the refund there and answer.",
		"It is not paid, and stays open in ReturnGO.", []AnswerName{AnswerDoNotRefund, AnswerHandledManually}},
	CaseInTheWay: {CX, "A refund is authorised for goods that did not come back. A TikTok return is open on the unit: it waits for a parcel, and no other refund is possible beside it.",
		"The customer waits until TikTok has ended its return; then the refund is paid by itself.", []AnswerName{AnswerDoNotRefund, AnswerHandledManually}},
	NotRestockable: {Finance, "The unit came back and cannot be sold again, and ReturnGO has authorised no amount. \"pay\" pays the amount shown, \"set-amount\" another.",
		"The customer waits; with a TikTok return open TikTok pays its own amount at the deadline.", []AnswerName{AnswerPay, AnswerSetAmount, AnswerDoNotRefund, AnswerHandledManually}},
	LargeRefund: {Finance, "The refund is above the amount from which Finance is asked (refund.ask_above). \"pay\" pays exactly the amount shown.",
		"The customer waits; with a TikTok return open TikTok pays its own amount at the deadline.", []AnswerName{AnswerPay, AnswerDoNotRefund, AnswerHandledManually}},
	ReturnNotOpened: {CX, "No return is opened at TikTok for the buyer, because TikTok would pay another amount for it than ReturnGO foresees.",
		"Nothing is lost: the refund is paid after the inspection. Until then TikTok knows nothing of the parcel.", []AnswerName{AnswerAcknowledge}},
	TransactionLeftOpen: {Finance, "The refund was paid, but ReturnGO's transaction for it has another amount, so it cannot be settled. Cancel it in ReturnGO, then acknowledge.",
		"ReturnGO goes on showing the money as owed.", []AnswerName{AnswerAcknowledge}},
	RejectedOnTikTok: {CX, "TikTok's return was rejected there, though ReturnGO authorised it. A dispute can still pay. \"pay\" refunds what ReturnGO authorises, once TikTok has closed the return.",
		"The customer is not refunded.", []AnswerName{AnswerPay, AnswerDoNotRefund, AnswerHandledManually}},
	ReversedAfterRefund: {Finance, "ReturnGO took its authorisation back after the refund was paid.",
		"Nothing more is paid; the money cannot be called back.", []AnswerName{AnswerAcknowledge}},
	UnknownStatus: {IT, "A platform uses a status or type this version does not know.",
		"This return waits; TikTok's clock runs on.", []AnswerName{AnswerHandledManually}},
	CurrencyMismatch: {Finance, "ReturnGO authorised another currency than the TikTok order's.",
		"The refund waits.", []AnswerName{AnswerSetAmount, AnswerDoNotRefund, AnswerHandledManually}},
	FulfilledTikTok: {Operations, "TikTok fulfils this order itself: we may neither confirm its parcel nor set its stock.",
		"Nothing; TikTok carries it through.", []AnswerName{AnswerHandledManually}},
	WarehouseUnmapped: {Operations, "No sales warehouse is configured for the place where the unit was inspected.",
		"The unit stays out of stock.", []AnswerName{AnswerSkipRestock}},
	StockUnproven: {Operations, "Stock was written, but TikTok's own account of the change has not come; or a restored ledger no longer tells whether it was.",
		"The number shown to shoppers may be wrong by these units.", []AnswerName{AnswerHandledManually}},
	StockRefused: {Operations, "TikTok refused the new stock number.",
		"The unit stays out of stock.", []AnswerName{AnswerRetry, AnswerSkipRestock}},
	InspectedWhileOff: {Operations, "Units passed their inspection while restocking was switched off; people may have put them into stock by hand.",
		"They are not written. If nobody put them back they stay out of stock.", []AnswerName{AnswerSkipRestock, AnswerRestockNow}},
	StockOverstated: {Operations, "A unit was put into stock, and its inspection now says it must not be.",
		"Shoppers can buy a unit that must not be sold.", []AnswerName{AnswerAcknowledge}},
	NotShipped: {CX, "The return was approved long ago, and nothing was sent.",
		"Nothing is lost; TikTok closes its return by itself.", []AnswerName{AnswerAcknowledge}},
	SecondStockWriter: {IT, "Another program writes this product's stock. If the number is its own set restock.writer to external.",
		"We stop writing this product, so that two writers do not undo each other: its units stay out of stock.", []AnswerName{AnswerRetry, AnswerSkipRestock}},
	InspectionOverdue: {Operations, "The parcel was received, and nobody has inspected it.",
		"The customer waits; with a TikTok return open TikTok refunds at the deadline.", []AnswerName{AnswerAcknowledge}},
	InspectedTooLong: {Operations, "The inspection passed, and the return is still not settled.",
		"The customer waits for the money, or the unit for its place in stock.", []AnswerName{AnswerAcknowledge}},
	WriteNotShown: {IT, "A platform took a refund, a status or a transaction that we wrote, and does not show it.",
		"The two platforms do not agree, and the return stays open. It is looked for on and on, and written no second time.", []AnswerName{AnswerAcknowledge}},
	SellerDeadline: {CX, "TikTok decides by itself soon.",
		"TikTok approves, and refunds the whole amount.", []AnswerName{AnswerAcknowledge}},
	ReturnWithoutRMA: {CX, "A TikTok return has no RMA in ReturnGO.",
		"TikTok approves by itself at the deadline; the parcel comes back unannounced.", []AnswerName{AnswerHandledManually}},
	OrderClosing: {CX, "The order closes soon; after that TikTok can pay nothing.",
		"The customer can no longer be refunded on TikTok.", []AnswerName{AnswerHandledManually}},
	EffectRefused: {CX, "A platform refused what we asked of it.",
		"It is not done.", []AnswerName{AnswerRetry, AnswerDoNotRefund, AnswerHandledManually}},
	OutcomeUnclear: {Finance, "A refund was sent, its answer lost, and nothing shows whether it happened.",
		"It is not sent again, so that nobody is paid twice.", []AnswerName{AnswerRetry, AnswerHandledManually}},
	PlatformUnreachable: {IT, "A platform has not answered for a long time.",
		"Everything waits and goes on by itself afterwards; TikTok's clock runs on.", nil},
	NotAuthorised: {IT, "TikTok no longer takes this shop's authorisation: it was withdrawn, or has ended.",
		"Everything of this shop waits, and goes on by itself once the seller has authorised the app again; TikTok's clock runs on.", nil},
	AuthorisationEnds: {IT, "The seller's authorisation of the app at TikTok ends soon.",
		"When it has ended everything of this shop waits.", nil},
	CallsRunShort: {IT, "Today's calls to ReturnGO run short.",
		"Refunds go first; sweeps and reads come later, and what an event did not tell is noticed later.", nil},
	TikTokReturnMissing: {CX, "An approved RMA has no TikTok return, and TikTok lets no seller refund be made for it.",
		"The money cannot be paid on TikTok: the buyer's time to open a return there runs out.", []AnswerName{AnswerHandledManually}},
	ParcelNotBookedIn: {Operations, "TikTok shows the parcel delivered, and nobody has received it in ReturnGO.",
		"Nothing is inspected or restocked; at its deadline TikTok refunds the whole amount.", nil},
	RefundWithoutParcel: {Finance, "The refund was paid, and the goods it was paid for have not come back.",
		"The money and the goods are both gone.", []AnswerName{AnswerAcknowledge}},
	RecordUnreadable: {IT, "A platform shows returns in a form this version cannot read; all others are read.",
		"Nothing is done for them; TikTok's clock runs on unseen, and a return it approves is paid in full.", nil},
	RMAVanished: {CX, "ReturnGO no longer shows this RMA: it was deleted there, or cannot be found.",
		"Nothing is refunded any more; a TikTok return that is open is approved by TikTok at its deadline.", []AnswerName{AnswerHandledManually, AnswerDoNotRefund, AnswerRetry}},
	TikTokVanished: {CX, "TikTok no longer shows a return that it showed or told us of before.",
		"Nothing is done for it; its clock at TikTok, if it still has one, runs on unseen.", []AnswerName{AnswerHandledManually, AnswerDoNotRefund, AnswerRetry}},
	ReadsLag: {IT, "A platform's event told us of a change that the platform does not show when it is asked.",
		"Nothing is paid on this return until the platform shows the change, or CX answers event-not-shown; TikTok's clock runs on.", nil},
	ActionStopped: {IT, "A person has stopped an action for a whole shop with \"starter stop\".",
		"It is not done for any return of the shop until \"starter start\"; TikTok's clock runs on.", nil},
	RefundLimit: {Finance, "The day's limit of refunds (refund.day_limit) is reached. \"starter resolve SHOP --exception refund-limit --answer lift-for-today\" lets refunds go on until midnight (UTC).",
		"Further refunds wait until the next day (UTC); a TikTok return that waits for our answer is approved by TikTok at its deadline.", []AnswerName{AnswerLiftToday}},
	EventNotShown: {CX, "A platform's event told us of a change to this return, and what the platform shows when asked is older. \"go-by-read\" means: the event is wrong or out of date, go on with what is shown.",
		"Nothing is paid on this return until both agree; TikTok's clock runs on.", []AnswerName{AnswerGoByRead}},
	EventsQuiet: {IT, "A platform's events do not come, though things happen there.",
		"Nothing is lost: sweeps find what happens, but later. \"starter webhooks sync\" repairs what is registered.", nil},
	WebhooksRefused: {IT, "Requests that name this shop as a platform's events do bear a wrong signature (TikTok) or a wrong token (ReturnGO), and are refused.",
		"Nothing is lost: sweeps find what happens, but later. Look at tiktok.app_secret or webhook_token: while one of them is changed, the one before it can be configured beside it.", nil},
	WorkflowStuck: {IT, "The workflow that carries this return, or this product's stock, cannot go on: Temporal cannot run its next step, or it was told to look and has decided nothing for an hour.",
		"Nothing is done; TikTok's clock runs on unseen, and a return that it approves is paid in full.", nil},
	AlertsFail: {IT, "One of the ways under notify.sinks has taken no message for an hour.",
		"Whoever relies on it hears of nothing. Nothing is lost: it is all told there once it works again.", nil},
	PlatformRefused: {IT, "A platform refuses our calls for a reason that only people can mend.",
		"Everything waits and goes on by itself afterwards; TikTok's clock runs on.", nil},
}

// NewException fills in the owner from the catalogue.
func NewException(kind Kind, sentence string, amount Money) Exception {
	return Exception{Kind: kind, Owner: Catalogue[kind].Owner, Sentence: sentence, Amount: amount}
}

// Takes tells whether this kind of exception can be answered so.
func (k Kind) Takes(a AnswerName) bool {
	return slices.Contains(Catalogue[k].Answers, a)
}
