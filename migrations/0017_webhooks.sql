-- Outgoing webhooks: our own events, until each receiver that asked for them has them.

-- Never written: the outbox publishes to the broker from its steps.
DROP TABLE outbound_event;

-- How it stands with a receiver; one that has never failed has no row.
CREATE TABLE webhook (
    name          TEXT PRIMARY KEY,              -- as in baton.toml
    failing_since BIGINT,                        -- the first failure since something was delivered
    disabled_at   BIGINT,
    disabled_why  TEXT
);

-- One event for one receiver. It is tried by whoever raised the fence last.
CREATE TABLE webhook_delivery (
    id         TEXT PRIMARY KEY,                 -- WEBHOOK/EVENT
    webhook    TEXT NOT NULL,
    event_id   TEXT NOT NULL,                    -- the same at every try, so that a repetition can be told
    topic      TEXT NOT NULL,
    body       TEXT NOT NULL,                    -- the CloudEvent as it is sent, byte for byte: ids and times only
    created_at BIGINT NOT NULL,
    state      TEXT NOT NULL,                    -- open | delivered | failed
    run_at     BIGINT NOT NULL,                  -- while open: the next try; while held: the end of the lease
    held       BIGINT NOT NULL,                  -- somebody is at it
    fence      BIGINT NOT NULL,
    attempts   BIGINT NOT NULL,                  -- since it was kept, or taken up again by hand
    tried_at   BIGINT,
    outcome    TEXT,                             -- of the last try: HTTP 503, or why there was no answer
    ended_at   BIGINT
);
CREATE INDEX webhook_delivery_open ON webhook_delivery (webhook, run_at) WHERE state = 'open';
CREATE INDEX webhook_delivery_log ON webhook_delivery (webhook, created_at);
CREATE INDEX webhook_delivery_age ON webhook_delivery (created_at);
