-- A lead is open until an outcome or its age closes it; having been spoken with closes nothing.

-- When the lead was decided, while it counts against its owner's cap of open leads; empty once it is closed, or while it waits.
ALTER TABLE handoff ADD COLUMN open_since BIGINT;
CREATE INDEX handoff_open ON handoff (open_since) WHERE open_since IS NOT NULL;

-- Until now a lead was off the list when its handoff was done. Those stay off it: rep_state.open_leads does not count them.
UPDATE handoff SET body = '{"closed":true,' || substr(body, 2) WHERE stage = 'done';
UPDATE handoff SET open_since = (SELECT lead.decided_at FROM lead WHERE lead.id = handoff.lead_id)
    WHERE stage <> 'done' AND waits_in IS NULL;
