-- Limits the wait for locks, because every writer to the table waits behind this migration.
SET LOCAL lock_timeout = '5s';

-- billing.payments, captured per row.
-- Writers wait from here to the end, so that none finds the function and the triggers of two policies.
LOCK TABLE "billing"."payments" IN SHARE ROW EXCLUSIVE MODE;
DO $threadline$
BEGIN
  PERFORM "threadline".threadline_require_table('"billing"."payments"', ARRAY['tenant', 'number'],
    ARRAY['card', 'holder', 'email', 'updated_at']);
  PERFORM "threadline".threadline_remember_redacted('"billing"."payments"', ARRAY['card', 'holder', 'email']);
END
$threadline$;

CREATE OR REPLACE FUNCTION "threadline"."threadline_capture_changes_billing_payments_e3c990413f9b"() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET TimeZone = 'UTC'
AS $threadline$
#variable_conflict use_variable
DECLARE
  high CONSTANT bigint := pg_sequence_last_value('"threadline".threadline_clock');
  moment timestamptz := clock_timestamp();
  microseconds bigint := "threadline".threadline_microseconds(moment);
  clock_at timestamptz;
  transaction CONSTANT uuid := "threadline".threadline_transaction_id();
  root CONSTANT text[] := "threadline".threadline_root_table(TG_RELID);
  before jsonb;
  after jsonb;
  fields text[];
  old_values jsonb;
  row_key jsonb;
  old_key jsonb;
  name text;
  is_different boolean;
  is_declared boolean;
  has_changed boolean;
  settings_found text[];
  statement text;
BEGIN
  -- One condition for everything unusual, because each expression takes time in each transaction.
  IF pg_partition_root(TG_RELID) IS DISTINCT FROM "threadline".threadline_table('billing', 'payments') OR root[1] <> 'billing'
    OR "threadline".threadline_columns_digest("threadline".threadline_table('billing', 'payments')) IS DISTINCT FROM 'f2b702decaefa9d284d30cc6be08e3d2156fdf0fe7e140be1d49f07985472868'
    OR "threadline".threadline_has_redacted_columns("threadline".threadline_table('billing', 'payments'), ARRAY['card', 'holder', 'email']) IS NOT TRUE
    OR (current_setting('threadline.actor_ref', true) <> '' OR current_setting('threadline.declared', true) <> '')
    OR high & 1 = 1 OR microseconds * 2 NOT BETWEEN high AND high + 20000 OR moment < now() THEN
    IF pg_partition_root(TG_RELID) IS DISTINCT FROM "threadline".threadline_table('billing', 'payments') OR root[1] <> 'billing'
    OR "threadline".threadline_columns_digest("threadline".threadline_table('billing', 'payments')) IS DISTINCT FROM 'f2b702decaefa9d284d30cc6be08e3d2156fdf0fe7e140be1d49f07985472868'
    OR "threadline".threadline_has_redacted_columns("threadline".threadline_table('billing', 'payments'), ARRAY['card', 'holder', 'email']) IS NOT TRUE THEN
      has_changed := root[2] <> 'payments' OR root[1] <> 'billing'
    OR "threadline".threadline_columns_digest(TG_RELID) IS DISTINCT FROM 'f2b702decaefa9d284d30cc6be08e3d2156fdf0fe7e140be1d49f07985472868'
    OR "threadline".threadline_has_redacted_columns(TG_RELID, ARRAY['card', 'holder', 'email']) IS NOT TRUE;
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

  IF has_changed THEN
    -- The table has changed since this function was made, so the images are made for the table as it is.
    PERFORM "threadline".threadline_observe_name(TG_RELID, root[1], root[2]);
    settings_found := "threadline".threadline_pin_settings();
    statement := "threadline".threadline_row_statement_sql(TG_RELID, '{"except_columns":["updated_at"],"exclude":["card"],"key":["tenant","number"],"known_columns":["tenant","number","card","holder","email","note","updated_at"],"mask":["holder","email"],"mask_null":false,"mask_placeholder":"it''s hidden","store_changed_from":true,"store_deleted_row":true,"store_unchanged":true}'::jsonb);
    IF TG_OP = 'INSERT' THEN
      EXECUTE statement INTO before, after, fields, old_values, is_different USING NEW, NEW;
      before := NULL;
      fields := NULL;
      old_values := NULL;
    ELSIF TG_OP = 'DELETE' THEN
      EXECUTE statement INTO before, after, fields, old_values, is_different USING OLD, OLD;
      after := NULL;
      fields := NULL;
      old_values := before;
    ELSE
      EXECUTE statement INTO before, after, fields, old_values, is_different USING OLD, NEW;
      is_different := is_different OR fields IS NOT NULL;
    END IF;
    PERFORM "threadline".threadline_restore_settings(settings_found);
    IF TG_OP = 'DELETE' THEN
      row_key :=
        CASE WHEN before ->> 'tenant' IS NOT NULL AND before ->> 'number' IS NOT NULL
