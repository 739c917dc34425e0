-- Whether the database takes writes: one row that is written again, and never read.
CREATE TABLE pulse (
    id   BIGINT PRIMARY KEY,
    beat TEXT NOT NULL
);
