-- The partitions of the month that begins at :month (UTC), filled: :first to :last are the transactions that can have left
-- something there. Made as threadline_ensure_partitions makes them, but filled before they get their indexes and are attached.

-- The one of the current month is there already, and empty.
DROP TABLE IF EXISTS threadline.:transactions_partition, threadline.:changes_partition;
BEGIN;
CREATE TABLE threadline.:transactions_partition
  (LIKE threadline.audit_transactions INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE
   INCLUDING COMPRESSION);
CREATE TABLE threadline.:changes_partition
  (LIKE threadline.audit_changes INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE
   INCLUDING COMPRESSION);

INSERT INTO threadline.:transactions_partition (id, txid, occurred_at, actor_ref, action_id, action_name)
SELECT pg_temp.transaction_id(k, at), k + 1000, at, pg_temp.actor(actor),
       CASE WHEN pg_temp.has_action(k) THEN pg_temp.action_id(k, at) END,
       CASE WHEN pg_temp.has_action(k) THEN pg_temp.action_name(pg_temp.action_rank(k)) END
FROM (
  SELECT k, pg_temp.moment(k) AS at, pg_temp.actor_rank(k) AS actor FROM generate_series(:first::bigint, :last) AS k OFFSET 0
) AS t
WHERE at >= :'lower' AND at < :'upper';

INSERT INTO threadline.:changes_partition
  (id, transaction_id, occurred_at, table_schema, table_name, table_pk, op, data_after, changed_fields, changed_from,
   captured_at)
SELECT threadline.threadline_row_id(threadline.threadline_uuid_v7_head(threadline.threadline_microseconds(captured_at)),
                                    (1::bigint << 63) | (pg_temp.hash(k, 25) & 68719476735), i),
       transaction_id, occurred_at, pg_temp.table_schema(rank), pg_temp.table_name(rank),
       CASE WHEN op = 'truncate' THEN '{}'
            WHEN rank % 5 = 0 THEN jsonb_build_object('order', (id / 7)::text, 'line', (id % 7)::text)
            ELSE jsonb_build_object('id', id::text) END,
       op,
       CASE WHEN op IN ('insert', 'update') THEN image END,
       CASE WHEN op = 'update' THEN names END,
       CASE op WHEN 'delete' THEN image WHEN 'update' THEN old END,
       captured_at
FROM (
  SELECT *, pg_temp.operation(n, hot) AS op,
         CASE WHEN hot THEN 1 ELSE pg_temp.row_number(n, rank) END AS id,
         CASE WHEN pg_temp.one_in(:rows * 6 / 1000, n, 13) THEN 27
              ELSE (9 * pg_temp.part(n, 26) ^ 1.7)::bigint % 9 * 3 + pg_temp.hash(n, 12) % 3 END AS update,
         pg_temp.hash(n, 29) % 10000 AS image_number
  FROM (
    SELECT *, NOT large AND pg_temp.one_in(198, n, 6) AS hot,
           CASE WHEN NOT large AND pg_temp.one_in(198, n, 6) THEN 1 ELSE pg_temp.table_of(k, n, actor) END AS rank
    FROM (
      SELECT t.*, i, k * 16384 + i AS n,
             -- Two changes of a usual statement, a hundred of a large one. One transaction in a thousand is a long one.
             occurred_at + make_interval(
               secs => CASE WHEN large THEN i / 100 * 0.2
                            WHEN pg_temp.one_in(1000, k, 27) THEN (i / 2 + pg_temp.part(k, 28)) * 3600
                            ELSE (i / 2 + pg_temp.part(k, 28)) * 0.017 END) AS captured_at
      FROM (
        SELECT *, pg_temp.transaction_id(k, occurred_at) AS transaction_id, pg_temp.actor_rank(k) AS actor, changes > 5 AS large
        FROM (
          SELECT k, pg_temp.moment(k) AS occurred_at, pg_temp.changes(k) AS changes
          FROM generate_series(:first::bigint, :last) AS k OFFSET 0
        ) AS numbered OFFSET 0
      ) AS t
      CROSS JOIN LATERAL generate_series(0, changes - 1) AS i
      OFFSET 0
    ) AS placed
    WHERE captured_at >= :'lower' AND captured_at < least(:'upper', :'last_moment'::timestamptz)
    OFFSET 0
  ) AS ranked OFFSET 0
) AS change
JOIN pg_temp.images ON images.number = image_number
JOIN pg_temp.updates ON updates.number = update;

-- What attaching would do as well, but one session at a time.
CREATE FUNCTION pg_temp.add_indexes(parent regclass, part regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  definition text;
BEGIN
  FOR definition IN
    SELECT CASE WHEN c.oid IS NOT NULL THEN format('ALTER TABLE %s ADD %s', part, pg_get_constraintdef(c.oid))
                ELSE regexp_replace(pg_get_indexdef(i.indexrelid), 'INDEX \S+ ON ONLY \S+', 'INDEX ON ' || part) END
    FROM pg_index AS i LEFT JOIN pg_constraint AS c ON c.conindid = i.indexrelid AND c.conrelid = i.indrelid
    WHERE i.indrelid = parent
  LOOP
    EXECUTE definition;
  END LOOP;
END
$$;
SELECT pg_temp.add_indexes('threadline.audit_transactions', 'threadline.' || :'transactions_partition');
SELECT pg_temp.add_indexes('threadline.audit_changes', 'threadline.' || :'changes_partition');
COMMIT;

VACUUM (ANALYZE) threadline.:transactions_partition, threadline.:changes_partition;
BEGIN;
REVOKE ALL ON TABLE threadline.:transactions_partition, threadline.:changes_partition FROM PUBLIC;
ALTER TABLE threadline.audit_transactions ATTACH PARTITION threadline.:transactions_partition
  FOR VALUES FROM (:'lower') TO (:'upper');
ALTER TABLE threadline.audit_changes ATTACH PARTITION threadline.:changes_partition FOR VALUES FROM (:'lower') TO (:'upper');
COMMIT;
