package app

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
)

// someStory is a return of two units: one paid and in stock, one that waits for
// Finance. Its RMA has what nobody is to see here.
func (d *desk) someStory() {
	d.t.Helper()
	ctx, t := d.t.Context(), d.t
	const key = returns.Key("4711")
	gbp := func(n string) returns.Money { return amount(t, n, "GBP") }
	hold := func(unit, item, tiktokReturn string) returns.Hold {
		return returns.Hold{Unit: returns.UnitID(unit), ItemID: item, OrderID: orderID, SKUID: "S1", ProductID: "P1", TikTokReturnID: tiktokReturn}
	}
	rma := returns.RMA{
		ID: "4711", OrderName: "#1001", Status: returns.RMAValidated,
		Items: []returns.RMAItem{
			{ID: "i1", SKU: "MUG-RED", Paid: gbp("12.50"), Reason: "wife of Mr Secret", Inspection: returns.Inspection{At: noon, Returned: true, Restockable: true}},
			{ID: "i2", SKU: "MUG-RED", Paid: gbp("12.50"), Inspection: returns.Inspection{At: noon, Returned: true}},
			{ID: "i3", SKU: "CUP", Paid: gbp("3.00")},
		},
		Shipments: []returns.Shipment{{ID: "SECRET-PARCEL"}},
	}
	cases := []returns.TikTokReturn{
		{ID: "4031", OrderID: orderID, Type: returns.TypeReturnAndRefund, Status: returns.TikTokPaid, Refund: gbp("12.50"), Reason: "Secret"},
		{ID: "4032", OrderID: orderID, Type: returns.TypeReturnAndRefund, Status: returns.TikTokShipped, Refund: gbp("12.50"), Actions: []returns.SellerAction{{Action: "DECIDE", Deadline: noon.Add(30 * time.Hour)}}},
	}
	effect := returns.Effect{
		ID: "demo-gb:refund:4031:1", Kind: returns.EffectRefund, Route: returns.RouteConfirmParcel, Subject: "4031", Units: []returns.UnitID{"L1"},
		OrderID: orderID, TikTokReturnID: "4031", Amount: gbp("12.50"),
	}
	d.now = noon.Add(-30 * time.Hour)
	d.waits("4711", "#1001")
	d.now = noon.Add(-29 * time.Hour)
	d.do(func(tx *ledger.Tx) error {
		_, err := tx.LinkOrders(ctx, demo, []ledger.OrderLink{{OrderName: "#1001", OrderID: orderID}}, "Ada", "found it in Seller Center")
		return errors.Join(err, tx.SaveRMA(ctx, demo, rma, d.now),
			tx.SaveTikTok(ctx, demo, orderID, &returns.Order{ID: orderID, Status: returns.OrderDelivered}, cases, d.now))
	})
	d.decided(demo, key, ledger.Decided{
		OrderID: orderID, Holds: []returns.Hold{hold("L1", "i1", "4031"), hold("L2", "i2", "4032")}, Stage: returns.StageException, Rules: "7",
		Summary:    "1 of 2 units is paid",
		Exceptions: []returns.Exception{returns.NewException(returns.NoAuthorisedAmount, "no amount is authorised for MUG-RED", gbp("12.50"))},
	})
	d.now = noon.Add(-28 * time.Hour)
	d.do(func(tx *ledger.Tx) error {
		effect.ClaimUntil = d.now.Add(time.Minute)
		return errors.Join(
			tx.Claim(ctx, demo, key, effect, effect.ClaimUntil),
			tx.EffectAnswered(ctx, effect, ledger.EffectChange{State: returns.EffectVerified, TikTokReturnID: "4031", RequestID: "REQ-1", Note: "read back"}),
			tx.Audit(ctx, demo, key, effect.Units, ledger.Entry{What: effect.Did(), Why: "validated in ReturnGO", RequestID: "REQ-1", DecidedBy: ledger.Program}))
	})
	d.decided(demo, key, ledger.Decided{
		OrderID: orderID, Holds: []returns.Hold{hold("L1", "i1", "4031"), hold("L2", "i2", "4032")}, Stage: returns.StageException, Rules: "7",
		Summary:    "1 of 2 units is paid",
		Exceptions: []returns.Exception{returns.NewException(returns.NoAuthorisedAmount, "no amount is authorised for MUG-RED", gbp("12.50"))},
		Restocks:   []returns.Restock{{Unit: "L1", ProductID: "P1", SKUID: "S1", WarehouseID: "7000000000000000010", State: returns.RestockOwed, Note: "the inspection passed"}},
	})
	d.now = noon
}

