-- How many calls each ReturnGO key has made, by day (the allowance) and by hour
-- and purpose (who used it, and what could not be afforded).

-- +goose Up
CREATE TABLE quota_days (
    api_key TEXT NOT NULL, -- our own name of the key
    day TEXT NOT NULL, -- 2006-01-02, UTC (A03)
    used INTEGER NOT NULL,
    PRIMARY KEY (api_key, day)
);
CREATE TABLE quota_hours (
    api_key TEXT NOT NULL,
    hour TEXT NOT NULL, -- 2006-01-02T15, UTC
    purpose TEXT NOT NULL,
    used INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    PRIMARY KEY (api_key, hour, purpose)
);

-- +goose Down
DROP TABLE quota_hours;
DROP TABLE quota_days;
