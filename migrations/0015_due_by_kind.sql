-- Looked for kind by kind: a backlog of one kind costs the others nothing.
DROP INDEX step_due;
CREATE INDEX step_due ON step (kind, run_at) WHERE state = 'due';
