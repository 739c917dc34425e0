-- Tokens that speak for one source, tokens that were taken away, and leads found by whom they are of.

-- Events of this source alone; NULL: of every source.
ALTER TABLE token ADD COLUMN source TEXT;
-- When it was taken away. The row stays: a door that has asked for tokens once goes on asking.
ALTER TABLE token ADD COLUMN revoked_at BIGINT;

-- How the person is reached, read out of the document by the database itself: the two never differ.
--sqlite ALTER TABLE lead ADD COLUMN contact_phone TEXT GENERATED ALWAYS AS (body ->> '$.contact.phone.value') VIRTUAL;
--sqlite ALTER TABLE lead ADD COLUMN contact_email TEXT GENERATED ALWAYS AS (body ->> '$.contact.email.value') VIRTUAL;
--postgres ALTER TABLE lead ADD COLUMN contact_phone TEXT GENERATED ALWAYS AS (body::json #>> '{contact,phone,value}') STORED;
--postgres ALTER TABLE lead ADD COLUMN contact_email TEXT GENERATED ALWAYS AS (body::json #>> '{contact,email,value}') STORED;
CREATE INDEX lead_contact_phone ON lead (contact_phone) WHERE contact_phone IS NOT NULL;
CREATE INDEX lead_contact_email ON lead (contact_email) WHERE contact_email IS NOT NULL;
CREATE INDEX lead_page ON lead (decided_at DESC, id);
