-- One set of portable statements for SQLite and PostgreSQL. Times are UTC text
-- (2006-01-02T15:04:05.000Z), which sorts as it reads; '' is "not yet". Money is a
-- decimal text beside its currency. Nothing here is personal.

-- +goose Up
CREATE TABLE returns (
    shop TEXT NOT NULL,
    key TEXT NOT NULL,
    order_id TEXT NOT NULL DEFAULT '',
    stage TEXT NOT NULL DEFAULT '',
    summary TEXT NOT NULL DEFAULT '',
    rules TEXT NOT NULL DEFAULT '',
    paused INTEGER NOT NULL DEFAULT 0,
    opened_at TEXT NOT NULL,
    decided_at TEXT NOT NULL DEFAULT '',
    closed_at TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (shop, key)
);
CREATE INDEX returns_by_order ON returns (shop, order_id);

CREATE TABLE snapshots (
    shop TEXT NOT NULL,
    kind TEXT NOT NULL, -- rma, order, tiktok-return, payable
    id TEXT NOT NULL,
    order_id TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL DEFAULT '',
    status_since TEXT NOT NULL,
    read_at TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (shop, kind, id)
);
CREATE INDEX snapshots_by_order ON snapshots (shop, kind, order_id);

CREATE TABLE rma_items (
    shop TEXT NOT NULL,
    item_id TEXT NOT NULL,
    rma_id TEXT NOT NULL,
    PRIMARY KEY (shop, item_id)
);

-- A TikTok order: when it was last read, and the one refund in flight on it.
CREATE TABLE orders (
    shop TEXT NOT NULL,
    order_id TEXT NOT NULL,
    read_at TEXT NOT NULL DEFAULT '',
    in_flight TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (shop, order_id)
);

CREATE TABLE order_links (
    shop TEXT NOT NULL,
    order_name TEXT NOT NULL,
    order_id TEXT NOT NULL,
    source TEXT NOT NULL,
    linked_at TEXT NOT NULL,
    PRIMARY KEY (shop, order_name)
);

-- One return holds a unit at a time.
CREATE TABLE holds (
    shop TEXT NOT NULL,
    unit TEXT NOT NULL,
    key TEXT NOT NULL,
    item_id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    sku_id TEXT NOT NULL,
    product_id TEXT NOT NULL,
    tiktok_return_id TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (shop, unit)
);
CREATE INDEX holds_by_key ON holds (shop, key);
CREATE INDEX holds_by_order ON holds (shop, order_id);

CREATE TABLE effects (
    id TEXT PRIMARY KEY,
    shop TEXT NOT NULL,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    route TEXT NOT NULL,
    subject TEXT NOT NULL,
    generation INTEGER NOT NULL,
    order_id TEXT NOT NULL DEFAULT '',
    tiktok_return_id TEXT NOT NULL DEFAULT '',
    amount TEXT NOT NULL DEFAULT '',
    currency TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL, -- intent, claimed, applied, verified, void
    intent_at TEXT NOT NULL,
    claimed_at TEXT NOT NULL DEFAULT '',
    claim_until TEXT NOT NULL DEFAULT '',
    applied_at TEXT NOT NULL DEFAULT '',
    request_id TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT ''
);
CREATE INDEX effects_by_key ON effects (shop, key);
CREATE INDEX effects_by_order ON effects (shop, order_id);

CREATE TABLE effect_units (
    effect_id TEXT NOT NULL,
    shop TEXT NOT NULL,
    unit TEXT NOT NULL,
    kind TEXT NOT NULL,
    live INTEGER NOT NULL,
    PRIMARY KEY (effect_id, unit)
);
-- The guard of promise 1: a unit has one live effect of a kind, whoever asks.
CREATE UNIQUE INDEX one_live_effect ON effect_units (shop, unit, kind) WHERE live = 1;

-- Stock owed to TikTok: one entry per unit put back, and one per known error of
-- an earlier write. A unit counts once: its entry's id is the unit.
CREATE TABLE stock_entries (
    shop TEXT NOT NULL,
    id TEXT NOT NULL,
    unit TEXT NOT NULL DEFAULT '',
    key TEXT NOT NULL DEFAULT '',
    product_id TEXT NOT NULL,
    sku_id TEXT NOT NULL,
    warehouse_id TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    state TEXT NOT NULL, -- owed, written, proven, dropped, skipped
    write_id TEXT NOT NULL DEFAULT '',
    tries INTEGER NOT NULL DEFAULT 0, -- how often in a row it could not be written
    problem TEXT NOT NULL DEFAULT '',
    problem_at TEXT NOT NULL DEFAULT '', -- since when this problem stands
    note TEXT NOT NULL DEFAULT '',
    entered_at TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    woken_at TEXT NOT NULL DEFAULT '', -- when its return last told the writer
    PRIMARY KEY (shop, id)
);
CREATE INDEX stock_entries_by_product ON stock_entries (shop, product_id, state);
CREATE INDEX stock_entries_by_key ON stock_entries (shop, key);

