-- What each look, event and stock round asks for is found by an index: a ledger of
-- years answers as quickly as a new one.

-- +goose Up
CREATE INDEX holds_by_case ON holds (shop, tiktok_return_id);
CREATE INDEX effects_by_subject ON effects (shop, subject);
CREATE INDEX stock_entries_by_write ON stock_entries (shop, write_id);
CREATE INDEX stock_movements_by_write ON stock_movements (shop, write_id);
CREATE INDEX stock_writes_by_sku ON stock_writes (shop, sku_id, read_at);
CREATE INDEX exceptions_by_key ON exceptions (shop, key);
CREATE INDEX answers_by_subject ON answers (shop, subject);
CREATE INDEX snapshots_by_status ON snapshots (shop, kind, status, id);
CREATE INDEX returns_open ON returns (shop, opened_at) WHERE closed_at = '';

-- +goose Down
DROP INDEX returns_open;
DROP INDEX snapshots_by_status;
DROP INDEX answers_by_subject;
DROP INDEX exceptions_by_key;
DROP INDEX stock_writes_by_sku;
DROP INDEX stock_movements_by_write;
DROP INDEX stock_entries_by_write;
DROP INDEX effects_by_subject;
DROP INDEX holds_by_case;
