-- +goose Up
-- A return may ask several questions of one kind, each about a subject of its own.
DROP INDEX one_open_exception;
CREATE UNIQUE INDEX one_open_exception ON exceptions (shop, key, kind, subject) WHERE closed_at = '';
-- Writes that a platform took and that nothing has shown since.
CREATE INDEX effects_not_shown ON effects (shop, applied_at) WHERE state = 'applied';

-- +goose Down
DROP INDEX effects_not_shown;
DELETE FROM exceptions WHERE closed_at = '' AND EXISTS (
    SELECT 1 FROM exceptions e WHERE e.shop = exceptions.shop AND e.key = exceptions.key AND e.kind = exceptions.kind AND e.closed_at = '' AND e.id < exceptions.id
);
DROP INDEX one_open_exception;
CREATE UNIQUE INDEX one_open_exception ON exceptions (shop, key, kind) WHERE closed_at = '';
