package ledger

import (
	"context"
	"errors"
	"time"

	"returnbridge/internal/returns"
)

// Story is all that the ledger tells of one return.
type Story struct {
	ReturnRef
	returns.Record // Effects are those of this return only

	Stage      returns.Stage
	Summary    string
	Rules      string // version of the rules that decided last
	DecidedAt  time.Time
	Exceptions []KeptException // open ones and past ones, oldest first
	Audit      []AuditLine     // in the order of time
}

// KeptException is an exception with its end.
type KeptException struct {
	returns.Exception
	OpenedAt time.Time
	ClosedAt time.Time // zero: open
	ClosedBy string    // "healed", or the answer and who gave it
}

// AuditLine is an entry of the audit and its time.
type AuditLine struct {
	Entry
	At time.Time
}

// Story reads a return without entering it; false if it is not known. Of a product's
// stock or a platform, which are no returns, it has the exceptions and the audit.
func (t *Tx) Story(ctx context.Context, of ReturnRef) (Story, bool, error) {
	if of.Key.WholeShop() || of.Key.ProductID() != "" {
		s := Story{ReturnRef: of}
		err := t.loadExceptions(ctx, of.Shop, of.Key, &s.Record)
		return s, true, errors.Join(err, t.pastOf(ctx, &s))
	}
	s, found, err := first(query(ctx, t, "read return", func(scan func(...any) error) (Story, error) {
		s := Story{ReturnRef: of}
		var opened, decided, closed instant
		err := scan(&s.OrderID, &s.Stage, &s.Summary, &s.Rules, &s.Paused, &opened, &decided, &closed)
		s.CreatedAt, s.DecidedAt, s.ClosedAt = time.Time(opened), time.Time(decided), time.Time(closed)
		return s, err
	}, `SELECT order_id, stage, summary, rules, paused = 1, opened_at, decided_at, closed_at FROM returns WHERE shop = $1 AND key = $2`, of.Shop, string(of.Key)))
	if err != nil || !found {
		return s, false, err
	}
	var own returns.Record // without an order: the effects of this return alone
	if err := t.loadEffects(ctx, of.Shop, of.Key, &own); err != nil {
		return s, true, err
	}
	s.Effects = own.Effects
	for _, load := range []func(context.Context, string, returns.Key, *returns.Record) error{
		t.loadRMA, t.loadTikTok, t.loadHolds, t.loadRestocks, t.loadExceptions, t.loadAnswers,
	} {
		if err := load(ctx, of.Shop, of.Key, &s.Record); err != nil {
			return s, true, err
		}
	}
	return s, true, t.pastOf(ctx, &s)
}

// pastOf reads what happened: all exceptions, and the audit.
func (t *Tx) pastOf(ctx context.Context, s *Story) (err error) {
	if s.Exceptions, err = t.KeptExceptions(ctx, s.ReturnRef); err != nil {
		return err
	}
	name := ""
	if s.RMA != nil {
		name = s.RMA.OrderName
	}
	s.Audit, err = t.auditOf(ctx, s.ReturnRef, linkKey(name))
	return err
}

// KeptExceptions are the open and past exceptions of a return, or of a shop under its
// own keys (returns.ShopKey), oldest first.
func (t *Tx) KeptExceptions(ctx context.Context, of ReturnRef) ([]KeptException, error) {
	return query(ctx, t, "read all exceptions", func(scan func(...any) error) (KeptException, error) {
		var e KeptException
		var amount, currency string
		var opened, closed instant
		if err := scan(&e.Kind, &e.Owner, &e.Sentence, &e.Subject, &amount, &currency, &opened, &closed, &e.ClosedBy); err != nil {
			return e, err
		}
		e.OpenedAt, e.ClosedAt = time.Time(opened), time.Time(closed)
		var err error
		e.Amount, err = readMoney(amount, currency)
		return e, err
	}, `SELECT kind, owner, sentence, subject, amount, currency, opened_at, closed_at, closed_by FROM exceptions
		WHERE shop = $1 AND key = $2 ORDER BY opened_at, id`, of.Shop, string(of.Key))
}

func (t *Tx) auditOf(ctx context.Context, of ReturnRef, link returns.Key) ([]AuditLine, error) {
	return query(ctx, t, "read audit", func(scan func(...any) error) (AuditLine, error) {
		var l AuditLine
		var at instant
		err := scan(&at, &l.Unit, &l.What, &l.Why, &l.RequestID, &l.DecidedBy)
		l.At = time.Time(at)
		return l, err
	}, `SELECT at, unit, what, why, request_id, decided_by FROM audit WHERE shop = $1 AND key IN ($2, $3) ORDER BY at, id`,
		of.Shop, string(of.Key), string(link))
}
