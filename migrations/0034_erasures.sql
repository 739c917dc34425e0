-- People whom somebody asked to erase, and what came of it. Once one is done, nothing in its row is personal.
CREATE TABLE erasure (
    id           TEXT PRIMARY KEY,
    requested_at BIGINT NOT NULL,                -- what came later is a new lead, and stays
    actor        TEXT NOT NULL,                  -- token NAME | cli USER | nobody
    why          TEXT,
    earlier      TEXT NOT NULL,                  -- JSON array of erasures that asked for one of the same and were open then
    person       TEXT,                           -- whom to look for, while it is open; NULL once it is done
    state        TEXT NOT NULL,                  -- open | done
    leads        TEXT NOT NULL,                  -- JSON array of ids
    named_in     TEXT NOT NULL,                  -- JSON array: leads of other people in which the person stood
    messages     BIGINT NOT NULL,                -- whose bytes are gone
    waits_for    TEXT NOT NULL,                  -- JSON array: leads whose callers are on the line
    at_vendors   TEXT NOT NULL,                  -- JSON array: what vendors hold, for a person to take away
    held_until   BIGINT NOT NULL,                -- somebody is at it, or it is too early
    swept_at     BIGINT                          -- when nothing was left to be found
);
CREATE INDEX erasure_open ON erasure (held_until) WHERE state = 'open';

-- When the person behind a lead was erased: its documents keep their shape, and say nothing of anybody.
ALTER TABLE lead ADD COLUMN erased_at BIGINT;
-- When something of what was decided on was taken away: such a decision cannot be made again.
ALTER TABLE decision ADD COLUMN erased_at BIGINT;
