package returngosandbox

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

var rmaStatuses = []string{Pending, Approved, Received, Validated, Done, Rejected, Canceled}

// listRMAs searches RMAs; rows carry no time and no content (contract 2.2).
func (s *Sandbox) listRMAs(c *call) answer {
	filter, err := rmaFilterOf(c.query)
	if err != nil {
		return badRequest(err)
	}
	order, err := parseSort(c.query.Get("sort_by"))
	if err != nil {
		return badRequest(err)
	}
	var found []row
	for _, present := range s.rmas {
		if r := s.shown(present); r != nil && r.Shop == c.shop.name && filter.matches(r) {
			found = append(found, row{id: idNumber(r.ID), created: r.CreatedAt, updated: r.LastUpdated, view: func() obj { return s.summaryView(r) }})
		}
	}
	return page(c.query, "rmas", found, order)
}

type rmaFilter struct {
	created, updated                      []timeBound
	statuses, names, customers, trackings []string
}

func rmaFilterOf(q url.Values) (rmaFilter, error) {
	f := rmaFilter{statuses: commaList(q, "status"), names: commaList(q, "order_name"),
		customers: commaList(q, "customer_ids"), trackings: commaList(q, "tracking_numbers")}
	for _, status := range f.statuses {
		if !slices.Contains(rmaStatuses, status) {
			return f, fmt.Errorf("unknown status %q", status)
		}
	}
	var err error
	if f.created, err = timeBounds(q, "rma_created_at"); err != nil {
		return f, err
	}
	f.updated, err = timeBounds(q, "rma_updated_at")
	return f, err
}

func (f rmaFilter) matches(r *RMA) bool {
	tracked := len(f.trackings) == 0 || slices.ContainsFunc(r.Shipments, func(sh Shipment) bool {
		return slices.Contains(f.trackings, sh.TrackingNumber)
	})
	return tracked && admits(f.statuses, r.Status) && admits(f.names, r.OrderName) && admits(f.customers, r.CustomerID) &&
		within(f.created, r.CreatedAt) && within(f.updated, r.LastUpdated)
}

// commaList reads a comma-separated filter; absent or empty means no filter (contract 1.5).
func commaList(q url.Values, name string) []string {
	var list []string
	for value := range strings.SplitSeq(q.Get(name), ",") {
		if value = strings.TrimSpace(value); value != "" {
			list = append(list, value)
		}
	}
	return list
}

func admits(list []string, value string) bool { return len(list) == 0 || slices.Contains(list, value) }

// timeBound is one <op>:<time>; repeating the parameter makes a range (A06).
type timeBound struct {
	op string
	at time.Time
}

var timeOps = map[string]func(order int) bool{
	"lt": func(o int) bool { return o < 0 }, "lte": func(o int) bool { return o <= 0 },
	"gt": func(o int) bool { return o > 0 }, "gte": func(o int) bool { return o >= 0 },
	"eq": func(o int) bool { return o == 0 }, "neq": func(o int) bool { return o != 0 },
}

func timeBounds(q url.Values, name string) ([]timeBound, error) {
	var bounds []timeBound
	for _, text := range q[name] {
		op, when, _ := strings.Cut(text, ":")
		at, err := filterTime(when)
		if timeOps[op] == nil || err != nil {
			return nil, fmt.Errorf("%s: %q is not <op>:<time>", name, text)
		}
		bounds = append(bounds, timeBound{op, at})
	}
	return bounds, nil
}

// filterTime is UTC without a zone (A06); an offset is answered too, as seen (contract 1.5).
func filterTime(text string) (time.Time, error) {
	if at, err := time.Parse("2006-01-02T15:04:05", text); err == nil {
		return at, nil
	}
	return time.Parse(time.RFC3339, text)
}

func within(bounds []timeBound, at time.Time) bool {
	for _, b := range bounds {
		if !timeOps[b.op](at.Compare(b.at)) {
			return false
		}
	}
	return true
}

// row is a found object with what it can be sorted by.
type row struct {
	id               int64
	created, updated time.Time
	view             func() obj
}

// sortKey is one column of sort_by; without any, the newest id comes first (contract 1.4).
type sortKey struct {
	column     string
	descending bool
}

// parseSort wants a + or - before each column; a + that was not escaped
// arrives as a space and is refused (contract 1.5).
func parseSort(text string) ([]sortKey, error) {
	if text == "" {
		return nil, nil
	}
	var keys []sortKey
	for part := range strings.SplitSeq(text, ",") {
		sign, column := part[:min(1, len(part))], part[min(1, len(part)):]
		if (sign != "+" && sign != "-") || (column != "rma_created_at" && column != "rma_updated_at") {
			return nil, fmt.Errorf("sort_by: %q is not a signed column", part)
		}
		keys = append(keys, sortKey{column, sign == "-"})
	}
	return keys, nil
}

func compareRows(a, b row, order []sortKey) int {
	for _, k := range order {
		result := a.created.Compare(b.created)
		if k.column == "rma_updated_at" {
			result = a.updated.Compare(b.updated)
		}
		if k.descending {
			result = -result
		}
		if result != 0 {
			return result
		}
	}
	if len(order) > 0 && !order[0].descending {
		return cmp.Compare(a.id, b.id)
	}
	return cmp.Compare(b.id, a.id)
}

// position is what a cursor wraps: the last row given out, and a print of
// the filters, which must stay the same along the way (A05).
type position struct {
	ID               int64
	Created, Updated time.Time
	Filters          string
}

func page(q url.Values, name string, rows []row, order []sortKey) answer {
	size, err := strconv.Atoi(q.Get("pagesize"))
	if err != nil || size < 1 || size > 500 {
		return failure(http.StatusBadRequest, "pagesize must be 1 to 500")
	}
	slices.SortFunc(rows, func(a, b row) int { return compareRows(a, b, order) })
	if text := q.Get("cursor"); text != "" {
		if rows, err = after(rows, text, q, order); err != nil {
			return badRequest(err)
		}
	}
	views := []obj{}
	for _, r := range rows[:min(size, len(rows))] {
		views = append(views, r.view())
	}
	var cursor any
	if len(rows) > size {
		last := rows[size-1]
		cursor = position{last.id, last.created, last.updated, filterPrint(q)}.encode()
	}
	return success(http.StatusOK, obj{name: views, "next_cursor": cursor})
}

func after(rows []row, cursor string, q url.Values, order []sortKey) ([]row, error) {
	var p position
	text, err := base64.StdEncoding.DecodeString(cursor)
	if err != nil || json.Unmarshal(text, &p) != nil {
		return nil, fmt.Errorf("invalid cursor")
	}
	if p.Filters != filterPrint(q) {
		return nil, fmt.Errorf("cursor belongs to other filters")
	}
	last := row{id: p.ID, created: p.Created, updated: p.Updated}
	return slices.DeleteFunc(rows, func(r row) bool { return compareRows(r, last, order) <= 0 }), nil
}

func (p position) encode() string {
	text, _ := json.Marshal(p)
	return base64.StdEncoding.EncodeToString(text)
}

func filterPrint(q url.Values) string {
	filters := url.Values{}
	for name, values := range q {
		if name != "cursor" && name != "pagesize" {
			filters[name] = values
		}
	}
	digest := sha256.Sum256([]byte(filters.Encode()))
	return hex.EncodeToString(digest[:6])
}

func idNumber(id string) int64 {
	n, _ := strconv.ParseInt(id, 10, 64)
	return n
}
