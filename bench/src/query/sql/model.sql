-- The content of the trail, as functions of the number of a transaction (k) and of a change (n). Nothing is random, so that
-- every run reads the same.

-- A hash, and a number from 0 to 1. Each salt is used for one decision.
CREATE FUNCTION pg_temp.hash(number bigint, salt int) RETURNS bigint LANGUAGE sql IMMUTABLE
RETURN hashint8extended(number, salt) & 4611686018427387903;
CREATE FUNCTION pg_temp.part(number bigint, salt int) RETURNS float8 LANGUAGE sql IMMUTABLE
RETURN (hashint8extended(number, salt) & 1073741823) / 1073741824.0::float8;
-- Whether this is one of many numbers.
CREATE FUNCTION pg_temp.one_in(many bigint, number bigint, salt int) RETURNS boolean LANGUAGE sql IMMUTABLE
RETURN (hashint8extended(number, salt) & 4611686018427387903) % greatest(many, 1) = 0;

CREATE FUNCTION pg_temp.moment(k bigint) RETURNS timestamptz LANGUAGE sql STABLE
RETURN '__first_moment__'::timestamptz
       + make_interval(secs => extract(epoch FROM '__last_moment__'::timestamptz - '__first_moment__'::timestamptz)::float8
                               * ((k - 1 + 0.9 * pg_temp.part(k, 1)) / __transactions__));

CREATE FUNCTION pg_temp.transaction_id(k bigint, at timestamptz) RETURNS uuid LANGUAGE sql STABLE
RETURN (threadline.threadline_uuid_v7_head(threadline.threadline_microseconds(at)) || to_hex((1::bigint << 63) | (k + 1000)))::uuid;

-- One to five changes, 2.65 on average; a few transactions are large.
CREATE FUNCTION pg_temp.changes(k bigint) RETURNS int LANGUAGE sql IMMUTABLE
RETURN CASE
  WHEN k = __transactions__ / 2 THEN 1000
  WHEN __rows__ >= 1000000 AND k IN (__transactions__ / 10 * 3, __transactions__ / 10 * 6, __transactions__ / 10 * 9) THEN 10000
  ELSE ('{1,1,1,1,1,1,2,2,2,2,3,3,3,3,4,4,4,5,5,5}'::int[])[1 + k * 7 % 20]
END;

-- Of 2,000 actors the first one makes 15 % of the transactions, and each of the last fifty a handful; the shares of the others
-- fall as 1 / rank. One transaction in fifty has no actor.
CREATE FUNCTION pg_temp.actor_rank(k bigint) RETURNS int LANGUAGE sql IMMUTABLE
RETURN CASE
  WHEN pg_temp.one_in(__transactions__ / 250, k, 2) THEN 1951 + pg_temp.hash(k, 3) % 50
  WHEN pg_temp.one_in(50, k, 4) THEN NULL
  WHEN pg_temp.part(k, 17) < 0.07 THEN 1
  ELSE floor(exp(pg_temp.part(k, 18) * ln(1951::float8)))
END::int;
CREATE FUNCTION pg_temp.actor_type(rank int) RETURNS text LANGUAGE sql IMMUTABLE
RETURN CASE
  WHEN rank = 1 THEN 'service_account' WHEN rank = 2 THEN 'job' WHEN rank = 3 THEN 'anonymous' WHEN rank = 4 THEN 'system'
  WHEN rank % 40 = 0 THEN 'admin' WHEN rank % 40 = 1 THEN 'service_account' WHEN rank % 40 = 2 THEN 'job' ELSE 'user'
END;
CREATE FUNCTION pg_temp.actor(rank int) RETURNS jsonb LANGUAGE sql STABLE
RETURN CASE
  WHEN rank = 3 THEN '{"type": "anonymous"}'
  WHEN rank IS NOT NULL THEN jsonb_build_object('type', pg_temp.actor_type(rank), 'id', rank::text)
END;

-- 70 % of the transactions have an action, of sixty names; the last name is used thirty times.
CREATE FUNCTION pg_temp.has_action(k bigint) RETURNS boolean LANGUAGE sql IMMUTABLE
RETURN pg_temp.hash(k, 14) % 10 < 7;
CREATE FUNCTION pg_temp.action_id(k bigint, at timestamptz) RETURNS uuid LANGUAGE sql STABLE
RETURN (threadline.threadline_uuid_v7_head(threadline.threadline_microseconds(at)) || to_hex((1::bigint << 63) | pg_temp.hash(k, 16)))::uuid;
CREATE FUNCTION pg_temp.action_rank(k bigint) RETURNS int LANGUAGE sql IMMUTABLE
RETURN CASE
  WHEN pg_temp.one_in(__transactions__ * 7 / 300, k, 15) THEN 60
  ELSE floor(exp(pg_temp.part(k, 19) * ln(60::float8)))
END::int;
CREATE FUNCTION pg_temp.action_name(rank int) RETURNS text LANGUAGE sql IMMUTABLE
RETURN ('{ticket,invoice,order,customer,user,report}'::text[])[1 + (rank - 1) % 6] || '.'
       || ('{updated,created,closed,assigned,escalated,reopened,merged,exported,archived,purged}'::text[])[1 + (rank - 1) / 6];
