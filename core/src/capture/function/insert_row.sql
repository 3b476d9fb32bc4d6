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