-- A write sets one SKU, so that an error of it means that nothing was written.
CREATE TABLE stock_writes (
    id TEXT PRIMARY KEY,
    shop TEXT NOT NULL,
    product_id TEXT NOT NULL,
    sku_id TEXT NOT NULL,
    state TEXT NOT NULL, -- open, unproven, judged, void
    read_at TEXT NOT NULL,
    claim_until TEXT NOT NULL,
    answered_at TEXT NOT NULL DEFAULT '',
    request_id TEXT NOT NULL DEFAULT '',
    judge_at TEXT NOT NULL DEFAULT '', -- when an unproven write is judged by reading again
    note TEXT NOT NULL DEFAULT ''
);
-- The guard of promise 3: one write of a SKU's stock at a time.
CREATE UNIQUE INDEX one_open_stock_write ON stock_writes (shop, sku_id) WHERE state = 'open';
CREATE INDEX stock_writes_by_product ON stock_writes (shop, product_id, state);

CREATE TABLE stock_write_lines (
    write_id TEXT NOT NULL,
    sku_id TEXT NOT NULL,
    warehouse_id TEXT NOT NULL,
    available INTEGER NOT NULL,
    committed INTEGER NOT NULL,
    owed INTEGER NOT NULL,
    wrote INTEGER NOT NULL,
    available_after INTEGER NOT NULL DEFAULT -1,
    committed_after INTEGER NOT NULL DEFAULT -1,
    error INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (write_id, sku_id, warehouse_id)
);

CREATE TABLE stock_movements (
    shop TEXT NOT NULL,
    id TEXT NOT NULL,
    product_id TEXT NOT NULL,
    sku_id TEXT NOT NULL,
    source TEXT NOT NULL,
    at TEXT NOT NULL,
    available_delta INTEGER NOT NULL,
    committed_delta INTEGER NOT NULL,
    available_after INTEGER NOT NULL,
    write_id TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (shop, id)
);
CREATE INDEX stock_movements_by_sku ON stock_movements (shop, sku_id, at);

CREATE TABLE exceptions (
    id TEXT PRIMARY KEY,
    shop TEXT NOT NULL,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    sentence TEXT NOT NULL,
    subject TEXT NOT NULL DEFAULT '',
    amount TEXT NOT NULL DEFAULT '',
    currency TEXT NOT NULL DEFAULT '',
    opened_at TEXT NOT NULL,
    closed_at TEXT NOT NULL DEFAULT '',
    closed_by TEXT NOT NULL DEFAULT '' -- 'healed', or the answer
);
CREATE UNIQUE INDEX one_open_exception ON exceptions (shop, key, kind) WHERE closed_at = '';

CREATE TABLE answers (
    id TEXT PRIMARY KEY,
    shop TEXT NOT NULL,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    answer TEXT NOT NULL,
    amount TEXT NOT NULL DEFAULT '',
    currency TEXT NOT NULL DEFAULT '',
    subject TEXT NOT NULL DEFAULT '',
    reference TEXT NOT NULL DEFAULT '',
    who TEXT NOT NULL,
    why TEXT NOT NULL,
    at TEXT NOT NULL
);
CREATE INDEX answers_by_key ON answers (shop, key);

-- Append-only: what happened to a return, one row per unit where it is about units.
CREATE TABLE audit (
    id TEXT PRIMARY KEY,
    shop TEXT NOT NULL,
    key TEXT NOT NULL,
    unit TEXT NOT NULL DEFAULT '',
    what TEXT NOT NULL,
    why TEXT NOT NULL,
    at TEXT NOT NULL,
    request_id TEXT NOT NULL DEFAULT '',
    decided_by TEXT NOT NULL
);
CREATE INDEX audit_by_key ON audit (shop, key);

-- Every event that came in, once. Only ids and a status: a hint, never state.
CREATE TABLE inbox (
    shop TEXT NOT NULL,
    platform TEXT NOT NULL,
    event_id TEXT NOT NULL,
    topic TEXT NOT NULL,
    rma_id TEXT NOT NULL DEFAULT '',
    order_id TEXT NOT NULL DEFAULT '',
    tiktok_return_id TEXT NOT NULL DEFAULT '',
    product_id TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL DEFAULT '',
    happened_at TEXT NOT NULL DEFAULT '',
    received_at TEXT NOT NULL,
    relayed_at TEXT NOT NULL DEFAULT '',
    outcome TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (shop, platform, event_id)
);
CREATE INDEX inbox_waiting ON inbox (relayed_at, received_at);

CREATE TABLE cursors (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    moved_at TEXT NOT NULL
);

-- Tokens, sealed with a key that is not in the database.
CREATE TABLE tokens (
    shop TEXT PRIMARY KEY,
    sealed TEXT NOT NULL,
    access_expires TEXT NOT NULL,
    refresh_expires TEXT NOT NULL,
    refreshing_until TEXT NOT NULL DEFAULT '',
    changed_at TEXT NOT NULL
);

-- +goose Down
DROP TABLE tokens;
DROP TABLE cursors;
DROP TABLE inbox;
DROP TABLE audit;
DROP TABLE answers;
DROP TABLE exceptions;
DROP TABLE stock_movements;
DROP TABLE stock_write_lines;
DROP TABLE stock_writes;
DROP TABLE stock_entries;
DROP TABLE effect_units;
DROP TABLE effects;
DROP TABLE holds;
DROP TABLE order_links;
DROP TABLE orders;
DROP TABLE rma_items;
DROP TABLE snapshots;
DROP TABLE returns;
