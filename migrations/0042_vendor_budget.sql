-- What one worker has learnt of a vendor's account, for the others: that nobody is to call it before an instant, since its limit is
-- used up or our credential was refused; and who fetches a token just now. No token is ever stored. Rows that say nothing any more
-- are forgotten within the hour.
CREATE TABLE vendor_budget (
    account       TEXT PRIMARY KEY,              -- digest of vendor, address and whose limit, or which credential, it is
    resting_until BIGINT NOT NULL DEFAULT 0,
    lease_owner   TEXT,                          -- worker.id
    lease_until   BIGINT NOT NULL DEFAULT 0
);
