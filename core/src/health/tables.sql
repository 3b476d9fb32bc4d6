-- Returns the tables and partitions of the host, each with its columns, its keys and its capture triggers. Reads only the
-- catalogue, so it locks no table and needs no privilege on one. The program turns column numbers into names, which saves a join
-- per key.
-- $1 and $2: the prefixes of the names of capture triggers and capture functions.
WITH capture AS (
  SELECT t.tgrelid, array_agg(t.tgname::text) AS names, array_agg(t.tgfoid::bigint) AS functions,
         array_agg(t.tgtype) AS types, array_agg(t.tgenabled) AS states, array_agg(t.tgargs) AS arguments,
         array_agg(t.tgqual IS NULL AND t.tgattr = '') AS unconditional, array_agg(t.tgparentid <> 0) AS inherited
  FROM pg_catalog.pg_trigger AS t JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid
  WHERE starts_with(t.tgname::text, $1) OR starts_with(p.proname::text, $2)
  GROUP BY t.tgrelid
), ancestry AS (
  SELECT inhrelid, array_agg(inhparent::bigint) AS parents FROM pg_catalog.pg_inherits GROUP BY inhrelid
), above_foreign AS (
  SELECT i.inhparent FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS f ON f.oid = i.inhrelid
  WHERE f.relkind = 'f'
), sequence AS (
  -- The sequences of serial columns.
  SELECT d.refobjid, array_agg(format('%I.%I', n.nspname, s.relname) ORDER BY s.relname) AS names
  FROM pg_catalog.pg_class AS s JOIN pg_catalog.pg_namespace AS n ON n.oid = s.relnamespace
  JOIN pg_catalog.pg_depend AS d
    ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = s.oid AND d.refclassid = d.classid AND d.deptype = 'a'
  WHERE s.relkind = 'S' GROUP BY d.refobjid
), generated AS (
  SELECT g.attrelid, array_agg(g.attnum) AS numbers, array_agg(p.refobjsubid::int2) AS sources
  FROM pg_catalog.pg_attribute AS g
  JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = g.attrelid AND d.adnum = g.attnum
  JOIN pg_catalog.pg_depend AS p
    ON p.classid = 'pg_catalog.pg_attrdef'::regclass AND p.objid = d.oid AND p.refclassid = 'pg_catalog.pg_class'::regclass
       AND p.refobjid = g.attrelid AND p.refobjsubid NOT IN (0, g.attnum)
  WHERE g.attgenerated <> '' AND NOT g.attisdropped GROUP BY g.attrelid
)
SELECT c.oid::bigint AS oid, n.nspname::text AS schema, c.relname::text AS name, c.relispartition AS is_partition,
       coalesce(ancestry.parents, '{}') AS parents,
       owner.rolname::text AS owner, owner.rolsuper AS owner_is_superuser, pg_has_role(c.relowner, 'USAGE') AS may_alter,
       coalesce(shape.numbers, '{}') AS numbers, coalesce(shape.columns, '{}') AS columns, coalesce(shape.types, '{}') AS types,
       coalesce(shape.type_oids, '{}') AS type_oids,
       coalesce(generated.numbers, '{}') AS generated, coalesce(generated.sources, '{}') AS generated_sources,
       (key.indkey::int2[])[0:key.indnkeyatts - 1] AS primary_key,
       CASE WHEN key.indrelid IS NULL THEN (
         SELECT json_agg((i.indkey::int2[])[0:i.indnkeyatts - 1]) FROM pg_catalog.pg_index AS i
         WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indisready AND i.indimmediate
           AND i.indpred IS NULL AND i.indexprs IS NULL
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute AS a
                           WHERE a.attrelid = c.oid AND NOT a.attnotnull
                             AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]))
       ) END AS unique_keys,
       coalesce(capture.names, '{}') AS trigger_names, coalesce(capture.functions, '{}') AS trigger_functions,
       coalesce(capture.types, '{}') AS trigger_types, coalesce(capture.states, '{}') AS trigger_states,
       coalesce(capture.arguments, '{}') AS trigger_arguments, coalesce(capture.unconditional, '{}') AS trigger_unconditional,
       coalesce(capture.inherited, '{}') AS trigger_inherited,
       c.oid IN (SELECT srrelid FROM pg_catalog.pg_subscription_rel) AS is_subscribed,
       c.oid IN (SELECT inhparent FROM above_foreign) AS has_foreign_child, coalesce(sequence.names, '{}') AS sequences
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_roles AS owner ON owner.oid = c.relowner
CROSS JOIN LATERAL (
  SELECT array_agg(a.attnum) AS numbers, array_agg(a.attname::text) AS columns,
         array_agg(pg_catalog.format_type(a.atttypid, a.atttypmod)) AS types, array_agg(a.atttypid::bigint) AS type_oids
  FROM (SELECT * FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS a
) AS shape
LEFT JOIN pg_catalog.pg_index AS key ON key.indrelid = c.oid AND key.indisprimary
LEFT JOIN capture ON capture.tgrelid = c.oid
LEFT JOIN ancestry ON ancestry.inhrelid = c.oid
LEFT JOIN sequence ON sequence.refobjid = c.oid
LEFT JOIN generated ON generated.attrelid = c.oid
WHERE c.relkind IN ('r', 'p') AND n.nspname <> 'information_schema' AND NOT starts_with(n.nspname::text, 'pg_')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                  WHERE d.deptype = 'e' AND d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                  WHERE d.deptype = 'e' AND d.classid = 'pg_catalog.pg_namespace'::regclass AND d.objid = n.oid)
