package returngosandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

var digits = regexp.MustCompile(`^\d+$`)

// findRMA applies the id rules of contract 2.3: a bare number, known in this very shop.
func (s *Sandbox) findRMA(c *call) (*RMA, *answer) {
	if !digits.MatchString(c.id) {
		refused := failure(http.StatusBadRequest, "Invalid rmaId")
		return nil, &refused
	}
	r := s.rmas[c.id]
	if r == nil || r.Shop != c.shop.name {
		refused := failure(http.StatusNotFound, "RMA not found")
		return nil, &refused
	}
	return r, nil
}

func (s *Sandbox) getRMA(c *call) answer {
	r, refused := s.findRMA(c)
	if refused != nil {
		return *refused
	}
	if r = s.shown(r); r == nil {
		return failure(http.StatusNotFound, "RMA not found")
	}
	media := c.query.Get("includeMedia")
	if media != "" && media != "true" && media != "false" {
		return failure(http.StatusBadRequest, "includeMedia must be true or false")
	}
	return success(http.StatusOK, s.rmaView(r, media == "true"))
}

// postComment adds a merchant entry every time: the server does not dedupe (contract 2.4, A09).
func (s *Sandbox) postComment(c *call) answer {
	r, refused := s.findRMA(c)
	if refused != nil {
		return *refused
	}
	var body struct {
		HTMLText string `json:"htmlText"`
	}
	if err := read(c, &body); err != nil {
		return badRequest(err)
	}
	if strings.TrimSpace(body.HTMLText) == "" {
		return failure(http.StatusBadRequest, "htmlText is required")
	}
	s.keep(r)
	s.note(r, "merchant", api.by, body.HTMLText)
	s.wrote(c, r.ID, r.ID, true)
	return success(http.StatusCreated, obj{"message": "Comment added"})
}

type statusBody struct {
	Status          string          `json:"status"`
	ItemsValidation []validationRow `json:"itemsValidation"`
}

type validationRow struct {
	ReturnedItemID       string `json:"returnedItemId"`
	IsReturned           bool   `json:"isReturned"`
	IsRestockable        bool   `json:"isRestockable"`
	NonReturnedReason    string `json:"nonReturnedReason"`
	NonRestockableReason string `json:"nonRestockableReason"`
	StoreLocationID      string `json:"storeLocationId"`
	ThirdPartyName       string `json:"thirdPartyName"`
}

func (v validationRow) result() ItemValidation {
	reason := v.NonRestockableReason
	if !v.IsReturned {
		reason = v.NonReturnedReason
	}
	return ItemValidation{ItemID: v.ReturnedItemID, Returned: v.IsReturned, Restockable: v.IsRestockable, Reason: reason,
		Location: v.StoreLocationID, By: api.by, ThirdParty: v.ThirdPartyName}
}

// putStatus allows the moves of 3.2 and calls the status already held a
// success without change (A10). Reopening is a person's act and not offered.
func (s *Sandbox) putStatus(c *call) answer {
	r, refused := s.findRMA(c)
	if refused != nil {
		return *refused
	}
	var body statusBody
	if err := read(c, &body); err != nil {
		return badRequest(err)
	}
	if !slices.Contains(rmaStatuses, body.Status) {
		return failure(http.StatusBadRequest, fmt.Sprintf("unknown status %q", body.Status))
	}
	s.keep(r)
	before := r.clone()
	changed, err := s.applyStatus(r, body)
	if err != nil {
		*r = before // a refused request leaves nothing behind
		return badRequest(err)
	}
	s.wrote(c, r.ID, r.ID, changed)
	return success(http.StatusOK, obj{"rmaSummary": s.summaryView(r)})
}

// applyStatus takes the optional per-item results of A11, then the status.
func (s *Sandbox) applyStatus(r *RMA, body statusBody) (changed bool, err error) {
	if len(body.ItemsValidation) > 0 {
		if err := s.inspectByAPI(r, body); err != nil {
			return false, err
		}
		changed = true
	}
	if r.Status == body.Status {
		return changed, nil
	}
	if err := s.mayMove(r, body.Status); err != nil {
		return false, err
	}
	s.move(r, body.Status, api, "")
	return true, nil
}

func (s *Sandbox) inspectByAPI(r *RMA, body statusBody) error {
	if !slices.Contains([]string{Received, Validated, Done}, body.Status) {
		return fmt.Errorf("itemsValidation does not go with status %s", body.Status)
	}
	var results []ItemValidation
	for _, row := range body.ItemsValidation {
		results = append(results, row.result())
	}
	return s.inspect(r, results, api)
}

// read decodes a JSON object; anything else is a 400. Field names count to the
// letter: encoding/json would forgive their case, other servers do not.
func read(c *call, into any) error {
	var given map[string]json.RawMessage
	if err := json.Unmarshal(c.body, &given); err != nil {
		return fmt.Errorf("invalid request body: %w", err)
	}
	fields := reflect.TypeOf(into).Elem()
	exact := map[string]json.RawMessage{}
	for field := range fields.Fields() {
		name := field.Tag.Get("json")
		if value, sent := given[name]; sent {
			exact[name] = value
		}
	}
	body, err := json.Marshal(exact)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("invalid request body: %w", err)
	}
	return nil
}
