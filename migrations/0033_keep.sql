-- What has had its time is let go: a little at a time, beside the work, by one worker at a time.

-- Who lets go at the moment: one row.
CREATE TABLE keeper (
    name   TEXT PRIMARY KEY,
    worker TEXT NOT NULL,
    until  BIGINT NOT NULL
);

-- How far each kind has been let go. No row: nothing of it was.
CREATE TABLE kept_kind (
    kind     TEXT PRIMARY KEY,
    since    BIGINT NOT NULL,                    -- some of what is older than this is gone, or all of it
    after_at BIGINT NOT NULL,                    -- of transcripts: leads were gone through, in their order, up to this one
    after_id TEXT NOT NULL
);

-- Leads that were open when their transcripts had had their time: looked at again until they are closed.
CREATE TABLE kept_for_open (
    lead_id    TEXT PRIMARY KEY,
    decided_at BIGINT NOT NULL
);

-- Each kind in the order of time, without what is gone already: looking costs what is found, however much else is kept.
CREATE INDEX inbox_whole ON inbox (received_at) WHERE state = 'handled' AND octet_length(body) > 0;
CREATE INDEX inbox_named ON inbox (received_at) WHERE state = 'handled' AND octet_length(body) = 0;
CREATE INDEX inbox_dropped ON inbox (received_at) WHERE state = 'dropped';
CREATE INDEX decision_whole ON decision (decided_at) WHERE octet_length(snapshot) > 0;
CREATE INDEX decision_release ON decision (release) WHERE octet_length(snapshot) > 0;
CREATE INDEX step_ended ON step (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX step_answered ON step (ended_at) WHERE ended_at IS NOT NULL AND (result IS NOT NULL OR last_error IS NOT NULL);
CREATE INDEX orphan_result_at ON orphan_result (at);
CREATE INDEX mirror_account_observed ON mirror_account (observed_at);
-- Whether something is still to be done for a lead.
CREATE INDEX step_due_lead ON step (lead_id) WHERE state = 'due';
