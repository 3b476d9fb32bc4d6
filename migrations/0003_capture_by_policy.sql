-- What the capture functions of this version stand on. Functions that an earlier version generated keep working.

-- The half of a UUIDv7 (RFC 9562) that holds the time: 48 bits of milliseconds, the version, 12 bits of the fraction below.
-- A single expression without settings of its own, as are the next five, so that PostgreSQL inlines it.
CREATE OR REPLACE FUNCTION __schema__.threadline_uuid_v7_head(at timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN lpad(to_hex((date_part('epoch', at) * 1000000)::bigint / 1000), 12, '0')
       || to_hex(28672 + (date_part('epoch', at) * 1000000)::bigint % 1000 * 4096 / 1000);

-- The other half, for the rows of one statement: the variant, 26 bits in which a row puts its position, 36 random bits.
CREATE FUNCTION __schema__.threadline_uuid_v7_tail() RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL SAFE
RETURN ('x8000000' || right(gen_random_uuid()::text, 9))::bit(64)::bigint;

-- The id of a row of the statement: it keeps the order of the rows. Beyond 67 million rows the position goes on in the random
-- part: ids stay unique and lose their order.
CREATE FUNCTION __schema__.threadline_row_id(head text, tail bigint, ordinal bigint) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (head || to_hex(tail + ((ordinal & 67108863) << 36) + (ordinal >> 26)))::uuid;

CREATE OR REPLACE FUNCTION __schema__.threadline_uuid_v7(at timestamptz) RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE
RETURN (__schema__.threadline_uuid_v7_head(at) || substr(gen_random_uuid()::text, 20))::uuid;

-- The id of the audit transaction is made of the transaction's own id and time: the same at every call, found without a
-- search, and nothing outside can forge it.
CREATE FUNCTION __schema__.threadline_transaction_id() RETURNS uuid
LANGUAGE sql STABLE PARALLEL RESTRICTED
RETURN (__schema__.threadline_uuid_v7_head(now()) || to_hex((1::bigint << 63) | pg_current_xact_id()::text::bigint))::uuid;

-- Where the index of row histories files a change: five bits for the day of the month, the rest a hash of the row's
-- identity. The day keeps the writes of the moment together: filed by the hash alone, each change would touch a page of its
-- own, and the first touch after a checkpoint writes the whole page to the log.
CREATE FUNCTION __schema__.threadline_row_bucket(table_schema text, table_name text, table_pk jsonb, captured_at timestamptz)
RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN extract(day FROM captured_at AT TIME ZONE 'UTC')::bigint << 58
       | hashtextextended(table_name, hashtextextended(table_schema, jsonb_hash_extended(table_pk, 0))) & ((1::bigint << 58) - 1);

-- Only the capture functions write the operation, and a CHECK is parsed anew by every statement.
ALTER TABLE __schema__.audit_changes DROP CONSTRAINT audit_changes_op_check;
-- The id itself is now unique per transaction.
ALTER TABLE __schema__.audit_transactions DROP CONSTRAINT audit_transactions_txid_occurred_at_key;
CREATE INDEX audit_changes_row_idx ON __schema__.audit_changes
  (__schema__.threadline_row_bucket(table_schema, table_name, table_pk, captured_at), captured_at);

-- The actor that the application has set for this transaction. After a local setting ends it reads as '', not NULL.
CREATE FUNCTION __schema__.threadline_actor() RETURNS jsonb
LANGUAGE plpgsql STABLE
AS $$
DECLARE
  setting CONSTANT text := NULLIF(current_setting('threadline.actor_ref', true), '');
  actor jsonb;
BEGIN
  BEGIN
    actor := setting::jsonb;
  EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
    actor := 'null';
  END;
  IF jsonb_typeof(actor) <> 'object' THEN
    RAISE EXCEPTION 'the setting threadline.actor_ref is not a JSON object'
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Set it with set_config(''threadline.actor_ref'', ''{"type":"user","id":"42"}'', true), or leave it empty.';
  END IF;
  RETURN actor;
END
$$;

CREATE OR REPLACE FUNCTION __schema__.threadline_current_transaction() RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  transaction CONSTANT uuid := __schema__.threadline_transaction_id();
BEGIN
  INSERT INTO __schema__.audit_transactions (id, txid, actor_ref)
  VALUES (transaction, pg_current_xact_id()::text::bigint, __schema__.threadline_actor())
  ON CONFLICT DO NOTHING;
  RETURN transaction;
END
$$;

-- The image of a row that holds a value of type json. Such a value may hold a NUL character (backslash u0000) or half a
-- surrogate pair, which jsonb cannot keep; a write that the table allows must not fail for it, so U+FFFD, the replacement
-- character, stands in its place.
CREATE FUNCTION __schema__.threadline_image(changed_row record) RETURNS jsonb
LANGUAGE plpgsql STABLE
AS $$
DECLARE
  image text;
BEGIN
  RETURN to_jsonb(changed_row);
EXCEPTION WHEN untranslatable_character OR invalid_text_representation THEN
  image := regexp_replace(row_to_json(changed_row)::text, '(?<!\\)((\\\\)*)\\u0000', '\1\\ufffd', 'g');
  image := regexp_replace(image, '(?<!\\)((\\\\)*)\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])', '\1\\ufffd', 'g');
  image := regexp_replace(image, '(?<!\\)(?<!\\u[dD][89abAB][0-9a-fA-F]{2})((\\\\)*)\\u[dD][c-fC-F][0-9a-fA-F]{2}', '\1\\ufffd', 'g');
  RETURN image::jsonb;
END
$$;

-- The slow paths: what a capture function calls once a table is no longer as it was when the function was made.

-- The columns to compare, in the order of their names.
CREATE FUNCTION __schema__.threadline_column_names(image jsonb, unnamed text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT array_agg(key ORDER BY key COLLATE "C") FROM jsonb_object_keys(image) AS key WHERE key <> ALL (unnamed));

-- Which columns of a table were redacted when its capture function was made, by their numbers, which a new name does not
-- change.
CREATE TABLE __schema__.threadline_redacted_columns (
  relation oid NOT NULL,
  attnum smallint NOT NULL,
  column_name text NOT NULL,
  PRIMARY KEY (relation, attnum)
);
REVOKE ALL ON __schema__.threadline_redacted_columns FROM PUBLIC;

CREATE FUNCTION __schema__.threadline_remember_redacted(captured regclass, redacted text[]) RETURNS void
LANGUAGE sql VOLATILE
BEGIN ATOMIC
  DELETE FROM __schema__.threadline_redacted_columns WHERE relation = captured::oid;
  INSERT INTO __schema__.threadline_redacted_columns (relation, attnum, column_name)
  SELECT captured::oid, attnum, attname::text FROM pg_catalog.pg_attribute
  WHERE attrelid = captured::oid AND attnum > 0 AND NOT attisdropped AND attname::text = ANY (redacted);
END;

-- The columns whose values are withheld besides those that the function redacts by name, each with the placeholder: secrets
-- under a new name. Where the numbers are not known, as after a restore from a dump, names must do: a column that was simply
-- added is captured as it is, but once a known column is gone or has moved, a new name may be a secret's new name.
CREATE FUNCTION __schema__.threadline_withheld_columns(captured oid, known text[], placeholder text) RETURNS jsonb
LANGUAGE sql STABLE
RETURN CASE
  WHEN EXISTS (SELECT FROM __schema__.threadline_redacted_columns AS r WHERE r.relation = captured) THEN (
    SELECT coalesce(jsonb_object_agg(a.attname, placeholder), '{}')
    FROM __schema__.threadline_redacted_columns AS r
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = captured AND a.attnum = r.attnum AND NOT a.attisdropped
    WHERE r.relation = captured AND a.attname::text <> r.column_name
  )
  ELSE (
    SELECT CASE WHEN (array_agg(attname::text ORDER BY attnum))[1:cardinality(known)] = known THEN '{}'::jsonb
                ELSE coalesce(jsonb_object_agg(attname, placeholder) FILTER (WHERE attname::text <> ALL (known)), '{}') END
    FROM pg_catalog.pg_attribute
    WHERE attrelid = captured AND attnum > 0 AND NOT attisdropped
  )
END;

-- The key by the catalogue, when a key column no longer has the name that the function knows; {} when there is none.
CREATE FUNCTION __schema__.threadline_key(image jsonb, relation oid) RETURNS jsonb
LANGUAGE sql STABLE
RETURN coalesce((
  SELECT CASE WHEN bool_and(image ->> a.attname IS NOT NULL) THEN jsonb_object_agg(a.attname, image ->> a.attname) END
  FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
  WHERE i.indrelid = relation AND i.indisprimary
), '{}');

-- The table that a partition belongs to: the whole table has one history, wherever its rows lie.
CREATE FUNCTION __schema__.threadline_root_table(relation oid) RETURNS text[]
LANGUAGE sql STABLE
RETURN (
  SELECT ARRAY[n.nspname::text, c.relname::text]
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE c.oid = coalesce(pg_catalog.pg_partition_root(relation), relation)
);

-- One function for every table: a TRUNCATE has no rows to capture, only the table that lost them.
CREATE FUNCTION __schema__.threadline_capture_truncate() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  moment CONSTANT timestamptz := clock_timestamp();
BEGIN
  INSERT INTO __schema__.audit_changes
    (id, transaction_id, occurred_at, table_schema, table_name, table_pk, op, captured_at)
  VALUES (__schema__.threadline_uuid_v7(moment), __schema__.threadline_current_transaction(), now(),
          TG_TABLE_SCHEMA, TG_TABLE_NAME, '{}', 'truncate', moment);
  RETURN NULL;
END
$$;

-- A type in the table that belongs to somebody who could use it to run code in a capture function: to_jsonb calls a cast to
-- json where the type has one, and whoever owns a type can make one. Answers the type and its owner.
CREATE FUNCTION __schema__.threadline_foreign_type(relation regclass) RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH RECURSIVE held (type) AS (
    SELECT atttypid FROM pg_attribute WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped
    UNION
    SELECT part.type
    FROM held JOIN pg_type AS t ON t.oid = held.type
    CROSS JOIN LATERAL (
      SELECT t.typbasetype AS type WHERE t.typtype = 'd'
      UNION ALL SELECT t.typelem WHERE t.typelem <> 0
      UNION ALL SELECT r.rngsubtype FROM pg_range AS r WHERE t.oid IN (r.rngtypid, r.rngmultitypid)
      UNION ALL SELECT a.atttypid FROM pg_attribute AS a
                WHERE a.attrelid = t.typrelid AND t.typrelid <> 0 AND a.attnum > 0 AND NOT a.attisdropped
    ) AS part
  )
  SELECT ARRAY[format_type(t.oid, NULL), owner.rolname::text]
  FROM held
  JOIN pg_type AS t ON t.oid = held.type
  JOIN pg_roles AS owner ON owner.oid = t.typowner
  JOIN pg_class AS c ON c.oid = relation
  WHERE NOT owner.rolsuper AND owner.rolname <> current_user AND owner.oid <> c.relowner
  ORDER BY 1 LIMIT 1
$$;

-- What a generated migration asks before it changes anything: is the table still what it was generated for?
CREATE FUNCTION __schema__.threadline_require_table(relation regclass, key text[], redacted text[]) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  missing text[];
  foreign_type CONSTANT text[] := __schema__.threadline_foreign_type(relation);
BEGIN
  IF foreign_type IS NOT NULL THEN
    RAISE EXCEPTION 'table % uses the type %, which belongs to %', relation, foreign_type[1], foreign_type[2]
      USING ERRCODE = 'insufficient_privilege', HINT = 'Change the owner of the type to the owner of the table.';
  END IF;
  SELECT array_agg(name) INTO missing FROM unnest(key || redacted) AS name
  WHERE NOT EXISTS (SELECT FROM pg_attribute AS a
                    WHERE a.attrelid = relation AND a.attname = name AND a.attnum > 0 AND NOT a.attisdropped);
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION 'table % has no column %', relation, array_to_string(missing, ', ')
      USING ERRCODE = 'undefined_column', HINT = 'Run threadline gen triggers again for the table as it is now.';
  END IF;
  PERFORM FROM (
    SELECT i.indisprimary, array_agg(a.attname::text ORDER BY k.position) AS columns
    FROM pg_index AS i
    CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, position)
    JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
    WHERE i.indrelid = relation AND k.position <= i.indnkeyatts AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
    GROUP BY i.indexrelid, i.indisprimary, i.indnkeyatts
    HAVING count(*) = i.indnkeyatts AND (i.indisprimary OR bool_and(a.attnotnull))
  ) AS unique_index
  WHERE CASE WHEN indisprimary THEN columns = key ELSE columns @> key AND key @> columns END;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'table % is no longer identified by (%)', relation, array_to_string(key, ', ')
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Run threadline gen triggers again for the table as it is now.';
  END IF;
