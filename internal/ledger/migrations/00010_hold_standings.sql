-- What a return says about refunding a unit, for the other RMAs of the same TikTok
-- return: TikTok decides on all of its units at once.

-- +goose Up
ALTER TABLE holds ADD COLUMN standing TEXT NOT NULL DEFAULT ''; -- '' (open), approved, authorised, refused
ALTER TABLE holds ADD COLUMN amount TEXT NOT NULL DEFAULT '';
ALTER TABLE holds ADD COLUMN currency TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE holds DROP COLUMN currency;
ALTER TABLE holds DROP COLUMN amount;
ALTER TABLE holds DROP COLUMN standing;
