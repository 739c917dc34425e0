-- Calls that we carry ourselves: who hears what happens on their lines, and whose they are.

-- One worker at a time hears a carrier; another takes over when its time is up, or when it has left.
CREATE TABLE listener (
    carrier TEXT PRIMARY KEY,
    worker  TEXT NOT NULL,
    until   BIGINT NOT NULL
);
-- An event of a line names the caller's leg at the carrier.
CREATE INDEX lead_leg ON lead (call_leg, decided_at) WHERE call_leg IS NOT NULL;
-- Whose callers are on the line, as far as is known; 0 in older rows, whose calls are over.
ALTER TABLE handoff ADD COLUMN live BIGINT NOT NULL DEFAULT 0;
CREATE INDEX handoff_live ON handoff (lead_id) WHERE live = 1;
