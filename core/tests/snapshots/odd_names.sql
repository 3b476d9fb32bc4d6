-- Gives up on a lock that is not free in time: whoever writes to the table waits behind this migration.
SET LOCAL lock_timeout = '5s';

-- odd $threadline$ "name", captured per statement.
-- Writers wait from here to the end, so that none finds the function and the triggers of two policies.
LOCK TABLE "public"."odd $threadline$ ""name""" IN SHARE ROW EXCLUSIVE MODE;
DO $_threadline$
BEGIN
  PERFORM "threadline".threadline_require_table('"public"."odd $threadline$ ""name"""', ARRAY[E'a''b\\'],
    ARRAY['select']);
  PERFORM "threadline".threadline_remember_redacted('"public"."odd $threadline$ ""name"""', ARRAY['select']);
END
$_threadline$;

CREATE OR REPLACE FUNCTION "threadline"."threadline_capture_changes_odd $threadline$ ""name"""() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
SET work_mem = '64MB'
AS $_threadline$
#variable_conflict use_variable
DECLARE
  high CONSTANT bigint := pg_sequence_last_value('"threadline".threadline_clock');
  moment timestamptz := clock_timestamp();
  microseconds bigint := "threadline".threadline_microseconds(moment);
  clock_at timestamptz;
  transaction CONSTANT uuid := "threadline".threadline_transaction_id();
  table_hash CONSTANT integer := "threadline".threadline_table_hash(TG_TABLE_SCHEMA, TG_TABLE_NAME);
  slot bigint;
  id_head text;
  id_tail CONSTANT bigint := "threadline".threadline_uuid_v7_tail();
  first_position bigint := 0;
  has_changed boolean;
  settings_found text[];
  operation text;
  recorded bigint;
BEGIN
  IF high & 1 = 1 OR microseconds * 2 NOT BETWEEN high AND high + 20000 OR moment < now() THEN
    microseconds := "threadline".threadline_advance_clock(microseconds, high, "threadline".threadline_microseconds(now()));
    IF microseconds > "threadline".threadline_microseconds(moment) THEN
      clock_at := moment;
      moment := to_timestamp(microseconds / 1000000.0);
    END IF;
  END IF;
  slot := "threadline".threadline_row_slot(moment);
  id_head := "threadline".threadline_uuid_v7_head(microseconds);
  has_changed := (SELECT array_agg(a.attname || ' ' || least(a.atttypid::bigint, 16384) ORDER BY a.attnum)
  FROM pg_attribute AS a
  WHERE a.attrelid = TG_RELID AND a.attnum > 0 AND NOT a.attisdropped)
  IS DISTINCT FROM ARRAY[E'a''b\\ 23', 'select 25'] OR TG_TABLE_NAME <> 'odd $threadline$ "name"' OR TG_TABLE_SCHEMA <> 'public';

  IF has_changed OR TG_OP = 'TRUNCATE' THEN
    -- The table has changed since this function was made, so the statement is made anew for the table as it is.
    PERFORM "threadline".threadline_observe_name(TG_RELID, TG_TABLE_SCHEMA, TG_TABLE_NAME);
    settings_found := "threadline".threadline_pin_settings();
    FOREACH operation IN ARRAY ARRAY[TG_OP] LOOP
      EXECUTE "threadline".threadline_statement_sql(operation, TG_RELID, E'{"except_columns":[],"exclude":["select"],"key":["a''b\\\\"],"known_columns":["a''b\\\\","select"],"mask":[],"mask_null":false,"mask_placeholder":"[REDACTED]","store_changed_from":true,"store_deleted_row":true,"store_unchanged":false}'::jsonb,
          ARRAY['$1', '$2', '$3', '$4', '$5', '$6', '$7', '$8', '$9', '$10', '$11'])
        USING transaction, moment, clock_at, id_head, id_tail, TG_TABLE_SCHEMA, TG_TABLE_NAME, table_hash, slot,
          TG_RELID, first_position;
      GET DIAGNOSTICS recorded = ROW_COUNT;
    END LOOP;
    PERFORM "threadline".threadline_restore_settings(settings_found);
  ELSE
    IF TG_OP = 'INSERT' THEN
      INSERT INTO "threadline".audit_changes
  (transaction_id, occurred_at, captured_at, clock_at, table_hash, table_schema, table_name, op,
   id, row_bucket, table_pk, data_after)
