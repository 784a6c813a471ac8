-- What a switch kept us from doing, beside what others did about it: one row per
-- action, however often it is wanted. And by which way changes came to us.

-- +goose Up
CREATE TABLE shadows (
    shop TEXT NOT NULL,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    route TEXT NOT NULL,
    subject TEXT NOT NULL,
    order_id TEXT NOT NULL,
    units TEXT NOT NULL, -- separated by spaces
    amount TEXT NOT NULL,
    currency TEXT NOT NULL,
    reason TEXT NOT NULL,
    wanted_at TEXT NOT NULL, -- '': never wanted by us
    entered_at TEXT NOT NULL,
    ended TEXT NOT NULL, -- '' (wanted still), agreed, differed, theirs, dropped, ours
    ended_at TEXT NOT NULL,
    did TEXT NOT NULL,
    did_by TEXT NOT NULL, -- separated by spaces
    did_amount TEXT NOT NULL,
    did_currency TEXT NOT NULL,
    did_at TEXT NOT NULL,
    PRIMARY KEY (shop, key, kind, route, subject)
);
CREATE INDEX shadows_by_entry ON shadows (entered_at);

CREATE TABLE coverage_days (
    shop TEXT NOT NULL,
    platform TEXT NOT NULL,
    day TEXT NOT NULL, -- 2006-01-02, UTC
    by_event INTEGER NOT NULL,
    by_sweep INTEGER NOT NULL,
    swept_at TEXT NOT NULL, -- when a sweep found the last of them
    PRIMARY KEY (shop, platform, day)
);
-- When a platform's last event came.
CREATE INDEX inbox_by_time ON inbox (shop, platform, received_at);

-- +goose Down
DROP INDEX inbox_by_time;
DROP TABLE coverage_days;
DROP TABLE shadows;