END
$$;

DO $$
DECLARE
  relation regclass;
BEGIN
  -- Rows wider than 2 kB are compressed; lz4 does so several times faster, where the server was built with it.
  IF EXISTS (SELECT FROM pg_catalog.pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)) THEN
    FOR relation IN SELECT p.relid FROM pg_catalog.pg_partition_tree('__schema__.audit_changes') AS p LOOP
      EXECUTE format('ALTER TABLE %s ALTER data_after SET COMPRESSION lz4, ALTER changed_from SET COMPRESSION lz4', relation);
    END LOOP;
  END IF;
END
$$;

-- As before, but a new partition also takes over the compression.
CREATE OR REPLACE FUNCTION __schema__.threadline_ensure_partitions(months_ahead integer DEFAULT 3) RETURNS integer
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  made integer := 0;
  parent text;
  time_column text;
  partition_name text;
  month timestamp;
  lower_bound timestamptz;
  upper_bound timestamptz;
BEGIN
  IF months_ahead NOT BETWEEN 0 AND 120 THEN
    RAISE EXCEPTION 'months_ahead is %, expected 0 to 120', months_ahead USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('threadline_ensure_partitions:__schema__', 0));
  FOR parent, time_column IN VALUES ('audit_transactions', 'occurred_at'), ('audit_changes', 'captured_at') LOOP
    FOR ahead IN 0 .. months_ahead LOOP
      month := date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead);
      lower_bound := month AT TIME ZONE 'UTC';
      upper_bound := (month + interval '1 month') AT TIME ZONE 'UTC';
      partition_name := parent || to_char(month, '"_"YYYY"_"MM');
      CONTINUE WHEN to_regclass(format('__schema__.%I', partition_name)) IS NOT NULL;
      EXECUTE format('CREATE TABLE __schema__.%I (LIKE __schema__.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS '
                     'INCLUDING STORAGE INCLUDING COMPRESSION)', partition_name, parent);
      EXECUTE format('LOCK TABLE __schema__.%I IN ACCESS EXCLUSIVE MODE', parent || '_default');
      EXECUTE format('WITH moved AS (DELETE FROM __schema__.%1$I WHERE %2$I >= $1 AND %2$I < $2 RETURNING *) '
                     'INSERT INTO __schema__.%3$I SELECT * FROM moved',
                     parent || '_default', time_column, partition_name) USING lower_bound, upper_bound;
      EXECUTE format('ALTER TABLE __schema__.%I ATTACH PARTITION __schema__.%I FOR VALUES FROM (%L) TO (%L)',
                     parent, partition_name, lower_bound, upper_bound);
      EXECUTE format('REVOKE ALL ON TABLE __schema__.%I FROM PUBLIC', partition_name);
      made := made + 1;
    END LOOP;
  END LOOP;
  RETURN made;
END
$$;

REVOKE ALL ON FUNCTION
  __schema__.threadline_uuid_v7_tail(),
  __schema__.threadline_row_id(text, bigint, bigint),
  __schema__.threadline_actor(),
  __schema__.threadline_image(record),
  __schema__.threadline_capture_truncate(),
  __schema__.threadline_column_names(jsonb, text[]),
  __schema__.threadline_withheld_columns(oid, text[], text),
  __schema__.threadline_remember_redacted(regclass, text[]),
  __schema__.threadline_key(jsonb, oid),
  __schema__.threadline_root_table(oid),
  __schema__.threadline_foreign_type(regclass),
  __schema__.threadline_require_table(regclass, text[], text[])
FROM PUBLIC;
