-- Callers as we met them: whoever calls again is given to whoever has their last lead, also without a CRM, or before it has
-- indexed the first. One row for each number and address, so that a switchboard costs no more than a person.
CREATE TABLE caller (
    key        TEXT PRIMARY KEY,   -- phone:+14155550142 or email:ada@acme.example
    lead_id    TEXT NOT NULL REFERENCES lead (id),
    decided_at BIGINT NOT NULL
);
