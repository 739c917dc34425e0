-- Contacts with the people behind leads, tokens of the API, events of ours to be published, and more views for BI.

-- Each time a human of ours spoke with the person; lead.first_contact_at knows of the first one on the handoff only.
CREATE TABLE contact (
    lead_id TEXT NOT NULL REFERENCES lead (id),
    rep     TEXT NOT NULL,
    at      BIGINT NOT NULL,
    via     TEXT NOT NULL,                       -- call | crm | api …
    PRIMARY KEY (lead_id, rep, at)
);

-- Bearer tokens of the API. The secret itself is nowhere.
CREATE TABLE token (
    id           TEXT PRIMARY KEY,
    hash         TEXT NOT NULL,                  -- of the secret
    scopes       TEXT NOT NULL,                  -- JSON array of names
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT,                         -- NULL: until it is taken away
    last_used_at BIGINT
);

-- Events of ours, in the transaction of what they tell of, until the broker has confirmed them.
CREATE TABLE outbound_event (
    id           TEXT PRIMARY KEY,               -- also the event's id on the wire: a repetition can be told
    topic        TEXT NOT NULL,
    body         TEXT NOT NULL,                  -- JSON
    created_at   BIGINT NOT NULL,
    published_at BIGINT
);
CREATE INDEX outbound_event_waiting ON outbound_event (created_at) WHERE published_at IS NULL;

-- The reports go from leads to their handoffs.
CREATE INDEX handoff_lead ON handoff (lead_id);

-- Due steps are taken by priority, then by time; timers of the far future lie behind those that are due.
DROP INDEX step_due;
CREATE INDEX step_due ON step (priority, run_at) WHERE state = 'due';

-- Rows that change all the time are swept all the time, or claims get slower with every dead one.
--postgres ALTER TABLE step SET (autovacuum_vacuum_scale_factor = 0.01);
--postgres ALTER TABLE ledger SET (fillfactor = 50);
--postgres ALTER TABLE rep_state SET (fillfactor = 50);

-- For BI tools: what was decided and how each handoff stands, without anything personal.
CREATE VIEW v_decision AS
    SELECT d.lead_id, d.id, d.release, d.decided_at, d.owner, d.pool, d.territory, d.tier, d.route, d.degraded, d.reason,
           h.stage, h.rung AS reps_rung
    FROM decision d JOIN handoff h ON h.lead_id = d.lead_id;

-- For BI tools: what became of leads, beside where they were routed.
CREATE VIEW v_outcome AS
    SELECT o.lead_id, o.kind, o.at, d.pool, d.territory, d.tier, d.route, l.owner AS current_owner
    FROM outcome o JOIN decision d ON d.lead_id = o.lead_id JOIN lead l ON l.id = o.lead_id;

-- For BI tools: every effect and timer with its fate, without its content.
CREATE VIEW v_step AS
    SELECT effect_key, lead_id, kind, priority, state, run_at, deadline_at, attempts, sent_at, ended_at
    FROM step;
