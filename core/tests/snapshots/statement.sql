-- Gives up on a lock that is not free in time: whoever writes to the table waits behind this migration.
SET LOCAL lock_timeout = '5s';

-- tickets, captured per statement.
-- Writers wait from here to the end, so that none finds the function and the triggers of two policies.
LOCK TABLE "public"."tickets" IN SHARE ROW EXCLUSIVE MODE;
DO $threadline$
BEGIN
  PERFORM "threadline".threadline_require_table('"public"."tickets"', ARRAY['id'],
    '{}'::text[]);
  PERFORM "threadline".threadline_remember_redacted('"public"."tickets"', '{}'::text[]);
END
$threadline$;

CREATE OR REPLACE FUNCTION "threadline"."threadline_capture_changes_tickets"() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
SET work_mem = '64MB'
AS $threadline$
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
  columns CONSTANT text[] := ARRAY['id', 'priority', 'subject', 'tags'];
first_row jsonb;
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
  has_changed := EXISTS (SELECT FROM pg_attribute AS a
  WHERE a.attrelid = TG_RELID AND a.attnum > 0 AND NOT a.attisdropped
    AND (a.attnum > 4 OR a.atttypid >= 16384 OR a.atttypid IN (114, 199) OR a.attgenerated = 'v'
      OR a.atttypid = 3802 AND a.attname::text <> ALL (ARRAY['tags']))) OR TG_TABLE_NAME <> 'tickets' OR TG_TABLE_SCHEMA <> 'public';
  IF TG_OP = 'UPDATE' AND NOT has_changed THEN
  SELECT CASE WHEN pg_column_size(n.*) < 1000000 THEN to_jsonb(n.*) END INTO first_row FROM new_rows AS n LIMIT 1;
  has_changed := coalesce(first_row - columns <> '{}' OR NOT first_row ?& columns, false);
