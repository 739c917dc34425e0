-- The first form of the database, for SQLite and PostgreSQL alike. Instants are microseconds since 1970 in UTC (BIGINT), flags
-- are 0 or 1 (BIGINT), documents are JSON (TEXT) in the versioned form of their Rust type. BLOB reads BYTEA on PostgreSQL.

-- What came in, byte for byte, before anything is made of it. Acknowledged to the sender once the row is committed.
CREATE TABLE inbox (
    key            TEXT PRIMARY KEY,             -- source and id of the event, or a digest of the bytes
    kind           TEXT NOT NULL,                -- lead.qualified, call.event …; 'unknown' for what cannot be read
    body           BLOB NOT NULL,
    received_at    BIGINT NOT NULL,
    reply_to       TEXT,                         -- AMQP: where the answer goes
    correlation_id TEXT,
    state          TEXT NOT NULL,                -- received | handled | quarantined
    answer         TEXT,                         -- what was answered: the same event again gets the same bytes
    error          TEXT,                         -- why it is quarantined
    lead_id        TEXT
);
CREATE INDEX inbox_received ON inbox (received_at) WHERE state = 'received';
CREATE INDEX inbox_quarantined ON inbox (received_at) WHERE state = 'quarantined';

-- A lead and where it stands now: the columns are what the next decision, the console and BI ask for.
CREATE TABLE lead (
    id                    TEXT PRIMARY KEY,
    source                TEXT NOT NULL,
    event_id              TEXT NOT NULL,
    body                  TEXT NOT NULL,         -- domain::lead::Lead
    call_platform         TEXT,
    call_id               TEXT,
    received_at           BIGINT NOT NULL,
    decided_at            BIGINT NOT NULL,
    owner                 TEXT NOT NULL,
    status                TEXT NOT NULL,         -- handoff | connected | booked | callback | called | needs_attention
    next_step             TEXT NOT NULL,         -- domain::outcome::NextStepKind
    next_owner            TEXT NOT NULL,
    next_at               BIGINT NOT NULL,
    first_contact_at      BIGINT,
    completeness_permille BIGINT NOT NULL,
    crm_id                TEXT,
    crm_url               TEXT,
    crm_owner             TEXT,                  -- as last read back
    UNIQUE (source, event_id)
);
CREATE INDEX lead_call ON lead (call_platform, call_id);
CREATE INDEX lead_next ON lead (next_step, next_at);
CREATE INDEX lead_decided ON lead (decided_at);

-- Why a lead went where it went: enough to decide it again to the same bytes.
CREATE TABLE decision (
    lead_id    TEXT PRIMARY KEY REFERENCES lead (id),
    id         TEXT NOT NULL UNIQUE,
    release    TEXT NOT NULL,
    decided_at BIGINT NOT NULL,
    owner      TEXT NOT NULL,
    pool       TEXT NOT NULL,
    territory  TEXT,
    tier       TEXT NOT NULL,
    route      TEXT NOT NULL,                    -- owner | delegate | route … | territory | catch-all
    degraded   BIGINT NOT NULL,
    reason     TEXT NOT NULL,
    body       TEXT NOT NULL,                    -- routing::Decision
    snapshot   TEXT NOT NULL                     -- routing::Snapshot
);

-- The state of each handoff; `revision` counts its moves.
CREATE TABLE handoff (
    id       TEXT PRIMARY KEY,
    lead_id  TEXT NOT NULL REFERENCES lead (id),
    revision BIGINT NOT NULL,
    stage    TEXT NOT NULL,
    rung     BIGINT NOT NULL,                    -- reps rung so far
    body     TEXT NOT NULL                       -- handoff::Handoff
);

-- Everything that happened to a lead, in order; never changed.
CREATE TABLE timeline (
    lead_id TEXT NOT NULL,
    seq     BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    kind    TEXT NOT NULL,
    body    TEXT NOT NULL,
    PRIMARY KEY (lead_id, seq)
);
CREATE INDEX timeline_at ON timeline (at);

