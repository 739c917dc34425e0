-- Tokens that speak for one source, tokens that were taken away, and leads page by page.

-- Events of this source alone; NULL: of every source.
ALTER TABLE token ADD COLUMN source TEXT;
-- When it was taken away. The row stays: a door that has asked for tokens once goes on asking.
ALTER TABLE token ADD COLUMN revoked_at BIGINT;

CREATE INDEX lead_page ON lead (decided_at DESC, id);
