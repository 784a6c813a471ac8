package returngo

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

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

// Whoever writes an address into ReturnGO must not have us read from our own network:
// neither by the address, nor by a name that leads there, nor by a redirect.
func TestALabelIsFetchedFromPublicHostsAlone(t *testing.T) {
	t.Parallel()
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("something inside was asked") }))
	t.Cleanup(inside.Close)
	_, port, err := net.SplitHostPort(inside.Listener.Addr().String())
	require.NoError(t, err)
	for _, address := range []string{"https://127.0.0.1:" + port, "https://localhost:" + port, "https://[::1]:" + port, "https://169.254.169.254", "https://10.0.0.1", "https://[::ffff:127.0.0.1]:" + port, inside.URL} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			b := setup(t, says(http.StatusOK, labelled(t, address+"/SECRET")))
			client, err := New(Options{BaseURL: b.client.base, APIKey: testKey})
			require.NoError(t, err)
			_, err = client.Shop("demo").Label(t.Context(), "5000123")
			require.Equal(t, platform.Permanent, platformError(t, err).Class)
			require.NotContains(t, err.Error(), "SECRET")
		})
	}
}

func TestALabelIsFetchedWithTLSAlone(t *testing.T) {
	t.Parallel()
	client, err := New(Options{BaseURL: "https://api.returngo.ai", APIKey: testKey, Timeout: time.Nanosecond})
	require.NoError(t, err)
	_, err = client.document(t.Context(), call{endpoint: "Return Label", nature: reads}, "http://203.0.113.1/SECRET")
	require.Equal(t, platform.Permanent, platformError(t, err).Class, "not even tried")
}

func TestPublicAddresses(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]bool{
		"8.8.8.8": true, "2606:4700::1111": true, "172.32.0.1": true,
		"0.0.0.0": false, "10.1.2.3": false, "127.0.0.1": false, "169.254.169.254": false, "172.16.0.1": false, "192.168.1.1": false,
		"100.100.100.200": false, "168.63.129.16": false, "192.0.0.192": false, "198.18.0.1": false, "224.0.0.1": false, "255.255.255.255": false,
		"::": false, "::1": false, "::127.0.0.1": false, "::ffff:10.0.0.1": false, "fe80::1": false, "fe80::1%eth0": false, "fd00:ec2::254": false,
		"64:ff9b::a00:1": false, "2002:a00:1::": false, "ff02::1": false,
	} {
		require.Equal(t, want, public(netip.MustParseAddr(at)), at)
	}
}
