package tiktokshop

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
)

// largestUpload bounds the documents of one call, in bytes. It is ours: TikTok
// has a limit too (36009021) and does not print it.
const largestUpload = 5 << 20

// ReturnLabel is what the buyer needs to send the goods back: a parcel's
// tracking number and carrier, and the paper or code for the counter. Which of
// the two is wanted stands at the return as return_shipping_document_type.
type ReturnLabel struct {
	ReturnIDs      []string // all that travel in this parcel; at least one
	TrackingNumber string   // as the carrier prints it
	ProviderID     string   // return_provider_id: TikTok's id of the carrier, no name
	Label          []byte   // a PDF, nothing else
	QRCode         []byte   // a PDF or picture
}

// UploadLabel gives the buyer our own label for returns that the seller ships
// back (contract 2.5). The answer is empty, there is no idempotency key, and no
// source says whether the status moves: read the return back. StateChanged:
// there is a label already (25021022), perhaps ours from a call whose answer
// was lost. OutcomeUnknown: it may be there.
func (s *Shop) UploadLabel(ctx context.Context, l ReturnLabel) (Receipt, error) {
	switch {
	case len(l.ReturnIDs) == 0 || !allDecimal(l.ReturnIDs):
		return Receipt{}, uploadLabel.refused("the label needs the ids of its returns")
	case l.TrackingNumber == "" && len(l.Label) == 0 && len(l.QRCode) == 0:
		return Receipt{}, uploadLabel.refused("neither tracking number nor document")
	case len(l.Label) > 0 && !bytes.HasPrefix(l.Label, []byte("%PDF-")):
		return Receipt{}, uploadLabel.refused("the label must be a PDF")
	case len(l.Label)+len(l.QRCode) > largestUpload:
		return Receipt{}, uploadLabel.refused("documents above 5 MiB")
	}
	body := form{
		{name: "tracking_number", content: []byte(l.TrackingNumber)},
		{name: "return_provider_id", content: []byte(l.ProviderID)},
		{name: "return_shipping_label", file: "label", content: l.Label},
		{name: "return_qr_code", file: "qr-code", content: l.QRCode},
	}
	return s.do(ctx, call{endpoint: uploadLabel, query: url.Values{"return_ids": l.ReturnIDs}, body: body}, nil)
}

func allDecimal(ids []string) bool {
	for _, id := range ids {
		if !decimal(id) {
			return false
		}
	}
	return true
}

// form is a body of the media type multipart/form-data: it is not signed (1.4).
type form []part

type part struct {
	name    string
	file    string // without its ending; empty: a plain field
	content []byte // empty: the part is left out
}

// encode prints the form. The boundary is a hash of the content: it cannot
// stand in it, and the same form is the same bytes.
func (f form) encode() (body []byte, mediaType string, err error) {
	sum := sha256.New()
	for _, p := range f {
		sum.Write([]byte(p.name))
		sum.Write(p.content)
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	err = w.SetBoundary(hex.EncodeToString(sum.Sum(nil)))
	for _, p := range f {
		if len(p.content) == 0 {
			continue
		}
		into, openErr := w.CreatePart(p.header())
		if openErr != nil {
			return nil, "", fmt.Errorf("part %s: %w", p.name, openErr)
		}
		_, writeErr := into.Write(p.content)
		err = errors.Join(err, writeErr)
	}
	err = errors.Join(err, w.Close())
	return b.Bytes(), w.FormDataContentType(), err
}

func (p part) header() textproto.MIMEHeader {
	if p.file == "" {
		return textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + p.name + `"`}}
	}
	kind, file := http.DetectContentType(p.content), p.file
	if kind == "application/pdf" {
		file += ".pdf"
	}
	return textproto.MIMEHeader{
		"Content-Disposition": {multipart.FileContentDisposition(p.name, file)}, "Content-Type": {kind},
	}
}
