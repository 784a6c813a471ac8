package tiktokshop

import (
	"net/url"
	"strconv"
)

// pageSize is the largest page that every search takes (contract 1.9).
const pageSize = 50

// Page is a page of a walk. Keep the filter unchanged while walking; tokens are
// opaque and short-lived (T05): begin again after an error.
type Page struct {
	Size  int    // 1 to 100, but at most 50 for returns and cancellations; 0: 50
	Token string // empty: the first page
}

// query asks for a page, sorted by the field with the oldest first, or if there
// is none to sort by as TikTok likes (contract 1.9).
func (p Page) query(sortField string) url.Values {
	if p.Size == 0 {
		p.Size = pageSize
	}
	q := url.Values{"page_size": {strconv.Itoa(p.Size)}}
	if sortField != "" {
		q.Set("sort_field", sortField)
		q.Set("sort_order", "ASC")
	}
	if p.Token != "" {
		q.Set("page_token", p.Token)
	}
	return q
}
