-- The actions of the transactions number __first__ to __last__.
INSERT INTO threadline.audit_actions
  (id, name, actor_ref, status, verb, category, reason, correlation_id, request_id, job_id, inserted_at)
SELECT pg_temp.action_id(k, at), pg_temp.action_name(name),
       coalesce(pg_temp.actor(actor), '{"type": "anonymous"}'),
       CASE WHEN pg_temp.hash(k, 23) % 50 = 0 THEN 'error' ELSE 'ok' END, NULL, NULL,
       CASE WHEN pg_temp.hash(k, 24) % 10 = 0 THEN 'The customer called.' END,
       pg_temp.correlation_id(k), pg_temp.request_id(k),
       CASE WHEN actor = 2 THEN 'job-' || k END, at
FROM (
  SELECT k, pg_temp.moment(k) AS at, pg_temp.action_rank(k) AS name, pg_temp.actor_rank(k) AS actor
  FROM generate_series(__first__::bigint, __last__) AS k WHERE pg_temp.has_action(k) OFFSET 0
) AS t;
