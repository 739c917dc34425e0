-- The mirror of accounts is refreshed by asking the CRM what has changed, by one worker at a time.

-- How far that has come: a row for each CRM.
CREATE TABLE mirror_poll (
    source      TEXT PRIMARY KEY,                -- which CRM
    told_until  BIGINT,                          -- what had changed there by then is known; NULL: nothing was asked yet
    noted_until BIGINT NOT NULL DEFAULT 0        -- of answers that were kept by then it is known which accounts are in them
);
