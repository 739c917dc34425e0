-- What a database was put back from: what it shows as still to be done may have been done since (src/outbox/restored.rs).

-- A copy holds the row of itself, from the moment it is made, of an older form as well; a database that no copy was put in place of
-- has none.
CREATE TABLE IF NOT EXISTS database_copy (
    made_at     BIGINT PRIMARY KEY,              -- the copy; where nobody knows, when it was put in place
    restored_at BIGINT                           -- when a worker first began on it; NULL: none has yet
);
