package ledger

import "context"

// ExceptionCount is how many exceptions of a kind were ever opened.
type ExceptionCount struct {
	Kind, Owner string
	Opened      int
	Open        int // still open
}

// ExceptionCounts counts exceptions by kind.
func (t *Tx) ExceptionCounts(ctx context.Context) ([]ExceptionCount, error) {
	return query(ctx, t, "count exceptions", func(scan func(...any) error) (ExceptionCount, error) {
		var c ExceptionCount
		return c, scan(&c.Kind, &c.Owner, &c.Opened, &c.Open)
	}, `SELECT kind, owner, COUNT(*), SUM(CASE WHEN closed_at = '' THEN 1 ELSE 0 END) FROM exceptions GROUP BY kind, owner ORDER BY kind`)
}

// StageCount is how many returns stand at a stage.
type StageCount struct {
	Stage   string
	Returns int
}

// StageCounts counts returns by stage.
func (t *Tx) StageCounts(ctx context.Context) ([]StageCount, error) {
	return query(ctx, t, "count stages", func(scan func(...any) error) (StageCount, error) {
		var c StageCount
		return c, scan(&c.Stage, &c.Returns)
	}, `SELECT stage, COUNT(*) FROM returns GROUP BY stage ORDER BY stage`)
}
