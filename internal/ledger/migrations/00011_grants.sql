-- A seller's authorisation (a grant) may cover several shops (TikTok contract 1.2):
-- its token pair is kept once, and each shop names the grant it calls with. Until now
-- each shop had a row of its own; these stand as grants with the shop's name as id.
-- The program finds out which of them are one and the same.

-- +goose Up
CREATE TABLE grants (
    id TEXT PRIMARY KEY,
    sealed TEXT NOT NULL, -- with a key that is not in the database; behind it the marks of what was configured
    access_expires TEXT NOT NULL,
    refresh_expires TEXT NOT NULL,
    refreshing_until TEXT NOT NULL DEFAULT '',
    changed_at TEXT NOT NULL
);
CREATE TABLE shop_grants (
    shop TEXT PRIMARY KEY,
    grant_id TEXT NOT NULL
);
INSERT INTO grants (id, sealed, access_expires, refresh_expires, refreshing_until, changed_at)
    SELECT shop, sealed, access_expires, refresh_expires, refreshing_until, changed_at FROM tokens;
INSERT INTO shop_grants (shop, grant_id) SELECT shop, shop FROM tokens;
DROP TABLE tokens;

-- +goose Down
CREATE TABLE tokens (
    shop TEXT PRIMARY KEY,
    sealed TEXT NOT NULL,
    access_expires TEXT NOT NULL,
    refresh_expires TEXT NOT NULL,
    refreshing_until TEXT NOT NULL DEFAULT '',
    changed_at TEXT NOT NULL
);
INSERT INTO tokens (shop, sealed, access_expires, refresh_expires, refreshing_until, changed_at)
    SELECT s.shop, g.sealed, g.access_expires, g.refresh_expires, g.refreshing_until, g.changed_at
    FROM shop_grants s JOIN grants g ON g.id = s.grant_id;
DROP TABLE shop_grants;
DROP TABLE grants;
