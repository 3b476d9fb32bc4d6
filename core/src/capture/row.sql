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
  has_changed boolean := __has_changed__;
  settings_found text[];
  statement text;
BEGIN
  IF high & 1 = 1 OR microseconds * 2 NOT BETWEEN high AND high + 20000 OR moment < now() THEN
    microseconds := __schema__.threadline_advance_clock(microseconds, high, __schema__.threadline_microseconds(now()));
    IF microseconds > __schema__.threadline_microseconds(moment) THEN
      clock_at := moment;
      moment := to_timestamp(microseconds / 1000000.0);
    END IF;
  END IF;
  __record_truncated_rows__

  IF TG_OP = 'INSERT' THEN
    IF NOT has_changed THEN
      after := __new_image__;
    END IF;
  ELSIF TG_OP = 'UPDATE' THEN
    IF NOT has_changed THEN
      before := __old_image__;
      after := __new_image__;
      __check_images__
    END IF;
    IF NOT has_changed THEN
      __compare_images__
      __compare_hidden__
      is_different := fields IS NOT NULL OR before::text <> after::text__hidden_change__;
    END IF;
  ELSIF NOT has_changed THEN
    before := __old_image__;
  END IF;
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
    ELSE
      EXECUTE statement INTO before, after, fields, old_values, is_different USING OLD, NEW;
      is_different := is_different OR fields IS NOT NULL;
      __discard_old_values__
    END IF;
    PERFORM __schema__.threadline_restore_settings(settings_found);
  END IF;

  IF TG_OP = 'DELETE' THEN
    row_key :=
      __key_of_before__;
    old_values := __deleted_row__;
  ELSE
    row_key :=
      __key_of_after__;
    IF TG_OP = 'UPDATE' THEN
      __skip_unchanged__
      IF __key_change__ THEN
        old_key :=
          __key_of_before__;
      END IF;
    END IF;
  END IF;
  INSERT INTO __schema__.audit_changes
    (id, transaction_id, occurred_at, captured_at, row_bucket, related_bucket, table_hash, op, table_schema, table_name,
     table_pk, data_after, changed_fields, changed_from, old_pk, clock_at)
  VALUES
    (__schema__.threadline_uuid_v7(microseconds), transaction, now(), moment,
     __schema__.threadline_row_bucket(__schema__.threadline_table_hash(__table_schema__, __table_name__), row_key,
                                      __schema__.threadline_row_slot(moment)),
     CASE WHEN old_key IS NOT NULL THEN
       __schema__.threadline_row_bucket(__schema__.threadline_table_hash(__table_schema__, __table_name__), old_key,
                                        __schema__.threadline_row_slot(moment)) END,
     __schema__.threadline_table_hash(__table_schema__, __table_name__),
     CASE TG_OP WHEN 'INSERT' THEN 'insert' WHEN 'UPDATE' THEN 'update' ELSE 'delete' END,
     __table_schema__, __table_name__, row_key, after, fields, old_values, old_key, clock_at);
  __record_transaction__
  RETURN NULL;
END
