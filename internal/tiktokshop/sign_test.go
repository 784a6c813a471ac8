package tiktokshop_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/tiktokshop"
)

// The worked examples of contract 1.4.
func TestSign(t *testing.T) {
	t.Parallel()
	body := []byte(`{"update_time_ge":1759990000}`)
	shops := url.Values{"app_key": {"demo_key"}, "timestamp": {"1760000000"}}
	upload := url.Values{
		"app_key": {"demo_key"}, "return_ids": {"4030000000000000001"}, "shop_cipher": {"GCP_demo0001"}, "timestamp": {"1760000000"},
	}
	for name, c := range map[string]struct {
		path, media string
		query       url.Values
		body        []byte
		want        string
	}{
		"get": {"/authorization/202309/shops", "application/json", shops, nil,
			"87bcee63359a93d3c802e96e8f9176e3a2e196e52e5e505fd4539b363c2444ec"},
		"sign and access_token are left out": {"/authorization/202309/shops", "",
			url.Values{"app_key": {"demo_key"}, "timestamp": {"1760000000"}, "sign": {"x"}, "access_token": {"y"}}, nil,
			"87bcee63359a93d3c802e96e8f9176e3a2e196e52e5e505fd4539b363c2444ec"},
		"post": {"/return_refund/202602/returns/search", "application/json; charset=utf-8", url.Values{
			"app_key": {"demo_key"}, "page_size": {"50"}, "page_token": {"a+b/c=="}, "shop_cipher": {"GCP_demo0001"},
			"sort_field": {"update_time"}, "sort_order": {"ASC"}, "timestamp": {"1760000000"},
		}, body, "763142f435103a1b0b4566756010f3976664cfa04da7951f9622a5d16cefea17"},
		"multipart": {"/return_refund/202405/returns/shipping_documents", "Multipart/Form-Data; boundary=x", upload,
			[]byte("not signed"), "87217f6fca94f4526c53c08484543534b97faf013ea0a54f05cc03c4912670f2"},
	} {
		require.Equal(t, c.want, tiktokshop.Sign("demo_secret", c.path, c.query, c.media, c.body), name)
	}
}

// The example of contract 3.2.
func TestVerifyWebhook(t *testing.T) {
	t.Parallel()
	c := newClient(t, "http://127.0.0.1:1", nil)
	body := []byte(`{"type":12,"tts_notification_id":"7300000000000000012","shop_id":"7490000000000000001","timestamp":1760000005,"data":{"order_id":"576000000000000001","return_role":"BUYER","return_type":"RETURN_AND_REFUND","return_status":"RETURN_OR_REFUND_REQUEST_PENDING","return_id":"4030000000000000001","create_time":1760000000,"update_time":1760000004}}`)
	signature := "fe86c023a9af3f5d78c29f06354cb44e397a88c45420c6a7dd44be5f8c2b06dc"
	require.True(t, c.VerifyWebhook(body, signature))
	require.False(t, c.VerifyWebhook(append(body, ' '), signature))
	require.False(t, c.VerifyWebhook(body, signature[1:]))
	require.False(t, c.VerifyWebhook(body, ""))
}
