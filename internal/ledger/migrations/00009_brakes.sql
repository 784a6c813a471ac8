-- The brakes: what a person has stopped for a shop, and who lifted a day's limit of
-- refunds. A return that one of them holds says so, so that it is told when it ends.

-- +goose Up
CREATE TABLE stops (
    shop TEXT NOT NULL,
    action TEXT NOT NULL, -- register, refund, reject, restock, writeback, all
    stopped_at TEXT NOT NULL,
    stopped_by TEXT NOT NULL,
    why TEXT NOT NULL,
    PRIMARY KEY (shop, action)
);
CREATE TABLE refund_days (
    shop TEXT NOT NULL,
    day TEXT NOT NULL, -- 2006-01-02, UTC
    lifted_by TEXT NOT NULL DEFAULT '',
    lifted_why TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (shop, day)
);
ALTER TABLE returns ADD COLUMN held INTEGER NOT NULL DEFAULT 0; -- 1: a stop or a limit keeps it from something
CREATE INDEX returns_held ON returns (shop, held) WHERE held = 1;
CREATE INDEX refunds_by_claim ON effects (shop, claimed_at) WHERE kind = 'refund';

-- +goose Down
DROP INDEX refunds_by_claim;
DROP INDEX returns_held;
ALTER TABLE returns DROP COLUMN held;
DROP TABLE refund_days;
DROP TABLE stops;
