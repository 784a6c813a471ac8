package tiktoksandbox

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// listed is anything a search returns.
type listed interface {
	listID() string
	listTimes() (create, update time.Time)
}

// pageRules are the differences between the endpoints (1.9).
type pageRules struct {
	sizeMin, sizeMax, sizeDefault int // no default means page_size is required
	descending                    bool
}

// page is one page of a search.
type page[T listed] struct {
	items []T
	next  string
	total int
}

// paginate sorts, finds the place of the token and cuts a page. The token holds
// the place of the last element, so an element whose update_time moves while
// somebody pages may be met twice, never skipped.
func paginate[T listed](c *call, all []T, rules pageRules) (page[T], *apiError) {
	size, problem := c.pageSize(rules)
	if problem != nil {
		return page[T]{}, problem
	}
	// An unknown sort_field is not always refused (1.9): it means create_time here.
	byUpdate := c.query.Get("sort_field") == "update_time"
	descending := rules.descending
	switch c.query.Get("sort_order") {
	case "":
	case "ASC":
		descending = false
	case "DESC":
		descending = true
	default: // upper case only (1.9)
		return page[T]{}, fail(c.badParameter(), "Invalid `sort_order`.")
	}
	key := func(item T) string { return sortKey(item, byUpdate) }
	before := func(a, b string) bool { return a != b && (a < b) != descending }
	sort.Slice(all, func(i, j int) bool { return before(key(all[i]), key(all[j])) })

	start := 0
	if token := c.query.Get("page_token"); token != "" {
		last, issued, ok := readPageToken(token, c.walk())
		old := c.tokenLife > 0 && c.now.Sub(issued) >= c.tokenLife
		if !ok || old || c.fault == FaultExpiredPageToken {
			return page[T]{}, fail(c.badParameter(), "Invalid or expired `page_token`.")
		}
		start = sort.Search(len(all), func(i int) bool { return before(last, key(all[i])) })
		if c.fault == FaultDuplicatePageItem && start > 0 {
			start--
		}
	}
	end := min(start+size, len(all))
	result := page[T]{items: all[start:end], total: len(all)}
	if end < len(all) {
		result.next = writePageToken(key(all[end-1]), c.walk(), c.now)
	}
	return result, nil
}

func (c *call) pageSize(rules pageRules) (int, *apiError) {
	var body map[string]json.RawMessage
	if json.Unmarshal(c.body, &body) == nil && body["page_size"] != nil {
		return 0, fail(36009004, "Unexpected `page_size` in the body; it belongs into the query.")
	}
	text := c.query.Get("page_size")
	if text == "" {
		if rules.sizeDefault == 0 {
			return 0, fail(36009004, "Missing mandatory query parameter `page_size`.")
		}
		return rules.sizeDefault, nil
	}
	size, err := strconv.Atoi(text)
	if err != nil || size < rules.sizeMin || size > rules.sizeMax {
		return 0, fail(c.badParameter(), "`page_size` must be between %d and %d.", rules.sizeMin, rules.sizeMax)
	}
	return size, nil
}

func sortKey(item listed, byUpdate bool) string {
	create, update := item.listTimes()
	if byUpdate {
		create = update
	}
	return fmt.Sprintf("%012d %s", create.Unix(), item.listID())
}

// walk names the filters and the order; a token only fits the walk it came from.
func (c *call) walk() string {
	sum := fnv.New64a()
	rest := maps.Clone(c.query)
	for _, changing := range []string{"page_token", "timestamp", "sign", "page_size"} {
		delete(rest, changing)
	}
	fmt.Fprintf(sum, "%s|%s|%s|%s|%s", c.route.name, c.id, c.shop.ID, rest.Encode(), c.body)
	return strconv.FormatUint(sum.Sum64(), 36)
}

// Real tokens hold + / = (1.9), so these always do: whoever forgets to sign the
// decoded or to send the encoded form finds out on the second page.
func writePageToken(last, walk string, at time.Time) string {
	content := fmt.Sprintf("%s|%d|%s", walk, at.UnixNano(), last)
	return "p+/" + base64.StdEncoding.EncodeToString([]byte(content)) + "=="
}

func readPageToken(token, walk string) (last string, issued time.Time, ok bool) {
	inner, found := strings.CutPrefix(token, "p+/")
	inner, closed := strings.CutSuffix(inner, "==")
	raw, err := base64.StdEncoding.DecodeString(inner)
	if !found || !closed || err != nil {
		return "", time.Time{}, false
	}
	parts := strings.SplitN(string(raw), "|", 3)
	if len(parts) != 3 {
		return "", time.Time{}, false
	}
	nano, err := strconv.ParseInt(parts[1], 10, 64)
	return parts[2], time.Unix(0, nano), err == nil && parts[0] == walk
}

// timeFilter is the pair of *_ge and *_lt filters (1.9).
type timeFilter struct {
	CreateTimeGE *int64 `json:"create_time_ge"`
	CreateTimeLT *int64 `json:"create_time_lt"`
	UpdateTimeGE *int64 `json:"update_time_ge"`
	UpdateTimeLT *int64 `json:"update_time_lt"`
}

// passes treats ge as inclusive and lt as exclusive. Only ge given means "until
// now", only lt means "since the beginning"; both need no bound here because
// nothing is newer than now.
func (f timeFilter) passes(item listed) bool {
	create, update := item.listTimes()
	return within(create, f.CreateTimeGE, f.CreateTimeLT) && within(update, f.UpdateTimeGE, f.UpdateTimeLT)
}

func within(at time.Time, ge, lt *int64) bool {
	return (ge == nil || at.Unix() >= *ge) && (lt == nil || at.Unix() < *lt)
}

// oneOf passes everything when the list is empty.
func oneOf(list []string, value string) bool {
	if len(list) == 0 {
		return true
	}
	return slices.Contains(list, value)
}
