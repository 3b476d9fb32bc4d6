-- The values that the bench filters by: values of each key by how common they are, and changes with the values of all keys.
-- The planner does not know that the tables here have a few rows only.
SET enable_hashjoin = off;
SET enable_mergejoin = off;
CREATE SCHEMA bench;
CREATE TABLE bench.trail (rows bigint, first_moment timestamptz, last_moment timestamptz, large_transaction uuid);
INSERT INTO bench.trail
SELECT __rows__, '__first_moment__', '__last_moment__',
       pg_temp.transaction_id(__transactions__ / 2, pg_temp.moment(__transactions__ / 2));

CREATE FUNCTION pg_temp.table_text(schema text, name text) RETURNS text LANGUAGE sql IMMUTABLE
RETURN CASE schema WHEN 'public' THEN name ELSE schema || '.' || name END;
CREATE FUNCTION pg_temp.actor_text(actor jsonb) RETURNS text LANGUAGE sql IMMUTABLE
RETURN concat_ws(':', actor ->> 'type', actor ->> 'id');
CREATE FUNCTION pg_temp.moment_text(at timestamptz) RETURNS text LANGUAGE sql STABLE
RETURN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');

CREATE TABLE bench.changes AS
SELECT pg_temp.table_text(c.table_schema, c.table_name) AS "table",
       (SELECT string_agg(key || '=' || value, '&' ORDER BY key) FROM jsonb_each_text(c.table_pk)) AS key,
       c.op AS operation, c.changed_fields[1] AS field, pg_temp.actor_text(t.actor_ref) AS actor, a.name AS action,
       a.correlation_id, a.request_id,
       pg_temp.moment_text(c.captured_at - interval '1 day') AS "from", pg_temp.moment_text(c.captured_at + interval '1 day') AS "to"
FROM (
  SELECT pg_temp.transaction_id(k, pg_temp.moment(k)) AS id, pg_temp.moment(k) AS occurred_at
  FROM generate_series(1::bigint, __transactions__, greatest(1, __transactions__ / 200)) AS k
  WHERE pg_temp.has_action(k) AND pg_temp.actor_rank(k) IS NOT NULL
) AS picked
JOIN threadline.audit_transactions AS t ON t.id = picked.id AND t.occurred_at = picked.occurred_at
JOIN threadline.audit_actions AS a ON a.id = t.action_id
JOIN threadline.audit_changes AS c
  ON c.transaction_id = picked.id AND c.captured_at BETWEEN picked.occurred_at AND picked.occurred_at + interval '8 hours'
WHERE c.op = 'update'
ORDER BY md5(t.id::text) LIMIT 20;

CREATE TABLE bench.filter_values (key text, class text, value text);
INSERT INTO bench.filter_values
SELECT 'table', class, pg_temp.table_text(pg_temp.table_schema(rank), pg_temp.table_name(rank))
FROM (VALUES ('common', 1), ('common', 2), ('medium', 12), ('medium', 13), ('rare', 40)) AS t (class, rank)
UNION ALL
SELECT 'key', class, value FROM (VALUES ('common', 't01|id=1'), ('medium', 't01|id=2'), ('medium', 't01|id=3')) AS t (class, value)
UNION ALL
SELECT 'key', 'rare', "table" || '|' || key FROM bench.changes
UNION ALL
SELECT 'operation', class, value
FROM (VALUES ('common', 'update'), ('common', 'insert'), ('medium', 'delete'), ('rare', 'truncate')) AS t (class, value)
UNION ALL
SELECT 'field', class, value
FROM (VALUES ('common', 'status'), ('common', 'updated_at'), ('medium', 'region'), ('rare', 'legacy_code')) AS t (class, value)
UNION ALL
SELECT 'actor', class, pg_temp.actor_text(pg_temp.actor(rank))
FROM (
  SELECT 'common', 1 UNION ALL SELECT 'common', 3
  UNION ALL SELECT 'medium', n FROM unnest('{30,101,303,505,909,1501}'::int[]) AS n
  UNION ALL SELECT 'rare', n FROM generate_series(1951, 2000, 5) AS n
) AS t (class, rank)
UNION ALL
SELECT 'actor type', class, value FROM (VALUES ('common', 'user'), ('medium', 'admin'), ('rare', 'system')) AS t (class, value)
UNION ALL
SELECT 'action', class, pg_temp.action_name(rank)
FROM (VALUES ('common', 1), ('common', 2), ('medium', 25), ('medium', 50), ('rare', 60)) AS t (class, rank)
UNION ALL
SELECT 'correlation_id', 'rare', correlation_id FROM bench.changes
UNION ALL
SELECT 'request_id', 'rare', request_id FROM bench.changes
UNION ALL
SELECT 'from', class, pg_temp.moment_text('__last_moment__'::timestamptz - age)
FROM (VALUES ('common', interval '24 months'), ('medium', interval '30 days'), ('rare', interval '1 hour')) AS t (class, age)
UNION ALL
SELECT 'to', class, pg_temp.moment_text('__first_moment__'::timestamptz + age)
FROM (VALUES ('common', interval '24 months'), ('medium', interval '12 months'), ('rare', interval '1 hour')) AS t (class, age);
ANALYZE;
