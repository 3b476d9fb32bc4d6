#variable_conflict use_variable
DECLARE
  high CONSTANT bigint := pg_sequence_last_value('__schema__.threadline_clock');
  moment timestamptz := clock_timestamp();
  microseconds bigint := __schema__.threadline_microseconds(moment);
  clock_at timestamptz;
  transaction CONSTANT uuid := __schema__.threadline_transaction_id();
  __declare_root__
  table_hash CONSTANT integer := __schema__.threadline_table_hash(__table_schema__, __table_name__);
  slot bigint;
  id_head text;
  id_tail CONSTANT bigint := __schema__.threadline_uuid_v7_tail();
  first_position bigint := 0;
  __declare_pairing__
  has_changed boolean;
  __declare_first_row__
  settings_found text[];
  operation text;
  recorded bigint;
BEGIN
  IF high & 1 = 1 OR microseconds * 2 NOT BETWEEN high AND high + 20000 OR moment < now() THEN
    microseconds := __schema__.threadline_advance_clock(microseconds, high, __schema__.threadline_microseconds(now()));
    IF microseconds > __schema__.threadline_microseconds(moment) THEN
      clock_at := moment;
      moment := to_timestamp(microseconds / 1000000.0);
    END IF;
  END IF;
  slot := __schema__.threadline_row_slot(moment);
  id_head := __schema__.threadline_uuid_v7_head(microseconds);
  __find_pairing__
  has_changed := __has_changed__;
  __check_first_row__

  IF has_changed OR TG_OP = 'TRUNCATE' THEN
    -- The table has changed since this function was made, so the statement is made anew for the table as it is.
    __observe_name__
    settings_found := __schema__.threadline_pin_settings();
    FOREACH operation IN ARRAY __operations__ LOOP
      EXECUTE __schema__.threadline_statement_sql(operation, TG_RELID, __policy__,
          ARRAY['$1', '$2', '$3', '$4', '$5', '$6', '$7', '$8', '$9', '$10', '$11'])
        USING transaction, moment, clock_at, id_head, id_tail, __table_schema__, __table_name__, table_hash, slot,
          TG_RELID, first_position;
      GET DIAGNOSTICS recorded = ROW_COUNT;
    END LOOP;
    PERFORM __schema__.threadline_restore_settings(settings_found);
  ELSE
    IF __is_insert__ THEN
      __insert__;
    END IF;
    IF __is_update__ THEN
      __update__;
    END IF;
    IF __is_delete__ THEN
      __delete__;
    END IF;
    GET DIAGNOSTICS recorded = ROW_COUNT;
  END IF;

  IF recorded > 0 THEN
    __record_transaction__
  END IF;
  RETURN NULL;
END