const someStoryText = `Return 4711 of shop demo-gb
  stage     exception
  summary   1 of 2 units is paid
  ReturnGO  Validated since 2026-03-03 07:00:00, order name #1001, read 1d 5h ago
  TikTok    order 576460000000000001, DELIVERED, read 1d 5h ago
  opened    2026-03-03 06:00:00
  decided   2026-03-03 08:00:00 by rules 7

TIKTOK RETURNS OF THE ORDER
  4031  RETURN_AND_REFUND  RETURN_OR_REFUND_REQUEST_COMPLETE  12.50 GBP
  4032  RETURN_AND_REFUND  BUYER_SHIPPED_ITEM                 12.50 GBP  TikTok decides in 1d 6h

UNITS
  unit L1               MUG-RED  price 12.50 GBP  inspection: passed                     stock: to be written in warehouse 7000000000000000010  TikTok return 4031
  unit L2               MUG-RED  price 12.50 GBP  inspection: came back, not to be sold  stock: not put back                                    TikTok return 4032
  no unit of the order  CUP      price 3.00 GBP   inspection: not inspected              stock: -

EFFECTS AT THE PLATFORMS
  2026-03-03 08:00:00  refund  confirm-parcel  verified  12.50 GBP  1 unit  request REQ-1  read back

OPEN EXCEPTIONS
  no-authorised-amount, for Finance, open for 1d 5h, 12.50 GBP
    what happened   no amount is authorised for MUG-RED
    what it means   The unit passed, but ReturnGO has authorised no amount, and the expected one is not what TikTok would pay.
    if nobody acts  The customer waits; with a TikTok return open TikTok pays its own amount at the deadline.
    answers         accept-payable, set-amount, do-not-refund, handled-manually
    to answer       starter resolve 4711 --shop demo-gb --answer accept-payable --who YOU --why REASON

PAST EXCEPTIONS
  unlinked-order  2026-03-03 06:00:00 to 2026-03-03 07:00:00  closed: healed    order name #1001 leads to no TikTok order

WHAT HAPPENED, IN ORDER (UTC)
  2026-03-03 06:00:00  the program  opened the exception unlinked-order                                         order name #1001 leads to no TikTok order
  2026-03-03 07:00:00  Ada          linked the order name #1001 to TikTok order 576460000000000001              found it in Seller Center
  2026-03-03 07:00:00  the program  opened the exception no-authorised-amount                                   no amount is authorised for MUG-RED
  2026-03-03 08:00:00  the program  refunded 12.50 GBP by confirming the parcel of TikTok return 4031  unit L1  validated in ReturnGO (request REQ-1)
  2026-03-03 08:00:00  the program  entered the unit to be put back in warehouse 7000000000000000010   unit L1  the inspection passed
`

func TestTheStoryIsToldWhole(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.someStory()
	require.NoError(t, d.show(t.Context(), "", "4711", d.out()))
	require.Equal(t, someStoryText, d.text())
}

func TestAStoryTellsNothingPersonal(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.someStory()
	require.NoError(t, d.show(t.Context(), "", "4711", d.out()))
	require.NotContains(t, d.text(), "Secret")
	all := answer[json.RawMessage](d, func(o Output) error { return d.show(t.Context(), "", "4711", o) })
	require.NotContains(t, string(all), "Secret")
	require.NotContains(t, string(all), "SECRET")
}

