-- The columns of a captured table: whether they are still those that its capture function was made for, and how their values are
-- recorded.

-- Returns the table of this name, or NULL where there is none or this role may not look. With
-- threadline_columns_digest() it tells a capture function whether its table is still as it was captured, at no cost per call.
-- Both are declared IMMUTABLE although they read the catalogue: called with constants, they are evaluated when an expression is
-- planned, and their results are constants of the plan. A constant of type regclass in a plan makes PostgreSQL plan again after
-- any change of that table, before the next statement can write to it. Nothing but a capture function may rely on this.
CREATE FUNCTION __schema__.threadline_table(table_schema text, table_name text) RETURNS regclass
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN to_regclass(quote_ident(table_schema) || '.' || quote_ident(table_name));
EXCEPTION WHEN insufficient_privilege THEN
  RETURN NULL;
END
$$;

-- Returns the names and types of a table's columns, and the types that its domains are made of, sorted. They come from the XML
-- schema of the table, because that function reads the table as it is now: a query of pg_attribute in a REPEATABLE READ
-- transaction shows the columns as they were when the transaction took its snapshot, while triggers already see the new ones.
CREATE FUNCTION __schema__.threadline_columns(relation regclass) RETURNS text[]
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN ARRAY(
    SELECT CASE WHEN part LIKE 'element %'
                THEN split_part(part, '"', 2) || ' ' || regexp_replace(split_part(part, '"', 4), '^(UDT|Domain)\.[^.]*\.', '\1.')
                ELSE regexp_replace(split_part(previous, '"', 2), '\.[^.]*', '') || ' '
                     || regexp_replace(split_part(part, '"', 2), '^UDT\.[^.]*\.', 'UDT.')
           END COLLATE "C"
    FROM (SELECT part, lag(part) OVER (ORDER BY position) AS previous
          FROM string_to_table(table_to_xmlschema(relation, true, false, '')::text, '<xsd:')
            WITH ORDINALITY AS list (part, position)) AS parts
    WHERE part LIKE 'element %" nillable="true">%' OR previous LIKE 'simpleType name="Domain.%'
    ORDER BY 1);
END
$$;

CREATE FUNCTION __schema__.threadline_columns_digest(relation regclass) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN encode(sha256(convert_to(array_to_string(__schema__.threadline_columns(relation), E'\n'), 'UTF8')), 'hex');
END
$$;

-- Refuses to read the columns of a table in a transaction whose snapshot is older than they are, as the application must expect
-- in REPEATABLE READ and SERIALIZABLE transactions, and try again.
CREATE FUNCTION __schema__.threadline_require_current_snapshot(relation regclass) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  -- The types that XML schemas have names for.
  standard CONSTANT jsonb := '{"bpchar": "CHAR", "varchar": "VARCHAR", "numeric": "NUMERIC", "int4": "INTEGER", "int2": "SMALLINT",
    "int8": "BIGINT", "float4": "REAL", "float8": "DOUBLE", "bool": "BOOLEAN", "time": "TIME", "timetz": "TIME_WTZ",
    "timestamp": "TIMESTAMP", "timestamptz": "TIMESTAMP_WTZ", "date": "DATE", "xml": "XML"}';
  of_snapshot text[];
  of_now text[];
BEGIN
  IF current_setting('transaction_isolation') LIKE 'read %' THEN
    RETURN;
  END IF;
  of_snapshot := ARRAY(
    SELECT CASE WHEN n.nspname = 'pg_catalog' AND standard ? t.typname::text THEN standard ->> t.typname::text
                WHEN concat(n.nspname, t.typname) ~ '^[a-z0-9_]+$' AND concat(n.nspname, '.', t.typname) !~ '_x'
                THEN CASE t.typtype WHEN 'd' THEN 'Domain.' ELSE 'UDT.' END || n.nspname || '.' || t.typname
                ELSE 'other' END COLLATE "C"
    FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid JOIN pg_namespace AS n ON n.oid = t.typnamespace
    WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY 1);
  of_now := ARRAY(
    SELECT CASE WHEN type ~ '^([A-Z_]+|(UDT|Domain)\.[a-z0-9_]+\.[a-z0-9_]+)$' AND type !~ '_x' THEN type
                ELSE 'other' END COLLATE "C"
    FROM unnest(__schema__.threadline_columns(relation)) AS declaration
    CROSS JOIN LATERAL split_part(declaration, ' ', 2) AS type
    WHERE declaration !~ '^Domain\.'
    ORDER BY 1);
  IF of_snapshot <> of_now THEN
    RAISE EXCEPTION 'could not serialize access because table % was altered after the transaction began', relation
      USING ERRCODE = 'serialization_failure', HINT = 'Run the transaction again.';
  END IF;
