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
