-- What an opportunity was worth, in the currency of the CRM; empty where nobody said.
ALTER TABLE outcome ADD COLUMN amount DOUBLE PRECISION;

DROP VIEW v_outcome;
-- For BI tools: what became of leads, with what they were decided by.
CREATE VIEW v_outcome AS
    SELECT o.lead_id, o.kind, o.at, o.amount, d.pool, d.territory, d.tier, d.route, l.owner AS current_owner
    FROM outcome o JOIN decision d ON d.lead_id = o.lead_id JOIN lead l ON l.id = o.lead_id;
