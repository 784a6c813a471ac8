-- How often an event could not be passed on, and before when it is not tried
-- again: what keeps failing waits behind everything else.

-- +goose Up
ALTER TABLE inbox ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE inbox ADD COLUMN next_try TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE inbox DROP COLUMN next_try;
ALTER TABLE inbox DROP COLUMN tries;
