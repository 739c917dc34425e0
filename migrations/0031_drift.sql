-- How many leads were decided in each hour, in all and by what decided them: today is held against the last weeks without reading
-- their leads again. Made of the decisions, and forgotten after five weeks.
CREATE TABLE tally (
    kind  TEXT NOT NULL,                         -- all | rule | fallback | source
    name  TEXT NOT NULL,                         -- of the rule or the source; else empty
    hour  BIGINT NOT NULL,                       -- since 1970 in UTC
    leads BIGINT NOT NULL,
    PRIMARY KEY (kind, name, hour)
);
CREATE INDEX tally_hour ON tally (hour);

-- Up to which hour they are counted; its one row is the lock under which counting goes on.
CREATE TABLE tally_until (
    key  TEXT PRIMARY KEY,
    hour BIGINT NOT NULL                         -- the first one that is not counted
);

-- When a person closed what needed one: it is on no list any more, unless the lead came to need a person later than that.
-- A step that failed and was closed is of the state closed.
ALTER TABLE lead ADD COLUMN attention_closed_at BIGINT;
