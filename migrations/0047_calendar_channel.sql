-- Channels over which vendors tell that something in a rep's calendar has changed. Any worker may be told.

CREATE TABLE calendar_channel (
    id           TEXT PRIMARY KEY,               -- ours, as the vendor says it with each message
    calendar     TEXT NOT NULL,                  -- as reps.csv writes it
    token_digest TEXT NOT NULL,                  -- of what proves a message
    address      TEXT NOT NULL,                  -- where the messages go
    resource     TEXT,                           -- the vendor's name for what it watches; NULL: it has not answered
    made_at      BIGINT NOT NULL,
    ends_at      BIGINT NOT NULL,
    messages     BIGINT NOT NULL DEFAULT 0       -- so far; the first comes at once, and none until then proves that they arrive
);
