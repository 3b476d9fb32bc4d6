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
SET DateStyle = 'ISO, YMD'
SET IntervalStyle = 'postgres'
SET bytea_output = 'hex'
SET extra_float_digits = 1
SET quote_all_identifiers = off
SET jit = off
AS $threadline$
#variable_conflict use_variable
DECLARE
  moment CONSTANT timestamptz := clock_timestamp();
  transaction CONSTANT uuid := "threadline".threadline_transaction_id();
  columns text[];
  names text[];
  before jsonb;
  after jsonb;
  image jsonb;
  row_key jsonb;
  fields text[];
  same text[];
  name text;
  withheld CONSTANT jsonb := "threadline".threadline_withheld_columns(coalesce(pg_partition_root(TG_RELID), TG_RELID),
    ARRAY['tenant', 'number', 'card', 'holder', 'email', 'note', 'updated_at'], 'it''s hidden');
  root CONSTANT text[] := "threadline".threadline_root_table(TG_RELID);
BEGIN
  IF TG_OP <> 'INSERT' THEN
    before := to_jsonb(OLD);
  END IF;
  IF TG_OP <> 'DELETE' THEN
    after := to_jsonb(NEW);
  END IF;
  image := coalesce(after, before);
  row_key :=
    CASE WHEN image ->> 'tenant' IS NOT NULL AND image ->> 'number' IS NOT NULL
    THEN jsonb_build_object('tenant', image ->> 'tenant', 'number', image ->> 'number')
    ELSE "threadline".threadline_key(image, TG_RELID) END;
  IF TG_OP = 'UPDATE' THEN
    columns := ARRAY['tenant', 'number', 'card', 'holder', 'email', 'note', 'updated_at'];
    names := ARRAY['email', 'holder', 'note', 'number', 'tenant'];
    same := ARRAY['card', 'updated_at'];
    -- The table has changed since: compare the columns that it has now.
    IF image - columns <> '{}' OR NOT image ?& columns THEN
      names := "threadline".threadline_column_names(image, ARRAY['card', 'updated_at']);
    END IF;
    FOREACH name IN ARRAY names LOOP
      IF
        before ->> name IS DISTINCT FROM after ->> name
      THEN
        fields := fields || name;
      ELSE
        same := same || name;
      END IF;
    END LOOP;
    before :=
      CASE WHEN fields IS NOT NULL THEN (((before - ARRAY['card']) || jsonb_strip_nulls(jsonb_object(ARRAY['holder', 'email'], ARRAY[
        CASE WHEN before ->> 'holder' IS NOT NULL THEN 'it''s hidden' END,
        CASE WHEN before ->> 'email' IS NOT NULL THEN 'it''s hidden' END]))) || withheld) - same END;
  ELSIF TG_OP = 'DELETE' THEN
    before :=
      ((before - ARRAY['card']) || jsonb_strip_nulls(jsonb_object(ARRAY['holder', 'email'], ARRAY[
        CASE WHEN before ->> 'holder' IS NOT NULL THEN 'it''s hidden' END,
        CASE WHEN before ->> 'email' IS NOT NULL THEN 'it''s hidden' END]))) || withheld;
  END IF;
  INSERT INTO "threadline".audit_changes
    (id, transaction_id, occurred_at, table_schema, table_name, table_pk, op, data_after, changed_fields, changed_from,
     captured_at)
  VALUES
    ("threadline".threadline_uuid_v7(moment), transaction, now(), root[1], root[2], row_key, lower(TG_OP),
     ((after - ARRAY['card']) || jsonb_strip_nulls(jsonb_object(ARRAY['holder', 'email'], ARRAY[
       CASE WHEN after ->> 'holder' IS NOT NULL THEN 'it''s hidden' END,
       CASE WHEN after ->> 'email' IS NOT NULL THEN 'it''s hidden' END]))) || withheld,
     fields, before, moment);
  INSERT INTO "threadline".audit_transactions (id, txid, actor_ref)
  VALUES (transaction, pg_current_xact_id()::text::bigint,
          CASE WHEN current_setting('threadline.actor_ref', true) <> '' THEN "threadline".threadline_actor() END)
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END
$threadline$;
REVOKE ALL ON FUNCTION "threadline"."threadline_capture_changes_billing_payments_e3c990413f9b"() FROM PUBLIC;
COMMENT ON FUNCTION "threadline"."threadline_capture_changes_billing_payments_e3c990413f9b"() IS '{"version":1,"table":{"schema":"billing","name":"payments"},"mode":"row","always":true,"key":["tenant","number"],"columns":["tenant","number","card","holder","email","note","updated_at"],"types":["integer","integer","text","text","text","text","timestamp with time zone"],"exclude":["card"],"mask":["holder","email"],"mask_placeholder":"it''s hidden","mask_null":false,"except_columns":["updated_at"],"store_changed_from":true,"store_deleted_row":true,"store_unchanged":true,"digest":"0dcb427e58d09ac9ccdbaaede3336a48c857b9d554177185fa28986363a0ca74"}';

