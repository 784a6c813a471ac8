package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"returnbridge/internal/returns"
)

// Outcome is what became of a person's command.
type Outcome struct {
	Accepted bool
	Sentence string
}

// Command applies a person's command to a return: kept with who and why, or
// refused with a sentence; either way it stands in the audit. A command applied
// twice counts once.
func (t *Tx) Command(ctx context.Context, shop string, key returns.Key, c returns.Command) (Outcome, error) {
	c, err := t.noted(ctx, shop, c)
	if err != nil {
		return Outcome{}, err
	}
	refusal := ""
	if c.ID != "" {
		refusal = c.ID + ":refused"
	}
	if fresh, err := t.audit(ctx, c.ID, shop, key, Entry{What: "command " + string(c.Name) + " " + string(c.Answer), Why: c.Why, DecidedBy: c.Who}); err != nil || !fresh {
		return t.heardBefore(ctx, auditID(shop, key, refusal), err)
	}
	refuse := func(why string) (Outcome, error) {
		_, err := t.audit(ctx, refusal, shop, key, Entry{What: "command refused", Why: why, DecidedBy: c.Who})
		return Outcome{Sentence: why}, err
	}
	if err := c.Validate(); err != nil {
		return refuse(err.Error())
	}
	switch c.Name {
	case returns.CommandPause, returns.CommandResume:
		if err := t.enterReturn(ctx, shop, key); err != nil {
			return Outcome{}, err
		}
		_, err := t.exec(ctx, "pause", `UPDATE returns SET paused = $1 WHERE shop = $2 AND key = $3`,
			flag(c.Name == returns.CommandPause), shop, string(key))
		return Outcome{Accepted: true, Sentence: string(c.Name) + "d"}, err
	case returns.CommandRecheck:
		return Outcome{Accepted: true, Sentence: "looked again"}, nil
	}
	saw, open, err := t.closeException(ctx, shop, key, c.Exception, string(c.Answer)+" by "+c.Who)
	if err != nil {
		return Outcome{}, err
	}
	if !open {
		return refuse(fmt.Sprintf("no %s is open here", c.Exception))
	}
	amount := c.Amount
	if c.Answer == returns.AnswerAcceptPayable || c.Answer == returns.AnswerPay {
		amount = saw.amount // what the person saw is what they agreed to
	}
	number, currency := moneyText(amount)
	_, err = t.exec(ctx, "keep answer", `INSERT INTO answers (id, shop, key, kind, answer, amount, currency, subject, reference, who, why, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		newID(), shop, string(key), string(c.Exception), string(c.Answer), number, currency, saw.subject, c.Reference, c.Who, c.Why, text(t.now))
	return Outcome{Accepted: true, Sentence: fmt.Sprintf("%s: %s", c.Exception, c.Answer)}, err
}

// heardBefore is the outcome of a command that comes again: a refusal is still one.
func (t *Tx) heardBefore(ctx context.Context, refusal string, err error) (Outcome, error) {
	if err != nil {
		return Outcome{}, err
	}
	why, refused, err := first(query(ctx, t, "read refusal", func(scan func(...any) error) (string, error) {
		var s string
		err := scan(&s)
		return s, err
	}, `SELECT why FROM audit WHERE id = $1`, refusal))
	if refused {
		return Outcome{Sentence: why}, err
	}
	return Outcome{Accepted: true, Sentence: "already taken"}, err
}

// shown is what an open exception showed to the person who answers it.
type shown struct {
	amount  returns.Money
	subject string
}

// closeException closes one open exception and gives what it showed.
func (t *Tx) closeException(ctx context.Context, shop string, key returns.Key, kind returns.Kind, by string) (shown, bool, error) {
	saw, open, err := first(query(ctx, t, "read exception", func(scan func(...any) error) (shown, error) {
		var s shown
		var amount, currency string
		if err := scan(&amount, &currency, &s.subject); err != nil {
			return s, err
		}
		var err error
		s.amount, err = readMoney(amount, currency)
		return s, err
	}, `SELECT amount, currency, subject FROM exceptions WHERE shop = $1 AND key = $2 AND kind = $3 AND closed_at = ''`, shop, string(key), string(kind)))
	if err != nil || !open {
		return saw, false, err
	}
	n, err := t.exec(ctx, "close exception", `UPDATE exceptions SET closed_at = $1, closed_by = $2 WHERE shop = $3 AND key = $4 AND kind = $5 AND closed_at = ''`,
		text(t.now), by, shop, string(key), string(kind))
	if err != nil || n == 0 {
		return saw, false, err // nothing closed: another answered first
	}
	return saw, true, t.alertClosed(ctx, shop, key, kind)
}

// Decided is the part of a decision that outlives the workflow.
type Decided struct {
	OrderID    string
	Holds      []returns.Hold
	Restocks   []returns.Restock // stock entries as they become
	Shadows    []returns.Shadow  // what switches kept us from, where it changed
	Exceptions []returns.Exception
	Stage      returns.Stage
	Summary    string
	Rules      string
	Held       bool      // a stop or a limit keeps it from something
	Deadline   time.Time // when TikTok decides by itself; zero: nothing runs
	Quiet      bool      // a backfill took the return up: what opens is told to nobody
	LookBy     time.Time // by then the return's workflow decides again; zero: only news can tell
	Closed     bool
}

// ErrUnitTaken means that another return took a unit between the read and the
// decision; deciding again sees it.
var ErrUnitTaken = errors.New("ledger: the unit is held by another return")

// SaveDecision keeps a decision: the units held, the stock owed for them, the
// exceptions opened and healed, the stage. It counts them, and holds only if no
// other decision was saved since the record was loaded (ErrOvertaken).
func (t *Tx) SaveDecision(ctx context.Context, shop string, key returns.Key, was returns.Record, d Decided) error {
	if err := t.saveHolds(ctx, shop, key, was.Holds, d.Holds); err != nil {
		return err
	}
	if err := t.saveRestocks(ctx, shop, key, d.Restocks); err != nil {
		return err
	}
	if err := t.saveShadows(ctx, shop, key, d.Shadows); err != nil {
		return err
	}
	if err := t.saveExceptions(ctx, shop, key, was.Open, d.Exceptions, opening{deadline: d.Deadline, quiet: d.Quiet}); err != nil {
		return err
	}
	closed, lookBy := "", text(d.LookBy)
	if d.Closed {
		closed, lookBy = text(t.now), ""
	}
	n, err := t.exec(ctx, "save decision", `UPDATE returns SET order_id = $1, stage = $2, summary = $3, rules = $4, decided_at = $5, closed_at = $6, look_by = $7,
			held = $8, decisions = decisions + 1
		WHERE shop = $9 AND key = $10 AND decisions = $11`, d.OrderID, string(d.Stage), d.Summary, d.Rules, text(t.now), closed, lookBy, flag(d.Held), shop, string(key), was.Decisions)
	if err == nil && n == 0 {
		err = fmt.Errorf("%w: return %s", ErrOvertaken, key)
	}
	return err
}

// Overdue are open returns that should have been decided on again before a time:
// nobody carries them any more, or only with great delay.
func (t *Tx) Overdue(ctx context.Context, shop string, before time.Time) ([]returns.Key, error) {
	return query(ctx, t, "read overdue returns", func(scan func(...any) error) (returns.Key, error) {
		var key returns.Key
		return key, scan(&key)
	}, `SELECT key FROM returns WHERE shop = $1 AND look_by <> '' AND look_by < $2 ORDER BY look_by, key LIMIT 500`, shop, text(before))
}

// TakenUp notes that overdue returns were told to look: they are due now.
func (t *Tx) TakenUp(ctx context.Context, shop string, keys []returns.Key, before time.Time) error {
	for _, key := range keys {
		if _, err := t.exec(ctx, "note an overdue return", `UPDATE returns SET look_by = $1 WHERE shop = $2 AND key = $3 AND look_by <> '' AND look_by < $4`,
			text(t.now), shop, string(key), text(before)); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) saveHolds(ctx context.Context, shop string, key returns.Key, was, now []returns.Hold) error {
	same := len(was) == len(now)
	held := map[returns.UnitID]returns.Hold{}
	for _, h := range was {
		held[h.Unit] = h
	}
	for _, h := range now {
		same = same && held[h.Unit].Same(h)
	}
	if same {
		return nil
	}
	if _, err := t.exec(ctx, "release units", `DELETE FROM holds WHERE shop = $1 AND key = $2`, shop, string(key)); err != nil {
		return err
	}
	// In one order, so that two returns on the same units never wait for each other.
	for _, h := range slices.SortedFunc(slices.Values(now), func(a, b returns.Hold) int { return cmp.Compare(a.Unit, b.Unit) }) {
		amount, currency := moneyText(h.Value)
		n, err := t.exec(ctx, "hold unit", `INSERT INTO holds (shop, unit, key, item_id, order_id, sku_id, product_id, tiktok_return_id, standing, amount, currency)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (shop, unit) DO NOTHING`,
			shop, string(h.Unit), string(key), h.ItemID, h.OrderID, h.SKUID, h.ProductID, h.TikTokReturnID, string(h.Standing), amount, currency)
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("%w: %s", ErrUnitTaken, h.Unit)
		}
	}
	return nil
}

// StillSays is ErrOvertaken if another return no longer says of a unit that it holds
// what was read: an act on units of several returns rests on all of them.
func (t *Tx) StillSays(ctx context.Context, shop string, key returns.Key, h returns.Hold) error {
	amount, currency := moneyText(h.Value)
	n, err := t.exec(ctx, "confirm another's hold", `UPDATE holds SET standing = standing WHERE shop = $1 AND unit = $2 AND key = $3 AND tiktok_return_id = $4 AND standing = $5 AND amount = $6 AND currency = $7`,
		shop, string(h.Unit), string(key), h.TikTokReturnID, string(h.Standing), amount, currency)
	if err == nil && n == 0 {
		err = fmt.Errorf("%w: what return %s says of unit %s", ErrOvertaken, key, h.Unit)
	}
	return err
}

// opening is what people are told of exceptions beside what they say.
type opening struct {
	deadline time.Time
	quiet    bool
}

// saveExceptions opens what is new and closes what the rules no longer name.
func (t *Tx) saveExceptions(ctx context.Context, shop string, key returns.Key, was, now []returns.Exception, o opening) error {
	wanted := map[returns.Kind]bool{}
	for _, e := range now {
		wanted[e.Kind] = true
		amount, currency := moneyText(e.Amount)
		n, err := t.exec(ctx, "keep exception open", `UPDATE exceptions SET sentence = $1, amount = $2, currency = $3, subject = $4, deadline = $5
			WHERE shop = $6 AND key = $7 AND kind = $8 AND closed_at = ''`, e.Sentence, amount, currency, e.Subject, text(o.deadline), shop, string(key), string(e.Kind))
		if err != nil {
			return err
		}
		if n > 0 {
			continue
		}
		id := newID()
		if _, err := t.exec(ctx, "open exception", `INSERT INTO exceptions (id, shop, key, kind, owner, sentence, subject, amount, currency, opened_at, deadline)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			id, shop, string(key), string(e.Kind), string(e.Owner), e.Sentence, e.Subject, amount, currency, text(t.now), text(o.deadline)); err != nil {
			return err
		}
		if !o.quiet {
			if err := t.alert(ctx, id, returns.AlertOpened, 0, ""); err != nil {
				return err
			}
		}
		if _, err := t.audit(ctx, "", shop, key, Entry{What: "exception " + string(e.Kind), Why: e.Sentence, DecidedBy: "rules"}); err != nil {
			return err
		}
	}
	for _, e := range was {
		if wanted[e.Kind] {
			continue
		}
		if _, _, err := t.closeException(ctx, shop, key, e.Kind, "healed"); err != nil {
			return err
		}
	}
	return nil
}

