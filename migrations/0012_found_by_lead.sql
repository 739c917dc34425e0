-- What is asked about callers and calls is asked of the leads themselves. Leads from before have neither of these.

-- The carrier's leg: leads of one number that have two are two callers.
ALTER TABLE lead ADD COLUMN call_leg TEXT;
-- The person, as first told: whoever gives another name from the same phone is somebody else.
ALTER TABLE lead ADD COLUMN name TEXT;
-- The last lead of a number or an address is one step in lead_phone or lead_email.
DROP TABLE caller;
-- The row of a phone in call_key is a lock; the lead in it is the first one that had the number.