DROP TRIGGER IF EXISTS "threadline_audit_billing_payments_insert" ON "billing"."payments";
DROP TRIGGER IF EXISTS "threadline_audit_billing_payments_update" ON "billing"."payments";
DROP TRIGGER IF EXISTS "threadline_audit_billing_payments_delete" ON "billing"."payments";
CREATE OR REPLACE TRIGGER "threadline_audit_billing_payments" AFTER INSERT OR UPDATE OR DELETE ON "billing"."payments"
  FOR EACH ROW EXECUTE FUNCTION "threadline"."threadline_capture_changes_billing_payments_e3c990413f9b"();
ALTER TABLE "billing"."payments" ENABLE ALWAYS TRIGGER "threadline_audit_billing_payments";
CREATE OR REPLACE TRIGGER "threadline_audit_billing_payments_truncate" AFTER TRUNCATE ON "billing"."payments"
  FOR EACH STATEMENT EXECUTE FUNCTION "threadline".threadline_capture_truncate();
ALTER TABLE "billing"."payments" ENABLE ALWAYS TRIGGER "threadline_audit_billing_payments_truncate";

DROP TRIGGER IF EXISTS "threadline_audit_billing_payments_1_insert" ON "billing"."payments_1";
DROP TRIGGER IF EXISTS "threadline_audit_billing_payments_1_update" ON "billing"."payments_1";
DROP TRIGGER IF EXISTS "threadline_audit_billing_payments_1_delete" ON "billing"."payments_1";
CREATE OR REPLACE TRIGGER "threadline_audit_billing_payments_1_truncate" AFTER TRUNCATE ON "billing"."payments_1"
  FOR EACH STATEMENT EXECUTE FUNCTION "threadline".threadline_capture_truncate();
ALTER TABLE "billing"."payments_1" ENABLE ALWAYS TRIGGER "threadline_audit_billing_payments_1_truncate";

-- The way back:

-- billing.payments
DROP TRIGGER IF EXISTS "threadline_audit_billing_payments" ON "billing"."payments";
DROP TRIGGER IF EXISTS "threadline_audit_billing_payments_insert" ON "billing"."payments";
DROP TRIGGER IF EXISTS "threadline_audit_billing_payments_update" ON "billing"."payments";
DROP TRIGGER IF EXISTS "threadline_audit_billing_payments_delete" ON "billing"."payments";
DROP TRIGGER IF EXISTS "threadline_audit_billing_payments_truncate" ON "billing"."payments";
DROP TRIGGER IF EXISTS "threadline_audit_billing_payments_1" ON "billing"."payments_1";
DROP TRIGGER IF EXISTS "threadline_audit_billing_payments_1_insert" ON "billing"."payments_1";
DROP TRIGGER IF EXISTS "threadline_audit_billing_payments_1_update" ON "billing"."payments_1";
DROP TRIGGER IF EXISTS "threadline_audit_billing_payments_1_delete" ON "billing"."payments_1";
DROP TRIGGER IF EXISTS "threadline_audit_billing_payments_1_truncate" ON "billing"."payments_1";
DROP FUNCTION IF EXISTS "threadline"."threadline_capture_changes_billing_payments_e3c990413f9b"();
DO $threadline$
BEGIN
  PERFORM "threadline".threadline_remember_redacted('"billing"."payments"', '{}'::text[]);
END
$threadline$;

