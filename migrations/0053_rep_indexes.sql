-- A rep's leads, the newest first.
CREATE INDEX lead_of_rep ON lead (owner, decided_at DESC, id);
