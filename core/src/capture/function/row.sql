#variable_conflict use_variable
DECLARE
  high CONSTANT bigint := pg_sequence_last_value('__schema__.threadline_clock');
  moment timestamptz := clock_timestamp();
  microseconds bigint := __schema__.threadline_microseconds(moment);
  clock_at timestamptz;
  transaction CONSTANT uuid := __schema__.threadline_transaction_id();
  __declare_root__
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
  IF __may_have_changed__
    OR __is_declared__
    OR __is_clock_unusual__ THEN
    IF __may_have_changed__ THEN
      has_changed := __has_changed__;
    END IF;
    is_declared := __is_declared__;
    __advance_clock__
  END IF;
  __record_truncated_rows__

  IF has_changed THEN
    -- The table has changed since this function was made, so the images are made for the table as it is.
    __observe_name__
    settings_found := __schema__.threadline_pin_settings();
    statement := __schema__.threadline_row_statement_sql(TG_RELID, __policy__);
    IF TG_OP = 'INSERT' THEN
      EXECUTE statement INTO before, after, fields, old_values, is_different USING NEW, NEW;
      before := NULL;
      fields := NULL;
      old_values := NULL;
    ELSIF TG_OP = 'DELETE' THEN
      EXECUTE statement INTO before, after, fields, old_values, is_different USING OLD, OLD;
      after := NULL;
      fields := NULL;
      old_values := __deleted_row__;
    ELSE
      EXECUTE statement INTO before, after, fields, old_values, is_different USING OLD, NEW;
      is_different := is_different OR fields IS NOT NULL;
      __discard_old_values__
    END IF;
    PERFORM __schema__.threadline_restore_settings(settings_found);
    IF TG_OP = 'DELETE' THEN
      row_key :=
        __changed_key_of_before__;
    ELSE
      row_key :=
        __changed_key_of_after__;
    END IF;
    IF TG_OP = 'UPDATE' THEN
      __skip_unchanged__
      old_key :=
        __changed_key_of_before__;
      old_key := NULLIF(old_key, row_key);
    END IF;
    INSERT INTO __schema__.audit_changes
      (id, transaction_id, occurred_at, captured_at, clock_at, row_bucket, table_hash, op, table_schema, table_name, table_pk,
       data_after, changed_fields, changed_from, old_pk, related_bucket)
    VALUES
      (__schema__.threadline_uuid_v7(microseconds), transaction, now(), moment, clock_at,
       __schema__.threadline_row_bucket(__schema__.threadline_table_hash(__table_schema__, __table_name__), row_key, __schema__.threadline_row_slot(microseconds)),
       __schema__.threadline_table_hash(__table_schema__, __table_name__), lower(TG_OP COLLATE "C"), __table_schema__, __table_name__, row_key,
       after, fields, old_values, old_key,
       CASE WHEN old_key IS NOT NULL THEN __schema__.threadline_row_bucket(__schema__.threadline_table_hash(__table_schema__, __table_name__), old_key, __schema__.threadline_row_slot(microseconds)) END);
  ELSIF TG_OP = 'INSERT' THEN
    after := __new_image__;
    row_key := __key_of_after__;
    INSERT INTO __schema__.audit_changes
      (id, transaction_id, occurred_at, captured_at, clock_at, row_bucket, table_hash, op, table_schema, table_name, table_pk,
       data_after)
    VALUES
      (__schema__.threadline_uuid_v7(microseconds), transaction, now(), moment, clock_at,
       __schema__.threadline_row_bucket(__recorded_table_hash__, row_key, __schema__.threadline_row_slot(microseconds)),
       __recorded_table_hash__, 'insert', __recorded_schema__, __recorded_name__, row_key,
       after);
  ELSIF TG_OP = 'UPDATE' THEN
    __update_row__
  ELSE
    before := __old_image__;
    row_key := __key_of_before__;
    INSERT INTO __schema__.audit_changes
      (id, transaction_id, occurred_at, captured_at, clock_at, row_bucket, table_hash, op, table_schema, table_name, table_pk,
       changed_from)
    VALUES
      (__schema__.threadline_uuid_v7(microseconds), transaction, now(), moment, clock_at,
       __schema__.threadline_row_bucket(__recorded_table_hash__, row_key, __schema__.threadline_row_slot(microseconds)),
       __recorded_table_hash__, 'delete', __recorded_schema__, __recorded_name__, row_key,
       __deleted_row__);
  END IF;
  __record_transaction__
  RETURN NULL;
END