// RaiseForShop opens an exception that concerns a whole shop, or tells what is new
// of it.
func (t *Tx) RaiseForShop(ctx context.Context, shop string, p returns.Platform, e returns.Exception) error {
	return t.saveExceptions(ctx, shop, returns.ShopKey(p), nil, []returns.Exception{e}, opening{})
}

// HealForShop closes a shop's exception, if it is open.
func (t *Tx) HealForShop(ctx context.Context, shop string, p returns.Platform, kind returns.Kind) error {
	_, _, err := t.closeException(ctx, shop, returns.ShopKey(p), kind, "healed")
	return err
}

// Entry is one line of the audit.
type Entry struct {
	Unit      returns.UnitID
	What      string // what happened
	Why       string
	RequestID string // the platform's id of the call, if there was one
	DecidedBy string // "rules", or a person
}

// Audit appends lines to a return's history, one per unit.
func (t *Tx) Audit(ctx context.Context, shop string, key returns.Key, units []returns.UnitID, e Entry) error {
	if len(units) == 0 {
		units = []returns.UnitID{""}
	}
	for _, u := range units {
		e.Unit = u
		if _, err := t.audit(ctx, "", shop, key, e); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) audit(ctx context.Context, id, shop string, key returns.Key, e Entry) (bool, error) {
	if id == "" {
		id = newID()
	} else {
		id = auditID(shop, key, id)
	}
	n, err := t.exec(ctx, "audit", `INSERT INTO audit (id, shop, key, unit, what, why, at, request_id, decided_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING`,
		id, shop, string(key), string(e.Unit), e.What, e.Why, text(t.now), e.RequestID, e.DecidedBy)
	return n > 0, err
}

// auditID is the id of a line that can be written only once.
func auditID(shop string, key returns.Key, id string) string {
	return shop + ":" + string(key) + ":" + id
}

// OwnClocks are the TikTok returns of an order that run under a clock of their
// own, and those on which nobody keeps a clock yet although they are open.
func (t *Tx) OwnClocks(ctx context.Context, shop string, open []returns.TikTokReturn) (running, missing []returns.Key, err error) {
	for _, r := range open {
		key := returns.TikTokKey(r.ID)
		closed, entered, err := first(query(ctx, t, "read own clock", func(scan func(...any) error) (instant, error) {
			var at instant
			return at, scan(&at)
		}, `SELECT closed_at FROM returns WHERE shop = $1 AND key = $2`, shop, string(key)))
		switch {
		case err != nil:
			return nil, nil, err
		case entered && time.Time(closed).IsZero():
			running = append(running, key)
		case !entered && r.Live():
			missing = append(missing, key)
		}
	}
	return running, missing, nil
}

// Closed are those of some returns that have ended.
func (t *Tx) Closed(ctx context.Context, shop string, keys []returns.Key) ([]returns.Key, error) {
	var closed []returns.Key
	for _, key := range keys {
		at, entered, err := first(query(ctx, t, "read end of return", func(scan func(...any) error) (instant, error) {
			var at instant
			err := scan(&at)
			return at, err
		}, `SELECT closed_at FROM returns WHERE shop = $1 AND key = $2`, shop, string(key)))
		if err != nil {
			return nil, err
		}
		if entered && !time.Time(at).IsZero() {
			closed = append(closed, key)
		}
	}
	return closed, nil
}