THEN jsonb_build_object('tenant', before ->> 'tenant', 'number', before ->> 'number')
ELSE "threadline".threadline_key(before, TG_RELID) END;
    ELSE
      row_key :=
        CASE WHEN after ->> 'tenant' IS NOT NULL AND after ->> 'number' IS NOT NULL
THEN jsonb_build_object('tenant', after ->> 'tenant', 'number', after ->> 'number')
ELSE "threadline".threadline_key(after, TG_RELID) END;
    END IF;
    IF TG_OP = 'UPDATE' THEN
      old_key :=
        CASE WHEN before ->> 'tenant' IS NOT NULL AND before ->> 'number' IS NOT NULL
THEN jsonb_build_object('tenant', before ->> 'tenant', 'number', before ->> 'number')
ELSE "threadline".threadline_key(before, TG_RELID) END;
      old_key := NULLIF(old_key, row_key);
    END IF;
    INSERT INTO "threadline".audit_changes
      (id, transaction_id, occurred_at, captured_at, clock_at, row_bucket, table_hash, op, table_schema, table_name, table_pk,
       data_after, changed_fields, changed_from, old_pk, related_bucket)
    VALUES
      ("threadline".threadline_uuid_v7(microseconds), transaction, now(), moment, clock_at,
       "threadline".threadline_row_bucket("threadline".threadline_table_hash(root[1], root[2]), row_key, "threadline".threadline_row_slot(microseconds)),
       "threadline".threadline_table_hash(root[1], root[2]), lower(TG_OP COLLATE "C"), root[1], root[2], row_key,
       after, fields, old_values, old_key,
       CASE WHEN old_key IS NOT NULL THEN "threadline".threadline_row_bucket("threadline".threadline_table_hash(root[1], root[2]), old_key, "threadline".threadline_row_slot(microseconds)) END);
  ELSIF TG_OP = 'INSERT' THEN
    after := jsonb_build_object('email', CASE WHEN NEW.email IS DISTINCT FROM NULL THEN 'it''s hidden'::text END,
  'holder', CASE WHEN NEW.holder IS DISTINCT FROM NULL THEN 'it''s hidden'::text END,
  'note', CASE WHEN octet_length(NEW.note) > 100000000 THEN "threadline".threadline_wide_value(NEW.note, 200000000) ELSE to_jsonb(NEW.note) END,
  'number', NEW.number,
  'tenant', NEW.tenant,
  'updated_at', NEW.updated_at);
    row_key := jsonb_build_object('tenant', after ->> 'tenant', 'number', after ->> 'number');
    INSERT INTO "threadline".audit_changes
      (id, transaction_id, occurred_at, captured_at, clock_at, row_bucket, table_hash, op, table_schema, table_name, table_pk,
       data_after)
    VALUES
      ("threadline".threadline_uuid_v7(microseconds), transaction, now(), moment, clock_at,
       "threadline".threadline_row_bucket("threadline".threadline_table_hash('billing', 'payments'), row_key, "threadline".threadline_row_slot(microseconds)),
       "threadline".threadline_table_hash('billing', 'payments'), 'insert', 'billing', 'payments', row_key,
       after);
  ELSIF TG_OP = 'UPDATE' THEN
    before := jsonb_build_object('email', CASE WHEN OLD.email IS DISTINCT FROM NULL THEN 'it''s hidden'::text END,
  'holder', CASE WHEN OLD.holder IS DISTINCT FROM NULL THEN 'it''s hidden'::text END,
  'note', CASE WHEN octet_length(OLD.note) > 100000000 THEN "threadline".threadline_wide_value(OLD.note, 200000000) ELSE to_jsonb(OLD.note) END,
  'number', OLD.number,
  'tenant', OLD.tenant,
  'updated_at', OLD.updated_at);
