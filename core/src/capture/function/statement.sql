#variable_conflict use_variable
DECLARE
  high CONSTANT bigint := pg_sequence_last_value('__schema__.threadline_clock');
  moment timestamptz := clock_timestamp();
  microseconds bigint := __schema__.threadline_microseconds(moment);
  clock_at timestamptz;
  transaction CONSTANT uuid := __schema__.threadline_transaction_id();
  __declare_root__
  id_head text;
  id_tail CONSTANT bigint := __schema__.threadline_uuid_v7_tail();
  __declare_pairing__
  is_declared boolean;
  has_changed boolean;
  settings_found text[];
  operation text;
  recorded bigint := 0;
  recorded_by_operation bigint;
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
  id_head := __schema__.threadline_uuid_v7_head(microseconds);
  __find_pairing__

  IF has_changed OR TG_OP = 'TRUNCATE'__or_is_unpaired__ THEN
    -- The statement is made anew for the table as it is.
    __observe_name__
    settings_found := __schema__.threadline_pin_settings();
    FOREACH operation IN ARRAY __operations__ LOOP
      EXECUTE __schema__.threadline_statement_sql(operation, TG_RELID, __policy__,
          ARRAY['$1', '$2', '$3', '$4', '$5', '$6', '$7', '$8', '$9', '$10', '$11'])
        USING transaction, moment, clock_at, id_head, id_tail, __table_schema__, __table_name__,
          __schema__.threadline_table_hash(__table_schema__, __table_name__), __schema__.threadline_row_slot(microseconds),
          TG_RELID, __first_position__;
      GET DIAGNOSTICS recorded_by_operation = ROW_COUNT;
      recorded := recorded + recorded_by_operation;
    END LOOP;
    PERFORM __schema__.threadline_restore_settings(settings_found);
  ELSIF TG_OP = 'INSERT' THEN
    __insert__;
    GET DIAGNOSTICS recorded = ROW_COUNT;
  ELSIF TG_OP = 'UPDATE' THEN
    PERFORM FROM new_rows OFFSET 1;
    IF FOUND THEN
      __update__;
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
        __update_row__
        recorded := 1;
      END;
    END IF;
  ELSE
    __delete__;
    GET DIAGNOSTICS recorded = ROW_COUNT;
  END IF;

  IF recorded > 0 THEN
    __record_transaction__
  END IF;
  RETURN NULL;
END
