package tiktokshop_test

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/platform"
	"returnbridge/internal/tiktokshop"
)

var (
	pdf = []byte("%PDF-1.4\n\x00\xff--boundary\r\n")
	png = []byte("\x89PNG\r\n\x1a\n")
)

func aLabel() tiktokshop.ReturnLabel {
	return tiktokshop.ReturnLabel{
		ReturnIDs: []string{"4030000000000000001"}, TrackingNumber: "TRK 1", ProviderID: "6599541761693270018", Label: pdf, QRCode: png,
	}
}

// partsOf reads the body as a server does: name, file name, media type, content.
func partsOf(t *testing.T, r request) map[string][3]string {
	t.Helper()
	kind, parameters, err := mime.ParseMediaType(r.Header.Get("content-type"))
	require.NoError(t, err)
	require.Equal(t, "multipart/form-data", kind)
	parts := map[string][3]string{}
	for reader := multipart.NewReader(strings.NewReader(r.Body), parameters["boundary"]); ; {
		p, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return parts
		}
		require.NoError(t, err)
		content, err := io.ReadAll(p)
		require.NoError(t, err)
		parts[p.FormName()] = [3]string{p.FileName(), p.Header.Get("content-type"), string(content)}
	}
}

func TestUploadLabel(t *testing.T) {
	t.Parallel()
	f := newFake(t, says(`{"code":0,"request_id":"r","data":{}}`))
	receipt, err := f.shop.UploadLabel(t.Context(), aLabel())
	require.NoError(t, err)
	require.Equal(t, tiktokshop.Receipt{RequestID: "r", At: now}, receipt)
	r := f.only(t)
	require.Equal(t, "POST /return_refund/202405/returns/shipping_documents", r.Method+" "+r.Path)
	require.Equal(t, token, r.Header.Get("x-tts-access-token"))
	require.Equal(t, map[string][3]string{
		"tracking_number":       {"", "", "TRK 1"},
		"return_provider_id":    {"", "", "6599541761693270018"},
		"return_shipping_label": {"label.pdf", "application/pdf", string(pdf)},
		"return_qr_code":        {"qr-code", "image/png", string(png)},
	}, partsOf(t, r))
	// The worked example of contract 1.4: the body is not part of the signature.
	require.Equal(t, []string{"87217f6fca94f4526c53c08484543534b97faf013ea0a54f05cc03c4912670f2"}, r.Query["sign"])
	require.Len(t, r.Query, 5)

	_, err = f.shop.UploadLabel(t.Context(), aLabel())
	require.NoError(t, err)
	require.Equal(t, f.all()[0], f.all()[1], "the same label is the same bytes")
}

func TestUploadOfTrackingOnly(t *testing.T) {
	t.Parallel()
	f := newFake(t, says(`{"code":0}`))
	_, err := f.shop.UploadLabel(t.Context(), tiktokshop.ReturnLabel{ReturnIDs: []string{"1", "2"}, TrackingNumber: "T"})
	require.NoError(t, err)
	r := f.only(t)
	require.Equal(t, []string{"1,2"}, r.Query["return_ids"])
	require.Equal(t, map[string][3]string{"tracking_number": {"", "", "T"}}, partsOf(t, r), "nothing empty is sent")
}

func TestLabelsThatAreNotSent(t *testing.T) {
	t.Parallel()
	f := newFake(t, says(`{"code":0}`))
	for name, change := range map[string]func(*tiktokshop.ReturnLabel){
		"no return":  func(l *tiktokshop.ReturnLabel) { l.ReturnIDs = nil },
		"no id":      func(l *tiktokshop.ReturnLabel) { l.ReturnIDs = []string{"1", "2,3"} },
		"nothing":    func(l *tiktokshop.ReturnLabel) { *l = tiktokshop.ReturnLabel{ReturnIDs: l.ReturnIDs, ProviderID: "1"} },
		"no PDF":     func(l *tiktokshop.ReturnLabel) { l.Label = png },
		"too large":  func(l *tiktokshop.ReturnLabel) { l.Label = append(bytes.Clone(pdf), make([]byte, 5<<20)...) },
		"both large": func(l *tiktokshop.ReturnLabel) { l.QRCode = make([]byte, 5<<20) },
	} {
		l := aLabel()
		change(&l)
		_, err := f.shop.UploadLabel(t.Context(), l)
		require.Equal(t, platform.Permanent, failed(t, err).Class, name)
	}
	require.Empty(t, f.all())
}

func TestUploadIsAWrite(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]platform.Class{
		`<html>`:            platform.OutcomeUnknown,
		`{"code":36009003}`: platform.OutcomeUnknown,
		`{"code":25021022}`: platform.StateChanged,
		`{"code":36009021}`: platform.Permanent,
		`{"code":0,"data":{"errors":[{"code":"25023002"}]}}`: platform.Human,
	} {
		f := newFake(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
		_, err := f.shop.UploadLabel(t.Context(), aLabel())
		require.Equal(t, want, failed(t, err).Class, body)
	}
}
