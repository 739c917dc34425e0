-- Leads that nobody could take: they wait in a pool, oldest first, until somebody can.

-- The pool, and since when; empty while the lead does not wait.
ALTER TABLE handoff ADD COLUMN waits_in TEXT;
ALTER TABLE handoff ADD COLUMN waits_since BIGINT;
CREATE INDEX handoff_waiting ON handoff (waits_since, id) WHERE waits_since IS NOT NULL;
