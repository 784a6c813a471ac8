package returngo

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/platform"
)

// labelled is the example RMA whose parcel has a label at an address.
func labelled(t *testing.T, address string) string {
	t.Helper()
	return changed(t, `"labelURL": null`, fmt.Sprintf(`"labelURL": %q`, address))
}

func TestLabelComesWithoutTheKey(t *testing.T) {
	t.Parallel()
	var asked http.Header
	carrier := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Header.Clone()
		_, _ = w.Write([]byte("%PDF-1.4 a page"))
	}))
	t.Cleanup(carrier.Close)
	b := setup(t, says(http.StatusOK, labelled(t, carrier.URL+"/l/1?sig=x")))
	label, err := b.shop.Label(t.Context(), "5000123")
	require.NoError(t, err)
	require.Equal(t, Label{TrackingNumber: "T1", Document: []byte("%PDF-1.4 a page")}, label)
	require.Equal(t, "/rma/5000123", b.only(t).path)
	require.NotEmpty(t, asked)
	require.Empty(t, asked.Get("x-api-key"))
	rma, err := b.shop.RMA(t.Context(), "5000123")
	require.NoError(t, err)
	require.True(t, rma.Shipments[0].Labelled)
}

func TestLabelThatCannotBeHad(t *testing.T) {
	t.Parallel()
	answers := map[string]http.HandlerFunc{
		"/gone":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) },
		"/expired": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"/moved":   func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/gone", http.StatusFound) },
		"/down":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"/cut":     func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"/long":    func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, largestLabel+1)) },
		"/half": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("content-length", "9")
			_, _ = w.Write([]byte("%PDF"))
		},
	}
	carrier := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answers[r.URL.Path](w, r) }))
	t.Cleanup(carrier.Close)
	for address, want := range map[string]platform.Class{
		carrier.URL + "/gone?SECRET": platform.Permanent, carrier.URL + "/expired?SECRET": platform.Human, carrier.URL + "/moved?SECRET": platform.Human,
		carrier.URL + "/down?SECRET": platform.Retry, carrier.URL + "/cut?SECRET": platform.Retry, carrier.URL + "/long?SECRET": platform.Permanent,
		carrier.URL + "/half?SECRET": platform.Retry, "file:///SECRET": platform.Permanent, "/SECRET": platform.Permanent, "": platform.Permanent,
	} {
		t.Run(address[strings.LastIndex(address, "/")+1:], func(t *testing.T) {
			t.Parallel()
			b := setup(t, says(http.StatusOK, labelled(t, address)))
			_, err := b.shop.Label(t.Context(), "5000123")
			require.Equal(t, want, platformError(t, err).Class)
			require.NotContains(t, err.Error(), "SECRET")
			require.NotContains(t, err.Error(), "http:")
		})
	}
}