CREATE FUNCTION pg_temp.request_id(k bigint) RETURNS text LANGUAGE sql IMMUTABLE
RETURN 'req-' || left(md5(k::text), 16);
-- One to ten consecutive transactions share a correlation id.
CREATE FUNCTION pg_temp.correlation_id(k bigint) RETURNS text LANGUAGE sql IMMUTABLE
RETURN 'cor-' || left(md5((k / 10 * 10 + k % 10 / (1 + pg_temp.hash(k / 10, 20) % 10))::text), 16);

-- Of forty tables the first one has 23 % of the changes, each other one 77 % of the one before. The last has a hundred changes.
CREATE FUNCTION pg_temp.table_rank(part float8) RETURNS int LANGUAGE sql IMMUTABLE
RETURN least(40, 1 + floor(ln(1 - part * (1 - 0.77::float8 ^ 40)) / ln(0.77::float8)))::int;
CREATE FUNCTION pg_temp.table_schema(rank int) RETURNS text LANGUAGE sql IMMUTABLE
RETURN CASE WHEN rank % 3 = 0 THEN 'billing' ELSE 'public' END;
CREATE FUNCTION pg_temp.table_name(rank int) RETURNS text LANGUAGE sql IMMUTABLE
RETURN 't' || lpad(rank::text, 2, '0');

-- Four times out of five, an actor writes to one of four tables of its own; the first four actors write everywhere.
CREATE FUNCTION pg_temp.table_of(k bigint, n bigint, actor int) RETURNS int LANGUAGE sql IMMUTABLE
RETURN CASE
  WHEN pg_temp.changes(k) > 5 THEN 2
  WHEN pg_temp.one_in(__rows__ / 100, n, 5) THEN 40
  WHEN actor > 1950 THEN 1
  WHEN actor > 4 AND pg_temp.hash(n, 21) % 5 < 4 THEN
    pg_temp.table_rank(pg_temp.part(actor * 4 + pg_temp.hash(k, 7) % 4, 8))
  ELSE pg_temp.table_rank(pg_temp.part(n, 9))
END;
CREATE FUNCTION pg_temp.table_hash(rank int) RETURNS int LANGUAGE sql IMMUTABLE
RETURN threadline.threadline_table_hash(pg_temp.table_schema(rank), pg_temp.table_name(rank));
CREATE FUNCTION pg_temp.key(op text, rank int, id bigint) RETURNS jsonb LANGUAGE sql IMMUTABLE
RETURN CASE
  WHEN op = 'truncate' THEN '{}'
  WHEN rank % 5 = 0 THEN jsonb_build_object('order', (id / 7)::text, 'line', (id % 7)::text)
  ELSE jsonb_build_object('id', id::text)
END;
CREATE FUNCTION pg_temp.operation(n bigint, hot boolean) RETURNS text LANGUAGE sql IMMUTABLE
RETURN CASE
  WHEN hot THEN 'update'
  WHEN pg_temp.one_in(__rows__ / 10, n, 10) THEN 'truncate'
  WHEN pg_temp.part(n, 22) < 0.3 THEN 'insert'
  WHEN pg_temp.part(n, 22) < 0.9 THEN 'update'
  ELSE 'delete'
END;
CREATE FUNCTION pg_temp.row_number(n bigint, rank int) RETURNS bigint LANGUAGE sql IMMUTABLE
RETURN 2 + (pg_temp.part(n, 11) ^ 2 * greatest(10, __rows__ * 0.23 / 5 * 0.77::float8 ^ (rank - 1)))::bigint;

-- The images of rows, and updates of one to three fields, are computed once instead of ten million times. One field is rare.
CREATE TEMP TABLE images AS
SELECT n AS number, jsonb_build_object(
  'id', n, 'status', ('{open,waiting,closed}'::text[])[1 + n % 3], 'title', 'About ' || md5(n::text), 'amount', n / 100.0,
  'owner_id', n % 1000, 'priority', ('{low,normal,urgent}'::text[])[1 + n % 3],
  'note', CASE WHEN n % 4 = 0 THEN 'Somebody wrote a few words here, and then a few words more.' END,
  'updated_at', '__first_moment__'::timestamptz + make_interval(mins => n)) AS image
FROM generate_series(0, 9999) AS n;
CREATE TEMP TABLE updates AS
SELECT number, array_agg(field ORDER BY field) AS names, jsonb_object_agg(field, 'before ' || field) AS old
FROM generate_series(0, 26) AS number
CROSS JOIN generate_series(number / 3, number / 3 + number % 3) AS place
CROSS JOIN LATERAL (
  SELECT ('{updated_at,status,amount,title,owner_id,priority,note,due_on,region}'::text[])[1 + place % 9] AS field
) AS named
GROUP BY number
UNION ALL SELECT 27, '{legacy_code}', '{"legacy_code": "X-1"}';
ANALYZE images, updates;
