-- What is stored about captured tables: their redacted columns, and the names and partitions that they had.

-- Returns the OIDs of the trail's tables. Stored OIDs of other relations are valid only together with these: restoring a dump
-- gives every relation a new OID.
CREATE FUNCTION __schema__.threadline_catalog_identity() RETURNS text
LANGUAGE sql STABLE
RETURN concat_ws(' ', pg_catalog.to_regclass('__schema__.audit_actions')::oid,
                 pg_catalog.to_regclass('__schema__.audit_transactions')::oid,
                 pg_catalog.to_regclass('__schema__.audit_changes')::oid);

-- Returns the same with the identifier of this cluster: in two clusters that were restored from dumps, the trail's tables may
-- have equal OIDs and the host's tables different ones.
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

-- The columns of a table that were redacted when its capture function was made, by number, because renaming does not change the
-- number.
CREATE TABLE __schema__.threadline_redacted_columns (
  relation oid NOT NULL,
  attnum smallint NOT NULL,
  column_name text NOT NULL,
  cluster_identity text NOT NULL,
  PRIMARY KEY (relation, attnum)
);

-- The names of captured tables and of their partitions, with the periods in which they were seen. No trigger fires when a table
-- or a partition is removed, so queries use this to tell that a row may have been removed with it. The period of a table ends
-- when it gets another name, and that of a partition when it no longer belongs to the table.
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

-- Records the present names of captured tables and their partitions: those of one table, or all. `last_seen` is updated once per
-- hour, so that a check every few seconds writes next to nothing. It runs with the rights of the trail's owner, so that a role
-- that checks coverage can cause names to be recorded, and cannot choose them.
CREATE FUNCTION __schema__.threadline_observe_relations(captured regclass DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
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

-- Records a name that a table did not have when it was captured, unless it is recorded already. A capture function calls it while
-- the table has another name, so that queries for the first name know that changes are recorded under another one.
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

-- Returns whether the redacted columns of a table still have the names under which they are remembered, so that a column under
-- the name of a redacted one is that column. Declared IMMUTABLE for the same reason as threadline_columns_digest(), and it
-- reads the names as they are now, for the same reason as threadline_columns().
CREATE FUNCTION __schema__.threadline_has_redacted_columns(table_or_partition regclass, redacted text[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN redacted <@ ARRAY(
    SELECT r.column_name
    FROM __schema__.threadline_redacted_columns AS r
    CROSS JOIN LATERAL pg_identify_object_as_address('pg_class'::regclass, r.relation, r.attnum) AS address
    WHERE r.relation = coalesce(pg_partition_root(table_or_partition), table_or_partition)
      AND r.cluster_identity = __schema__.threadline_cluster_identity()
      AND address.object_names[3] = r.column_name);
END
$$;

-- Returns the columns to mask besides those of the policy: redacted columns under a new name. If the numbers of the redacted
-- columns are not known, as after restoring a dump, it returns every column that the policy did not know.
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

REVOKE ALL ON __schema__.threadline_redacted_columns, __schema__.threadline_captured_relations FROM PUBLIC;
REVOKE ALL ON FUNCTION
  __schema__.threadline_catalog_identity(),
  __schema__.threadline_observe_relations(regclass),
  __schema__.threadline_observe_name(oid, text, text),
  __schema__.threadline_cluster_identity(),
  __schema__.threadline_remember_redacted(regclass, text[]),
  __schema__.threadline_has_redacted_columns(regclass, text[]),
  __schema__.threadline_renamed_secrets(oid, text[])
FROM PUBLIC;
