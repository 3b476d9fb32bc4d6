-- Limits the wait for locks, because every writer to the table waits behind this migration.
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
  id_head text;
  id_tail CONSTANT bigint := "threadline".threadline_uuid_v7_tail();
  is_declared boolean;
  has_changed boolean;
  settings_found text[];
  operation text;
  recorded bigint := 0;
  recorded_by_operation bigint;
BEGIN
  -- One condition for everything unusual, because each expression takes time in each transaction.
  IF TG_RELID IS DISTINCT FROM "threadline".threadline_table('public', 'odd $threadline$ "name"') OR TG_TABLE_SCHEMA <> 'public'
    OR "threadline".threadline_columns_digest("threadline".threadline_table('public', 'odd $threadline$ "name"')) IS DISTINCT FROM '4e1306a2e66bffbbb9178c46f781ed57bd5660a2e3afc58b36c27aae7af34bbe'
    OR "threadline".threadline_has_redacted_columns("threadline".threadline_table('public', 'odd $threadline$ "name"'), ARRAY['select']) IS NOT TRUE
    OR (current_setting('threadline.actor_ref', true) <> '' OR current_setting('threadline.declared', true) <> '')
    OR high & 1 = 1 OR microseconds * 2 NOT BETWEEN high AND high + 20000 OR moment < now() THEN
    IF TG_RELID IS DISTINCT FROM "threadline".threadline_table('public', 'odd $threadline$ "name"') OR TG_TABLE_SCHEMA <> 'public'
    OR "threadline".threadline_columns_digest("threadline".threadline_table('public', 'odd $threadline$ "name"')) IS DISTINCT FROM '4e1306a2e66bffbbb9178c46f781ed57bd5660a2e3afc58b36c27aae7af34bbe'
    OR "threadline".threadline_has_redacted_columns("threadline".threadline_table('public', 'odd $threadline$ "name"'), ARRAY['select']) IS NOT TRUE THEN
      has_changed := TG_TABLE_NAME <> 'odd $threadline$ "name"' OR TG_TABLE_SCHEMA <> 'public'
    OR "threadline".threadline_columns_digest(TG_RELID) IS DISTINCT FROM '4e1306a2e66bffbbb9178c46f781ed57bd5660a2e3afc58b36c27aae7af34bbe'
    OR "threadline".threadline_has_redacted_columns(TG_RELID, ARRAY['select']) IS NOT TRUE;
    END IF;
    is_declared := (current_setting('threadline.actor_ref', true) <> '' OR current_setting('threadline.declared', true) <> '');
    IF high & 1 = 1 OR microseconds * 2 NOT BETWEEN high AND high + 20000 OR moment < now() THEN
      microseconds := "threadline".threadline_advance_clock(microseconds, high, "threadline".threadline_microseconds(now()));
      IF microseconds > "threadline".threadline_microseconds(moment) THEN
        clock_at := moment;
        moment := to_timestamp(microseconds / 1000000.0);
      END IF;
    END IF;
  END IF;
  id_head := "threadline".threadline_uuid_v7_head(microseconds);

  IF has_changed OR TG_OP = 'TRUNCATE' THEN
    -- The statement is made anew for the table as it is.
    PERFORM "threadline".threadline_observe_name(TG_RELID, TG_TABLE_SCHEMA, TG_TABLE_NAME);
    settings_found := "threadline".threadline_pin_settings();
    FOREACH operation IN ARRAY ARRAY[TG_OP] LOOP
      EXECUTE "threadline".threadline_statement_sql(operation, TG_RELID, E'{"except_columns":[],"exclude":["select"],"key":["a''b\\\\"],"known_columns":["a''b\\\\","select"],"mask":[],"mask_null":false,"mask_placeholder":"[REDACTED]","store_changed_from":true,"store_deleted_row":true,"store_unchanged":false}'::jsonb,
          ARRAY['$1', '$2', '$3', '$4', '$5', '$6', '$7', '$8', '$9', '$10', '$11'])
        USING transaction, moment, clock_at, id_head, id_tail, TG_TABLE_SCHEMA, TG_TABLE_NAME,
          "threadline".threadline_table_hash(TG_TABLE_SCHEMA, TG_TABLE_NAME), "threadline".threadline_row_slot(microseconds),
          TG_RELID, 0;
      GET DIAGNOSTICS recorded_by_operation = ROW_COUNT;
      recorded := recorded + recorded_by_operation;
    END LOOP;
    PERFORM "threadline".threadline_restore_settings(settings_found);
  ELSIF TG_OP = 'INSERT' THEN
    INSERT INTO "threadline".audit_changes
  (transaction_id, occurred_at, captured_at, clock_at, table_hash, table_schema, table_name, op,
   id, row_bucket, table_pk, data_after)
