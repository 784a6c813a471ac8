package tiktoksandbox

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

const returnUK = "seller_ecom_delivered_return_refund_reason1_uk"

// upload signs and sends a multipart request; its body is not part of the
// signature (1.4 step 4).
func (sc *scene) upload(query url.Values, parts map[string]string) answer {
	sc.t.Helper()
	query = cloneQuery(query)
	query.Set("shop_cipher", sc.shop.Cipher)
	return sc.uploadTo("/return_refund/202405/returns/shipping_documents", query, parts)
}

func (sc *scene) uploadTo(path string, query url.Values, parts map[string]string) answer {
	sc.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, content := range parts {
		require.NoError(sc.t, form.WriteField(name, content))
	}
	require.NoError(sc.t, form.Close())
	query.Set("app_key", "demo_key")
	query.Set("timestamp", strconv.FormatInt(sc.clock.Now().Unix(), 10))
	query.Set("sign", requestSignature("demo_secret", path, query, form.FormDataContentType(), nil))
	request, err := http.NewRequest(http.MethodPost, sc.server.URL+path+"?"+query.Encode(), &body)
	require.NoError(sc.t, err)
	request.Header.Set("x-tts-access-token", sc.token)
	request.Header.Set("Content-Type", form.FormDataContentType())
	return must(sc.send(request))(sc.t)
}

func cloneQuery(query url.Values) url.Values {
	copied := url.Values{}
	for key := range query {
		copied.Set(key, query.Get(key))
	}
	return copied
}

func label(tracking string) map[string]string {
	return map[string]string{"tracking_number": tracking, "return_provider_id": "GB1", "return_shipping_label": "%PDF-1.7"}
}

// openedBySeller creates a return for the buyer and gives its id.
func (sc *scene) openedBySeller() string {
	sc.t.Helper()
	var data struct {
		ID string `json:"return_id"`
	}
	sc.create(createBody(sc.mugs(1).ID, kindReturn, returnUK, "")).into(sc.t, &data)
	return data.ID
}

func (sc *scene) searched(returnID string) map[string]any {
	sc.t.Helper()
	var data struct {
		Orders []map[string]any `json:"return_orders"`
	}
	sc.call("POST", "/return_refund/202602/returns/search", nil, `{"return_ids":["`+returnID+`"]}`).into(sc.t, &data)
	require.Len(sc.t, data.Orders, 1)
	return data.Orders[0]
}

// The path of a return that the seller opened for the buyer: label, parcel,
// inspection, money.
func TestSellersReturnFromLabelToMoney(t *testing.T) {
	sc := newScene(t, "GB")
	id := sc.openedBySeller()
	require.Equal(t, documentLabel, sc.searched(id)["return_shipping_document_type"])
	require.Zero(t, sc.upload(url.Values{"return_ids": {id}}, label("TRK9")).Code)
	shown := sc.searched(id)
	require.Equal(t, []any{returnAwaitingShip, "TRK9", "GB1", "SELLER_SHIPPED"},
		[]any{shown["return_status"], shown["return_tracking_number"], shown["return_provider_id"], shown["return_method"]},
		"only a carrier or the buyer moves the state (2.4)")
	require.Equal(t, []Label{{ReturnID: id, Tracking: "TRK9", Provider: "GB1", Bytes: 8, At: sc.clock.Now(),
		RequestID: sc.s.Books().Labels[0].RequestID}}, sc.s.Books().Labels)
	require.Error(t, sc.s.ParcelDelivered(id), "a label is no parcel")
	require.NoError(t, sc.s.BuyerShips(id, ""))
	require.Equal(t, "TRK9", must(sc.s.Return(id))(t).Tracking)
	require.NoError(t, sc.s.ParcelDelivered(id))
	require.Zero(t, sc.approve(id, "APPROVE_RECEIVED_PACKAGE"))
	sc.pass(halfHour)
	require.Equal(t, returnComplete, sc.status(id))
	require.Equal(t, "9.00", sc.s.Books().Payments[0].Amount)
}

func TestUnusedLabelDoesNotKeepTheReturnOpen(t *testing.T) {
	sc := newScene(t, "GB")
	id := sc.openedBySeller()
	require.Zero(t, sc.upload(url.Values{"return_ids": {id}}, label("TRK9")).Code)
	sc.pass(buyerShipsWithin)
	require.Equal(t, returnCancel, sc.status(id))
}

