-- One call is one lead, however many events tell of it: what a second one brings is added to the first one's lead.

-- Events of one call, or of one number, are decided one after the other: whoever decides holds these rows until it commits.
CREATE TABLE call_key (
    key     TEXT PRIMARY KEY,                    -- "call PLATFORM ID" or "phone NUMBER"
    lead_id TEXT NOT NULL                        -- the lead that the call was decided as; of a number, the last one
);
INSERT INTO call_key (key, lead_id)
    SELECT 'call ' || lower(l.call_platform) || ' ' || l.call_id, MAX(l.id) FROM lead l
    WHERE l.call_id IS NOT NULL AND l.decided_at = (SELECT MAX(n.decided_at) FROM lead n
        WHERE lower(n.call_platform) = lower(l.call_platform) AND n.call_id = l.call_id)
    GROUP BY lower(l.call_platform), l.call_id;

-- The lead with what later events added; body stays what was decided on, so that it can be decided again.
ALTER TABLE lead ADD COLUMN completed TEXT;      -- domain::lead::Lead
-- Where the person can be reached.
ALTER TABLE lead ADD COLUMN phone TEXT;
CREATE INDEX lead_phone ON lead (phone, decided_at) WHERE phone IS NOT NULL;
ALTER TABLE lead ADD COLUMN email TEXT;
CREATE INDEX lead_email ON lead (email, decided_at) WHERE email IS NOT NULL;
