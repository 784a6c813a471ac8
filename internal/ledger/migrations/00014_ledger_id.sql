-- The id of this ledger, made once and never changed. A backup keeps it: what is
-- restored is the same ledger. Temporal remembers it too, so that no other ledger is
-- taken for this one.

-- +goose Up
CREATE TABLE ledger_id (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    id      TEXT NOT NULL,
    made_at TEXT NOT NULL
);

-- +goose Down
DROP TABLE ledger_id;
