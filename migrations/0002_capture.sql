-- What the generated capture functions call. A capture function runs with the rights of the role that made it and with a
-- search_path of pg_catalog; the functions here are called by it and have no rights of their own, unless they say so.

-- Ids and places ------------------------------------------------------------------------------------------------------
-- Single expressions without settings of their own, so that PostgreSQL inlines them.

-- Microseconds since 1970.
CREATE FUNCTION __schema__.threadline_microseconds(at timestamptz) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (date_part('epoch', at) * 1000000)::bigint;

-- The half of a UUIDv7 (RFC 9562) that holds the time: 48 bits of milliseconds, the version, 12 bits of the fraction below.
CREATE FUNCTION __schema__.threadline_uuid_v7_head(microseconds bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN lpad(to_hex(microseconds / 1000), 12, '0') || to_hex(28672 + microseconds % 1000 * 4096 / 1000);

-- The other half, for the rows of one statement: the variant, 26 bits for the position of the row, 36 random bits.
CREATE FUNCTION __schema__.threadline_uuid_v7_tail() RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL SAFE
RETURN ('x8000000' || right(gen_random_uuid()::text, 9))::bit(64)::bigint;

-- The id of a row of the statement, which keeps the order of the rows. Beyond 67 million rows the position goes on in the
-- random part: ids stay unique and lose their order.
CREATE FUNCTION __schema__.threadline_row_id(head text, tail bigint, ordinal bigint) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (head || to_hex(tail + ((ordinal & 67108863) << 36) + (ordinal >> 26)))::uuid;

CREATE FUNCTION __schema__.threadline_uuid_v7(microseconds bigint) RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE
RETURN (__schema__.threadline_uuid_v7_head(microseconds) || substr(gen_random_uuid()::text, 20))::uuid;

-- The id of the audit transaction is made of the transaction's own id and start: the same at every call, found without a
-- search, and nothing outside can forge it.
CREATE FUNCTION __schema__.threadline_transaction_id() RETURNS uuid
LANGUAGE sql STABLE PARALLEL RESTRICTED
RETURN (__schema__.threadline_uuid_v7_head(__schema__.threadline_microseconds(now()))
        || to_hex((1::bigint << 63) | pg_current_xact_id()::text::bigint))::uuid;

-- The clock -----------------------------------------------------------------------------------------------------------

-- The time to record, in microseconds, when what the clock says cannot be recorded as it is, or has to be noted: see
-- threadline_clock. `high` was read from the sequence before the clock was, so the clock is behind it only when it was set
-- back. A change is never recorded before its transaction began, either.
CREATE FUNCTION __schema__.threadline_advance_clock(clock_reading bigint, high bigint, transaction_start bigint)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
  least bigint;
BEGIN
  IF clock_reading * 2 > high AND clock_reading >= transaction_start THEN
    PERFORM setval('__schema__.threadline_clock', clock_reading * 2);
    RETURN clock_reading;
  END IF;
  least := greatest(high + CASE WHEN high & 1 = 0 THEN 20001 ELSE 0 END, transaction_start * 2 + 1);
  IF least > high THEN
    PERFORM nextval('__schema__.threadline_clock_steps');
    PERFORM setval('__schema__.threadline_clock', least);
  END IF;
  RETURN nextval('__schema__.threadline_clock') / 2;
END
$$;

-- The transaction -----------------------------------------------------------------------------------------------------

-- A setting as a JSON object; NULL where it is none.
CREATE FUNCTION __schema__.threadline_json_object(setting text) RETURNS jsonb
LANGUAGE plpgsql STABLE
AS $$
DECLARE
  value jsonb;
BEGIN
  value := setting::jsonb;
  RETURN CASE WHEN jsonb_typeof(value) = 'object' THEN value END;
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
  RETURN NULL;
END
$$;

-- Makes the row of the current transaction, unless it is there. What the application declared is in two settings that end
-- with the transaction: `threadline.actor_ref`, which the reference system has as well, and `threadline.declared`, which
-- threadline_declare() sets. After a local setting ends it reads as '', not NULL. A setting that cannot be read never makes
-- the write fail: the transaction then has no actor, and says so. The text is not kept: it may be a secret. `threadline.captured` tells the application at
-- commit that something was captured, and for which actor; like the row, it goes when a savepoint is rolled back.
CREATE FUNCTION __schema__.threadline_record_transaction(transaction uuid, record_session boolean) RETURNS void
LANGUAGE plpgsql VOLATILE
AS $$
#variable_conflict use_variable
DECLARE
  actor_setting CONSTANT text := current_setting('threadline.actor_ref', true);
  declared_setting CONSTANT text := current_setting('threadline.declared', true);
  actor jsonb;
  declared jsonb;
  metadata jsonb;
  actor_type text;
  actor_key text;
BEGIN
  IF actor_setting <> '' THEN
    actor := __schema__.threadline_json_object(actor_setting);
    IF actor IS NULL THEN
      metadata := jsonb_build_object('malformed_actor_ref', true);
      RAISE WARNING 'the setting threadline.actor_ref is not a JSON object, so the audit transaction has no actor'
        USING HINT = 'Set it with set_config(''threadline.actor_ref'', ''{"type":"user","id":"42"}'', true).';
    ELSIF actor ->> 'type' = 'anonymous' THEN
      actor_type := 'anonymous';
    ELSIF actor ->> 'type' IN ('user', 'admin', 'service_account', 'job', 'system')
          AND jsonb_typeof(actor -> 'id') = 'string' AND actor ->> 'id' <> '' THEN
      actor_type := actor ->> 'type';
      actor_key := __schema__.threadline_actor_key(actor_type, actor ->> 'id');
    END IF;
  ELSIF record_session THEN
    metadata := jsonb_build_object('session', jsonb_build_object(
      'role', CASE current_setting('role') WHEN 'none' THEN session_user::text ELSE current_setting('role') END,
      'application_name', current_setting('application_name'),
      'client_address', host(inet_client_addr())));
  END IF;
  IF declared_setting <> '' THEN
    declared := __schema__.threadline_json_object(declared_setting);
    metadata := CASE WHEN metadata IS NULL THEN declared -> 'meta' ELSE coalesce(declared -> 'meta', '{}') || metadata END;
  END IF;
  INSERT INTO __schema__.audit_transactions
    (id, occurred_at, txid, action_id, action_name, actor_ref, actor_type, actor_key, meta)
  VALUES
    (transaction, now(), pg_current_xact_id()::text::bigint,
     CASE WHEN declared ->> 'action_id' ~ '^[0-9a-f-]{36}$' THEN (declared ->> 'action_id')::uuid END,
     left(declared ->> 'action_name', 500), actor, actor_type, actor_key, metadata)
  ON CONFLICT DO NOTHING;
  IF FOUND THEN
    PERFORM set_config('threadline.captured', transaction::text || ' ' || coalesce(actor::text, ''), true);
  END IF;
END
$$;

-- The table a relation's changes are recorded under: that of the partition's root, because a row has one history wherever it
-- lies.
CREATE FUNCTION __schema__.threadline_root_table(relation oid) RETURNS text[]
LANGUAGE sql STABLE
RETURN (
  SELECT ARRAY[n.nspname::text, c.relname::text]
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE c.oid = coalesce(pg_catalog.pg_partition_root(relation), relation)
);

-- Values --------------------------------------------------------------------------------------------------------------

-- What stands in the place of a value that is too large to be kept: its size and its SHA-256, of the bytes of a bytea and of
-- the UTF-8 text of anything else.
CREATE FUNCTION __schema__.threadline_large_value(content bytea) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN jsonb_build_object('too_large', jsonb_build_object('bytes', octet_length(content),
                                                          'sha256', encode(sha256(content), 'hex')));

-- A text that jsonb may not be able to hold.
CREATE FUNCTION __schema__.threadline_text_value(value text, most_bytes integer) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN octet_length(value) > most_bytes THEN __schema__.threadline_large_value(convert_to(value, 'UTF8'))
            ELSE to_jsonb(value) END;

-- The text of an array whose elements have a type of the user's, as a JSON array of their texts. No cast of the type is ever
-- called, because its owner may have made it.
CREATE FUNCTION __schema__.threadline_array_value(value text, most_bytes integer) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET array_nulls = on
AS $$
BEGIN
  IF octet_length(value) <= most_bytes THEN
    RETURN to_jsonb(value::text[]);
  END IF;
  RETURN __schema__.threadline_text_value(value, most_bytes);
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
  RETURN __schema__.threadline_text_value(value, most_bytes);
END
$$;

-- A value of type json, which allows what jsonb does not. A NUL character (backslash u0000) and half a surrogate pair become
-- U+FFFD, the replacement character; what jsonb cannot hold for another reason, such as a number beyond its range, is kept
-- as a text.
CREATE FUNCTION __schema__.threadline_json_value(value text, most_bytes integer) RETURNS jsonb
LANGUAGE plpgsql STABLE
AS $$
DECLARE
  replaced text;
BEGIN
  IF octet_length(value) > most_bytes THEN
    RETURN __schema__.threadline_text_value(value, most_bytes);
  END IF;
  BEGIN
    RETURN value::jsonb;
  EXCEPTION WHEN data_exception OR program_limit_exceeded OR feature_not_supported THEN
    replaced := regexp_replace(value, E'(?<!\\\\)((\\\\\\\\)*)\\\\u0000', E'\\1\\\\ufffd', 'g');
    replaced := regexp_replace(replaced,
      E'(?<!\\\\)((\\\\\\\\)*)\\\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\\\u[dD][c-fC-F])', E'\\1\\\\ufffd', 'g');
    replaced := regexp_replace(replaced,
      E'(?<!\\\\)(?<!\\\\u[dD][89abAB][0-9a-fA-F]{2})((\\\\\\\\)*)\\\\u[dD][c-fC-F][0-9a-fA-F]{2}', E'\\1\\\\ufffd', 'g');
  END;
  BEGIN
    RETURN replaced::jsonb;
  EXCEPTION WHEN data_exception OR program_limit_exceeded OR feature_not_supported THEN
    RETURN __schema__.threadline_text_value(value, most_bytes);
  END;
END
$$;

-- An array of json values.
CREATE FUNCTION __schema__.threadline_json_array_value(value text, most_bytes integer) RETURNS jsonb
LANGUAGE sql STABLE
SET array_nulls = on
RETURN CASE WHEN value IS NULL THEN NULL WHEN octet_length(value) > most_bytes OR array_ndims(value::text[]) > 1
                 THEN __schema__.threadline_array_value(value, most_bytes)
            ELSE coalesce((SELECT jsonb_agg(__schema__.threadline_json_value(element, most_bytes) ORDER BY position)
                           FROM unnest(value::text[]) WITH ORDINALITY AS list (element, position)), '[]') END;

-- A value of another type without a bound, such as jsonb or an array, that takes more than a megabyte.
CREATE FUNCTION __schema__.threadline_wide_value(value anyelement, most_bytes integer) RETURNS jsonb
LANGUAGE plpgsql STABLE
AS $$
BEGIN
  IF octet_length(concat(value)) <= most_bytes THEN
    RETURN to_jsonb(value);
  END IF;
  RETURN __schema__.threadline_large_value(convert_to(concat(value), 'UTF8'));
EXCEPTION WHEN program_limit_exceeded OR data_exception OR internal_error THEN
  RETURN jsonb_build_object('too_large', jsonb_build_object('bytes', pg_column_size(value)));
END
$$;

-- The same for the text of a value: that of a bytea is told by its form.
CREATE FUNCTION __schema__.threadline_large_text(value text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
BEGIN
  IF starts_with(value, E'\\x') THEN
    RETURN __schema__.threadline_large_value(decode(substr(value, 3), 'hex'));
  END IF;
  RETURN __schema__.threadline_large_value(convert_to(value, 'UTF8'));
EXCEPTION WHEN data_exception THEN
  RETURN __schema__.threadline_large_value(convert_to(value, 'UTF8'));
END
$$;

-- The image of a row that takes more than a megabyte, compressed as it is: it may be too large for jsonb. Then it is made value
-- by value, so that the largest are left out and not the row.
CREATE FUNCTION __schema__.threadline_large_image(changed_row record) RETURNS jsonb
LANGUAGE plpgsql STABLE
AS $$
DECLARE
  most_bytes integer := 100000000;
BEGIN
  BEGIN
    RETURN to_jsonb(changed_row);
  EXCEPTION WHEN program_limit_exceeded THEN
    NULL;
  END;
  LOOP
    BEGIN
      RETURN (
        SELECT jsonb_object_agg(field.key, CASE
                 WHEN octet_length(text_value) > most_bytes THEN __schema__.threadline_large_text(text_value)
                 ELSE field.value::jsonb END)
        FROM json_each(row_to_json(changed_row)) AS field
        CROSS JOIN LATERAL (SELECT field.value #>> '{}' AS text_value OFFSET 0) AS text
      );
    EXCEPTION WHEN program_limit_exceeded THEN
      IF most_bytes < 1000 THEN
        RAISE;
      END IF;
      most_bytes := most_bytes / 10;
    END;
  END LOOP;
END
$$;

-- What is remembered of a captured table -------------------------------------------------------------------------------

-- The numbers of the trail's own tables in this catalogue. Numbers of other relations mean something only beside the same
-- numbers here: a dump that is restored elsewhere makes every relation anew.
CREATE FUNCTION __schema__.threadline_catalog_identity() RETURNS text
LANGUAGE sql STABLE
RETURN concat_ws(' ', pg_catalog.to_regclass('__schema__.audit_actions')::oid,
                 pg_catalog.to_regclass('__schema__.audit_transactions')::oid,
                 pg_catalog.to_regclass('__schema__.audit_changes')::oid);

-- The same, and the number of this cluster: two that were filled from dumps may give the trail's tables the same numbers and
-- the host's others.
CREATE FUNCTION __schema__.threadline_cluster_identity() RETURNS text
LANGUAGE plpgsql STABLE
AS $$
BEGIN
  RETURN concat_ws(' ', __schema__.threadline_catalog_identity(),
                   (SELECT system_identifier FROM pg_catalog.pg_control_system()));
EXCEPTION WHEN insufficient_privilege THEN
  RETURN __schema__.threadline_catalog_identity();
END
$$;

-- Which columns of a table were redacted when its capture function was made, by their numbers, which a new name does not
-- change.
CREATE TABLE __schema__.threadline_redacted_columns (
  relation oid NOT NULL,
  attnum smallint NOT NULL,
  column_name text NOT NULL,
  cluster_identity text NOT NULL,
  PRIMARY KEY (relation, attnum)
);

-- Under which names captured tables were seen, which partitions they had, and when: so that a reader can say that a row may be
-- gone with its table or its partition, which no trigger tells. Each row is a period. That of a table ends when it gets another
-- name, and that of a partition when it no longer belongs to the table.
CREATE TABLE __schema__.threadline_captured_relations (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  relation oid NOT NULL,
  table_schema text NOT NULL,
  table_name text NOT NULL,
  root_relation oid,               -- of a partition: the table that it belongs to
  first_seen timestamptz NOT NULL DEFAULT now(),
  last_seen timestamptz NOT NULL DEFAULT now(),
  gone_at timestamptz,             -- when the period was first found to have ended
  catalog_identity text NOT NULL
);
CREATE INDEX threadline_captured_relations_name_idx ON __schema__.threadline_captured_relations (table_schema, table_name);
CREATE INDEX threadline_captured_relations_relation_idx ON __schema__.threadline_captured_relations (relation);
CREATE INDEX threadline_captured_relations_root_idx ON __schema__.threadline_captured_relations (root_relation)
  WHERE root_relation IS NOT NULL;

-- Notes the captured tables and their partitions as they are now: those of one table, or all. `last_seen` is exact to the
-- hour, so that a check every few seconds writes next to nothing.
CREATE FUNCTION __schema__.threadline_observe_relations(captured regclass DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  identity CONSTANT text := __schema__.threadline_catalog_identity();
  captured_root CONSTANT oid := coalesce(pg_partition_root(captured), captured);
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('threadline_observe_relations:__schema__', 0));
  WITH root AS (
    SELECT DISTINCT coalesce(pg_partition_root(t.tgrelid), t.tgrelid)::oid AS oid
    FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid
    WHERE starts_with(t.tgname::text, 'threadline_audit_') AND NOT t.tgisinternal
      AND p.pronamespace = (SELECT relnamespace FROM pg_class WHERE oid = '__schema__.audit_changes'::regclass)
      AND (captured IS NULL OR coalesce(pg_partition_root(t.tgrelid), t.tgrelid) = captured_root)
  ), present AS (
    SELECT c.oid AS relation, n.nspname::text AS table_schema, c.relname::text AS table_name,
           NULLIF(root.oid, c.oid) AS root_relation
    FROM root
    CROSS JOIN LATERAL (SELECT root.oid AS relid UNION SELECT relid::oid FROM pg_partition_tree(root.oid)) AS tree
    JOIN pg_class AS c ON c.oid = tree.relid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
  ), known AS (
    SELECT s.id, s.last_seen, p.relation AS found, p.table_schema, p.table_name
    FROM __schema__.threadline_captured_relations AS s
    LEFT JOIN present AS p ON p.relation = s.relation AND p.root_relation IS NOT DISTINCT FROM s.root_relation
      AND (p.root_relation IS NOT NULL OR (p.table_schema, p.table_name) = (s.table_schema, s.table_name))
    WHERE s.catalog_identity = identity AND s.gone_at IS NULL
      AND (captured IS NULL OR captured_root IN (s.relation, s.root_relation))
  ), updated AS (
    UPDATE __schema__.threadline_captured_relations AS s
    SET table_schema = coalesce(known.table_schema, s.table_schema), table_name = coalesce(known.table_name, s.table_name),
        last_seen = CASE WHEN known.found IS NULL THEN s.last_seen ELSE now() END,
        gone_at = CASE WHEN known.found IS NULL THEN now() END
    FROM known WHERE known.id = s.id AND (known.found IS NULL OR known.last_seen < now() - interval '1 hour')
  )
  INSERT INTO __schema__.threadline_captured_relations (relation, table_schema, table_name, root_relation, catalog_identity)
  SELECT relation, table_schema, table_name, root_relation, identity
  FROM present WHERE NOT EXISTS (SELECT FROM known WHERE known.found = present.relation);
END
$$;

-- Notes a table under a name that it had not when it was captured, unless that is noted already. A capture function calls it
-- while the table has another name, so that changes recorded under that name are known to be missing under the first one.
CREATE FUNCTION __schema__.threadline_observe_name(relation oid, table_schema text, table_name text) RETURNS void
LANGUAGE plpgsql VOLATILE
AS $$
#variable_conflict use_variable
BEGIN
  IF NOT EXISTS (SELECT FROM __schema__.threadline_captured_relations AS s
                 WHERE s.relation = coalesce(pg_partition_root(relation), relation) AND s.gone_at IS NULL
                   AND (s.table_schema, s.table_name) = (table_schema, table_name)
                   AND s.catalog_identity = __schema__.threadline_catalog_identity()) THEN
    PERFORM __schema__.threadline_observe_relations(relation);
  END IF;
END
$$;

-- Remembers which columns of a table are redacted.
CREATE FUNCTION __schema__.threadline_remember_redacted(captured regclass, redacted text[]) RETURNS void
LANGUAGE sql VOLATILE
BEGIN ATOMIC
  DELETE FROM __schema__.threadline_redacted_columns WHERE relation = captured::oid;
  INSERT INTO __schema__.threadline_redacted_columns (relation, attnum, column_name, cluster_identity)
  SELECT captured::oid, attnum, attname::text, __schema__.threadline_cluster_identity() FROM pg_catalog.pg_attribute
  WHERE attrelid = captured::oid AND attnum > 0 AND NOT attisdropped AND attname::text = ANY (redacted);
END;

-- The columns to mask besides those that the policy names: secrets under a new name. Where the numbers of the redacted
-- columns are not known, as after a restore from a dump, every column that the policy did not know is masked.
CREATE FUNCTION __schema__.threadline_renamed_secrets(relation oid, known text[]) RETURNS text[]
LANGUAGE plpgsql STABLE
AS $$
#variable_conflict use_variable
DECLARE
  root CONSTANT oid := coalesce(pg_partition_root(relation), relation);
BEGIN
  IF EXISTS (SELECT FROM __schema__.threadline_redacted_columns AS r
             WHERE r.relation = root AND r.cluster_identity = __schema__.threadline_cluster_identity()) THEN
    RETURN ARRAY(SELECT a.attname::text
                 FROM __schema__.threadline_redacted_columns AS r
                 JOIN pg_attribute AS a ON a.attrelid = root AND a.attnum = r.attnum AND NOT a.attisdropped
                 WHERE r.relation = root AND a.attname::text <> r.column_name);
  END IF;
  RETURN ARRAY(SELECT attname::text FROM pg_attribute
               WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped AND attname::text <> ALL (known));
END
$$;

-- The SQL of a capture function ----------------------------------------------------------------------------------------
-- A capture function is made of the SQL that these functions answer. It asks them again, at run time, once its table is no
-- longer as it was, so a table that has changed is captured by the same rules, only more slowly.

-- How a value of a type becomes JSON. 'plain': by to_jsonb, which is safe for the types of PostgreSQL itself; for any other
-- type it would call a cast to json that the owner of the type has made. 'array': by the texts of the elements. 'json' and
-- 'json_array': by a function that allows for what jsonb does not hold. 'text': by the text that the type's output function gives.
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
              WHEN element.oid < 16384 AND element.typtype IN ('b', 'r', 'm') AND element.typcategory <> 'A' THEN 'plain'
              WHEN element.typdelim = ',' AND element.typcategory <> 'A' THEN 'array'
              ELSE 'text' END;
END
$$;

-- The columns of a relation as they are captured, in the order of the table. Virtual generated columns are left out: triggers
-- see NULL in them. A value of an unbounded type may be too large for jsonb; `has_size` says that octet_length() tells its
-- size without reading it.
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

-- A text as a literal whose meaning depends on no setting.
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

-- A value as JSON: the expression for a column of a kind, where `reference` names it.
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

-- What a capture function says about a row, as SQL: the images of the row before and after, which are jsonb objects of the
-- columns as the policy keeps them, and how they are compared. `old` and `new` are how SQL names the row before and after,
-- `old_whole` and `new_whole` how it names all of it at once.
CREATE FUNCTION __schema__.threadline_row_sql(
  relation oid, policy jsonb, old text, new text, old_whole text, new_whole text, hidden_by_name boolean,
  OUT is_whole boolean,      -- nothing is left out or replaced: the image is that of the whole row
  OUT columns text[],        -- the columns in the image, by name
  OUT old_image text,
  OUT new_image text,
  OUT names text[],          -- those of them that are compared by their images
  OUT json_names text[],     -- those of these whose values are JSON
  OUT masked_names text[],   -- the columns that are compared and not shown, and whose changes are named
  OUT hidden_columns text[], -- all columns that are compared and not shown; in a statement named old_hidden_1, new_hidden_1, …
  OUT changed text,          -- a list of expressions on the images `before` and `after`: the name of each column that changed,
  OUT unchanged text,        -- and of each that did not, or whose changes are not named
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
  changes text[] := '{}';
  sames text[] := '{}';
  hidden_changes text[] := '{}';
  images text[] := '{}';
BEGIN
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
    IF c.name = ANY (unnamed) THEN
      sames := sames || literal;
    ELSE
      IF c.name = ANY (masked) THEN
        masked_names := masked_names || c.name;
      ELSE
        names := names || c.name;
        IF c.is_json THEN
          json_names := json_names || c.name;
        END IF;
      END IF;
      changes := changes || format('CASE WHEN %s THEN %s END', comparison, literal);
      sames := sames || format('CASE WHEN (%s) IS NOT TRUE THEN %s END', comparison, literal);
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
  changed := array_to_string(changes, E',\n');
  unchanged := array_to_string(sames, E',\n');
  hidden_change := array_to_string(hidden_changes, E'\nOR ');
END
$$;

-- The key of an image as text values; where a key column was renamed since, by the catalogue.
CREATE FUNCTION __schema__.threadline_key(image jsonb, relation oid) RETURNS jsonb
LANGUAGE sql STABLE
RETURN coalesce((
  SELECT CASE WHEN bool_and(image ->> a.attname IS NOT NULL) THEN jsonb_object_agg(a.attname, image ->> a.attname) END
  FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
  WHERE i.indrelid = relation AND i.indisprimary
), '{}');

-- The expression for the key of an image.
CREATE FUNCTION __schema__.threadline_key_sql(policy jsonb, image text, relation text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
  SELECT format(E'CASE WHEN %s\nTHEN jsonb_build_object(%s)\nELSE __schema__.threadline_key(%s, %s) END',
                string_agg(format('%s ->> %s IS NOT NULL', image, literal), ' AND ' ORDER BY position),
                string_agg(format('%1$s, %2$s ->> %1$s', literal, image), ', ' ORDER BY position), image, relation)
  FROM (SELECT position, __schema__.threadline_literal(name) AS literal
        FROM unnest(__schema__.threadline_policy_list(policy, 'key')) WITH ORDINALITY AS k (name, position)) AS key);

-- Whether the keys of `before` and `after` differ.
CREATE FUNCTION __schema__.threadline_key_change_sql(policy jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
  SELECT string_agg(format('before ->> %1$s IS DISTINCT FROM after ->> %1$s', __schema__.threadline_literal(name)), ' OR '
                    ORDER BY position)
  FROM unnest(__schema__.threadline_policy_list(policy, 'key')) WITH ORDINALITY AS k (name, position));

-- The statement that records what a statement did to many rows. INSERT, UPDATE and DELETE read the transition tables
-- new_rows and old_rows; TRUNCATE reads the relation itself before it is emptied, and records each row as deleted.
-- `arguments` are how SQL names, in this order: the id of the audit transaction, the time of the change, what the clock said
-- if it was set back, both halves of the ids, the name of the table (schema and name), its hash, the slot of row histories,
-- the relation, and the position of the first row.
CREATE FUNCTION __schema__.threadline_statement_sql(operation text, relation oid, policy jsonb, arguments text[]) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  fixed CONSTANT text := format('%s, now(), %s, %s, %s, %s, %s', arguments[1], arguments[2], arguments[3], arguments[8],
                                arguments[6], arguments[7]);
  r record;
  key text;
  old_key text;
  kept text;
BEGIN
  IF operation = 'UPDATE' THEN
    r := __schema__.threadline_row_sql(relation, policy, 'o', 'n', 'old_row', 'new_row', false);
    key := __schema__.threadline_key_sql(policy, 'after', arguments[10]);
    old_key := __schema__.threadline_key_sql(policy, 'before', arguments[10]);
    kept := CASE WHEN (policy ->> 'store_changed_from')::boolean
                 THEN format(E'CASE WHEN fields <> ''{}'' THEN before - ARRAY[%s]::text[] END', r.unchanged) ELSE 'NULL' END;
    -- Both tables hold the rows in the order in which they were changed, so pairing by position follows a changed key as
    -- well. FULL JOIN, although every position has its partner: it is never planned as a nested loop, which would be
    -- quadratic for the second statement of a session whose first one wrote a single row. coalesce(o.*) is the whole row,
    -- whatever its columns are called, and narrower to sort than its image.
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
    SELECT position, %9$s AS before, %10$s AS after%11$s
    FROM (SELECT row_number() OVER () AS position, %12$s FROM old_rows AS o) AS o
    FULL JOIN (SELECT row_number() OVER () AS position, %13$s FROM new_rows AS n) AS n USING (position)
    OFFSET 0
  ) AS pair
  OFFSET 0
) AS change%14$s$sql$,
      fixed, arguments[4], arguments[5], kept, key, __schema__.threadline_key_change_sql(policy),
      old_key, r.changed,
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
      arguments[8], arguments[9]);
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

-- The statement that answers the images of one row, the columns that changed, the old values to keep, and whether anything
-- changed at all. $1 is the row before and $2 the row after.
CREATE FUNCTION __schema__.threadline_row_statement_sql(relation oid, policy jsonb) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  r record;
BEGIN
  r := __schema__.threadline_row_sql(relation, policy, '($1)', '($2)', '($1)', '($2)', true);
  RETURN format($sql$SELECT before, after, NULLIF(array_remove(ARRAY[%s]::text[], NULL), '{}'), before - ARRAY[%s]::text[],
       before::text <> after::text%s
FROM (SELECT %s AS before, %s AS after OFFSET 0) AS row$sql$,
    r.changed, r.unchanged, CASE WHEN r.hidden_change = '' THEN '' ELSE ' OR ' || r.hidden_change END, r.old_image, r.new_image);
END
$$;

-- The settings that the text of a value depends on. A capture function sets those that its columns need; one whose table has
-- changed sets all of them while it works, and sets back what it found.
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

-- TRUNCATE -------------------------------------------------------------------------------------------------------------

-- One function for every table: a TRUNCATE has no rows to capture, only the table that lost them. That of a partition is
-- recorded under the name of the whole table, like the changes of its rows, with the name of the partition beside it.
CREATE FUNCTION __schema__.threadline_capture_truncate() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  high CONSTANT bigint := pg_sequence_last_value('__schema__.threadline_clock');
  clock CONSTANT timestamptz := clock_timestamp();
  microseconds CONSTANT bigint := __schema__.threadline_advance_clock(
    __schema__.threadline_microseconds(clock), high, __schema__.threadline_microseconds(now()));
  transaction CONSTANT uuid := __schema__.threadline_transaction_id();
  root CONSTANT text[] := __schema__.threadline_root_table(TG_RELID);
  table_hash CONSTANT integer := __schema__.threadline_table_hash(root[1], root[2]);
BEGIN
  PERFORM __schema__.threadline_record_transaction(transaction, TG_NARGS = 0);
  INSERT INTO __schema__.audit_changes
    (id, transaction_id, occurred_at, captured_at, clock_at, row_bucket, table_hash, op, table_schema, table_name, table_pk,
     partition_name)
  VALUES
    (__schema__.threadline_uuid_v7(microseconds), transaction, now(), to_timestamp(microseconds / 1000000.0),
     CASE WHEN microseconds > __schema__.threadline_microseconds(clock) THEN clock END,
     __schema__.threadline_row_bucket(table_hash, '{}', __schema__.threadline_row_slot(to_timestamp(microseconds / 1000000.0))),
     table_hash, 'truncate', root[1], root[2], '{}',
     CASE WHEN TG_RELID <> coalesce(pg_partition_root(TG_RELID), TG_RELID)
          THEN quote_ident(TG_TABLE_SCHEMA) || '.' || quote_ident(TG_TABLE_NAME) END);
  RETURN NULL;
END
$$;

CREATE FUNCTION __schema__.threadline_refuse_truncate() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'table %.% is captured with truncate = "refuse", so it cannot be truncated', TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'object_not_in_prerequisite_state',
          HINT = 'Delete the rows, or capture the table with truncate = "record" or truncate = "rows".';
END
$$;

-- Removes the capture triggers of a relation, whatever the table was called when they were made and whichever trail they write
-- to, except those of some names: a table is captured for one trail. A trigger that a partition has from its parent goes with
-- the parent's.
CREATE FUNCTION __schema__.threadline_drop_triggers(relation regclass, except_names text[]) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  trigger_name text;
BEGIN
  FOR trigger_name IN
    SELECT t.tgname FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid
    WHERE t.tgrelid = relation AND NOT t.tgisinternal AND t.tgparentid = 0 AND starts_with(t.tgname::text, 'threadline_audit_')
      AND starts_with(p.proname::text, 'threadline_') AND t.tgname::text <> ALL (except_names)
  LOOP
    EXECUTE format('DROP TRIGGER %I ON %s', trigger_name, relation);
  END LOOP;
END
$$;

-- What a generated migration checks before it changes anything: the table is still what it was generated for.
CREATE FUNCTION __schema__.threadline_require_table(relation regclass, key text[], redacted text[]) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  missing text[];
BEGIN
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

REVOKE ALL ON __schema__.threadline_redacted_columns, __schema__.threadline_captured_relations FROM PUBLIC;
-- A role that serves requests needs threadline_transaction_id() and what that one calls, a role that reads the trail needs the
-- functions for places and for the identity of the catalogue; the rest is for capture functions, which run with the rights of
-- the trail's owner.
REVOKE ALL ON FUNCTION
  __schema__.threadline_uuid_v7_tail(),
  __schema__.threadline_row_id(text, bigint, bigint),
  __schema__.threadline_uuid_v7(bigint),
  __schema__.threadline_advance_clock(bigint, bigint, bigint),
  __schema__.threadline_json_object(text),
  __schema__.threadline_record_transaction(uuid, boolean),
  __schema__.threadline_root_table(oid),
  __schema__.threadline_large_value(bytea),
  __schema__.threadline_text_value(text, integer),
  __schema__.threadline_array_value(text, integer),
  __schema__.threadline_json_array_value(text, integer),
  __schema__.threadline_json_value(text, integer),
  __schema__.threadline_wide_value(anyelement, integer),
  __schema__.threadline_large_text(text),
  __schema__.threadline_large_image(record),
  __schema__.threadline_observe_relations(regclass),
  __schema__.threadline_observe_name(oid, text, text),
  __schema__.threadline_cluster_identity(),
  __schema__.threadline_remember_redacted(regclass, text[]),
  __schema__.threadline_renamed_secrets(oid, text[]),
  __schema__.threadline_type_kind(oid),
  __schema__.threadline_captured_columns(oid),
  __schema__.threadline_literal(text),
  __schema__.threadline_text_array(text[]),
  __schema__.threadline_policy_list(jsonb, text),
  __schema__.threadline_value_sql(text, text, boolean, boolean, integer),
  __schema__.threadline_row_sql(oid, jsonb, text, text, text, text, boolean),
  __schema__.threadline_key(jsonb, oid),
  __schema__.threadline_key_sql(jsonb, text, text),
  __schema__.threadline_key_change_sql(jsonb),
  __schema__.threadline_statement_sql(text, oid, jsonb, text[]),
  __schema__.threadline_row_statement_sql(oid, jsonb),
  __schema__.threadline_pin_settings(),
  __schema__.threadline_restore_settings(text[]),
  __schema__.threadline_capture_truncate(),
  __schema__.threadline_refuse_truncate(),
  __schema__.threadline_drop_triggers(regclass, text[]),
  __schema__.threadline_require_table(regclass, text[], text[])
FROM PUBLIC;
