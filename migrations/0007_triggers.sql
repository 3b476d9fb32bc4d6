-- Triggers for TRUNCATE, and functions that generated migrations call.

-- Records a TRUNCATE. All tables share this function, because a TRUNCATE has no rows to capture. That of a partition is recorded
-- under the name of the root, like the changes of its rows, with the name of the partition.
CREATE FUNCTION __schema__.threadline_capture_truncate() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  high CONSTANT bigint := pg_sequence_last_value('__schema__.threadline_clock');
  clock CONSTANT timestamptz := clock_timestamp();
  microseconds CONSTANT bigint := __schema__.threadline_advance_clock(
    __schema__.threadline_microseconds(clock), high, __schema__.threadline_microseconds(now()));
  transaction CONSTANT uuid := __schema__.threadline_transaction_id();
  root CONSTANT text[] := __schema__.threadline_root_table(TG_RELID);
  table_hash CONSTANT integer := __schema__.threadline_table_hash(root[1], root[2]);
BEGIN
  PERFORM __schema__.threadline_record_transaction(transaction, TG_NARGS = 0);
  INSERT INTO __schema__.audit_changes
    (id, transaction_id, occurred_at, captured_at, clock_at, row_bucket, table_hash, op, table_schema, table_name, table_pk,
     partition_name)
  VALUES
    (__schema__.threadline_uuid_v7(microseconds), transaction, now(), to_timestamp(microseconds / 1000000.0),
     CASE WHEN microseconds > __schema__.threadline_microseconds(clock) THEN clock END,
     __schema__.threadline_row_bucket(table_hash, '{}', __schema__.threadline_row_slot(microseconds)),
     table_hash, 'truncate', root[1], root[2], '{}',
     CASE WHEN TG_RELID <> coalesce(pg_partition_root(TG_RELID), TG_RELID)
          THEN quote_ident(TG_TABLE_SCHEMA) || '.' || quote_ident(TG_TABLE_NAME) END);
  RETURN NULL;
END
$$;

CREATE FUNCTION __schema__.threadline_refuse_truncate() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'table %.% is captured with truncate = "refuse", so it cannot be truncated', TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'object_not_in_prerequisite_state',
          HINT = 'Delete the rows, or capture the table with truncate = "record" or truncate = "rows".';
END
$$;

-- Removes the capture triggers of a relation except those with the given names, including triggers under an earlier name of the
-- table and triggers of other audit trails: a table is captured by one trail. A trigger that a partition inherits is removed with
-- that of its parent.
CREATE FUNCTION __schema__.threadline_drop_triggers(relation regclass, except_names text[]) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  trigger_name text;
BEGIN
  FOR trigger_name IN
    SELECT t.tgname FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid
    WHERE t.tgrelid = relation AND NOT t.tgisinternal AND t.tgparentid = 0 AND starts_with(t.tgname::text, 'threadline_audit_')
      AND starts_with(p.proname::text, 'threadline_') AND t.tgname::text <> ALL (except_names)
  LOOP
    EXECUTE format('DROP TRIGGER %I ON %s', trigger_name, relation);
  END LOOP;
END
$$;

-- Checks that a table still has the columns and the key for which a migration was generated, before the migration changes
-- anything.
CREATE FUNCTION __schema__.threadline_require_table(relation regclass, key text[], redacted text[]) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  missing text[];
BEGIN
  SELECT array_agg(name) INTO missing FROM unnest(key || redacted) AS name
  WHERE NOT EXISTS (SELECT FROM pg_attribute AS a
                    WHERE a.attrelid = relation AND a.attname = name AND a.attnum > 0 AND NOT a.attisdropped);
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION 'table % has no column %', relation, array_to_string(missing, ', ')
      USING ERRCODE = 'undefined_column', HINT = 'Run threadline gen triggers again for the table as it is now.';
  END IF;
  PERFORM FROM (
    SELECT i.indisprimary, array_agg(a.attname::text ORDER BY k.position) AS columns
    FROM pg_index AS i
    CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, position)
    JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
    WHERE i.indrelid = relation AND k.position <= i.indnkeyatts AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
    GROUP BY i.indexrelid, i.indisprimary, i.indnkeyatts
    HAVING count(*) = i.indnkeyatts AND (i.indisprimary OR bool_and(a.attnotnull))
  ) AS unique_index
  WHERE CASE WHEN indisprimary THEN columns = key ELSE columns @> key AND key @> columns END;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'table % is no longer identified by (%)', relation, array_to_string(key, ', ')
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Run threadline gen triggers again for the table as it is now.';
  END IF;
END
$$;

REVOKE ALL ON FUNCTION
  __schema__.threadline_capture_truncate(),
  __schema__.threadline_refuse_truncate(),
  __schema__.threadline_drop_triggers(regclass, text[]),
  __schema__.threadline_require_table(regclass, text[], text[])
FROM PUBLIC;
