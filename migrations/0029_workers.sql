-- Who is at work on this database, and by which rules. A worker writes its row every 10 s and takes it away when it stops; one
-- that was killed is not counted after a minute.
CREATE TABLE worker (
    id            TEXT PRIMARY KEY,              -- new at every start; step.lease_owner
    host          TEXT NOT NULL,
    version       TEXT NOT NULL,                 -- of Baton
    release       TEXT NOT NULL,                 -- release.id: what it decides by
    release_since BIGINT NOT NULL,
    zones         TEXT NOT NULL,                 -- release of the tz database that it reckons with
    started_at    BIGINT NOT NULL,
    seen_at       BIGINT NOT NULL
);
--postgres ALTER TABLE worker SET (fillfactor = 50);