SELECT transaction, now(), moment, clock_at, "threadline".threadline_table_hash('public', 'odd $threadline$ "name"'), 'public', 'odd $threadline$ "name"', 'insert',
       "threadline".threadline_row_id(id_head, id_tail, position + 0),
       "threadline".threadline_row_bucket("threadline".threadline_table_hash('public', 'odd $threadline$ "name"'), row_key, "threadline".threadline_row_slot(microseconds)),
       row_key, image
FROM (
  SELECT *,
         jsonb_build_object(E'a''b\\', image ->> E'a''b\\') AS row_key
  FROM (SELECT row_number() OVER () AS position, jsonb_build_object(E'a''b\\', n."a'b\") AS image FROM new_rows AS n) AS written
  OFFSET 0
) AS change;
    GET DIAGNOSTICS recorded = ROW_COUNT;
  ELSIF TG_OP = 'UPDATE' THEN
    PERFORM FROM new_rows OFFSET 1;
    IF FOUND THEN
      INSERT INTO "threadline".audit_changes
  (transaction_id, occurred_at, captured_at, clock_at, table_hash, table_schema, table_name, op,
   id, row_bucket, related_bucket, table_pk, data_after, changed_fields, changed_from, old_pk)
SELECT transaction, now(), moment, clock_at, "threadline".threadline_table_hash('public', 'odd $threadline$ "name"'), 'public', 'odd $threadline$ "name"', 'update',
       "threadline".threadline_row_id(id_head, id_tail, position),
       "threadline".threadline_row_bucket("threadline".threadline_table_hash('public', 'odd $threadline$ "name"'), row_key, "threadline".threadline_row_slot(microseconds)),
       CASE WHEN old_key IS NOT NULL THEN "threadline".threadline_row_bucket("threadline".threadline_table_hash('public', 'odd $threadline$ "name"'), old_key, "threadline".threadline_row_slot(microseconds)) END,
       row_key, after, NULLIF(fields, '{}'), CASE WHEN fields <> '{}' THEN before - ARRAY[CASE WHEN NOT has_changed_1 THEN E'a''b\\' END]::text[] END, old_key
FROM (
  SELECT *, array_remove(ARRAY[CASE WHEN has_changed_1 THEN E'a''b\\' END]::text[], NULL) AS fields,
         jsonb_build_object(E'a''b\\', after ->> E'a''b\\') AS row_key,
         CASE WHEN before ->> E'a''b\\' IS DISTINCT FROM after ->> E'a''b\\' THEN
         jsonb_build_object(E'a''b\\', before ->> E'a''b\\') END AS old_key
  FROM (
    SELECT *,
           before ->> E'a''b\\' IS DISTINCT FROM after ->> E'a''b\\' AS has_changed_1
    FROM (
      SELECT position, before AS before, after AS after, old_hidden_1, new_hidden_1
      FROM (SELECT row_number() OVER () AS position, jsonb_build_object(E'a''b\\', o."a'b\") AS before, o."select" AS old_hidden_1 FROM old_rows AS o) AS o
      FULL JOIN (SELECT row_number() OVER () AS position, jsonb_build_object(E'a''b\\', n."a'b\") AS after, n."select" AS new_hidden_1 FROM new_rows AS n) AS n USING (position)
      OFFSET 0
    ) AS pair
    OFFSET 0
  ) AS compared
  OFFSET 0
) AS change
WHERE fields <> '{}' OR before::text <> after::text
OR CASE WHEN pg_column_size(new_hidden_1) < 10000 THEN record_image_ne(ROW(old_hidden_1), ROW(new_hidden_1)) ELSE pg_column_size(old_hidden_1) IS DISTINCT FROM pg_column_size(new_hidden_1) END;
      GET DIAGNOSTICS recorded = ROW_COUNT;
    ELSE
      -- One row is compared faster by short expressions than by the statement for many.
      DECLARE
        old_row record;
        new_row record;
        before jsonb;
        after jsonb;
        fields text[];
        old_values jsonb;
        row_key jsonb;
        old_key jsonb;
        name text;
        is_different boolean;
      BEGIN
        SELECT * INTO old_row FROM old_rows;
        SELECT * INTO new_row FROM new_rows;
        IF NOT FOUND THEN
          RETURN NULL;
        END IF;
        before := jsonb_build_object(E'a''b\\', old_row."a'b\");
after := jsonb_build_object(E'a''b\\', new_row."a'b\");
FOREACH name IN ARRAY ARRAY[E'a''b\\'] LOOP
  IF before ->> name IS DISTINCT FROM after ->> name THEN
    fields := fields || name;
    old_values := coalesce(old_values, '{}') || jsonb_build_object(name, before -> name);
  END IF;
END LOOP;
is_different := fields IS NOT NULL OR before::text <> after::text
OR CASE WHEN pg_column_size(new_row."select") < 10000 THEN record_image_ne(ROW(old_row."select"), ROW(new_row."select")) ELSE pg_column_size(old_row."select") IS DISTINCT FROM pg_column_size(new_row."select") END;
IF is_different IS NOT TRUE THEN
  RETURN NULL;
END IF;
row_key := jsonb_build_object(E'a''b\\', after ->> E'a''b\\');
IF before ->> E'a''b\\' IS DISTINCT FROM after ->> E'a''b\\' THEN
  old_key := jsonb_build_object(E'a''b\\', before ->> E'a''b\\');
END IF;
INSERT INTO "threadline".audit_changes
  (id, transaction_id, occurred_at, captured_at, clock_at, row_bucket, table_hash, op, table_schema, table_name, table_pk,
   data_after, changed_fields, changed_from, old_pk, related_bucket)
VALUES
  ("threadline".threadline_uuid_v7(microseconds), transaction, now(), moment, clock_at,
   "threadline".threadline_row_bucket("threadline".threadline_table_hash('public', 'odd $threadline$ "name"'), row_key, "threadline".threadline_row_slot(microseconds)),
   "threadline".threadline_table_hash('public', 'odd $threadline$ "name"'), 'update', 'public', 'odd $threadline$ "name"', row_key,
   after, fields, old_values, old_key,
   CASE WHEN old_key IS NOT NULL THEN
     "threadline".threadline_row_bucket("threadline".threadline_table_hash('public', 'odd $threadline$ "name"'), old_key, "threadline".threadline_row_slot(microseconds)) END);

        recorded := 1;
      END;
    END IF;
  ELSE
    INSERT INTO "threadline".audit_changes
  (transaction_id, occurred_at, captured_at, clock_at, table_hash, table_schema, table_name, op,
   id, row_bucket, table_pk, changed_from)
SELECT transaction, now(), moment, clock_at, "threadline".threadline_table_hash('public', 'odd $threadline$ "name"'), 'public', 'odd $threadline$ "name"', 'delete',
       "threadline".threadline_row_id(id_head, id_tail, position + 0),
       "threadline".threadline_row_bucket("threadline".threadline_table_hash('public', 'odd $threadline$ "name"'), row_key, "threadline".threadline_row_slot(microseconds)),
       row_key, image
FROM (
  SELECT *,
         jsonb_build_object(E'a''b\\', image ->> E'a''b\\') AS row_key
  FROM (SELECT row_number() OVER () AS position, jsonb_build_object(E'a''b\\', o."a'b\") AS image FROM old_rows AS o) AS written
  OFFSET 0
) AS change;
    GET DIAGNOSTICS recorded = ROW_COUNT;
  END IF;

  IF recorded > 0 THEN
    IF is_declared THEN
  PERFORM "threadline".threadline_record_transaction(transaction, true);
ELSE
  INSERT INTO "threadline".audit_transactions (id, occurred_at, txid, meta)
  VALUES (transaction, now(), txid_current(), jsonb_build_object('session', jsonb_build_object(
    'role', CASE current_setting('role') WHEN 'none' THEN session_user::text ELSE current_setting('role') END,
    'application_name', current_setting('application_name'), 'client_address', inet_client_addr())))
  ON CONFLICT DO NOTHING;
END IF;
  END IF;
  RETURN NULL;
END
$_threadline$;
REVOKE ALL ON FUNCTION "threadline"."threadline_capture_changes_odd $threadline$ ""name"""() FROM PUBLIC;
COMMENT ON FUNCTION "threadline"."threadline_capture_changes_odd $threadline$ ""name"""() IS E'{"version":1,"table":{"schema":"public","name":"odd $threadline$ \\"name\\""},"mode":"statement","always":false,"key":["a''b\\\\"],"columns":["a''b\\\\","select"],"types":["integer","text"],"exclude":["select"],"mask":[],"mask_placeholder":"[REDACTED]","mask_null":false,"except_columns":[],"store_changed_from":true,"store_deleted_row":true,"store_unchanged":false,"truncate":"record","record_session":true,"digest":"48f27a8945eb3cc1730d9f2de4b94e4f292f6a27e22f66df7c741faa5182d1ea"}';

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

-- Limits the wait for locks, because every writer to the table waits behind this migration.
SET LOCAL lock_timeout = '5s';

-- odd $threadline$ "name"
SELECT "threadline".threadline_drop_triggers('"public"."odd $threadline$ ""name"""', '{}'::text[]);
DROP FUNCTION IF EXISTS "threadline"."threadline_capture_changes_odd $threadline$ ""name"""();
DO $_threadline$
BEGIN
  PERFORM "threadline".threadline_remember_redacted('"public"."odd $threadline$ ""name"""', '{}'::text[]);
END
$_threadline$;

