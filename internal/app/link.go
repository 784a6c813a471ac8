package app

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"returnbridge/config"
	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// linked is what links did.
type linked struct {
	Shop    string        `json:"shop"`
	Links   []orderLink   `json:"links"`
	Written bool          `json:"written"` // else it was a preview
	Woken   []returns.Key `json:"returns_woken"`
	Similar []string      `json:"similar_names,omitempty"` // order names that returns wait under, if none waited under the one given
}

type orderLink struct {
	OrderName string `json:"order_name"`
	OrderID   string `json:"tiktok_order_id"`
}

// Link says which TikTok order an order name means, as the command of that name
// does, for a program that has its configuration already.
func Link(ctx context.Context, cfg *config.Config, deps Deps, link ledger.OrderLink, who, why string, out Output) error {
	h, err := visit(ctx, cfg, deps, true)
	if err != nil {
		return err
	}
	defer h.close()
	return h.link(ctx, "", []ledger.OrderLink{link}, who, why, out)
}

// link keeps which TikTok order each order name means, and wakes the returns
// that waited to know. If anything is wrong with one link none is kept.
func (h *house) link(ctx context.Context, shop string, links []ledger.OrderLink, who, why string, out Output) error {
	l, err := h.keepLinks(ctx, shop, links, who, why, true)
	if err != nil {
		return err
	}
	var deaf []error
	for _, key := range l.Woken {
		if err := h.waker.WakeReturn(ctx, l.Shop, key, messages.News{Platforms: []returns.Platform{messages.LedgerOnly}}); err != nil {
			deaf = append(deaf, err)
		}
	}
	if len(deaf) > 0 {
		return fmt.Errorf("the links are kept, but %s of %d could not be told; give the same command again to tell them:\n%w",
			count(len(deaf), "return"), len(l.Woken), errors.Join(deaf...))
	}
	return out.say(l, l.text())
}

// previewLinks says what links would do, and finds all that is wrong with them.
func (h *house) previewLinks(ctx context.Context, shop string, links []ledger.OrderLink, who, why string, out Output) error {
	l, err := h.keepLinks(ctx, shop, links, who, why, false)
	if err != nil {
		return err
	}
	return out.say(l, l.text())
}

// errPreview undoes a transaction that was only to show what it would do.
var errPreview = errors.New("only a preview")

// keepLinks keeps links, or tries it and undoes it.
func (h *house) keepLinks(ctx context.Context, shop string, links []ledger.OrderLink, who, why string, keep bool) (linked, error) {
	shop, err := h.theShop(shop)
	if err = errors.Join(err, signed(who, why)); err != nil {
		return linked{}, err
	}
	l := linked{Shop: shop, Links: []orderLink{}, Written: keep}
	for _, one := range links {
		l.Links = append(l.Links, orderLink(one))
	}
	err = h.ledger.Do(ctx, func(tx *ledger.Tx) error {
		waiting, err := tx.LinkOrders(ctx, shop, links, who, why)
		l.Woken = append([]returns.Key{}, waiting...)
		if err = errors.Join(checkLinks(links), err); err != nil { // all of it in one answer, and nothing is kept
			return err
		}
		if len(waiting) == 0 && len(links) == 1 {
			names, err := tx.NamesWithoutOrder(ctx, shop)
			if err != nil {
				return err
			}
			l.Similar = slices.DeleteFunc(names, func(n string) bool { return bare(n) != bare(links[0].OrderName) })
		}
		if !keep {
			return errPreview
		}
		return nil
	})
	if err != nil && !errors.Is(err, errPreview) {
		return linked{}, fmt.Errorf("nothing was linked:\n%w", err)
	}
	return l, nil
}

func (l linked) text() string {
	var b strings.Builder
	verb := "now means"
	if !l.Written {
		verb = "would mean"
	}
	for _, one := range l.Links {
		fmt.Fprintf(&b, "Order name %s %s TikTok order %s.\n", plain(one.OrderName), verb, one.OrderID)
	}
	switch {
	case !l.Written:
		waiting := "No return waits for these yet."
		if len(l.Woken) > 0 {
			waiting = fmt.Sprintf("%s waited for this and would go on: %s.", count(len(l.Woken), "return"), join(l.Woken))
		}
		fmt.Fprintf(&b, "%s\nNothing was linked: add --yes to do it.\n", waiting)
	case len(l.Woken) > 0:
		fmt.Fprintf(&b, "%s waited for this and will go on: %s.\n", count(len(l.Woken), "return"), join(l.Woken))
	case len(l.Similar) > 0:
		fmt.Fprintf(&b, "No return waits under that name. Did you mean %s?\n", strings.Join(l.Similar, ", "))
	default:
		b.WriteString("No return waits for this yet; one that comes will find it.\n")
	}
	return b.String()
}

