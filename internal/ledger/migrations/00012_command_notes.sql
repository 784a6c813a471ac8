-- Who gave a command, why, and with which reference. The command itself names only the
-- note, so that no free text of people goes through Temporal's histories.

-- +goose Up
CREATE TABLE command_notes (
    id TEXT PRIMARY KEY,
    shop TEXT NOT NULL,
    who TEXT NOT NULL,
    why TEXT NOT NULL,
    reference TEXT NOT NULL,
    at TEXT NOT NULL
);

-- +goose Down
DROP TABLE command_notes;
