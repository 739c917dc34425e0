-- What reps do with leads in the CRM, and what comes of them there, read back.

-- Up to when it has been read.
CREATE TABLE crm_read (
    vendor     TEXT PRIMARY KEY,
    read_until BIGINT NOT NULL
);

-- The record of the CRM that told of it, as a digest; NULL: a person told us, or whatever speaks for them.
ALTER TABLE outcome ADD COLUMN record TEXT;
ALTER TABLE contact ADD COLUMN record TEXT;
