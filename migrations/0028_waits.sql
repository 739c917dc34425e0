-- Callers who were put through: when, and how long they had waited since the first phone rang. What the next ones are told of their
-- wait is made of the last of these.
ALTER TABLE handoff ADD COLUMN joined_at BIGINT;
ALTER TABLE handoff ADD COLUMN waited_ms BIGINT;
CREATE INDEX handoff_joined ON handoff (joined_at) WHERE joined_at IS NOT NULL;

-- Whose leg a channel is, is asked of every caller on a line of ours.
CREATE INDEX transfer_channel ON transfer (channel) WHERE channel IS NOT NULL;

-- Calls that a rep owes: each is promised for a time of its own.
CREATE INDEX lead_owed ON lead (next_owner, next_at) WHERE next_step = 'callback';
