-- What decisions rest on. Reads are put in order by a number that the ledger counts,
-- not by the clocks of the machines that made them. Why an effect is not done is a
-- word of its own, beside the note for people. What an event says can be held
-- against a read.

-- +goose Up
CREATE TABLE reads (
    shop TEXT NOT NULL,
    platform TEXT NOT NULL,
    id TEXT NOT NULL, -- of the RMA, or of the TikTok order
    number INTEGER NOT NULL, -- how many reads of it were stored
    PRIMARY KEY (shop, platform, id)
);
ALTER TABLE effects ADD COLUMN reason TEXT NOT NULL DEFAULT '';
UPDATE effects SET reason = 'lost' WHERE note = 'the answer was lost, and reads show nothing';
UPDATE effects SET reason = 'ineligible' WHERE reason = '' AND state = 'intent' AND note LIKE 'TikTok would not take %';
UPDATE effects SET reason = 'unavailable' WHERE reason = '' AND state = 'intent' AND note <> '';
ALTER TABLE inbox ADD COLUMN tells TEXT NOT NULL DEFAULT ''; -- rma, transaction, return, paid
ALTER TABLE inbox ADD COLUMN transaction_id TEXT NOT NULL DEFAULT '';
CREATE INDEX inbox_told_rma ON inbox (shop, rma_id) WHERE tells <> '';
CREATE INDEX inbox_told_order ON inbox (shop, order_id) WHERE tells <> '';

-- +goose Down
DROP INDEX inbox_told_order;
DROP INDEX inbox_told_rma;
ALTER TABLE inbox DROP COLUMN transaction_id;
ALTER TABLE inbox DROP COLUMN tells;
ALTER TABLE effects DROP COLUMN reason;
DROP TABLE reads;
