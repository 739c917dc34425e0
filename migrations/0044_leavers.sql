-- Leads that were handed over because their rep had left, for a week: within a day they can be given back, if that was a mistake.
CREATE TABLE leaver_move (
    lead_id    TEXT NOT NULL,
    rep        TEXT NOT NULL,                    -- who left
    owner      TEXT NOT NULL,                    -- who has it since
    at         BIGINT NOT NULL,
    next_step  TEXT NOT NULL,                    -- domain::outcome::NextStepKind, as it was then; so are the next two
    next_owner TEXT NOT NULL,
    next_at    BIGINT NOT NULL,
    PRIMARY KEY (lead_id, rep)
);
CREATE INDEX leaver_move_rep ON leaver_move (rep, at);
