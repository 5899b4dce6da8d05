-- What refunds and disputes draw from a deposit's reserve, and put back; the plan that decided about it.

CREATE OR REPLACE VIEW v_reserves AS
SELECT r.body->>'id' AS deposit, r.body->>'merchant' AS merchant, r.body->>'currency' AS currency,
       (r.body->>'held_on')::date AS held_on, (r.body->>'release_on')::date AS release_on,
       (r.body->>'released_on')::date AS released_on, (r.body->>'amount')::numeric(38,0) AS amount,
       (r.body->>'released')::numeric(38,0) AS released,
       (r.body->>'amount')::numeric(38,0) - (r.body->>'released')::numeric(38,0)
           - coalesce((r.body->>'drawn')::numeric(38,0), 0) + coalesce((r.body->>'restored')::numeric(38,0), 0) AS left_over,
       ((r.body->>'amount')::numeric(38,0) - (r.body->>'released')::numeric(38,0)
           - coalesce((r.body->>'drawn')::numeric(38,0), 0) + coalesce((r.body->>'restored')::numeric(38,0), 0)) * c.minor_unit AS left_over_major,
       r.body->>'reason' AS reason, r.changed_at,
       coalesce((r.body->>'drawn')::numeric(38,0), 0) AS drawn, coalesce((r.body->>'restored')::numeric(38,0), 0) AS restored,
       r.body->'plan'->>'id' AS plan, r.body->'plan'->>'version' AS plan_version
FROM records r
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind IN ('hold', 'released_hold');

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_reserves IS 'What is or was withheld of deposits, and when it is given back. left_over is what is still withheld: amount - released - drawn + restored.';
