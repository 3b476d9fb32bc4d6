-- The SQL of a capture function.
--
-- A capture function consists of the SQL that these functions return. Once its table has been altered it calls them again, at run
-- time, so an altered table is captured by the same rules, only more slowly.

-- Returns a text as a literal whose meaning depends on no setting.
CREATE FUNCTION __schema__.threadline_literal(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN strpos(value, E'\\') = 0 THEN '' ELSE 'E' END
       || '''' || replace(replace(value, E'\\', E'\\\\'), '''', '''''') || '''';

CREATE FUNCTION __schema__.threadline_text_array(elements text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT CASE WHEN count(*) = 0 THEN '''{}''::text[]'
                    ELSE 'ARRAY[' || string_agg(__schema__.threadline_literal(element), ', ' ORDER BY position) || ']' END
        FROM unnest(elements) WITH ORDINALITY AS list (element, position));

CREATE FUNCTION __schema__.threadline_policy_list(policy jsonb, key text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY(SELECT jsonb_array_elements_text(coalesce(policy -> key, '[]')));

-- Returns the expression that converts a column to JSON, by its kind. `reference` is the SQL for the column.
CREATE FUNCTION __schema__.threadline_value_sql(
  reference text, kind text, is_unbounded boolean, has_size boolean, most_bytes integer) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
  WHEN kind = 'json' THEN format('__schema__.threadline_json_value(%s::text, %s)', reference, most_bytes)
  WHEN kind IN ('array', 'json_array', 'text') THEN format(
    'CASE WHEN %1$s IS DISTINCT FROM NULL THEN __schema__.threadline_%2$s_value(concat(%1$s), %3$s) END',
    reference, kind, most_bytes)
  WHEN is_unbounded THEN format(
    'CASE WHEN %1$s > %2$s THEN __schema__.threadline_wide_value(%3$s, %4$s) ELSE to_jsonb(%3$s) END',
    CASE WHEN has_size THEN format('octet_length(%s)', reference) ELSE format('pg_column_size(%s)', reference) END,
    CASE WHEN has_size THEN most_bytes / 2 ELSE 1000000 END, reference, most_bytes)
  ELSE reference END;

-- Returns the SQL for the images of a row before and after a change, and for comparing them. An image is a jsonb object of the
-- columns that the policy keeps. `old` and `new` are the SQL for the row before and after, `old_whole` and `new_whole` for the
-- whole row as one value.
CREATE FUNCTION __schema__.threadline_row_sql(
  relation oid, policy jsonb, old text, new text, old_whole text, new_whole text, hidden_by_name boolean,
  OUT is_whole boolean,      -- no column is left out or converted, so the image is to_jsonb() of the whole row
  OUT columns text[],        -- the columns in the image, by name
  OUT old_image text,
  OUT new_image text,
  OUT names text[],          -- those of them that are compared by their images
  OUT json_names text[],     -- those of these whose values are JSON
  OUT masked_names text[],   -- the columns that are compared and not shown, and whose changes are named
  OUT hidden_columns text[], -- all columns that are compared and not shown; in a statement named old_hidden_1, new_hidden_1, …
  OUT compared text[],       -- the columns whose changes are named, by name
  OUT comparisons text[],    -- for each of them, an expression on the images `before` and `after` that is true where it changed
  OUT hidden_change text)    -- whether an excluded column changed
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  excluded CONSTANT text[] := __schema__.threadline_policy_list(policy, 'exclude');
  unnamed CONSTANT text[] := __schema__.threadline_policy_list(policy, 'except_columns');
  masked text[] := __schema__.threadline_policy_list(policy, 'mask');
  renamed text[] := '{}';    -- secrets under a new name: not even whether there is a value is told
  placeholder CONSTANT text := __schema__.threadline_literal(policy ->> 'mask_placeholder') || '::text';
  most_bytes integer;
  has_unbounded boolean;
  c record;
  literal text;
  comparison text;
  references_of_column text[];
  hidden text[];
  pairs text[] := '{}';
  hidden_changes text[] := '{}';
  images text[] := '{}';
BEGIN
  PERFORM __schema__.threadline_require_current_snapshot(relation);
  IF policy ? 'known_columns' AND cardinality(excluded || masked) > 0 THEN
    renamed := __schema__.threadline_renamed_secrets(
      relation, __schema__.threadline_policy_list(policy, 'known_columns'));
    masked := masked || renamed;
  END IF;
  SELECT coalesce(bool_and(k.kind = 'plain' AND k.name <> ALL (excluded || masked)), true)
           AND NOT EXISTS (SELECT FROM pg_attribute AS a
                           WHERE a.attrelid = relation AND a.attnum > 0 AND a.attgenerated = 'v' AND NOT a.attisdropped),
         coalesce(bool_or(k.is_unbounded), false),
         200000000 / greatest(1, count(*) FILTER (WHERE k.is_unbounded AND k.name <> ALL (excluded || masked)))
  INTO is_whole, has_unbounded, most_bytes
  FROM __schema__.threadline_captured_columns(relation) AS k;
  columns := '{}';
  names := '{}';
  json_names := '{}';
  masked_names := '{}';
  hidden_columns := '{}';
  compared := '{}';
  comparisons := '{}';
  FOR c IN SELECT * FROM __schema__.threadline_captured_columns(relation) AS k ORDER BY k.name COLLATE "C" LOOP
    literal := __schema__.threadline_literal(c.name);
    references_of_column := ARRAY[old || '.' || quote_ident(c.name), new || '.' || quote_ident(c.name)];
    IF c.name = ANY (excluded || masked) THEN
      hidden_columns := hidden_columns || c.name;
      hidden := CASE WHEN hidden_by_name THEN references_of_column
                     ELSE ARRAY['old_hidden_', 'new_hidden_'] END;
      IF NOT hidden_by_name THEN
        hidden := ARRAY[hidden[1] || cardinality(hidden_columns), hidden[2] || cardinality(hidden_columns)];
      END IF;
      comparison := format('record_image_ne(ROW(%s), ROW(%s))', hidden[1], hidden[2]);
    END IF;
    IF c.name = ANY (excluded) AND c.name <> ALL (masked) THEN
      -- A large value is compared by its size alone: reading it would cost what excluding it is to save.
      hidden_changes := hidden_changes || format(
        'CASE WHEN pg_column_size(%2$s) < 10000 THEN %3$s ELSE pg_column_size(%1$s) IS DISTINCT FROM pg_column_size(%2$s) END',
        hidden[1], hidden[2], comparison);
      CONTINUE;
    END IF;
    columns := columns || c.name;
    IF c.name = ANY (masked) THEN
      references_of_column := ARRAY(
        SELECT CASE WHEN (policy ->> 'mask_null')::boolean OR c.name = ANY (renamed) THEN placeholder
                    ELSE format('CASE WHEN %s IS DISTINCT FROM NULL THEN %s END', reference, placeholder) END
        FROM unnest(references_of_column) WITH ORDINALITY AS r (reference, position) ORDER BY position);
    ELSE
      -- Compared as text, because 1.0 and 1.00 are equal numbers and different values; JSON values also by their type,
      -- because a number and a string may have the same text.
      comparison := format('before ->> %1$s IS DISTINCT FROM after ->> %1$s', literal)
        || CASE WHEN c.is_json THEN format(' OR before -> %1$s IS DISTINCT FROM after -> %1$s', literal) ELSE '' END;
      references_of_column := ARRAY(
        SELECT __schema__.threadline_value_sql(reference, c.kind, c.is_unbounded, c.has_size, most_bytes)
        FROM unnest(references_of_column) WITH ORDINALITY AS r (reference, position) ORDER BY position);
    END IF;
    pairs := pairs || ARRAY[literal || ', ' || references_of_column[1], literal || ', ' || references_of_column[2]];
    IF c.name <> ALL (unnamed) THEN
      IF c.name = ANY (masked) THEN
        masked_names := masked_names || c.name;
      ELSE
        names := names || c.name;
        IF c.is_json THEN
          json_names := json_names || c.name;
        END IF;
      END IF;
      compared := compared || c.name;
      comparisons := comparisons || comparison;
    END IF;
  END LOOP;
  IF is_whole THEN
    images := ARRAY(
      SELECT CASE WHEN has_unbounded THEN format(
               'CASE WHEN pg_column_size(%1$s) > 1000000 THEN __schema__.threadline_large_image(%1$s) ELSE to_jsonb(%1$s) END',
               row) ELSE format('to_jsonb(%s)', row) END
      FROM unnest(ARRAY[old_whole, new_whole]) WITH ORDINALITY AS r (row, position) ORDER BY position);
  ELSE
    -- A function takes at most 100 arguments.
    FOR side IN 1 .. 2 LOOP
      images := images || coalesce((
        SELECT string_agg('jsonb_build_object(' || list || ')', E'\n|| ' ORDER BY chunk)
        FROM (SELECT (position - 1) / 100 AS chunk, string_agg(pair, E',\n  ' ORDER BY position) AS list
              FROM unnest(pairs) WITH ORDINALITY AS p (pair, position) WHERE position % 2 = side % 2 GROUP BY 1) AS chunks),
        '''{}''::jsonb');
    END LOOP;
  END IF;
  old_image := images[1];
  new_image := images[2];
  hidden_change := array_to_string(hidden_changes, E'\nOR ');
END
$$;

-- Returns the key of an image as text values, with the present names of the key columns.
CREATE FUNCTION __schema__.threadline_key(image jsonb, relation oid) RETURNS jsonb
LANGUAGE sql STABLE
RETURN coalesce((
  SELECT CASE WHEN bool_and(image ->> a.attname IS NOT NULL) THEN jsonb_object_agg(a.attname, image ->> a.attname) END
  FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
  WHERE i.indrelid = relation AND i.indisprimary
), '{}');

-- Returns the expression for the key of an image. If `relation` is given, key columns may have been renamed, and the expression
-- then reads their names from the catalogue.
CREATE FUNCTION __schema__.threadline_key_sql(policy jsonb, image text, relation text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
  SELECT CASE WHEN relation IS NULL THEN key
              ELSE format(E'CASE WHEN %s\nTHEN %s\nELSE __schema__.threadline_key(%s, %s) END', is_complete, key, image, relation) END
  FROM (SELECT string_agg(format('%s ->> %s IS NOT NULL', image, literal), ' AND ' ORDER BY position) AS is_complete,
               'jsonb_build_object(' || string_agg(format('%1$s, %2$s ->> %1$s', literal, image), ', ' ORDER BY position) || ')'
                 AS key
        FROM (SELECT position, __schema__.threadline_literal(name) AS literal
              FROM unnest(__schema__.threadline_policy_list(policy, 'key')) WITH ORDINALITY AS k (name, position)) AS names) AS parts);

-- Returns a condition that is true if the keys of `before` and `after` differ.
CREATE FUNCTION __schema__.threadline_key_change_sql(policy jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
  SELECT string_agg(format('before ->> %1$s IS DISTINCT FROM after ->> %1$s', __schema__.threadline_literal(name)), ' OR '
                    ORDER BY position)
  FROM unnest(__schema__.threadline_policy_list(policy, 'key')) WITH ORDINALITY AS k (name, position));

-- Returns a list of expressions: each is the name of a column if a condition is true for it, and NULL otherwise. `%s` in the
-- condition is replaced by the column's element of `expressions`.
CREATE FUNCTION __schema__.threadline_names_sql(condition text, expressions text[], names text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(string_agg(format('CASE WHEN ' || condition || ' THEN %s END', expression,
                                          __schema__.threadline_literal(name)), E',\n' ORDER BY position), '')
        FROM unnest(expressions, names) WITH ORDINALITY AS list (expression, name, position));

-- Returns the statement that records the rows of a statement. INSERT, UPDATE and DELETE read the transition tables new_rows and
-- old_rows. TRUNCATE reads the relation before it is emptied, and records each row as deleted. `arguments` is the SQL for, in
-- this order: the id of the audit transaction, the time of the change, the reading of the clock if it was set back, both halves
-- of the ids, the schema and the name of the table, its hash, the time slot, the relation (see threadline_key_sql()), and the
-- position of the first row.
CREATE FUNCTION __schema__.threadline_statement_sql(operation text, relation oid, policy jsonb, arguments text[]) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  fixed CONSTANT text := format('%s, now(), %s, %s, %s, %s, %s', arguments[1], arguments[2], arguments[3], arguments[8],
                                arguments[6], arguments[7]);
  r record;
  has_changed text[];
  key text;
  old_key text;
  kept text;
BEGIN
  IF operation = 'UPDATE' THEN
    r := __schema__.threadline_row_sql(relation, policy, 'o', 'n', 'old_row', 'new_row', false);
    has_changed := ARRAY(SELECT 'has_changed_' || n FROM generate_series(1, cardinality(r.compared)) AS n);
    key := __schema__.threadline_key_sql(policy, 'after', arguments[10]);
    old_key := __schema__.threadline_key_sql(policy, 'before', arguments[10]);
    kept := CASE WHEN (policy ->> 'store_changed_from')::boolean THEN format(
              E'CASE WHEN fields <> ''{}'' THEN before - ARRAY[%s]::text[] END',
              concat_ws(E',\n', NULLIF(__schema__.threadline_names_sql('NOT %s', has_changed, r.compared), ''),
                        (SELECT string_agg(__schema__.threadline_literal(name), ', ')
                         FROM unnest(r.columns) AS name WHERE name <> ALL (r.compared)))) ELSE 'NULL' END;
    -- Both tables hold the rows in the order in which they were changed, so pairing by position follows a changed key as
    -- well. FULL JOIN, although every position has its partner: it is never planned as a nested loop, which would be
    -- quadratic for the second statement of a session whose first one wrote a single row. coalesce(o.*) is the whole row,
    -- whatever its columns are called, and narrower to sort than its image. Each column is compared once, and the result used
    -- for the names and for the old values.
    RETURN format($sql$INSERT INTO __schema__.audit_changes
  (transaction_id, occurred_at, captured_at, clock_at, table_hash, table_schema, table_name, op,
   id, row_bucket, related_bucket, table_pk, data_after, changed_fields, changed_from, old_pk)
SELECT %1$s, 'update',
       __schema__.threadline_row_id(%2$s, %3$s, position),
       __schema__.threadline_row_bucket(%15$s, row_key, %16$s),
       CASE WHEN old_key IS NOT NULL THEN __schema__.threadline_row_bucket(%15$s, old_key, %16$s) END,
       row_key, after, NULLIF(fields, '{}'), %4$s, old_key
FROM (
  SELECT *, array_remove(ARRAY[%8$s]::text[], NULL) AS fields,
         %5$s AS row_key,
         CASE WHEN %6$s THEN
         %7$s END AS old_key
  FROM (
    SELECT *%17$s
    FROM (
      SELECT position, %9$s AS before, %10$s AS after%11$s
      FROM (SELECT row_number() OVER () AS position, %12$s FROM old_rows AS o) AS o
      FULL JOIN (SELECT row_number() OVER () AS position, %13$s FROM new_rows AS n) AS n USING (position)
      OFFSET 0
    ) AS pair
    OFFSET 0
  ) AS compared
  OFFSET 0
) AS change%14$s$sql$,
      fixed, arguments[4], arguments[5], kept, key, __schema__.threadline_key_change_sql(policy),
      old_key, __schema__.threadline_names_sql('%s', has_changed, r.compared),
      CASE WHEN r.is_whole THEN r.old_image ELSE 'before' END,
      CASE WHEN r.is_whole THEN r.new_image ELSE 'after' END,
      (SELECT coalesce(string_agg(format(', old_hidden_%1$s, new_hidden_%1$s', n), '' ORDER BY n), '')
       FROM generate_series(1, cardinality(r.hidden_columns)) AS n),
      CASE WHEN r.is_whole THEN 'coalesce(o.*) AS old_row' ELSE r.old_image || ' AS before' END
        || (SELECT coalesce(string_agg(format(', o.%I AS old_hidden_%s', name, n), '' ORDER BY n), '')
            FROM unnest(r.hidden_columns) WITH ORDINALITY AS h (name, n)),
      CASE WHEN r.is_whole THEN 'coalesce(n.*) AS new_row' ELSE r.new_image || ' AS after' END
        || (SELECT coalesce(string_agg(format(', n.%I AS new_hidden_%s', name, n), '' ORDER BY n), '')
            FROM unnest(r.hidden_columns) WITH ORDINALITY AS h (name, n)),
      CASE WHEN (policy ->> 'store_unchanged')::boolean THEN ''
           ELSE format(E'\nWHERE fields <> ''{}'' OR before::text <> after::text%s',
                       CASE WHEN r.hidden_change = '' THEN '' ELSE E'\nOR ' || r.hidden_change END) END,
      arguments[8], arguments[9],
      (SELECT coalesce(string_agg(format(E',\n           %s AS has_changed_%s', comparison, n), '' ORDER BY n), '')
       FROM unnest(r.comparisons) WITH ORDINALITY AS c (comparison, n)));
  END IF;
  r := __schema__.threadline_row_sql(relation, policy, 'o', 'n', 'o.*', 'n.*', false);
  RETURN format($sql$INSERT INTO __schema__.audit_changes
  (transaction_id, occurred_at, captured_at, clock_at, table_hash, table_schema, table_name, op,
   id, row_bucket, table_pk, %1$s)
SELECT %2$s, '%3$s',
       __schema__.threadline_row_id(%4$s, %5$s, position + %6$s),
       __schema__.threadline_row_bucket(%7$s, row_key, %8$s),
       row_key, %9$s
FROM (
  SELECT *,
         %10$s AS row_key
  FROM (SELECT row_number() OVER () AS position, %11$s AS image FROM %12$s) AS written
  OFFSET 0
) AS change$sql$,
    CASE operation WHEN 'INSERT' THEN 'data_after' ELSE 'changed_from' END,
    fixed, CASE operation WHEN 'INSERT' THEN 'insert' ELSE 'delete' END,
    arguments[4], arguments[5], CASE operation WHEN 'INSERT' THEN arguments[11] ELSE '0' END, arguments[8], arguments[9],
    CASE WHEN operation = 'INSERT' OR (policy ->> 'store_deleted_row')::boolean THEN 'image' ELSE 'NULL' END,
    __schema__.threadline_key_sql(policy, 'image', arguments[10]),
    CASE operation WHEN 'INSERT' THEN r.new_image ELSE r.old_image END,
    CASE operation WHEN 'INSERT' THEN 'new_rows AS n' WHEN 'DELETE' THEN 'old_rows AS o'
                   ELSE format('ONLY %s AS o', relation::regclass) END);
END
$$;

-- Returns the statement that computes the images of one row, the changed columns, the old values, and whether anything changed.
-- $1 is the row before and $2 the row after.
CREATE FUNCTION __schema__.threadline_row_statement_sql(relation oid, policy jsonb) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  r record;
BEGIN
  r := __schema__.threadline_row_sql(relation, policy, '($1)', '($2)', '($1)', '($2)', true);
  RETURN format($sql$SELECT before, after, fields,
       CASE WHEN fields IS NOT NULL THEN (SELECT jsonb_object_agg(name, before -> name) FROM unnest(fields) AS name) END,
       before::text <> after::text%2$s
FROM (SELECT *, NULLIF(array_remove(ARRAY[%1$s]::text[], NULL), '{}') AS fields
      FROM (SELECT %3$s AS before, %4$s AS after OFFSET 0) AS images OFFSET 0) AS row$sql$,
    __schema__.threadline_names_sql('(%s)', r.comparisons, r.compared), CASE WHEN r.hidden_change = '' THEN '' ELSE ' OR ' || r.hidden_change END, r.old_image, r.new_image);
END
$$;

-- Sets all settings that the text of a value depends on, and returns their previous values. A capture function only sets those
-- that its columns need. Once its table has been altered, it sets all of them while it works and then restores them.
CREATE FUNCTION __schema__.threadline_pin_settings() RETURNS text[]
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
  settings CONSTANT text[] := ARRAY[
    current_setting('TimeZone'), current_setting('DateStyle'), current_setting('IntervalStyle'),
    current_setting('bytea_output'), current_setting('extra_float_digits'), current_setting('quote_all_identifiers'),
    current_setting('lc_monetary')];
BEGIN
  PERFORM __schema__.threadline_restore_settings(ARRAY['UTC', 'ISO, YMD', 'postgres', 'hex', '1', 'off', 'C']);
  RETURN settings;
END
$$;

CREATE FUNCTION __schema__.threadline_restore_settings(settings text[]) RETURNS void
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
  PERFORM set_config('TimeZone', settings[1], true), set_config('DateStyle', settings[2], true),
          set_config('IntervalStyle', settings[3], true), set_config('bytea_output', settings[4], true),
          set_config('extra_float_digits', settings[5], true), set_config('quote_all_identifiers', settings[6], true),
          set_config('lc_monetary', settings[7], true);
END
$$;

REVOKE ALL ON FUNCTION
  __schema__.threadline_literal(text),
  __schema__.threadline_text_array(text[]),
  __schema__.threadline_policy_list(jsonb, text),
  __schema__.threadline_value_sql(text, text, boolean, boolean, integer),
  __schema__.threadline_row_sql(oid, jsonb, text, text, text, text, boolean),
  __schema__.threadline_key(jsonb, oid),
  __schema__.threadline_key_sql(jsonb, text, text),
  __schema__.threadline_key_change_sql(jsonb),
  __schema__.threadline_names_sql(text, text[], text[]),
  __schema__.threadline_statement_sql(text, oid, jsonb, text[]),
  __schema__.threadline_row_statement_sql(oid, jsonb),
  __schema__.threadline_pin_settings(),
  __schema__.threadline_restore_settings(text[])
FROM PUBLIC;