func TestAStoryIsFoundByAnyNumber(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.someStory()
	d.decided(demo, "4799", ledger.Decided{OrderID: orderID, Stage: returns.StageClosed, Summary: "nothing is left to do", Closed: true})
	d.decided(demo, "tiktok/4033", ledger.Decided{Stage: returns.StageAwaitingRMA})
	for number, want := range map[string][]returns.Key{
		"4711": {"4711"}, "4032": {"4711"}, " " + orderID: {"4711", "4799"}, "#1001": {"4711"}, "1001": {"4711"}, "return/demo-gb/4711": {"4711"},
		"return/demo-gb/tiktok/4033": {"tiktok/4033"}, "tiktok/4033": {"tiktok/4033"}, "4033": {"tiktok/4033"},
	} {
		var keys []returns.Key
		for _, s := range answer[[]story](d, func(o Output) error { return d.show(t.Context(), demo, number, o) }) {
			keys = append(keys, s.Return)
		}
		require.Equal(t, want, keys, number)
	}
	for _, other := range []string{"1", "#100", "#1001_", "return/demo-de/4711"} {
		require.ErrorContains(t, d.show(t.Context(), "", other, d.out()), "the ledger knows no return ", other)
	}
	require.EqualError(t, d.show(t.Context(), "demo-de", "return/demo-gb/4711", d.out()),
		"the ledger knows no return 4711 in shop demo-gb: give its RMA id, TikTok return id, TikTok order id, order name or workflow id")
	require.NoError(t, d.show(t.Context(), "", orderID, d.out()))
	require.Equal(t, `576460000000000001 means 2 returns:
  starter show 4711 --shop demo-gb  exception  1 of 2 units is paid
  starter show 4799 --shop demo-gb  closed     nothing is left to do
`, d.text())
}

func TestAnOpenExceptionSaysHowToAnswer(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.waits("4711", "#1001")
	require.NoError(t, d.show(t.Context(), "", "4711", d.out()))
	text := d.text()
	require.Contains(t, text, `    to answer       starter resolve 4711 --shop demo-gb --answer not-ours --who YOU --why REASON`)
	require.Contains(t, text, `    to link         starter link "#1001" TIKTOK_ORDER_ID --shop demo-gb --who YOU --why REASON`)
	require.Contains(t, text, "not linked to an order")
	d.decided(demo, "4712", open1(returns.ParcelNotBookedIn, "nobody looked", returns.Money{}))
	require.NoError(t, d.show(t.Context(), "", "4712", d.out()))
	require.Contains(t, d.text(), "answers         none: it closes by itself once it is mended")
	s := answer[[]story](d, func(o Output) error { return d.show(t.Context(), "", "4711", o) })[0]
	require.Equal(t, []returns.AnswerName{returns.AnswerNotOurs, returns.AnswerHandledManually}, s.Open[0].Answers)
	require.Equal(t, returns.Catalogue[returns.UnlinkedOrder].Silence, s.Open[0].Silence)
}

// What people answered, and the reference they gave, stands in the story; what the
// program refused is the program's.
func TestAStoryNamesAnswersAndReferences(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.waits("4711", "#1001")
	d.decided(demo, "4711", open1(returns.NoAuthorisedAmount, "no amount", amount(t, "12.50", "GBP")))
	say := func(c returns.Command) {
		c.Name, c.Who, c.Why = returns.CommandResolve, "Ada", "as agreed"
		d.do(func(tx *ledger.Tx) error {
			_, err := tx.Command(t.Context(), demo, "4711", c)
			return err
		})
	}
	say(returns.Command{Exception: returns.NotPayable, Answer: returns.AnswerHandledManually, Reference: "voucher 17"})
	say(returns.Command{Exception: returns.NoAuthorisedAmount, Answer: returns.AnswerSetAmount, Amount: amount(t, "9", "GBP")})
	require.NoError(t, d.show(t.Context(), "", "4711", d.out()))
	_, story, _ := strings.Cut(d.text(), "PAST EXCEPTIONS")
	require.Contains(t, story, "closed: set-amount by Ada  12.50 GBP  no amount\n")
	_, story, _ = strings.Cut(story, "exception no-authorised-amount ")
	require.Regexp(t, `Ada +answered not-payable with handled-manually, reference: voucher 17 +as agreed
.*  the program +refused the command +no not-payable is open here
.*  Ada +answered no-authorised-amount with set-amount 9.00 GBP +as agreed
$`, story)
}
