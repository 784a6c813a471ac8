package returngo

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"

	"returnbridge/internal/platform"
)

// largestLabel bounds a label, in bytes: one page of paper.
const largestLabel = 5 << 20

// Label is the paper that a parcel comes back with, such as a PDF. It bears the
// buyer's address: hand it on, and keep nothing of it.
type Label struct {
	TrackingNumber string
	Document       []byte
}

// Label fetches the label of the RMA's one parcel that comes back: a read of the
// RMA, and one of the address that stands there as labelURL (ReturnGO contract
// 3.5), without the key, without following redirects, and only from a public https
// host: whoever writes an address into ReturnGO must not have us read from our own
// network.
//
// Classes as for RMA; permanent: there is not one such parcel.
func (s *Shop) Label(ctx context.Context, rmaID string) (Label, error) {
	c := call{endpoint: "Return Label", nature: reads, method: http.MethodGet, path: []string{"rma", rmaID}}
	a, err := s.do(ctx, c)
	if err != nil {
		return Label{}, err
	}
	rma, err := decodeRMA(a.body)
	if err != nil {
		return Label{}, c.misread(a, err)
	}
	var w wireRMA
	parcel, found := rma.Label()
	if err := json.Unmarshal(a.body, &w); err != nil || !found {
		return Label{}, c.fails(platform.Permanent, "the RMA has not one parcel that comes back with a label")
	}
	l := Label{}
	for _, sh := range w.Shipments.rows {
		if string(sh.ID) == parcel.ID {
			l.TrackingNumber = string(sh.TrackingNumber)
			l.Document, err = s.client.document(ctx, c, string(sh.LabelURL))
		}
	}
	return l, err
}

// document reads what an address leads to. The address is as secret as the
// document: no error shows it.
func (cl *Client) document(ctx context.Context, c call, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, cl.timeout)
	defer cancel()
	at, err := url.Parse(address)
	if err != nil || at.Host == "" || at.Scheme != "https" && (at.Scheme != "http" || !cl.local) {
		return nil, c.fails(platform.Permanent, "the label has no address that can be read")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, c.fails(platform.Permanent, "the label has no address that can be read")
	}
	resp, err := cl.labels.Do(req)
	if errors.Is(err, errNotPublic) {
		return nil, c.fails(platform.Permanent, "the address of the label is not public")
	}
	if err != nil {
		return nil, cl.noAnswer(c, "the label's address", &way{}, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		e := c.fails(c.class(resp.StatusCode), "the label cannot be read")
		e.HTTPStatus = resp.StatusCode
		return nil, e
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, largestLabel+1))
	switch {
	case err != nil:
		return nil, c.fails(platform.Retry, "the label was cut off")
	case len(body) > largestLabel:
		return nil, c.fails(platform.Permanent, "the label is longer than 5 MiB")
	}
	return body, nil
}
