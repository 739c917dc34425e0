-- For BI tools: what the report counts, lead by lead and without anything personal. docs/reports.md says what each column means;
-- sums over these views are the figures of the report.

-- The first moment at which a human of ours spoke with a lead, on the call or as reported afterwards.
CREATE VIEW v_first_contact AS
    SELECT spoken.lead_id, MIN(spoken.at) AS first_contact_at
    FROM (SELECT l.id AS lead_id, l.first_contact_at AS at FROM lead l WHERE l.first_contact_at IS NOT NULL
          UNION ALL SELECT c.lead_id, c.at FROM contact c) AS spoken
    GROUP BY spoken.lead_id;

-- The last word of each rep on a lead.
--sqlite CREATE VIEW v_feedback AS
--sqlite     SELECT f.lead_id, f.rep, f.at, f.body ->> '$.quality' AS quality, f.body ->> '$.completeness' AS completeness,
--sqlite            f.body ->> '$.misroute.kind' AS misroute, f.body ->> '$.misroute.right_rep' AS right_rep
--sqlite     FROM feedback f WHERE NOT EXISTS
--sqlite         (SELECT 1 FROM feedback n WHERE n.lead_id = f.lead_id AND n.rep = f.rep AND n.at > f.at);
--postgres CREATE VIEW v_feedback AS
--postgres     SELECT f.lead_id, f.rep, f.at, CAST(f.body::json ->> 'quality' AS BIGINT) AS quality,
--postgres            CAST(f.body::json ->> 'completeness' AS BIGINT) AS completeness,
--postgres            f.body::json #>> '{misroute,kind}' AS misroute, f.body::json #>> '{misroute,right_rep}' AS right_rep
--postgres     FROM feedback f WHERE NOT EXISTS
--postgres         (SELECT 1 FROM feedback n WHERE n.lead_id = f.lead_id AND n.rep = f.rep AND n.at > f.at);

-- One row per lead that the report counts.
CREATE VIEW v_report AS
    SELECT l.id AS lead_id, l.source, l.received_at, l.decided_at, d.release, d.route, d.territory, d.tier, d.pool, d.owner AS rep,
           CASE l.status WHEN 'called_off' THEN 'booked' WHEN 'mail' THEN 'callback' ELSE l.status END AS rung,
           c.first_contact_at,
           CASE WHEN c.first_contact_at < l.decided_at THEN 0 ELSE (c.first_contact_at - l.decided_at) / 1000 END AS contacted_after_ms,
           h.rung AS phones_rung, h.joined_at, h.waited_ms, d.degraded, l.completeness_permille,
           CASE WHEN EXISTS (SELECT 1 FROM outcome o WHERE o.lead_id = l.id AND o.kind IN ('opportunity', 'won', 'lost'))
                THEN 1 ELSE 0 END AS converted,
           CASE WHEN EXISTS (SELECT 1 FROM outcome o WHERE o.lead_id = l.id AND o.kind IN ('opportunity', 'won', 'lost', 'meeting_held'))
                THEN 1 ELSE 0 END AS qualified_or_met,
           CASE WHEN EXISTS (SELECT 1 FROM outcome o WHERE o.lead_id = l.id AND o.kind = 'won') THEN 1 ELSE 0 END AS won,
           (SELECT o.amount FROM outcome o WHERE o.lead_id = l.id AND o.kind = 'won') AS won_amount,
           CASE WHEN l.phone IS NULL THEN NULL
                WHEN EXISTS (SELECT 1 FROM lead n WHERE n.phone = l.phone AND n.decided_at > l.decided_at
                             AND n.decided_at <= l.decided_at + 604800000000) THEN 1 ELSE 0 END AS came_again,
           CASE WHEN EXISTS (SELECT 1 FROM feedback f WHERE f.lead_id = l.id) THEN 1 ELSE 0 END AS rated,
           CASE WHEN EXISTS (SELECT 1 FROM v_feedback f WHERE f.lead_id = l.id AND f.misroute IS NOT NULL)
                THEN 1 ELSE 0 END AS misrouted
    FROM lead l JOIN decision d ON d.lead_id = l.id JOIN handoff h ON h.lead_id = l.id
         LEFT JOIN v_first_contact c ON c.lead_id = l.id
    WHERE l.status NOT IN ('left_to_agent', 'shadow');
