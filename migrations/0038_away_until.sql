-- Until when a rep who says that they are away is: NULL, until they say otherwise.
ALTER TABLE rep_state ADD COLUMN away_until BIGINT;
