-- Lapsed leases as well: when a worker died with thousands of steps in hand, each look would go through all of them.
DROP INDEX step_leased;
CREATE INDEX step_leased ON step (kind, lease_until) WHERE state = 'leased';
