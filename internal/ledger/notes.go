package ledger

import (
	"context"

	"returnbridge/internal/returns"
)

// NoteCommand keeps who gave a command, why, and with which reference, and returns the
// command with the note's id instead: only that goes through Temporal, whose histories
// are kept long and read by others (promise 8).
func (t *Tx) NoteCommand(ctx context.Context, shop string, c returns.Command) (returns.Command, error) {
	c = c.Storable()
	note := newID()
	_, err := t.exec(ctx, "note command", `INSERT INTO command_notes (id, shop, who, why, reference, at) VALUES ($1, $2, $3, $4, $5, $6)`,
		note, shop, c.Who, c.Why, c.Reference, text(t.now))
	c.Note, c.Who, c.Why, c.Reference = note, "", "", ""
	return c, err
}

// noted returns a command with what its note says. One without a note, such as from
// the Web UI, says it itself.
func (t *Tx) noted(ctx context.Context, shop string, c returns.Command) (returns.Command, error) {
	if c.Note == "" {
		return c, nil
	}
	full, found, err := first(query(ctx, t, "read a command's note", func(scan func(...any) error) (returns.Command, error) {
		full := c
		err := scan(&full.Who, &full.Why, &full.Reference)
		return full, err
	}, `SELECT who, why, reference FROM command_notes WHERE id = $1 AND shop = $2`, c.Note, shop))
	if err != nil || !found {
		return c, err
	}
	return full, nil
}
