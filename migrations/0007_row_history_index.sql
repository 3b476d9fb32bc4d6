-- Step 3 meant to file row histories by day and row, and filed them by row alone: `|` and `&` bind alike, so the mask took the
-- day away. The new function has another name, because nothing may find an index by an expression that has changed. Days are
-- counted modulo 32: a history asks for all of them anyway.
DROP INDEX __schema__.audit_changes_row_idx;
DROP FUNCTION __schema__.threadline_row_bucket(text, text, jsonb, timestamptz);

CREATE FUNCTION __schema__.threadline_history_bucket(
  table_schema text, table_name text, table_pk jsonb, captured_at timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ((((captured_at AT TIME ZONE 'UTC')::date - DATE '2000-01-01') & 31)::bigint << 58)
       | (hashtextextended(table_name, hashtextextended(table_schema, jsonb_hash_extended(table_pk, 0))) & 288230376151711743);

CREATE INDEX audit_changes_row_idx ON __schema__.audit_changes
  (__schema__.threadline_history_bucket(table_schema, table_name, table_pk, captured_at), captured_at);
