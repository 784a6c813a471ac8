-- What people are told of exceptions. An alert is written with the change that it
-- tells of; each sink (a way to people) has a row of its own for it, so that one that
-- fails neither delays nor repeats another's.

-- +goose Up
ALTER TABLE exceptions ADD COLUMN deadline TEXT NOT NULL DEFAULT ''; -- when TikTok decides by itself
CREATE INDEX exceptions_by_deadline ON exceptions (deadline) WHERE closed_at = '' AND deadline <> '';
CREATE INDEX exceptions_open ON exceptions (owner, opened_at) WHERE closed_at = '';
CREATE INDEX exceptions_by_opening ON exceptions (opened_at);
CREATE INDEX exceptions_by_closing ON exceptions (closed_at);

CREATE TABLE alerts (
    id TEXT PRIMARY KEY, -- the exception, the event, of a deadline which: each is told once
    exception_id TEXT NOT NULL,
    event TEXT NOT NULL, -- opened, deadline, escalated, healed
    distance TEXT NOT NULL DEFAULT '', -- of a deadline: how long before, such as 6h0m0s
    at TEXT NOT NULL,
    routed INTEGER NOT NULL DEFAULT 0 -- 1: each sink that is to tell it has its row
);
CREATE INDEX alerts_to_route ON alerts (routed, at) WHERE routed = 0;
CREATE INDEX alerts_by_exception ON alerts (exception_id);

CREATE TABLE alert_sinks (
    name TEXT PRIMARY KEY,
    since TEXT NOT NULL, -- what was before is not told there
    digest_due TEXT NOT NULL DEFAULT '', -- what waits is told at once then: too much for single messages
    failing_since TEXT NOT NULL DEFAULT '',
    failures INTEGER NOT NULL DEFAULT 0, -- in a row
    next_try TEXT NOT NULL DEFAULT '',
    problem TEXT NOT NULL DEFAULT ''
);

CREATE TABLE alert_deliveries (
    sink TEXT NOT NULL,
    alert_id TEXT NOT NULL,
    exception_id TEXT NOT NULL,
    state TEXT NOT NULL, -- waiting, claimed, sent, unclear, dropped
    message_id TEXT NOT NULL DEFAULT '',
    changed_at TEXT NOT NULL,
    PRIMARY KEY (sink, alert_id)
);
CREATE INDEX alert_deliveries_waiting ON alert_deliveries (sink, changed_at) WHERE state = 'waiting';
CREATE INDEX alert_deliveries_by_message ON alert_deliveries (message_id);
CREATE INDEX alert_deliveries_by_exception ON alert_deliveries (exception_id);

CREATE TABLE alert_messages (
    id TEXT PRIMARY KEY,
    sink TEXT NOT NULL,
    key TEXT NOT NULL, -- what a sink is told once
    sort TEXT NOT NULL, -- alerts, digest, day, outage
    owner TEXT NOT NULL DEFAULT '', -- of a day's digest
    state TEXT NOT NULL, -- claimed, sent, unclear, nothing
    claims INTEGER NOT NULL,
    claimed_at TEXT NOT NULL,
    claim_until TEXT NOT NULL
);
CREATE UNIQUE INDEX one_message_of_a_key ON alert_messages (sink, key);
CREATE INDEX alert_messages_by_time ON alert_messages (sink, claimed_at);
CREATE INDEX alert_messages_unclear ON alert_messages (claimed_at) WHERE state = 'unclear';

-- When Temporal could not be reached, or no worker asked it for work.
CREATE TABLE outages (
    id TEXT PRIMARY KEY,
    what TEXT NOT NULL, -- temporal, worker
    since TEXT NOT NULL,
    over_at TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX one_open_outage ON outages (what) WHERE over_at = '';
CREATE INDEX outages_by_end ON outages (over_at);

-- +goose Down
DROP TABLE outages;
DROP TABLE alert_messages;
DROP TABLE alert_deliveries;
DROP TABLE alert_sinks;
DROP TABLE alerts;
DROP INDEX exceptions_by_closing;
DROP INDEX exceptions_by_opening;
DROP INDEX exceptions_open;
DROP INDEX exceptions_by_deadline;
ALTER TABLE exceptions DROP COLUMN deadline;
