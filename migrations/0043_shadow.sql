-- A trial beside another system.

-- 1: it decides in shadow, and nothing that anybody would notice is done.
ALTER TABLE worker ADD COLUMN shadow BIGINT NOT NULL DEFAULT 0;

-- Whom the CRM named some time after a lead was decided in shadow: the choice of whatever ran before.
CREATE TABLE other_choice (
    lead_id TEXT PRIMARY KEY,
    owner   TEXT,                                -- as the CRM calls them; NULL: it named nobody
    source  TEXT NOT NULL,                       -- which CRM
    why     TEXT,                                -- it could not say, and never will: the class of the failure
    seen_at BIGINT NOT NULL
);
