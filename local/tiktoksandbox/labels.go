package tiktoksandbox

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"slices"
)

// What a buyer may need to send goods back (2.3).
const (
	documentLabel    = "SHIPPING_LABEL"
	documentQR       = "QR_CODE"
	documentQRNoPack = "QR_CODE_NBNL"
)

// uploadLabel takes a seller's own label or QR code for returns that wait for
// shipping (2.5). All returns of the call are checked before the first changes.
// There is no idempotency key: a second upload replaces the first.
func (s *Sandbox) uploadLabel(c *call) (any, *apiError) {
	fields, problem := c.form()
	if problem != nil {
		return nil, problem
	}
	cases, problem := s.labelledReturns(c)
	if problem != nil {
		return nil, problem
	}
	for _, r := range cases {
		if problem := s.checkLabel(r, fields); problem != nil {
			return nil, problem
		}
	}
	for _, r := range cases {
		s.applyLabel(r, fields, c.requestID)
	}
	return object{}, nil
}

// labelledReturns resolves return_ids, which name RMAs where return_id_type says
// so; one RMA is one parcel and may hold several returns.
func (s *Sandbox) labelledReturns(c *call) ([]*returnCase, *apiError) {
	ids, kind := splitList(c.query.Get("return_ids")), c.query.Get("return_id_type")
	setDefault(&kind, "RETURN")
	switch {
	case len(ids) == 0:
		return nil, fail(25001001, "`return_ids` is missing.")
	case kind != "RETURN" && kind != "RMA":
		return nil, fail(25001001, "`return_id_type` %q.", kind)
	}
	var cases []*returnCase
	for _, id := range ids {
		found, problem := s.returnsByLabelID(c, id, kind)
		if problem != nil {
			return nil, problem
		}
		for _, r := range found {
			if slices.Contains(cases, r) {
				return nil, fail(25001001, "Return %s is given twice.", r.id)
			}
			cases = append(cases, r)
		}
	}
	return cases, nil
}

func (s *Sandbox) returnsByLabelID(c *call, id, kind string) ([]*returnCase, *apiError) {
	if kind == "RETURN" {
		r, problem := s.ownReturn(c, id)
		return []*returnCase{r}, problem
	}
	for _, r := range s.returns {
		if r.rmaID == id && r.shopID == c.shop.ID {
			return s.parcelOf(r), nil
		}
	}
	return nil, fail(25001001, "RMA %s not found.", id)
}

// labelPart is the part of the upload that holds what this buyer needs.
func labelPart(r *returnCase) string {
	if r.document == documentQR || r.document == documentQRNoPack {
		return "return_qr_code"
	}
	return "return_shipping_label"
}

func (s *Sandbox) checkLabel(r *returnCase, fields map[string]string) *apiError {
	part := labelPart(r)
	switch {
	case r.order.byTikTok:
		return fail(25011026, "Fulfilled by TikTok: the seller may not act.")
	case r.kind != kindReturn:
		return fail(25020004, "Nothing is sent back in a %s.", r.kind)
	case r.status != returnAwaitingShip:
		return fail(25001003, "Return %s is %s and does not wait for shipping.", r.id, r.status)
	case s.readings.LabelRefused:
		return fail(25001003, "The platform makes the label of return %s.", r.id)
	case fields[part] == "":
		return fail(25001001, "Return %s needs `%s`.", r.id, part)
	case r.document == documentLabel && fields["tracking_number"] == "":
		return fail(25001001, "`tracking_number` is missing.")
	}
	return nil
}

func (s *Sandbox) applyLabel(r *returnCase, fields map[string]string, requestID string) {
	s.keepVersion(r)
	r.labelled = true
	r.tracking, r.providerID = fields["tracking_number"], fields["return_provider_id"]
	r.provider, r.method = "Seller's carrier", "SELLER_SHIPPED"
	s.books.Labels = append(s.books.Labels, Label{ReturnID: r.id, Tracking: r.tracking, Provider: r.providerID,
		Bytes: len(fields[labelPart(r)]), At: s.now(), RequestID: requestID})
	why := step{name: "LABEL_UPLOADED", by: BySellerAPI, requestID: requestID}
	if s.readings.LabelMovesState {
		s.moveReturn(r, returnShipped, why)
		return
	}
	s.touch(r, why)
}

// form reads a multipart body into its parts by name.
func (c *call) form() (map[string]string, *apiError) {
	_, parameters, err := mime.ParseMediaType(c.media)
	if err != nil || !isMultipart(c.media) {
		return nil, fail(36009023, "Invalid content type %q.", c.media)
	}
	reader := multipart.NewReader(bytes.NewReader(c.body), parameters["boundary"])
	fields := map[string]string{}
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return fields, nil
		}
		if err != nil {
			return nil, fail(36009022, "Invalid body format.")
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return nil, fail(36009022, "Invalid body format.")
		}
		fields[part.FormName()] = string(content)
	}
}
