-- How often a return was decided on: it tells which of two plans is the newer,
-- whatever the clocks of the machines that made them say.

-- +goose Up
ALTER TABLE returns ADD COLUMN decisions INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE returns DROP COLUMN decisions;
