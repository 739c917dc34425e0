-- Calls on which the platform lets us speak by ourselves: a row is there from the first question of the agent until the call has
-- ended, or half a day later.
CREATE TABLE live_call (
    platform   TEXT NOT NULL,                    -- in lower case
    call_id    TEXT NOT NULL,
    address    TEXT,                             -- whoever has it can speak on the call: never shown, never logged
    asks_until BIGINT NOT NULL,                  -- the agent waits for an answer until then
    told       TEXT NOT NULL,                    -- digests of the sentences that the caller heard last, with blanks between them
    noted_at   BIGINT NOT NULL,
    PRIMARY KEY (platform, call_id)
);
CREATE INDEX live_call_noted ON live_call (noted_at);
