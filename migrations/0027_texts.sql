-- Texts to people who were missed.

-- Which step may write to a number: one a day, whichever lead it is about. Written before it is sent, and forgotten after that day.
CREATE TABLE text_sent (
    phone      TEXT PRIMARY KEY,
    effect_key TEXT NOT NULL,
    asked_at   BIGINT NOT NULL
);
CREATE INDEX text_sent_key ON text_sent (effect_key);
CREATE INDEX text_sent_asked ON text_sent (asked_at);
