package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"returnbridge/config"
	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
)

// Output is where a command for people answers, and whether a program reads it.
type Output struct {
	io.Writer

	JSON bool
}

// say writes the answer: v for programs, the text for people.
func (o Output) say(v any, text string) error {
	if o.JSON {
		e := json.NewEncoder(o)
		e.SetIndent("", "  ")
		return e.Encode(v) //nolint:wrapcheck // nothing to add
	}
	_, err := io.WriteString(o, text)
	return err //nolint:wrapcheck // nothing to add
}

// visit opens what a command for people needs: the ledger, and Temporal if the
// command tells a return something. No platform is called.
func visit(ctx context.Context, cfg *config.Config, deps Deps, tells bool) (_ *house, err error) {
	h := &house{cfg: cfg, log: deps.Log, temporal: deps.Temporal, namespace: deps.Namespace, now: deps.Now}
	defer func() {
		if err != nil {
			h.close()
		}
	}()
	if h.now == nil {
		h.now = time.Now
	}
	if err := ledgerExists(cfg.Ledger); err != nil {
		return nil, err
	}
	if h.ledger, err = openLedger(ctx, cfg.Ledger, h.now); err != nil {
		return nil, err
	}
	h.closers = append(h.closers, func() { _ = h.ledger.Close() })
	h.waker = &waker{temporal: h.temporal, keys: returnGOKeys(cfg)}
	if tells {
		err = h.reachTemporal(ctx)
	}
	return h, err
}

// reachTemporal connects to Temporal, if that is not done yet.
func (h *house) reachTemporal(ctx context.Context) (err error) {
	if h.temporal != nil {
		return nil
	}
	if h.temporal, h.namespace, err = dial(ctx, h.log); err != nil {
		return err
	}
	h.closers = append(h.closers, h.temporal.Close)
	h.waker = &waker{temporal: h.temporal, keys: returnGOKeys(h.cfg)}
	return nil
}

// ledgerExists keeps a question from making a new, empty ledger, which would
// answer that all is well.
func ledgerExists(dsn string) error {
	path, isFile := ledgerFile(dsn)
	if !isFile {
		return nil
	}
	_, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("there is no ledger at %s: run this where the worker runs, or mend the key ledger of the configuration", path)
	}
	return err //nolint:wrapcheck // it names the file
}

// ledgerFile is the file of a SQLite ledger.
func ledgerFile(dsn string) (path string, isFile bool) {
	if strings.HasPrefix(dsn, "postgres") {
		return "", false
	}
	if full, err := filepath.Abs(dsn); err == nil {
		return full, true
	}
	return dsn, true
}

// find is every return that a person's number means.
func (h *house) find(ctx context.Context, shop, number string) ([]ledger.ReturnRef, error) {
	if err := h.knows(shop); err != nil {
		return nil, err
	}
	in, number := shop, strings.TrimSpace(number)
	if s, key, is := messages.ReturnOf(number); is {
		in, number = s, string(key)
	}
	var found []ledger.ReturnRef
	err := h.ledger.Read(ctx, func(tx *ledger.Tx) (err error) {
		found, err = tx.FindReturns(ctx, in, number)
		return err
	})
	found = slices.DeleteFunc(found, func(r ledger.ReturnRef) bool { return shop != "" && r.Shop != shop })
	if err == nil && len(found) == 0 {
		return nil, fmt.Errorf("the ledger knows no return %s%s: give its RMA id, TikTok return id, TikTok order id, order name or workflow id", number, inShop(in))
	}
	return found, err
}

// findOne is the one return that a person's number means.
func (h *house) findOne(ctx context.Context, shop, number string) (ledger.ReturnRef, error) {
	found, err := h.find(ctx, shop, number)
	if err != nil {
		return ledger.ReturnRef{}, err
	}
	if len(found) > 1 {
		var names []string
		for _, r := range found {
			names = append(names, string(r.Key)+" --shop "+r.Shop)
		}
		return ledger.ReturnRef{}, fmt.Errorf("%s means several returns, name one of them: %s", number, strings.Join(names, ", "))
	}
	// A shop that has left the configuration is in the ledger still.
	return found[0], h.knows(found[0].Shop)
}

// knows tells whether a shop is configured; none is fine.
func (h *house) knows(shop string) error {
	var names []string
	for _, s := range h.cfg.Shops {
		names = append(names, s.Name)
		if s.Name == shop {
			return nil
		}
	}
	if shop == "" {
		return nil
	}
	return fmt.Errorf("there is no shop %s in the configuration, only %s", shop, strings.Join(names, ", "))
}

// shops are the one that is named, or all.
func (h *house) shops(only string) []config.Shop {
	return slices.DeleteFunc(slices.Clone(h.cfg.Shops), func(s config.Shop) bool { return only != "" && s.Name != only })
}

// withToken asks TikTok, and once more with a new token where the one at hand is
// no longer taken.
func (h *house) withToken(ctx context.Context, shop string, ask func() error) error {
	err := ask()
	if platform.ClassOf(err) != platform.RefreshToken {
		return err
	}
	if err := h.acts.Tokens.Renew(ctx, shop); err != nil {
		return fmt.Errorf("renew the TikTok token: %w", err)
	}
	return ask()
}

// theShop is the shop that is meant: the one named, or the only one.
func (h *house) theShop(named string) (string, error) {
	if named == "" && len(h.cfg.Shops) == 1 {
		return h.cfg.Shops[0].Name, nil
	}
	if named == "" {
		return "", errors.New("there are several shops: say which with --shop")
	}
	return named, h.knows(named)
}

func inShop(shop string) string {
	if shop == "" {
		return ""
	}
	return " in shop " + shop
}

// span is a period in days and hours.
func span(d time.Duration) string {
	switch hours := int(d / time.Hour); {
	case hours < 1:
		return fmt.Sprintf("%dm", max(0, int(d/time.Minute)))
	case hours < 24:
		return fmt.Sprintf("%dh", hours)
	default:
		return fmt.Sprintf("%dd %dh", hours/24, hours%24)
	}
}

// fromNow says when a time is or was.
func fromNow(at, now time.Time) string {
	switch {
	case at.IsZero():
		return "-"
	case at.After(now):
		return "in " + span(at.Sub(now))
	default:
		return span(now.Sub(at)) + " ago"
	}
}

func stamp(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05") }

// money is an amount as people read it.
func money(m returns.Money) string {
	if !returns.Known(m) {
		return "-"
	}
	return m.String()
}

// plain keeps what platforms wrote on one line of the table, and a terminal from
// obeying it.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}
