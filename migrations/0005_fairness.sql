-- Leads given in a week, beside those of a day; corrections of a lead's turn look for what was booked for it.

-- Monday of the local week of the rep that taken_this_week counts.
ALTER TABLE rep_state ADD COLUMN taken_week TEXT;
ALTER TABLE rep_state ADD COLUMN taken_this_week BIGINT NOT NULL DEFAULT 0;

-- The lead of a correction that somebody makes by hand is empty.
CREATE INDEX ledger_entry_lead ON ledger_entry (lead_id);
