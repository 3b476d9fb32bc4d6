-- The baseline: what audit libraries for PostgreSQL usually install, which is one shared function that runs once per row. Tables,
-- indexes and steps are those of the Elixir library, and it keeps the values that Threadline keeps: the old values of an update
-- and the deleted row.

CREATE SCHEMA row_trigger;

CREATE TABLE row_trigger.audit_actions (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL,
  actor_ref jsonb NOT NULL,
  status text NOT NULL CHECK (status IN ('ok', 'error')),
  verb text,
  category text,
  reason text,
  comment text,
  correlation_id text,
  request_id text,
  job_id text,
  inserted_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE row_trigger.audit_transactions (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  txid bigint NOT NULL UNIQUE,
  occurred_at timestamptz NOT NULL DEFAULT now(),
  source text,
  meta jsonb,
  actor_ref jsonb,
  action_id uuid REFERENCES row_trigger.audit_actions (id) ON DELETE SET NULL
);
CREATE INDEX audit_transactions_txid_idx ON row_trigger.audit_transactions (txid);

CREATE TABLE row_trigger.audit_changes (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  transaction_id uuid NOT NULL REFERENCES row_trigger.audit_transactions (id) ON DELETE CASCADE,
  table_schema text NOT NULL,
  table_name text NOT NULL,
  table_pk jsonb NOT NULL,
  op text NOT NULL CHECK (op IN ('insert', 'update', 'delete')),
  data_after jsonb,
  changed_fields text[],
  changed_from jsonb,
  captured_at timestamptz NOT NULL
);
CREATE INDEX audit_changes_transaction_id_idx ON row_trigger.audit_changes (transaction_id);
CREATE INDEX audit_changes_table_name_idx ON row_trigger.audit_changes (table_name);
CREATE INDEX audit_changes_captured_at_idx ON row_trigger.audit_changes (captured_at);
CREATE INDEX audit_changes_row_history_idx
  ON row_trigger.audit_changes (table_schema, table_name, table_pk, captured_at DESC, id DESC);

-- One function for all tables. The arguments of its triggers are the key columns.
CREATE FUNCTION row_trigger.capture_changes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  current_txid CONSTANT bigint := txid_current();
  current_id uuid;
  before jsonb;
  after jsonb;
  image jsonb;
  key jsonb := '{}';
  key_column text;
  fields text[];
  old_values jsonb;
BEGIN
  INSERT INTO row_trigger.audit_transactions (txid, occurred_at, actor_ref)
  VALUES (current_txid, clock_timestamp(), NULLIF(current_setting('threadline.actor_ref', true), '')::jsonb)
  ON CONFLICT (txid) DO NOTHING;
  SELECT id INTO current_id FROM row_trigger.audit_transactions WHERE txid = current_txid;

  IF TG_OP <> 'INSERT' THEN
    before := to_jsonb(OLD);
  END IF;
  IF TG_OP <> 'DELETE' THEN
    after := to_jsonb(NEW);
  END IF;

  image := coalesce(after, before);
  FOREACH key_column IN ARRAY TG_ARGV LOOP
    key := key || jsonb_build_object(key_column, image ->> key_column);
  END LOOP;

  IF TG_OP = 'UPDATE' THEN
    SELECT array_agg(field.name ORDER BY field.name), jsonb_object_agg(field.name, before -> field.name)
    INTO fields, old_values
    FROM jsonb_each(after) AS field (name, value)
    WHERE field.value IS DISTINCT FROM before -> field.name;
  ELSIF TG_OP = 'DELETE' THEN
    old_values := before;
  END IF;

  INSERT INTO row_trigger.audit_changes
    (transaction_id, table_schema, table_name, table_pk, op, data_after, changed_fields, changed_from, captured_at)
  VALUES
    (current_id, TG_TABLE_SCHEMA, TG_TABLE_NAME, key, lower(TG_OP), after, fields, old_values, clock_timestamp());
  RETURN coalesce(NEW, OLD);
END
$$;

CREATE TRIGGER row_trigger_capture AFTER INSERT OR UPDATE OR DELETE ON tickets
  FOR EACH ROW EXECUTE FUNCTION row_trigger.capture_changes('id');
