-- A receiver may ask for a rest (429, 503 with Retry-After): until then none of what is for it is tried.
ALTER TABLE webhook ADD COLUMN rests_until BIGINT;
-- `attempts` counts tries whose end was written down. Those that ended with their worker are counted here, since the last such end.
ALTER TABLE webhook_delivery ADD COLUMN lost BIGINT NOT NULL DEFAULT 0;
-- Tidying and enabling look at what they change, and not at whatever else is kept.
CREATE INDEX webhook_delivery_delivered ON webhook_delivery (created_at) WHERE state = 'delivered';
CREATE INDEX webhook_delivery_undelivered ON webhook_delivery (webhook, created_at, id) WHERE state <> 'delivered';
