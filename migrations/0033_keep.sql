-- What has had its time is let go: a little at a time, beside the work, by one worker at a time.

-- Who lets go at the moment: one row.
CREATE TABLE keeper (
    name   TEXT PRIMARY KEY,
    worker TEXT NOT NULL,
    until  BIGINT NOT NULL
);

-- How far each kind has been let go. No row: nothing of it was.
CREATE TABLE kept_kind (
    kind     TEXT PRIMARY KEY,
    since    BIGINT NOT NULL,                    -- some of what is older than this is gone, or all of it
    after_at BIGINT NOT NULL,                    -- of transcripts: leads were gone through, in their order, up to this one
    after_id TEXT NOT NULL
);

-- Leads that were open when their transcripts had had their time: looked at again until they are closed.
CREATE TABLE kept_for_open (
    lead_id    TEXT PRIMARY KEY,
    decided_at BIGINT NOT NULL
);
