package notify

import (
	"net/url"
	"regexp"

	"returnbridge/internal/returns"
)

// Links are the templates of addresses that lead to what a message is about: a name in
// braces stands for the return's own number. An empty template gives no link.
type Links struct {
	ReturnGO     string
	SellerCenter string
	WebUI        string
	WorkflowID   func(shop string, key returns.Key) string
}

// Link is a name and where it leads.
type Link struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// of are the links of an exception: those whose every name the exception has a number for.
func (l Links) of(a returns.Alert) []Link {
	numbers := map[string]string{"{shop}": a.Shop, "{order_id}": a.OrderID, "{tiktok_return_id}": a.TikTokReturnID}
	if ofReturn := !a.Key.WholeShop() && a.Key.ProductID() == ""; ofReturn {
		numbers["{rma_id}"] = a.Key.RMAID()
		if l.WorkflowID != nil {
			numbers["{workflow_id}"] = l.WorkflowID(a.Shop, a.Key)
		}
	}
	var links []Link
	for _, t := range []Link{{"ReturnGO", l.ReturnGO}, {"Seller Center", l.SellerCenter}, {"Temporal", l.WebUI}} {
		whole := t.URL != ""
		filled := placeholder.ReplaceAllStringFunc(t.URL, func(name string) string {
			whole = whole && numbers[name] != ""
			return url.PathEscape(numbers[name])
		})
		if whole {
			links = append(links, Link{t.Name, filled})
		}
	}
	return links
}
