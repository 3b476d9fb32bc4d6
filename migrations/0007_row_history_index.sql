-- Step 3 meant to file row histories by day and row, and filed them by row alone: `|` and `&` bind alike, so the mask took the
-- day away. The new function has another name, because nothing may find an index by an expression that has changed. Four days
-- make a place, and there are eight places: a history asks for all of them, in every month.
DROP INDEX __schema__.audit_changes_row_idx;
DROP FUNCTION __schema__.threadline_row_bucket(text, text, jsonb, timestamptz);

CREATE FUNCTION __schema__.threadline_history_bucket(
  table_schema text, table_name text, table_pk jsonb, captured_at timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ((((captured_at AT TIME ZONE 'UTC')::date - DATE '2000-01-01') / 4 & 7)::bigint << 60)
       | (hashtextextended(table_name, hashtextextended(table_schema, jsonb_hash_extended(table_pk, 0))) & 1152921504606846975);

CREATE INDEX audit_changes_row_idx ON __schema__.audit_changes
  (__schema__.threadline_history_bucket(table_schema, table_name, table_pk, captured_at), captured_at);