after := jsonb_build_object('email', CASE WHEN NEW.email IS DISTINCT FROM NULL THEN 'it''s hidden'::text END,
  'holder', CASE WHEN NEW.holder IS DISTINCT FROM NULL THEN 'it''s hidden'::text END,
  'note', CASE WHEN octet_length(NEW.note) > 100000000 THEN "threadline".threadline_wide_value(NEW.note, 200000000) ELSE to_jsonb(NEW.note) END,
  'number', NEW.number,
  'tenant', NEW.tenant,
  'updated_at', NEW.updated_at);
FOREACH name IN ARRAY ARRAY['note', 'number', 'tenant'] LOOP
  IF before ->> name IS DISTINCT FROM after ->> name THEN
    fields := fields || name;
    old_values := coalesce(old_values, '{}') || jsonb_build_object(name, before -> name);
  END IF;
END LOOP;
IF record_image_ne(ROW(OLD."email"), ROW(NEW."email")) THEN
  fields := fields || 'email'::text;
  old_values := coalesce(old_values, '{}') || jsonb_build_object('email', before -> 'email');
END IF;
IF record_image_ne(ROW(OLD."holder"), ROW(NEW."holder")) THEN
  fields := fields || 'holder'::text;
  old_values := coalesce(old_values, '{}') || jsonb_build_object('holder', before -> 'holder');
END IF;
fields := (SELECT array_agg(field ORDER BY field COLLATE "C") FROM unnest(fields) AS field);
is_different := fields IS NOT NULL OR before::text <> after::text
OR CASE WHEN pg_column_size(NEW.card) < 10000 THEN record_image_ne(ROW(OLD.card), ROW(NEW.card)) ELSE pg_column_size(OLD.card) IS DISTINCT FROM pg_column_size(NEW.card) END;
row_key := jsonb_build_object('tenant', after ->> 'tenant', 'number', after ->> 'number');
IF before ->> 'tenant' IS DISTINCT FROM after ->> 'tenant' OR before ->> 'number' IS DISTINCT FROM after ->> 'number' THEN
  old_key := jsonb_build_object('tenant', before ->> 'tenant', 'number', before ->> 'number');
END IF;
INSERT INTO "threadline".audit_changes
  (id, transaction_id, occurred_at, captured_at, clock_at, row_bucket, table_hash, op, table_schema, table_name, table_pk,
   data_after, changed_fields, changed_from, old_pk, related_bucket)
VALUES
  ("threadline".threadline_uuid_v7(microseconds), transaction, now(), moment, clock_at,
   "threadline".threadline_row_bucket("threadline".threadline_table_hash('billing', 'payments'), row_key, "threadline".threadline_row_slot(microseconds)),
   "threadline".threadline_table_hash('billing', 'payments'), 'update', 'billing', 'payments', row_key,
   after, fields, old_values, old_key,
   CASE WHEN old_key IS NOT NULL THEN
     "threadline".threadline_row_bucket("threadline".threadline_table_hash('billing', 'payments'), old_key, "threadline".threadline_row_slot(microseconds)) END);

  ELSE
    before := jsonb_build_object('email', CASE WHEN OLD.email IS DISTINCT FROM NULL THEN 'it''s hidden'::text END,
  'holder', CASE WHEN OLD.holder IS DISTINCT FROM NULL THEN 'it''s hidden'::text END,
  'note', CASE WHEN octet_length(OLD.note) > 100000000 THEN "threadline".threadline_wide_value(OLD.note, 200000000) ELSE to_jsonb(OLD.note) END,
  'number', OLD.number,
  'tenant', OLD.tenant,
  'updated_at', OLD.updated_at);
    row_key := jsonb_build_object('tenant', before ->> 'tenant', 'number', before ->> 'number');
    INSERT INTO "threadline".audit_changes
      (id, transaction_id, occurred_at, captured_at, clock_at, row_bucket, table_hash, op, table_schema, table_name, table_pk,
       changed_from)
    VALUES
      ("threadline".threadline_uuid_v7(microseconds), transaction, now(), moment, clock_at,
       "threadline".threadline_row_bucket("threadline".threadline_table_hash('billing', 'payments'), row_key, "threadline".threadline_row_slot(microseconds)),
       "threadline".threadline_table_hash('billing', 'payments'), 'delete', 'billing', 'payments', row_key,
       before);
  END IF;
  IF is_declared THEN
  PERFORM "threadline".threadline_record_transaction(transaction, true);