SELECT transaction, now(), moment, clock_at, table_hash, TG_TABLE_SCHEMA, TG_TABLE_NAME, 'insert',
       "threadline".threadline_row_id(id_head, id_tail, position + first_position),
       "threadline".threadline_row_bucket(table_hash, row_key, slot),
       row_key, image
FROM (
  SELECT *,
         CASE WHEN image ->> E'a''b\\' IS NOT NULL
THEN jsonb_build_object(E'a''b\\', image ->> E'a''b\\')
ELSE "threadline".threadline_key(image, TG_RELID) END AS row_key
  FROM (SELECT row_number() OVER () AS position, jsonb_build_object(E'a''b\\', n."a'b\") AS image FROM new_rows AS n) AS written
  OFFSET 0
) AS change;
    END IF;
    IF TG_OP = 'UPDATE' THEN
      INSERT INTO "threadline".audit_changes
  (transaction_id, occurred_at, captured_at, clock_at, table_hash, table_schema, table_name, op,
   id, row_bucket, related_bucket, table_pk, data_after, changed_fields, changed_from, old_pk)
SELECT transaction, now(), moment, clock_at, table_hash, TG_TABLE_SCHEMA, TG_TABLE_NAME, 'update',
       "threadline".threadline_row_id(id_head, id_tail, position),
       "threadline".threadline_row_bucket(table_hash, row_key, slot),
       CASE WHEN old_key IS NOT NULL THEN "threadline".threadline_row_bucket(table_hash, old_key, slot) END,
       row_key, after, NULLIF(fields, '{}'), CASE WHEN fields <> '{}' THEN before - ARRAY[CASE WHEN (before ->> E'a''b\\' IS DISTINCT FROM after ->> E'a''b\\') IS NOT TRUE THEN E'a''b\\' END]::text[] END, old_key
FROM (
  SELECT *, array_remove(ARRAY[CASE WHEN before ->> E'a''b\\' IS DISTINCT FROM after ->> E'a''b\\' THEN E'a''b\\' END]::text[], NULL) AS fields,
         CASE WHEN after ->> E'a''b\\' IS NOT NULL
THEN jsonb_build_object(E'a''b\\', after ->> E'a''b\\')
ELSE "threadline".threadline_key(after, TG_RELID) END AS row_key,
         CASE WHEN before ->> E'a''b\\' IS DISTINCT FROM after ->> E'a''b\\' THEN
         CASE WHEN before ->> E'a''b\\' IS NOT NULL
THEN jsonb_build_object(E'a''b\\', before ->> E'a''b\\')
ELSE "threadline".threadline_key(before, TG_RELID) END END AS old_key
  FROM (
    SELECT position, before AS before, after AS after, old_hidden_1, new_hidden_1
    FROM (SELECT row_number() OVER () AS position, jsonb_build_object(E'a''b\\', o."a'b\") AS before, o."select" AS old_hidden_1 FROM old_rows AS o) AS o
    FULL JOIN (SELECT row_number() OVER () AS position, jsonb_build_object(E'a''b\\', n."a'b\") AS after, n."select" AS new_hidden_1 FROM new_rows AS n) AS n USING (position)
    OFFSET 0
  ) AS pair
  OFFSET 0
) AS change
WHERE fields <> '{}' OR before::text <> after::text
OR CASE WHEN pg_column_size(new_hidden_1) < 10000 THEN record_image_ne(ROW(old_hidden_1), ROW(new_hidden_1)) ELSE pg_column_size(old_hidden_1) IS DISTINCT FROM pg_column_size(new_hidden_1) END;
    END IF;
    IF TG_OP = 'DELETE' THEN
      INSERT INTO "threadline".audit_changes
  (transaction_id, occurred_at, captured_at, clock_at, table_hash, table_schema, table_name, op,
   id, row_bucket, table_pk, changed_from)
SELECT transaction, now(), moment, clock_at, table_hash, TG_TABLE_SCHEMA, TG_TABLE_NAME, 'delete',
       "threadline".threadline_row_id(id_head, id_tail, position + 0),
       "threadline".threadline_row_bucket(table_hash, row_key, slot),
       row_key, image
FROM (
  SELECT *,
         CASE WHEN image ->> E'a''b\\' IS NOT NULL
THEN jsonb_build_object(E'a''b\\', image ->> E'a''b\\')
ELSE "threadline".threadline_key(image, TG_RELID) END AS row_key
  FROM (SELECT row_number() OVER () AS position, jsonb_build_object(E'a''b\\', o."a'b\") AS image FROM old_rows AS o) AS written
  OFFSET 0
) AS change;
    END IF;
    GET DIAGNOSTICS recorded = ROW_COUNT;
  END IF;

  IF recorded > 0 THEN
    IF current_setting('threadline.actor_ref', true) <> '' OR current_setting('threadline.declared', true) <> '' THEN
  PERFORM "threadline".threadline_record_transaction(transaction, true);
ELSE
  INSERT INTO "threadline".audit_transactions (id, occurred_at, txid, meta)
  VALUES (transaction, now(), pg_current_xact_id()::text::bigint, jsonb_build_object('session', jsonb_object(ARRAY['role', 'application_name', 'client_address'], ARRAY[
    CASE current_setting('role') WHEN 'none' THEN session_user::text ELSE current_setting('role') END,
    current_setting('application_name'), host(inet_client_addr())])))
  ON CONFLICT DO NOTHING;
END IF;
  END IF;
  RETURN NULL;
END
$_threadline$;
REVOKE ALL ON FUNCTION "threadline"."threadline_capture_changes_odd $threadline$ ""name"""() FROM PUBLIC;
COMMENT ON FUNCTION "threadline"."threadline_capture_changes_odd $threadline$ ""name"""() IS E'{"version":1,"table":{"schema":"public","name":"odd $threadline$ \\"name\\""},"mode":"statement","always":false,"key":["a''b\\\\"],"columns":["a''b\\\\","select"],"types":["integer","text"],"exclude":["select"],"mask":[],"mask_placeholder":"[REDACTED]","mask_null":false,"except_columns":[],"store_changed_from":true,"store_deleted_row":true,"store_unchanged":false,"truncate":"record","record_session":true,"digest":"e71a5ec5c38e07e716d1e619e0f96736f4580f7ad644e2f8f7c6168a0de73e33"}';

SELECT "threadline".threadline_drop_triggers('"public"."odd $threadline$ ""name"""', ARRAY['threadline_audit_odd $threadline$ "name"_truncate',
    'threadline_audit_odd $threadline$ "name"_insert', 'threadline_audit_odd $threadline$ "name"_update',
    'threadline_audit_odd $threadline$ "name"_delete']);
CREATE OR REPLACE TRIGGER "threadline_audit_odd $threadline$ ""name""_truncate" AFTER TRUNCATE ON "public"."odd $threadline$ ""name"""
  FOR EACH STATEMENT EXECUTE FUNCTION "threadline".threadline_capture_truncate();
ALTER TABLE "public"."odd $threadline$ ""name""" ENABLE TRIGGER "threadline_audit_odd $threadline$ ""name""_truncate";
CREATE OR REPLACE TRIGGER "threadline_audit_odd $threadline$ ""name""_insert" AFTER INSERT ON "public"."odd $threadline$ ""name"""
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION "threadline"."threadline_capture_changes_odd $threadline$ ""name"""();
ALTER TABLE "public"."odd $threadline$ ""name""" ENABLE TRIGGER "threadline_audit_odd $threadline$ ""name""_insert";
CREATE OR REPLACE TRIGGER "threadline_audit_odd $threadline$ ""name""_update" AFTER UPDATE ON "public"."odd $threadline$ ""name"""
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION "threadline"."threadline_capture_changes_odd $threadline$ ""name"""();
ALTER TABLE "public"."odd $threadline$ ""name""" ENABLE TRIGGER "threadline_audit_odd $threadline$ ""name""_update";
CREATE OR REPLACE TRIGGER "threadline_audit_odd $threadline$ ""name""_delete" AFTER DELETE ON "public"."odd $threadline$ ""name"""
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION "threadline"."threadline_capture_changes_odd $threadline$ ""name"""();
ALTER TABLE "public"."odd $threadline$ ""name""" ENABLE TRIGGER "threadline_audit_odd $threadline$ ""name""_delete";
SELECT "threadline".threadline_observe_relations('"public"."odd $threadline$ ""name"""');

-- The way back:

-- Gives up on a lock that is not free in time: whoever writes to the table waits behind this migration.
SET LOCAL lock_timeout = '5s';

-- odd $threadline$ "name"
SELECT "threadline".threadline_drop_triggers('"public"."odd $threadline$ ""name"""', '{}'::text[]);
DROP FUNCTION IF EXISTS "threadline"."threadline_capture_changes_odd $threadline$ ""name"""();
DO $_threadline$
BEGIN
  PERFORM "threadline".threadline_remember_redacted('"public"."odd $threadline$ ""name"""', '{}'::text[]);
END
$_threadline$;

