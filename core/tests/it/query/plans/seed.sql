-- Two years of a trail: 32,000 transactions, 84,000 changes of twenty tables, decided by the number of the transaction (k) and
-- of the change in it (i), so that every run holds the same. What is rare is rare everywhere: five transactions of user:rare,
-- 29 changes of t20, 25 of the field legacy_code, ten actions named rare.action, ten truncates.
SET LOCAL synchronous_commit = off;
CREATE FUNCTION pg_temp.part(k bigint, salt int) RETURNS float8 LANGUAGE sql IMMUTABLE
RETURN (hashint8extended(k, salt) & 1073741823) / 1073741824.0::float8;

-- Partitions of thirty days from 740 days ago on, three of them in the future: with calendar months, the trail would be another
-- one each day.
CREATE TABLE parts (name text, lower timestamptz, upper timestamptz);
DO $$
DECLARE
  first CONSTANT timestamptz := now() - interval '740 days';
  part record;
BEGIN
  FOR part IN SELECT inhrelid::regclass AS name FROM pg_inherits
              WHERE inhparent IN ('threadline.audit_transactions'::regclass, 'threadline.audit_changes'::regclass)
                AND inhrelid::regclass::text NOT LIKE '%default' LOOP
    EXECUTE format('DROP TABLE %s', part.name);
  END LOOP;
  INSERT INTO parts
  SELECT parent || '_' || number, first + interval '30 days' * number, first + interval '30 days' * (number + 1)
  FROM unnest('{audit_transactions,audit_changes}'::text[]) AS parent CROSS JOIN generate_series(0, 27) AS number;
  FOR part IN SELECT * FROM parts LOOP
    EXECUTE format('CREATE TABLE threadline.%I PARTITION OF threadline.%I FOR VALUES FROM (%L) TO (%L)',
                   part.name, regexp_replace(part.name, '_[0-9]+$', ''), part.lower, part.upper);
  END LOOP;
END
$$;

CREATE TEMP TABLE seed AS
SELECT k, threadline.threadline_uuid_v7(threadline.threadline_microseconds(at)) AS id, at,
       CASE WHEN k % 6400 = 3000 THEN '{"type": "user", "id": "rare"}'::jsonb
            WHEN k % 50 = 7 THEN NULL
            WHEN pg_temp.part(k, 1) < 0.15 THEN '{"type": "service_account", "id": "sync"}'
            WHEN pg_temp.part(k, 1) < 0.2 THEN '{"type": "anonymous"}'
            ELSE jsonb_build_object('type', CASE WHEN actor % 20 = 0 THEN 'admin' ELSE 'user' END, 'id', actor::text)
       END AS actor,
       CASE WHEN k % 3200 = 1600 THEN 'rare.action'
            WHEN pg_temp.part(k, 3) < 0.7 THEN 'action.' || floor(exp(pg_temp.part(k, 4) * ln(40::float8))) END AS action,
       CASE WHEN k = 20000 THEN 600 ELSE 1 + floor(pg_temp.part(k, 5) * 4.15)::int END AS changes
FROM (
  SELECT k, now() - interval '1 minute' - (32000 - k) * interval '730 days' / 32000 AS at,
         floor(exp(pg_temp.part(k, 2) * ln(400::float8)))::int AS actor
  FROM generate_series(1, 32000) AS k OFFSET 0
) AS numbered;

INSERT INTO threadline.audit_actions (id, name, actor_ref, correlation_id, request_id, inserted_at)
SELECT id, action, coalesce(actor, '{"type": "anonymous"}'), 'case-' || k / 8, 'request-' || k, at FROM seed
WHERE action IS NOT NULL;
INSERT INTO threadline.audit_transactions (id, txid, occurred_at, actor_ref, action_id, action_name)
SELECT id, k, at, actor, CASE WHEN action IS NOT NULL THEN id END, action FROM seed;

-- One transaction in a thousand goes on for hours. Every twentieth change is one of the row t01 1, and the large transaction
-- kept no old values.
INSERT INTO threadline.audit_changes
  (id, transaction_id, occurred_at, table_schema, table_name, table_pk, op, data_after, changed_fields, changed_from,
   captured_at)
SELECT threadline.threadline_uuid_v7(threadline.threadline_microseconds(captured_at)), id, at, CASE WHEN rank % 3 = 0 THEN 'billing' ELSE 'public' END,
       't' || lpad(rank::text, 2, '0'),
       CASE WHEN op = 'truncate' THEN '{}' ELSE jsonb_build_object('id', row_number::text) END,
       op,
       CASE WHEN op IN ('insert', 'update') THEN jsonb_build_object(
         'id', row_number, 'status', 'open', 'amount', n / 100.0, 'customer', n % 40, 'note', repeat(md5(n::text), 6)) END,
       CASE WHEN op = 'update' THEN fields END,
       CASE WHEN op = 'delete' THEN '{"status": "closed", "customer": 1}'::jsonb
            WHEN op = 'update' AND changes < 600 THEN '{"status": "new"}' END,
       captured_at
FROM (
  SELECT *,
         CASE WHEN changes = 600 THEN 2 WHEN n % 27000 = 0 THEN 20 WHEN hot THEN 1
              ELSE least(19, 1 + floor(ln(1 - pg_temp.part(n, 6)) / ln(0.75::float8)))::int END AS rank,
         CASE WHEN changes = 600 THEN 1 + i WHEN hot THEN 1 ELSE 2 + (pg_temp.part(n, 7) ^ 2 * 1500)::int END AS row_number,
         CASE WHEN n % 80000 = 0 THEN 'truncate' WHEN hot OR changes = 600 THEN 'update' WHEN pg_temp.part(n, 8) < 0.3 THEN 'insert'
              WHEN pg_temp.part(n, 8) < 0.9 THEN 'update' ELSE 'delete' END AS op,
         CASE WHEN n % 20000 = 25 THEN '{legacy_code}'
              WHEN pg_temp.part(n, 9) < 0.6 THEN '{status,updated_at}'
              ELSE '{amount,updated_at}' END::text[] AS fields
  FROM (
    SELECT seed.*, i, k * 25 + i AS n, pg_temp.part(k * 25 + i, 10) < 0.05 AND changes < 600 AS hot,
           at + i * CASE WHEN k % 1000 = 500 THEN interval '1 hour' ELSE interval '1500 microseconds' END AS captured_at
    FROM seed CROSS JOIN LATERAL generate_series(0, changes - 1) AS i OFFSET 0
  ) AS placed OFFSET 0
) AS change
WHERE captured_at < now();