// signed wants to know who acts and why.
func signed(who, why string) error {
	var problems []error
	if strings.TrimSpace(who) == "" {
		problems = append(problems, errors.New("who is missing"))
	}
	if strings.TrimSpace(why) == "" {
		problems = append(problems, errors.New("why is missing"))
	}
	return errors.Join(problems...)
}

// orderNumber is what TikTok's order ids look like (A28).
var orderNumber = regexp.MustCompile(`^[0-9]{15,20}$`)

// checkLinks finds everything that is wrong with the links themselves.
func checkLinks(links []ledger.OrderLink) error {
	var problems []error
	meant := map[string]string{}
	for _, l := range links {
		switch other, twice := meant[l.OrderName]; {
		case strings.TrimSpace(l.OrderName) == "":
			problems = append(problems, fmt.Errorf("the order name of %s is empty", cmp.Or(l.OrderID, "a link")))
			continue
		case !orderNumber.MatchString(l.OrderID):
			problems = append(problems, fmt.Errorf("%s: %q is no TikTok order id, which has 15 to 20 digits and nothing else", l.OrderName, l.OrderID))
		case len(links) > 1 && rounded.MatchString(l.OrderID):
			problems = append(problems, fmt.Errorf("%s: %s looks as if a spreadsheet had rounded it; if it is right, link it alone", l.OrderName, l.OrderID))
		case twice && other != l.OrderID:
			problems = append(problems, fmt.Errorf("%s: is to mean both %s and %s", l.OrderName, other, l.OrderID))
		}
		meant[l.OrderName] = l.OrderID
	}
	return errors.Join(problems...)
}

// bare is an order name without what people leave out when they type it.
func bare(name string) string {
	return strings.ToLower(strings.Trim(name, "# "))
}

// readLinks reads links from a CSV file with a heading: order_name and
// tiktok_order_id, in any order, beside any others, however they are spaced and
// capitalised. The error lists every line that is too short.
func readLinks(text string) ([]ledger.OrderLink, error) {
	text = strings.TrimPrefix(text, "\ufeff") // as spreadsheets begin a file
	heading, _, _ := strings.Cut(text, "\n")
	r := csv.NewReader(strings.NewReader(text))
	r.TrimLeadingSpace, r.FieldsPerRecord = true, -1
	if strings.Contains(heading, ";") {
		r.Comma = ';' // as spreadsheets write it where a comma is a decimal point
	}
	names, err := r.Read()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err //nolint:wrapcheck // it names the line, and the caller the file
	}
	name, id := column(names, "order_name"), column(names, "tiktok_order_id")
	var links []ledger.OrderLink
	var problems []error
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errors.Join(append(problems, err)...) // what follows cannot be told apart
		}
		line, _ := r.FieldPos(0)
		if len(row) <= max(name, id) {
			problems = append(problems, fmt.Errorf("line %d has only %s", line, count(len(row), "column")))
			continue
		}
		if name >= 0 && id >= 0 {
			links = append(links, ledger.OrderLink{OrderName: strings.TrimSpace(row[name]), OrderID: strings.TrimSpace(row[id])})
		}
	}
	switch {
	case name < 0 || id < 0:
		return nil, errors.New("its first line must be a heading with the columns order_name and tiktok_order_id")
	case len(problems) > 0:
		return nil, errors.Join(problems...)
	case len(links) == 0:
		return nil, errors.New("there is no line below its heading")
	}
	return links, nil
}

// column finds a column by its name, as people and spreadsheets spell it.
func column(heading []string, name string) int {
	spelled := strings.NewReplacer(" ", "", "_", "", "-", "")
	return slices.IndexFunc(heading, func(c string) bool { return strings.EqualFold(spelled.Replace(c), spelled.Replace(name)) })
}

// rounded is a long number of which a spreadsheet kept 15 digits.
var rounded = regexp.MustCompile(`^[0-9]{15}0{2,5}$`)
