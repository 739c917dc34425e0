-- The rules and templates that decisions were made with, so that each can be made again with the very same ones.

-- Contents of files by their hash: what two releases share is stored once.
CREATE TABLE release_file (
    id   TEXT PRIMARY KEY,                       -- SHA-256 of the content
    body BLOB NOT NULL
);

-- A release is stored before the first decision with it, and kept as long as a decision names it.
CREATE TABLE release (
    id            TEXT PRIMARY KEY,              -- decision.release: SHA-256 over paths and contents
    files         TEXT NOT NULL,                 -- [{"path": …, "file": release_file.id}], by path
    summary       TEXT NOT NULL,                 -- what it holds, in counts
    first_live_at BIGINT NOT NULL,
    first_worker  TEXT NOT NULL,                 -- who used it first
    last_live_at  BIGINT NOT NULL,               -- when a worker last took it up
    last_worker   TEXT NOT NULL
);
CREATE INDEX release_first_live ON release (first_live_at);

-- Decisions are replayed in the order in which they were made.
CREATE INDEX decision_decided ON decision (decided_at, id);
