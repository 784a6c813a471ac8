package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

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
	if fresh, err := t.audit(ctx, c.ID, shop, key, Entry{What: c.Told(), Why: c.Why, DecidedBy: c.Who}); err != nil || !fresh {
		return t.heardBefore(ctx, auditID(shop, key, refusal), err)
	}
	refuse := func(why string) (Outcome, error) {
		_, err := t.audit(ctx, refusal, shop, key, Entry{What: "refused the command", Why: why, DecidedBy: Program})
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
	saw, why, err := t.meant(ctx, shop, key, c)
	if err != nil {
		return Outcome{}, err
	}
	if why != "" {
		return refuse(why)
	}
	answered, err := t.closeException(ctx, shop, key, saw.Exception, string(c.Answer)+" by "+c.Who)
	if err != nil {
		return Outcome{}, err
	}
	if !answered { // another answer came first
		return refuse(notOpen(c))
	}
	amount := c.Amount
	if c.Answer == returns.AnswerAcceptPayable || c.Answer == returns.AnswerPay {
		amount = saw.Amount // what the person saw is what they agreed to
	}
	seen, err := t.transactionsSeen(ctx, shop, key)
	if err != nil {
		return Outcome{}, err
	}
	number, currency := moneyText(amount)
	t.fact("exception answered", shop, key, exceptionFields(returns.Exception{Kind: c.Exception, Subject: saw.Subject, Amount: amount}, zap.String("answer", string(c.Answer)))...)
	_, err = t.exec(ctx, "keep answer", `INSERT INTO answers (id, shop, key, kind, answer, amount, currency, subject, reference, who, why, at, seen)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		newID(), shop, string(key), string(c.Exception), string(c.Answer), number, currency, saw.Subject, c.Reference, c.Who, c.Why, text(t.now), seen)
	return Outcome{Accepted: true, Sentence: fmt.Sprintf("%s: %s", c.Exception, c.Answer)}, err
}

// CommandsRefused audits, once for an id, that so many commands were refused unread.
func (t *Tx) CommandsRefused(ctx context.Context, shop string, key returns.Key, id string, n int) error {
	_, err := t.audit(ctx, id+":unread", shop, key, Entry{What: "commands refused", DecidedBy: "the program",
		Why: fmt.Sprintf("%d came at once beyond what one look takes, and were not read: send again what is still meant", n)})
	return err
}

// transactionsSeen names the RMA's transactions that the ledger knows, with a mark
// before them also where there are none.
func (t *Tx) transactionsSeen(ctx context.Context, shop string, key returns.Key) (string, error) {
	var r returns.Record
	if err := t.loadRMA(ctx, shop, key, &r); err != nil {
		return "", err
	}
	names := []string{knownThen}
	if r.RMA != nil {
		for _, tx := range r.RMA.Transactions {
			names = append(names, tx.Version())
		}
	}
	return strings.Join(names, ","), nil
}

// knownThen begins the list of the transactions that an answer knew of.
const knownThen = "known"

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

// meant is the open exception that a person answers: the one of its kind, or of
// several the one with the subject that they name. Else it says why none is.
func (t *Tx) meant(ctx context.Context, shop string, key returns.Key, c returns.Command) (one returns.OpenException, why string, err error) {
	var r returns.Record
	if err := t.loadExceptions(ctx, shop, key, &r); err != nil {
		return one, "", err
	}
	var subjects []string
	for _, e := range r.Open {
		if e.Kind == c.Exception && (c.Subject == "" || c.Subject == e.Subject) {
			one, subjects = e, append(subjects, e.Subject)
		}
	}
	switch len(subjects) {
	case 0:
		return one, notOpen(c), nil
	case 1:
		return one, "", nil
	}
	return one, fmt.Sprintf("%d %s are open here: say which with one of the subjects %s", len(subjects), c.Exception, strings.Join(subjects, ", ")), nil
}

func notOpen(c returns.Command) string {
	if c.Subject != "" {
		return fmt.Sprintf("no %s about %s is open here", c.Exception, c.Subject)
	}
	return fmt.Sprintf("no %s is open here", c.Exception)
}

// closeException closes an open exception; false: it was not open.
func (t *Tx) closeException(ctx context.Context, shop string, key returns.Key, e returns.Exception, by string) (bool, error) {
	n, err := t.exec(ctx, "close exception", `UPDATE exceptions SET closed_at = $1, closed_by = $2 WHERE shop = $3 AND key = $4 AND kind = $5 AND subject = $6 AND closed_at = ''`,
		text(t.now), by, shop, string(key), string(e.Kind), e.Subject)
	if err != nil || n == 0 {
		return false, err // another answered first
	}
	t.exceptionClosed(shop, key, e, by == healed)
	return true, t.alertClosed(ctx, shop, key, e.Kind)
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
	n, err := t.exec(ctx, "save decision", `UPDATE returns SET order_id = $1, stage = $2, summary = $3, rules = $4, decided_at = $5, closed_at = $6, look_by = $7, told_at = '',
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

// TakenUp notes that overdue returns were told to look: they are due now, and those
// that have not decided when they are overdue again were told before (Unmoved).
func (t *Tx) TakenUp(ctx context.Context, shop string, keys []returns.Key, before time.Time) error {
	for _, key := range keys {
		if _, err := t.exec(ctx, "note an overdue return", `UPDATE returns SET look_by = $1, told_at = CASE WHEN told_at = '' THEN $1 ELSE told_at END WHERE shop = $2 AND key = $3 AND look_by <> '' AND look_by < $4`,
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

// saveExceptions opens what is new and closes what the rules no longer name. One
// that stays open keeps its age.
func (t *Tx) saveExceptions(ctx context.Context, shop string, key returns.Key, was []returns.OpenException, now []returns.Exception, o opening) error {
	was = slices.Clone(was)
	for _, e := range now {
		isOpen := slices.ContainsFunc(was, func(o returns.OpenException) bool { return o.Same(e) })
		old := slices.IndexFunc(was, func(o returns.OpenException) bool { return goesOn(o.Exception, e, now) })
		if !isOpen && old >= 0 {
			if err := t.renameException(ctx, shop, key, was[old].Exception, e.Subject); err != nil {
				return err
			}
			was[old].Subject = e.Subject
		}
		amount, currency := moneyText(e.Amount)
		n, err := t.exec(ctx, "keep exception open", `UPDATE exceptions SET sentence = $1, amount = $2, currency = $3, deadline = $4
			WHERE shop = $5 AND key = $6 AND kind = $7 AND subject = $8 AND closed_at = ''`, e.Sentence, amount, currency, text(o.deadline), shop, string(key), string(e.Kind), e.Subject)
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
		if _, err := t.audit(ctx, "", shop, key, Entry{What: "opened the exception " + string(e.Kind), Why: e.Sentence, DecidedBy: Program}); err != nil {
			return err
		}
		t.fact("exception opened", shop, key, exceptionFields(e)...)
	}
	for _, e := range was {
		if slices.ContainsFunc(now, e.Same) {
			continue
		}
		if _, err := t.closeException(ctx, shop, key, e.Exception, healed); err != nil {
			return err
		}
	}
	return nil
}

// goesOn reports whether an open exception goes on under a new subject: the rules no
// longer name it, and they ask the same about other units together with some of its
// own, as when a further one is inspected.
func goesOn(open, e returns.Exception, now []returns.Exception) bool {
	if open.Kind != e.Kind || slices.ContainsFunc(now, open.Same) {
		return false
	}
	units := strings.Split(e.Subject, "+")
	return slices.ContainsFunc(strings.Split(open.Subject, "+"), func(u string) bool { return slices.Contains(units, u) })
}

func (t *Tx) renameException(ctx context.Context, shop string, key returns.Key, e returns.Exception, subject string) error {
	_, err := t.exec(ctx, "rename exception", `UPDATE exceptions SET subject = $1 WHERE shop = $2 AND key = $3 AND kind = $4 AND subject = $5 AND closed_at = ''`,
		subject, shop, string(key), string(e.Kind), e.Subject)
	return err
}

// healed is who closed an exception that nobody answered.
const healed = "healed"

// RaiseForShop opens an exception that concerns a whole shop, or tells what is new
// of it.
func (t *Tx) RaiseForShop(ctx context.Context, shop string, p returns.Platform, e returns.Exception) error {
	return t.saveExceptions(ctx, shop, returns.ShopKey(p), nil, []returns.Exception{e}, opening{})
}

// HealForShop closes a shop's exceptions of a kind, if any is open.
func (t *Tx) HealForShop(ctx context.Context, shop string, p returns.Platform, kind returns.Kind) error {
	var r returns.Record
	if err := t.loadExceptions(ctx, shop, returns.ShopKey(p), &r); err != nil {
		return err
	}
	for _, e := range r.Open {
		if e.Kind != kind {
			continue
		}
		if _, err := t.closeException(ctx, shop, returns.ShopKey(p), e.Exception, healed); err != nil {
			return err
		}
	}
	return nil
}

// Entry is one line of the audit. What says what was done, in the past tense: "opened
// the exception not-payable", never an order.
type Entry struct {
	Unit      returns.UnitID
	What      string
	Why       string
	RequestID string // the platform's id of the call, if there was one
	DecidedBy string // Program, or a person
}

// Program is who decided what no person did.
const Program = "the program"

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
