-- Times that a lead is booking, from the choice until the calendar itself shows the meeting: calendars take two meetings at one
-- time, and two callers may be offered the same one.
CREATE TABLE slot_claim (
    rep           TEXT NOT NULL,
    from_at       BIGINT NOT NULL,
    until_at      BIGINT NOT NULL,
    handoff_id    TEXT NOT NULL,
    claimed_until BIGINT NOT NULL,
    PRIMARY KEY (rep, from_at, handoff_id)
);
