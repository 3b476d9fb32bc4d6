-- Who holds locks on tables ($1 schemas, $2 names) and what lies below them, or, without tables, on the trail in schema $3;
-- $4: the advisory lock of an installation.
WITH RECURSIVE below (oid) AS (
  SELECT c.oid
  FROM unnest($1::text[], $2::text[]) AS named (schema, name)
  JOIN pg_catalog.pg_namespace AS n ON n.nspname = named.schema
  JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = named.name
  UNION
  SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i JOIN below ON i.inhparent = below.oid
), trail (oid) AS (
  SELECT c.oid FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE n.nspname = $3
), held AS (
  SELECT l.pid, l.virtualtransaction,
         CASE
           WHEN l.locktype = 'advisory' THEN
             CASE WHEN l.classid::bigint = ($4::bigint >> 32) & 4294967295 AND l.objid::bigint = $4::bigint & 4294967295
                       AND l.objsubid = 1
                  THEN 1 END
           WHEN l.relation IN (SELECT oid FROM below) OR $4 IS NOT NULL AND l.relation IN (SELECT oid FROM trail) THEN
             CASE WHEN l.mode IN ('AccessShareLock', 'RowShareLock') THEN 2 ELSE 1 END
           WHEN l.relation IN (SELECT oid FROM trail)
                AND l.mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock') THEN 3
         END AS rank
  FROM pg_catalog.pg_locks AS l
  WHERE l.granted AND l.locktype IN ('relation', 'advisory') AND l.pid IS DISTINCT FROM pg_backend_pid()
    AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
), holder AS (
  SELECT pid, virtualtransaction FROM held WHERE rank = (SELECT min(rank) FROM held) GROUP BY 1, 2
)
SELECT holder.pid, p.gid AS prepared_transaction, coalesce(a.usename, p.owner)::text AS role, a.application_name, a.state,
       coalesce(a.state_change, p.prepared) AS since,
       CASE WHEN a.query NOT IN ('', '<insufficient privilege>') THEN left(a.query, 400) END AS query
FROM holder
LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = holder.pid
-- A prepared transaction has no process. It is known by the lock on its own number, which it holds beside the others.
LEFT JOIN (pg_catalog.pg_locks AS own JOIN pg_catalog.pg_prepared_xacts AS p ON p.transaction = own.transactionid)
  ON holder.pid IS NULL AND own.pid IS NULL AND own.locktype = 'transactionid'
  AND own.virtualtransaction = holder.virtualtransaction
ORDER BY since, holder.pid
