-- Which write of a SKU came first, and when it took effect, rests on no machine's
-- clock: the writes are numbered, and each keeps how far TikTok's clock was ahead
-- of its writer's (TikTok contract 1.3).

-- +goose Up
ALTER TABLE stock_writes ADD COLUMN number INTEGER NOT NULL DEFAULT 0; -- counts the writes of a SKU
ALTER TABLE stock_writes ADD COLUMN clock_ahead INTEGER NOT NULL DEFAULT 0; -- milliseconds; below zero: behind
UPDATE stock_writes SET number = (SELECT COUNT(*) FROM stock_writes AS o WHERE o.shop = stock_writes.shop AND o.sku_id = stock_writes.sku_id
    AND (o.read_at < stock_writes.read_at OR o.read_at = stock_writes.read_at AND o.id <= stock_writes.id));
CREATE UNIQUE INDEX stock_writes_in_order ON stock_writes (shop, sku_id, number);

-- +goose Down
DROP INDEX stock_writes_in_order;
ALTER TABLE stock_writes DROP COLUMN clock_ahead;
ALTER TABLE stock_writes DROP COLUMN number;
