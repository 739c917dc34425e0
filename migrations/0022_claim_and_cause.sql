-- Whose claim an act is, and since when a step was called for.

-- Random, of the request that took the key: one that cannot tell whether its claim was stored finds it again by this.
ALTER TABLE keyed_act ADD COLUMN claim TEXT NOT NULL DEFAULT '';
-- When what it follows from happened; no retry moves it. NULL in older rows: run_at.
ALTER TABLE step ADD COLUMN planned_at BIGINT;
