-- +goose Up
-- Which of the RMA's transactions, with their amounts, the ledger knew when a person
-- answered: an answer says nothing of later ones, whatever clocks say.
ALTER TABLE answers ADD COLUMN seen TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE answers DROP COLUMN seen;
