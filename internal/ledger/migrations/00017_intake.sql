-- What the receiver refused, by hour. By which way changes came, by ten minutes, so
-- that lost events show within the hour. Since when a return that was told to look has
-- not decided. And the newest event of each topic, which outlives the others.

-- +goose Up
CREATE TABLE refused_hours (
    shop TEXT NOT NULL, -- '': it named none of ours
    platform TEXT NOT NULL,
    hour TEXT NOT NULL, -- 2006-01-02T15, UTC
    refused INTEGER NOT NULL,
    last_at TEXT NOT NULL,
    PRIMARY KEY (shop, platform, hour)
);
CREATE TABLE coverage_slots (
    shop TEXT NOT NULL,
    platform TEXT NOT NULL,
    slot TEXT NOT NULL, -- when its ten minutes begin, 2006-01-02T15:04, UTC
    by_event INTEGER NOT NULL,
    by_sweep INTEGER NOT NULL,
    PRIMARY KEY (shop, platform, slot)
);
ALTER TABLE returns ADD COLUMN told_at TEXT NOT NULL DEFAULT ''; -- '': it has decided since
CREATE INDEX returns_told ON returns (shop, told_at) WHERE told_at <> '';
CREATE INDEX exceptions_open_of_kind ON exceptions (shop, kind, key) WHERE closed_at = '';
CREATE INDEX inbox_by_topic ON inbox (shop, platform, topic, received_at);

-- +goose Down
DROP INDEX inbox_by_topic;
DROP INDEX exceptions_open_of_kind;
DROP INDEX returns_told;
ALTER TABLE returns DROP COLUMN told_at;
DROP TABLE coverage_slots;
DROP TABLE refused_hours;
