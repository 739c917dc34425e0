-- Acts that were asked for under an Idempotency-Key, for a day: the same request again is answered as it was, and does nothing.
CREATE TABLE keyed_act (
    key      TEXT NOT NULL,                      -- as the sender made it
    holder   TEXT NOT NULL,                      -- name of the token: keys of others are others
    digest   TEXT NOT NULL,                      -- of method, address and body: the same key for another request is refused
    began_at BIGINT NOT NULL,
    status   BIGINT,                             -- NULL: being carried out, or broken off before its end was noted
    body     TEXT,                               -- JSON, as it was answered
    PRIMARY KEY (key, holder)
);
CREATE INDEX keyed_act_began ON keyed_act (began_at);
