-- Calls that are carried by a carrier which gives them names of its own.

-- What a rep's leg was asked for as, written before it is, and what the carrier calls it, once it is known: found again after an
-- answer that was lost, and hung up. Forgotten after half a day.
CREATE TABLE carrier_leg (
    leg      TEXT PRIMARY KEY,
    call_id  TEXT NOT NULL,                      -- the carrier's name of the caller's leg
    phone    TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    sid      TEXT,                               -- the carrier's name of this one
    hint     TEXT                                -- who picked up, as the carrier guesses
);
CREATE INDEX carrier_leg_sid ON carrier_leg (sid);
CREATE INDEX carrier_leg_asked ON carrier_leg (asked_at);