ELSE
  INSERT INTO "threadline".audit_transactions (id, occurred_at, txid, meta)
  VALUES (transaction, now(), txid_current(), jsonb_build_object('session', jsonb_build_object(
    'role', CASE current_setting('role') WHEN 'none' THEN session_user::text ELSE current_setting('role') END,
    'application_name', current_setting('application_name'), 'client_address', inet_client_addr())))
  ON CONFLICT DO NOTHING;
END IF;
  RETURN NULL;
END
$threadline$;
REVOKE ALL ON FUNCTION "threadline"."threadline_capture_changes_billing_payments_e3c990413f9b"() FROM PUBLIC;
COMMENT ON FUNCTION "threadline"."threadline_capture_changes_billing_payments_e3c990413f9b"() IS '{"version":1,"table":{"schema":"billing","name":"payments"},"mode":"row","always":true,"key":["tenant","number"],"columns":["tenant","number","card","holder","email","note","updated_at"],"types":["integer","integer","text","text","text","text","timestamp with time zone"],"exclude":["card"],"mask":["holder","email"],"mask_placeholder":"it''s hidden","mask_null":false,"except_columns":["updated_at"],"store_changed_from":true,"store_deleted_row":true,"store_unchanged":true,"truncate":"record","record_session":true,"digest":"fb9789abae1b1721a769d36dff498e369667d213a97c6834414a6350e5f0a34c"}';

SELECT "threadline".threadline_drop_triggers('"billing"."payments"', ARRAY['threadline_audit_billing_payments_truncate',
    'threadline_audit_billing_payments']);
CREATE OR REPLACE TRIGGER "threadline_audit_billing_payments_truncate" AFTER TRUNCATE ON "billing"."payments"
  FOR EACH STATEMENT EXECUTE FUNCTION "threadline".threadline_capture_truncate();
ALTER TABLE "billing"."payments" ENABLE ALWAYS TRIGGER "threadline_audit_billing_payments_truncate";
CREATE OR REPLACE TRIGGER "threadline_audit_billing_payments" AFTER INSERT OR UPDATE OR DELETE ON "billing"."payments"
  FOR EACH ROW EXECUTE FUNCTION "threadline"."threadline_capture_changes_billing_payments_e3c990413f9b"();
ALTER TABLE "billing"."payments" ENABLE ALWAYS TRIGGER "threadline_audit_billing_payments";

SELECT "threadline".threadline_drop_triggers('"billing"."payments_1"', ARRAY['threadline_audit_billing_payments_1_truncate']);
CREATE OR REPLACE TRIGGER "threadline_audit_billing_payments_1_truncate" AFTER TRUNCATE ON "billing"."payments_1"
  FOR EACH STATEMENT EXECUTE FUNCTION "threadline".threadline_capture_truncate();
ALTER TABLE "billing"."payments_1" ENABLE ALWAYS TRIGGER "threadline_audit_billing_payments_1_truncate";
SELECT "threadline".threadline_observe_relations('"billing"."payments"');

-- The way back:

-- Limits the wait for locks, because every writer to the table waits behind this migration.
SET LOCAL lock_timeout = '5s';

-- billing.payments
SELECT "threadline".threadline_drop_triggers('"billing"."payments"', '{}'::text[]);
SELECT "threadline".threadline_drop_triggers('"billing"."payments_1"', '{}'::text[]);
DROP FUNCTION IF EXISTS "threadline"."threadline_capture_changes_billing_payments_e3c990413f9b"();
DO $threadline$
BEGIN
  PERFORM "threadline".threadline_remember_redacted('"billing"."payments"', '{}'::text[]);
END
$threadline$;