END IF;

  IF has_changed OR TG_OP = 'TRUNCATE' THEN
    -- The table has changed since this function was made, so the statement is made anew for the table as it is.
    PERFORM "threadline".threadline_observe_name(TG_RELID, TG_TABLE_SCHEMA, TG_TABLE_NAME);
    settings_found := "threadline".threadline_pin_settings();
    FOREACH operation IN ARRAY ARRAY[TG_OP] LOOP
      EXECUTE "threadline".threadline_statement_sql(operation, TG_RELID, '{"except_columns":[],"exclude":[],"key":["id"],"known_columns":["id","subject","priority","tags"],"mask":[],"mask_null":false,"mask_placeholder":"[REDACTED]","store_changed_from":true,"store_deleted_row":true,"store_unchanged":false}'::jsonb,
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
         CASE WHEN image ->> 'id' IS NOT NULL
THEN jsonb_build_object('id', image ->> 'id')
ELSE "threadline".threadline_key(image, TG_RELID) END AS row_key
  FROM (SELECT row_number() OVER () AS position, CASE WHEN pg_column_size(n.*) > 1000000 THEN "threadline".threadline_large_image(n.*) ELSE to_jsonb(n.*) END AS image FROM new_rows AS n) AS written
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
       row_key, after, NULLIF(fields, '{}'), CASE WHEN fields <> '{}' THEN before - ARRAY[CASE WHEN (before ->> 'id' IS DISTINCT FROM after ->> 'id') IS NOT TRUE THEN 'id' END,
CASE WHEN (before ->> 'priority' IS DISTINCT FROM after ->> 'priority') IS NOT TRUE THEN 'priority' END,
CASE WHEN (before ->> 'subject' IS DISTINCT FROM after ->> 'subject') IS NOT TRUE THEN 'subject' END,
CASE WHEN (before ->> 'tags' IS DISTINCT FROM after ->> 'tags' OR before -> 'tags' IS DISTINCT FROM after -> 'tags') IS NOT TRUE THEN 'tags' END]::text[] END, old_key
FROM (
  SELECT *, array_remove(ARRAY[CASE WHEN before ->> 'id' IS DISTINCT FROM after ->> 'id' THEN 'id' END,
CASE WHEN before ->> 'priority' IS DISTINCT FROM after ->> 'priority' THEN 'priority' END,
CASE WHEN before ->> 'subject' IS DISTINCT FROM after ->> 'subject' THEN 'subject' END,
CASE WHEN before ->> 'tags' IS DISTINCT FROM after ->> 'tags' OR before -> 'tags' IS DISTINCT FROM after -> 'tags' THEN 'tags' END]::text[], NULL) AS fields,
         CASE WHEN after ->> 'id' IS NOT NULL
THEN jsonb_build_object('id', after ->> 'id')
ELSE "threadline".threadline_key(after, TG_RELID) END AS row_key,
         CASE WHEN before ->> 'id' IS DISTINCT FROM after ->> 'id' THEN
         CASE WHEN before ->> 'id' IS NOT NULL
THEN jsonb_build_object('id', before ->> 'id')
ELSE "threadline".threadline_key(before, TG_RELID) END END AS old_key
  FROM (
    SELECT position, CASE WHEN pg_column_size(old_row) > 1000000 THEN "threadline".threadline_large_image(old_row) ELSE to_jsonb(old_row) END AS before, CASE WHEN pg_column_size(new_row) > 1000000 THEN "threadline".threadline_large_image(new_row) ELSE to_jsonb(new_row) END AS after
    FROM (SELECT row_number() OVER () AS position, coalesce(o.*) AS old_row FROM old_rows AS o) AS o
    FULL JOIN (SELECT row_number() OVER () AS position, coalesce(n.*) AS new_row FROM new_rows AS n) AS n USING (position)
    OFFSET 0
  ) AS pair
  OFFSET 0
) AS change
WHERE fields <> '{}' OR before::text <> after::text;
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
         CASE WHEN image ->> 'id' IS NOT NULL
THEN jsonb_build_object('id', image ->> 'id')
ELSE "threadline".threadline_key(image, TG_RELID) END AS row_key
  FROM (SELECT row_number() OVER () AS position, CASE WHEN pg_column_size(o.*) > 1000000 THEN "threadline".threadline_large_image(o.*) ELSE to_jsonb(o.*) END AS image FROM old_rows AS o) AS written
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
$threadline$;
REVOKE ALL ON FUNCTION "threadline"."threadline_capture_changes_tickets"() FROM PUBLIC;
COMMENT ON FUNCTION "threadline"."threadline_capture_changes_tickets"() IS '{"version":1,"table":{"schema":"public","name":"tickets"},"mode":"statement","always":false,"key":["id"],"columns":["id","subject","priority","tags"],"types":["bigint","text","text","jsonb"],"exclude":[],"mask":[],"mask_placeholder":"[REDACTED]","mask_null":false,"except_columns":[],"store_changed_from":true,"store_deleted_row":true,"store_unchanged":false,"truncate":"record","record_session":true,"digest":"9ae85886490fa4c5659f30e2591eee2231e081c7274a205b6a1c3357efa3c3b8"}';

SELECT "threadline".threadline_drop_triggers('"public"."tickets"', ARRAY['threadline_audit_tickets_truncate', 'threadline_audit_tickets_insert',
    'threadline_audit_tickets_update', 'threadline_audit_tickets_delete']);
CREATE OR REPLACE TRIGGER "threadline_audit_tickets_truncate" AFTER TRUNCATE ON "public"."tickets"
  FOR EACH STATEMENT EXECUTE FUNCTION "threadline".threadline_capture_truncate();
ALTER TABLE "public"."tickets" ENABLE TRIGGER "threadline_audit_tickets_truncate";
CREATE OR REPLACE TRIGGER "threadline_audit_tickets_insert" AFTER INSERT ON "public"."tickets"
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION "threadline"."threadline_capture_changes_tickets"();
ALTER TABLE "public"."tickets" ENABLE TRIGGER "threadline_audit_tickets_insert";
CREATE OR REPLACE TRIGGER "threadline_audit_tickets_update" AFTER UPDATE ON "public"."tickets"
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION "threadline"."threadline_capture_changes_tickets"();
ALTER TABLE "public"."tickets" ENABLE TRIGGER "threadline_audit_tickets_update";
CREATE OR REPLACE TRIGGER "threadline_audit_tickets_delete" AFTER DELETE ON "public"."tickets"
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION "threadline"."threadline_capture_changes_tickets"();
ALTER TABLE "public"."tickets" ENABLE TRIGGER "threadline_audit_tickets_delete";
SELECT "threadline".threadline_observe_relations('"public"."tickets"');

-- The way back:

-- Gives up on a lock that is not free in time: whoever writes to the table waits behind this migration.
SET LOCAL lock_timeout = '5s';

-- tickets
SELECT "threadline".threadline_drop_triggers('"public"."tickets"', '{}'::text[]);
DROP FUNCTION IF EXISTS "threadline"."threadline_capture_changes_tickets"();
DO $threadline$
BEGIN
  PERFORM "threadline".threadline_remember_redacted('"public"."tickets"', '{}'::text[]);
END
$threadline$;

