package ledger

import "context"

// ID is the ledger's own id. It is made once, by whoever opens the ledger first, and
// a backup keeps it. Temporal remembers it, so that a program with another ledger
// does not work in the same namespace.
func (l *Ledger) ID() string { return l.id }

// identify reads the ledger's id and makes it where there is none. Of several
// programs that make one, the first wins.
func (l *Ledger) identify(ctx context.Context) error {
	known, err := l.storedID(ctx)
	if err != nil || known {
		return err
	}
	err = l.Do(ctx, func(tx *Tx) error {
		_, err := tx.exec(ctx, "make the ledger's id", `INSERT INTO ledger_id (one, id, made_at) VALUES (1, $1, $2) ON CONFLICT (one) DO NOTHING`, newID(), text(tx.now))
		return err
	})
	if err != nil {
		return err
	}
	_, err = l.storedID(ctx)
	return err
}

func (l *Ledger) storedID(ctx context.Context) (known bool, err error) {
	err = l.Read(ctx, func(tx *Tx) (err error) {
		l.id, known, err = first(query(ctx, tx, "read the ledger's id", func(scan func(...any) error) (string, error) {
			var id string
			return id, scan(&id)
		}, `SELECT id FROM ledger_id WHERE one = 1`))
		return err
	})
	return known, err
}
