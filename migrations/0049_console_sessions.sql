-- Who is signed in to the console. The secret itself is in their browser alone.
CREATE TABLE console_session (
    id         TEXT PRIMARY KEY,                 -- SHA-256 of the secret
    way        TEXT NOT NULL,                    -- how they signed in: token
    credential TEXT,                             -- of a token: its SHA-256, by which it is known whether it is still good; NULL: none was ever given
    began_at   BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL                   -- to some minutes
);
CREATE INDEX console_session_seen ON console_session (seen_at);