-- What is to be done, and when: effects and timers alike. A result counts only with the fence it was claimed with.
CREATE TABLE step (
    effect_key  TEXT PRIMARY KEY,                -- made of handoff and ordinal; goes to the vendor
    lead_id     TEXT NOT NULL,
    handoff_id  TEXT NOT NULL,
    kind        TEXT NOT NULL,
    priority    BIGINT NOT NULL,                 -- 0 first
    payload     TEXT NOT NULL,                   -- domain::effect::Effect
    state       TEXT NOT NULL,                   -- due | leased | done | failed | expired
    run_at      BIGINT NOT NULL,
    deadline_at BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT,
    fence       BIGINT NOT NULL,
    attempts    BIGINT NOT NULL,
    sent_at     BIGINT,                          -- set before a request that must not happen twice
    ended_at    BIGINT,
    vendor_ref  TEXT,
    result      TEXT,
    last_error  TEXT
);
CREATE INDEX step_due ON step (run_at) WHERE state = 'due';
CREATE INDEX step_leased ON step (lease_until) WHERE state = 'leased';
CREATE INDEX step_failed ON step (lead_id) WHERE state = 'failed';

-- Results of workers that had lost their lease: the effect did happen, so it is kept.
CREATE TABLE orphan_result (
    effect_key TEXT NOT NULL,
    fence      BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    result     TEXT NOT NULL
);

-- Balances of a pool, a cache of the journal below; the row is also the lock under which turns are given.
CREATE TABLE ledger (
    pool      TEXT PRIMARY KEY,
    seq       BIGINT NOT NULL,
    balances  TEXT NOT NULL,
    last_turn TEXT NOT NULL
);

-- The journal of turns: the truth about fairness.
CREATE TABLE ledger_entry (
    pool    TEXT NOT NULL,
    seq     BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    lead_id TEXT NOT NULL,
    author  TEXT NOT NULL,
    body    TEXT NOT NULL,                       -- routing::ledger::Entry
    PRIMARY KEY (pool, seq)
);

-- What changes about a rep from minute to minute.
CREATE TABLE rep_state (
    rep            TEXT PRIMARY KEY,
    presence       TEXT NOT NULL,
    reserved_by    TEXT,                         -- handoff whose caller this rep is rung for or talks to
    reserved_until BIGINT,
    taken_on       TEXT,                         -- local date of the rep that taken_today counts
    taken_today    BIGINT NOT NULL,
    open_leads     BIGINT NOT NULL
);

-- What the CRM last said of an account.
CREATE TABLE mirror_account (
    key         TEXT PRIMARY KEY,
    body        TEXT NOT NULL,                   -- Option<domain::account::Account>
    source      TEXT NOT NULL,
    observed_at BIGINT NOT NULL
);

-- What reps say of leads; the last one of a rep counts.
CREATE TABLE feedback (
    lead_id TEXT NOT NULL REFERENCES lead (id),
    rep     TEXT NOT NULL,
    at      BIGINT NOT NULL,
    body    TEXT NOT NULL,                       -- domain::outcome::Feedback
    PRIMARY KEY (lead_id, rep, at)
);

-- What became of leads: opportunity, won, lost, meeting_held, no_show.
CREATE TABLE outcome (
    lead_id TEXT NOT NULL REFERENCES lead (id),
    kind    TEXT NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (lead_id, kind)
);

-- Owners that somebody changed in the CRM after Baton had set them.
CREATE TABLE owner_change (
    lead_id    TEXT NOT NULL REFERENCES lead (id),
    from_owner TEXT NOT NULL,                    -- CRM ids
    to_owner   TEXT NOT NULL,
    seen_at    BIGINT NOT NULL,
    PRIMARY KEY (lead_id, to_owner)
);

-- For BI tools: one row per lead with its decision.
CREATE VIEW v_lead AS
    SELECT l.id, l.source, l.received_at, l.decided_at, l.status, l.owner AS current_owner, d.owner AS decided_owner,
           d.pool, d.territory, d.tier, d.route, d.degraded, d.reason, d.release, l.next_step, l.next_owner, l.next_at,
           l.first_contact_at, l.completeness_permille
    FROM lead l JOIN decision d ON d.lead_id = l.id;
