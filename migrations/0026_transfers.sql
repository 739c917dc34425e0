-- Callers whom their platform has until a rep has accepted, and is then told to transfer (rep-first mode).

-- A rep who is rung for such a caller.
CREATE TABLE transfer (
    leg        TEXT PRIMARY KEY,
    handoff_id TEXT NOT NULL,
    platform   TEXT NOT NULL,
    call_id    TEXT NOT NULL,
    -- The caller's, at our carrier, once they have come.
    channel    TEXT,
    -- The platform has said that the call is over, as it also does when it has transferred it.
    ended_at   BIGINT,
    noted_at   BIGINT NOT NULL
);
CREATE INDEX transfer_handoff ON transfer (handoff_id);
CREATE INDEX transfer_call ON transfer (platform, call_id);
CREATE INDEX transfer_noted ON transfer (noted_at);
-- Where one caller is to come, and until when: a SIP user that nobody else is told, or a number that is lent to one at a time.
CREATE TABLE address (
    address TEXT PRIMARY KEY,
    -- As the platform dials it.
    dialled TEXT NOT NULL,
    -- The leg of the rep who waits there, or the key of the ping that was answered with it.
    whose   TEXT NOT NULL,
    until   BIGINT NOT NULL,
    channel TEXT
);
CREATE INDEX address_whose ON address (whose);
-- What call-tracking systems were answered before they sent a call, and the event that makes its lead should it come.
CREATE TABLE ping (
    key      TEXT PRIMARY KEY,
    answer   TEXT NOT NULL,
    event    TEXT NOT NULL,
    noted_at BIGINT NOT NULL
);
CREATE INDEX ping_noted ON ping (noted_at);
