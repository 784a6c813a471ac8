-- By when whoever carries an open return has decided again; '' is "only news can
-- tell". One that is long past shows that nobody carries the return any more.

-- +goose Up
ALTER TABLE returns ADD COLUMN look_by TEXT NOT NULL DEFAULT '';
CREATE INDEX returns_by_look ON returns (shop, look_by);

-- +goose Down
DROP INDEX returns_by_look;
ALTER TABLE returns DROP COLUMN look_by;
