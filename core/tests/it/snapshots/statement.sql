-- Limits the wait for locks, because every writer to the table waits behind this migration.
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
  IF TG_RELID IS DISTINCT FROM "threadline".threadline_table('public', 'tickets') OR TG_TABLE_SCHEMA <> 'public'
    OR "threadline".threadline_columns_digest("threadline".threadline_table('public', 'tickets')) IS DISTINCT FROM 'b25a27ddf3b8f285369cfaddee5ae544a6a43e4ee33314df007306719ef1981e'
    OR (current_setting('threadline.actor_ref', true) <> '' OR current_setting('threadline.declared', true) <> '')
    OR high & 1 = 1 OR microseconds * 2 NOT BETWEEN high AND high + 20000 OR moment < now() THEN
    IF TG_RELID IS DISTINCT FROM "threadline".threadline_table('public', 'tickets') OR TG_TABLE_SCHEMA <> 'public'
    OR "threadline".threadline_columns_digest("threadline".threadline_table('public', 'tickets')) IS DISTINCT FROM 'b25a27ddf3b8f285369cfaddee5ae544a6a43e4ee33314df007306719ef1981e' THEN
      has_changed := TG_TABLE_NAME <> 'tickets' OR TG_TABLE_SCHEMA <> 'public'
    OR "threadline".threadline_columns_digest(TG_RELID) IS DISTINCT FROM 'b25a27ddf3b8f285369cfaddee5ae544a6a43e4ee33314df007306719ef1981e';
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
      EXECUTE "threadline".threadline_statement_sql(operation, TG_RELID, '{"except_columns":[],"exclude":[],"key":["id"],"known_columns":["id","subject","priority","tags"],"mask":[],"mask_null":false,"mask_placeholder":"[REDACTED]","store_changed_from":true,"store_deleted_row":true,"store_unchanged":false}'::jsonb,
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
SELECT transaction, now(), moment, clock_at, "threadline".threadline_table_hash('public', 'tickets'), 'public', 'tickets', 'insert',
       "threadline".threadline_row_id(id_head, id_tail, position + 0),
       "threadline".threadline_row_bucket("threadline".threadline_table_hash('public', 'tickets'), row_key, "threadline".threadline_row_slot(microseconds)),
       row_key, image
FROM (
  SELECT *,
         jsonb_build_object('id', image ->> 'id') AS row_key
  FROM (SELECT row_number() OVER () AS position, CASE WHEN pg_column_size(n.*) > 1000000 THEN "threadline".threadline_large_image(n.*) ELSE to_jsonb(n.*) END AS image FROM new_rows AS n) AS written
  OFFSET 0
) AS change;
    GET DIAGNOSTICS recorded = ROW_COUNT;
  ELSIF TG_OP = 'UPDATE' THEN
    PERFORM FROM new_rows OFFSET 1;
    IF FOUND THEN
      INSERT INTO "threadline".audit_changes
  (transaction_id, occurred_at, captured_at, clock_at, table_hash, table_schema, table_name, op,
   id, row_bucket, related_bucket, table_pk, data_after, changed_fields, changed_from, old_pk)
SELECT transaction, now(), moment, clock_at, "threadline".threadline_table_hash('public', 'tickets'), 'public', 'tickets', 'update',
       "threadline".threadline_row_id(id_head, id_tail, position),
       "threadline".threadline_row_bucket("threadline".threadline_table_hash('public', 'tickets'), row_key, "threadline".threadline_row_slot(microseconds)),
       CASE WHEN old_key IS NOT NULL THEN "threadline".threadline_row_bucket("threadline".threadline_table_hash('public', 'tickets'), old_key, "threadline".threadline_row_slot(microseconds)) END,
       row_key, after, NULLIF(fields, '{}'), CASE WHEN fields <> '{}' THEN before - ARRAY[CASE WHEN NOT has_changed_1 THEN 'id' END,
CASE WHEN NOT has_changed_2 THEN 'priority' END,
CASE WHEN NOT has_changed_3 THEN 'subject' END,
CASE WHEN NOT has_changed_4 THEN 'tags' END]::text[] END, old_key
FROM (
  SELECT *, array_remove(ARRAY[CASE WHEN has_changed_1 THEN 'id' END,
CASE WHEN has_changed_2 THEN 'priority' END,
CASE WHEN has_changed_3 THEN 'subject' END,
CASE WHEN has_changed_4 THEN 'tags' END]::text[], NULL) AS fields,
         jsonb_build_object('id', after ->> 'id') AS row_key,
         CASE WHEN before ->> 'id' IS DISTINCT FROM after ->> 'id' THEN
         jsonb_build_object('id', before ->> 'id') END AS old_key
  FROM (
    SELECT *,
           before ->> 'id' IS DISTINCT FROM after ->> 'id' AS has_changed_1,
           before ->> 'priority' IS DISTINCT FROM after ->> 'priority' AS has_changed_2,
           before ->> 'subject' IS DISTINCT FROM after ->> 'subject' AS has_changed_3,
           before ->> 'tags' IS DISTINCT FROM after ->> 'tags' OR before -> 'tags' IS DISTINCT FROM after -> 'tags' AS has_changed_4
    FROM (
      SELECT position, CASE WHEN pg_column_size(old_row) > 1000000 THEN "threadline".threadline_large_image(old_row) ELSE to_jsonb(old_row) END AS before, CASE WHEN pg_column_size(new_row) > 1000000 THEN "threadline".threadline_large_image(new_row) ELSE to_jsonb(new_row) END AS after
      FROM (SELECT row_number() OVER () AS position, coalesce(o.*) AS old_row FROM old_rows AS o) AS o
      FULL JOIN (SELECT row_number() OVER () AS position, coalesce(n.*) AS new_row FROM new_rows AS n) AS n USING (position)
      OFFSET 0
    ) AS pair
    OFFSET 0
  ) AS compared
  OFFSET 0
) AS change
WHERE fields <> '{}' OR before::text <> after::text;
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
        before := CASE WHEN pg_column_size(old_row) > 1000000 THEN "threadline".threadline_large_image(old_row) ELSE to_jsonb(old_row) END;
after := CASE WHEN pg_column_size(new_row) > 1000000 THEN "threadline".threadline_large_image(new_row) ELSE to_jsonb(new_row) END;
FOREACH name IN ARRAY ARRAY['id', 'priority', 'subject', 'tags'] LOOP
  IF before ->> name IS DISTINCT FROM after ->> name
     OR name = ANY (ARRAY['tags']) AND before -> name IS DISTINCT FROM after -> name THEN
    fields := fields || name;
    old_values := coalesce(old_values, '{}') || jsonb_build_object(name, before -> name);
  END IF;
END LOOP;
is_different := fields IS NOT NULL OR before::text <> after::text;
IF is_different IS NOT TRUE THEN
  RETURN NULL;
END IF;
row_key := jsonb_build_object('id', after ->> 'id');
IF before ->> 'id' IS DISTINCT FROM after ->> 'id' THEN
  old_key := jsonb_build_object('id', before ->> 'id');
END IF;
INSERT INTO "threadline".audit_changes
  (id, transaction_id, occurred_at, captured_at, clock_at, row_bucket, table_hash, op, table_schema, table_name, table_pk,
   data_after, changed_fields, changed_from, old_pk, related_bucket)
VALUES
  ("threadline".threadline_uuid_v7(microseconds), transaction, now(), moment, clock_at,
   "threadline".threadline_row_bucket("threadline".threadline_table_hash('public', 'tickets'), row_key, "threadline".threadline_row_slot(microseconds)),
   "threadline".threadline_table_hash('public', 'tickets'), 'update', 'public', 'tickets', row_key,
   after, fields, old_values, old_key,
   CASE WHEN old_key IS NOT NULL THEN
     "threadline".threadline_row_bucket("threadline".threadline_table_hash('public', 'tickets'), old_key, "threadline".threadline_row_slot(microseconds)) END);

        recorded := 1;
      END;
    END IF;
  ELSE
    INSERT INTO "threadline".audit_changes
  (transaction_id, occurred_at, captured_at, clock_at, table_hash, table_schema, table_name, op,
   id, row_bucket, table_pk, changed_from)
SELECT transaction, now(), moment, clock_at, "threadline".threadline_table_hash('public', 'tickets'), 'public', 'tickets', 'delete',
       "threadline".threadline_row_id(id_head, id_tail, position + 0),
       "threadline".threadline_row_bucket("threadline".threadline_table_hash('public', 'tickets'), row_key, "threadline".threadline_row_slot(microseconds)),
       row_key, image
FROM (
  SELECT *,
         jsonb_build_object('id', image ->> 'id') AS row_key
  FROM (SELECT row_number() OVER () AS position, CASE WHEN pg_column_size(o.*) > 1000000 THEN "threadline".threadline_large_image(o.*) ELSE to_jsonb(o.*) END AS image FROM old_rows AS o) AS written
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
$threadline$;
REVOKE ALL ON FUNCTION "threadline"."threadline_capture_changes_tickets"() FROM PUBLIC;
COMMENT ON FUNCTION "threadline"."threadline_capture_changes_tickets"() IS '{"version":1,"table":{"schema":"public","name":"tickets"},"mode":"statement","always":false,"key":["id"],"columns":["id","subject","priority","tags"],"types":["bigint","text","text","jsonb"],"exclude":[],"mask":[],"mask_placeholder":"[REDACTED]","mask_null":false,"except_columns":[],"store_changed_from":true,"store_deleted_row":true,"store_unchanged":false,"truncate":"record","record_session":true,"digest":"f4d41c3b25b7766811ebb5b58013024f08833937a4e29f096db19a7a92e38b0a"}';

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

-- Limits the wait for locks, because every writer to the table waits behind this migration.
SET LOCAL lock_timeout = '5s';

-- tickets
SELECT "threadline".threadline_drop_triggers('"public"."tickets"', '{}'::text[]);
DROP FUNCTION IF EXISTS "threadline"."threadline_capture_changes_tickets"();
DO $threadline$
BEGIN
  PERFORM "threadline".threadline_remember_redacted('"public"."tickets"', '{}'::text[]);
END
$threadline$;

