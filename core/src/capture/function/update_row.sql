before := __old_image__;
after := __new_image__;
__compare_images__
__compare_hidden__
is_different := fields IS NOT NULL OR before::text <> after::text__hidden_change__;
__skip_unchanged__
row_key := __key_of_after__;
IF __key_change__ THEN
  old_key := __key_of_before__;
END IF;
INSERT INTO __schema__.audit_changes
  (id, transaction_id, occurred_at, captured_at, clock_at, row_bucket, table_hash, op, table_schema, table_name, table_pk,
   data_after, changed_fields, changed_from, old_pk, related_bucket)
VALUES
  (__schema__.threadline_uuid_v7(microseconds), transaction, now(), moment, clock_at,
   __schema__.threadline_row_bucket(__recorded_table_hash__, row_key, __schema__.threadline_row_slot(microseconds)),
   __recorded_table_hash__, 'update', __recorded_schema__, __recorded_name__, row_key,
   after, fields, old_values, old_key,
   CASE WHEN old_key IS NOT NULL THEN
     __schema__.threadline_row_bucket(__recorded_table_hash__, old_key, __schema__.threadline_row_slot(microseconds)) END);
