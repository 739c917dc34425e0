-- A rep's meetings of a day, where the rules allow so many.
CREATE INDEX lead_meets ON lead (next_owner, next_at) WHERE next_step = 'meeting';
