-- Creates and fills the partitions of one month. The transactions from __first__ to __last__ are those that may have left rows
-- there. Attaching creates the indexes of a partition, which is faster than filling a partition that has them.

CREATE TABLE threadline.__transactions_partition__
  (LIKE threadline.audit_transactions INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE INCLUDING COMPRESSION);
CREATE TABLE threadline.__changes_partition__
  (LIKE threadline.audit_changes INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE INCLUDING COMPRESSION);

INSERT INTO threadline.__transactions_partition__
  (id, txid, occurred_at, actor_ref, actor_type, actor_key, action_id, action_name)
SELECT pg_temp.transaction_id(k, at), k + 1000, at, pg_temp.actor(actor),
       CASE WHEN actor IS NOT NULL THEN pg_temp.actor_type(actor) END,
       CASE WHEN actor <> 3 THEN threadline.threadline_actor_key(pg_temp.actor_type(actor), actor::text) END,
       CASE WHEN pg_temp.has_action(k) THEN pg_temp.action_id(k, at) END,
       CASE WHEN pg_temp.has_action(k) THEN pg_temp.action_name(pg_temp.action_rank(k)) END
FROM (
  SELECT k, pg_temp.moment(k) AS at, pg_temp.actor_rank(k) AS actor FROM generate_series(__first__::bigint, __last__) AS k OFFSET 0
) AS t
WHERE at >= '__lower__' AND at < '__upper__';

INSERT INTO threadline.__changes_partition__
  (id, transaction_id, occurred_at, table_schema, table_name, table_hash, row_bucket, table_pk, op, data_after, changed_fields,
   changed_from, captured_at)
SELECT threadline.threadline_row_id(threadline.threadline_uuid_v7_head(threadline.threadline_microseconds(captured_at)),
                                    (1::bigint << 63) | (pg_temp.hash(k, 25) & 68719476735), i),
       transaction_id, occurred_at, pg_temp.table_schema(rank), pg_temp.table_name(rank), table_hash,
       threadline.threadline_row_bucket(
         table_hash, table_pk, threadline.threadline_row_slot(threadline.threadline_microseconds(captured_at))),
       table_pk, op,
       CASE WHEN op IN ('insert', 'update') THEN image END,
       CASE WHEN op = 'update' THEN names END,
       CASE op WHEN 'delete' THEN image WHEN 'update' THEN old END,
       captured_at
FROM (
  SELECT *, pg_temp.table_hash(rank) AS table_hash, pg_temp.key(op, rank, id) AS table_pk
  FROM (
    SELECT *, pg_temp.operation(n, hot) AS op,
           CASE WHEN hot THEN 1 ELSE pg_temp.row_number(n, rank) END AS id,
           CASE WHEN pg_temp.one_in(__rows__ * 6 / 1000, n, 13) THEN 27
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
            FROM generate_series(__first__::bigint, __last__) AS k OFFSET 0
          ) AS numbered OFFSET 0
        ) AS t
        CROSS JOIN LATERAL generate_series(0, changes - 1) AS i
        OFFSET 0
      ) AS placed
      WHERE captured_at >= '__lower__' AND captured_at < least('__upper__', '__last_moment__'::timestamptz)
      OFFSET 0
    ) AS ranked OFFSET 0
  ) AS keyed OFFSET 0
) AS change
JOIN pg_temp.images ON images.number = image_number
JOIN pg_temp.updates ON updates.number = update;

ALTER TABLE threadline.audit_transactions ATTACH PARTITION threadline.__transactions_partition__
  FOR VALUES FROM ('__lower__') TO ('__upper__');
ALTER TABLE threadline.audit_changes ATTACH PARTITION threadline.__changes_partition__
  FOR VALUES FROM ('__lower__') TO ('__upper__');
