#variable_conflict use_variable
DECLARE
  moment CONSTANT timestamptz := clock_timestamp();
  transaction CONSTANT uuid := __schema__.threadline_transaction_id();
  columns text[];
  names text[];
  before jsonb;
  after jsonb;
  image jsonb;
  row_key jsonb;
  fields text[];
  same text[];
  name text;
  __declare_withheld__
  __declare_root__
BEGIN
  IF TG_OP <> 'INSERT' THEN
    before := __image__(OLD);
  END IF;
  IF TG_OP <> 'DELETE' THEN
    after := __image__(NEW);
  END IF;
  image := coalesce(after, before);
  row_key :=
    __key_of_image__;
  IF TG_OP = 'UPDATE' THEN
    columns := __columns__;
    names := __names__;
    same := __unnamed__;
    -- The table has changed since: compare the columns that it has now.
    IF image - columns <> '{}' OR NOT image ?& columns THEN
      names := __schema__.threadline_column_names(image, __unnamed__);
    END IF;
    FOREACH name IN ARRAY names LOOP
      IF
        __changed__
      THEN
        fields := fields || name;
      ELSE
        same := same || name;
      END IF;
    END LOOP;
    __skip_unchanged__
    before :=
      __old_values__;
  ELSIF TG_OP = 'DELETE' THEN
    before :=
      __deleted_row__;
  END IF;
  INSERT INTO __schema__.audit_changes
    (id, transaction_id, occurred_at, table_schema, table_name, table_pk, op, data_after, changed_fields, changed_from,
     captured_at)
  VALUES
    (__schema__.threadline_uuid_v7(moment), transaction, now(), __table_schema__, __table_name__, row_key, lower(TG_OP),
     __new_row__,
     fields, before, moment);
  __record_transaction__
  RETURN NULL;
END