func TestLabelRules(t *testing.T) {
	noTracking, noLabel := label(""), label("TRK")
	delete(noLabel, "return_shipping_label")
	qr := map[string]string{"return_qr_code": "PNG"}
	tests := map[string]struct {
		document string
		steps    func(*scene, string)
		parts    map[string]string
		code     int
	}{
		"right":                      {documentLabel, approved("APPROVE_RETURN"), label("TRK"), 0},
		"before the approval":        {documentLabel, nothing, label("TRK"), 25001003},
		"after the parcel left":      {documentLabel, shipped, label("TRK"), 25001003},
		"without a tracking number":  {documentLabel, approved("APPROVE_RETURN"), noTracking, 25001001},
		"without the label":          {documentLabel, approved("APPROVE_RETURN"), noLabel, 25001001},
		"a code instead of a label":  {documentLabel, approved("APPROVE_RETURN"), qr, 25001001},
		"a code where one is wanted": {documentQR, approved("APPROVE_RETURN"), qr, 0},
		"a label instead of a code":  {documentQRNoPack, approved("APPROVE_RETURN"), label("TRK"), 25001001},
		"no parcel in a refund":      {documentLabel, nothing, label("TRK"), 25020004},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			sc := newScene(t, "GB")
			sc.s.shops[sc.shop.ID].ReturnDocument = test.document
			kind := kindReturn
			if test.code == 25020004 {
				kind = kindRefund
			}
			id := sc.open(ReturnSpec{OrderID: sc.mugs(1).ID, Type: kind})
			test.steps(sc, id)
			got := sc.upload(url.Values{"return_ids": {id}}, test.parts)
			require.Equal(t, test.code, got.Code, got.Message)
		})
	}
	sc := newScene(t, "GB")
	require.Equal(t, 25001001, sc.upload(nil, label("TRK")).Code, "no return_ids")
	json := sc.call("POST", "/return_refund/202405/returns/shipping_documents", url.Values{"return_ids": {"1"}}, "{}")
	require.Equal(t, 36009023, json.Code, "not multipart")
}

func TestOneLabelForSeveralReturnsOrNone(t *testing.T) {
	sc := newScene(t, "GB")
	a, b := sc.openedBySeller(), sc.openedBySeller()
	waiting := sc.open(ReturnSpec{OrderID: sc.mugs(1).ID})
	require.Equal(t, 25001003, sc.upload(url.Values{"return_ids": {a + "," + waiting}}, label("TRK1")).Code)
	require.Nil(t, sc.searched(a)["return_tracking_number"], "all or nothing")
	require.Zero(t, sc.upload(url.Values{"return_ids": {a + "," + b}}, label("TRK2")).Code)
	require.Equal(t, "TRK2", sc.searched(b)["return_tracking_number"])

	require.Equal(t, 25001001, sc.upload(url.Values{"return_ids": {a}, "return_id_type": {"RMA"}}, label("TRK3")).Code)
	rma := sc.s.returns[a].rmaID
	require.Zero(t, sc.upload(url.Values{"return_ids": {rma}, "return_id_type": {"RMA"}}, label("TRK3")).Code)
	require.Equal(t, "TRK3", sc.searched(a)["return_tracking_number"], "the later upload replaces the earlier one")
}

func TestOtherReadingsOfLabelsAndOfCreateReturn(t *testing.T) {
	sc := newScene(t, "GB")
	sc.s.SetReadings(Readings{LabelMovesState: true, CreateAnswersPending: true})
	var data struct {
		ID     string `json:"return_id"`
		Status string `json:"return_status"`
	}
	sc.create(createBody(sc.mugs(1).ID, kindReturn, returnUK, "")).into(t, &data)
	require.Equal(t, returnPending, data.Status)
	require.Equal(t, returnAwaitingShip, sc.status(data.ID))
	require.Zero(t, sc.upload(url.Values{"return_ids": {data.ID}}, label("TRK9")).Code)
	require.Equal(t, returnShipped, sc.status(data.ID))
	require.Error(t, sc.s.ParcelDelivered(data.ID), "nobody has sent anything yet")
	require.NoError(t, sc.s.BuyerShips(data.ID, ""))
	require.NoError(t, sc.s.ParcelDelivered(data.ID))

	sc.s.SetReadings(Readings{LabelRefused: true})
	require.Equal(t, 25001003, sc.upload(url.Values{"return_ids": {sc.openedBySeller()}}, label("TRK9")).Code)
}

func TestPicturesOfARejection(t *testing.T) {
	sc := newScene(t, "GB")
	id := sc.open(ReturnSpec{OrderID: sc.mugs(1).ID})
	var picture struct {
		URI string `json:"uri"`
	}
	sc.uploadTo("/product/202309/images/upload", url.Values{}, map[string]string{"data": "PNG"}).into(t, &picture)
	reject := func(uri string) int {
		return sc.call("POST", "/return_refund/202309/returns/"+id+"/reject", nil,
			`{"decision":"REJECT_RETURN","reject_reason":"reverse_reject_request_reason_1_uk","images":[{"image_id":"`+uri+`"}]}`).Code
	}
	require.Equal(t, 25001001, reject("unknown"))
	require.Zero(t, reject(picture.URI))
}

func TestPriceDetail(t *testing.T) {
	sc := newScene(t, "GB")
	o := must(sc.s.DeliveredOrder(OrderSpec{ShopID: sc.shop.ID, ShippingFee: "2.99",
		Lines: []OrderLine{{SKU: sc.mug, SellerDiscount: "1.00"}, {SKU: sc.pot, Gift: true}}}))(t)
	var data struct {
		Total string `json:"total"`
		Lines []struct {
			Subtotal string `json:"subtotal"`
		} `json:"line_items"`
	}
	sc.call("GET", "/order/202407/orders/"+o+"/price_detail", nil, "").into(t, &data)
	require.Equal(t, []string{"10.99", "8.00", "0.00"}, []string{data.Total, data.Lines[0].Subtotal, data.Lines[1].Subtotal})
}