END
$$;

-- Returns how values of a type are converted to JSON. 'plain': by to_jsonb(), which is safe for built-in types; for any other
-- type it would call a cast to json that the owner of the type may have made. 'array': by the texts of the elements. 'json' and
-- 'json_array': by functions that handle texts that jsonb does not allow. 'text': by the text of the type's output function.
CREATE FUNCTION __schema__.threadline_type_kind(type oid) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  base pg_type;
  element pg_type;
BEGIN
  SELECT * INTO base FROM pg_type AS t WHERE t.oid = type;
  WHILE base.typtype = 'd' LOOP
    SELECT * INTO base FROM pg_type AS t WHERE t.oid = base.typbasetype;
  END LOOP;
  IF base.typcategory <> 'A' THEN
    RETURN CASE WHEN base.oid = 'json'::regtype THEN 'json'
                WHEN base.oid < 16384 AND base.typtype IN ('b', 'r', 'm') THEN 'plain' ELSE 'text' END;
  END IF;
  SELECT * INTO element FROM pg_type AS t WHERE t.oid = base.typelem;
  WHILE element.typtype = 'd' LOOP
    SELECT * INTO element FROM pg_type AS t WHERE t.oid = element.typbasetype;
  END LOOP;
  RETURN CASE WHEN element.oid = 'json'::regtype THEN 'json_array'
              WHEN base.typelem < 16384 AND element.typtype IN ('b', 'r', 'm') AND element.typcategory <> 'A' THEN 'plain'
              WHEN element.typdelim = ',' AND element.typcategory <> 'A' THEN 'array'
              ELSE 'text' END;
END
$$;

-- Returns the captured columns of a relation, in the order of the table. Virtual generated columns are left out, because triggers
-- see NULL in them. A value of an unbounded type may be too large for jsonb; with `has_size`, octet_length() returns its size
-- without reading it.
CREATE FUNCTION __schema__.threadline_captured_columns(relation oid)
RETURNS TABLE (name text, kind text, is_json boolean, is_unbounded boolean, has_size boolean)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  WITH RECURSIVE base (attnum, name, declared, type, modifier) AS (
    SELECT attnum, attname::text, atttypid, atttypid, atttypmod FROM pg_attribute
    WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped AND attgenerated <> 'v'
    UNION ALL
    SELECT base.attnum, base.name, base.declared, t.typbasetype, t.typtypmod
    FROM base JOIN pg_type AS t ON t.oid = base.type WHERE t.typtype = 'd'
  )
  SELECT base.name, __schema__.threadline_type_kind(base.declared),
         base.type IN ('json'::regtype, 'jsonb'::regtype),
         t.typlen = -1 AND t.oid NOT IN ('numeric'::regtype, 'inet'::regtype, 'cidr'::regtype)
           AND NOT (t.oid IN ('varchar'::regtype, 'bpchar'::regtype) AND base.modifier BETWEEN 0 AND 100004),
         t.oid IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype, 'bytea'::regtype)
  FROM base JOIN pg_type AS t ON t.oid = base.type
  WHERE t.typtype <> 'd'
  ORDER BY base.attnum;
END;

REVOKE ALL ON FUNCTION
  __schema__.threadline_type_kind(oid),
  __schema__.threadline_captured_columns(oid),
  __schema__.threadline_table(text, text),
  __schema__.threadline_columns(regclass),
  __schema__.threadline_columns_digest(regclass),
  __schema__.threadline_require_current_snapshot(regclass)
FROM PUBLIC;
