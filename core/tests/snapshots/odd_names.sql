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
SET TimeZone = 'UTC'
SET DateStyle = 'ISO, YMD'
SET IntervalStyle = 'postgres'
SET bytea_output = 'hex'
SET extra_float_digits = 1
SET quote_all_identifiers = off
SET jit = off
SET work_mem = '64MB'
AS $threadline$
#variable_conflict use_variable
DECLARE
  moment CONSTANT timestamptz := clock_timestamp();
  transaction CONSTANT uuid := "threadline".threadline_transaction_id();
  id_head CONSTANT text := "threadline".threadline_uuid_v7_head(moment);
  id_tail CONSTANT bigint := "threadline".threadline_uuid_v7_tail();
  columns text[];
  names text[];
  first_row jsonb;
  withheld CONSTANT jsonb := "threadline".threadline_withheld_columns(TG_RELID,
    ARRAY[E'a''b\\', 'select'], '[REDACTED]');
BEGIN
  IF TG_OP = 'UPDATE' THEN
    columns := ARRAY[E'a''b\\', 'select'];
    names := ARRAY[E'a''b\\'];
    -- If the table has changed since, compare the columns that it has now.
    SELECT to_jsonb(n.*) INTO first_row FROM new_rows AS n LIMIT 1;
    IF first_row - columns <> '{}' OR NOT first_row ?& columns THEN
      names := "threadline".threadline_column_names(first_row, ARRAY['select']);
    END IF;
  END IF;

  IF TG_OP = 'INSERT' THEN
    INSERT INTO "threadline".audit_changes
      (id, transaction_id, occurred_at, table_schema, table_name, table_pk, op, data_after, captured_at)
    SELECT "threadline".threadline_row_id(id_head, id_tail, position), transaction, now(),
           TG_TABLE_SCHEMA, TG_TABLE_NAME,
           CASE WHEN after ->> E'a''b\\' IS NOT NULL
           THEN jsonb_build_object(E'a''b\\', after ->> E'a''b\\')
           ELSE "threadline".threadline_key(after, TG_RELID) END,
           'insert',
           (after - ARRAY['select']) || withheld,
           moment
    FROM (SELECT row_number() OVER () AS position, to_jsonb(n.*) AS after FROM new_rows AS n) AS written;
  END IF;

  IF TG_OP = 'UPDATE' THEN
    -- coalesce(o.*) is the whole row, whatever its columns are called, and narrower to sort than its image.
    -- Both tables hold the rows in the order in which they were changed, so pairing by position follows a changed key as
    -- well. FULL JOIN, although every position has its partner: it is never planned as a nested loop, which would be
    -- quadratic for the second statement of a session whose first one wrote a single row.
    INSERT INTO "threadline".audit_changes
      (id, transaction_id, occurred_at, table_schema, table_name, table_pk, op, data_after, changed_fields, changed_from,
       captured_at)
    SELECT "threadline".threadline_row_id(id_head, id_tail, position), transaction, now(),
           TG_TABLE_SCHEMA, TG_TABLE_NAME,
           CASE WHEN after ->> E'a''b\\' IS NOT NULL
           THEN jsonb_build_object(E'a''b\\', after ->> E'a''b\\')
           ELSE "threadline".threadline_key(after, TG_RELID) END,
           'update',
           (after - ARRAY['select']) || withheld,
           fields,
           CASE WHEN fields IS NOT NULL THEN ((before - ARRAY['select']) || withheld) - diff.same END,
           moment
    FROM (
      SELECT position, to_jsonb(old_row) AS before, to_jsonb(new_row) AS after
      FROM (SELECT row_number() OVER () AS position, coalesce(o.*) AS old_row FROM old_rows AS o) AS o
      FULL JOIN (SELECT row_number() OVER () AS position, coalesce(n.*) AS new_row FROM new_rows AS n) AS n USING (position)
      OFFSET 0
    ) AS pair
    CROSS JOIN LATERAL (
      SELECT array_agg(name) FILTER (WHERE changed) AS fields,
             coalesce(array_agg(name) FILTER (WHERE NOT changed), '{}') || ARRAY['select'] AS same
      FROM (
        SELECT name,
               before ->> name IS DISTINCT FROM after ->> name AS changed
        FROM unnest(names) AS name OFFSET 0
      ) AS field
    ) AS diff
    WHERE fields IS NOT NULL OR before::text <> after::text;
  END IF;

  IF TG_OP = 'DELETE' THEN
    INSERT INTO "threadline".audit_changes
      (id, transaction_id, occurred_at, table_schema, table_name, table_pk, op, changed_from, captured_at)
    SELECT "threadline".threadline_row_id(id_head, id_tail, position), transaction, now(),
           TG_TABLE_SCHEMA, TG_TABLE_NAME,
           CASE WHEN before ->> E'a''b\\' IS NOT NULL
           THEN jsonb_build_object(E'a''b\\', before ->> E'a''b\\')
           ELSE "threadline".threadline_key(before, TG_RELID) END,
           'delete',
           (before - ARRAY['select']) || withheld,
           moment
    FROM (SELECT row_number() OVER () AS position, to_jsonb(o.*) AS before FROM old_rows AS o) AS removed;
  END IF;

  IF FOUND THEN
    INSERT INTO "threadline".audit_transactions (id, txid, actor_ref)
    VALUES (transaction, pg_current_xact_id()::text::bigint,
            CASE WHEN current_setting('threadline.actor_ref', true) <> '' THEN "threadline".threadline_actor() END)
    ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END
