-- Reps who do not answer: how many rings in a row, and until when the phone is left alone after too many of them.
ALTER TABLE rep_state ADD COLUMN missed_rings BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rep_state ADD COLUMN quiet_until BIGINT;
