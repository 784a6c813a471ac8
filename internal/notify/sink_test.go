package notify

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

// receiver is a local server that keeps what it is sent.
type receiver struct {
	*httptest.Server

	requests []*http.Request
	bodies   []string
	answer   int
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{answer: http.StatusOK}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.requests, r.bodies = append(r.requests, req), append(r.bodies, string(body))
		if r.answer == http.StatusFound {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(r.answer)
	}))
	t.Cleanup(r.Close)
	return r
}

func message(t *testing.T) Message {
	t.Helper()
	return writer().Cause("m1", []returns.Alert{alert(t, 0, returns.AlertOpened)}, false)
}

func TestSlackIsEscaped(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	require.NoError(t, Slack{URL: r.URL + "/services/secret"}.Send(t.Context(), message(t)))
	var said map[string]string
	require.NoError(t, json.Unmarshal([]byte(r.bodies[0]), &said))
	require.Contains(t, said["text"], "*[returnbridge] shop demo-gb: refund-value-mismatch")
	require.Contains(t, said["text"], "&lt;now&gt; &amp; here")
	require.NotContains(t, said["text"], "<now>", "Slack would take it for a link")
	long := message(t)
	long.Text = strings.Repeat("&", 60000)
	require.NoError(t, Slack{URL: r.URL}.Send(t.Context(), long))
	require.NoError(t, json.Unmarshal([]byte(r.bodies[1]), &said))
	require.LessOrEqual(t, len(said["text"]), 40000)
	require.Contains(t, said["text"], "(cut here: starter list shows all)")
}

func TestAWebhookIsSigned(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	s := Webhook{URL: r.URL, Secret: strings.Repeat("s", 32), Links: writer().Links, Now: func() time.Time { return noon }}
	require.NoError(t, s.Send(t.Context(), message(t)))
	got := r.requests[0].Header
	require.Equal(t, "m1", got.Get(HeaderID))
	require.Equal(t, "1772625600", got.Get(HeaderTimestamp))
	require.Equal(t, Sign(s.Secret, "1772625600", []byte(r.bodies[0])), got.Get(HeaderSignature))
	require.NotEqual(t, Sign(s.Secret, "1772625601", []byte(r.bodies[0])), got.Get(HeaderSignature), "the time is signed too")
	require.Equal(t, "sha256=1ba6b8171186efc613e8bcc0cbdab2748f24984d7c5a84faa2637afa0e40d224", Sign("key", "1", []byte("{}")), "as the configuration's example says")
	var b Body
	require.NoError(t, json.Unmarshal([]byte(r.bodies[0]), &b))
	require.Equal(t, 1, b.Count)
	require.Equal(t, returns.Key("4711"), b.Exceptions[0].Return)
	require.Equal(t, returns.Catalogue[returns.RefundValueMismatch].Answers, b.Exceptions[0].Answers)
	require.Equal(t, "https://dash.example.com/rma/4711", b.Exceptions[0].Links[0].URL)
	require.Equal(t, "12.5", b.Exceptions[0].Amount.Number())
	require.Equal(t, noon.Add(6*time.Hour), b.Exceptions[0].Deadline)
}

// An address is a secret: no error names it, and no redirect takes it elsewhere.
func TestErrorsOfWebhooksNameNoAddress(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	for _, answer := range []int{http.StatusFound, http.StatusForbidden, http.StatusInternalServerError} {
		r.answer = answer
		err := Slack{URL: r.URL + "/services/sesame"}.Send(t.Context(), message(t))
		require.Error(t, err)
		require.NotContains(t, err.Error(), "sesame")
	}
	require.Len(t, r.requests, 3, "the redirect was not followed")
	at := r.URL
	r.Close()
	for _, to := range []string{at + "/sesame", "https://\x7f/sesame"} {
		err := Webhook{URL: to, Secret: "sesame", Now: time.Now}.Send(t.Context(), message(t))
		require.Error(t, err)
		require.NotContains(t, err.Error(), "sesame")
	}
}
