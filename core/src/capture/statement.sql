#variable_conflict use_variable
DECLARE
  moment CONSTANT timestamptz := clock_timestamp();
  transaction CONSTANT uuid := __schema__.threadline_transaction_id();
  id_head CONSTANT text := __schema__.threadline_uuid_v7_head(moment);
  id_tail CONSTANT bigint := __schema__.threadline_uuid_v7_tail();
  columns text[];
  names text[];
  first_row jsonb;
  __declare_withheld__
  __declare_root__
  __declare_pairing__
BEGIN
  IF TG_OP = 'UPDATE' THEN
    columns := __columns__;
    names := __names__;
    -- If the table has changed since, compare the columns that it has now.
    SELECT __image__(n.*) INTO first_row FROM new_rows AS n LIMIT 1;
    IF first_row - columns <> '{}' OR NOT first_row ?& columns THEN
      names := __schema__.threadline_column_names(first_row, __unnamed__);
    END IF;
  END IF;
  __find_pairing__

  IF __is_insert__ THEN
    INSERT INTO __schema__.audit_changes
      (id, transaction_id, occurred_at, table_schema, table_name, table_pk, op, data_after, captured_at)
    SELECT __schema__.threadline_row_id(id_head, id_tail, __position_of_insert__), transaction, now(),
           __table_schema__, __table_name__,
           __key_of_after__,
           'insert',
           __new_row__,
           moment
    FROM (SELECT row_number() OVER () AS position, __image__(n.*) AS after FROM new_rows AS n) AS written;
  END IF;

  IF __is_update__ THEN
    -- coalesce(o.*) is the whole row, whatever its columns are called, and narrower to sort than its image.
    -- Both tables hold the rows in the order in which they were changed, so pairing by position follows a changed key as
    -- well. FULL JOIN, although every position has its partner: it is never planned as a nested loop, which would be
    -- quadratic for the second statement of a session whose first one wrote a single row.
    INSERT INTO __schema__.audit_changes
      (id, transaction_id, occurred_at, table_schema, table_name, table_pk, op, data_after, changed_fields, changed_from,
       captured_at)
    SELECT __schema__.threadline_row_id(id_head, id_tail, position), transaction, now(),
           __table_schema__, __table_name__,
           __key_of_after__,
           'update',
           __new_row__,
           fields,
           __old_values__,
           moment
    FROM (
      SELECT position, __image__(old_row) AS before, __image__(new_row) AS after
      FROM (SELECT row_number() OVER () AS position, coalesce(o.*) AS old_row FROM old_rows AS o) AS o
      FULL JOIN (SELECT row_number() OVER () AS position, coalesce(n.*) AS new_row FROM new_rows AS n) AS n USING (position)
      OFFSET 0
    ) AS pair
    CROSS JOIN LATERAL (
      SELECT array_agg(name) FILTER (WHERE changed) AS fields,
             coalesce(array_agg(name) FILTER (WHERE NOT changed), '{}') || __unnamed__ AS same
      FROM (
        SELECT name,
               __changed__ AS changed
        FROM unnest(names) AS name OFFSET 0
      ) AS field
    ) AS diff
    __only_changes__;
  END IF;

  IF __is_delete__ THEN
    INSERT INTO __schema__.audit_changes
      (id, transaction_id, occurred_at, table_schema, table_name, table_pk, op, changed_from, captured_at)
    SELECT __schema__.threadline_row_id(id_head, id_tail, position), transaction, now(),
           __table_schema__, __table_name__,
           __key_of_before__,
           'delete',
           __deleted_row__,
           moment
    FROM (SELECT row_number() OVER () AS position, __image__(o.*) AS before FROM old_rows AS o) AS removed;
  END IF;

  IF FOUND THEN
    __record_transaction__
  END IF;
  RETURN NULL;
END