$threadline$;
REVOKE ALL ON FUNCTION "threadline"."threadline_capture_changes_odd $threadline$ ""name"""() FROM PUBLIC;
COMMENT ON FUNCTION "threadline"."threadline_capture_changes_odd $threadline$ ""name"""() IS E'{"version":1,"table":{"schema":"public","name":"odd $threadline$ \\"name\\""},"mode":"statement","always":false,"key":["a''b\\\\"],"columns":["a''b\\\\","select"],"types":["integer","text"],"exclude":["select"],"mask":[],"mask_placeholder":"[REDACTED]","mask_null":false,"except_columns":[],"store_changed_from":true,"store_deleted_row":true,"store_unchanged":false,"digest":"28abd1e86400a6843669812f8a1f11e978fc9aa9b00c7f1c84b8951845986eab"}';

DROP TRIGGER IF EXISTS "threadline_audit_odd $threadline$ ""name""" ON "public"."odd $threadline$ ""name""";
CREATE OR REPLACE TRIGGER "threadline_audit_odd $threadline$ ""name""_insert" AFTER INSERT ON "public"."odd $threadline$ ""name"""
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION "threadline"."threadline_capture_changes_odd $threadline$ ""name"""();
ALTER TABLE "public"."odd $threadline$ ""name""" ENABLE TRIGGER "threadline_audit_odd $threadline$ ""name""_insert";
CREATE OR REPLACE TRIGGER "threadline_audit_odd $threadline$ ""name""_update" AFTER UPDATE ON "public"."odd $threadline$ ""name"""
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION "threadline"."threadline_capture_changes_odd $threadline$ ""name"""();
ALTER TABLE "public"."odd $threadline$ ""name""" ENABLE TRIGGER "threadline_audit_odd $threadline$ ""name""_update";
CREATE OR REPLACE TRIGGER "threadline_audit_odd $threadline$ ""name""_delete" AFTER DELETE ON "public"."odd $threadline$ ""name"""
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION "threadline"."threadline_capture_changes_odd $threadline$ ""name"""();
ALTER TABLE "public"."odd $threadline$ ""name""" ENABLE TRIGGER "threadline_audit_odd $threadline$ ""name""_delete";
CREATE OR REPLACE TRIGGER "threadline_audit_odd $threadline$ ""name""_truncate" AFTER TRUNCATE ON "public"."odd $threadline$ ""name"""
  FOR EACH STATEMENT EXECUTE FUNCTION "threadline".threadline_capture_truncate();
ALTER TABLE "public"."odd $threadline$ ""name""" ENABLE TRIGGER "threadline_audit_odd $threadline$ ""name""_truncate";

-- The way back:

-- odd $threadline$ "name"
DROP TRIGGER IF EXISTS "threadline_audit_odd $threadline$ ""name""" ON "public"."odd $threadline$ ""name""";
DROP TRIGGER IF EXISTS "threadline_audit_odd $threadline$ ""name""_insert" ON "public"."odd $threadline$ ""name""";
DROP TRIGGER IF EXISTS "threadline_audit_odd $threadline$ ""name""_update" ON "public"."odd $threadline$ ""name""";
DROP TRIGGER IF EXISTS "threadline_audit_odd $threadline$ ""name""_delete" ON "public"."odd $threadline$ ""name""";
DROP TRIGGER IF EXISTS "threadline_audit_odd $threadline$ ""name""_truncate" ON "public"."odd $threadline$ ""name""";
DROP FUNCTION IF EXISTS "threadline"."threadline_capture_changes_odd $threadline$ ""name"""();
DO $_threadline$
BEGIN
  PERFORM "threadline".threadline_remember_redacted('"public"."odd $threadline$ ""name"""', '{}'::text[]);
END
$_threadline$;

